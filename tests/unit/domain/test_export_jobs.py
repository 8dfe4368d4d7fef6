"""How far an export is, and who may go on with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rdv_caldav.domain.export_jobs import SILENCE, ExportJob, ExportStatus

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
JOB = ExportJob(
    token="x" * 32,
    account_id=1,
    query="lancer=1",
    ending="xlsx",
    language="fr",
    created_at=NOW,
    seen_at=NOW,
)


@pytest.mark.parametrize(
    ("done", "in_all", "percent"), [(0, 0, 0), (0, 7, 0), (1, 3, 33), (7, 7, 100), (9, 7, 100)]
)
def test_how_much_is_done(done: int, in_all: int, percent: int) -> None:
    assert replace(JOB, rows_done=done, rows_in_all=in_all).percent == percent


@pytest.mark.parametrize(
    ("status", "silent", "is_free", "is_under_way"),
    [
        (ExportStatus.WAITING, timedelta(), True, True),
        (ExportStatus.RUNNING, SILENCE, False, True),
        (ExportStatus.RUNNING, SILENCE + timedelta(seconds=1), True, True),
        (ExportStatus.READY, timedelta(days=1), False, False),
        (ExportStatus.FAILED, timedelta(days=1), False, False),
        (ExportStatus.TOO_LARGE, timedelta(days=1), False, False),
    ],
)
def test_who_may_go_on(
    status: ExportStatus, silent: timedelta, *, is_free: bool, is_under_way: bool
) -> None:
    job = replace(JOB, status=status)
    assert job.is_free(NOW + silent) is is_free
    assert job.is_under_way is is_under_way

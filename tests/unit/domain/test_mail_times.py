"""When messages and reminders leave."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.mail_times import (
    QuietHours,
    due_at,
    quiet_hours,
    reminded_until,
    reminder_due,
)
from support.agency import SETTINGS


def _paris(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)  # type: ignore[arg-type, misc]


NIGHT = replace(SETTINGS, quiet_from="21:00", quiet_until="07:00")
REST = replace(SETTINGS, quiet_from="12:00", quiet_until="14:00")
FAR = _paris(2026, 12, 25, 9)


@pytest.mark.parametrize(
    ("settings", "now", "due"),
    [
        (SETTINGS, _paris(2026, 11, 24, 23), None),
        (replace(NIGHT, quiet_until="21:00"), _paris(2026, 11, 24, 21), None),
        (replace(NIGHT, quiet_from="?"), _paris(2026, 11, 24, 23), None),
        (NIGHT, _paris(2026, 11, 24, 20, 59), None),
        (NIGHT, _paris(2026, 11, 24, 21), _paris(2026, 11, 25, 7)),
        (NIGHT, _paris(2026, 11, 25, 6, 59), _paris(2026, 11, 25, 7)),
        (NIGHT, _paris(2026, 11, 25, 7), None),
        (REST, _paris(2026, 11, 24, 11, 59), None),
        (REST, _paris(2026, 11, 24, 12), _paris(2026, 11, 24, 14)),
        (REST, _paris(2026, 11, 24, 14), None),
    ],
)
def test_nothing_leaves_in_quiet_hours(
    settings: AgencySettings, now: datetime, due: datetime | None
) -> None:
    assert due_at(now, FAR, settings) == (due or now)


def test_quiet_hours_and_the_change_of_clocks() -> None:
    put_back = QuietHours(time(21), time(2, 30), "Europe/Paris")
    night = datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert put_back.ends(night) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    # half past two comes a second time, and the first one is over
    second = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert put_back.ends(second) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    put_forward = datetime(2026, 3, 28, 22, tzinfo=UTC)
    assert put_back.ends(put_forward) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_what_is_urgent_is_told_at_night() -> None:
    late = _paris(2026, 11, 24, 23)
    assert due_at(late, _paris(2026, 11, 25, 8, 59), NIGHT) == late
    assert due_at(late, _paris(2026, 11, 25, 9), NIGHT) == _paris(2026, 11, 25, 7)


def test_when_reminders_leave() -> None:
    day_before = replace(NIGHT, remind_hours=24)
    noon = _paris(2026, 11, 24, 12)
    assert reminded_until(noon, day_before) == noon + timedelta(hours=24)
    assert reminded_until(noon, replace(SETTINGS, remind_hours=2)) == noon + timedelta(hours=2)
    # who would be reminded too late in the morning is reminded the evening before
    shortly = replace(NIGHT, remind_hours=2)
    assert reminded_until(_paris(2026, 11, 24, 20, 49), shortly) == _paris(2026, 11, 24, 22, 49)
    assert reminded_until(_paris(2026, 11, 24, 20, 51), shortly) == _paris(2026, 11, 25, 8)
    assert reminded_until(_paris(2026, 11, 25, 3), shortly) == _paris(2026, 11, 25, 5)
    late = _paris(2026, 11, 24, 23)
    assert reminder_due(noon, late, day_before) == noon
    assert reminder_due(late, _paris(2026, 11, 25, 8), day_before) == _paris(2026, 11, 25, 7)
    assert reminder_due(late, _paris(2026, 11, 25, 7, 59), day_before) == late
    assert reminder_due(noon, FAR, SETTINGS) == noon
    assert quiet_hours(SETTINGS) is None

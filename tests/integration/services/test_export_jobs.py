"""Large exports: prepared once, whoever is asked, and gone on with when they were abandoned."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import ModuleOff, UnknownObject
from rdv_caldav.domain.export_jobs import (
    KEPT_FOR,
    MOST_OF_ACCOUNT,
    MOST_TRIES,
    SILENCE,
    ExportJob,
    ExportStatus,
)
from rdv_caldav.services import export_jobs
from rdv_caldav.services.access import Actor, Channel, actor_for
from rdv_caldav.services.control_exports import ExportFormat
from rdv_caldav.services.export_jobs import Preparation, TakenOver
from support.busy_agency import fill
from support.scenario import Clock

MONTH = "lancer=1&du=2026-11-01&au=2026-11-30"


class Bureau:
    """Somebody's exports, asked of a busy agency."""

    def __init__(self, book: AppointmentBook, login: str = "alice") -> None:
        self.book, self.login = book, login

    def do(self, change: Callable[[Transaction, Actor], Any]) -> Any:
        with self.book.database.writing() as tx:
            return change(tx, actor_for(tx, self.login, channel=Channel.WEB))

    def ask(self, query: str = MONTH, wanted: ExportFormat = ExportFormat.XLSX) -> str:
        now = self.book.clock()
        return str(
            self.do(lambda tx, a: export_jobs.ask(tx, a, query, wanted, language="fr", now=now))
        )

    def claim(self, token: str) -> Preparation | None:
        now = self.book.clock()
        job = self.do(lambda tx, a: export_jobs.claim(tx, a, token, now=now))
        if job is None:
            return None
        actor = self.do(lambda _tx, a: a)
        return Preparation(database=self.book.database, clock=self.book.clock, actor=actor, job=job)

    def begun(self, token: str) -> Preparation:
        found = self.claim(token)
        assert found is not None
        return found

    def job(self, token: str) -> ExportJob:
        now = self.book.clock()
        found = self.do(lambda tx, a: export_jobs.of_actor(tx, a, token, now=now))
        assert isinstance(found, ExportJob)
        return found

    def file(self, token: str) -> bytes:
        with self.book.database.reading() as tx:
            return b"".join(tx.export_jobs.pieces(token))


@pytest.fixture
def bureau(any_book: AppointmentBook) -> Bureau:
    fill(any_book, 18)
    return Bureau(any_book)


def rows(data: bytes) -> int:
    return int(load_workbook(BytesIO(data), read_only=True).worksheets[0].max_row or 0) - 1


def test_a_file_is_prepared_with_all_rows(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rdv_caldav.services.export_jobs._PIECE", 1_000)
    token = bureau.ask()
    waiting = bureau.job(token)
    assert (waiting.status, waiting.rows_done) == (ExportStatus.WAITING, 0)
    assert waiting.rows_in_all > 0
    bureau.begun(token).run()
    ready = bureau.job(token)
    assert (ready.status, ready.percent) == (ExportStatus.READY, 100)
    data = bureau.file(token)
    assert len(data) == ready.size > 1_000, "it came in several pieces"
    assert rows(data) == waiting.rows_in_all == ready.rows_done


def test_asked_twice_it_is_prepared_once(bureau: Bureau) -> None:
    token = bureau.ask()
    assert bureau.ask() == token
    assert bureau.ask(wanted=ExportFormat.XLS) != token
    bureau.begun(token).run()
    assert bureau.ask() != token, "what is ready may be out of date"


def test_only_one_works_on_it(bureau: Bureau) -> None:
    token = bureau.ask()
    bureau.begun(token)
    assert bureau.claim(token) is None
    assert bureau.claim("0" * 32) is None


def test_what_was_abandoned_is_begun_anew(bureau: Bureau, clock: Clock) -> None:
    token = bureau.ask()
    lost = bureau.begun(token)
    clock.now += SILENCE
    assert lost.give_sign()
    clock.now += SILENCE
    assert bureau.claim(token) is None, "it has given a sign of life"
    clock.now += timedelta(seconds=1)
    again = bureau.begun(token)
    assert not lost.give_sign()
    with pytest.raises(TakenOver):
        lost.run()
    again.run()
    assert bureau.job(token).status is ExportStatus.READY
    assert rows(bureau.file(token)) == bureau.job(token).rows_in_all


def test_who_is_overtaken_while_he_writes_leaves_it_alone(
    bureau: Bureau, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rdv_caldav.services.export_jobs._PIECE", 1_000)
    token = bureau.ask()
    slow = bureau.begun(token)
    keep = Preparation._keep
    first: list[int] = []

    def overtaken(preparation: Preparation, number: int, piece: bytes, size: int) -> None:
        if preparation is slow and not first:
            first.append(number)
            clock.now += SILENCE + timedelta(seconds=1)
            bureau.begun(token).run()
        keep(preparation, number, piece, size)

    monkeypatch.setattr(Preparation, "_keep", overtaken)
    with pytest.raises(TakenOver):
        slow.run()
    assert bureau.job(token).status is ExportStatus.READY
    assert rows(bureau.file(token)) == bureau.job(token).rows_in_all


def test_what_fails_is_said_and_not_tried_for_ever(bureau: Bureau, clock: Clock) -> None:
    token = bureau.ask()
    for _try in range(MOST_TRIES):
        bureau.begun(token)
        clock.now += SILENCE + timedelta(seconds=1)
    assert bureau.claim(token) is None
    assert bureau.job(token).status is ExportStatus.FAILED


def test_a_fault_is_noted(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    token = bureau.ask()
    monkeypatch.setattr("rdv_caldav.services.export_jobs.export", broken)
    with pytest.raises(ZeroDivisionError):
        bureau.begun(token).run()
    assert bureau.job(token).status is ExportStatus.FAILED


def test_too_large_a_file_is_given_up(bureau: Bureau) -> None:
    token = bureau.ask()
    preparation = bureau.begun(token)
    preparation.most_bytes = 10
    preparation.run()
    assert bureau.job(token).status is ExportStatus.TOO_LARGE
    assert bureau.file(token) == b""


def test_it_is_the_accounts_own_for_some_hours(bureau: Bureau, clock: Clock) -> None:
    token = bureau.ask()
    admin = Bureau(bureau.book, "admin")
    with pytest.raises(UnknownObject):
        admin.job(token)
    assert admin.claim(token) is None
    clock.now += KEPT_FOR
    assert bureau.job(token).token == token
    clock.now += timedelta(seconds=1)
    with pytest.raises(UnknownObject):
        bureau.job(token)
    admin.ask()
    with bureau.book.database.reading() as tx:
        assert tx.export_jobs.find(token) is None, "the next who asks clears away"


def test_an_account_has_only_some(bureau: Bureau, clock: Clock) -> None:
    tokens = []
    for day in range(1, MOST_OF_ACCOUNT + 2):
        clock.now += timedelta(seconds=1)
        tokens.append(bureau.ask(f"lancer=1&du=2026-11-{day:02}"))
    now = clock.now
    kept = bureau.do(lambda tx, actor: export_jobs.standing(tx, actor, now=now))
    assert [job.token for job in kept] == tokens[:0:-1]


def test_one_that_was_thrown_away_ends_the_work(bureau: Bureau) -> None:
    token = bureau.ask()
    preparation = bureau.begun(token)
    now = bureau.book.clock()
    bureau.do(lambda tx, actor: export_jobs.forget(tx, actor, token, now=now))
    assert not preparation.give_sign()
    with pytest.raises(TakenOver):
        preparation.run()
    with pytest.raises(UnknownObject):
        bureau.job(token)


def test_nothing_is_fetched_with_the_module_off(bureau: Bureau) -> None:
    token = bureau.ask()
    with bureau.book.database.writing() as tx:
        tx.agency.save_setting("module_enabled", False)
    with pytest.raises(ModuleOff):
        bureau.job(token)

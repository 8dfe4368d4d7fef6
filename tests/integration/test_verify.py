"""What is kept twice agrees, is found where it does not, and is derived anew."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.cli import main
from rdv_caldav.db.journal_schema import AuditRow
from rdv_caldav.db.schema import (
    AppointmentRow,
    CalendarRow,
    MemberRow,
    OccurrenceRow,
    ParticipantRow,
    PersonRow,
    TombstoneRow,
)
from rdv_caldav.services.verifying import MENDABLE, Fault, repair, verify
from support.busy_agency import fill

_LIVE = AppointmentRow.trashed_at.is_(None)


def _one(connection: Connection, *, is_series: bool = False) -> int:
    found = connection.scalar(
        select(AppointmentRow.id)
        .where(_LIVE, AppointmentRow.is_series.is_(is_series))
        .order_by(AppointmentRow.id)
    )
    assert found is not None
    return int(found)


def _set(connection: Connection, *, is_series: bool = False, **values: object) -> None:
    number = _one(connection, is_series=is_series)
    connection.execute(update(AppointmentRow).where(AppointmentRow.id == number).values(**values))


def _subject(connection: Connection) -> None:
    _set(connection, subject="Autre chose")


def _letters(connection: Connection) -> None:
    _set(connection, search_key="rien")


def _start(connection: Connection) -> None:
    _set(connection, starts_at=1)


def _slots(connection: Connection) -> None:
    _set(connection, slots="")


def _dates(connection: Connection) -> None:
    number = _one(connection, is_series=True)
    connection.execute(delete(OccurrenceRow).where(OccurrenceRow.appointment_id == number))


def _bounds(connection: Connection) -> None:
    number = _one(connection)
    connection.execute(
        update(MemberRow).where(MemberRow.appointment_id == number).values(stops_at=2**40)
    )


def _gone(connection: Connection) -> None:
    connection.execute(delete(MemberRow).where(MemberRow.appointment_id == _one(connection)))


def _counter(connection: Connection) -> None:
    connection.execute(update(CalendarRow).values(counter=0))


def _buried(connection: Connection) -> None:
    row = connection.execute(select(MemberRow.person_id, MemberRow.href)).first()
    assert row is not None
    connection.execute(
        insert(TombstoneRow).values(person_id=row.person_id, href=row.href, changed=1, at=0)
    )


def _text(connection: Connection) -> None:
    _set(connection, text="BEGIN:NOTHING")


def _answer(connection: Connection) -> None:
    number = _one(connection)
    connection.execute(
        update(ParticipantRow)
        .where(ParticipantRow.appointment_id == number)
        .values(presence="DECLINED")
    )


def _no_owner(connection: Connection) -> None:
    number = _one(connection)
    connection.execute(
        update(ParticipantRow).where(ParticipantRow.appointment_id == number).values(is_owner=False)
    )


def _fiche(connection: Connection) -> None:
    connection.execute(update(PersonRow).where(PersonRow.slug == "ivan").values(search_key=""))


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (_subject, Fault.COLUMNS),
        (_letters, Fault.LETTERS),
        (_start, Fault.INDEX),
        (_slots, Fault.SLOTS),
        (_dates, Fault.INDEX),
        (_bounds, Fault.MEMBERS),
        (_gone, Fault.MEMBERS),
        (_counter, Fault.COUNTER),
        (_buried, Fault.BURIED),
        (_text, Fault.UNREADABLE),
        (_answer, Fault.PARTICIPANTS),
        (_no_owner, Fault.NO_APPOINTMENT),
        (_fiche, Fault.FICHE),
    ],
)
def test_what_disagrees_is_found_and_mended(
    any_book: AppointmentBook, spoil: Callable[[Connection], None], fault: Fault
) -> None:
    database, now = any_book.database, any_book.clock()
    fill(any_book, 9)
    assert list(verify(database)) == []
    with database.engine.begin() as connection:
        before = {row.person_id: row.counter for row in connection.execute(_COUNTERS)}
        entries = len(connection.execute(select(AuditRow.id)).all())
        spoil(connection)
    findings = list(verify(database))
    assert fault in {finding.fault for finding in findings}
    mended = repair(database, iter(findings), now=now)
    left = list(verify(database))
    with database.engine.connect() as connection:
        after = {row.person_id: row.counter for row in connection.execute(_COUNTERS)}
        told = len(connection.execute(select(AuditRow.id)).all()) - entries
    if fault in MENDABLE:
        assert left == []
        assert mended >= 1
        assert told >= 1
        if fault is not Fault.BURIED:
            # programs read it again
            assert any(after[person] > number for person, number in before.items())
    else:
        assert fault in {finding.fault for finding in left}
        assert mended == told == 0


_COUNTERS = select(CalendarRow.person_id, CalendarRow.counter)


def test_the_command_says_what_and_how_many(
    book: AppointmentBook,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fill(book, 9)
    monkeypatch.setenv("RDV_DATABASE_URL", str(book.database.engine.url))
    assert main(["verify"]) == 0
    with book.database.engine.begin() as connection:
        connection.execute(update(AppointmentRow).values(search_key="rien"))
    assert main(["verify"]) == 1
    out = capsys.readouterr().out
    assert "it is not found by what it says (--repair puts it right)" in out
    assert main(["verify", "--repair"]) == 0
    assert "everything agrees" in capsys.readouterr().out

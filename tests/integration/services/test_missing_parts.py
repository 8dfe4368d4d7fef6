"""Series of before there were parts: made once, by what ``upgrade`` calls."""

from __future__ import annotations

from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy import delete, inspect, select, update

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.engine import Database
from rdv_caldav.db.schema import FOREVER, MemberRow
from rdv_caldav.db.schema_version import alembic_config
from rdv_caldav.db.series_schema import PartDateRow, PartRow
from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import Appointment, Participant
from rdv_caldav.services import appointments, calendars, parts
from support.agency import SECOND, WEEKLY
from support.desk import PLAN, Desk


@pytest.fixture
def old_book(any_book: AppointmentBook) -> AppointmentBook:
    """Two series of which Ivan has the second date only, and Sophie all but that one."""
    with any_book.database.writing() as tx:
        desk = Desk(tx, any_book.clock())
        for page in ("claire", "jean-dupont"):
            number = desk.plan("sophie", page=page, plan=replace(PLAN, recurrence=WEEKLY))
            _change_second(desk, number)
        desk.plan("ivan", plan=replace(PLAN, recurrence=WEEKLY))
    _migrate(any_book.database, "0003")
    assert not inspect(any_book.database.engine).has_table("part")
    _migrate(any_book.database, "head")
    with any_book.database.engine.begin() as connection:
        # the calendars showed all of it
        bounds = {"starts_at": 0, "stops_at": FOREVER}
        connection.execute(update(MemberRow).values(bounds))
    return any_book


def _change_second(desk: Desk, number: int) -> None:
    ivan, sophie = desk.person("ivan").id, desk.person("sophie").id

    def alter(appointment: Appointment) -> Appointment:
        date = rules.occurrence_at(appointment, SECOND)
        kept = [each for each in date.participants if each.person_id != sophie]
        seats = (*kept, Participant(person_id=ivan))
        return rules.with_occurrence(appointment, replace(date, participants=seats))

    appointments.revise(desk.tx, desk.actor("admin"), number, alter, now=desk.now)


def _migrate(database: Database, revision: str) -> None:
    config = alembic_config()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        forward = revision == "head"
        (command.upgrade if forward else command.downgrade)(config, revision)


def _texts(book: AppointmentBook, slug: str) -> list[str]:
    with book.database.reading() as tx:
        desk = Desk(tx, book.clock())
        seen = calendars.calendar(tx, desk.actor("admin"), slug)
        return sorted(found.text for found in calendars.objects(tx, seen))


def _counter(book: AppointmentBook, slug: str) -> int:
    with book.database.reading() as tx:
        found = tx.reading.snapshot(Desk(tx, book.clock()).actor("admin").account, slug)
    assert found is not None
    return found.counter


def _make(book: AppointmentBook) -> list[int]:
    """Do what the command does; return the numbers at which it stood."""
    last = 0
    steps: list[int] = []
    while True:
        with book.database.writing() as tx:
            found = parts.make_missing(tx, now=book.clock(), after=last)
        if found is None:
            return steps
        steps.append(found)
        last = found


def test_calendars_show_what_concerns_each(old_book: AppointmentBook) -> None:
    assert sum("FREQ=WEEKLY" in text for text in _texts(old_book, "ivan")) == 3
    before = _counter(old_book, "ivan")
    assert len(_make(old_book)) == 1
    assert _counter(old_book, "ivan") > before
    weekly = ["FREQ=WEEKLY" in text for text in _texts(old_book, "ivan")]
    assert sorted(weekly) == [False, False, True]
    assert all("EXDATE" in text for text in _texts(old_book, "sophie"))
    assert all("EXDATE" not in text for text in _texts(old_book, "claire"))


def test_they_are_those_that_writing_makes(old_book: AppointmentBook) -> None:
    _make(old_book)
    made = _kept(old_book)
    assert [len(rows) for rows in made] == [4, 2 * (1 + 3), 4]
    assert {(row[0], row[1]) for row in made[0]} == {
        (number, person) for number in (1, 2) for person in _partial(old_book)
    }
    with old_book.database.engine.begin() as connection:
        connection.execute(delete(PartDateRow))
        connection.execute(delete(PartRow))
    with old_book.database.writing() as tx:
        for number in (1, 2):
            _touch(Desk(tx, old_book.clock()), number)
    assert _kept(old_book)[1:] == made[1:]


def _touch(desk: Desk, number: int) -> None:
    appointments.revise(
        desk.tx, desk.actor("admin"), number, lambda a: replace(a, notes="Autre"), now=desk.now
    )


def test_little_by_little_and_only_once(
    old_book: AppointmentBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "MADE_AT_ONCE", 1)
    assert _make(old_book) == [1, 2]
    made, counter = _kept(old_book), _counter(old_book, "ivan")
    assert _make(old_book) == []
    assert (_kept(old_book), _counter(old_book, "ivan")) == (made, counter)
    with old_book.database.engine.begin() as connection:
        connection.execute(delete(PartDateRow).where(PartDateRow.appointment_id == 2))
        connection.execute(delete(PartRow).where(PartRow.appointment_id == 2))
    assert _make(old_book) == [2]
    assert _kept(old_book) == made


def test_what_is_too_large_is_left(
    old_book: AppointmentBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "MOST_KEPT", 1_000)
    assert _make(old_book) == [2]
    assert _kept(old_book) == [[], [], []]


def test_the_corbeille_waits_until_it_is_restored(old_book: AppointmentBook) -> None:
    with old_book.database.writing() as tx:
        appointments.trash(tx, Desk(tx, old_book.clock()).actor("admin"), 2, now=old_book.clock())
    assert _make(old_book) == [1]


def _kept(book: AppointmentBook) -> list[list[tuple[object, ...]]]:
    """Return the parts, their dates, and the bounds of the members that have parts."""
    queries = (
        select(PartRow.__table__).order_by(PartRow.appointment_id, PartRow.person_id),
        select(PartDateRow.__table__).order_by(
            PartDateRow.appointment_id, PartDateRow.person_id, PartDateRow.starts_at
        ),
        select(MemberRow.appointment_id, MemberRow.person_id, MemberRow.starts_at)
        .join(
            PartRow,
            (PartRow.appointment_id == MemberRow.appointment_id)
            & (PartRow.person_id == MemberRow.person_id),
        )
        .order_by(MemberRow.appointment_id, MemberRow.person_id),
    )
    with book.database.engine.connect() as connection:
        return [list(map(tuple, connection.execute(query))) for query in queries]


def _partial(book: AppointmentBook) -> list[int]:
    with book.database.reading() as tx:
        desk = Desk(tx, book.clock())
        return [desk.person(slug).id for slug in ("ivan", "sophie")]

"""What accounts keep for themselves, as rows: what reading it costs, and what stays behind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.personal_schema import PersonalObjectRow, PersonalOccurrenceRow
from rdv_caldav.db.schema import Base
from rdv_caldav.services.personal import objects
from support.objects import event
from support.personal import NOW, Own

SHORT_ONES = (
    "FROM personal_object WHERE collection_id = 1 AND component = 'VEVENT' "
    "AND is_long IS 0 AND starts_at >= 1 AND starts_at < 2"
)


def _count(own: Own, row: type[Base]) -> int:
    with own.book.database.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(row)) or 0


def test_nothing_stays_behind(any_book: AppointmentBook) -> None:
    own = Own(any_book)
    series = event(lines="RRULE:FREQ=DAILY;COUNT=5\r\n")
    own.folder("dossier")
    own.calendar("dossier/agenda")
    own.put("dossier/agenda/a.ics", series)
    own.put("dossier/agenda/a.ics", series)
    assert _count(own, PersonalOccurrenceRow) == 5
    own.copy_collection("dossier", "autre")
    assert _count(own, PersonalOccurrenceRow) == 10
    own.delete("dossier/agenda/a.ics")
    assert _count(own, PersonalOccurrenceRow) == 5
    own.remove("autre")
    for row in (PersonalObjectRow, PersonalOccurrenceRow):
        assert _count(own, row) == 0


def test_a_reader_may_stop_before_the_end(any_book: AppointmentBook) -> None:
    own = Own(any_book)
    own.calendar("perso")
    for number in range(3):
        own.put(f"perso/{number}.ics", event(str(number)))
    with own.reading() as (tx, _):
        perso = own.at("perso")
        assert next(objects.listing(tx, perso))[0].endswith(".ics")
        assert next(objects.objects(tx, perso)).component == "VEVENT"
        week = objects.objects_in_range(
            tx, perso, component="VEVENT", start=NOW, end=NOW + timedelta(days=7)
        )
        assert next(week).certain
        assert len(list(objects.objects(tx, perso))) == 3


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (
            "SELECT href, changed FROM personal_object WHERE collection_id = 1",
            "COVERING INDEX ix_personal_object_changed",
        ),
        (
            f"SELECT content {SHORT_ONES}",
            "INDEX ix_personal_object_range",
        ),
    ],
)
def test_what_polls_ask_for_is_read_from_an_index(
    book: AppointmentBook, query: str, index: str
) -> None:
    with book.database.engine.connect() as connection:
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {query}")).all()
    assert any(index in row.detail for row in plan)

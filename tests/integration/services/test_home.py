"""The first page after login: answers to dates of series, told to who takes part in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import Appointment, Participant, Presence
from rdv_caldav.services import appointments, home
from support.agency import SECOND, THIRD, WEEKLY, span
from support.desk import PLAN, Desk


@pytest.fixture
def desk(any_book: AppointmentBook) -> Iterator[Desk]:
    with any_book.database.writing() as tx:
        yield Desk(tx, any_book.clock())


def expect_ivan(desk: Desk, appointment_id: int, original: datetime) -> None:
    """Have Ivan take part on one date of Claire's series."""
    added = Participant(person_id=desk.person("ivan").id, presence=Presence.NEEDS_ACTION)

    def alter(appointment: Appointment) -> Appointment:
        date = rules.occurrence_at(appointment, original)
        changed = replace(date, participants=(*date.participants, added))
        return rules.with_occurrence(appointment, changed)

    appointments.revise(desk.tx, desk.actor("admin"), appointment_id, alter, now=desk.now)


def answer(desk: Desk, appointment_id: int, original: datetime | None = None) -> None:
    """Have Claire refuse a date, or all of them."""
    appointments.record_presence(
        desk.tx,
        desk.actor("claire"),
        appointment_id,
        desk.person("claire").id,
        Presence.DECLINED,
        now=desk.now,
        original=original,
    )


def told(desk: Desk, login: str) -> set[datetime | None]:
    """Return the dates of which answers are told to this login."""
    found = home.read(desk.tx, desk.actor(login), now=desk.now).answers
    assert {(each.who, each.presence) for each in found} <= {("Claire Cliente", Presence.DECLINED)}
    return {each.original for each in found}


def test_answers_to_dates_are_told_to_who_takes_part_in_them(desk: Desk) -> None:
    visits = desk.plan(plan=replace(PLAN, recurrence=WEEKLY))
    expect_ivan(desk, visits, SECOND)
    answer(desk, visits, SECOND)
    answer(desk, visits, THIRD)
    assert told(desk, "ivan") == {SECOND}
    assert told(desk, "alice") == {SECOND, THIRD}, "staff reads series as a whole"
    assert told(desk, "claire") == set(), "her own"


def test_answers_to_all_dates_are_not_for_who_takes_part_in_one(desk: Desk) -> None:
    visits = desk.plan(plan=replace(PLAN, recurrence=WEEKLY))
    expect_ivan(desk, visits, SECOND)
    answer(desk, visits)
    assert None not in told(desk, "ivan")
    assert None in told(desk, "alice")


def test_of_what_is_past_and_still_planned_the_newest_comes_first(desk: Desk) -> None:
    days = [20, 10, 22, *range(11, 20), 21]
    for day in days:
        desk.plan(plan=replace(PLAN, span=span(day)))
    rows = home.read(desk.tx, desk.actor("alice"), now=desk.now).open_ones
    assert [row.span.start.day for row in rows] == sorted(days, reverse=True)[:12]

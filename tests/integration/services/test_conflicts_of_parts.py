"""Conflicts of those who take part on some dates of a series only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import Appointment, Participant, Recurrence, Span
from rdv_caldav.services import appointments
from support.agency import SECOND, THIRD, WEEKLY, span
from support.desk import PLAN, Desk

SERIES = replace(PLAN, subject="Point", recurrence=WEEKLY)


@pytest.fixture
def desk(any_book: AppointmentBook) -> Iterator[Desk]:
    with any_book.database.writing() as tx:
        yield Desk(tx, any_book.clock())


def known(desk: Desk, appointment_id: int) -> list[tuple[str, int | None]]:
    """Return whom it conflicts with, and the other appointment."""
    names = {person.id: person.slug for person in desk.tx.people.everyone()}
    found = desk.tx.conflicts.of(appointment_id)
    return [(names[each.person_id], each.other_id) for each in found]


def days(desk: Desk, appointment_id: int) -> list[int]:
    return [each.start.day for each in desk.tx.conflicts.of(appointment_id)]


def nearby(desk: Desk, slug: str) -> list[int]:
    """Return the days on which others may keep somebody busy, before any closer look."""
    found = desk.tx.conflicts_reading.nearby(
        [desk.person(slug).id], start=desk.now, end=desk.now + timedelta(days=40)
    )
    return sorted(each.start.day for others in found.others.values() for each in others)


def expect(desk: Desk, appointment_id: int, original: datetime, *slugs: str) -> None:
    """Have these persons take part on one date, beside Claire."""
    people = [desk.person(slug).id for slug in ("claire", *slugs)]

    def alter(appointment: Appointment) -> Appointment:
        date = rules.occurrence_at(appointment, original)
        seats = [date.participant(key) or Participant(person_id=key) for key in people]
        return rules.with_occurrence(appointment, replace(date, participants=tuple(seats)))

    appointments.revise(desk.tx, desk.actor("admin"), appointment_id, alter, now=desk.now)


def test_who_takes_part_on_single_dates_is_kept_busy_by_these(desk: Desk) -> None:
    visits = desk.plan(plan=SERIES)
    expect(desk, visits, SECOND, "ivan")
    assert nearby(desk, "ivan") == [SECOND.day]
    assert nearby(desk, "claire") == [2, 9, 16, 25]
    another = desk.plan("ivan", page="jean-dupont", plan=SERIES)
    assert days(desk, visits) == days(desk, another) == [SECOND.day]
    free = desk.plan("ivan", page="marie-dupont", plan=replace(PLAN, span=span(25, 9)))
    assert known(desk, free) == [("ivan", another)]
    expect(desk, visits, THIRD, "ivan")
    assert days(desk, visits) == [SECOND.day, THIRD.day]
    expect(desk, visits, SECOND)
    assert days(desk, visits) == [THIRD.day]


def test_who_is_taken_off_a_date_is_not_kept_busy_by_it(desk: Desk) -> None:
    visits = desk.plan("ivan", plan=SERIES)
    another = desk.plan("ivan", page="jean-dupont", plan=SERIES)
    expect(desk, visits, SECOND)
    assert nearby(desk, "ivan") == [2, 9, 9, 16, 16, 25, 25]
    assert days(desk, visits) == days(desk, another) == [25, 9, 16]
    single = desk.plan("ivan", page="marie-dupont", plan=replace(PLAN, span=_at(SECOND)))
    assert known(desk, single) == [("ivan", another)]
    expect(desk, visits, SECOND, "ivan")
    assert len(known(desk, single)) == 2


def test_a_series_without_end_and_who_is_taken_off_a_date(desk: Desk) -> None:
    endless = replace(SERIES, recurrence=Recurrence(rules=("FREQ=WEEKLY",)))
    visits = desk.plan("ivan", plan=endless)
    expect(desk, visits, SECOND)
    another = desk.plan("ivan", page="jean-dupont", plan=SERIES)
    assert days(desk, another) == [25, 9, 16]


def _at(start: datetime) -> Span:
    return Span(start=start, end=start + timedelta(hours=1), zone="Europe/Paris")

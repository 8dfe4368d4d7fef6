"""Single dates of a series through pages and commands, and what calendars show of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from sqlalchemy import func, select

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.series_schema import PartDateRow, PartRow
from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import Appointment, Participant, Presence, State
from rdv_caldav.domain.errors import NotAParticipant, TooLarge
from rdv_caldav.services import appointments, calendars, parts
from support.agency import FIRST, SECOND, THIRD, WEEKLY
from support.desk import PLAN, Desk


@pytest.fixture
def desk(any_book: AppointmentBook) -> Iterator[Desk]:
    with any_book.database.writing() as tx:
        yield Desk(tx, any_book.clock())


def invite(desk: Desk, planned: int, slug: str, *originals: object) -> None:
    """Let somebody take part on single dates."""
    guest = Participant(person_id=desk.person(slug).id)

    def alter(appointment: Appointment) -> Appointment:
        for original in (FIRST, SECOND, THIRD):
            if original in originals:
                date = rules.joined(rules.occurrence_at(appointment, original), guest)
                appointment = rules.with_occurrence(appointment, date)
        return appointment

    appointments.revise(desk.tx, desk.actor("alice"), planned, alter, now=desk.now)


def kept(desk: Desk) -> tuple[int, int]:
    """How many parts are stored, and how many dates of them."""
    connection = desk.tx.parts._connection
    counts = (select(func.count()).select_from(row) for row in (PartRow, PartDateRow))
    found, dates = (connection.scalar(count) for count in counts)
    return found or 0, dates or 0


def texts(desk: Desk, slug: str) -> list[str]:
    seen = calendars.calendar(desk.tx, desk.actor("alice"), slug)
    return [found.text for found in calendars.objects(desk.tx, seen)]


def shows(desk: Desk, slug: str) -> list[bool]:
    """On which of the first three dates a calendar shows something."""
    seen = calendars.calendar(desk.tx, desk.actor("alice"), slug)
    return [
        any(calendars.objects_in_range(desk.tx, seen, start=day, end=day + timedelta(days=1)))
        for day in (each.replace(hour=0, tzinfo=UTC) for each in (FIRST, SECOND, THIRD))
    ]


@pytest.fixture
def planned(desk: Desk) -> int:
    """Claire's weekly visit, to whose second date Ivan is invited."""
    number = desk.plan(plan=replace(PLAN, recurrence=WEEKLY))
    invite(desk, number, "ivan", SECOND)
    return number


def test_a_date_to_which_somebody_is_invited(desk: Desk, planned: int) -> None:
    assert shows(desk, "ivan") == [False, True, False]
    assert shows(desk, "claire") == [True, True, True]
    assert kept(desk) == (1, 1)


def test_he_answers_for_all_his_dates_or_for_one(desk: Desk, planned: int) -> None:
    ivan = desk.person("ivan").id
    for original in (None, SECOND):
        for presence in (Presence.ACCEPTED, Presence.DECLINED):
            new = appointments.record_presence(
                desk.tx,
                desk.actor("ivan"),
                planned,
                ivan,
                presence,
                original=original,
                now=desk.now,
            )
            (date,) = new.occurrences
            known = date.participant(ivan)
            assert known is not None
            assert known.presence is presence


def test_he_does_not_answer_for_others_dates(desk: Desk, planned: int) -> None:
    with pytest.raises(NotAParticipant):
        appointments.record_presence(
            desk.tx,
            desk.actor("ivan"),
            planned,
            desk.person("ivan").id,
            Presence.ACCEPTED,
            original=THIRD,
            now=desk.now,
        )


def test_a_state_of_one_date_is_shown_to_him(desk: Desk, planned: int) -> None:
    appointments.set_state(
        desk.tx, desk.actor("alice"), planned, State.CANCELLED, original=SECOND, now=desk.now
    )
    (text,) = texts(desk, "ivan")
    assert "STATUS:CANCELLED" in text
    assert "RRULE:FREQ=WEEKLY" not in text


def test_whoever_takes_part_in_all_of_it_again_sees_all(desk: Desk, planned: int) -> None:
    ivan = Participant(person_id=desk.person("ivan").id)
    appointments.add_participants(desk.tx, desk.actor("alice"), planned, [ivan], now=desk.now)
    assert shows(desk, "ivan") == [True, True, True]
    assert kept(desk) == (0, 0)


def test_out_of_the_corbeille_he_sees_what_he_saw(desk: Desk, planned: int) -> None:
    (before,) = texts(desk, "ivan")
    alice = desk.actor("alice")
    appointments.trash(desk.tx, alice, planned, now=desk.now)
    appointments.restore(desk.tx, alice, planned, now=desk.now)
    (after,) = texts(desk, "ivan")
    assert shows(desk, "ivan") == [False, True, False]
    assert "RRULE:FREQ=WEEKLY" not in after
    assert before.count("BEGIN:VEVENT") == after.count("BEGIN:VEVENT") == 1


def test_who_is_expected_on_no_date_is_shown_none(desk: Desk) -> None:
    number = desk.plan("ivan", plan=replace(PLAN, recurrence=WEEKLY))
    ivan = desk.person("ivan").id

    def alter(appointment: Appointment) -> Appointment:
        for week in range(4):
            date = rules.occurrence_at(appointment, FIRST + timedelta(weeks=week))
            others = tuple(p for p in date.participants if p.person_id != ivan)
            appointment = rules.with_occurrence(appointment, replace(date, participants=others))
        return appointment

    appointments.revise(desk.tx, desk.actor("alice"), number, alter, now=desk.now)
    assert shows(desk, "ivan") == [False, False, False]
    assert kept(desk) == (1, 0)


def test_there_are_bounds_to_what_is_kept(
    desk: Desk, planned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "MOST_KEPT", 1_000)
    with pytest.raises(TooLarge):
        invite(desk, planned, "ivan", THIRD)

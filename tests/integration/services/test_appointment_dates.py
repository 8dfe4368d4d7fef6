"""One date of a series, taken out for everybody by a page or a program, and back again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import Appointment, Participant, Presence, Recurrence, State
from rdv_caldav.domain.errors import EditRefused, LastDate, UnknownObject, UnknownOccurrence
from rdv_caldav.ical.objects import parse
from rdv_caldav.services import appointment_dates, appointments, calendars
from rdv_caldav.services.calendar_objects.put import put_object
from support.agency import FIRST, SECOND, THIRD, WEEKLY, guest
from support.desk import PLAN, Desk

Remove = Callable[[Desk, int, datetime], None]


@pytest.fixture
def desk(any_book: AppointmentBook) -> Iterator[Desk]:
    with any_book.database.writing() as tx:
        tx.agency.save_setting("invite_external_guests", True)
        yield Desk(tx, any_book.clock())


def by_page(desk: Desk, visits: int, original: datetime) -> None:
    appointment_dates.remove_date(desk.tx, desk.actor("alice"), visits, original, now=desk.now)


def by_program(desk: Desk, visits: int, original: datetime) -> None:
    """As programs do: an EXDATE in place of whatever the object says of the date."""
    alice = desk.actor("alice")
    seen = calendars.calendar(desk.tx, alice, "claire")
    (served,) = (o for o in [*calendars.objects(desk.tx, seen)] if o.appointment_id == visits)
    master, *others = served.text.split("END:VEVENT\r\n")
    of_date = f"RECURRENCE-ID;TZID=Europe/Paris:{original:%Y%m%dT%H%M%S}\r\n"
    exdate = f"EXDATE;TZID=Europe/Paris:{original:%Y%m%dT%H%M%S}\r\n"
    kept = [f"{master}{exdate}", *(each for each in others if of_date not in each)]
    text = "END:VEVENT\r\n".join(kept)
    put_object(desk.tx, alice, "claire", served.href, parse(text), now=desk.now)


def restore(desk: Desk, visits: int, original: datetime) -> None:
    appointment_dates.restore_date(desk.tx, desk.actor("alice"), visits, original, now=desk.now)


def plan(desk: Desk) -> int:
    """A weekly visit of Claire's with a guest; on its second date Ivan comes, later, too."""
    visits = desk.plan(plan=replace(PLAN, recurrence=WEEKLY, participants=(guest(),)))
    ivan = Participant(person_id=desk.person("ivan").id, presence=Presence.ACCEPTED)

    def alter(appointment: Appointment) -> Appointment:
        date = rules.occurrence_at(appointment, SECOND)
        date = replace(
            date,
            span=date.span.moved_to(SECOND.replace(hour=15)),
            notes="Ce jour-là seulement",
            state=State.CANCELLED,
            participants=(*date.participants, ivan),
        )
        return rules.with_occurrence(appointment, date)

    appointments.revise(desk.tx, desk.actor("alice"), visits, alter, now=desk.now)
    return visits


def told(desk: Desk, visits: int) -> list[tuple[str, str, datetime | None]]:
    rows = desk.tx.outbox.of_appointment(visits)
    return [(each.method, each.recipient, each.original) for each in rows]


def journal(desk: Desk, visits: int) -> list[str]:
    return [each.event for each in desk.tx.journal.entries_for(visits)]


@pytest.mark.parametrize("original", [FIRST, SECOND, THIRD])
def test_a_page_does_what_a_program_does(desk: Desk, original: datetime) -> None:
    mine, theirs = plan(desk), plan(desk)
    before, long_before = len(journal(desk, mine)), len(journal(desk, theirs))
    by_page(desk, mine, original)
    by_program(desk, theirs, original)
    one, other = desk.appointment(mine), desk.appointment(theirs)
    assert one.recurrence == other.recurrence == replace(WEEKLY, excluded=(original,))
    assert one.occurrences == other.occurrences
    assert one.sequence == other.sequence
    assert told(desk, mine) == told(desk, theirs)
    assert told(desk, mine)
    assert journal(desk, mine)[before:] == journal(desk, theirs)[long_before:]
    assert desk.calendars(mine) == desk.calendars(theirs)
    assert ("ivan" in desk.calendars(mine)) == (original != SECOND)


@pytest.mark.parametrize("remove", [by_page, by_program])
@pytest.mark.parametrize("original", [SECOND, THIRD])
def test_a_date_comes_back_as_it_was(desk: Desk, remove: Remove, original: datetime) -> None:
    visits = plan(desk)
    before = desk.appointment(visits)
    remove(desk, visits, original)
    restore(desk, visits, original)
    after = desk.appointment(visits)
    assert after.recurrence == WEEKLY
    assert after.occurrences == before.occurrences
    assert desk.calendars(visits) == {"claire", "ivan"}
    assert after.sequence > before.sequence


def test_a_date_that_went_twice_is_as_it_was_last(desk: Desk) -> None:
    visits = plan(desk)
    by_page(desk, visits, SECOND)

    def plainly_again(appointment: Appointment) -> Appointment:
        return replace(appointment, recurrence=WEEKLY)

    appointments.revise(desk.tx, desk.actor("alice"), visits, plainly_again, now=desk.now)
    by_page(desk, visits, SECOND)
    restore(desk, visits, SECOND)
    assert desk.appointment(visits).occurrences == ()


def test_a_date_comes_back_to_who_owns_the_series_by_now(desk: Desk) -> None:
    visits, paul = plan(desk), desk.person("paul").id
    by_page(desk, visits, SECOND)
    alice = desk.actor("alice")
    seat = Participant(person_id=paul)
    appointments.add_participants(desk.tx, alice, visits, [seat], now=desk.now)
    appointments.give_ownership(desk.tx, alice, visits, paul, now=desk.now)
    restore(desk, visits, SECOND)
    (date,) = desk.appointment(visits).occurrences
    assert [p.person_id for p in date.participants if p.is_owner] == [paul]


def test_the_last_date_is_not_taken_out(desk: Desk) -> None:
    twice = Recurrence(rules=("FREQ=WEEKLY;COUNT=2",))
    visits = desk.plan(plan=replace(PLAN, recurrence=twice))
    by_page(desk, visits, FIRST)
    with pytest.raises(LastDate):
        by_page(desk, visits, SECOND)


def test_what_is_no_date_is_neither_taken_out_nor_brought_back(desk: Desk) -> None:
    visits, single = plan(desk), desk.plan()
    no_date = FIRST.replace(hour=10)
    by_page(desk, visits, THIRD)
    for appointment_id, original in ((visits, no_date), (visits, THIRD), (single, FIRST)):
        with pytest.raises(UnknownOccurrence):
            by_page(desk, appointment_id, original)
    by_program(desk, visits, no_date)
    for appointment_id, original in ((visits, FIRST), (visits, no_date), (single, FIRST)):
        with pytest.raises(UnknownOccurrence):
            restore(desk, appointment_id, original)


@pytest.mark.parametrize("login", ["claire", "ivan"])
def test_only_who_edits_takes_dates_out(desk: Desk, login: str) -> None:
    visits = plan(desk)
    actor = desk.actor(login)
    with pytest.raises(EditRefused):
        appointment_dates.remove_date(desk.tx, actor, visits, THIRD, now=desk.now)
    by_page(desk, visits, THIRD)
    with pytest.raises(EditRefused):
        appointment_dates.restore_date(desk.tx, actor, visits, THIRD, now=desk.now)


def test_the_corbeille_is_left_alone(desk: Desk) -> None:
    visits = plan(desk)
    appointments.trash(desk.tx, desk.actor("alice"), visits, now=desk.now)
    with pytest.raises(UnknownObject):
        by_page(desk, visits, THIRD)

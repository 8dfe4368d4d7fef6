"""A new object of a calendar program becomes an appointment (rules 2 and 3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rdv_caldav.domain.agency import Person
from rdv_caldav.domain.appointment import Participant, Presence, State
from rdv_caldav.domain.draft import CalendarUser, Draft, StatedStatus
from rdv_caldav.domain.merge import settle
from support.agency import (
    ALICE,
    CLAIRE,
    GUEST,
    IVAN,
    JEAN,
    MARIE,
    NOON,
    PAUL,
    SECOND,
    SETTINGS,
    WEEKLY,
    line,
    new_draft,
    override,
    owner,
    span,
    taking_part,
    writing,
)

PRIVATE = CalendarUser(address="moi@mail.example", name="Moi")
"""What a program believes to be its user's address."""


def test_the_calendars_person_is_participant_owner_and_has_accepted() -> None:
    settled = settle(new_draft(), None, writing(ALICE))
    assert settled.participants == (owner(CLAIRE),)
    assert settled.uid == "nouveau@appareil.example"
    assert (settled.subject, settled.span) == ("Nouveau", span())
    assert (settled.sequence, settled.time_sequence) == (0, 0)


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        (None, Presence.ACCEPTED),
        (Presence.NEEDS_ACTION, Presence.ACCEPTED),
        (Presence.TENTATIVE, Presence.TENTATIVE),
        (Presence.DECLINED, Presence.DECLINED),
    ],
)
def test_the_calendars_person_accepts_unless_another_answer_is_stated(
    stated: Presence | None, kept: Presence
) -> None:
    settled = settle(new_draft(line(IVAN), line(CLAIRE, stated)), None, writing(ALICE))
    assert settled.participants == (taking_part(IVAN), owner(CLAIRE, kept))


def test_the_calendars_person_owns_it_whoever_is_chair() -> None:
    draft = new_draft(line(ALICE, Presence.ACCEPTED, is_chair=True), line(CLAIRE))
    settled = settle(draft, None, writing(ALICE))
    assert settled.participants == (taking_part(ALICE, Presence.ACCEPTED), owner(CLAIRE))


def test_others_are_asked_unless_an_answer_is_stated() -> None:
    settled = settle(new_draft(line(IVAN), line(PAUL, Presence.TENTATIVE)), None, writing(ALICE))
    assert settled.participants == (
        owner(CLAIRE),
        taking_part(IVAN),
        taking_part(PAUL, Presence.TENTATIVE),
    )


@pytest.mark.parametrize("address", ALICE.addresses)
def test_rule_11_any_address_of_a_person_is_that_person(address: str) -> None:
    settled = settle(new_draft(CalendarUser(address=address)), None, writing(None))
    assert settled.participants == (owner(CLAIRE), taking_part(ALICE))


def test_rule_11_two_addresses_of_one_person_are_one_participant() -> None:
    lines = [CalendarUser(address=address) for address in ALICE.addresses]
    assert settle(new_draft(*lines), None, writing(None)).person_ids == {CLAIRE.id, ALICE.id}


def test_rule_11_the_name_says_who_of_a_couple() -> None:
    shared = CalendarUser(address="dupont@famille.example", name="Marie Dupont")
    settled = settle(new_draft(shared), None, writing(ALICE, JEAN))
    assert settled.participants == (owner(JEAN), taking_part(MARIE))


def test_unknown_addresses_are_external_guests() -> None:
    stranger = CalendarUser(address=GUEST, name="Invité", presence=Presence.TENTATIVE, comment="?")
    settled = settle(new_draft(stranger), None, writing(ALICE))
    assert settled.participants[1] == Participant(
        address=GUEST, name="Invité", presence=Presence.TENTATIVE, comment="?"
    )


def test_a_placeholder_of_nobody_is_no_guest() -> None:
    nobody = CalendarUser(address="p-99@personnes.rdv.invalid", name="Personne")
    assert settle(new_draft(nobody), None, writing(ALICE)).participants == (owner(CLAIRE),)


def test_the_agencys_scheduling_address_takes_no_part() -> None:
    agency = CalendarUser(address=SETTINGS.scheduling_address, presence=Presence.ACCEPTED)
    draft = new_draft(agency, line(IVAN), organizer=agency)
    assert settle(draft, None, writing(ALICE)).participants == (owner(CLAIRE), taking_part(IVAN))


def test_the_scheduling_address_is_known_however_it_is_written_in_the_settings() -> None:
    settings = replace(SETTINGS, scheduling_address="RDV@Agence.example")
    draft = new_draft(CalendarUser(address="rdv@agence.example"))
    assert settle(draft, None, writing(ALICE, settings=settings)).participants == (owner(CLAIRE),)


# -- the program's own organiser ----------------------------------------------------------


def test_an_attendee_who_is_the_own_organizer_is_the_acting_account() -> None:
    own = replace(PRIVATE, presence=Presence.ACCEPTED, comment="oui")
    settled = settle(new_draft(own, line(IVAN), organizer=PRIVATE), None, writing(ALICE))
    assert settled.participants == (
        owner(CLAIRE),
        taking_part(ALICE, Presence.ACCEPTED, comment="oui"),
        taking_part(IVAN),
    )


def test_the_own_organizer_in_the_own_calendar_is_the_owner() -> None:
    settled = settle(new_draft(PRIVATE, organizer=PRIVATE), None, writing(ALICE, ALICE))
    assert settled.participants == (owner(ALICE),)


def test_the_own_organizer_of_an_account_without_person_takes_no_part() -> None:
    settled = settle(new_draft(PRIVATE, organizer=PRIVATE), None, writing(None))
    assert settled.participants == (owner(CLAIRE),)


def test_the_own_organizer_who_is_no_attendee_takes_no_part() -> None:
    settled = settle(new_draft(line(IVAN), organizer=PRIVATE), None, writing(ALICE))
    assert settled.participants == (owner(CLAIRE), taking_part(IVAN))


def test_an_organizer_who_is_a_colleague_is_that_colleague() -> None:
    # an event of Ivan's that Alice copies, or that an administrator imports
    draft = new_draft(line(IVAN, Presence.ACCEPTED), organizer=line(IVAN))
    for author in (ALICE, None):
        settled = settle(draft, None, writing(author))
        assert settled.participants == (owner(CLAIRE), taking_part(IVAN, Presence.ACCEPTED))


# -- type and state -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calendar", "code"), [(CLAIRE, "client"), (IVAN, "intervenant"), (ALICE, "interne")]
)
def test_the_type_is_the_stated_one_or_the_default_of_the_calendars_kind(
    calendar: Person, code: str
) -> None:
    assert settle(new_draft(), None, writing(ALICE, calendar)).type_code == code
    stated = replace(new_draft(), type_code="bilan")
    assert settle(stated, None, writing(ALICE, calendar)).type_code == "bilan"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (None, State.PLANNED),
        (StatedStatus.TENTATIVE, State.PLANNED),
        (StatedStatus.CONFIRMED, State.PLANNED),
        (StatedStatus.CANCELLED, State.CANCELLED),
    ],
)
@pytest.mark.parametrize("day", [20, 25], ids=["begun", "coming"])
def test_rule_3_a_new_appointment_is_planned_whatever_its_status_save_cancelled(
    status: StatedStatus | None, state: State, day: int
) -> None:
    draft = replace(new_draft(), status=status, span=span(day))
    assert settle(draft, None, writing(ALICE, now=NOON)).state is state


# -- a new series -------------------------------------------------------------------------


def new_series(*attendees: CalendarUser) -> Draft:
    return replace(new_draft(*attendees), recurrence=WEEKLY)


def test_a_new_series_may_have_dates_that_differ() -> None:
    draft = new_series(line(IVAN))
    later = override(draft, SECOND)
    later = replace(later, subject="Autre", status=StatedStatus.CANCELLED)
    settled = settle(replace(draft, occurrences=(later,)), None, writing(ALICE))
    date = settled.occurrence(SECOND)
    assert date is not None
    assert (date.subject, date.state) == ("Autre", State.CANCELLED)
    assert date.participants == (owner(CLAIRE), taking_part(IVAN)) == settled.participants
    assert settled.recurrence == WEEKLY


def test_the_dates_of_a_new_series_that_name_nobody_are_everybodys() -> None:
    draft = new_series(line(IVAN))
    silent = replace(override(draft, SECOND), attendees=(), organizer=None)
    settled = settle(replace(draft, occurrences=(silent,)), None, writing(ALICE))
    date = settled.occurrence(SECOND)
    assert date is not None
    assert date.participants == settled.participants


def test_the_owner_takes_part_at_a_date_that_alone_names_attendees() -> None:
    draft = new_series()
    speaking = replace(override(draft, SECOND), attendees=(line(IVAN),))
    settled = settle(replace(draft, occurrences=(speaking,)), None, writing(ALICE))
    date = settled.occurrence(SECOND)
    assert date is not None
    assert settled.participants == (owner(CLAIRE),)
    assert date.participants == (owner(CLAIRE), taking_part(IVAN))


def test_dates_come_in_any_order() -> None:
    draft = new_series()
    later = [override(draft, SECOND.replace(day=day)) for day in (16, 2, 9)]
    settled = settle(replace(draft, occurrences=tuple(later)), None, writing(ALICE))
    assert [o.original.day for o in settled.occurrences] == [2, 9, 16]

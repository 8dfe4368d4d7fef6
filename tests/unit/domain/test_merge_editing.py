"""An editor's program writes an existing appointment (rules 1, 4, 5 and 8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_caldav.domain import rules
from rdv_caldav.domain.agency import Person
from rdv_caldav.domain.appointment import Appointment, Participant, Presence, State
from rdv_caldav.domain.draft import CalendarUser, Draft
from rdv_caldav.domain.merge import settle
from support.agency import (
    ALICE,
    CLAIRE,
    EVERYBODY,
    GUEST,
    IVAN,
    JEAN,
    NOON,
    PAUL,
    SECOND,
    SETTINGS,
    THIRD,
    guest,
    line,
    override,
    owner,
    series,
    served,
    span,
    taking_part,
    visit,
    writing,
)


def without(draft: Draft, person: Person) -> Draft:
    kept = tuple(user for user in draft.attendees if user.name != person.name)
    return replace(draft, attendees=kept)


def marked(draft: Draft, *chairs: Person) -> Draft:
    names = {person.name for person in chairs}
    lines = tuple(replace(user, is_chair=user.name in names) for user in draft.attendees)
    return replace(draft, attendees=lines)


def answering(draft: Draft, person: Person, presence: Presence) -> Draft:
    lines = tuple(
        replace(user, presence=presence) if user.name == person.name else user
        for user in draft.attendees
    )
    return replace(draft, attendees=lines)


# -- nothing changed ----------------------------------------------------------------------

presences = st.sampled_from(Presence)


@st.composite
def appointments(draw: st.DrawFn) -> Appointment:
    others = draw(st.lists(st.sampled_from(EVERYBODY), unique=True, max_size=4))
    people = [
        Participant(person_id=p.id, presence=draw(presences), comment=draw(st.sampled_from("ab")))
        for p in others
        if p is not CLAIRE
    ]
    guests = draw(st.booleans()) * [guest(draw(presences))]
    appointment = replace(
        series(owner(CLAIRE, draw(presences)), *people, *guests),
        state=draw(st.sampled_from(State)),
        sequence=draw(st.integers(0, 3)),
    )
    for original in draw(st.sets(st.sampled_from([SECOND, THIRD]))):
        appointment = rules.record_presence(
            appointment, CLAIRE.id, draw(presences), original=original
        )
    return appointment


@given(appointments(), st.sampled_from([ALICE, CLAIRE, None]))
def test_what_comes_back_untouched_changes_nothing(
    appointment: Appointment, viewer: Person | None
) -> None:
    now = NOON + timedelta(days=60)
    assert settle(served(appointment, viewer), appointment, writing(viewer, now=now)) == appointment


@given(appointments())
def test_a_program_that_drops_all_but_dates_loses_nothing_else(appointment: Appointment) -> None:
    draft = served(appointment, ALICE)
    bare = replace(
        draft,
        type_code=None,
        status=None,
        organizer=None,
        attendees=(),
        occurrences=tuple(
            replace(o, status=None, organizer=None, attendees=()) for o in draft.occurrences
        ),
    )
    assert settle(bare, appointment, writing(ALICE)) == appointment


# -- rule 1: the owner --------------------------------------------------------------------


def test_a_dropped_owner_comes_back_with_his_presence_and_comment() -> None:
    answered = replace(owner(CLAIRE, Presence.TENTATIVE), comment="Peut-être")
    old = visit(answered, taking_part(ALICE), taking_part(IVAN))
    settled = settle(without(served(old, ALICE), CLAIRE), old, writing(ALICE))
    assert settled.participant(CLAIRE.id) == answered
    assert settled.person_ids == old.person_ids


def test_a_dropped_owner_comes_back_at_a_date_of_the_series_too() -> None:
    old = rules.record_presence(series(), CLAIRE.id, Presence.TENTATIVE, original=SECOND)
    draft = served(old, ALICE)
    date = replace(draft.occurrences[0], attendees=(line(IVAN),))
    settled = settle(replace(draft, occurrences=(date,)), old, writing(ALICE))
    assert settled.occurrences[0].participants == (
        owner(CLAIRE, Presence.TENTATIVE),
        taking_part(IVAN),
    )


@pytest.mark.parametrize("chairs", [(ALICE,), (CLAIRE, ALICE), (ALICE, CLAIRE)])
def test_a_newly_marked_chair_is_given_ownership(chairs: tuple[Person, ...]) -> None:
    settled = settle(marked(served(visit(), ALICE), *chairs), visit(), writing(ALICE))
    assert settled == rules.give_ownership(visit(), ALICE.id)


def test_without_a_chair_the_owner_stays() -> None:
    assert settle(marked(served(visit(), ALICE)), visit(), writing(ALICE)) == visit()


def test_the_owner_may_leave_once_another_is_marked() -> None:
    draft = marked(without(served(visit(), ALICE), CLAIRE), IVAN)
    settled = settle(draft, visit(), writing(ALICE, ALICE))
    assert settled.owner.person_id == IVAN.id
    assert settled.person_ids == {ALICE.id, IVAN.id}


def test_a_person_who_joins_as_chair_is_given_ownership() -> None:
    draft = served(visit(), ALICE)
    draft = replace(draft, attendees=(*draft.attendees, line(JEAN, is_chair=True)))
    settled = settle(draft, visit(), writing(ALICE))
    assert settled.owner == owner(JEAN, Presence.NEEDS_ACTION)


@pytest.mark.parametrize(
    "chair",
    [
        CalendarUser(address=GUEST, is_chair=True),
        CalendarUser(address=SETTINGS.scheduling_address, is_chair=True),
    ],
)
def test_nobody_but_a_person_of_the_agency_is_given_ownership(chair: CalendarUser) -> None:
    draft = served(visit(), ALICE)
    draft = replace(draft, attendees=(*draft.attendees, chair))
    assert settle(draft, visit(), writing(ALICE)).owner == visit().owner


def test_ownership_given_holds_at_every_date() -> None:
    old = rules.record_presence(series(), IVAN.id, Presence.DECLINED, original=SECOND)
    settled = settle(marked(served(old, ALICE), ALICE), old, writing(ALICE))
    owners = [p.person_id for p in settled.occurrences[0].participants if p.is_owner]
    assert owners == [ALICE.id]


# -- participants -------------------------------------------------------------------------


def test_all_lines_gone_means_participants_unchanged() -> None:
    draft = replace(served(visit(), ALICE), attendees=(), organizer=None, subject="Autre")
    settled = settle(draft, visit(), writing(ALICE))
    assert settled == replace(visit(), subject="Autre")


def test_an_organizer_alone_says_that_the_others_are_gone() -> None:
    draft = replace(served(visit(), ALICE), attendees=())
    assert settle(draft, visit(), writing(ALICE)).participants == (owner(CLAIRE),)


def test_people_come_and_go_with_their_lines() -> None:
    draft = without(served(visit(), ALICE), IVAN)
    draft = replace(draft, attendees=(*draft.attendees, line(PAUL)))
    settled = settle(draft, visit(), writing(ALICE))
    assert settled.participants == (
        owner(CLAIRE),
        taking_part(ALICE, Presence.ACCEPTED),
        taking_part(PAUL),
    )


def test_rule_4_an_editor_records_anybodys_presence() -> None:
    draft = answering(served(visit(), ALICE), IVAN, Presence.ACCEPTED)
    settled = settle(draft, visit(), writing(ALICE))
    assert settled == rules.record_presence(visit(), IVAN.id, Presence.ACCEPTED)


def test_a_program_without_x_parameters_loses_no_comment() -> None:
    old = visit(owner(CLAIRE), taking_part(IVAN, Presence.DECLINED, comment="Malade"))
    draft = served(old, ALICE)
    bare = replace(draft, attendees=tuple(replace(u, comment="") for u in draft.attendees))
    assert settle(bare, old, writing(ALICE)) == old


def test_a_comment_goes_with_its_answer() -> None:
    old = visit(owner(CLAIRE), taking_part(IVAN, Presence.DECLINED, comment="Malade"))
    draft = answering(served(old, ALICE), IVAN, Presence.ACCEPTED)
    bare = replace(draft, attendees=tuple(replace(u, comment="") for u in draft.attendees))
    settled = settle(bare, old, writing(ALICE))
    assert settled.participant(IVAN.id) == taking_part(IVAN, Presence.ACCEPTED)


def test_a_program_that_writes_no_names_loses_no_guests_name() -> None:
    old = visit(owner(CLAIRE), guest())
    draft = served(old, ALICE)
    bare = replace(draft, attendees=tuple(replace(user, name="") for user in draft.attendees))
    assert settle(bare, old, writing(ALICE)) == old


def test_an_organizer_on_a_known_object_is_nobody_new() -> None:
    private = CalendarUser(address="moi@mail.example")
    draft = replace(served(visit(), ALICE), organizer=private)
    assert settle(draft, visit(), writing(ALICE)) == visit()


def test_a_program_that_writes_again_what_it_made_still_means_its_own_user() -> None:
    private = CalendarUser(address="moi@mail.example", presence=Presence.ACCEPTED)
    draft = without(served(visit(), ALICE), ALICE)
    draft = replace(draft, attendees=(*draft.attendees, private), organizer=private)
    settled = settle(draft, visit(), writing(ALICE))
    assert set(settled.participants) == set(visit().participants)


def test_a_known_guest_who_is_named_as_organizer_stays_a_guest() -> None:
    old = visit(owner(CLAIRE), guest())
    draft = replace(served(old, ALICE), organizer=CalendarUser(address=GUEST))
    assert settle(draft, old, writing(ALICE)) == old


# -- ORGANIZER;PARTSTAT -------------------------------------------------------------------


def with_organizer(draft: Draft, presence: Presence | None) -> Draft:
    return replace(draft, organizer=line(ALICE, presence))


def test_a_changed_organizer_partstat_is_the_answer_of_an_editor_who_takes_part() -> None:
    draft = with_organizer(served(visit(), ALICE), Presence.DECLINED)
    settled = settle(draft, visit(), writing(ALICE))
    assert settled == rules.record_presence(visit(), ALICE.id, Presence.DECLINED)


@pytest.mark.parametrize("presence", [None, Presence.ACCEPTED], ids=["absent", "as served"])
def test_an_unchanged_organizer_partstat_leaves_the_word_to_the_attendee_line(
    presence: Presence | None,
) -> None:
    draft = answering(served(visit(), ALICE), ALICE, Presence.TENTATIVE)
    settled = settle(with_organizer(draft, presence), visit(), writing(ALICE))
    assert settled == rules.record_presence(visit(), ALICE.id, Presence.TENTATIVE)


@pytest.mark.parametrize("author", [None, JEAN], ids=["no person", "takes no part"])
def test_the_organizer_partstat_of_who_takes_no_part_says_nothing(author: Person | None) -> None:
    draft = with_organizer(served(visit(), ALICE), Presence.DECLINED)
    assert settle(draft, visit(), writing(author)) == visit()


def test_an_editor_who_takes_himself_off_answers_nothing() -> None:
    draft = with_organizer(without(served(visit(), ALICE), ALICE), Presence.DECLINED)
    assert settle(draft, visit(), writing(ALICE)).person_ids == {CLAIRE.id, IVAN.id}


def test_an_editor_answers_one_date_by_its_organizer_line() -> None:
    draft = served(series(), ALICE)
    date = replace(override(draft, SECOND), organizer=line(ALICE, Presence.DECLINED))
    settled = settle(replace(draft, occurrences=(date,)), series(), writing(ALICE))
    assert settled == rules.record_presence(series(), ALICE.id, Presence.DECLINED, original=SECOND)


# -- rule 8: a known UID in another calendar ----------------------------------------------


@pytest.mark.parametrize(
    ("author", "presence"), [(ALICE, Presence.NEEDS_ACTION), (JEAN, Presence.ACCEPTED)]
)
def test_rule_8_a_known_object_put_into_another_calendar_adds_its_person(
    author: Person, presence: Presence
) -> None:
    settled = settle(served(visit(), ALICE), visit(), writing(author, JEAN))
    assert settled.participants == (*visit().participants, taking_part(JEAN, presence))
    assert settled.owner == visit().owner


def test_rule_8_he_takes_part_at_every_differing_date() -> None:
    old = rules.record_presence(series(), IVAN.id, Presence.DECLINED, original=SECOND)
    settled = settle(served(old, ALICE), old, writing(ALICE, JEAN))
    assert settled == rules.add_participant(old, taking_part(JEAN))


def test_the_calendars_person_may_be_taken_off() -> None:
    settled = settle(without(served(visit(), ALICE), IVAN), visit(), writing(ALICE, IVAN))
    assert settled.person_ids == {CLAIRE.id, ALICE.id}


def test_who_takes_part_in_one_date_only_is_not_added_to_the_rest() -> None:
    old = series(owner(CLAIRE), taking_part(ALICE))
    date = rules.occurrence_at(old, SECOND)
    date = replace(date, participants=(*date.participants, taking_part(JEAN)))
    old = rules.with_occurrence(old, date)
    assert settle(served(old, ALICE), old, writing(ALICE, JEAN)) == old


# -- rule 5 and SEQUENCE ------------------------------------------------------------------


def test_rule_5_an_editor_who_moves_it_asks_the_others_again() -> None:
    draft = replace(served(visit(), ALICE), span=span(26))
    settled = settle(draft, visit(), writing(ALICE))
    assert [p.presence for p in settled.participants] == [
        Presence.NEEDS_ACTION,
        Presence.ACCEPTED,
        Presence.NEEDS_ACTION,
    ]
    assert (settled.sequence, settled.time_sequence) == (1, 1)


def test_rule_5_is_a_setting() -> None:
    draft = replace(served(visit(), ALICE), span=span(26))
    settings = replace(SETTINGS, reset_answers_on_change=False)
    settled = settle(draft, visit(), writing(ALICE, settings=settings))
    assert settled.participants == visit().participants


@pytest.mark.parametrize(
    "changes", [{"notes": "Autre"}, {"subject": "Autre"}, {"type_code": "interne"}]
)
def test_rule_5_words_ask_nobody_again(changes: dict[str, Any]) -> None:
    draft = replace(served(visit(), ALICE), **changes)
    assert settle(draft, visit(), writing(ALICE)) == replace(visit(), **changes)

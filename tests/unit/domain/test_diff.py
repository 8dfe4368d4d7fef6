"""What happened between two states, in the past tense."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_caldav.domain import events, rules
from rdv_caldav.domain.appointment import (
    Appointment,
    Occurrence,
    Participant,
    Presence,
    Recurrence,
    State,
)
from rdv_caldav.domain.diff import diff, implied_occurrence, same_time
from support.agency import (
    ALICE,
    CLAIRE,
    FOURTH,
    GUEST,
    IVAN,
    JEAN,
    SECOND,
    THIRD,
    guest,
    owner,
    series,
    span,
    taking_part,
    visit,
)

OLD = visit()


def with_date(appointment: Appointment, original: datetime, **changes: object) -> Appointment:
    date = rules.occurrence_at(appointment, original)
    changed: Occurrence = replace(date, **changes)  # type: ignore[arg-type]
    return rules.with_occurrence(appointment, changed)


@pytest.mark.parametrize("state", [OLD, series(), with_date(series(), SECOND, subject="Autre")])
def test_nothing_happened_between_a_state_and_itself(state: Appointment) -> None:
    assert diff(state, state) == ()


def test_a_new_appointment_was_created_and_everybody_added() -> None:
    assert diff(None, visit(owner(CLAIRE), guest())) == (
        events.Created(),
        events.ParticipantAdded(participant=owner(CLAIRE)),
        events.ParticipantAdded(participant=guest()),
    )


def test_who_takes_part_in_one_date_of_a_new_series_was_added_to_that_date() -> None:
    weekly = series(owner(CLAIRE))
    weekly = with_date(weekly, THIRD, participants=(owner(CLAIRE), guest()))
    assert diff(None, weekly) == (
        events.Created(),
        events.ParticipantAdded(participant=owner(CLAIRE)),
        events.ParticipantAdded(original=THIRD, participant=guest()),
    )


@pytest.mark.parametrize(
    ("changes", "event"),
    [
        ({"subject": "Bilan"}, events.SubjectChanged(before="Visite", after="Bilan")),
        (
            {"location": "Agence"},
            events.Relocated(before="1 rue de l'Exemple", after="Agence"),
        ),
        ({"notes": "Autre"}, events.NotesChanged(before="Note interne", after="Autre")),
        ({"span": span(26)}, events.Rescheduled(before=span(25), after=span(26))),
        ({"span": span(hours=2)}, events.Rescheduled(before=span(), after=span(hours=2))),
        ({"type_code": "interne"}, events.TypeChanged(before="client", after="interne")),
        (
            {"state": State.CANCELLED},
            events.StateChanged(before=State.PLANNED, after=State.CANCELLED),
        ),
        (
            {"recurrence": Recurrence(rules=("FREQ=DAILY;COUNT=2",))},
            events.RecurrenceChanged(before=None, after=Recurrence(rules=("FREQ=DAILY;COUNT=2",))),
        ),
    ],
)
def test_each_field_has_its_event(changes: dict[str, object], event: events.Event) -> None:
    assert diff(OLD, replace(OLD, **changes)) == (event,)  # type: ignore[arg-type]


def test_numbers_of_our_own_are_no_events() -> None:
    assert diff(OLD, replace(OLD, sequence=7, time_sequence=7)) == ()


def test_another_name_for_the_same_zone_is_no_change_of_time() -> None:
    renamed = replace(span(), zone="Europe/Brussels")
    assert same_time(span(), renamed)
    assert diff(OLD, replace(OLD, span=renamed)) == ()


def test_the_same_clock_in_another_zone_is_another_time() -> None:
    assert not same_time(span(), replace(span(), zone="Europe/Lisbon"))


def test_midnight_to_midnight_is_not_an_all_day_event() -> None:
    midnight = datetime(2026, 11, 25)
    timed = replace(span(), start=midnight, end=midnight + timedelta(days=1))
    assert not same_time(timed, replace(timed, all_day=True))


def test_an_answer_and_its_comment_are_two_events() -> None:
    new = rules.record_presence(OLD, IVAN.id, Presence.DECLINED, comment="Malade")
    assert diff(OLD, new) == (
        events.PresenceRecorded(key=IVAN.id, before=Presence.TENTATIVE, after=Presence.DECLINED),
        events.CommentLeft(key=IVAN.id, comment="Malade"),
    )


def test_who_came_and_who_went() -> None:
    new = visit(owner(CLAIRE), guest())
    assert diff(visit(owner(CLAIRE), taking_part(JEAN)), new) == (
        events.ParticipantAdded(participant=guest()),
        events.ParticipantRemoved(participant=taking_part(JEAN)),
    )


def test_another_order_of_participants_is_nothing() -> None:
    assert diff(OLD, replace(OLD, participants=OLD.participants[::-1])) == ()


def test_ownership_given_is_one_event() -> None:
    assert diff(OLD, rules.give_ownership(OLD, ALICE.id)) == (
        events.OwnershipGiven(before=CLAIRE.id, after=ALICE.id),
    )


def test_a_date_that_differs_was_detached_and_changed() -> None:
    weekly = series()
    moved = with_date(weekly, SECOND, span=span().moved_to(SECOND + timedelta(hours=2)))
    detached, rescheduled = diff(weekly, moved)
    assert detached == events.OccurrenceDetached(original=SECOND)
    assert isinstance(rescheduled, events.Rescheduled)
    assert rescheduled.original == SECOND
    assert rescheduled.before == implied_occurrence(weekly, SECOND).span


def test_an_answer_to_one_date_names_the_date() -> None:
    weekly = series()
    new = rules.record_presence(weekly, IVAN.id, Presence.DECLINED, original=THIRD)
    assert diff(weekly, new) == (
        events.OccurrenceDetached(original=THIRD),
        events.PresenceRecorded(
            original=THIRD, key=IVAN.id, before=Presence.TENTATIVE, after=Presence.DECLINED
        ),
    )
    again = rules.record_presence(new, IVAN.id, Presence.ACCEPTED, original=THIRD)
    assert diff(new, again) == (
        events.PresenceRecorded(
            original=THIRD, key=IVAN.id, before=Presence.DECLINED, after=Presence.ACCEPTED
        ),
    )


def test_a_moved_date_that_rejoins_its_series_is_moved_back() -> None:
    weekly = series()
    later = span().moved_to(SECOND + timedelta(hours=2))
    moved = with_date(weekly, SECOND, span=later)
    assert diff(moved, weekly) == (
        events.OccurrenceRejoined(original=SECOND),
        events.Rescheduled(original=SECOND, before=later, after=span().moved_to(SECOND)),
    )


def test_a_guest_of_one_date_leaves_when_it_rejoins_the_series() -> None:
    weekly = series(owner(CLAIRE))
    with_guest = with_date(weekly, SECOND, participants=(owner(CLAIRE), guest()))
    assert diff(with_guest, weekly) == (
        events.OccurrenceRejoined(original=SECOND),
        events.ParticipantRemoved(original=SECOND, participant=guest()),
    )


def test_a_date_that_the_series_no_longer_has_only_ceases_to_differ() -> None:
    weekly = series()
    moved = with_date(weekly, SECOND, span=span().moved_to(SECOND + timedelta(hours=2)))
    assert weekly.recurrence is not None
    without = replace(weekly, recurrence=replace(weekly.recurrence, excluded=(SECOND,)))
    assert [type(event) for event in diff(moved, without)] == [
        events.RecurrenceChanged,
        events.OccurrenceRejoined,
    ]
    single = replace(weekly, recurrence=None)
    assert [type(event) for event in diff(moved, single)] == [
        events.RecurrenceChanged,
        events.OccurrenceRejoined,
    ]
    # a detached date without its series: a program that was invited to one date only
    assert [type(event) for event in diff(replace(moved, recurrence=None), single)] == [
        events.OccurrenceRejoined
    ]


# -- with arbitrary states ----------------------------------------------------------------

participants = st.lists(
    st.builds(
        Participant,
        person_id=st.sampled_from([ALICE.id, IVAN.id, JEAN.id]),
        presence=st.sampled_from(Presence),
        comment=st.sampled_from(["", "Malade"]),
    )
    | st.builds(Participant, address=st.just(GUEST), presence=st.sampled_from(Presence)),
    unique_by=lambda p: p.key,
).map(lambda others: (owner(CLAIRE), *others))
texts = st.sampled_from(["", "Un", "Deux"])
spans = st.builds(span, st.integers(20, 28), st.integers(8, 17), hours=st.integers(1, 3))


@st.composite
def states(draw: st.DrawFn) -> Appointment:
    appointment = replace(
        series(*draw(participants)),
        span=draw(spans),
        subject=draw(texts),
        location=draw(texts),
        notes=draw(texts),
        state=draw(st.sampled_from(State)),
    )
    for original in draw(st.sets(st.sampled_from([SECOND, THIRD, FOURTH]))):
        date = implied_occurrence(appointment, original)
        changed = replace(
            date, subject=draw(texts), span=draw(spans), participants=draw(participants)
        )
        appointment = rules.with_occurrence(appointment, changed)
    return appointment


@given(states())
def test_a_state_never_differs_from_itself(state: Appointment) -> None:
    assert diff(state, state) == ()


@given(states(), states())
def test_two_states_without_events_between_them_are_one_state(
    old: Appointment, new: Appointment
) -> None:
    happened = diff(old, new)
    assert (happened == ()) == (_essence(old) == _essence(new))


@given(states(), states())
def test_every_event_is_answered_by_one_in_the_other_direction(
    old: Appointment, new: Appointment
) -> None:
    forth, back = diff(old, new), diff(new, old)
    for gone, come in (
        (events.ParticipantRemoved, events.ParticipantAdded),
        (events.ParticipantAdded, events.ParticipantRemoved),
    ):
        assert _whole(forth, gone) == _whole(back, come)


def _whole(happened: tuple[events.Event, ...], kind: type[events.Event]) -> set[object]:
    return {
        event.participant.key
        for event in happened
        if isinstance(event, kind)
        and isinstance(event, events.ParticipantAdded | events.ParticipantRemoved)
        and event.original is None
    }


def _essence(state: Appointment) -> object:
    """Return the state without the order of its participants."""
    return (
        replace(state, participants=(), occurrences=()),
        frozenset(state.participants),
        tuple((replace(o, participants=()), frozenset(o.participants)) for o in state.occurrences),
    )

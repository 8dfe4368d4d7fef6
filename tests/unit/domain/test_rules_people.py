"""Who takes part, who owns, who answered: rules 1, 4 and 8."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_caldav.domain import rules
from rdv_caldav.domain.agency import Person
from rdv_caldav.domain.appointment import (
    Appointment,
    Details,
    Occurrence,
    Participant,
    Presence,
    State,
)
from rdv_caldav.domain.errors import (
    NotAParticipant,
    OwnerCannotLeave,
    OwnerMissing,
)
from support.agency import (
    ALICE,
    CLAIRE,
    FIRST,
    FOURTH,
    GUEST,
    IVAN,
    JEAN,
    MARIE,
    NOON,
    SECOND,
    THIRD,
    guest,
    owner,
    series,
    taking_part,
    visit,
)


def presence_of(details: Details, key: int | str) -> Presence:
    participant = details.participant(key)
    assert participant is not None
    return participant.presence


def with_second_date(appointment: Appointment, **changes: object) -> Appointment:
    date = rules.occurrence_at(appointment, SECOND)
    changed: Occurrence = replace(date, **changes)  # type: ignore[arg-type]
    return rules.with_occurrence(appointment, changed)


# -- rule 1: participants and the owner ---------------------------------------------------


def test_exactly_one_owner_is_right() -> None:
    rules.check_ownership(visit())


@pytest.mark.parametrize(
    "participants",
    [
        (taking_part(CLAIRE),),
        (owner(CLAIRE), owner(ALICE)),
        (replace(guest(), is_owner=True),),
    ],
    ids=["none", "two", "a guest"],
)
def test_rule_1_wants_exactly_one_owner_who_is_a_person(
    participants: tuple[Participant, ...],
) -> None:
    with pytest.raises(OwnerMissing):
        rules.check_ownership(visit(*participants))


def test_rule_1_an_appointment_without_participants_has_no_owner() -> None:
    with pytest.raises(OwnerMissing):
        rules.check_ownership(replace(visit(), participants=()))


def test_the_owner_cannot_be_removed() -> None:
    with pytest.raises(OwnerCannotLeave):
        rules.remove_participant(visit(), CLAIRE.id)


def test_who_gave_ownership_away_can_leave() -> None:
    given_away = rules.give_ownership(visit(), ALICE.id)
    assert given_away.owner.person_id == ALICE.id
    assert rules.remove_participant(given_away, CLAIRE.id).person_ids == {ALICE.id, IVAN.id}


def test_ownership_goes_to_participants_only() -> None:
    with pytest.raises(NotAParticipant):
        rules.give_ownership(visit(), JEAN.id)


def test_the_new_owner_takes_part_at_every_date() -> None:
    weekly = with_second_date(series(), participants=(owner(CLAIRE),))
    given_away = rules.give_ownership(weekly, IVAN.id)
    date = given_away.occurrence(SECOND)
    assert date is not None
    assert [p.person_id for p in date.participants if p.is_owner] == [IVAN.id]
    assert presence_of(date, CLAIRE.id) is Presence.ACCEPTED


def test_a_stranger_cannot_be_removed() -> None:
    with pytest.raises(NotAParticipant):
        rules.remove_participant(visit(), JEAN.id)


def test_guests_come_and_go_by_address() -> None:
    with_guest = rules.add_participant(visit(), guest())
    assert with_guest.participant(GUEST) == guest()
    assert rules.remove_participant(with_guest, GUEST) == visit()


def test_adding_somebody_twice_changes_nothing() -> None:
    assert rules.add_participant(visit(), taking_part(IVAN, Presence.DECLINED)) == visit()


def test_nobody_arrives_as_owner() -> None:
    joined = rules.add_participant(visit(), owner(JEAN))
    assert joined.owner.person_id == CLAIRE.id
    assert joined.participant(JEAN.id) == taking_part(JEAN, Presence.ACCEPTED)


def test_who_joins_or_leaves_a_series_does_so_at_its_differing_dates_too() -> None:
    weekly = with_second_date(series(), subject="Autre")
    joined = rules.add_participant(weekly, taking_part(JEAN))
    date = joined.occurrence(SECOND)
    assert date is not None
    assert date.participant(JEAN.id) == taking_part(JEAN)
    assert rules.remove_participant(joined, JEAN.id) == weekly


def test_who_takes_part_in_one_date_only_can_be_removed() -> None:
    weekly = with_second_date(series(), participants=(owner(CLAIRE), taking_part(JEAN)))
    date = rules.remove_participant(weekly, JEAN.id).occurrence(SECOND)
    assert date is not None
    assert date.participants == (owner(CLAIRE),)


# -- rule 8: one person in another's place ------------------------------------------------


def test_rule_8_another_person_takes_the_owners_place_and_has_not_answered_yet() -> None:
    moved = rules.replace_person(visit(), CLAIRE.id, by=JEAN.id)
    assert moved.participants[0] == owner(JEAN, Presence.NEEDS_ACTION)
    assert moved.participants[1:] == visit().participants[1:]


def test_rule_8_who_took_part_already_keeps_his_answer() -> None:
    moved = rules.replace_person(visit(), CLAIRE.id, by=IVAN.id)
    assert moved.participants == (
        owner(IVAN, Presence.TENTATIVE),
        taking_part(ALICE, Presence.ACCEPTED),
    )


def test_rule_8_the_owner_in_another_participants_place_stays_owner() -> None:
    moved = rules.replace_person(visit(), IVAN.id, by=CLAIRE.id)
    assert moved.participants == (taking_part(ALICE, Presence.ACCEPTED), owner(CLAIRE))


@pytest.mark.parametrize(("leaving", "by"), [(CLAIRE, CLAIRE), (JEAN, MARIE)])
def test_nobody_leaves_for_himself_and_no_stranger_is_replaced(leaving: Person, by: Person) -> None:
    assert rules.replace_person(visit(), leaving.id, by=by.id) == visit()


def test_rule_8_holds_for_every_date() -> None:
    weekly = with_second_date(series(), subject="Autre")
    date = rules.replace_person(weekly, CLAIRE.id, by=JEAN.id).occurrence(SECOND)
    assert date is not None
    assert date.participants[0] == owner(JEAN, Presence.NEEDS_ACTION)


# -- rule 4: presence ---------------------------------------------------------------------


def test_rule_4_an_answer_takes_the_place_of_the_one_before() -> None:
    answered = rules.record_presence(visit(), IVAN.id, Presence.DECLINED, comment="Malade")
    assert answered.participant(IVAN.id) == taking_part(IVAN, Presence.DECLINED, comment="Malade")
    again = rules.record_presence(answered, IVAN.id, Presence.ACCEPTED)
    assert again.participant(IVAN.id) == taking_part(IVAN, Presence.ACCEPTED, comment="Malade")
    assert [p.key for p in again.participants] == [p.key for p in visit().participants]


def test_guests_answer_by_address() -> None:
    answered = rules.record_presence(visit(owner(CLAIRE), guest()), GUEST, Presence.ACCEPTED)
    assert presence_of(answered, GUEST) is Presence.ACCEPTED


@pytest.mark.parametrize("original", [None, SECOND])
def test_a_stranger_has_no_presence(original: datetime | None) -> None:
    with pytest.raises(NotAParticipant):
        rules.record_presence(series(), JEAN.id, Presence.ACCEPTED, original=original)


def test_rule_14_an_answer_to_the_series_is_one_to_its_differing_dates() -> None:
    weekly = with_second_date(series(), participants=(owner(CLAIRE), taking_part(IVAN)))
    answered = rules.record_presence(weekly, IVAN.id, Presence.DECLINED)
    date = answered.occurrence(SECOND)
    assert date is not None
    assert presence_of(answered, IVAN.id) is Presence.DECLINED
    assert presence_of(date, IVAN.id) is Presence.DECLINED


def test_rule_14_an_answer_to_one_date_leaves_the_series_alone() -> None:
    answered = rules.record_presence(series(), IVAN.id, Presence.DECLINED, original=SECOND)
    date = answered.occurrence(SECOND)
    assert date is not None
    assert presence_of(date, IVAN.id) is Presence.DECLINED
    assert replace(answered, occurrences=()) == series()


def test_who_takes_part_in_one_date_only_answers_the_whole_by_it() -> None:
    weekly = with_second_date(series(), participants=(owner(CLAIRE), taking_part(JEAN)))
    answered = rules.record_presence(weekly, JEAN.id, Presence.ACCEPTED)
    date = answered.occurrence(SECOND)
    assert date is not None
    assert presence_of(date, JEAN.id) is Presence.ACCEPTED
    assert answered.participant(JEAN.id) is None


# -- the invariant of ownership -----------------------------------------------------------

persons = st.sampled_from([person.id for person in (ALICE, IVAN, CLAIRE, JEAN, MARIE)])
dates = st.sampled_from([FIRST, SECOND, THIRD, FOURTH])
late = NOON + timedelta(days=60)
operations = st.one_of(
    st.builds(
        lambda p, o: lambda a: rules.add_participant(a, Participant(person_id=p, is_owner=o)),
        persons,
        st.booleans(),
    ),
    st.builds(lambda p: lambda a: rules.remove_participant(a, p), persons),
    st.builds(lambda p: lambda a: rules.give_ownership(a, p), persons),
    st.builds(lambda p, q: lambda a: rules.replace_person(a, p, by=q), persons, persons),
    st.builds(
        lambda p, s, d: lambda a: rules.record_presence(a, p, s, original=d),
        persons,
        st.sampled_from(Presence),
        dates | st.none(),
    ),
    st.builds(
        lambda s, d: lambda a: rules.set_state(a, s, now=late, original=d),
        st.sampled_from(State),
        dates | st.none(),
    ),
)


@given(st.lists(operations, max_size=12))
def test_every_date_has_the_series_one_owner_whatever_is_done(
    steps: list[Callable[[Appointment], Appointment]],
) -> None:
    appointment = series()
    for step in steps:
        try:
            appointment = step(appointment)
        except (NotAParticipant, OwnerCannotLeave):
            continue
        rules.check_ownership(appointment)
        for date in appointment.occurrences:
            owners = [p.person_id for p in date.participants if p.is_owner]
            assert owners == [appointment.owner.person_id]
            keys = [p.key for p in date.participants]
            assert len(keys) == len(set(keys))

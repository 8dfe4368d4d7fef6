"""States, dates of a series, answers asked for again, SEQUENCE: rules 3, 5 and 14."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import (
    Appointment,
    Details,
    Occurrence,
    Presence,
    Recurrence,
    State,
)
from rdv_caldav.domain.errors import (
    NotBegun,
    UnknownOccurrence,
)
from support.agency import (
    ALICE,
    CLAIRE,
    FIRST,
    FOURTH,
    IVAN,
    JEAN,
    NOON,
    SECOND,
    THIRD,
    WEEKLY,
    guest,
    owner,
    series,
    span,
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


# -- rule 3: states -----------------------------------------------------------------------


def test_rule_3_held_once_it_has_begun_and_back() -> None:
    begun = replace(visit(), span=span(24, 13))
    assert begun.span.starts_at == NOON
    held = rules.set_state(begun, State.HELD, now=NOON)
    assert held.state is State.HELD
    assert rules.set_state(held, State.PLANNED, now=NOON) == begun


def test_rule_3_not_held_before_it_has_begun() -> None:
    with pytest.raises(NotBegun):
        rules.set_state(
            replace(visit(), span=span(24, 13)), State.HELD, now=NOON - timedelta(seconds=1)
        )


def test_rule_3_one_date_is_held_by_its_own_time() -> None:
    now = rules.occurrence_at(series(), SECOND).span.starts_at
    held = rules.set_state(series(), State.HELD, now=now, original=SECOND)
    date = held.occurrence(SECOND)
    assert date is not None
    assert date.state is State.HELD
    assert held.state is State.PLANNED
    with pytest.raises(NotBegun):
        rules.set_state(series(), State.HELD, now=now, original=THIRD)


@pytest.mark.parametrize("state", [State.CANCELLED, State.PLANNED])
def test_rule_3_cancelled_and_planned_at_any_time(state: State) -> None:
    assert rules.set_state(visit(), state, now=NOON).state is state


def test_a_cancelled_series_takes_its_dates_along_save_those_that_were_held() -> None:
    weekly = rules.set_state(series(), State.HELD, now=NOON + timedelta(days=2), original=FIRST)
    weekly = with_second_date(weekly, subject="Autre")
    cancelled = rules.set_state(weekly, State.CANCELLED, now=NOON)
    assert [o.state for o in cancelled.occurrences] == [State.HELD, State.CANCELLED]


def test_a_date_cancelled_by_itself_stays_so_when_the_rest_is_held() -> None:
    weekly = rules.set_state(series(), State.CANCELLED, now=NOON, original=SECOND)
    held = rules.set_state(weekly, State.HELD, now=NOON + timedelta(days=2))
    assert [o.state for o in held.occurrences] == [State.CANCELLED]


# -- rule 14: dates of a series -----------------------------------------------------------


def test_rule_14_a_date_is_what_the_series_makes_of_it() -> None:
    date = rules.occurrence_at(series(), SECOND)
    assert date.span == span().moved_to(SECOND)
    assert date.participants == series().participants
    assert (date.subject, date.location, date.notes, date.state) == (
        series().subject,
        series().location,
        series().notes,
        series().state,
    )


def test_rule_14_a_differing_date_is_itself() -> None:
    weekly = with_second_date(series(), subject="Autre")
    assert rules.occurrence_at(weekly, SECOND).subject == "Autre"


def test_dates_stand_in_order_and_once() -> None:
    weekly = series()
    for original in (FOURTH, SECOND, THIRD, SECOND):
        weekly = rules.with_occurrence(weekly, rules.occurrence_at(weekly, original))
    assert [o.original for o in weekly.occurrences] == [SECOND, THIRD, FOURTH]


@pytest.mark.parametrize(
    "appointment",
    [visit(), replace(series(), recurrence=replace(WEEKLY, excluded=(SECOND,)))],
    ids=["single", "excluded"],
)
def test_there_is_no_such_date(appointment: Appointment) -> None:
    with pytest.raises(UnknownOccurrence):
        rules.occurrence_at(appointment, SECOND)


# -- rule 5: answers are asked for again --------------------------------------------------

MOVES: dict[str, dict[str, object]] = {
    "date": {"span": span(26)},
    "time": {"span": span(hour=11)},
    "length": {"span": span(hours=2)},
    "place": {"location": "Agence"},
    "rule": {"recurrence": Recurrence(rules=("FREQ=DAILY;COUNT=4",))},
}
STAYS: dict[str, dict[str, object]] = {
    "notes": {"notes": "Autre"},
    "subject": {"subject": "Autre"},
    "state": {"state": State.HELD},
    "type": {"type_code": "interne"},
    "a date left out": {"recurrence": replace(WEEKLY, excluded=(SECOND,))},
    "zone's name": {"span": replace(span(), zone="Europe/Brussels")},
}


def reset(
    old: Appointment, new: Appointment, *, author_id: int | None = None, enabled: bool = True
) -> Appointment:
    return rules.reset_answers(old, new, author_id=author_id, enabled=enabled)


@pytest.mark.parametrize("changes", MOVES.values(), ids=MOVES)
def test_rule_5_a_real_change_asks_everybody_but_the_author_again(
    changes: dict[str, object],
) -> None:
    new = replace(series(), **changes)  # type: ignore[arg-type]
    asked = reset(series(), new, author_id=ALICE.id)
    assert [p.presence for p in asked.participants] == [
        Presence.NEEDS_ACTION,
        Presence.ACCEPTED,
        Presence.NEEDS_ACTION,
    ]
    assert asked.owner.person_id == CLAIRE.id


@pytest.mark.parametrize("changes", STAYS.values(), ids=STAYS)
def test_rule_5_other_changes_reset_nothing(changes: dict[str, object]) -> None:
    new = replace(series(), **changes)  # type: ignore[arg-type]
    assert reset(series(), new) == new


def test_rule_5_is_a_setting() -> None:
    moved = replace(visit(), span=span(26))
    assert reset(visit(), moved, enabled=False) == moved


def test_rule_5_without_an_author_everybody_is_asked_again() -> None:
    old = visit(owner(CLAIRE), guest(Presence.ACCEPTED))
    asked = reset(old, replace(old, location="Agence"))
    assert {p.presence for p in asked.participants} == {Presence.NEEDS_ACTION}


def test_rule_5_an_answer_given_by_the_same_write_stands() -> None:
    new = rules.record_presence(replace(visit(), span=span(26)), IVAN.id, Presence.ACCEPTED)
    assert presence_of(reset(visit(), new), IVAN.id) is Presence.ACCEPTED


def test_rule_5_who_is_added_by_the_same_write_keeps_his_answer() -> None:
    new = rules.add_participant(
        replace(visit(), span=span(26)), taking_part(JEAN, Presence.TENTATIVE)
    )
    assert presence_of(reset(visit(), new), JEAN.id) is Presence.TENTATIVE


def test_rule_5_a_moved_date_asks_again_for_that_date_only() -> None:
    moved = with_second_date(series(), span=span().moved_to(SECOND + timedelta(hours=2)))
    asked = reset(series(), moved, author_id=ALICE.id)
    date = asked.occurrence(SECOND)
    assert date is not None
    assert presence_of(date, IVAN.id) is Presence.NEEDS_ACTION
    assert presence_of(asked, IVAN.id) is Presence.TENTATIVE
    again = rules.record_presence(asked, IVAN.id, Presence.ACCEPTED, original=SECOND)
    relocated = with_second_date(again, location="Agence")
    date = reset(again, relocated).occurrence(SECOND)
    assert date is not None
    assert presence_of(date, IVAN.id) is Presence.NEEDS_ACTION


def test_rule_5_keeps_comments() -> None:
    old = visit(owner(CLAIRE), taking_part(IVAN, Presence.DECLINED, comment="Malade"))
    asked = reset(old, replace(old, span=span(26)))
    assert asked.participant(IVAN.id) == taking_part(IVAN, comment="Malade")


# -- SEQUENCE -----------------------------------------------------------------------------


def cancel(appointment: Appointment) -> Appointment:
    return rules.set_state(appointment, State.CANCELLED, now=NOON)


@pytest.mark.parametrize(
    ("changes", "sequence", "time_sequence"),
    [
        ({"span": span(26)}, 4, 4),
        ({"recurrence": Recurrence(rules=("FREQ=DAILY;COUNT=4",))}, 4, 4),
        ({"recurrence": replace(WEEKLY, excluded=(SECOND,))}, 4, 4),
        ({"location": "Agence"}, 4, 1),
        ({"state": State.CANCELLED}, 4, 1),
        ({"state": State.HELD}, 3, 1),
        ({"notes": "Autre", "subject": "Autre", "type_code": "interne"}, 3, 1),
        ({"participants": (owner(ALICE),)}, 3, 1),
    ],
)
def test_sequence_grows_on_what_invitations_are_about(
    changes: dict[str, object], sequence: int, time_sequence: int
) -> None:
    old = replace(series(), sequence=3, time_sequence=1)
    # what a client program or a page makes has no numbers of its own
    new = replace(old, sequence=0, time_sequence=0, **changes)  # type: ignore[arg-type]
    numbered = rules.numbered(old, new)
    assert (numbered.sequence, numbered.time_sequence) == (sequence, time_sequence)


def test_sequence_grows_on_uncancelling() -> None:
    assert rules.numbered(cancel(visit()), visit()).sequence == 1


@pytest.mark.parametrize(
    "alter",
    [
        lambda a: with_second_date(a, span=span().moved_to(SECOND + timedelta(hours=2))),
        lambda a: with_second_date(a, location="Agence"),
        lambda a: rules.set_state(a, State.CANCELLED, now=NOON, original=SECOND),
    ],
)
def test_sequence_grows_by_any_date_of_a_series_and_by_its_return(
    alter: Callable[[Appointment], Appointment],
) -> None:
    altered = rules.numbered(series(), alter(series()))
    assert altered.sequence == 1
    assert rules.numbered(altered, series()).sequence == 2


def test_an_answer_to_one_date_leaves_the_sequence() -> None:
    answered = rules.record_presence(series(), IVAN.id, Presence.DECLINED, original=SECOND)
    assert rules.numbered(series(), answered).sequence == 0


def test_a_new_appointment_keeps_the_numbers_it_begins_with() -> None:
    assert rules.numbered(None, visit()) == visit()

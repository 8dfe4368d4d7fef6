"""Rule 9: a write by someone who may not edit takes his own presence and comment only."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_caldav.domain import rules
from rdv_caldav.domain.agency import Person
from rdv_caldav.domain.answering import settle_answer
from rdv_caldav.domain.appointment import Appointment, Presence, Recurrence
from rdv_caldav.domain.draft import CalendarUser, Draft, StatedStatus
from rdv_caldav.domain.merge import settle
from support.agency import (
    ALICE,
    CLAIRE,
    FIRST,
    IVAN,
    JEAN,
    MARIE,
    SECOND,
    THIRD,
    WEEKLY,
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


def answering(draft: Draft, person: Person, presence: Presence | None, comment: str = "") -> Draft:
    return replace(draft, attendees=_answered(draft.attendees, person, presence, comment))


def _answered(
    lines: tuple[CalendarUser, ...], person: Person, presence: Presence | None, comment: str = ""
) -> tuple[CalendarUser, ...]:
    return tuple(
        replace(user, presence=presence, comment=comment) if user.name == person.name else user
        for user in lines
    )


def answering_at(draft: Draft, original: datetime, person: Person, presence: Presence) -> Draft:
    date = override(draft, original)
    date = replace(date, attendees=_answered(date.attendees, person, presence))
    return replace(draft, occurrences=(*draft.occurrences, date))


def test_his_presence_and_comment_are_taken() -> None:
    draft = answering(served(visit()), IVAN, Presence.DECLINED, "Malade")
    settled = settle_answer(draft, visit(), writing(IVAN, IVAN))
    expected = rules.record_presence(visit(), IVAN.id, Presence.DECLINED, comment="Malade")
    assert settled == expected


def test_everything_else_is_ignored() -> None:
    draft = answering(served(visit()), IVAN, Presence.ACCEPTED)
    draft = answering(draft, CLAIRE, Presence.DECLINED)
    draft = replace(
        draft,
        span=span(27),
        subject="Autre",
        location="Ailleurs",
        notes="Autre",
        type_code="interne",
        status=StatedStatus.CANCELLED,
        recurrence=Recurrence(rules=("FREQ=DAILY",)),
        organizer=line(IVAN, Presence.DECLINED),
        attendees=(*draft.attendees[1:], line(JEAN, is_chair=True)),
    )
    settled = settle_answer(draft, visit(), writing(IVAN, IVAN))
    assert settled == rules.record_presence(visit(), IVAN.id, Presence.ACCEPTED)


@pytest.mark.parametrize("lines", [(), (line(CLAIRE, Presence.DECLINED),)])
def test_an_object_without_his_line_says_nothing(lines: tuple[CalendarUser, ...]) -> None:
    draft = replace(served(visit()), attendees=lines)
    assert settle_answer(draft, visit(), writing(IVAN, IVAN)) == visit()


def test_an_account_without_person_has_no_answer() -> None:
    draft = answering(served(visit()), IVAN, Presence.DECLINED)
    assert settle_answer(draft, visit(), writing(None, IVAN)) == visit()


def test_nobody_joins_by_answering() -> None:
    draft = served(visit())
    draft = replace(draft, attendees=(*draft.attendees, line(JEAN, Presence.ACCEPTED)))
    assert settle_answer(draft, visit(), writing(JEAN, JEAN)) == visit()


def test_a_line_without_partstat_is_an_open_answer() -> None:
    draft = answering(served(visit()), IVAN, None)
    settled = settle_answer(draft, visit(), writing(IVAN, IVAN))
    assert settled.participant(IVAN.id) == taking_part(IVAN)


def test_one_of_a_couple_answers_for_himself() -> None:
    couple = visit(owner(JEAN), taking_part(MARIE))
    draft = served(couple)
    shared = CalendarUser(
        address="dupont@famille.example", name="DUPONT Marie", presence=Presence.ACCEPTED
    )
    draft = replace(draft, attendees=(draft.attendees[0], shared))
    assert settle_answer(draft, couple, writing(JEAN, JEAN)) == couple
    settled = settle_answer(draft, couple, writing(MARIE, MARIE))
    assert settled == rules.record_presence(couple, MARIE.id, Presence.ACCEPTED)


def test_a_program_without_x_parameters_keeps_the_comment_of_the_same_answer() -> None:
    old = visit(owner(CLAIRE), taking_part(IVAN, Presence.DECLINED, comment="Malade"))
    same = answering(served(old), IVAN, Presence.DECLINED)
    assert settle_answer(same, old, writing(IVAN, IVAN)) == old
    other = answering(served(old), IVAN, Presence.ACCEPTED)
    settled = settle_answer(other, old, writing(IVAN, IVAN))
    assert settled.participant(IVAN.id) == taking_part(IVAN, Presence.ACCEPTED)


# -- series -------------------------------------------------------------------------------


def test_an_answer_to_the_series_leaves_differing_dates_alone() -> None:
    old = rules.record_presence(series(), IVAN.id, Presence.DECLINED, original=SECOND)
    draft = answering(served(old), IVAN, Presence.ACCEPTED)
    settled = settle_answer(draft, old, writing(IVAN, IVAN))
    assert settled.participant(IVAN.id) == taking_part(IVAN, Presence.ACCEPTED)
    assert settled.occurrences == old.occurrences


def test_an_answer_to_the_series_is_one_to_dates_that_another_set_apart_meanwhile() -> None:
    old = rules.record_presence(series(), CLAIRE.id, Presence.DECLINED, original=SECOND)
    draft = answering(served(series()), IVAN, Presence.ACCEPTED)
    settled = settle_answer(draft, old, writing(IVAN, IVAN))
    assert settled == rules.record_presence(old, IVAN.id, Presence.ACCEPTED)


def test_a_date_that_he_answered_otherwise_keeps_that_answer() -> None:
    old = rules.record_presence(series(), IVAN.id, Presence.DECLINED, original=SECOND)
    draft = answering(served(series()), IVAN, Presence.ACCEPTED)
    settled = settle_answer(draft, old, writing(IVAN, IVAN))
    assert settled.occurrences == old.occurrences


def test_an_answer_to_one_date_is_one_to_that_date() -> None:
    draft = answering_at(served(series()), SECOND, IVAN, Presence.DECLINED)
    settled = settle_answer(draft, series(), writing(IVAN, IVAN))
    assert settled == rules.record_presence(series(), IVAN.id, Presence.DECLINED, original=SECOND)


def test_an_answer_to_a_differing_date_is_one_to_that_date() -> None:
    old = rules.record_presence(series(), CLAIRE.id, Presence.DECLINED, original=SECOND)
    draft = served(old)
    date = draft.occurrences[0]
    date = replace(
        date, attendees=_answered(date.attendees, IVAN, Presence.ACCEPTED), subject="Autre"
    )
    settled = settle_answer(replace(draft, occurrences=(date,)), old, writing(IVAN, IVAN))
    assert settled == rules.record_presence(old, IVAN.id, Presence.ACCEPTED, original=SECOND)


def test_a_copied_date_with_the_answer_of_the_series_is_not_detached() -> None:
    draft = answering(served(series()), IVAN, Presence.ACCEPTED)
    draft = answering_at(draft, SECOND, IVAN, Presence.ACCEPTED)
    settled = settle_answer(draft, series(), writing(IVAN, IVAN))
    assert settled.occurrences == ()
    assert settled.participant(IVAN.id) == taking_part(IVAN, Presence.ACCEPTED)


def test_who_takes_part_in_one_date_only_answers_that_date() -> None:
    date = rules.occurrence_at(series(), SECOND)
    date = replace(date, participants=(*date.participants, taking_part(JEAN)))
    old = rules.with_occurrence(series(), date)
    draft = served(old)
    answer = replace(
        draft.occurrences[0],
        attendees=_answered(draft.occurrences[0].attendees, JEAN, Presence.ACCEPTED),
    )
    settled = settle_answer(replace(draft, occurrences=(answer,)), old, writing(JEAN, JEAN))
    assert settled == rules.record_presence(old, JEAN.id, Presence.ACCEPTED, original=SECOND)


@pytest.mark.parametrize(
    "old",
    [visit(), replace(series(), recurrence=replace(WEEKLY, excluded=(SECOND,)))],
    ids=["of a single appointment", "left out"],
)
def test_an_answer_to_no_date_is_ignored(old: Appointment) -> None:
    draft = answering_at(served(old), SECOND, IVAN, Presence.DECLINED)
    assert settle_answer(draft, old, writing(IVAN, IVAN)) == old


# -- whatever is sent ---------------------------------------------------------------------

dates = st.sampled_from([FIRST, SECOND, THIRD, datetime(2027, 5, 5, 5)])
people = st.sampled_from([ALICE, IVAN, CLAIRE, JEAN])


@st.composite
def objects(draw: st.DrawFn) -> Draft:
    def lines() -> tuple[CalendarUser, ...]:
        persons = draw(st.lists(people))
        presence = st.sampled_from(Presence) | st.none()
        return tuple(line(p, draw(presence), is_chair=draw(st.booleans())) for p in persons)

    draft = replace(served(series()), subject="Autre", attendees=lines())
    overrides = (override(draft, original) for original in draw(st.lists(dates)))
    return replace(draft, occurrences=tuple(replace(date, attendees=lines()) for date in overrides))


@given(objects())
def test_nothing_but_his_own_answers_ever_changes(draft: Draft) -> None:
    settled = settle_answer(draft, series(), writing(IVAN, IVAN))
    own = settled.participant(IVAN.id)
    assert own is not None
    unanswered = rules.record_presence(settled, IVAN.id, Presence.TENTATIVE)
    assert replace(unanswered, occurrences=()) == series()
    for date in unanswered.occurrences:
        assert date == rules.occurrence_at(series(), date.original)


def _leaving_out(draft: Draft, *originals: datetime) -> Draft:
    assert draft.recurrence is not None
    return replace(draft, recurrence=replace(draft.recurrence, excluded=originals))


def test_dates_that_he_leaves_out_are_refused() -> None:
    settled = settle_answer(_leaving_out(served(series()), SECOND), series(), writing(IVAN, IVAN))
    assert settled == rules.record_presence(series(), IVAN.id, Presence.DECLINED, original=SECOND)
    again = settle_answer(_leaving_out(served(settled), SECOND), settled, writing(IVAN, IVAN))
    assert again == settled


def test_who_does_not_take_part_leaves_nothing_out() -> None:
    draft = _leaving_out(served(series()), SECOND)
    assert settle_answer(draft, series(), writing(JEAN, JEAN)) == series()


def test_dates_that_only_answers_made_survive_a_program_that_does_not_know_them() -> None:
    old = rules.record_presence(series(), IVAN.id, Presence.DECLINED, original=SECOND)
    moved = override(served(old), THIRD)
    draft = replace(served(old), occurrences=(moved,))
    knowing = replace(writing(ALICE, CLAIRE), keeps_answers=True)
    settled = settle(draft, old, knowing)
    assert [date.original for date in settled.occurrences] == [SECOND, THIRD]
    assert settled.occurrences[0] == old.occurrences[0]
    # what differs in more than answers was taken away by somebody who knew it
    kept = settle(replace(draft, occurrences=()), _renamed(old), knowing)
    assert kept.occurrences == ()


def _renamed(appointment: Appointment) -> Appointment:
    (date,) = appointment.occurrences
    return replace(appointment, occurrences=(replace(date, subject="Autre"),))

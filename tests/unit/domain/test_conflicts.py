"""Who is wanted twice at once, and when he is not to be had."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_caldav.domain import events, rules
from rdv_caldav.domain.appointment import Appointment, Presence, State
from rdv_caldav.domain.conflicts import (
    Conflict,
    ConflictCode,
    Engagement,
    clashes,
    engagements,
    may_matter,
    meetings,
)
from rdv_caldav.domain.diff import diff
from support.agency import (
    ALICE,
    CLAIRE,
    FIRST,
    IVAN,
    NOON,
    SECOND,
    guest,
    owner,
    series,
    span,
    taking_part,
    visit,
)

Dates = tuple[tuple[datetime, datetime], ...]


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 25, hour, minute, tzinfo=UTC)


def busy(first: int, last: int, person_id: int = IVAN.id) -> Engagement:
    return Engagement(at(first), at(last), person_id)


def of_itself(appointment: Appointment) -> Dates:
    return ((appointment.span.starts_at, appointment.span.ends_at),)


def weekly(appointment: Appointment) -> Dates:
    starts = (appointment.span.starts_at + timedelta(weeks=n) for n in range(4))
    return tuple((start, start + timedelta(hours=1)) for start in starts)


def whom(appointment: Appointment, dates: Dates, **more: frozenset[str]) -> list[tuple[int, int]]:
    """Return whom it keeps busy, and on which day."""
    found = engagements(appointment, dates, after=NOON, **more)
    return sorted((each.start.day, each.person_id) for each in found)


# -- whom an appointment keeps busy -------------------------------------------------------


def test_all_persons_who_did_not_refuse_are_busy() -> None:
    appointment = visit(
        owner(CLAIRE), taking_part(ALICE, Presence.DECLINED), taking_part(IVAN), guest()
    )
    assert whom(appointment, of_itself(appointment)) == [(25, IVAN.id), (25, CLAIRE.id)]


def test_what_is_cancelled_keeps_nobody_busy() -> None:
    cancelled = replace(visit(), state=State.CANCELLED)
    assert whom(cancelled, of_itself(cancelled)) == []


def test_what_is_over_or_takes_no_time_keeps_nobody_busy() -> None:
    over = replace(visit(), span=span(24, 9))
    instant = replace(visit(), span=span(hours=0))
    assert whom(over, of_itself(over)) == whom(instant, of_itself(instant)) == []


def test_what_has_begun_still_does() -> None:
    begun = replace(visit(owner(CLAIRE)), span=span(24, 12, hours=2))
    assert whom(begun, of_itself(begun)) == [(24, CLAIRE.id)]


def test_each_date_has_its_own_answers_and_state() -> None:
    weekly_visit = series(owner(CLAIRE), taking_part(IVAN))
    one = rules.record_presence(weekly_visit, IVAN.id, Presence.DECLINED, original=SECOND)
    both = rules.set_state(one, State.CANCELLED, now=NOON, original=FIRST)
    days = whom(both, weekly(both))
    assert [day for day, person in days if person == IVAN.id] == [9, 16]
    assert [day for day, person in days if person == CLAIRE.id] == [2, 9, 16]


def test_time_that_is_not_blocked_is_free_by_date() -> None:
    weekly_visit = rules.record_presence(
        series(owner(CLAIRE)), CLAIRE.id, Presence.TENTATIVE, original=SECOND
    )
    dates = weekly(weekly_visit)
    blocked = whom(weekly_visit, dates, free=frozenset({""}))
    assert blocked == [(2, CLAIRE.id)]
    assert len(whom(weekly_visit, dates, free=frozenset({SECOND.isoformat()}))) == 3


# -- two at once --------------------------------------------------------------------------


def test_the_same_person_twice_at_once() -> None:
    found = meetings([busy(9, 11)], {7: [busy(10, 12)]})
    assert found == [
        Conflict(
            start=at(10),
            end=at(11),
            person_id=IVAN.id,
            code=ConflictCode.OVERLAP,
            other_id=7,
        )
    ]


def test_it_is_the_same_conflict_while_it_starts_at_the_same_time() -> None:
    (one,), (longer,) = (
        meetings([busy(9, 11)], {7: [busy(9, 10)]}),
        meetings([busy(9, 12)], {7: [busy(9, 11)]}),
    )
    assert one != longer
    assert one.what == longer.what


@pytest.mark.parametrize(
    "other", [busy(11, 12), busy(8, 9), busy(9, 11, ALICE.id)], ids=["after", "before", "another"]
)
def test_these_do_not_meet(other: Engagement) -> None:
    assert meetings([busy(9, 11)], {7: [other]}) == []


def test_what_meets_each_other_elsewhere_is_no_business_of_this_one() -> None:
    assert meetings([], {7: [busy(9, 11)], 8: [busy(9, 11)]}) == []
    assert meetings([busy(9, 11), busy(10, 12)], {}) == []


_spans = st.tuples(st.integers(0, 20), st.integers(1, 3), st.sampled_from([ALICE.id, IVAN.id])).map(
    lambda t: busy(t[0], t[0] + t[1], t[2])
)


@given(
    st.lists(_spans, max_size=8),
    st.dictionaries(st.integers(1, 4), st.lists(_spans, max_size=4), max_size=4),
)
def test_every_pair_that_meets_is_found(
    own: list[Engagement], others: dict[int, list[Engagement]]
) -> None:
    expected = {
        (max(a.start, b.start), min(a.end, b.end), a.person_id, other_id)
        for a in own
        for other_id, of_other in others.items()
        for b in of_other
        if a.person_id == b.person_id and a.start < b.end and b.start < a.end
    }
    found = [(c.start, c.end, c.person_id, c.other_id) for c in meetings(own, others)]
    assert set(found) == expected
    assert len(found) == len(expected)
    assert [each[0] for each in found] == sorted(each[0] for each in found)


# -- not to be had ------------------------------------------------------------------------


def test_a_date_clashes_once_where_it_does_first() -> None:
    periods = [(at(12), at(14)), (at(8), at(10))]
    found = clashes([busy(9, 13), busy(15, 16)], IVAN.id, periods, ConflictCode.PERSONAL)
    assert [(c.start, c.end, c.other_id) for c in found] == [(at(9), at(10), None)]


def test_nobody_else_is_concerned() -> None:
    assert clashes([busy(9, 13)], ALICE.id, [(at(8), at(18))], ConflictCode.HOURS) == []


def test_a_whole_day_is_out_of_hours_only_if_there_are_none() -> None:
    day = Engagement(at(0), at(0) + timedelta(days=1), IVAN.id)
    night, week = (at(0), at(8)), (at(0), at(0) + timedelta(days=7))
    assert clashes([day], IVAN.id, [night], ConflictCode.HOURS) == []
    assert len(clashes([day], IVAN.id, [week], ConflictCode.HOURS)) == 1
    assert len(clashes([day], IVAN.id, [night], ConflictCode.PERSONAL)) == 1


# -- what may make or undo one ------------------------------------------------------------


def changed(new: Appointment, old: Appointment | None = None) -> bool:
    return may_matter(diff(old or visit(), new))


def test_times_persons_and_cancelling_matter() -> None:
    plain = visit()
    assert may_matter(diff(None, plain))
    assert changed(replace(plain, span=span(26)))
    assert changed(rules.remove_participant(plain, IVAN.id))
    assert changed(plain, rules.remove_participant(plain, IVAN.id))
    assert changed(rules.set_state(plain, State.CANCELLED, now=NOON))
    assert changed(rules.record_presence(plain, IVAN.id, Presence.DECLINED))
    assert changed(plain, rules.record_presence(plain, IVAN.id, Presence.DECLINED))
    assert changed(series(), plain)
    assert may_matter([events.Restored()])


def test_words_and_yes_or_maybe_do_not() -> None:
    plain = visit()
    assert not changed(replace(plain, subject="Autre", notes="Autre", location="Ailleurs"))
    assert not changed(rules.record_presence(plain, IVAN.id, Presence.ACCEPTED))
    assert not changed(rules.add_participant(plain, guest()))
    assert not may_matter(
        [
            events.PresenceRecorded(
                key="a@b.example", before=Presence.ACCEPTED, after=Presence.DECLINED
            )
        ]
    )
    held = replace(plain, state=State.HELD)
    assert not changed(held)

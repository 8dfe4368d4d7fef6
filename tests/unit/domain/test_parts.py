"""Who takes part on which dates of a series."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rdv_caldav.domain.appointment import Appointment, Participant
from rdv_caldav.domain.diff import implied_occurrence, moved_by
from rdv_caldav.domain.parts import Part, index_of_part, part_of, parts_of
from rdv_caldav.domain.timeindex import ListedDate, TimeIndex
from support.agency import CLAIRE, FIRST, IVAN, JEAN, MARIE, SECOND, THIRD, series

WITHOUT_IVAN = Part(person_id=IVAN.id, without=(SECOND,))
ONLY_MARIE = Part(person_id=MARIE.id, only=(SECOND, THIRD))


def with_marie() -> Appointment:
    """A series with Marie instead of Ivan on its second date, and beside him on its third."""
    marie = Participant(person_id=MARIE.id)
    second, third = (implied_occurrence(series(), each) for each in (SECOND, THIRD))
    kept = tuple(p for p in second.participants if p.person_id != IVAN.id)
    dates = (
        replace(second, participants=(*kept, marie)),
        replace(third, participants=(*third.participants, marie)),
    )
    return replace(series(), occurrences=dates)


def test_whoever_takes_part_in_all_has_no_part_of_his_own() -> None:
    assert parts_of(series()) == ()
    assert part_of(series(), IVAN.id) is None
    assert part_of(with_marie(), CLAIRE.id) is None


def test_a_stranger_has_none_either() -> None:
    assert part_of(with_marie(), JEAN.id) is None


def test_who_takes_part_on_some_dates() -> None:
    assert parts_of(with_marie()) == (WITHOUT_IVAN, ONLY_MARIE)
    assert [ONLY_MARIE.holds(each) for each in (FIRST, SECOND)] == [False, True]
    assert [WITHOUT_IVAN.holds(each) for each in (FIRST, SECOND)] == [True, False]


def index(*, endless: bool = False) -> TimeIndex:
    """Three hours, one day each; the third at the time of the second."""
    start = datetime(2026, 11, 25, 8, tzinfo=UTC)
    second = start + timedelta(days=1)
    hour = timedelta(hours=1)
    listed = tuple(
        ListedDate(original, at, at + hour)
        for original, at in ((FIRST, start), (SECOND, second), (THIRD, second))
    )
    return TimeIndex(
        starts_at=start,
        stops_at=None if endless else second + hour,
        is_long=True,
        dates=tuple(sorted({(each.starts_at, each.stops_at) for each in listed})),
        listed=listed,
        indexed_until=second if endless else None,
    )


def test_the_dates_of_a_part() -> None:
    whole = index(endless=True)
    found = index_of_part(whole, ONLY_MARIE)
    assert found.dates == whole.dates[1:]
    assert (found.starts_at, found.stops_at) == whole.dates[1]
    assert found.indexed_until is None


@pytest.mark.parametrize("endless", [True, False])
def test_the_dates_but_for_some(endless: bool) -> None:
    whole = index(endless=endless)
    found = index_of_part(whole, WITHOUT_IVAN)
    # another date is at the time of the one that he is left out of
    assert found.dates == whole.dates
    assert (found.stops_at, found.indexed_until) == (whole.stops_at, whole.indexed_until)


def test_nobody_is_left_without_bounds() -> None:
    found = index_of_part(index(), replace(WITHOUT_IVAN, without=(FIRST, SECOND, THIRD)))
    assert found.dates == ()
    assert (found.starts_at, found.stops_at) == (index().starts_at, index().stops_at)


# -- moving a series ----------------------------------------------------------------------

TWO_HOURS = timedelta(hours=2)


def moved(appointment: Appointment, *, dates: timedelta) -> Appointment:
    span = appointment.span.moved_to(appointment.span.start + TWO_HOURS)
    occurrences = tuple(
        replace(each, original=each.original + dates) for each in appointment.occurrences
    )
    return replace(appointment, span=span, occurrences=occurrences)


def test_by_how_much_dates_moved_with_their_series() -> None:
    before = with_marie()
    assert moved_by(before, before) == timedelta(0)
    assert moved_by(before, moved(before, dates=TWO_HOURS)) == TWO_HOURS
    assert moved_by(before, moved(before, dates=timedelta(0))) == timedelta(0)
    there = moved(before, dates=TWO_HOURS)
    elsewhere = replace(there, span=replace(there.span, zone="Europe/London"))
    assert moved_by(before, elsewhere) == timedelta(0)

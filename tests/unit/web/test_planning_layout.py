"""Where dates stand in a day: pieces, quarters of an hour, and lanes for what overlaps."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_web.pages.planning.layout import MOST_LANES, Hours, Lane, hours_around, lanes, pieces
from rdv_web.pages.planning.periods import Period, View, day_asked, period_of, view_asked

MONDAY = date(2026, 11, 23)
DAYS = [MONDAY + timedelta(days=n) for n in range(7)]


def cut(start: str, end: str) -> list[tuple[int, int, int, bool, bool]]:
    found = pieces(datetime.fromisoformat(start), datetime.fromisoformat(end), DAYS)
    return [((p.day - MONDAY).days, p.first, p.last, p.before, p.after) for p in found]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-11-23T09:00", "2026-11-23T10:10", [(0, 540, 610, False, False)]),
        ("2026-11-23T22:00", "2026-11-24T00:00", [(0, 1320, 1440, False, False)]),
        (
            "2026-11-23T22:00",
            "2026-11-24T06:00",
            [(0, 1320, 1440, False, True), (1, 0, 360, True, False)],
        ),
        (
            "2026-11-28T00:00",
            "2026-12-05T00:00",
            [(5, 0, 1440, False, True), (6, 0, 1440, True, True)],
        ),
        ("2026-11-24T09:00", "2026-11-24T09:00", [(1, 540, 555, False, False)]),
        ("2026-11-24T23:59", "2026-11-24T23:59", [(1, 1425, 1440, False, False)]),
        # the clock went back meanwhile
        ("2026-11-24T02:50", "2026-11-24T02:10", [(1, 170, 185, False, False)]),
        ("2026-11-22T09:00", "2026-11-22T10:00", []),
    ],
)
def test_pieces(start: str, end: str, expected: list[tuple[int, int, int, bool, bool]]) -> None:
    assert cut(start, end) == expected


def test_whole_days_are_told_from_parts_of_them() -> None:
    first, second = pieces(datetime(2026, 11, 23), datetime(2026, 11, 24, 12), DAYS)
    assert first.is_whole_day
    assert not second.is_whole_day


def test_lanes_are_shared_by_what_overlaps_directly_or_through_others() -> None:
    assert lanes([]) == []
    assert lanes([(0, 4), (2, 6), (5, 8), (8, 9)]) == [
        Lane(1, 2),
        Lane(2, 2),
        Lane(1, 2),
        Lane(1, 1),
    ]


def test_what_has_nothing_beside_it_takes_the_room() -> None:
    assert lanes([(0, 9), (0, 2), (1, 2), (4, 6)]) == [
        Lane(1, 3),
        Lane(2, 3),
        Lane(3, 3),
        Lane(2, 3, 2),
    ]


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 12)), max_size=25))
def test_nothing_is_drawn_over_anything_else(drawn: list[tuple[int, int]]) -> None:
    stretches = [(first, first + length) for first, length in drawn]
    found = lanes(stretches)
    for n, (one, lane) in enumerate(zip(stretches, found, strict=True)):
        assert 1 <= lane.number < lane.number + lane.width <= lane.count + 1 <= MOST_LANES + 1
        for other, its in list(zip(stretches, found, strict=True))[:n]:
            if one[0] < other[1] and other[0] < one[1]:
                assert lane.count == its.count
                left, right = sorted((lane, its), key=lambda each: each.number)
                is_apart = left.number + left.width <= right.number
                assert is_apart or left.number == right.number == MOST_LANES


def test_hours_are_those_of_a_days_work_and_more_where_needed() -> None:
    assert hours_around([]) == Hours(7, 20)
    late = list(pieces(datetime(2026, 11, 23, 5, 30), datetime(2026, 11, 23, 20, 15), DAYS))
    assert hours_around(late) == Hours(5, 21)
    hours = Hours(7, 20)
    assert len(hours) == len(hours.all) == 13
    assert hours.place(9 * 60, 10 * 60) == (8, 4)
    assert hours.place(9 * 60 + 5, 9 * 60 + 20) == (8, 2)
    assert hours.place(0, 8 * 60) == (0, 4)
    assert hours.place(0, 7 * 60) is None


def period(view: View, day: str) -> Period:
    return period_of(view, date.fromisoformat(day))


@pytest.mark.parametrize(
    ("view", "first", "last", "earlier", "later"),
    [
        (View.DAY, "2026-11-25", "2026-11-25", "2026-11-24", "2026-11-26"),
        (View.WEEK, "2026-11-23", "2026-11-29", "2026-11-18", "2026-12-02"),
        (View.MONTH, "2026-10-26", "2026-12-06", "2026-10-01", "2026-12-01"),
        (View.LIST, "2026-11-25", "2026-12-22", "2026-10-28", "2026-12-23"),
    ],
)
def test_days_of_a_view(view: View, first: str, last: str, earlier: str, later: str) -> None:
    found = period(view, "2026-11-25")
    assert (found.first, found.last) == (date.fromisoformat(first), date.fromisoformat(last))
    assert (found.earlier, found.later) == (date.fromisoformat(earlier), date.fromisoformat(later))
    assert found.days[0] == found.first
    assert found.days[-1] == found.last


def test_a_day_of_a_clock_change_has_its_own_length() -> None:
    start, end = period(View.DAY, "2026-10-25").bounds("Europe/Paris")
    assert end.timestamp() - start.timestamp() == 25 * 3600


def test_addresses_that_make_no_sense_show_what_is_usual() -> None:
    today = MONDAY
    assert day_asked("2026-12-01", today=today) == date(2026, 12, 1)
    for written in ("", "hier", "0001-01-01", "9999-12-31"):
        assert day_asked(written, today=today) == today
    assert view_asked("mois", (View.DAY, View.MONTH), usual=View.DAY) is View.MONTH
    assert view_asked("mois", (View.DAY,), usual=View.DAY) is View.DAY

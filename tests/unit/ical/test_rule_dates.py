"""The dates of one rule within a window, beside those that dateutil lists."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from itertools import islice

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_caldav.domain.appointment import Span
from rdv_caldav.domain.errors import CalendarDataRefused, NotCalendarData, TooManyInstances
from rdv_caldav.ical.rule_dates import MOST_COUNTED, read_rule

START = datetime(2026, 11, 25, 9, 30)


def _dates(
    written: str, since: datetime, last: datetime, *, start: datetime = START, all_day: bool = False
) -> list[datetime]:
    span = Span(start=start, end=start, zone="Europe/Paris", all_day=all_day)
    return list(read_rule(written, span).dates(since, last))


def _numbers(low: int, high: int) -> st.SearchStrategy[str]:
    values = st.integers(low, high).filter(bool)
    return st.lists(values, min_size=1, max_size=3, unique=True).map(
        lambda chosen: ",".join(map(str, chosen))
    )


_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_PLAIN_DAYS = st.lists(st.sampled_from(_WEEKDAYS), min_size=1, max_size=3, unique=True).map(
    ",".join
)
_NTH_DAYS = st.lists(
    st.builds(
        lambda nth, day: f"{nth}{day}",
        st.sampled_from([1, 2, 4, 5, -1, -2]),
        st.sampled_from(_WEEKDAYS),
    ),
    min_size=1,
    max_size=3,
).map(",".join)
_PARTS: dict[str, dict[str, st.SearchStrategy[str]]] = {
    "YEARLY": {
        "BYMONTH": _numbers(1, 12),
        "BYMONTHDAY": _numbers(-31, 31),
        "BYDAY": _PLAIN_DAYS | _NTH_DAYS,
        "BYYEARDAY": _numbers(-366, 366),
        "BYSETPOS": _numbers(-3, 3),
        "BYHOUR": _numbers(1, 23),
    },
    "MONTHLY": {
        "BYMONTH": _numbers(1, 12),
        "BYMONTHDAY": _numbers(-31, 31),
        "BYDAY": _PLAIN_DAYS | _NTH_DAYS,
        "BYSETPOS": _numbers(-3, 3),
        "BYMINUTE": _numbers(1, 59),
    },
    "WEEKLY": {"BYMONTH": _numbers(1, 12), "BYDAY": _PLAIN_DAYS, "BYHOUR": _numbers(1, 23)},
    "DAILY": {"BYMONTH": _numbers(1, 12), "BYDAY": _PLAIN_DAYS, "BYMONTHDAY": _numbers(-31, 31)},
    "HOURLY": {"BYDAY": _PLAIN_DAYS, "BYMONTHDAY": _numbers(-31, 31), "BYMINUTE": _numbers(1, 59)},
}


@st.composite
def _rules(draw: st.DrawFn) -> tuple[str, int | None]:
    """Return a rule without COUNT, and that."""
    frequency = draw(st.sampled_from(list(_PARTS)))
    known = _PARTS[frequency]
    names = draw(st.lists(st.sampled_from(list(known)), max_size=3, unique=True))
    parts = [f"FREQ={frequency}", *(f"{name}={draw(known[name])}" for name in names)]
    interval = draw(st.integers(1, 5))
    if interval > 1:
        parts.append(f"INTERVAL={interval}")
    if draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(_WEEKDAYS))}")
    is_counted = frequency == "HOURLY" or draw(st.booleans())
    return ";".join(parts), draw(st.integers(0, 40)) if is_counted else None


@settings(max_examples=120, deadline=None)
@given(
    rule=_rules(),
    # late enough for dateutil to come to the end of a search that finds nothing
    start=st.datetimes(datetime(9623, 1, 1), datetime(9627, 12, 31)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    years=st.integers(-1, 9),
    days=st.integers(0, 500),
)
def test_the_same_dates_as_dateutil(
    rule: tuple[str, int | None], start: datetime, years: int, days: int
) -> None:
    written, count = rule
    since = start + timedelta(days=365 * years)
    last = since + timedelta(days=days)
    counted = written if count is None else f"{written};COUNT={count}"
    try:
        found = _dates(counted, since, last, start=start)
    except CalendarDataRefused:
        return
    listed = rrulestr(f"RRULE:{written};UNTIL={last:%Y%m%dT%H%M%S}", dtstart=start)
    assert found == [moment for moment in islice(listed, count) if moment >= since]


def test_weeks_are_those_of_iso_8601() -> None:
    last = datetime(2034, 1, 1)
    days = [START + timedelta(days=n) for n in range((last - START).days + 1)]
    for week in (1, 52, 53):
        found = _dates(f"FREQ=YEARLY;BYWEEKNO={week}", START, last)
        assert found == [day for day in days if day.isocalendar()[1] == week]


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", ["2027-01-04", "2028-01-03", "2029-01-01"]),
        ("FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU", ["2027-01-03", "2033-01-02"]),
        ("FREQ=YEARLY;BYWEEKNO=-1;BYDAY=SU;COUNT=2", ["2027-01-03", "2028-01-02"]),
        ("FREQ=YEARLY;BYDAY=20MO;COUNT=2", ["2027-05-17", "2028-05-15"]),
        ("FREQ=YEARLY;BYDAY=-1SU;COUNT=1", ["2026-12-27"]),
        ("FREQ=YEARLY;BYYEARDAY=366", ["2028-12-31", "2032-12-31"]),
        ("FREQ=YEARLY;BYYEARDAY=-1;COUNT=2", ["2026-12-31", "2027-12-31"]),
        # either kind of day will do
        (
            "FREQ=MONTHLY;BYDAY=1MO,SU;BYMONTH=12;COUNT=3",
            ["2026-12-06", "2026-12-07", "2026-12-13"],
        ),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2", ["2026-11-30", "2026-12-31"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1,40;COUNT=2", ["2026-11-30", "2026-12-31"]),
        ("FREQ=YEARLY;UNTIL=20271125", ["2026-11-25", "2027-11-25"]),
        ("FREQ=YEARLY;UNTIL=20271125T083000Z", ["2026-11-25", "2027-11-25"]),
        ("FREQ=YEARLY;UNTIL=20271125T082959Z", ["2026-11-25"]),
        ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", []),
        ("FREQ=DAILY;COUNT=0", []),
    ],
)
def test_days_that_a_rule_chooses(written: str, days: list[str]) -> None:
    found = _dates(written, datetime.min, datetime(2034, 1, 1))
    expected = [datetime.combine(date.fromisoformat(day), START.time()) for day in days]
    # some go on longer than is told here
    assert found[: len(days)] == expected
    assert days or not found


def test_dates_have_no_times_of_day() -> None:
    start = datetime(2026, 11, 25)
    found = _dates("FREQ=DAILY;BYHOUR=9,10;COUNT=2", start, datetime(2030, 1, 1), start=start)
    assert [moment.hour for moment in found] == [9, 10]
    found = _dates(
        "FREQ=DAILY;BYHOUR=9,10;COUNT=2", start, datetime(2030, 1, 1), start=start, all_day=True
    )
    assert found == [start, start + timedelta(days=1)]


def test_hours_of_an_hourly_rule() -> None:
    found = _dates("FREQ=HOURLY;BYHOUR=10,12;COUNT=3", START, datetime(2030, 1, 1))
    assert [(moment.day, moment.hour) for moment in found] == [(25, 10), (25, 12), (26, 10)]


def test_a_window_far_from_the_start_costs_no_more() -> None:
    span = Span(start=datetime(1900, 1, 1, 9), end=datetime(1900, 1, 1, 9), zone="UTC")
    written = "FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7,8,9,10,11,12"
    started = time.process_time()
    found = list(read_rule(written, span).dates(datetime(2199, 1, 1), datetime(2199, 1, 2)))
    assert len(found) == 12
    assert time.process_time() - started < 0.1


@pytest.mark.parametrize(
    "written",
    [
        "FREQ=DAILY;COUNT=999999999;BYHOUR=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20",
        "FREQ=HOURLY;COUNT=3;BYMONTHDAY=12;BYYEARDAY=282",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYYEARDAY=1;BYMONTH=12",
        "FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=30",
    ],
)
def test_the_search_ends(written: str) -> None:
    started = time.process_time()
    since, last = datetime(2026, 1, 1), datetime(2300, 1, 1)
    found = _dates(written, since, last, start=datetime(1900, 1, 1))
    assert len(found) < MOST_COUNTED
    assert time.process_time() - started < 2


def test_the_last_weeks_of_all_time() -> None:
    start = datetime(9999, 12, 1, 9)
    for written in ("FREQ=WEEKLY", "FREQ=WEEKLY;BYWEEKNO=-1", "FREQ=YEARLY;BYWEEKNO=-1,52"):
        found = _dates(written, start, datetime.max, start=start)
        assert all(moment.year == 9999 for moment in found)


@pytest.mark.parametrize(
    ("written", "refusal"),
    [
        ("FREQ=SECONDLY", TooManyInstances),
        ("FREQ=HOURLY", TooManyInstances),
        ("FREQ=SOMETIMES", NotCalendarData),
        ("FREQ=DAILY;UNTIL=soon", NotCalendarData),
        ("", NotCalendarData),
    ],
)
def test_rules_that_are_refused(written: str, refusal: type[CalendarDataRefused]) -> None:
    with pytest.raises(refusal):
        read_rule(written, Span(start=START, end=START, zone="Europe/Paris"))


def test_dates_come_as_they_are_asked_for() -> None:
    rule = read_rule("FREQ=DAILY", Span(start=START, end=START, zone="Europe/Paris"))
    assert len(list(islice(rule.dates(START, datetime.max), 5))) == 5

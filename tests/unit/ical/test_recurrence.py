"""Which dates a series has, and how much work that may be."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_caldav.domain.appointment import Recurrence, Span
from rdv_caldav.domain.errors import NotCalendarData, TooManyInstances
from rdv_caldav.ical.recurrence import MAX_DATES, check_rule, occurs_at, time_index
from support.lens import NOW, settled
from support.objects import event, override

START = datetime(2026, 11, 25, 9)


def test_a_single_appointment_lists_no_dates() -> None:
    index = time_index(settled(event()), now=NOW)
    assert index.dates == ()
    assert index.indexed_until is None
    assert not index.is_long
    assert index.starts_at == datetime(2026, 11, 25, 8, tzinfo=UTC)


def test_several_days_are_long() -> None:
    times = "DTSTART;VALUE=DATE:20261125\r\nDTEND;VALUE=DATE:20261128\r\n"
    assert time_index(settled(event(times=times)), now=NOW).is_long


def test_nine_o_clock_stays_nine_over_a_change_of_time() -> None:
    times = "DTSTART;TZID=Europe/Paris:20261023T090000\r\nDURATION:PT1H\r\n"
    series = settled(event(times=times, lines="RRULE:FREQ=DAILY;COUNT=4\r\n"))
    hours = [start.hour for start, _ in time_index(series, now=NOW).dates]
    assert hours == [7, 7, 8, 8]


def test_excluded_added_moved_and_cancelled_dates() -> None:
    lines = (
        "RRULE:FREQ=DAILY;COUNT=4\r\nEXDATE;TZID=Europe/Paris:20261126T090000\r\n"
        "RDATE;TZID=Europe/Paris:20261224T090000\r\n"
    )
    override = (
        "BEGIN:VEVENT\r\nUID:essai\r\nDTSTAMP:20261124T080000Z\r\n"
        "RECURRENCE-ID;TZID=Europe/Paris:20261127T090000\r\n"
        "DTSTART;TZID=Europe/Paris:20261210T150000\r\nDTEND;TZID=Europe/Paris:20261210T160000\r\n"
        "STATUS:CANCELLED\r\nEND:VEVENT\r\n"
    )
    series = settled(event(lines=lines, after=override))
    index = time_index(series, now=NOW)
    assert [start for start, _ in index.dates] == [
        datetime(2026, 11, 25, 8, tzinfo=UTC),
        datetime(2026, 11, 28, 8, tzinfo=UTC),
        datetime(2026, 12, 10, 14, tzinfo=UTC),
        datetime(2026, 12, 24, 8, tzinfo=UTC),
    ]
    assert index.indexed_until is None
    assert index.stops_at == datetime(2026, 12, 24, 9, tzinfo=UTC)
    assert occurs_at(series, datetime(2026, 11, 27, 9))
    assert not occurs_at(series, datetime(2026, 11, 26, 9))
    assert not occurs_at(series, datetime(2026, 11, 25, 10))
    assert occurs_at(settled(event()), datetime(2026, 11, 25, 9))


def test_a_series_without_end_is_listed_up_to_a_horizon() -> None:
    series = settled(event(lines="RRULE:FREQ=WEEKLY\r\n"))
    index = time_index(series, now=NOW, horizon=timedelta(days=70))
    assert index.stops_at is None
    assert index.indexed_until == series.span.starts_at + timedelta(days=70)
    assert len(index.dates) == 11


def test_an_added_date_beyond_the_horizon_goes_on() -> None:
    lines = "RRULE:FREQ=DAILY;COUNT=2\r\nRDATE;TZID=Europe/Paris:20360101T090000\r\n"
    assert time_index(settled(event(lines=lines)), now=NOW).indexed_until is not None


@pytest.mark.parametrize(
    ("until", "count"),
    [
        ("20261127T080000Z", 3),
        ("20261127T075959Z", 2),
        ("20261127T090000", 3),
        ("20261127", 3),
        ("20261126", 2),
    ],
)
def test_until(until: str, count: int) -> None:
    series = settled(event(lines=f"RRULE:FREQ=DAILY;UNTIL={until}\r\n"))
    assert len(time_index(series, now=NOW).dates) == count


def test_until_of_an_all_day_series() -> None:
    times = "DTSTART;VALUE=DATE:20261125\r\n"
    series = settled(event(times=times, lines="RRULE:FREQ=DAILY;UNTIL=20261127T000000Z\r\n"))
    assert len(time_index(series, now=NOW).dates) == 3


def test_all_dates_excluded() -> None:
    lines = "RRULE:FREQ=DAILY;COUNT=1\r\nEXDATE;TZID=Europe/Paris:20261125T090000\r\n"
    series = settled(event(lines=lines))
    index = time_index(series, now=NOW)
    assert index.dates == ()
    assert index.starts_at == series.span.starts_at


def test_too_many_dates() -> None:
    series = settled(event())
    hourly = replace(
        settled(event(lines="RRULE:FREQ=DAILY\r\n")),
        span=replace(series.span, start=datetime(1990, 1, 1), end=datetime(1990, 1, 1)),
    )
    with pytest.raises(TooManyInstances):
        time_index(hourly, now=NOW)


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ("FREQ=SECONDLY", TooManyInstances),
        ("FREQ=MINUTELY;COUNT=3", TooManyInstances),
        ("FREQ=HOURLY", TooManyInstances),
        ("FREQ=DAILY;BYSECOND=" + ",".join(map(str, range(60))), TooManyInstances),
        ("FREQ=DAILY;BYHOUR=9,10,11,12,13;BYMINUTE=0,10,20,30,40", TooManyInstances),
        ("FREQ=DAILY;BYSETPOS=1", TooManyInstances),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1,2,3,4,5,6", TooManyInstances),
        ("COUNT=3", NotCalendarData),
        ("", NotCalendarData),
        ("FREQ=OFTEN", NotCalendarData),
        ("FREQ=DAILY,SECONDLY", NotCalendarData),
        ("RSCALE=GREGORIAN;FREQ=YEARLY", NotCalendarData),
        ("FREQ=DAILY;X-ODD=1", NotCalendarData),
        ("FREQ=YEARLY;BYEASTER=0", NotCalendarData),
        ("FREQ=DAILY;INTERVAL=0", NotCalendarData),
        ("FREQ=DAILY;INTERVAL=99999", NotCalendarData),
        ("FREQ=DAILY;COUNT=-1", NotCalendarData),
        ("FREQ=DAILY;COUNT=" + "9" * 5000, NotCalendarData),
        ("FREQ=YEARLY;BYSETPOS=400", NotCalendarData),
        ("FREQ=YEARLY;BYYEARDAY=0", NotCalendarData),
        ("FREQ=YEARLY;BYMONTH=13", NotCalendarData),
        ("FREQ=HOURLY;COUNT=3;BYMINUTE=60", NotCalendarData),
        ("FREQ=HOURLY;COUNT=3;BYHOUR=24", NotCalendarData),
        ("FREQ=HOURLY;COUNT=3;INTERVAL=2;BYHOUR=10", NotCalendarData),
        ("FREQ=WEEKLY;BYDAY=XX", NotCalendarData),
        ("FREQ=MONTHLY;BYDAY=53FR", NotCalendarData),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=-6MO", NotCalendarData),
        ("FREQ=DAILY;UNTIL=demain", NotCalendarData),
        ("FREQ=DAILY;UNTIL=20261301", NotCalendarData),
        ("FREQ=DAILY;UNTIL=20261125T250000Z", NotCalendarData),
    ],
)
def test_rules_that_are_refused(rule: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        check_rule(rule, START)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=HOURLY;COUNT=8",
        "FREQ=HOURLY;COUNT=8;INTERVAL=2;BYHOUR=9,11",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY;BYDAY=53FR",
        "freq=weekly;byday=mo,we;wkst=su",
        "FREQ=DAILY;BYHOUR=9,12,18;UNTIL=99991231T235959Z",
    ],
)
def test_rules_that_are_taken(rule: str) -> None:
    check_rule(rule, START)
    check_rule(rule, START.replace(tzinfo=UTC))


def test_rules_of_whole_days() -> None:
    check_rule("FREQ=WEEKLY;BYDAY=MO;UNTIL=20271231", START.date())


@pytest.mark.parametrize(
    ("until", "zone"),
    [
        ("99991231T235959Z", "Asia/Tokyo"),
        ("00010101T000000Z", "America/New_York"),
    ],
)
def test_the_ends_of_all_time(until: str, zone: str) -> None:
    """Some programs write the last second there is for a series without end."""
    times = f"DTSTART;TZID={zone}:20261125T090000\r\nDURATION:PT1H\r\n"
    series = settled(event(times=times, lines=f"RRULE:FREQ=YEARLY;UNTIL={until}\r\n"))
    index = time_index(series, now=NOW)
    assert (index.stops_at is None) == until.startswith("9999")
    assert index.dates[0][0] == series.span.starts_at


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;COUNT=3;BYMONTHDAY=12;BYYEARDAY=282",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2,3,4,5,6",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
        "FREQ=YEARLY;UNTIL=20200101;BYMONTH=1",
    ],
)
def test_rules_that_never_match_are_given_up(rule: str) -> None:
    series = settled(event(lines=f"RRULE:{rule}\r\n"))
    started = time.process_time()
    index = time_index(series, now=NOW)
    assert time.process_time() - started < 5
    assert index.dates == ((series.span.starts_at, series.span.ends_at),)
    assert index.indexed_until is None


def test_a_rule_that_stopped_making_sense_is_refused() -> None:
    """Moved to another hour in the web, or written before rules were looked at so closely."""
    series = settled(event(lines="RRULE:FREQ=DAILY\r\n"))
    for rule in ("FREQ=HOURLY;COUNT=3;INTERVAL=2;BYHOUR=10", "FREQ=MONTHLY;BYDAY=53FR"):
        senseless = replace(series, recurrence=Recurrence(rules=(rule,)))
        with pytest.raises(NotCalendarData):
            time_index(senseless, now=NOW)


def test_too_many_added_dates() -> None:
    moments = tuple(START + timedelta(minutes=n) for n in range(MAX_DATES + 1))
    series = replace(settled(event()), recurrence=Recurrence(added=moments))
    with pytest.raises(TooManyInstances):
        time_index(series, now=NOW)


def test_two_dates_at_one_instant_are_one() -> None:
    """In the night that lacks an hour, two o'clock is three o'clock."""
    times = "DTSTART;TZID=Europe/Paris:20270328T010000\r\nDURATION:PT30M\r\n"
    series = settled(event(times=times, lines="RRULE:FREQ=HOURLY;COUNT=3\r\n"))
    starts = [start.hour for start, _ in time_index(series, now=NOW).dates]
    assert starts == [0, 1]


def test_an_end_is_never_before_its_start() -> None:
    times = (
        "DTSTART;TZID=Europe/Paris:20270327T023000\r\nDTEND;TZID=Europe/Paris:20270327T030000\r\n"
    )
    series = settled(event(times=times, lines="RRULE:FREQ=DAILY;COUNT=3\r\n"))
    assert all(start <= stop for start, stop in time_index(series, now=NOW).dates)


def test_dates_moved_onto_each_other_are_one() -> None:
    series = settled(event(lines="RRULE:FREQ=DAILY;COUNT=3\r\n", after=override(26, on=27)))
    assert len(time_index(series, now=NOW).dates) == 2


def test_overrides_without_a_rule_are_listed() -> None:
    series = settled(event(after=override(26, on=30)))
    index = time_index(series, now=NOW)
    assert [start.day for start, _ in index.dates] == [25, 30]
    assert (index.indexed_until, index.is_long) == (None, True)


def test_many_questions_are_answered_in_time() -> None:
    """A program may send a thousand overrides, anywhere in time."""
    series = settled(event(lines="RRULE:FREQ=DAILY\r\n"))
    started = time.process_time()
    wanted = [START + timedelta(days=61 * n) for n in range(-5, 1000)]
    found = [occurs_at(series, moment) for moment in wanted]
    assert time.process_time() - started < 3
    assert found.index(True) == 5
    assert found[5 : MAX_DATES // 61] == [True] * (MAX_DATES // 61 - 5)
    assert not occurs_at(series, datetime(9999, 12, 31, 9))


dates = st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0, second=0)
)


@st.composite
def rules(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"]))
    parts = [f"FREQ={frequency}", f"COUNT={draw(st.integers(1, 30))}"]
    lists = {
        "INTERVAL": st.integers(1, 12).map(str),
        "BYMONTH": _list_of(st.integers(1, 12)),
        "BYMONTHDAY": _list_of(st.integers(-31, 31).filter(bool)),
        "BYDAY": _list_of(st.sampled_from(["MO", "TU", "-1FR", "2WE", "5SU", "1TH"])),
        "BYHOUR": _list_of(st.integers(0, 23)),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(lists)), unique=True, max_size=3))
    return ";".join([*parts, *(f"{name}={draw(lists[name])}" for name in chosen)])


def _list_of(values: st.SearchStrategy[int] | st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=3).map(lambda some: ",".join(map(str, some)))


@given(rules(), dates)
@settings(max_examples=150, deadline=None)
def test_dates_are_those_of_the_libraries_own_expansion(rule: str, start: datetime) -> None:
    """The search is shifted by whole cycles of the calendar: that must not show."""
    with contextlib.suppress(NotCalendarData):
        check_rule(rule, start)
        series = settled(event())
        series = replace(
            series,
            span=Span(start=start, end=start, zone="UTC"),
            recurrence=Recurrence(rules=(rule,)),
        )
        last = start + timedelta(days=1500)
        plain = rrulestr(f"RRULE:{rule}", dtstart=start).between(start, last, inc=True)
        index = time_index(series, now=start.replace(tzinfo=UTC), horizon=last - start)
        found = {moment.replace(tzinfo=None) for moment, _ in index.dates}
        assert found == {start, *plain}

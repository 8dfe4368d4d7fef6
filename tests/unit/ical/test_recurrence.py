"""Which dates a series has, and how much work that may be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rdv_caldav.domain.errors import InvalidCalendarObject, TooManyInstances
from rdv_caldav.ical.recurrence import check_rule, occurs_at, time_index
from support.lens import NOW, settled
from support.objects import event


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
        ("COUNT=3", InvalidCalendarObject),
        ("FREQ=OFTEN", InvalidCalendarObject),
        ("RSCALE=GREGORIAN;FREQ=YEARLY", InvalidCalendarObject),
        ("FREQ=DAILY;INTERVAL=0", InvalidCalendarObject),
        ("FREQ=DAILY;INTERVAL=99999", InvalidCalendarObject),
        ("FREQ=YEARLY;BYSETPOS=400", InvalidCalendarObject),
    ],
)
def test_rules_that_are_refused(rule: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        check_rule(rule)


@pytest.mark.parametrize("rule", ["FREQ=HOURLY;COUNT=8", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=YEARLY"])
def test_rules_that_are_taken(rule: str) -> None:
    check_rule(rule)

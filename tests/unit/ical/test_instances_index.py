"""What an index knows of an object: bounds never narrower than what matches."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_caldav.domain.errors import CalendarDataRefused, NotCalendarData, TooManyInstances
from rdv_caldav.domain.timeindex import TimeIndex
from rdv_caldav.ical.contentlines import parse_components
from rdv_caldav.ical.filters import ComponentFilter, TimeRange
from rdv_caldav.ical.instances import index_of
from rdv_caldav.ical.matching import matches
from rdv_caldav.ical.moments import EARLIEST
from rdv_caldav.ical.recurrence import MAX_DATES, time_index
from support.caldav import component
from support.lens import NOW, settled
from support.objects import event, override

PARIS = "Europe/Paris"
NINE = "DTSTART;TZID=Europe/Paris:20261125T090000\r\nDURATION:PT1H\r\n"
EIGHT_UTC = datetime(2026, 11, 25, 8, tzinfo=UTC)


def _index(lines: str, kind: str = "VEVENT", *, horizon: int = 730) -> TimeIndex:
    tree = parse_components(component(kind, "a", lines))
    return index_of(tree, floating_zone=PARIS, now=NOW, horizon=timedelta(days=horizon))


def _meets(index: TimeIndex, start: datetime, end: datetime) -> bool:
    """Tell whether the database would look at an object for a range."""
    if index.indexed_until is not None and index.indexed_until < end:
        return True
    bounds = index.dates or ((index.starts_at, index.stops_at),)
    return any(
        first < end and (last is None or last > start or first == last >= start)
        for first, last in bounds
    )


@pytest.mark.parametrize(
    "text",
    [
        event(),
        event(lines="RRULE:FREQ=DAILY;COUNT=3\r\nEXDATE:20261126T080000Z\r\n"),
        event(lines="RRULE:FREQ=DAILY\r\n", after=override(26, on=29)),
        event(times="DTSTART;VALUE=DATE:20261125\r\nDTEND;VALUE=DATE:20261128\r\n"),
        event(lines="RDATE:20361125T080000Z\r\n"),
    ],
)
def test_the_same_as_for_an_appointment(text: str) -> None:
    index = index_of(parse_components(text), floating_zone=PARIS, now=NOW)
    # the control table names dates of appointments, never those of an account's own objects
    assert index == replace(time_index(settled(text), now=NOW), listed=())


def test_a_series_without_end_is_listed_up_to_a_horizon() -> None:
    index = _index(f"{NINE}RRULE:FREQ=WEEKLY\r\n", horizon=70)
    assert index.indexed_until == EIGHT_UTC + timedelta(days=70)
    assert len(index.dates) == 11
    assert index.stops_at is None


def test_dates_that_all_lie_beyond_the_horizon() -> None:
    lines = f"{NINE}RDATE:20361125T080000Z\r\nEXDATE:20261125T080000Z\r\n"
    index = _index(lines)
    assert index.dates == ()
    assert index.indexed_until == index.starts_at
    assert index.stops_at is None


def test_an_object_that_excludes_all_its_dates() -> None:
    index = _index(f"{NINE}RRULE:FREQ=DAILY;COUNT=1\r\nEXDATE:20261125T080000Z\r\n")
    assert (index.starts_at, index.stops_at, index.dates) == (EARLIEST, EARLIEST, ())


def test_overrides_alone() -> None:
    lines = f"RECURRENCE-ID:20261120T080000Z\r\n{NINE}"
    index = _index(lines)
    assert index.starts_at == EIGHT_UTC
    assert index.dates == ()
    more = override(27, on=28, uid="a").removesuffix("END:VEVENT\r\n")
    index = _index(f"{lines}END:VEVENT\r\n{more}")
    assert [first.day for first, _ in index.dates] == [25, 28]
    assert index.indexed_until is None
    assert index.is_long


def test_undated_ones_reach_to_the_ends_of_time() -> None:
    for kind in ("VTODO", "VJOURNAL"):
        index = _index("SUMMARY:x\r\n", kind)
        assert (index.starts_at, index.stops_at) == (EARLIEST, None)
        assert index.is_long
    index = _index("CREATED:20261125T080000Z\r\n", "VTODO")
    assert (index.starts_at, index.stops_at) == (EIGHT_UTC, None)


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        ("SUMMARY:x\r\n", NotCalendarData),
        ("DTSTART:x\r\n", NotCalendarData),
        (f"{NINE}RRULE:FREQ=OFTEN\r\n", NotCalendarData),
        (f"{NINE}RRULE:FREQ=SECONDLY\r\n", TooManyInstances),
        (f"{NINE}RRULE:FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))}\r\n", TooManyInstances),
        (NINE + "RRULE:FREQ=DAILY\r\n" * 3, TooManyInstances),
        (f"{NINE}RRULE:FREQ=DAILY;BYDAY={'MO,' * 400}MO\r\n", TooManyInstances),
        (f"{NINE}EXDATE:{'20261125T080000Z,' * MAX_DATES}x\r\n", TooManyInstances),
    ],
)
def test_what_is_refused(lines: str, refusal: type[CalendarDataRefused]) -> None:
    with pytest.raises(refusal):
        _index(lines)


def test_ten_thousand_exceptions_are_dealt_with_in_time() -> None:
    days = [(datetime(2000, 1, 1) + timedelta(days=n)).strftime("%Y%m%d") for n in range(9_999)]
    excluded = "".join(f"EXDATE;TZID=Europe/Paris:{day}T090000\r\n" for day in days)
    lines = f"{NINE.replace('2026', '1999')}RRULE:FREQ=DAILY\r\n{excluded}"
    started = time.process_time()
    index = _index(lines)
    assert time.process_time() - started < 2
    assert len(index.dates) < 1_000


_DAYS = st.dates(datetime(2026, 11, 20).date(), datetime(2026, 12, 4).date())
_TIMES = st.sampled_from(
    [";TZID=Europe/Paris:{}T090000", ":{}T090000", ":{}T080000Z", ";VALUE=DATE:{}"]
)
_ENDS = st.sampled_from(["", "DURATION:PT1H\r\n", "DURATION:PT0S\r\n", "DURATION:P1D\r\n"])
_DUES = st.sampled_from(["", "DUE:20261127T090000Z\r\n", "DUE;VALUE=DATE:20261128\r\n"])
_RULES = st.sampled_from(
    [
        *("", "", "RRULE:FREQ=DAILY;COUNT=3\r\n", "RRULE:FREQ=WEEKLY\r\n"),
        *("RRULE:FREQ=YEARLY\r\n", "RDATE:20261201T090000Z\r\n"),
        "RDATE;VALUE=PERIOD:20261201T090000Z/P2D\r\n",
        "RRULE:FREQ=MONTHLY;COUNT=30\r\nEXDATE:20261225T080000Z\r\n",
    ]
)


@st.composite
def _objects(draw: st.DrawFn) -> tuple[str, str]:
    """Return the name of a component, and lines that make sense more often than not."""

    def moment(name: str) -> str:
        return f"{name}{draw(_TIMES).format(draw(_DAYS).strftime('%Y%m%d'))}\r\n"

    kind = draw(st.sampled_from(["VEVENT", "VTODO", "VJOURNAL"]))
    lines = moment("DTSTART") if kind == "VEVENT" or draw(st.booleans()) else ""
    if kind == "VTODO":
        lines += draw(_DUES) + draw(st.sampled_from(["", moment("COMPLETED")]))
        lines += draw(st.sampled_from(["", moment("CREATED")]))
    lines += draw(_ENDS) + draw(_RULES)
    if draw(st.booleans()):
        future = draw(st.sampled_from(["", ";RANGE=THISANDFUTURE"]))
        lines += f"END:{kind}\r\nBEGIN:{kind}\r\nUID:a\r\n"
        lines += moment(f"RECURRENCE-ID{future}") + moment("DTSTART") + draw(_ENDS)
    return kind, lines


@settings(max_examples=200, deadline=None)
@given(
    described=_objects(),
    start=st.datetimes(datetime(2026, 11, 18), datetime(2026, 12, 10)),
    length=st.sampled_from([1, 3_600, 86_400, 86_400 * 30, 86_400 * 2_000]),
)
def test_the_index_is_never_narrower_than_what_matches(
    described: tuple[str, str], start: datetime, length: int
) -> None:
    kind, lines = described
    first = start.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
    span = TimeRange(first, first + timedelta(seconds=length))
    condition = ComponentFilter(
        name="VCALENDAR", components=(ComponentFilter(name=kind, time_range=span),)
    )
    found = matches(component(kind, "a", lines), condition, floating_zone=PARIS)
    index = _index(lines, kind)
    assert span.start is not None
    assert span.end is not None
    meets = _meets(index, span.start, span.end)
    assert meets or not found
    is_certain = index.indexed_until is None or index.indexed_until >= span.end
    if is_certain and kind == "VEVENT":
        assert found == meets

"""The queries of RFC 4791 §7.8, asked of a calendar like that of its Appendix B."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rdv_caldav.ical.busy import busy_periods, free_busy_text
from rdv_caldav.ical.filters import (
    ComponentFilter,
    ParamFilter,
    PropFilter,
    TextMatch,
    TimeRange,
)
from rdv_caldav.ical.matching import matches
from rdv_caldav.ical.shaping import DataShape, shaped
from support.caldav import component

EASTERN = ";TZID=US/Eastern:200601"


def _next(original: int, hour: int, summary: str) -> str:
    return (
        f"END:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\nRECURRENCE-ID{EASTERN}{original:02}T120000\r\n"
        f"DTSTART{EASTERN}{original:02}T{hour}0000\r\nDURATION:PT1H\r\nSUMMARY:{summary}\r\n"
    )


ALARM = "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER;RELATED=START:-PT10M\r\nEND:VALARM\r\n"
CALENDAR = {
    "1": component("VEVENT", "1", f"DTSTART{EASTERN}02T120000\r\nDURATION:PT1H\r\n"),
    "2": component(
        "VEVENT",
        "2",
        f"DTSTART{EASTERN}02T120000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=5\r\nSUMMARY:All\r\n"
        + _next(4, 14, "Moved")
        + _next(6, 16, "Late"),
    ),
    "3": component(
        "VEVENT",
        "3",
        f"DTSTART{EASTERN}04T100000\r\nDURATION:PT1H\r\nSTATUS:TENTATIVE\r\n"
        "ORGANIZER:mailto:cyrus@example.com\r\n"
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:cyrus@example.com\r\n"
        "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:lisa@example.com\r\n",
    ),
    "4": component("VTODO", "4", "DUE;VALUE=DATE:20060104\r\nSTATUS:NEEDS-ACTION\r\n"),
    "5": component(
        "VTODO", "5", f"DTSTART;TZID=US/Eastern:20060106T050000\r\nDURATION:PT1H\r\n{ALARM}"
    ),
    "6": component("VTODO", "6", "STATUS:COMPLETED\r\nCOMPLETED:20051223T122322Z\r\n"),
    "7": component("VTODO", "7", "STATUS:CANCELLED\r\n"),
    "8": component(
        "VFREEBUSY", "8", "FREEBUSY:20060102T100000Z/20060102T120000Z,20060103T100000Z/PT2H\r\n"
    ),
}


def _day(day: int, hour: int = 0) -> datetime:
    return datetime(2006, 1, day, hour, tzinfo=UTC)


def _span(first: int, last: int) -> TimeRange:
    return TimeRange(_day(first), _day(last))


CANCELLED = TextMatch(text="CANCELLED", negated=True)
OPEN = (
    PropFilter(name="COMPLETED", is_not_defined=True),
    PropFilter(name="STATUS", text_match=CANCELLED),
)
LISA = PropFilter(
    name="ATTENDEE",
    text_match=TextMatch(text="mailto:lisa@example.com"),
    params=(ParamFilter(name="PARTSTAT", text_match=TextMatch(text="NEEDS-ACTION")),),
)
RINGING = ComponentFilter(
    name="VALARM", time_range=TimeRange(_day(6, 9), datetime(2006, 1, 6, 10, tzinfo=UTC))
)


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (ComponentFilter(name="VEVENT", time_range=_span(4, 5)), "2 3"),
        (ComponentFilter(name="VEVENT", time_range=_span(2, 3)), "1 2"),
        (ComponentFilter(name="VFREEBUSY", time_range=_span(2, 4)), "8"),
        (ComponentFilter(name="VTODO", components=(RINGING,)), "5"),
        (
            ComponentFilter(
                name="VEVENT", props=(PropFilter(name="UID", text_match=TextMatch(text="3")),)
            ),
            "3",
        ),
        (ComponentFilter(name="VEVENT", props=(LISA,)), "3"),
        (ComponentFilter(name="VEVENT"), "1 2 3"),
        (ComponentFilter(name="VTODO", props=OPEN), "4"),
    ],
)
def test_7_8(condition: ComponentFilter, found: str) -> None:
    outer = ComponentFilter(name="VCALENDAR", components=(condition,))
    hits = [
        name for name, text in CALENDAR.items() if matches(text, outer, floating_zone="US/Eastern")
    ]
    assert hits == found.split()


def test_7_8_3_expanded() -> None:
    text = shaped(CALENDAR["2"], DataShape(expand=_span(3, 5)), floating_zone="US/Eastern")
    for once in (
        "DTSTART:20060103T170000Z\r\nDURATION:PT1H\r\nSUMMARY:All\r\n",
        "RECURRENCE-ID:20060103T170000Z\r\n",
        "DTSTART:20060104T190000Z\r\nDURATION:PT1H\r\nSUMMARY:Moved\r\n",
        "RECURRENCE-ID:20060104T170000Z\r\n",
    ):
        assert text.count(once) == 1
    assert text.count("BEGIN:VEVENT") == 2


def test_7_8_2_limited_to_a_day() -> None:
    shape = DataShape(limit_recurrence=_span(3, 5))
    text = shaped(CALENDAR["2"], shape, floating_zone="US/Eastern")
    assert "SUMMARY:Moved" in text
    assert "SUMMARY:Late" not in text


def test_7_10_busy_on_a_day() -> None:
    start, end = _day(4, 14), _day(5, 22)
    periods = [
        period
        for text in CALENDAR.values()
        for period in busy_periods(text, start=start, end=end, floating_zone="US/Eastern")
    ]
    told = free_busy_text(periods, start=start, end=end, stamp=_day(1))
    assert [line for line in told.split("\r\n") if line.startswith("FREEBUSY")] == [
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20060104T150000Z/20060104T160000Z",
        "FREEBUSY;FBTYPE=BUSY:20060104T190000Z/20060104T200000Z",
        "FREEBUSY;FBTYPE=BUSY:20060105T170000Z/20060105T180000Z",
    ]

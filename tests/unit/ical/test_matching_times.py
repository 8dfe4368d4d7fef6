"""RFC 4791 §9.9: each row of the tables, with both bounds of the range.

Ranges are written as days and times of November 2026; a side that is left out is open.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rdv_caldav.ical.filters import ComponentFilter, PropFilter, TextMatch, TimeRange
from rdv_caldav.ical.matching import matches
from support.caldav import component

PARIS = "Europe/Paris"


def _instant(written: str) -> datetime | None:
    if not written:
        return None
    day, _, clock = written.partition("T")
    form = "%Y%m%dT%H%M.%S" if "." in clock else "%Y%m%dT%H%M"
    return datetime.strptime(f"202611{day}T{clock}", form).replace(tzinfo=UTC)


def _range(written: str) -> TimeRange:
    start, _, end = written.partition("-")
    return TimeRange(_instant(start), _instant(end))


def _hits(kind: str, lines: str, written: str, *, alarm: bool = False) -> bool:
    inner = ComponentFilter(name=kind, time_range=_range(written))
    if alarm:
        ringing = ComponentFilter(name="VALARM", time_range=_range(written))
        inner = ComponentFilter(name=kind, components=(ringing,))
    condition = ComponentFilter(name="VCALENDAR", components=(inner,))
    return matches(component(kind, "a", lines), condition, floating_zone=PARIS)


S, E = "DTSTART:20261125T090000Z\r\n", "DTEND:20261125T100000Z\r\n"
DUE = "DUE:20261125T100000Z\r\n"
DATE = "DTSTART;VALUE=DATE:20261125\r\n"
DONE, MADE = "COMPLETED:20261125T100000Z\r\n", "CREATED:20261125T090000Z\r\n"
# row of the table: what meets it, what does not
EVENTS = {
    "DTEND": (
        f"{S}{E}",
        "25T0800-25T0900.01 25T0959.59-25T1100 25T0930-25T0931 -25T0900.01 25T0959.59- -",
        "25T0800-25T0900 25T1000-25T1100 -25T0900 25T1000-",
    ),
    "DURATION": (
        f"{S}DURATION:PT1H\r\n",
        "25T0800-25T0900.01 25T0959.59-25T1100",
        "25T0800-25T0900 25T1000-25T1100",
    ),
    "DURATION of nothing": (
        f"{S}DURATION:PT0S\r\n",
        "25T0900-25T0901 25T0800-25T0900.01",
        "25T0800-25T0900 25T0900.01-25T1000",
    ),
    "a negative DURATION": (
        f"{S}DURATION:-PT1H\r\n",
        "25T0900-25T0901 25T0800-25T0900.01",
        "25T0800-25T0900 25T0900.01-25T1000",
    ),
    "a time": (S, "25T0900-25T0901 25T0800-25T0900.01", "25T0800-25T0900 25T0900.01-25T1000"),
    "a date": (DATE, "24T2200-24T2300.01 25T2259.59-26T0000", "24T2200-24T2300 25T2300-26T0000"),
    "a date that ends when it begins": (
        f"{DATE}DTEND;VALUE=DATE:20261125\r\n",
        "24T2200-24T2300.01 25T2259.59-26T0000",
        "24T2200-24T2300 25T2300-26T0000",
    ),
    "nothing": ("", "", "01T0000-30T0000 -"),
}
TODOS = {
    "DTSTART, DURATION": (
        f"{S}DURATION:PT1H\r\n",
        "25T0800-25T0900.01 25T1000-25T1100",
        "25T0800-25T0900 25T1000.01-25T1100",
    ),
    "DTSTART, DURATION of nothing": (
        f"{S}DURATION:PT0S\r\n",
        "25T0800-25T0900 25T0900-25T1000",
        "25T0800-25T0859 25T0900.01-25T1000",
    ),
    "DTSTART, DUE": (
        f"{S}{DUE}",
        "25T0800-25T0900.01 25T0959.59-25T1100",
        "25T0800-25T0900 25T1000-25T1100",
    ),
    "DTSTART, DUE at once": (
        f"{S}DUE:20261125T090000Z\r\n",
        "25T0800-25T0900 25T0900-25T1000",
        "25T0800-25T0859 25T0900.01-25T1000",
    ),
    "DTSTART, DUE before": (
        f"{S}DUE:20261125T080000Z\r\n",
        "25T0700-25T0800 25T0900-25T1000",
        "25T0700-25T0759 25T0900.01-25T1000",
    ),
    "DTSTART": (S, "25T0900-25T0901 25T0800-25T0900.01", "25T0800-25T0900 25T0900.01-25T1000"),
    "DUE": (DUE, "25T0900-25T1000 25T0959.59-25T1100", "25T0900-25T0959 25T1000-25T1100"),
    "COMPLETED, CREATED": (
        f"{DONE}{MADE}",
        "25T0800-25T0900 25T1000-25T1100 25T0930-25T0931",
        "25T0800-25T0859 25T1000.01-25T1100",
    ),
    "COMPLETED": (DONE, "25T0900-25T1000 25T1000-25T1100", "25T0900-25T0959 25T1000.01-25T1100"),
    "CREATED": (MADE, "25T0800-25T0900.01 29T0000-30T0000 29T0000-", "25T0800-25T0900 -25T0900"),
    "nothing": ("", "01T0000-02T0000 30T0000- -01T0000 -", ""),
}
JOURNALS = {
    "a time": (S, "25T0900-25T0901 25T0800-25T0900.01", "25T0800-25T0900 25T0900.01-25T1000"),
    "a time with a length, which it cannot have": (
        f"{S}DURATION:PT1H\r\n",
        "25T0900-25T0901 25T0800-25T0900.01",
        "25T0800-25T0900 25T0900.01-25T1000",
    ),
    "a date": (DATE, "24T2200-24T2300.01 25T2259.59-26T0000", "24T2200-24T2300 25T2300-26T0000"),
    "nothing": ("", "", "01T0000-30T0000 -"),
}
BUSY = {
    "DTSTART, DTEND": (
        f"{S}{E}",
        "25T0800-25T0900.01 25T1000-25T1100",
        "25T0800-25T0900 25T1000.01-25T1100",
    ),
    "FREEBUSY": (
        "FREEBUSY:20261125T090000Z/PT1H,20261127T090000Z/PT1H\r\n",
        "25T0800-25T0900.01 25T0959.59-25T1100 27T0930-27T0931",
        "25T0800-25T0900 25T1000-25T1100",
    ),
    "nothing": ("", "", "01T0000-30T0000 -"),
}
ROWS = {"VEVENT": EVENTS, "VTODO": TODOS, "VJOURNAL": JOURNALS, "VFREEBUSY": BUSY}


@pytest.mark.parametrize(
    ("kind", "row"), [(kind, row) for kind, table in ROWS.items() for row in table]
)
def test_rows(kind: str, row: str) -> None:
    lines, met, missed = ROWS[kind][row]
    assert [span for span in met.split() if not _hits(kind, lines, span)] == []
    assert [span for span in missed.split() if _hits(kind, lines, span)] == []


def test_other_components_have_no_time() -> None:
    assert not _hits("VPOLL", S, "01T0000-30T0000")
    assert not _hits("VPOLL", f"{S}BEGIN:VALARM\r\nTRIGGER:PT0S\r\nEND:VALARM\r\n", "-", alarm=True)


def test_days_are_those_of_the_floating_zone() -> None:
    inner = ComponentFilter(name="VEVENT", time_range=_range("24T1500-24T1501"))
    condition = ComponentFilter(name="VCALENDAR", components=(inner,))
    for zone, hit in ((PARIS, False), ("Asia/Tokyo", True)):
        assert matches(component("VEVENT", "a", DATE), condition, floating_zone=zone) == hit


SERIES = (
    f"{S}{E}RRULE:FREQ=DAILY\r\nSUMMARY:All\r\n"
    "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID:20261126T090000Z\r\n"
    "DTSTART:20261126T150000Z\r\nDURATION:PT1H\r\nSUMMARY:One\r\n"
)


@pytest.mark.parametrize(
    ("written", "word", "hit"),
    [
        ("25T0000-26T0000", "all", True),
        ("25T0000-26T0000", "one", False),
        ("26T0000-27T0000", "one", True),
        ("26T0000-27T0000", "all", False),
        ("26T0900-26T1000", "", False),
        ("25T0000-", "one", True),
        ("27T0000-", "one", False),
        ("27T0000-", "all", True),
        ("-", "one", True),
        ("-", "none", False),
    ],
)
def test_conditions_meet_in_one_date(written: str, word: str, hit: bool) -> None:
    prop = PropFilter(name="SUMMARY", text_match=TextMatch(text=word))
    inner = ComponentFilter(name="VEVENT", time_range=_range(written), props=(prop,))
    condition = ComponentFilter(name="VCALENDAR", components=(inner,))
    assert matches(component("VEVENT", "a", SERIES), condition, floating_zone=PARIS) == hit


def test_two_components_without_series_are_two() -> None:
    lines = f"{S}SUMMARY:One\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:a\r\n{DATE}SUMMARY:Two\r\n"
    for written, word, hit in (
        ("25T1200-25T1300", "two", True),
        ("25T1200-25T1300", "one", False),
        ("25T0900-25T1000", "one", True),
    ):
        prop = PropFilter(name="SUMMARY", text_match=TextMatch(text=word))
        inner = ComponentFilter(name="VEVENT", time_range=_range(written), props=(prop,))
        condition = ComponentFilter(name="VCALENDAR", components=(inner,))
        assert matches(component("VEVENT", "a", lines), condition, floating_zone=PARIS) == hit


def test_a_property_that_only_later_dates_have() -> None:
    later = SERIES.replace("RECURRENCE-ID:", "RECURRENCE-ID;RANGE=THISANDFUTURE:")
    prop = PropFilter(name="SUMMARY", text_match=TextMatch(text="one"))
    for written, hit in (("25T0000-26T0000", False), ("28T1500-28T1600", True)):
        inner = ComponentFilter(name="VEVENT", time_range=_range(written), props=(prop,))
        condition = ComponentFilter(name="VCALENDAR", components=(inner,))
        assert matches(component("VEVENT", "a", later), condition, floating_zone=PARIS) == hit


@pytest.mark.parametrize(
    ("line", "hit"),
    [
        ("LAST-MODIFIED:20261125T090000Z", True),
        ("LAST-MODIFIED:20261125T100000Z", False),
        ("LAST-MODIFIED;TZID=Europe/Paris:20261125T100000", True),
        ("LAST-MODIFIED;VALUE=DATE:20261125", False),
        ("LAST-MODIFIED:x", False),
        ("X-OTHER:20261125T090000Z", False),
    ],
)
def test_properties(line: str, hit: bool) -> None:
    prop = PropFilter(name="last-modified", time_range=_range("25T0900-25T1000"))
    inner = ComponentFilter(name="VEVENT", props=(prop,))
    condition = ComponentFilter(name="VCALENDAR", components=(inner,))
    text = component("VEVENT", "a", f"{S}{line}\r\n")
    assert matches(text, condition, floating_zone=PARIS) == hit

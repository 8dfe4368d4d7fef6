"""RFC 7953: when working hours have somebody unavailable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_caldav.domain.errors import NotCalendarData
from rdv_caldav.ical.availability import (
    LONGEST_RANGE,
    MOST_COMPONENTS,
    WEEKDAYS,
    checked_availability,
    unavailable_periods,
    weekly_availability,
    weekly_hours,
)

DAY = datetime(2026, 11, 25, tzinfo=UTC)
"""A Wednesday; Paris is an hour ahead of UTC."""

END = DAY + timedelta(days=1)
MORNING = "DTSTART:20261120T080000Z\r\nDURATION:PT4H\r\nRRULE:FREQ=DAILY\r\n"
OFF = "BUSY-UNAVAILABLE"


def _available(lines: str) -> str:
    return f"BEGIN:AVAILABLE\r\n{lines}END:AVAILABLE\r\n"


def _part(lines: str = "", *available: str) -> str:
    inner = "".join(map(_available, available))
    return f"BEGIN:VAVAILABILITY\r\n{lines}{inner}END:VAVAILABILITY\r\n"


def _calendar(*parts: str) -> str:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{''.join(parts)}END:VCALENDAR\r\n"


def _unavailable(text: str, *, start: datetime = DAY, end: datetime = END) -> list[str]:
    found = unavailable_periods(text, start=start, end=end, floating_zone="Europe/Paris")
    return [f"{p.start:%dT%H}-{p.end:%dT%H} {p.kind}" for p in found]


@pytest.mark.parametrize(
    ("lines", "available", "expected"),
    [
        ("", [], [f"25T00-26T00 {OFF}"]),
        ("", [MORNING], [f"25T00-25T08 {OFF}", f"25T12-26T00 {OFF}"]),
        ("", [MORNING.replace("PT4H", "PT16H")], [f"25T00-25T08 {OFF}"]),
        ("", [MORNING.replace("T08", "T00")], [f"25T04-26T00 {OFF}"]),
        (
            "",
            [MORNING, MORNING.replace("T08", "T10")],
            [f"25T00-25T08 {OFF}", f"25T14-26T00 {OFF}"],
        ),
        ("", ["DTSTART:20261125T090000\r\nDTEND:20261126T010000\r\n"], [f"25T00-25T08 {OFF}"]),
        ("", ["DTSTART:20261126T080000Z\r\nDURATION:PT1H\r\n"], [f"25T00-26T00 {OFF}"]),
        (
            "",
            [MORNING.replace("DAILY", "DAILY;COUNT=7")],
            [f"25T00-25T08 {OFF}", f"25T12-26T00 {OFF}"],
        ),
        ("", [MORNING.replace("DAILY", "DAILY;COUNT=1000")], [f"25T00-26T00 {OFF}"]),
        ("", ["SUMMARY:undated\r\n"], [f"25T00-26T00 {OFF}"]),
        ("DTSTART:20261125T060000Z\r\n", [], [f"25T06-26T00 {OFF}"]),
        ("DTEND:20261125T060000Z\r\n", [], [f"25T00-25T06 {OFF}"]),
        ("DTSTART:20261125T060000Z\r\nDURATION:PT2H\r\n", [], [f"25T06-25T08 {OFF}"]),
        ("DTSTART:20261127T060000Z\r\n", [MORNING], []),
        ("BUSYTYPE:busy-tentative\r\n", [], ["25T00-26T00 BUSY-TENTATIVE"]),
        ("BUSYTYPE:BUSY\r\n", [], ["25T00-26T00 BUSY"]),
        ("BUSYTYPE:X-ODD\r\n", [], [f"25T00-26T00 {OFF}"]),
    ],
)
def test_one_component(lines: str, available: list[str], expected: list[str]) -> None:
    assert _unavailable(_calendar(_part(lines, *available))) == expected


def test_changed_dates_stand_for_those_of_their_own_series_only() -> None:
    other = "UID:b\r\nDTSTART:20261120T140000Z\r\nDURATION:PT2H\r\nRRULE:FREQ=DAILY\r\n"
    changed = (
        "UID:a\r\nRECURRENCE-ID:20261125T080000Z\r\nDTSTART:20261125T090000Z\r\nDURATION:PT1H\r\n"
    )
    text = _calendar(_part("", f"UID:a\r\n{MORNING}", changed, other))
    assert _unavailable(text) == [
        f"25T00-25T09 {OFF}",
        f"25T10-25T14 {OFF}",
        f"25T16-26T00 {OFF}",
    ]


@pytest.mark.parametrize("odd", ["", "PRIORITY:0\r\n", "PRIORITY:x\r\n", "PRIORITY:10\r\n"])
def test_4_higher_priority_counts(odd: str) -> None:
    holiday = _part("PRIORITY:1\r\nDTSTART:20261125T060000Z\r\nDTEND:20261125T100000Z\r\n")
    usual = _part(f"{odd}BUSYTYPE:BUSY\r\n", MORNING)
    expected = ["25T00-25T06 BUSY", f"25T06-25T10 {OFF}", "25T12-26T00 BUSY"]
    assert _unavailable(_calendar(usual, holiday)) == expected
    assert _unavailable(_calendar(holiday, usual)) == expected


def test_4_higher_priority_can_make_available() -> None:
    extra = "PRIORITY:1\r\nDTSTART:20261125T140000Z\r\nDTEND:20261125T160000Z\r\n"
    open_all = "DTSTART:20261125T140000Z\r\nDTEND:20261125T160000Z\r\n"
    assert _unavailable(_calendar(_part("PRIORITY:5\r\n"), _part(extra, open_all))) == [
        f"25T00-25T14 {OFF}",
        f"25T16-26T00 {OFF}",
    ]


def test_a_long_range_is_cut() -> None:
    found = unavailable_periods(
        _calendar(_part()), start=DAY, end=DAY + 10 * LONGEST_RANGE, floating_zone="UTC"
    )
    assert [each.end for each in found] == [DAY + LONGEST_RANGE]


@given(
    st.text() | st.lists(st.sampled_from([_part(), MORNING, "RRULE:x\r\n", "END:A"])).map("".join)
)
def test_nothing_fails(text: str) -> None:
    for each in (text, _calendar(text), _calendar(_part(text)), _calendar(_part("", text))):
        for period in unavailable_periods(each, start=DAY, end=END, floating_zone="UTC"):
            assert DAY <= period.start < period.end <= END


# -- written ------------------------------------------------------------------------------


def test_weekly_hours() -> None:
    day = [("08:00", "12:00"), ("14:00", "18:00")]
    hours = {"WE": day, "MO": day, "TH": [("20:00", "24:00")]}
    text = weekly_availability(hours, zone="Europe/Paris")
    assert checked_availability(text) == text == weekly_availability(hours, zone="Europe/Paris")
    assert _unavailable(text) == [
        f"25T00-25T07 {OFF}",
        f"25T11-25T13 {OFF}",
        f"25T17-26T00 {OFF}",
    ]
    thursday = _unavailable(text, start=END, end=END + timedelta(days=1))
    assert thursday == [f"26T00-26T19 {OFF}", f"26T23-27T00 {OFF}"]


def test_weekly_hours_are_wall_clock() -> None:
    text = weekly_availability({"WE": [("08:00", "24:00")]}, zone="Europe/Paris")
    summer = datetime(2026, 7, 1, tzinfo=UTC)
    found = _unavailable(text, start=summer, end=summer + timedelta(days=1))
    assert found == [f"01T00-01T06 {OFF}", f"01T22-02T00 {OFF}"]


def test_checked_text_has_line_ends() -> None:
    text = _calendar(_part("", MORNING))
    assert checked_availability(f"\n{text}\n".replace("\r\n", "\n")) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "odd",
        _part(),
        _calendar(),
        _calendar(_part()) * 2,
        f"{_calendar(_part())}X:1\r\n",
        _calendar("BEGIN:VEVENT\r\nEND:VEVENT\r\n"),
        _calendar(_part(), "BEGIN:VEVENT\r\nEND:VEVENT\r\n"),
        _calendar(*[_part()] * (MOST_COMPONENTS + 1)),
        _calendar(_part("", *[MORNING] * (MOST_COMPONENTS + 1))),
    ],
)
def test_what_is_no_availability(text: str) -> None:
    with pytest.raises(NotCalendarData):
        checked_availability(text)


_HOURS_OF_A_DAY = st.lists(
    st.sampled_from([("08:00", "12:00"), ("14:00", "18:30"), ("20:00", "24:00")]), unique=True
)


@given(st.dictionaries(st.sampled_from(WEEKDAYS), _HOURS_OF_A_DAY))
def test_hours_that_were_written_are_read_again(hours: dict[str, list[tuple[str, str]]]) -> None:
    text = weekly_availability(hours, zone="Indian/Reunion")
    read = weekly_hours(text)
    assert read is not None
    assert {day: sorted(read.get(day, ())) for day in WEEKDAYS} == {
        day: sorted(hours.get(day, ())) for day in WEEKDAYS
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        _calendar(_part("", MORNING)),
        weekly_availability({"MO": [("08:00", "12:00")]}, zone="Europe/Paris") + "X:1\r\n",
        weekly_availability({"MO": [("08:00", "12:00")]}, zone="Europe/Paris").replace(
            "Europe/Paris", "Mars/Phobos"
        ),
    ],
)
def test_what_says_more_than_hours_of_a_week_is_not_read_as_such(text: str) -> None:
    assert weekly_hours(text) is None

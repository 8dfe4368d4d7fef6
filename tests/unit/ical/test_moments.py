"""Reading dates, times, durations and periods as content lines write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_caldav.ical.contentlines import ContentLine, parse_components
from rdv_caldav.ical.moments import (
    EARLIEST,
    LATEST,
    Clock,
    Moment,
    date_text,
    instant_of,
    read_duration,
    shifted,
    utc_text,
    wall_of,
)

PARIS = "Europe/Paris"
NINE = datetime(2026, 11, 25, 9)
ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Nowhere\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
    "TZOFFSETFROM:+0900\r\nTZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)


def _clock(before: str = "") -> Clock:
    text = f"BEGIN:VCALENDAR\r\n{before}END:VCALENDAR\r\n"
    return Clock(parse_components(text), PARIS)


def _line(text: str) -> ContentLine:
    return ContentLine(f"{text}\r\n")


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("DTSTART:20261125T080000Z", "20261125T080000Z"),
        ("DTSTART:20261125T090000", "20261125T080000Z"),
        ("DTSTART;TZID=Europe/Paris:20261125T090000", "20261125T080000Z"),
        ("DTSTART;TZID=Asia/Tokyo:20261125T170000", "20261125T080000Z"),
        ("DTSTART;TZID=Asia/Tokyo:20261125T080000Z", "20261125T080000Z"),
        ("DTSTART;TZID=Nowhere:20261125T170000", "20261125T080000Z"),
        ("DTSTART;TZID=:20261125T090000", "20261125T080000Z"),
        ("DTSTART;VALUE=DATE:20261125", "20261124T230000Z"),
        ("DTSTART:20261125", "20261124T230000Z"),
        ("DTSTART: 20261125T080000Z ", "20261125T080000Z"),
        ("DTSTART:20261231T235960Z", "20261231T235959Z"),
        # in the night that lacks an hour, and in the one that has one twice
        ("DTSTART;TZID=Europe/Paris:20260329T023000", "20260329T013000Z"),
        ("DTSTART;TZID=Europe/Paris:20261025T023000", "20261025T003000Z"),
        ("DTSTART;TZID=Asia/Tokyo:00010101T000000", "00010101T000000Z"),
    ],
)
def test_moments(written: str, instant: str) -> None:
    moment = _clock(ZONE).moment(_line(written))
    assert moment is not None
    assert utc_text(moment.instant) == instant


@pytest.mark.parametrize(
    "written",
    ["", "x", "20261325", "20261125T250000", "2026-11-25", "20261125T0900", "20261125T090061", "P"],
)
def test_what_is_no_moment(written: str) -> None:
    line = _line(f"DTSTART:{written}")
    assert _clock().moment(line) is None
    assert list(_clock().moments(line)) == []
    assert list(_clock().periods(line)) == []


def test_nothing_is_no_moment() -> None:
    assert _clock().moment(None) is None


def test_kinds_of_moments() -> None:
    clock = _clock()
    assert clock.moment(_line("X:20261125")) == Moment(datetime(2026, 11, 25), PARIS, is_date=True)
    assert clock.moment(_line("X:20261125T090000")) == Moment(NINE, PARIS, is_floating=True)
    assert clock.moment(_line("X:20261125T090000Z")) == Moment(NINE, "UTC")


def test_a_calendar_alone_has_its_zones() -> None:
    calendar = parse_components(f"BEGIN:VCALENDAR\r\n{ZONE}END:VCALENDAR\r\n").items[0]
    assert not isinstance(calendar, ContentLine)
    moment = Clock(calendar, PARIS).moment(_line("X;TZID=Nowhere:20261125T170000"))
    assert moment is not None
    assert moment.instant == datetime(2026, 11, 25, 8, tzinfo=UTC)


def test_an_unknown_zone_is_the_floating_one(caplog: pytest.LogCaptureFixture) -> None:
    moment = _clock().moment(_line("X;TZID=Nulle:20261125T090000"))
    assert moment == Moment(NINE, PARIS)
    assert not caplog.records  # each query would say so again


def test_a_large_definition_means_the_same_zone() -> None:
    block = ZONE.split("\r\n", 2)[2].removesuffix("END:VTIMEZONE\r\n")
    large = ZONE.replace("END:VTIMEZONE", f"{block * 60}END:VTIMEZONE")
    line = _line("X;TZID=Nowhere:20261125T170000")
    assert _clock(large).moment(line) == _clock(ZONE).moment(line)


def test_lists_and_periods() -> None:
    clock = _clock()
    lines = _line("RDATE:20261125T080000Z/PT1H,x,20261126T080000Z")
    assert [moment.wall.day for moment in clock.moments(lines)] == [25, 26]
    line = _line(
        "FREEBUSY;TZID=Asia/Tokyo:20261125T170000/PT1H,20261125T170000/20261125T093000Z,"
        "20261125T170000/x,20261125T170000,x/PT1H"
    )
    assert [(start.wall.hour, end) for start, end in clock.periods(line)] == [
        (17, datetime(2026, 11, 25, 18)),
        (17, datetime(2026, 11, 25, 18, 30)),
    ]


@pytest.mark.parametrize(
    ("written", "length"),
    [
        ("PT1H", timedelta(hours=1)),
        ("-PT15M", timedelta(minutes=-15)),
        ("+P1DT2H3M4S", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("P2W", timedelta(weeks=2)),
        ("p1d", timedelta(days=1)),
        (" PT0S ", timedelta(0)),
        ("P", None),
        ("PT", None),
        ("P1DT", None),
        ("1H", None),
        ("PT1D", None),
        ("", None),
    ],
)
def test_durations(written: str, length: timedelta | None) -> None:
    assert read_duration(written) == length


def test_the_ends_of_time_hold() -> None:
    far = timedelta(days=999_999)
    assert shifted(LATEST, far) == LATEST
    assert shifted(EARLIEST, -far) == EARLIEST
    assert shifted(NINE, far).tzinfo is None
    assert shifted(datetime(9999, 1, 1), far) == LATEST.replace(tzinfo=None)
    assert wall_of(LATEST, "Asia/Tokyo") == LATEST.replace(tzinfo=None)
    assert instant_of(datetime.min, "Asia/Tokyo") == EARLIEST
    assert date_text(datetime(987, 1, 2)) == "09870102"


_TEXTS = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=30)


@given(_TEXTS, _TEXTS)
def test_nothing_fails(value: str, tzid: str) -> None:
    line = _line(f"DTSTART;TZID={tzid}:{value}")
    clock = _clock()
    moment = clock.moment(line)
    assert moment is None or EARLIEST <= moment.instant <= LATEST
    list(clock.moments(line))
    list(clock.periods(line))
    read_duration(value)

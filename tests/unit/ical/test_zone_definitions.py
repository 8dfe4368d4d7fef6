"""What VTIMEZONEs say of themselves."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rdv_caldav.ical.contentlines import Component, parse_components
from rdv_caldav.ical.vtimezones import vtimezone
from rdv_caldav.ical.zone_definitions import offsets_of

HOUR = timedelta(hours=1)


def _block(kind: str, start: str, change: str, *lines: str) -> str:
    before, after = change.split()
    times = (f"DTSTART:{start}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}")
    return "".join(f"{line}\r\n" for line in (f"BEGIN:{kind}", *times, *lines, f"END:{kind}"))


def _zone(*blocks: str) -> Component:
    text = f"BEGIN:VTIMEZONE\r\nTZID:Chez moi\r\n{''.join(blocks)}END:VTIMEZONE\r\n"
    (zone,) = parse_components(text).components("VTIMEZONE")
    return zone


def _summer(rule: str, start: str = "19810329T020000") -> str:
    return _block("DAYLIGHT", start, "+0100 +0200", f"RRULE:{rule}")


WINTER = _block(
    "STANDARD", "19961027T030000", "+0200 +0100", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"
)
SUMMER = _summer("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU")


@pytest.mark.parametrize(
    "zone",
    ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago"],
)
def test_our_own_definitions_give_the_real_offsets_every_day(zone: str) -> None:
    (definition,) = parse_components(vtimezone(zone, 2026)).components("VTIMEZONE")
    offset_at, real = offsets_of(definition), ZoneInfo(zone)
    for n in range(365 * 3):
        noon = datetime(2026, 1, 1, 12) + timedelta(days=n)
        assert offset_at(noon) == noon.replace(tzinfo=real).utcoffset(), noon


@pytest.mark.parametrize(
    ("moment", "hours"),
    [
        (datetime(2026, 1, 1), 1),
        (datetime(2026, 3, 29, 1, 59), 1),
        (datetime(2026, 3, 29, 3), 2),
        (datetime(2026, 10, 25, 2, 59), 2),
        (datetime(2026, 10, 25, 3), 1),
        (datetime(2026, 12, 31, 23, 59), 1),
        (datetime(2099, 7, 14), 2),
    ],
)
def test_paris_on_the_days_of_change(moment: datetime, hours: int) -> None:
    assert offsets_of(_zone(WINTER, SUMMER))(moment) == hours * HOUR


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=25,26,27,28,29,30,31;BYDAY=SU",
        "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=-1,-2,-3,-4,-5,-6,-7;BYDAY=SU",
        "freq=yearly;interval=1;bymonth=3;byday=-1su;wkst=mo",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=+5SU",
        "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3;UNTIL=20260329T010000Z",
        "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3;UNTIL=20260329T020000",
        "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3;UNTIL=20260329",
        "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3;UNTIL=99991231T235959Z",
        "FREQ=YEARLY;BYMONTHDAY=29;BYMONTH=3",
        "FREQ=YEARLY;BYMONTH=3",
        "FREQ=YEARLY",
    ],
)
def test_ways_to_write_the_29th_of_march(rule: str) -> None:
    offset_at = offsets_of(_zone(WINTER, _summer(rule)))
    assert offset_at(datetime(2026, 3, 28, 12)) == HOUR
    assert offset_at(datetime(2026, 3, 29, 12)) == 2 * HOUR


def test_a_rule_that_ended() -> None:
    ended = _summer("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20260328T000000Z")
    offset_at = offsets_of(_zone(WINTER, ended))
    assert offset_at(datetime(2025, 7, 1)) == 2 * HOUR
    assert offset_at(datetime(2026, 7, 1)) == HOUR
    assert offset_at(datetime(2030, 7, 1)) == HOUR


def test_before_the_first_change_and_listed_changes() -> None:
    listed = _block(
        "DAYLIGHT",
        "20260329",
        "+0000 -023015",
        "RDATE:20270328T020000,20280326T020000",
        "RDATE:20290325T020000",
    )
    offset_at = offsets_of(_zone(listed, _block("STANDARD", "20261025T030000", "+0100 +0030")))
    assert offset_at(datetime(2020, 1, 1)) == timedelta()
    assert offset_at(datetime(2026, 7, 1)) == -timedelta(hours=2, minutes=30, seconds=15)
    assert offset_at(datetime(2027, 1, 1)) == timedelta(minutes=30)
    for year in (2027, 2028, 2029):
        assert offset_at(datetime(year, 7, 1)) == -timedelta(hours=2, minutes=30, seconds=15)


@pytest.mark.parametrize(
    "block",
    [
        "",
        "BEGIN:STANDARD\r\nEND:STANDARD\r\n",
        _block("STANDARD", "demain", "+0100 +0200"),
        _block("STANDARD", "20261301T000000", "+0100 +0200"),
        _block("STANDARD", "19701025T030000", "+0100 2"),
        _block("STANDARD", "19701025T030000", "+0100 +2500"),
        _block("STANDARD", "19701025T030000", "+0100 +0200", "RDATE:PT1H"),
        _block("STANDARD", "19701025T030000", "+0100 +0200", *2 * ["RRULE:FREQ=YEARLY"]),
        *(
            _summer(rule)
            for rule in (
                "FREQ=DAILY",
                "FREQ=SECONDLY",
                "",
                "FREQ=YEARLY;INTERVAL=2",
                "FREQ=YEARLY;COUNT=2",
                "FREQ=YEARLY;BYYEARDAY=100",
                "FREQ=YEARLY;BYDAY=-1SU",
                "FREQ=YEARLY;BYMONTH=13",
                "FREQ=YEARLY;BYMONTH=3,4",
                "FREQ=YEARLY;BYMONTH=3;BYDAY=10SU",
                "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=x",
                "FREQ=YEARLY;UNTIL=demain",
            )
        ),
    ],
)
def test_definitions_that_cannot_be_used(block: str) -> None:
    assert offsets_of(_zone(block))(datetime(2026, 7, 1)) is None


def test_rules_that_never_match_and_old_ends() -> None:
    never = _summer("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
    assert offsets_of(_zone(WINTER, never))(datetime(2026, 7, 1)) == HOUR
    ended = _summer("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=00010601T000000Z", "00010101T000000")
    assert offsets_of(_zone(ended))(datetime(2026, 7, 1)) == 2 * HOUR


def test_a_megabyte_of_blocks_is_read_in_time() -> None:
    zone = _zone(*(WINTER, SUMMER) * 3500)
    started = time.process_time()
    assert offsets_of(zone)(datetime(2026, 7, 1)) == 2 * HOUR
    assert time.process_time() - started < 3

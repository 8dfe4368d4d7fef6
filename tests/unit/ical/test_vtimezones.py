"""Definitions of zones: ours are right everywhere, a client's only where it agrees."""

from __future__ import annotations

import time
from zoneinfo import available_timezones

import pytest

from rdv_caldav.ical.contentlines import Component, parse_components, unfold
from rdv_caldav.ical.vtimezones import agrees, vtimezone

PARIS = vtimezone("Europe/Paris", 2026)


def _definition(text: str) -> Component:
    (zone,) = parse_components(text).components("VTIMEZONE")
    return zone


def _block(*lines: str) -> str:
    inner = "".join(f"{line}\r\n" for line in lines)
    return f"BEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\n{inner}END:VTIMEZONE\r\n"


def test_paris() -> None:
    assert unfold(PARIS) == [
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Paris",
        "BEGIN:DAYLIGHT",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "TZNAME:CEST",
        "DTSTART:19700329T020000",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "TZNAME:CET",
        "DTSTART:19701025T030000",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        "END:STANDARD",
        "END:VTIMEZONE",
    ]


@pytest.mark.parametrize(
    ("zone", "rules"),
    [
        ("America/Miquelon", ["BYMONTH=3;BYDAY=2SU", "BYMONTH=11;BYDAY=1SU"]),
        ("Australia/Lord_Howe", ["BYMONTH=4;BYDAY=1SU", "BYMONTH=10;BYDAY=1SU"]),
        ("Europe/Dublin", ["BYMONTH=3;BYDAY=-1SU", "BYMONTH=10;BYDAY=-1SU"]),
        ("Indian/Reunion", []),
    ],
)
def test_rules_in_force(zone: str, rules: list[str]) -> None:
    lines = unfold(vtimezone(zone, 2026))
    assert [line for line in lines if "RRULE" in line] == [f"RRULE:FREQ=YEARLY;{r}" for r in rules]
    assert "RDATE" not in "".join(lines)


def test_summer_is_daylight_time_in_ireland_too() -> None:
    text = vtimezone("Europe/Dublin", 2026)
    assert "BEGIN:DAYLIGHT\r\nTZOFFSETFROM:+0000\r\nTZOFFSETTO:+0100" in text


def test_half_an_hour_at_half_past() -> None:
    assert "DTSTART:19701004T020000" in vtimezone("Australia/Lord_Howe", 2026)


def test_changes_without_a_simple_rule_are_listed() -> None:
    text = vtimezone("Africa/Casablanca", 2026)
    assert "RRULE" not in text
    assert text.count("DTSTART:20") >= 10
    assert agrees(_definition(text), "Africa/Casablanca", 2029)


@pytest.mark.parametrize("year", [2026, 2031])
def test_ours_agree_with_every_zone(year: int) -> None:
    wrong = [
        zone
        for zone in sorted(available_timezones())
        if not agrees(_definition(vtimezone(zone, year)), zone, year)
    ]
    assert wrong == []


def test_a_definition_may_be_another_zones() -> None:
    assert agrees(_definition(PARIS), "Europe/Berlin", 2026)
    assert not agrees(_definition(PARIS), "Europe/London", 2026)
    assert not agrees(_definition(vtimezone("Europe/Helsinki", 2026)), "Europe/Paris", 2026)


@pytest.mark.parametrize(
    "text",
    [
        _block(),
        _block("BEGIN:STANDARD", "DTSTART:19700101T000000", "END:STANDARD"),
        _block("BEGIN:STANDARD", "DTSTART:x", "TZOFFSETFROM:?", "TZOFFSETTO:", "END:STANDARD"),
        _block(*unfold(PARIS)[2:9], "RRULE:FREQ=YEARLY;BYMONTH=13", "END:STANDARD"),
        _block("BEGIN:VEVENT", "END:VEVENT", "BEGIN:STANDARD"),
        PARIS.replace("BYDAY=-1SU", "BYDAY=-9XX"),
        PARIS.replace("DTSTART:1970", "DTSTART:9999"),
        PARIS.replace("END:VTIMEZONE", "X-PAD:" + "x" * 70_000 + "\r\nEND:VTIMEZONE"),
    ],
)
def test_what_cannot_be_used_does_not_agree(text: str) -> None:
    assert not agrees(_definition(text), "Europe/Paris", 2026)


@pytest.mark.parametrize(
    "rule",
    [
        "RRULE:FREQ=SECONDLY",
        "RRULE:FREQ=MINUTELY",
        "RRULE;X=1:FREQ=SECONDLY",
        "RR ULE:FREQ=SECONDLY",
        "rrule:FREQ=\r\n SECONDLY",
        "RRULE:FREQ=YEARLY;BYHOUR=1,2,3;BYMINUTE=1,2,3;BYSECOND=1,2,3",
        "RRULE:INTERVAL=1;FREQ=HOURLY",
        "RRULE:FREQ=YEARLY;" + "BYDAY=1SU" * 5000 + "!",
    ],
)
def test_rules_that_would_be_endless_work_are_not_tried(rule: str) -> None:
    text = PARIS.replace("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", rule)
    started = time.process_time()
    assert not agrees(_definition(text), "Europe/Paris", 2026)
    assert time.process_time() - started < 1

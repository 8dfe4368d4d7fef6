"""Zones by name, by Windows name and by their offsets."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import pytest

from rdv_caldav.ical.contentlines import Component, ContentLine, parse_components
from rdv_caldav.ical.timezones import ZoneReader, known_zone, recurrence_wall, to_wall
from rdv_caldav.ical.vtimezones import agrees, vtimezone

AT = datetime(2026, 7, 1, 9)


@pytest.mark.parametrize(
    ("tzid", "zone"),
    [
        ("Europe/Paris", "Europe/Paris"),
        ("europe/paris", "Europe/Paris"),
        ('"Europe/Paris"', "Europe/Paris"),
        ("/mozilla.org/20050126_1/Europe/Paris", "Europe/Paris"),
        (
            "/citadel.org/20210210_1/America/Argentina/Ushuaia",
            "America/Argentina/Ushuaia",
        ),
        ("Romance Standard Time", "Europe/Paris"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("UTC", "UTC"),
        ("Etc/UTC", "UTC"),
        ("GMT", "UTC"),
        ("Nulle/Part", None),
        ("localtime", None),
        ("Factory", None),
        ("", None),
    ],
)
def test_known_zones(tzid: str, zone: str | None) -> None:
    assert known_zone(tzid) == zone


def _definition(*, standard: str, daylight: str | None) -> Component:
    blocks = (
        f"BEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:{daylight or standard}\r\n"
        f"TZOFFSETTO:{standard}\r\n"
    )
    if daylight:
        blocks += "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n"
    blocks += "END:STANDARD\r\n"
    if daylight:
        blocks += (
            f"BEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nTZOFFSETFROM:{standard}\r\n"
            f"TZOFFSETTO:{daylight}\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\n"
        )
    text = f"BEGIN:VTIMEZONE\r\nTZID:Chez moi\r\n{blocks}END:VTIMEZONE\r\n"
    (zone,) = parse_components(text).components("VTIMEZONE")
    return zone


@pytest.mark.parametrize(
    ("standard", "daylight", "agency", "zone"),
    [
        ("+0100", "+0200", "Europe/Paris", "Europe/Paris"),
        ("+0100", "+0200", "Europe/Berlin", "Europe/Berlin"),
        ("+0200", "+0300", "Europe/Paris", "Asia/Famagusta"),
        ("+0530", None, "Europe/Paris", "Asia/Calcutta"),
        ("+0007", None, "Europe/Paris", "Europe/Paris"),
    ],
)
def test_zones_by_their_offsets(
    standard: str, daylight: str | None, agency: str, zone: str
) -> None:
    reader = ZoneReader(agency, {"Chez moi": _definition(standard=standard, daylight=daylight)})
    found = reader.zone("Chez moi", AT)
    if zone.startswith("Asia/Fam"):
        assert to_wall(AT, from_zone=found, zone="UTC") == AT - timedelta(hours=3)
    else:
        assert found == zone


def test_an_unknown_zone_is_logged_once_without_its_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reader = ZoneReader("Europe/Paris")
    with caplog.at_level(logging.WARNING):
        assert {reader.zone("Chez Claire", AT) for _ in range(3)} == {"Europe/Paris"}
    assert "Claire" not in caplog.text
    assert caplog.text.count("unknown time zone") == 1


def test_a_zone_is_the_same_on_every_date() -> None:
    """Morocco kept the offsets of Paris in some years: its name must not follow them."""
    definition = _definition(standard="+0100", daylight="+0200")
    reader = ZoneReader("Europe/Paris", {"Chez moi": definition})
    assert {reader.zone("Chez moi", AT.replace(year=year)) for year in range(1950, 2050)} == {
        "Europe/Paris"
    }


def test_definitions_without_use_and_too_many() -> None:
    empty = Component("VTIMEZONE")
    assert ZoneReader("Europe/Paris", {"Vide": empty}).zone("Vide", AT) == "Europe/Paris"
    tokyo = _definition(standard="+0900", daylight=None)
    reader = ZoneReader("Europe/Paris", {f"Zone {n}": tokyo for n in range(30)})
    found = [reader.zone(f"Zone {n}", AT) for n in range(30)]
    assert found[0] != "Europe/Paris"
    assert found[-1] == "Europe/Paris"


@pytest.mark.parametrize(
    ("line", "wall"),
    [
        ("RECURRENCE-ID;VALUE=DATE:20261125", datetime(2026, 11, 25)),
        ("RECURRENCE-ID:20261125T080000Z", datetime(2026, 11, 25, 9)),
        ("RECURRENCE-ID:20261125T090000", datetime(2026, 11, 25, 9)),
        ("RECURRENCE-ID;TZID=Chez moi:20261125T090000", datetime(2026, 11, 25, 9)),
        ("RECURRENCE-ID;TZID=Inconnu:20261125T090000", datetime(2026, 11, 25, 9)),
        ("RECURRENCE-ID;TZID=America/New_York:20261125T030000", datetime(2026, 11, 25, 9)),
    ],
)
def test_the_wall_clock_of_a_recurrence_id(line: str, wall: datetime) -> None:
    assert recurrence_wall(ContentLine(line), "Europe/Paris", "Chez moi") == wall


@pytest.mark.parametrize(
    "zone",
    ["Europe/Paris", "America/New_York", "Australia/Sydney", "Asia/Tokyo", "America/Santiago"],
)
@pytest.mark.parametrize("year", [2024, 2026])
def test_our_own_definitions_agree_with_the_zones(zone: str, year: int) -> None:
    text = vtimezone(zone, year)
    assert "RDATE" not in text
    (component,) = parse_components(text).components("VTIMEZONE")
    assert agrees(component, zone, year)
    assert not agrees(component, "Asia/Kathmandu", year)


def test_a_zone_with_four_changes_a_year() -> None:
    text = vtimezone("Africa/Casablanca", 2016)
    assert "RRULE" not in text
    (component,) = parse_components(text).components("VTIMEZONE")
    assert agrees(component, "Africa/Casablanca", 2016)


@pytest.mark.parametrize(
    "text",
    [
        "BEGIN:VTIMEZONE\r\nTZID:x\r\nEND:VTIMEZONE\r\n",
        "BEGIN:VTIMEZONE\r\n:\r\nEND:VTIMEZONE\r\n",
        "BEGIN:X\r\nEND:X\r\n",
    ],
)
def test_definitions_that_agree_with_nothing(text: str) -> None:
    component = next(iter(parse_components(text).items), parse_components(text))
    assert not agrees(component, "Europe/Paris", 2026)  # type: ignore[arg-type]

"""RFC 4791 (CalDAV): the zone of floating times (§5.2.2, §7.3, §9.8), and RFC 7809's names."""

from __future__ import annotations

import pytest

from support.caldav import (
    Place,
    assert_refused,
    calendar,
    comp,
    component,
    proppatch_body,
    query,
    set_props,
    time_range,
)
from support.dav import CALDAV

FLOATING = "DTSTART:20261125T090000\r\nDTEND:20261125T100000\r\n"
DAY = "DTSTART;VALUE=DATE:20261125\r\nDTEND;VALUE=DATE:20261126\r\n"


def _zone(offset: str) -> str:
    return calendar(
        "BEGIN:VTIMEZONE\r\nTZID:Anderswo\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        f"TZOFFSETFROM:{offset}\r\nTZOFFSETTO:{offset}\r\nEND:STANDARD\r\nEND:VTIMEZONE"
    )


def _zone_element(offset: str) -> str:
    return f"<C:timezone><![CDATA[{_zone(offset)}]]></C:timezone>"


def _at(hour: int, minute: int = 0) -> str:
    return f"20261125T{hour:02}{minute:02}00Z"


def _hits(place: Place, hour: int, after: str = "") -> bool:
    condition = comp("VEVENT", time_range(_at(hour, 15), _at(hour, 45)))
    return bool(place.hits(condition, after=after))


@pytest.fixture
def floating(perso: Place) -> Place:
    """A calendar with an event from nine to ten, wherever one is."""
    perso.put("a.ics", component("VEVENT", "a", FLOATING))
    return perso


def test_7_3_without_more_it_is_the_agencys(floating: Place) -> None:
    assert [hour for hour in range(24) if _hits(floating, hour)] == [8]


def test_7_3_the_calendars_own_zone(floating: Place) -> None:
    prop = f"<C:calendar-timezone><![CDATA[{_zone('-0500')}]]></C:calendar-timezone>"
    body = proppatch_body(set_props(prop))
    floating.client.request("PROPPATCH", floating.path, body, expect=207)
    assert [hour for hour in range(24) if _hits(floating, hour)] == [14]


@pytest.mark.parametrize(("offset", "hour"), [("-0500", 14), ("+0900", 0), ("+0000", 9)])
def test_9_8_the_zone_of_the_request(floating: Place, offset: str, hour: int) -> None:
    element = _zone_element(offset)
    assert [found for found in range(24) if _hits(floating, found, element)] == [hour]


def test_9_8_days_too(perso: Place) -> None:
    perso.put("a.ics", component("VEVENT", "a", DAY))
    early = comp("VEVENT", time_range(_at(0), _at(4)))
    assert perso.hits(early) == {"a.ics"}
    assert perso.hits(early, after=_zone_element("-0500")) == set()
    late = comp("VEVENT", time_range("20261126T030000Z", "20261126T040000Z"))
    assert perso.hits(late) == set()
    assert perso.hits(late, after=_zone_element("-0500")) == {"a.ics"}


@pytest.mark.parametrize(
    "zone", ["nothing", calendar(), calendar("BEGIN:VTIMEZONE\r\nEND:VTIMEZONE"), "BEGIN:VCALENDAR"]
)
def test_7_8_a_zone_that_is_none(floating: Place, zone: str) -> None:
    body = query(comp("VEVENT"), after=f"<C:timezone>{zone}</C:timezone>")
    answer = floating.client.request("REPORT", floating.path, body, depth="1")
    assert_refused(answer, f"{CALDAV}valid-calendar-data")


def test_rfc7809_5_1_a_zone_by_its_name(floating: Place) -> None:
    element = "<C:timezone-id>America/New_York</C:timezone-id>"
    assert [hour for hour in range(24) if _hits(floating, hour, element)] == [14]


def test_rfc7809_5_1_a_zone_that_nobody_knows(floating: Place) -> None:
    body = query(comp("VEVENT"), after="<C:timezone-id>Nulle/Part</C:timezone-id>")
    answer = floating.client.request("REPORT", floating.path, body, depth="1")
    assert_refused(answer, f"{CALDAV}valid-timezone")


def test_rfc7809_5_2_the_calendars_zone_by_name(floating: Place) -> None:
    prop = "<C:calendar-timezone-id>America/New_York</C:calendar-timezone-id>"
    body = proppatch_body(set_props(prop))
    floating.client.request("PROPPATCH", floating.path, body, expect=207)
    assert _hits(floating, 14)
    assert not _hits(floating, 8)


def test_9_8_a_zone_of_the_request_skews_no_zoned_event(any_calendar: Place) -> None:
    lines = "DTSTART;TZID=Europe/Paris:20261125T090000\r\nDURATION:PT1H\r\n"
    any_calendar.put("a.ics", component("VEVENT", "a", lines))
    assert _hits(any_calendar, 8, _zone_element("-0500"))
    assert not _hits(any_calendar, 14, _zone_element("-0500"))

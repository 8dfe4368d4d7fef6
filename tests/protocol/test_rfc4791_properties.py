"""RFC 4791 (CalDAV): the properties of calendars (§5.2) and principals (§6.2)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from support.caldav import (
    XMLNS,
    Place,
    calendar,
    preconditions,
    proppatch_body,
    remove_props,
    set_props,
    statuses,
)
from support.dav import CALDAV, DAV, DavClient
from support.objects import event

ZONE = calendar(
    "BEGIN:VTIMEZONE\r\nTZID:Ost\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
    "TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\nEND:VTIMEZONE"
)
COMPUTED = (
    "supported-calendar-component-set",
    "supported-calendar-data",
    "max-resource-size",
    "min-date-time",
    "max-date-time",
    "max-instances",
    "max-attendees-per-instance",
    "supported-collation-set",
)


def _read(place: Place, name: str) -> ET.Element:
    (found,) = place.client.propfind(place.path, name).values()
    return found.props[name]


def test_5_2_3_supported_calendar_component_set(perso: Place, alice: DavClient) -> None:
    name = f"{CALDAV}supported-calendar-component-set"
    own = {one.get("name") for one in _read(perso, name)}
    assert own == {"VEVENT", "VTODO", "VJOURNAL"}
    person = Place(alice, "/alice/claire/")
    assert {one.get("name") for one in _read(person, name)} == {"VEVENT"}


def test_5_2_4_supported_calendar_data(any_calendar: Place) -> None:
    kinds = _read(any_calendar, f"{CALDAV}supported-calendar-data")
    assert {one.tag for one in kinds} == {f"{CALDAV}calendar-data"}
    assert ("text/calendar", "2.0") in {
        (one.get("content-type", "text/calendar"), one.get("version", "2.0")) for one in kinds
    }


@pytest.mark.parametrize(
    "name", ["max-resource-size", "max-instances", "max-attendees-per-instance"]
)
def test_5_2_5_limits_are_numbers(any_calendar: Place, name: str) -> None:
    assert int(_read(any_calendar, f"{CALDAV}{name}").text or "") > 0


def test_5_2_6_first_and_last_dates(any_calendar: Place) -> None:
    first = _read(any_calendar, f"{CALDAV}min-date-time").text or ""
    last = _read(any_calendar, f"{CALDAV}max-date-time").text or ""
    assert re.fullmatch(r"\d{8}T\d{6}Z", first)
    assert re.fullmatch(r"\d{8}T\d{6}Z", last)
    assert first < "20000101" < last


def test_7_5_1_the_collations_that_all_have(any_calendar: Place) -> None:
    found = {one.text for one in _read(any_calendar, f"{CALDAV}supported-collation-set")}
    assert {"i;ascii-casemap", "i;octet"} <= found


@pytest.mark.parametrize("name", COMPUTED)
def test_5_2_what_is_protected(any_calendar: Place, name: str) -> None:
    for part in (set_props(f"<C:{name}>1</C:{name}>"), remove_props(f"<C:{name}/>")):
        body = proppatch_body(part)
        answer = any_calendar.client.request("PROPPATCH", any_calendar.path, body, expect=207)
        assert statuses(answer) == {f"{CALDAV}{name}": 403}
        assert preconditions(answer) == {f"{DAV}cannot-modify-protected-property"}


def test_5_2_allprop_does_not_have_them(any_calendar: Place) -> None:
    body = f"<propfind {XMLNS}><allprop/></propfind>"
    answer = any_calendar.client.request("PROPFIND", any_calendar.path, body, depth="0")
    listed = {f"{CALDAV}{name}" for name in COMPUTED}
    assert not listed & set(statuses(answer))


def test_5_2_1_calendar_description(any_calendar: Place) -> None:
    name = "calendar-description"
    body = proppatch_body(set_props(f'<C:{name} xml:lang="fr">Été</C:{name}>'))
    any_calendar.client.request("PROPPATCH", any_calendar.path, body, expect=207)
    found = _read(any_calendar, f"{CALDAV}{name}")
    assert found.text == "Été"
    assert found.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"


def test_5_2_2_calendar_timezone(any_calendar: Place) -> None:
    name = "calendar-timezone"
    body = proppatch_body(set_props(f"<C:{name}><![CDATA[{ZONE}]]></C:{name}>"))
    answer = any_calendar.client.request("PROPPATCH", any_calendar.path, body, expect=207)
    assert statuses(answer) == {f"{CALDAV}{name}": 200}
    told = (_read(any_calendar, f"{CALDAV}{name}").text or "").replace("\r\n", "\n")
    assert told.strip() == ZONE.replace("\r\n", "\n").strip()


@pytest.mark.parametrize("zone", ["nothing", event(), calendar(), ZONE[:-20]])
def test_5_2_2_a_calendar_timezone_that_is_none(any_calendar: Place, zone: str) -> None:
    name = "calendar-timezone"
    body = proppatch_body(set_props(f"<C:{name}>{zone}</C:{name}><displayname>neu</displayname>"))
    answer = any_calendar.client.request("PROPPATCH", any_calendar.path, body, expect=207)
    found = statuses(answer)
    assert found[f"{CALDAV}{name}"] in (403, 409)
    assert found[f"{DAV}displayname"] == 424
    assert f"{CALDAV}valid-calendar-data" in preconditions(answer)
    assert _read(any_calendar, f"{DAV}displayname").text != "neu"


def test_6_2_1_calendar_home_set(alice: DavClient) -> None:
    (found,) = alice.propfind("/alice/", f"{CALDAV}calendar-home-set").values()
    (home,) = found.props[f"{CALDAV}calendar-home-set"]
    assert (home.tag, home.text) == (f"{DAV}href", "/dav/alice/")


def test_3253_3_1_5_supported_report_set(any_calendar: Place) -> None:
    found = {
        report.tag
        for report in _read(any_calendar, f"{DAV}supported-report-set").iterfind(
            f"{DAV}supported-report/{DAV}report/*"
        )
    }
    assert {
        f"{CALDAV}calendar-query",
        f"{CALDAV}calendar-multiget",
        f"{CALDAV}free-busy-query",
        f"{DAV}sync-collection",
        f"{DAV}expand-property",
    } <= found


def test_5_1_calendar_access_is_announced(alice: DavClient) -> None:
    for path in ("/", "/alice/", "/alice/claire/"):
        answer = alice.request("OPTIONS", path)
        assert answer.status in (200, 204)
        words = {word.strip() for word in answer.headers["dav"].split(",")}
        assert {"1", "calendar-access"} <= words


@pytest.mark.parametrize("path", ["/alice/claire/", "/alice/perso/"])
def test_ctag_changes_with_the_calendar(perso: Place, path: str) -> None:
    place = Place(perso.client, path)
    name = "{http://calendarserver.org/ns/}getctag"
    tags = [_read(place, name).text]
    place.put("a.ics", event())
    tags.append(_read(place, name).text)
    place.client.delete(f"{path}a.ics")
    tags.append(_read(place, name).text)
    assert len(set(tags)) == 3
    assert _read(place, name).text == tags[2]


def test_colour_and_order_are_kept(any_calendar: Place) -> None:
    apple = 'xmlns:A="http://apple.com/ns/ical/"'
    props = f"<A:calendar-color {apple}>#ff8000ff</A:calendar-color>"
    props += f"<A:calendar-order {apple}>7</A:calendar-order>"
    body = proppatch_body(set_props(props))
    any_calendar.client.request("PROPPATCH", any_calendar.path, body, expect=207)
    space = "{http://apple.com/ns/ical/}"
    assert _read(any_calendar, f"{space}calendar-order").text == "7"
    assert (_read(any_calendar, f"{space}calendar-color").text or "").startswith("#ff8000")

"""RFC 4791 (CalDAV): calendar objects (§4.1) and the preconditions of PUT (§5.3.2.1)."""

from __future__ import annotations

import pytest

from support.caldav import Place, assert_refused, calendar, component, preconditions
from support.dav import CALDAV, DAV
from support.objects import TIMES, event

START = "DTSTART:20261125T090000Z\r\n"
VEVENT = f"BEGIN:VEVENT\r\nUID:{{}}\r\nDTSTAMP:20261101T080000Z\r\n{START}END:VEVENT"
VTODO = "BEGIN:VTODO\r\nUID:{}\r\nDTSTAMP:20261101T080000Z\r\nEND:VTODO"
ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Ost\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
    "TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\nEND:VTIMEZONE"
)
OBJECT = "valid-calendar-object-resource"
DATA = "valid-calendar-data"

REFUSED = {
    "text": ("no calendar at all", (DATA,)),
    "empty": ("", (DATA,)),
    "a card": ("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nEND:VCARD\r\n", (DATA, OBJECT)),
    "cut": (event()[:-30], (DATA,)),
    "two calendars": (event("a") + event("b"), (DATA, OBJECT)),
    "METHOD": (event().replace("VERSION:2.0\r\n", "VERSION:2.0\r\nMETHOD:REQUEST\r\n"), (OBJECT,)),
    "two UIDs": (calendar(VEVENT.format("a"), VEVENT.format("b")), (OBJECT,)),
    "two kinds": (
        calendar(VEVENT.format("a"), VTODO.format("a")),
        (OBJECT, "supported-calendar-component"),
    ),
    "no UID": (event().replace("UID:essai\r\n", ""), (DATA, OBJECT)),
    "an empty UID": (event().replace("UID:essai", "UID:"), (DATA, OBJECT)),
    "a zone alone": (calendar(ZONE), (DATA, OBJECT)),
    "no component": (calendar(), (DATA, OBJECT)),
    "two masters": (calendar(VEVENT.format("a"), VEVENT.format("a")), (DATA, OBJECT)),
    "no DTSTART": (component("VEVENT", "a", ""), (DATA, OBJECT)),
    "end and duration": (
        component("VEVENT", "a", f"{START}DTEND:20261125T100000Z\r\nDURATION:PT1H\r\n"),
        (DATA, OBJECT),
    ),
    "a date that is none": (
        component("VEVENT", "a", "DTSTART:20261340T090000Z\r\n"),
        (DATA, OBJECT),
    ),
    "a rule that is none": (
        component("VEVENT", "a", f"{START}RRULE:FREQ=NEVER\r\n"),
        (DATA, OBJECT),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_5_3_2_1_what_is_no_object(any_calendar: Place, case: str) -> None:
    text, allowed = REFUSED[case]
    answer = any_calendar.client.put(f"{any_calendar.path}x.ics", text)
    assert answer.status in (400, 403, 409), answer.status
    assert preconditions(answer) & {f"{CALDAV}{name}" for name in allowed}, answer.body
    assert any_calendar.listed() == {}


@pytest.mark.parametrize("kind", ["text/html", "image/png", "text/vcard"])
def test_5_3_2_1_supported_calendar_data(any_calendar: Place, kind: str) -> None:
    path = f"{any_calendar.path}a.ics"
    answer = any_calendar.client.put(path, event(), content_type=kind)
    assert_refused(answer, f"{CALDAV}supported-calendar-data", 403, 415)
    assert any_calendar.listed() == {}


@pytest.mark.parametrize("kind", ["VTODO", "VJOURNAL", "VFREEBUSY", "VPOLL"])
def test_5_3_2_1_supported_calendar_component(any_calendar: Place, kind: str) -> None:
    if kind in ("VTODO", "VJOURNAL") and any_calendar.path == "/alice/perso/":
        any_calendar.put("a.ics", component(kind, "a", START))
        return
    text = component(kind, "a", f"{START}DTEND:20261125T100000Z\r\n")
    answer = any_calendar.client.put(f"{any_calendar.path}a.ics", text)
    assert_refused(answer, f"{CALDAV}supported-calendar-component")
    assert any_calendar.listed() == {}


def test_5_3_2_1_no_uid_conflict(perso: Place) -> None:
    perso.put("a.ics", event())
    answer = perso.client.put(f"{perso.path}b.ics", event(summary="B"))
    assert_refused(answer, f"{CALDAV}no-uid-conflict", 403, 409)
    assert answer.xml.findtext(f"{CALDAV}no-uid-conflict/{DAV}href") == f"{perso.url}a.ics"
    assert set(perso.listed()) == {"a.ics"}


def test_5_3_2_1_an_object_keeps_its_uid(perso: Place) -> None:
    perso.put("a.ics", event())
    answer = perso.client.put(f"{perso.path}a.ics", event("other"))
    assert_refused(answer, f"{CALDAV}no-uid-conflict", 403, 409)
    assert perso.client.get(f"{perso.path}a.ics").text == event()


def test_4_1_a_uid_stands_once_in_each_calendar_of_many(perso: Place) -> None:
    perso.client.request("MKCALENDAR", "/alice/zwei/", expect=201)
    perso.put("a.ics", event())
    Place(perso.client, "/alice/zwei/").put("b.ics", event())


def _limit(place: Place, name: str) -> str:
    (found,) = place.client.propfind(place.path, f"{CALDAV}{name}").values()
    return found.text(f"{CALDAV}{name}")


def _assert_over(place: Place, text: str, name: str) -> None:
    answer = place.client.put(f"{place.path}a.ics", text)
    assert_refused(answer, f"{CALDAV}{name}", 403, 413)
    assert place.listed() == {}


def test_5_3_2_1_max_resource_size(any_calendar: Place) -> None:
    size = int(_limit(any_calendar, "max-resource-size"))
    text = event(lines="".join(f"X-A:{'x' * 70}\r\n" for _ in range(size // 70)))
    _assert_over(any_calendar, text, "max-resource-size")


@pytest.mark.parametrize(("name", "shift"), [("min-date-time", -10000), ("max-date-time", 10000)])
def test_5_3_2_1_dates_out_of_range(any_calendar: Place, name: str, shift: int) -> None:
    day = f"{int(_limit(any_calendar, name)[:8]) + shift:08}"
    text = event(times=f"DTSTART:{day}T090000Z\r\nDURATION:PT1H\r\n")
    _assert_over(any_calendar, text, name)


def test_5_3_2_1_max_instances(any_calendar: Place) -> None:
    count = int(_limit(any_calendar, "max-instances")) + 1
    text = event(lines=f"RRULE:FREQ=HOURLY;COUNT={count}\r\n")
    answer = any_calendar.client.put(f"{any_calendar.path}a.ics", text)
    if answer.status != 201:  # bounded otherwise
        assert_refused(answer, f"{CALDAV}max-instances")


def test_5_3_2_1_max_attendees_per_instance(any_calendar: Place) -> None:
    count = int(_limit(any_calendar, "max-attendees-per-instance")) + 1
    lines = "".join(f"ATTENDEE:mailto:a{n}@b.example\r\n" for n in range(count))
    _assert_over(any_calendar, event(lines=lines), "max-attendees-per-instance")


KEPT = {
    "an event": event(),
    "LF alone": event().replace("\r\n", "\n"),
    "odd folding": event(summary="Es\r\n sa\r\n\ti"),
    "lower case": event().replace("SUMMARY", "summary"),
    "private": event(lines='X-A;X-B="c;d":e\\,f;g\r\nX-EMPTY:\r\n'),
    "unknown component": event(lines="BEGIN:X-IN\r\nX-A:b\r\nEND:X-IN\r\n"),
    "alarm": event(lines="BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n"),
    "own zone": event(
        times="DTSTART;TZID=Ost:20261125T090000\r\nDURATION:PT1H\r\n", before=f"{ZONE}\r\n"
    ),
    "a todo": component("VTODO", "a", "DUE;VALUE=DATE:20261125\r\nPERCENT-COMPLETE:5\r\n"),
    "a journal": component("VJOURNAL", "a", "SUMMARY:é\U0001f600\r\n"),
    "an override alone": event(times=f"RECURRENCE-ID;TZID=Europe/Paris:20261125T090000\r\n{TIMES}"),
    "no last line end": event().rstrip("\r\n"),
    "participants": event(
        lines="ORGANIZER:mailto:x@y.example\r\nATTENDEE;PARTSTAT=DECLINED:mailto:z@y.example\r\n"
    ),
}


@pytest.mark.parametrize("case", KEPT)
def test_5_3_4_an_etag_says_kept_to_the_letter(perso: Place, case: str) -> None:
    etag = perso.put("a.ics", KEPT[case]).etag
    assert etag is not None
    assert etag.startswith('"')
    got = perso.client.get(f"{perso.path}a.ics")
    assert got.text == KEPT[case]
    assert got.etag == etag == perso.listed()["a.ics"]


def test_5_3_4_no_etag_for_what_is_kept_otherwise(any_calendar: Place) -> None:
    text = event(lines="ATTENDEE:mailto:ivan@agence.example\r\n")
    answer = any_calendar.put("a.ics", text)
    if any_calendar.client.get(f"{any_calendar.path}a.ics").text != text:
        assert answer.etag is None


def test_5_3_2_a_recurring_event_is_one_object(perso: Place) -> None:
    changed = (
        "BEGIN:VEVENT\r\nUID:essai\r\nDTSTAMP:20261101T080000Z\r\n"
        f"RECURRENCE-ID;TZID=Europe/Paris:20261126T090000\r\n{TIMES}END:VEVENT\r\n"
    )
    perso.put("a.ics", event(lines="RRULE:FREQ=DAILY;COUNT=3\r\n", after=changed))
    assert perso.hits() == {"a.ics"}


@pytest.mark.parametrize(
    "lines",
    [
        f"{START}DUE:20261125T080000Z\r\n",
        f"{START}DUE:20261125T100000Z\r\nDURATION:PT1H\r\n",
        "DURATION:PT1H\r\n",
        "RRULE:FREQ=DAILY\r\n",
    ],
    ids=["due before start", "due and duration", "duration alone", "rule without start"],
)
def test_5_3_2_1_todos_that_rfc5545_forbids(perso: Place, lines: str) -> None:
    answer = perso.client.put(f"{perso.path}a.ics", component("VTODO", "a", lines))
    assert answer.status == 403
    assert preconditions(answer) & {f"{CALDAV}{OBJECT}", f"{CALDAV}{DATA}"}


def test_5_3_2_a_latin_body_is_kept_as_text(perso: Place) -> None:
    body = event(summary="été").encode("latin-1")
    kind = "text/calendar; charset=iso-8859-1"
    perso.client.request("PUT", f"{perso.path}a.ics", body, expect=201, content_type=kind)
    got = perso.client.get(f"{perso.path}a.ics")
    assert "SUMMARY:été" in got.text
    assert "iso-8859-1" not in got.headers["content-type"]


def test_5_3_2_a_body_that_is_not_of_its_charset(perso: Place) -> None:
    body = event(summary="été").encode("latin-1")
    kind = "text/calendar; charset=utf-8"
    answer = perso.client.request("PUT", f"{perso.path}a.ics", body, content_type=kind)
    assert_refused(answer, f"{CALDAV}valid-calendar-data")


def test_5_3_3_the_location_is_the_url_itself(perso: Place) -> None:
    answer = perso.put("a.ics", event())
    if "location" in answer.headers:
        assert answer.headers["location"].endswith(f"{perso.url}a.ics")

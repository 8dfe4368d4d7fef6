"""Bad input: a 4xx with a precondition or a sentence, nothing left behind, never a hang."""

from __future__ import annotations

import base64
import time

import pytest

from rdv_radicale import application
from rdv_radicale.answers import Answer
from rdv_radicale.application import Application
from support.dav import DavClient
from support.objects import TIMES, event

PLACE = "/alice/claire/essai.ics"

REFUSED = {
    "no calendar": ("ceci n'est pas un agenda", 403, "valid-calendar-data"),
    "empty": ("", 403, "valid-calendar-data"),
    "cut short": (event()[:-40], 403, "valid-calendar-data"),
    "no component": (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n",
        403,
        "valid-calendar-object-resource",
    ),
    "two UIDs": (
        event(after=event("autre").split("\r\n", 3)[3].rsplit("END:VCALENDAR", 1)[0]),
        403,
        "valid-calendar-object-resource",
    ),
    "no UID": (event().replace("UID:essai\r\n", ""), 403, "valid-calendar-object-resource"),
    "empty UID": (event(""), 403, "valid-calendar-object-resource"),
    "VTODO": (
        event().replace("VEVENT", "VTODO").replace("DTEND", "DUE"),
        403,
        "supported-calendar-component",
    ),
    "VJOURNAL": (
        event(times="DTSTART:20261125T090000Z\r\n").replace("VEVENT", "VJOURNAL"),
        403,
        "supported-calendar-component",
    ),
    "METHOD": (event(before="METHOD:REQUEST\r\n"), 403, "valid-calendar-object-resource"),
    "no DTSTART": (event(times=""), 403, "valid-calendar-data"),
    "DTEND before DTSTART": (
        event(times="DTSTART:20261125T090000Z\r\nDTEND:20261125T080000Z\r\n"),
        403,
        "valid-calendar-data",
    ),
    "DTEND and DURATION": (event(lines="DURATION:PT1H\r\n"), 403, "valid-calendar-data"),
    "date and time": (
        event(times="DTSTART;VALUE=DATE:20261125\r\nDTEND:20261125T080000Z\r\n"),
        403,
        "valid-calendar-data",
    ),
    "not a date": (event(times="DTSTART:demain\r\n"), 403, "valid-calendar-data"),
    "before all time": (
        event(times="DTSTART:00010101T000000Z\r\nDTEND:00010101T010000Z\r\n"),
        403,
        "min-date-time",
    ),
    "after all time": (event(times="DTSTART:99990101T000000Z\r\n"), 403, "max-date-time"),
    "SECONDLY": (event(lines="RRULE:FREQ=SECONDLY\r\n"), 403, "max-instances"),
    "MINUTELY": (event(lines="RRULE:FREQ=MINUTELY;INTERVAL=2\r\n"), 403, "max-instances"),
    "HOURLY without end": (event(lines="RRULE:FREQ=HOURLY\r\n"), 403, "max-instances"),
    "HOURLY and many": (event(lines="RRULE:FREQ=HOURLY;COUNT=50000\r\n"), 403, "max-instances"),
    "rule of nothing": (
        event(lines="RRULE:FREQ=WEEKLY;BYDAY=XX\r\n"),
        403,
        "valid-calendar-data",
    ),
    "lone override": (
        event(lines="RECURRENCE-ID:20261125T080000Z\r\n"),
        403,
        "valid-calendar-object-resource",
    ),
    "control character": (event(summary="a\x07b"), 403, "valid-calendar-data"),
    "a zone that is a folder": (
        event(times="DTSTART;TZID=Europe:20261125T090000\r\n"),
        403,
        "valid-calendar-data",
    ),
    "lone carriage return": (event(summary="a\rb"), 403, "valid-calendar-data"),
    "5 MB of description": (event(lines=f"DESCRIPTION:{'x' * 5_000_000}\r\n"), 413, None),
    "10 000 attendees": (
        event(lines="".join(f"ATTENDEE:mailto:p{n}@a.example\r\n" for n in range(10_000))),
        403,
        "max-attendees-per-instance",
    ),
    "10 000 exceptions": (
        event(
            lines="RRULE:FREQ=DAILY\r\n",
            after="".join(
                "BEGIN:VEVENT\r\nUID:essai\r\nDTSTAMP:20261124T080000Z\r\n"
                f"RECURRENCE-ID:{20000101 + n}T080000Z\r\n{TIMES}END:VEVENT\r\n"
                for n in range(10_000)
            ),
        ),
        413,
        None,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_is_refused_and_leaves_nothing(alice: DavClient, case: str) -> None:
    text, status, precondition = REFUSED[case]
    before, _, _ = alice.sync("/alice/claire/")
    started = time.monotonic()
    answer = alice.put(PLACE, text, expect=status)
    assert time.monotonic() - started < 10
    if precondition is not None:
        assert answer.precondition == precondition
        assert answer.xml[1].text
    assert alice.sync("/alice/claire/", before) == (before, set(), set())
    alice.get(PLACE, expect=404)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=4",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
        "FREQ=DAILY;INTERVAL=10000;BYMONTH=2;BYMONTHDAY=30",
    ],
)
def test_rules_that_never_match_end_their_search(alice: DavClient, rule: str) -> None:
    started = time.monotonic()
    alice.put(PLACE, event(lines=f"RRULE:{rule}\r\n"), expect=201)
    alice.query("/alice/claire/", "20350101T000000Z", "20350201T000000Z")
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("text/vcard", event().encode(), 403),
        ("text/calendar; charset=klingon", event().encode(), 403),
        ("text/calendar; charset=utf-8", event(summary="été").encode("latin-1"), 403),
        ("text/calendar; charset=iso-8859-1", event(summary="été").encode("latin-1"), 201),
    ],
)
def test_charsets(alice: DavClient, content_type: str, body: bytes, status: int) -> None:
    alice.request("PUT", PLACE, body, expect=status, content_type=content_type)
    if status == 201:
        assert "SUMMARY:été" in alice.get(PLACE).text


def test_a_zone_that_changes_every_second_hangs_nothing(alice: DavClient) -> None:
    block = (
        "BEGIN:{0}\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"
        "RRULE:FREQ={1}\r\nEND:{0}\r\n"
    )
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Vite\r\n"
        + block.format("STANDARD", "SECONDLY")
        + block.format("DAYLIGHT", "YEARLY;BYMONTH=3;BYSECOND=1,2,3")
        + "END:VTIMEZONE\r\n"
    )
    times = "DTSTART;TZID=Vite:20261125T090000\r\nDURATION:PT1H\r\n"
    started = time.monotonic()
    alice.put(PLACE, event(times=times, before=zone), expect=201)
    assert time.monotonic() - started < 10


def test_a_byte_order_mark_is_no_reason(alice: DavClient) -> None:
    alice.put(PLACE, "\ufeff" + event(), expect=201)
    assert alice.get(PLACE).text.startswith("BEGIN:VCALENDAR")


def test_line_separators_of_unicode_are_text(alice: DavClient) -> None:
    alice.put(PLACE, event(summary="a\u2028b\u0085c"), expect=201)
    assert "SUMMARY:a\u2028b\u0085c\r\n" in alice.get(PLACE).text


def test_an_unknown_zone_is_the_agencys(alice: DavClient) -> None:
    times = "DTSTART;TZID=Nulle/Part:20261125T090000\r\nDTEND;TZID=Nulle/Part:20261125T100000\r\n"
    alice.put(PLACE, event(times=times), expect=201)
    found = alice.query("/alice/claire/", "20261125T080000Z", "20261125T083000Z")
    assert list(found) == ["/dav/alice/claire/essai.ics"]


@pytest.mark.parametrize(
    "path",
    [
        "/alice/../ivan/",
        "/alice/./claire/",
        "/alice//claire/x.ics",
        "/alice/claire/x\0.ics",
        "/alice/claire/x\n.ics",
        "/alice/claire/x.ics ",
        "/alice/ claire/",
        "/alice/claire/..\\x.ics",
        f"/alice/claire/{'x' * 300}.ics",
        "alice",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "PROPFIND", "DELETE", "REPORT"])
def test_path_tricks(alice: DavClient, path: str, method: str) -> None:
    alice.request(method, path, event() if method == "PUT" else "", expect=400)


def test_an_encoded_slash(alice: DavClient) -> None:
    raw = {"RAW_URI": "/dav/alice/claire%2Fx.ics"}
    alice.request("GET", "/alice/claire/x.ics", expect=400, environ=raw)


def test_a_path_that_is_not_utf8(alice: DavClient) -> None:
    alice.request("GET", "/", expect=400, environ={"PATH_INFO": "/alice/claire/\xe9.ics"})


@pytest.mark.parametrize(
    "href",
    ["été.ics", "É.ics", "\N{GRINNING FACE}.ics", "a,b.ics", "it's.ics", "a:b?.ics", "a b.ics"],
)
def test_any_name_is_an_href(alice: DavClient, href: str) -> None:
    alice.put(f"/alice/claire/{href}", event(), expect=201)
    found = alice.propfind("/alice/claire/", "{DAV:}getetag", depth=1)
    assert len(found) == 2
    url = next(url for url in found if url.endswith("ics"))
    assert next(iter(alice.multiget("/alice/claire/", url).values())).status == 200
    alice.delete(f"/alice/claire/{href}")


@pytest.mark.parametrize(
    "xml",
    [
        "<",
        "<a/>",
        '<!DOCTYPE b [<!ENTITY a "aa"><!ENTITY c "&a;&a;">]><propfind xmlns="DAV:">&c;</propfind>',
        '<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/passwd">]><prop xmlns="DAV:">&x;</prop>',
        '<propfind xmlns="DAV:"/>',
    ],
)
@pytest.mark.parametrize("method", ["PROPFIND", "PROPPATCH", "REPORT"])
def test_xml_that_means_nothing(alice: DavClient, method: str, xml: str) -> None:
    answer = alice.request(method, "/alice/claire/", xml)
    assert answer.status in (400, 403)
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    "credentials",
    ["Basic", "Basic ???", "Basic YWxpY2U=", "Digest x", "Bearer x", "Basic /////w=="],
)
def test_malformed_credentials_are_asked_for_again(app: Application, credentials: str) -> None:
    answer = DavClient(app).request("PROPFIND", "/", expect=401, authorization=credentials)
    assert answer.headers["www-authenticate"].startswith("Basic realm=")


def test_the_scheme_is_no_matter_of_case(app: Application) -> None:
    encoded = base64.b64encode(b"alice:demo").decode()
    headers = {"authorization": f"basic {encoded}", "depth": "0"}
    DavClient(app).request("PROPFIND", "/alice/", expect=207, environ=None, **headers)


@pytest.mark.parametrize("login", ["héloïse@agence.example", "h%C3%A9lo%C3%AFse%40agence.example"])
def test_a_login_with_at_and_accents(app: Application, login: str) -> None:
    found = DavClient(app, login).propfind("/héloïse@agence.example/", depth=0)
    assert len(found) == 1


def test_wrong_password_and_unknown_login_are_alike(app: Application) -> None:
    wrong = DavClient(app, "alice", "wrong").request("PROPFIND", "/alice/", expect=401)
    unknown = DavClient(app, "nobody", "wrong").request("PROPFIND", "/alice/", expect=401)
    assert wrong.body == unknown.body


def test_bodies_have_a_limit(alice: DavClient) -> None:
    alice.request("PUT", PLACE, b"x" * 10_000_001, expect=413)
    alice.request("PUT", PLACE, expect=400, environ={"CONTENT_LENGTH": "ten"})
    alice.request("PUT", PLACE, b"abc", expect=400, environ={"CONTENT_LENGTH": "30"})


def test_unknown_methods(alice: DavClient) -> None:
    answer = alice.request("LOCK", PLACE, expect=405)
    assert "PROPFIND" in answer.headers["allow"]
    assert "2" not in answer.headers["dav"]


def test_an_object_that_vobject_cannot_read_breaks_no_report(alice: DavClient) -> None:
    lines = "RDATE;VALUE=PERIOD:20261126T090000Z/PT1H\r\nIMAGE;VALUE=URI:http://a.example/x.png\r\n"
    alice.put(PLACE, event(lines=lines), expect=201)
    alice.put("/alice/claire/autre.ics", event("autre", summary="Autre"), expect=201)
    found = alice.report(
        "/alice/claire/",
        '<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/>'
        '</prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
        '<C:prop-filter name="SUMMARY"><C:text-match>Autre</C:text-match></C:prop-filter>'
        "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>",
    )
    assert list(found) == ["/dav/alice/claire/autre.ics"]


def test_a_fault_of_the_program_names_nobody_in_the_log(
    app: Application, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Answer:
        raise ZeroDivisionError("claire")

    monkeypatch.setitem(application.READING, "GET", fail)
    answer = DavClient(app, "alice").request("GET", "/alice/claire/x.ics", expect=500)
    assert "claire" not in answer.text
    assert "ZeroDivisionError" in caplog.text
    assert "/alice/" not in caplog.text
    assert "in fail" in caplog.text

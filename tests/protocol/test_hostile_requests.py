"""Requests of a hostile program: refused or answered well, in a moment, never with a 500."""

from __future__ import annotations

import base64
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from xml.sax.saxutils import escape

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_radicale.application import create_app
from support.caldav import XMLNS, Place, comp, prop, query, text_match, time_range
from support.dav import DAV, DavClient
from support.objects import event

PLACE = "/alice/claire/essai.ics"
XML_NS = "http://www.w3.org/XML/1998/namespace"
MOMENT = 2.0
"""Seconds: on a busy machine, and far below what these requests once took."""

ZONE = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\n"
    "BEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    "END:VCALENDAR\r\n"
)


@contextmanager
def in_a_moment() -> Iterator[None]:
    """Fail when what happens inside takes long."""
    began = time.perf_counter()
    yield
    assert time.perf_counter() - began < MOMENT


def propfind(*props: str) -> str:
    """Return the body of a PROPFIND."""
    return f"<propfind {XMLNS}><prop>{''.join(props)}</prop></propfind>"


def setting(inner: str) -> str:
    """Return the body of a PROPPATCH that sets properties."""
    return f"<propertyupdate {XMLNS}><set><prop>{inner}</prop></set></propertyupdate>"


# -- answers stay XML ---------------------------------------------------------------------


def test_properties_of_the_namespace_of_xml_itself(alice: DavClient, perso: Place) -> None:
    asked = alice.request("PROPFIND", perso.path, propfind("<xml:note/>"), depth="0")
    assert asked.xml.find(f".//{{{XML_NS}}}note") is not None
    alice.request("PROPPATCH", perso.path, setting("<xml:note>a</xml:note>"), expect=207)
    kept = alice.request("PROPFIND", perso.path, propfind("<xml:note/>"), depth="0")
    assert kept.xml.findtext(f".//{{{XML_NS}}}note") == "a"


@pytest.mark.parametrize(
    "attributes",
    ['name="a²"', 'name="a" namespace="http://www.w3.org/2000/xmlns/"', 'name="a/"', ""],
)
def test_expand_property_of_what_is_no_name(alice: DavClient, attributes: str) -> None:
    body = f"<expand-property {XMLNS}><property {attributes}/></expand-property>"
    alice.request("REPORT", "/alice/", body, expect=400)


def test_a_time_zone_is_no_way_to_write_elements(alice: DavClient, perso: Place) -> None:
    sent = escape(f"<D:evil>\r\n{ZONE}")
    body = setting(f"<C:calendar-timezone>{sent}</C:calendar-timezone>")
    answer = alice.request("PROPPATCH", perso.path, body, expect=207)
    assert answer.xml.find(".//{*}valid-calendar-data") is not None
    asked = alice.request("PROPFIND", perso.path, propfind("<C:calendar-timezone/>"), depth="0")
    assert asked.xml.find(f".//{DAV}evil") is None


def test_a_name_that_xml_cannot_say_is_not_made(alice: DavClient) -> None:
    for name in ("\uffff", "a\ufffe"):
        alice.request("MKCALENDAR", f"/alice/{name}/", expect=400)
    alice.propfind("/alice/", depth=1)


def test_principal_search_in_empty_properties(alice: DavClient) -> None:
    body = (
        f"<principal-property-search {XMLNS}><property-search><prop><group-membership/></prop>"
        "<match>a</match></property-search><prop><displayname/></prop></principal-property-search>"
    )
    assert alice.report("/alice/", body) == {}


# -- dates at the ends of time ------------------------------------------------------------


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize(
    ("start", "end"),
    [("00010101T000000Z", "00010102T000000Z"), ("99991231T000000Z", "99991231T235959Z")],
)
def test_queries_at_the_ends_of_time(
    alice: DavClient, any_calendar: Place, zone: str, start: str, end: str
) -> None:
    alice.put(f"{any_calendar.path}essai.ics", event(), expect=201)
    body = query(
        comp("VEVENT", time_range(start, end)), after=f"<C:timezone-id>{zone}</C:timezone-id>"
    )
    assert alice.report(any_calendar.path, body) == {}


def test_open_queries_in_another_zone_still_find(alice: DavClient, any_calendar: Place) -> None:
    alice.put(f"{any_calendar.path}essai.ics", event(), expect=201)
    body = query(
        comp("VEVENT", time_range("00010101T000000Z", "99991231T235959Z")),
        after="<C:timezone-id>Asia/Tokyo</C:timezone-id>",
    )
    assert len(alice.report(any_calendar.path, body)) == 1


def test_if_modified_since_with_an_offset_beyond_all(alice: DavClient) -> None:
    alice.put(PLACE, event(), expect=201)
    alice.get(PLACE, if_modified_since="Mon, 01 Jan 2024 00:00:00 +99999999999999999999")


# -- work without end ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "header", ["(" + "<a>  " * 200, "(" + "[a]\t \t" * 200 + "x", " " * 8_000 + "x", "(<a>" * 500]
)
def test_if_headers_that_are_never_closed(alice: DavClient, header: str) -> None:
    alice.put(PLACE, event(), expect=201)
    with in_a_moment():
        alice.request("DELETE", PLACE, expect=400, environ={"HTTP_IF": header})


def test_if_header_with_many_lists_looks_once(alice: DavClient) -> None:
    etag = alice.put(PLACE, event(), expect=201).etag or alice.get(PLACE).etag
    with in_a_moment():
        alice.request("DELETE", PLACE, expect=412, environ={"HTTP_IF": "(<a>)" * 1_600})
    alice.request("DELETE", PLACE, expect=204, environ={"HTTP_IF": f"(<a>) (Not<b>  [{etag}] )"})


def test_thousands_of_properties_are_refused(alice: DavClient, perso: Place) -> None:
    names = [f"<p{number}/>" for number in range(20_000)]
    with in_a_moment():
        alice.request("PROPFIND", perso.path, propfind(*names), depth="1", expect=400)


@pytest.mark.parametrize(
    "conditions",
    [
        [prop("SUMMARY", text_match("x"))] * 1_000,
        [prop("SUMMARY", text_match("é" * 100_000, collation="i;unicode-casemap"))],
    ],
    ids=["many", "long"],
)
def test_filters_beyond_measure(
    alice: DavClient, any_calendar: Place, conditions: list[str]
) -> None:
    answer = alice.request(
        "REPORT", any_calendar.path, query(comp("VEVENT", *conditions)), depth="1", expect=403
    )
    assert answer.precondition == "supported-filter"


def test_calendar_data_of_thousands_of_properties(alice: DavClient, perso: Place) -> None:
    inner = "".join(f'<C:prop name="X-{number}"/>' for number in range(1_000))
    data = f'<C:calendar-data><C:comp name="VCALENDAR">{inner}</C:comp></C:calendar-data>'
    alice.request("REPORT", perso.path, query(comp("VEVENT"), props=data), depth="1", expect=400)


@pytest.mark.parametrize("path", ["/alice/claire/", "/alice/"])
def test_what_is_kept_with_a_resource_has_an_end(alice: DavClient, path: str) -> None:
    inner = "".join(f"<p{number}>{'x' * 90_000}</p{number}>" for number in range(20))
    alice.request("PROPPATCH", path, setting(inner), expect=507)
    assert alice.propfind(path, f"{DAV}p1")[f"/dav{path}"].props == {}


# -- conditions and targets ---------------------------------------------------------------


def test_proppatch_holds_the_if_header(alice: DavClient, perso: Place) -> None:
    body = setting("<displayname>Autre</displayname>")
    alice.request("PROPPATCH", perso.path, body, expect=412, environ={"HTTP_IF": '(["x"])'})
    kept = alice.propfind(perso.path, f"{DAV}displayname")[f"/dav{perso.path}"]
    assert kept.props[f"{DAV}displayname"].text == "perso"


def test_each_representation_is_known_by_its_own_etag(alice: DavClient) -> None:
    alice.put(PLACE, event(), expect=201)
    jcal, plain = "application/calendar+json", alice.get(PLACE).etag or ""
    other = alice.get(PLACE, accept=jcal).etag or ""
    assert other != plain
    alice.get(PLACE, accept=jcal, if_none_match=other, expect=304)
    alice.get(PLACE, accept=jcal, if_none_match=plain, expect=200)
    alice.get(PLACE, if_none_match=other, expect=200)
    alice.get(PLACE, if_none_match=plain, expect=304)


def test_hosts_are_the_same_in_capitals(alice: DavClient, perso: Place) -> None:
    alice.put(PLACE, event(), expect=201)
    target = f"http://LOCALHOST/dav{perso.path}essai.ics"
    alice.request("COPY", PLACE, expect=201, destination=target)


@pytest.mark.parametrize("accepted", ["gzip;q=0", "br, gzip; q=0.0", "identity"])
def test_gzip_that_is_refused_is_not_sent(alice: DavClient, accepted: str) -> None:
    answer = alice.request("PROPFIND", "/alice/", depth="1", accept_encoding=accepted)
    assert "content-encoding" not in answer.headers
    assert ET.fromstring(answer.body).tag == f"{DAV}multistatus"


@pytest.mark.parametrize("accepted", ["gzip", "deflate, GZIP;q=0.5", "x-gzip"])
def test_gzip_that_is_taken_is_sent(alice: DavClient, accepted: str) -> None:
    answer = alice.request("PROPFIND", "/alice/", depth="1", accept_encoding=accepted)
    assert answer.headers["content-encoding"] == "gzip"


# -- characters that PostgreSQL does not keep ---------------------------------------------


@pytest.mark.parametrize("name", ["al\0ice", "%00", "alice\0"])
def test_logins_with_nul(any_book: AppointmentBook, name: str) -> None:
    client = DavClient(create_app(any_book), None)
    credentials = base64.b64encode(f"{name}:demo".encode()).decode()
    client.request("PROPFIND", "/", expect=401, authorization=f"Basic {credentials}")


def test_calendar_users_with_nul(any_book: AppointmentBook) -> None:
    client = DavClient(create_app(any_book), "alice")
    body = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\n"
        "UID:q\r\nDTSTAMP:20261124T080000Z\r\nDTSTART:20261124T080000Z\r\n"
        "DTEND:20261125T080000Z\r\nORGANIZER:mailto:alice@agence.example\r\n"
        "ATTENDEE:mailto:clai\0re@famille.example\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n"
    )
    answer = client.request("POST", "/alice/outbox/", body, content_type="text/calendar")
    assert (answer.status, answer.precondition) == (403, "valid-calendar-data")

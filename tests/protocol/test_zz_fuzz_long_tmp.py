"""Bodies, headers and paths that were tampered with, for all methods: no 5xx, bounded memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rdv_caldav.bootstrap import AppointmentBook
from rdv_radicale.application import Application, create_app
from support.caldav import (
    XMLNS,
    busy_query,
    comp,
    component,
    expand,
    mkcalendar_body,
    mkcol_body,
    multiget,
    param,
    prop,
    propfind_body,
    proppatch_body,
    query,
    remove_props,
    set_props,
    sync_collection,
    text_match,
    time_range,
)
from support.dav import DavClient
from support.objects import event

MOST_MEMORY = 64 * 1024 * 1024
SERIES = event(
    times="DTSTART;TZID=Europe/Paris:20261125T090000\r\nDURATION:PT1H\r\n",
    lines="RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=9\r\nEXDATE;TZID=Europe/Paris:20261130T090000\r\n"
    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ivan@agence.example\r\n"
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nREPEAT:2\r\nDURATION:PT5M\r\n"
    "DESCRIPTION:x\r\nEND:VALARM\r\n",
)
TODO = component("VTODO", "t", "DTSTART:20261125T090000Z\r\nDUE:20261126T090000Z\r\n")
SPAN = ("20261101T000000Z", "20270101T000000Z")
SEARCH = (
    f"<principal-property-search {XMLNS}><property-search><prop><displayname/></prop>"
    "<match>a</match></property-search><prop><displayname/></prop></principal-property-search>"
)
EXPANSION = (
    f'<expand-property {XMLNS}><property name="owner"><property name="displayname"/></property>'
    "</expand-property>"
)
FILTERED = query(
    comp(
        "VEVENT",
        time_range(*SPAN),
        prop("SUMMARY", text_match("e", collation="i;octet", negate_condition="yes")),
        prop("ATTENDEE", param("PARTSTAT", text_match("ACCEPTED"))),
        comp("VALARM", time_range(*SPAN)),
    ),
    props=f"<getetag/>{expand(*SPAN)}",
)
BODIES: dict[str, list[str]] = {
    "PUT": [SERIES, TODO, component("VJOURNAL", "j", "SUMMARY:x\r\n")],
    "PROPFIND": [
        propfind_body("<getetag/><C:calendar-data/>"),
        f"<propfind {XMLNS}><allprop/></propfind>",
    ],
    "PROPPATCH": [
        proppatch_body(
            set_props("<displayname>x</displayname>"), remove_props('<a xmlns="urn:b"/>')
        )
    ],
    "MKCALENDAR": [mkcalendar_body("<displayname>x</displayname>"), ""],
    "MKCOL": [mkcol_body("<resourcetype><collection/><C:calendar/></resourcetype>"), ""],
    "REPORT": [
        FILTERED,
        sync_collection(limit=2, props="<C:calendar-data/>"),
        multiget("/dav/alice/perso/a.ics", "/dav/alice/claire/a.ics"),
        busy_query(*SPAN),
        SEARCH,
        EXPANSION,
    ],
    "GET": [""],
    "HEAD": [""],
    "DELETE": [""],
    "COPY": [""],
    "MOVE": [""],
    "OPTIONS": [""],
    "POST": [SERIES],
    "LOCK": [""],
}
PATHS = [
    "/",
    "/alice/",
    "/alice/perso/",
    "/alice/perso/a.ics",
    "/alice/perso/b.ics",
    "/alice/claire/",
    "/alice/claire/a.ics",
    "/alice/dossier/",
    "/alice/dossier/a.txt",
    "/alice/neu/",
    "/ivan/ivan/",
]
HEADERS = {
    "depth": ["0", "1", "infinity"],
    "if_match": ["*", '"1-0-e"', 'W/"x", "y"'],
    "if_none_match": ["*", '"1-0-e"'],
    "if": ['(["x"])', "<http://localhost/dav/alice/> (Not <DAV:no-lock>)"],
    "if_modified_since": ["Tue, 24 Nov 2026 08:00:00 GMT"],
    "destination": [f"http://localhost/dav{path}" for path in PATHS],
    "overwrite": ["T", "F"],
    "prefer": ["return=minimal", "return=representation", "depth-noroot, wait=1"],
    "content_type": ["text/calendar; charset=utf-8", "application/xml", "text/calendar; charset=x"],
    "accept": ["text/calendar", "application/calendar+json;q=0.5, */*"],
    "accept_encoding": ["gzip", "gzip;q=0, identity"],
    "range": ["bytes=0-5"],
    "brief": ["t"],
}
HOSTILE = [
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"]]>",
    b"&x;",
    b"<a>",
    b"</prop>",
    b"\r\n ",
    b"\r\n",
    b"BEGIN:VEVENT\r\n",
    b"END:VCALENDAR\r\n",
    b"RRULE:FREQ=SECONDLY\r\n",
    b"99999999T999999Z",
    b"00000000",
    b"-P999999999W",
    b"%00",
    b"%2F",
    b"../",
    b"9" * 400,
]


@st.composite
def tampered(draw: st.DrawFn, content: bytes, most: int = 4) -> bytes:
    """Cut, doubled, overwritten and spiked bytes."""
    for _ in range(draw(st.integers(0, most))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 40)))
        piece = draw(
            st.one_of(
                st.sampled_from(HOSTILE),
                st.binary(max_size=3),
                st.just(b""),
                st.just(content[start:end] * 2),
            )
        )
        content = content[:start] + piece + content[end:]
    return content


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, bytes, dict[str, str]]:
    """A method, a path as it comes from a server (latin-1), a body, and headers."""
    method = draw(st.sampled_from(sorted(BODIES)))
    path = draw(tampered(draw(st.sampled_from(PATHS)).encode(), most=1))
    body = draw(tampered(draw(st.sampled_from(BODIES[method])).encode()))
    names = draw(st.lists(st.sampled_from(sorted(HEADERS)), max_size=4, unique=True))
    sent = {
        name: draw(tampered(draw(st.sampled_from(HEADERS[name])).encode(), most=1))
        for name in names
    }
    # no server hands on a header with a line end or a NUL in it
    clean = {
        name: value.translate(None, b"\r\n\0").decode("latin-1") for name, value in sent.items()
    }
    return method, path.decode("latin-1"), body, clean


@pytest.fixture
def served(book: AppointmentBook) -> Iterator[Application]:
    """The server with an object in each kind of place, under a watch on its memory."""
    app = create_app(book)
    alice = DavClient(app, "alice")
    alice.request("MKCALENDAR", "/alice/perso/", expect=201)
    alice.request("MKCOL", "/alice/dossier/", expect=201)
    alice.put("/alice/perso/a.ics", SERIES, expect=201)
    alice.put("/alice/claire/a.ics", event("c"), expect=201)
    alice.put("/alice/dossier/a.txt", "a", expect=201)
    tracemalloc.start()
    yield app
    tracemalloc.stop()


@given(st.lists(requests(), min_size=1, max_size=4))
@settings(
    max_examples=3000,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_request_is_a_fault_of_the_server(
    served: Application, sent: list[tuple[str, str, bytes, dict[str, str]]]
) -> None:
    alice = DavClient(served, "alice")
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    for method, path, body, headers in sent:
        answer = alice.request(
            method, "/", body, expect=None, environ={"PATH_INFO": path}, **headers
        )
        assert answer.status < 500 or answer.status in (501, 502, 507)
        assert method != "HEAD" or answer.body == b""
    _, peak = tracemalloc.get_traced_memory()
    assert peak - before < MOST_MEMORY


def _nested(depth: int) -> str:
    return "<a>" * depth + "</a>" * depth


LARGE = {
    "deep XML": ("PROPFIND", f"<propfind {XMLNS}><prop>{_nested(100_000)}</prop></propfind>"),
    "many properties": ("PROPFIND", propfind_body("".join(f"<p{n}/>" for n in range(20_000)))),
    "one property often": ("PROPFIND", propfind_body("<C:calendar-data/><getetag/>" * 10_000)),
    "many hrefs": ("REPORT", multiget(*(f"/dav/alice/perso/{n}.ics" for n in range(20_000)))),
    "one href often": ("REPORT", multiget(*["/dav/alice/perso/a.ics"] * 20_000)),
    "many filters": (
        "REPORT",
        query(comp("VEVENT", prop("SUMMARY", text_match("e")) * 10_000)),
    ),
    "a long text-match": (
        "REPORT",
        query(comp("VEVENT", prop("SUMMARY", text_match("e" * 10**6)))),
    ),
    "deep properties": (
        "REPORT",
        f"<expand-property {XMLNS}>"
        + '<property name="owner">' * 50
        + "</property>" * 50
        + "</expand-property>",
    ),
    "wide properties": (
        "REPORT",
        f"<expand-property {XMLNS}>"
        + ('<property name="owner">' + '<property name="owner"/>' * 100 + "</property>") * 100
        + "</expand-property>",
    ),
    "a large dead property": (
        "PROPPATCH",
        proppatch_body(set_props(f'<a xmlns="urn:b">{"x" * 5_000_000}</a>')),
    ),
    "many dead properties": (
        "PROPPATCH",
        proppatch_body(set_props("".join(f'<p{n} xmlns="urn:b"/>' for n in range(20_000)))),
    ),
    "entities": (
        "PROPFIND",
        '<!DOCTYPE a [<!ENTITY b "'
        + "b" * 1000
        + '">]><propfind xmlns="DAV:"><prop><a>'
        + "&b;" * 10_000
        + "</a></prop></propfind>",
    ),
}


@pytest.mark.parametrize("case", LARGE)
def test_large_bodies_stay_bounded(served: Application, case: str) -> None:
    method, body = LARGE[case]
    alice = DavClient(served, "alice")
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    answer = alice.request(method, "/alice/perso/", body, depth="1")
    _, peak = tracemalloc.get_traced_memory()
    assert answer.status < 500 or answer.status == 507
    assert peak - before < MOST_MEMORY
    assert len(answer.body) < 20_000_000
    alice.request("PROPFIND", "/alice/perso/", expect=207, depth="1")

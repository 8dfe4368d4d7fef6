"""Mutated bodies, headers and paths of every verb: never a 5xx."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rdv_radicale.application import Application
from support.dav import MULTIGET, QUERY, SYNC, DavClient
from support.lens import CLIENTS
from support.objects import event

METHODS = ["GET", "PUT", "DELETE", "MOVE", "PROPFIND", "PROPPATCH", "REPORT", "MKCALENDAR", "COPY"]
BODIES = [
    *(path.read_bytes().decode() for path in CLIENTS),
    event(lines="RRULE:FREQ=DAILY;COUNT=4\r\n"),
    SYNC.format(token=""),
    MULTIGET.format(hrefs="<href>/dav/alice/claire/a.ics</href><href>/x</href>"),
    QUERY.format(span='start="20261101T000000Z" end="20271201T000000Z"'),
    '<propfind xmlns="DAV:"><prop><getetag/><x xmlns="urn:y"/></prop></propfind>',
    '<propertyupdate xmlns="DAV:"><set><prop><a xmlns="urn:b">X</a></prop></set></propertyupdate>',
]
names = st.sampled_from(["alice", "claire", "ivan", "sophie", "a.ics", "été.ics", "", "..", "\0"])
headers = st.fixed_dictionaries(
    {},
    optional={
        "depth": st.sampled_from(["0", "1", "infinity", "x"]),
        "if_match": st.sampled_from(["*", '"1-0-e"', "x", ""]),
        "if_none_match": st.sampled_from(["*", '"1-0-e", "b"']),
        "destination": st.sampled_from(["/dav/alice/ivan/b.ics", "/", "x", ""]),
        "content_type": st.sampled_from(["text/calendar", ";;;", "text/calendar; charset=utf-16"]),
        "accept_encoding": st.just("gzip"),
    },
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(BODIES))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text)))
        inserted = draw(st.text(max_size=4))
        text = text[:place] + inserted + text[place + draw(st.integers(0, 8)) :]
    return text


@given(
    st.sampled_from(["alice", "ivan", "claire", "nora"]),
    st.sampled_from(METHODS),
    st.lists(names, max_size=4),
    mutated(),
    headers,
)
@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_never_a_server_error(
    app: Application, login: str, method: str, path: list[str], body: str, sent: dict[str, str]
) -> None:
    url = "/" + "/".join([login, *path])
    answer = DavClient(app, login).request(method, url, body, expect=None, environ=None, **sent)
    assert answer.status < 500

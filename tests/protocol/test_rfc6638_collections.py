"""RFC 6638 (CalDAV scheduling) §2, §6, §9: inbox, outbox, their properties and privileges."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest

from support.caldav import (
    EVERYTHING,
    XMLNS,
    Place,
    assert_refused,
    busy_query,
    multiget,
    preconditions,
    proppatch_body,
    set_props,
    statuses,
    sync_collection,
)
from support.dav import CALDAV, DAV, DavClient, resources
from support.objects import event
from support.scheduling import DAY, IVAN, attendee

BOXES = ("inbox", "outbox")
LOGINS = ("admin", "alice", "nora", "ivan", "claire", "héloïse@agence.example")
BOX = pytest.mark.parametrize("box", BOXES)
TRANSP = f"{CALDAV}schedule-calendar-transp"
DEFAULT = f"{CALDAV}schedule-default-calendar-URL"

Login = Callable[[str], DavClient]


def _types(client: DavClient, path: str) -> set[str]:
    (found,) = client.propfind(path, f"{DAV}resourcetype").values()
    return {one.tag for one in found.props[f"{DAV}resourcetype"]}


def _href(client: DavClient, path: str, name: str) -> str | None:
    (found,) = client.propfind(path, name).values()
    return found.props[name].findtext(f"{DAV}href") if name in found.props else None


def _privileges(client: DavClient, path: str, name: str) -> set[str]:
    (found,) = client.propfind(path, f"{DAV}{name}").values()
    return {one.tag for each in found.props[f"{DAV}{name}"].iter(f"{DAV}privilege") for one in each}


def _set(client: DavClient, path: str, props: str) -> dict[str, int]:
    answer = client.request("PROPPATCH", path, proppatch_body(set_props(props)))
    return statuses(answer) if answer.status == 207 else {"": answer.status}


# -- §2: announced and found --------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/alice/", "/alice/claire/", "/alice/inbox/"])
@pytest.mark.parametrize("anonymous", [False, True], ids=["with login", "without"])
def test_2_options_announce_it(alice: DavClient, path: str, *, anonymous: bool) -> None:
    if anonymous:
        alice.login = None
    features = alice.request("OPTIONS", path, expect=200).headers["dav"]
    assert "calendar-auto-schedule" in [each.strip() for each in features.split(",")]


@BOX
@pytest.mark.parametrize("name", LOGINS)
def test_2_1_and_2_2_every_account_has_them(login: Login, name: str, box: str) -> None:
    client = login(name)
    assert _types(client, f"/{name}/{box}/") == {f"{DAV}collection", f"{CALDAV}schedule-{box}"}


@BOX
@pytest.mark.parametrize("name", LOGINS)
def test_2_1_1_and_2_2_1_the_principal_says_where(login: Login, name: str, box: str) -> None:
    url = f"/dav/{quote(name, safe='@')}/{box}/"
    found = _href(login(name), f"/{name}/", f"{CALDAV}schedule-{box}-URL")
    assert found is not None
    assert found.replace("%40", "@") == url


def test_2_the_home_lists_both_once(alice: DavClient) -> None:
    found = alice.propfind("/alice/", f"{DAV}resourcetype", depth=1)
    for box in BOXES:
        kinds = found[f"/dav/alice/{box}/"].props[f"{DAV}resourcetype"]
        assert kinds.find(f"{CALDAV}schedule-{box}") is not None
        assert kinds.find(f"{CALDAV}calendar") is None


@BOX
def test_2_their_owner_is_the_account(alice: DavClient, box: str) -> None:
    for name in ("owner", "current-user-principal"):
        assert _href(alice, f"/alice/{box}/", f"{DAV}{name}") == "/dav/alice/"


def test_2_allprop_does_not_tell(alice: DavClient) -> None:
    (home,) = alice.propfind("/alice/").values()
    assert not {f"{CALDAV}schedule-{box}-URL" for box in BOXES} & set(home.props)
    (calendar,) = alice.propfind("/alice/claire/").values()
    assert TRANSP not in calendar.props
    (inbox,) = alice.propfind("/alice/inbox/").values()
    assert DEFAULT not in inbox.props


@pytest.mark.parametrize(
    "name",
    [
        "schedule-inbox-URL",
        "schedule-outbox-URL",
        "calendar-user-address-set",
        "calendar-user-type",
    ],
)
def test_2_what_the_principal_says_is_protected(alice: DavClient, name: str) -> None:
    value = "<href>/dav/alice/claire/</href>"
    body = proppatch_body(set_props(f"<C:{name}>{value}</C:{name}>"))
    answer = alice.request("PROPPATCH", "/alice/", body, expect=207)
    assert statuses(answer) == {f"{CALDAV}{name}": 403}
    assert f"{DAV}cannot-modify-protected-property" in preconditions(answer)


def test_2_4_2_calendar_user_type(claire: DavClient) -> None:
    name = f"{CALDAV}calendar-user-type"
    assert claire.propfind("/claire/", name)["/dav/claire/"].text(name) == "INDIVIDUAL"


# -- §2.2, §2.3: nothing lies in the inbox ------------------------------------------------


@pytest.fixture
def invited(alice: DavClient, ivan: DavClient) -> Place:
    """The inbox of somebody who was just invited, and whom one told of it in his calendar."""
    alice.put("/alice/alice/a.ics", event("a", lines=attendee(IVAN)), expect=201)
    ivan.get("/ivan/ivan/a.ics")
    return Place(ivan, "/ivan/inbox/")


def test_2_3_reports_of_an_empty_inbox(invited: Place) -> None:
    assert invited.listed() == {}
    query = f"<C:calendar-query {XMLNS}><prop><getetag/></prop>{EVERYTHING}</C:calendar-query>"
    assert invited.names(query) == set()
    (missing,) = resources(invited.report(multiget("/dav/ivan/inbox/a.ics"))).values()
    assert missing.status == 404


def test_2_3_an_empty_inbox_in_sync(invited: Place) -> None:
    answer = invited.report(sync_collection())
    token = answer.xml.findtext(f"{DAV}sync-token")
    assert token
    assert resources(answer) == {}
    again = invited.report(sync_collection(token))
    assert resources(again) == {}
    assert again.xml.findtext(f"{DAV}sync-token") == token


@BOX
def test_2_3_no_free_busy_query_of_a_box(alice: DavClient, box: str) -> None:
    answer = alice.request("REPORT", f"/alice/{box}/", busy_query(*DAY), depth="1")
    assert_refused(answer, f"{DAV}supported-report")


@BOX
def test_2_3_what_a_box_announces_it_answers(alice: DavClient, box: str) -> None:
    (found,) = alice.propfind(f"/alice/{box}/", f"{DAV}supported-report-set").values()
    names = {
        each.tag
        for each in found.props[f"{DAV}supported-report-set"].iterfind(
            f"{DAV}supported-report/{DAV}report/*"
        )
    }
    assert f"{CALDAV}free-busy-query" not in names
    if box == "inbox":
        assert {f"{CALDAV}calendar-query", f"{CALDAV}calendar-multiget"} <= names
    for name in names:
        namespace, _, local = name[1:].partition("}")
        body = f'<x:{local} xmlns:x="{namespace}"/>'
        answer = alice.request("REPORT", f"/alice/{box}/", body, depth="0")
        assert b"supported-report" not in answer.body, name


# -- nobody writes there ------------------------------------------------------------------


@BOX
def test_2_nothing_is_put_there(alice: DavClient, box: str) -> None:
    alice.put(f"/alice/{box}/a.ics", event("a"), expect=403)
    alice.put(f"/alice/{box}/", event("a"), expect=403)
    for method in ("MKCOL", "MKCALENDAR"):
        alice.request(method, f"/alice/{box}/neuf/", expect=403)
    assert list(alice.propfind(f"/alice/{box}/", f"{DAV}getetag", depth=1)) == [
        f"/dav/alice/{box}/"
    ]


@BOX
def test_2_nothing_is_moved_or_copied_there(perso: Place, box: str) -> None:
    perso.put("a.ics", event("a"))
    for method in ("COPY", "MOVE"):
        for source in ("/alice/perso/a.ics", "/alice/perso/"):
            target = f"http://localhost/dav/alice/{box}/x"
            answer = perso.client.request(method, source, destination=target)
            assert answer.status in (403, 405), (method, source, answer.status)
    perso.client.get("/alice/perso/a.ics")


@BOX
def test_2_they_stay(alice: DavClient, box: str) -> None:
    alice.request("DELETE", f"/alice/{box}/", expect=403)
    target = "http://localhost/dav/alice/ailleurs/"
    assert alice.request("MOVE", f"/alice/{box}/", destination=target).status in (403, 405)
    for method in ("MKCOL", "MKCALENDAR"):
        assert alice.request(method, f"/alice/{box}/").status in (403, 405)
    assert f"{CALDAV}schedule-{box}" in _types(alice, f"/alice/{box}/")


@BOX
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_2_reading_one_as_a_file_fails_quietly(alice: DavClient, box: str, method: str) -> None:
    assert alice.request(method, f"/alice/{box}/").status in (200, 403, 404, 405)
    assert alice.request(method, f"/alice/{box}/a.ics").status == 404


@BOX
@pytest.mark.parametrize("method", ["PROPFIND", "REPORT", "PUT", "POST", "DELETE"])
def test_2_they_are_nobody_elses(claire: DavClient, box: str, method: str) -> None:
    body = {"PROPFIND": "", "REPORT": sync_collection()}.get(method, event("a"))
    answer = claire.request(method, f"/alice/{box}/", body, depth="0", content_type="text/calendar")
    assert answer.status in (403, 404)
    assert b"Gestion" not in answer.body


# -- §6: privileges -----------------------------------------------------------------------

SEND = {"schedule-send", "schedule-send-invite", "schedule-send-reply", "schedule-send-freebusy"}
DELIVER = {
    "schedule-deliver",
    "schedule-deliver-invite",
    "schedule-deliver-reply",
    "schedule-query-freebusy",
}


@pytest.mark.parametrize(("box", "expected"), [("inbox", DELIVER), ("outbox", SEND)])
@pytest.mark.parametrize("name", ["alice", "ivan", "claire"])
def test_6_privileges(login: Login, name: str, box: str, expected: set[str]) -> None:
    path, names = f"/{name}/{box}/", {f"{CALDAV}{each}" for each in expected}
    granted = _privileges(login(name), path, "current-user-privilege-set")
    assert names <= granted
    assert f"{DAV}read" in granted
    assert not {f"{DAV}write-content", f"{DAV}bind"} & granted
    assert granted <= _privileges(login(name), path, "supported-privilege-set")


@pytest.mark.parametrize(("box", "expected"), [("inbox", DELIVER), ("outbox", SEND)])
def test_6_3_one_aggregates_the_others(alice: DavClient, box: str, expected: set[str]) -> None:
    name = f"{DAV}supported-privilege-set"
    (found,) = alice.propfind(f"/alice/{box}/", name).values()
    top = "schedule-deliver" if box == "inbox" else "schedule-send"
    (whole,) = [
        each
        for each in found.props[name].iter(f"{DAV}supported-privilege")
        if each.find(f"{DAV}privilege/{CALDAV}{top}") is not None
    ]
    inner = {each.tag for one in whole.iter(f"{DAV}privilege") for each in one}
    assert inner == {f"{CALDAV}{each}" for each in expected}


# -- §9.1: schedule-calendar-transp -------------------------------------------------------


def _transp(place: Place) -> str:
    (found,) = place.client.propfind(place.path, TRANSP).values()
    (value,) = found.props[TRANSP]
    return value.tag.removeprefix(CALDAV)


def test_9_1_calendars_are_opaque_until_they_are_made_transparent(any_calendar: Place) -> None:
    assert _transp(any_calendar) == "opaque"
    for value in ("transparent", "opaque"):
        props = f"<C:schedule-calendar-transp><C:{value}/></C:schedule-calendar-transp>"
        assert _set(any_calendar.client, any_calendar.path, props) == {TRANSP: 200}
        assert _transp(any_calendar) == value


@pytest.mark.parametrize("value", ["", "opaque", "<C:other/>", "<C:opaque/><C:transparent/>"])
def test_9_1_nothing_else_is_taken(any_calendar: Place, value: str) -> None:
    props = f"<C:schedule-calendar-transp>{value}</C:schedule-calendar-transp>"
    assert 200 not in _set(any_calendar.client, any_calendar.path, props).values()
    assert _transp(any_calendar) == "opaque"


def test_9_1_a_new_calendar_may_begin_transparent(alice: DavClient) -> None:
    props = "<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>"
    body = f"<C:mkcalendar {XMLNS}>{set_props(props)}</C:mkcalendar>"
    alice.request("MKCALENDAR", "/alice/idees/", body, expect=201)
    assert _transp(Place(alice, "/alice/idees/")) == "transparent"


def test_9_1_it_is_each_accounts_own(alice: DavClient, login: Login) -> None:
    props = "<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>"
    assert _set(alice, "/alice/claire/", props) == {TRANSP: 200}
    assert _transp(Place(login("nora"), "/nora/claire/")) == "opaque"


# -- §9.2: schedule-default-calendar-URL --------------------------------------------------


@pytest.mark.parametrize("name", ["alice", "ivan", "claire"])
def test_9_2_the_default_is_ones_own_calendar(login: Login, name: str) -> None:
    assert _href(login(name), f"/{name}/inbox/", DEFAULT) == f"/dav/{name}/{name}/"


def test_9_2_who_is_no_person_has_one_that_he_made(login: Login) -> None:
    nora = login("nora")
    assert _href(nora, "/nora/inbox/", DEFAULT) is None
    nora.request("MKCALENDAR", "/nora/perso/", expect=201)
    assert _href(nora, "/nora/inbox/", DEFAULT) == "/dav/nora/perso/"
    nora.request("DELETE", "/nora/perso/", expect=204)
    assert _href(nora, "/nora/inbox/", DEFAULT) is None


def test_9_2_it_names_no_calendar_that_is_not_there(alice: DavClient) -> None:
    for url in ("/dav/alice/nowhere/", "/dav/claire/claire/", "/dav/alice/inbox/"):
        value = f"<href>{url}</href>"
        props = f"<C:schedule-default-calendar-URL>{value}</C:schedule-default-calendar-URL>"
        assert 200 not in _set(alice, "/alice/inbox/", props).values()
    assert _href(alice, "/alice/inbox/", DEFAULT) == "/dav/alice/alice/"

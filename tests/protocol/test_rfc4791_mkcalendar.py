"""RFC 4791 (CalDAV): MKCALENDAR, and what makes a calendar one (§4.2, §5.3.1)."""

from __future__ import annotations

import pytest

from support.caldav import (
    XMLNS,
    Place,
    assert_refused,
    calendar,
    component,
    mkcalendar_body,
    preconditions,
    set_props,
)
from support.dav import CALDAV, DAV, Answer, DavClient
from support.objects import event

NEW = "/alice/neu/"
ZONE = calendar(
    "BEGIN:VTIMEZONE\r\nTZID:Ost\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
    "TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0500\r\nTZNAME:EST\r\nEND:STANDARD\r\nEND:VTIMEZONE"
)
FULL = (
    "<displayname>Mes événements</displayname>"
    '<C:calendar-description xml:lang="fr">À moi</C:calendar-description>'
    '<C:supported-calendar-component-set><C:comp name="VEVENT"/><C:comp name="VTODO"/>'
    "</C:supported-calendar-component-set>"
    f"<C:calendar-timezone><![CDATA[{ZONE}]]></C:calendar-timezone>"
)


def _make(client: DavClient, body: str = "", *, path: str = NEW) -> Answer:
    return client.request("MKCALENDAR", path, body, content_type="application/xml")


def _assert_nothing_made(client: DavClient, path: str = NEW) -> None:
    client.request("PROPFIND", path, expect=404, depth="0")


def test_5_3_1_a_calendar_without_a_body(alice: DavClient) -> None:
    answer = _make(alice)
    assert answer.status == 201
    assert "no-cache" in answer.headers["cache-control"]
    (found,) = alice.propfind(NEW, f"{DAV}resourcetype").values()
    kinds = {kind.tag for kind in found.props[f"{DAV}resourcetype"]}
    assert kinds == {f"{DAV}collection", f"{CALDAV}calendar"}
    assert Place(alice, NEW).listed() == {}


def test_5_3_1_a_calendar_is_listed_in_the_home(perso: Place) -> None:
    assert perso.url in perso.client.propfind("/alice/", f"{DAV}resourcetype", depth=1)


def test_5_3_1_the_body_sets_properties(alice: DavClient) -> None:
    assert _make(alice, mkcalendar_body(FULL)).status == 201
    names = (
        f"{DAV}displayname",
        f"{CALDAV}calendar-description",
        f"{CALDAV}supported-calendar-component-set",
        f"{CALDAV}calendar-timezone",
    )
    (found,) = alice.propfind(NEW, *names).values()
    assert found.text(names[0]) == "Mes événements"
    assert found.text(names[1]) == "À moi"
    assert found.props[names[1]].get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"
    assert {one.get("name") for one in found.props[names[2]]} == {"VEVENT", "VTODO"}
    assert "TZID:Ost" in found.text(names[3])


def test_5_3_1_dead_properties_too(alice: DavClient) -> None:
    assert _make(alice, mkcalendar_body('<a xmlns="urn:b">c</a>')).status == 201
    (found,) = alice.propfind(NEW, "{urn:b}a").values()
    assert found.text("{urn:b}a") == "c"


@pytest.mark.parametrize("path", ["/alice/perso/", "/alice/dossier/", "/alice/claire/"])
def test_5_3_1_1_resource_must_be_null(perso: Place, folder: Place, path: str) -> None:
    perso.put("a.ics", event())
    assert_refused(_make(perso.client, path=path), f"{DAV}resource-must-be-null", 403, 405, 409)
    assert set(perso.listed()) == {"a.ics"}


@pytest.mark.parametrize(
    "path", ["/alice/perso/in/", "/alice/claire/in/", "/ivan/neu/", "/neu/", "/ivan/ivan/in/"]
)
def test_5_3_1_1_calendar_collection_location_ok(perso: Place, path: str) -> None:
    answer = _make(perso.client, path=path)
    if path.startswith("/alice/"):
        assert_refused(answer, f"{CALDAV}calendar-collection-location-ok")
    else:
        assert answer.status in (403, 404, 409)


def test_5_3_1_1_409_without_a_parent(alice: DavClient) -> None:
    assert _make(alice, path="/alice/missing/neu/").status == 409
    _assert_nothing_made(alice, "/alice/missing/")


@pytest.mark.parametrize(
    "zone",
    ["nothing", calendar("BEGIN:VTIMEZONE\r\nEND:VTIMEZONE"), event(), calendar()],
    ids=["text", "empty", "event", "none"],
)
def test_5_3_1_1_valid_calendar_data_in_calendar_timezone(alice: DavClient, zone: str) -> None:
    props = f"<displayname>x</displayname><C:calendar-timezone>{zone}</C:calendar-timezone>"
    answer = _make(alice, mkcalendar_body(props))
    assert answer.status in (207, 403, 409, 424)
    assert f"{CALDAV}valid-calendar-data" in preconditions(answer)
    _assert_nothing_made(alice)


@pytest.mark.parametrize(
    "prop",
    [
        "<getetag>x</getetag>",
        "<sync-token>x</sync-token>",
        "<C:max-resource-size>9</C:max-resource-size>",
    ],
)
def test_5_3_1_all_properties_or_no_calendar(alice: DavClient, prop: str) -> None:
    answer = _make(alice, mkcalendar_body(f"<displayname>x</displayname>{prop}"))
    assert answer.status in (207, 403, 424)
    found = {one.text for one in answer.xml.iter(f"{DAV}status")}
    assert any(" 403 " in str(line) for line in found)
    assert any(" 424 " in str(line) for line in found)
    _assert_nothing_made(alice)


@pytest.mark.parametrize("names", [("VALARM",), ("VEVENT", "VXYZ"), ("VTIMEZONE",), ()])
def test_5_2_3_component_sets_that_are_none(alice: DavClient, names: tuple[str, ...]) -> None:
    inner = "".join(f'<C:comp name="{name}"/>' for name in names)
    tag = "C:supported-calendar-component-set"
    answer = _make(alice, mkcalendar_body(f"<{tag}>{inner}</{tag}>"))
    assert answer.status in (207, 400, 403, 409, 424)
    _assert_nothing_made(alice)


@pytest.mark.parametrize(
    "body",
    [
        f"<C:mkcalendar {XMLNS}>",
        f"<mkcol {XMLNS}>{set_props('<displayname>x</displayname>')}</mkcol>",
        "text",
        f"<C:mkcalendar {XMLNS}><x/></C:mkcalendar>",
    ],
    ids=["cut", "another root", "text", "unknown only"],
)
def test_5_3_1_bodies_that_mean_nothing(alice: DavClient, body: str) -> None:
    answer = _make(alice, body)
    if "<x/>" in body and answer.status == 201:
        return  # unknown elements are ignored (RFC 4918 §17), nothing is left
    assert answer.status in (400, 403, 415, 422)
    _assert_nothing_made(alice)


@pytest.mark.parametrize("kind", ["VEVENT", "VTODO", "VJOURNAL"])
def test_5_2_3_only_the_components_of_the_set(alice: DavClient, kind: str) -> None:
    tag = "C:supported-calendar-component-set"
    body = mkcalendar_body(f'<{tag}><C:comp name="{kind}"/></{tag}>')
    assert _make(alice, body).status == 201
    for other in ("VEVENT", "VTODO", "VJOURNAL"):
        answer = alice.put(
            f"{NEW}{other}.ics", component(other, other, "DTSTART:20261125T090000Z\r\n")
        )
        if other == kind:
            assert answer.status == 201
        else:
            assert_refused(answer, f"{CALDAV}supported-calendar-component")


def test_4_2_others_learn_nothing(perso: Place, ivan: DavClient, app: object) -> None:
    perso.put("a.ics", event())
    admin = DavClient(app, "admin")
    for client in (ivan, admin):
        for path in ("/alice/perso/", "/alice/perso/a.ics", f"/{client.login}/perso/"):
            assert client.request("PROPFIND", path, depth="0").status in (403, 404)
            assert client.request("GET", path).status in (403, 404)
        answer = client.put("/alice/perso/b.ics", event("b"))
        assert answer.status in (403, 404, 409)
    assert set(perso.listed()) == {"a.ics"}

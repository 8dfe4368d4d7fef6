"""RFC 5689: extended MKCOL, and RFC 4331's quota."""

from __future__ import annotations

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from support.caldav import (
    XMLNS,
    Place,
    assert_refused,
    mkcol_body,
    preconditions,
    propfind_body,
    statuses,
)
from support.dav import CALDAV, DAV, Answer, DavClient
from support.objects import event

NEW = "/alice/neu/"
CALENDAR = "<resourcetype><collection/><C:calendar/></resourcetype>"
COLLECTION = "<resourcetype><collection/></resourcetype>"


def _make(client: DavClient, body: str, *, path: str = NEW) -> Answer:
    return client.request("MKCOL", path, body, content_type="application/xml; charset=utf-8")


def _kinds(client: DavClient, path: str = NEW) -> set[str]:
    (found,) = client.propfind(path, f"{DAV}resourcetype").values()
    return {kind.tag for kind in found.props[f"{DAV}resourcetype"]}


def _assert_nothing_made(client: DavClient) -> None:
    client.request("PROPFIND", NEW, expect=404, depth="0")


def test_3_1_it_is_announced(alice: DavClient) -> None:
    words = alice.request("OPTIONS", "/alice/").headers["dav"].split(",")
    assert "extended-mkcol" in {word.strip() for word in words}


def test_3_a_calendar_with_properties(alice: DavClient) -> None:
    props = (
        f'{CALENDAR}<displayname>Neu</displayname><a xmlns="urn:b">c</a>'
        '<C:supported-calendar-component-set><C:comp name="VTODO"/>'
        "</C:supported-calendar-component-set>"
    )
    assert _make(alice, mkcol_body(props)).status == 201
    assert _kinds(alice) == {f"{DAV}collection", f"{CALDAV}calendar"}
    names = f"{DAV}displayname", "{urn:b}a", f"{CALDAV}supported-calendar-component-set"
    (found,) = alice.propfind(NEW, *names).values()
    assert found.text(names[0]) == "Neu"
    assert found.text(names[1]) == "c"
    assert [one.get("name") for one in found.props[names[2]]] == ["VTODO"]
    assert_refused(alice.put(f"{NEW}a.ics", event()), f"{CALDAV}supported-calendar-component")


def test_3_a_plain_collection(alice: DavClient) -> None:
    props = f"{COLLECTION}<displayname>Neu</displayname>"
    assert _make(alice, mkcol_body(props)).status == 201
    assert _kinds(alice) == {f"{DAV}collection"}
    alice.put(f"{NEW}a.txt", "a", expect=201)


@pytest.mark.parametrize(
    "kinds",
    [
        '<collection/><x:shelf xmlns:x="urn:x"/>',
        '<collection/><x:addressbook xmlns:x="urn:ietf:params:xml:ns:carddav"/>',
        "<C:calendar/>",
        "<collection/><principal/>",
    ],
)
def test_3_3_valid_resourcetype(alice: DavClient, kinds: str) -> None:
    answer = _make(alice, mkcol_body(f"<resourcetype>{kinds}</resourcetype>"))
    assert answer.status in (207, 403, 409, 424)
    assert f"{DAV}valid-resourcetype" in preconditions(answer)
    _assert_nothing_made(alice)


def test_3_all_properties_or_nothing(alice: DavClient) -> None:
    answer = _make(alice, mkcol_body(f"{CALENDAR}<displayname>x</displayname><getetag>y</getetag>"))
    assert answer.status in (207, 403, 424)
    assert answer.xml.tag in (f"{DAV}mkcol-response", f"{DAV}multistatus")
    found = statuses(answer)
    assert found[f"{DAV}getetag"] == 403
    assert found[f"{DAV}displayname"] == 424
    assert f"{DAV}cannot-modify-protected-property" in preconditions(answer)
    _assert_nothing_made(alice)


@pytest.mark.parametrize(
    "body",
    [
        f"<mkcol {XMLNS}>",
        f"<propfind {XMLNS}><prop><getetag/></prop></propfind>",
        '<mkcol xmlns="urn:other"/>',
    ],
    ids=["cut", "another root", "another namespace"],
)
def test_3_bodies_that_mean_nothing(alice: DavClient, body: str) -> None:
    assert _make(alice, body).status in (400, 415, 422)
    _assert_nothing_made(alice)


def test_3_where_something_stands(perso: Place) -> None:
    answer = _make(perso.client, mkcol_body(CALENDAR), path=perso.path)
    assert answer.status == 405
    answer = _make(perso.client, mkcol_body(CALENDAR), path="/alice/missing/neu/")
    assert answer.status == 409


def test_3_no_calendar_in_a_calendar(perso: Place) -> None:
    answer = _make(perso.client, mkcol_body(CALENDAR), path=f"{perso.path}in/")
    assert_refused(answer, f"{CALDAV}calendar-collection-location-ok")


# -- RFC 4331 -----------------------------------------------------------------------------


def _quota(place: Place) -> tuple[int, int]:
    names = f"{DAV}quota-used-bytes", f"{DAV}quota-available-bytes"
    (found,) = place.client.propfind(place.path, *names).values()
    return int(found.text(names[0])), int(found.text(names[1]))


def test_4331_3_used_and_available(perso: Place) -> None:
    used, available = _quota(perso)
    perso.put("a.ics", event())
    more, less = _quota(perso)
    assert more - used >= len(event())
    assert available - less >= len(event())
    perso.client.delete(f"{perso.path}a.ics")
    assert _quota(perso) == (used, available)


def test_4331_4_allprop_does_not_have_them(perso: Place) -> None:
    body = f"<propfind {XMLNS}><allprop/></propfind>"
    answer = perso.client.request("PROPFIND", perso.path, body, expect=207, depth="0")
    assert b"quota-" not in answer.body


def test_4331_6_what_is_too_much_is_507(book: AppointmentBook, perso: Place, folder: Place) -> None:
    with book.database.writing() as tx:
        tx.agency.save_setting("personal_quota", 2_000)
    perso.put("a.ics", event())
    text = event("b", lines=f"X-A:{'x' * 1_900}\r\n")
    for place, name in ((perso, "b.ics"), (folder, "b.txt")):
        answer = place.client.put(place.path + name, text)
        assert_refused(answer, f"{DAV}quota-not-exceeded", 507)
        assert name not in place.listed()
    answer = perso.client.request(
        "PROPFIND", perso.path, propfind_body("<quota-available-bytes/>"), expect=207, depth="0"
    )
    assert statuses(answer) == {f"{DAV}quota-available-bytes": 200}

"""RFC 3744 (the reading side), RFC 5397, RFC 3253: principals, privileges and their reports."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from support.caldav import XMLNS, Place, assert_refused
from support.dav import CALDAV, DAV, Answer, DavClient, resources
from support.objects import event

SELF = "/dav/alice/"


def _read(client: DavClient, path: str, name: str) -> ET.Element:
    (found,) = client.propfind(path, name).values()
    return found.props[name]


def _href(client: DavClient, path: str, name: str) -> str | None:
    return _read(client, path, f"{DAV}{name}").findtext(f"{DAV}href")


def _privileges(client: DavClient, path: str) -> set[str]:
    found = _read(client, path, f"{DAV}current-user-privilege-set")
    return {one.tag.partition("}")[2] for one in found.iterfind(f"{DAV}privilege/*")}


def _report(client: DavClient, path: str, body: str, **headers: str) -> Answer:
    headers.setdefault("depth", "0")
    return client.request("REPORT", path, body, expect=None, environ=None, **headers)


@pytest.mark.parametrize("path", ["/", "/alice/", "/alice/claire/", "/alice/perso/"])
def test_5397_current_user_principal(perso: Place, path: str) -> None:
    assert _href(perso.client, path, "current-user-principal") == SELF


def test_4_2_principal_url_and_its_resourcetype(alice: DavClient) -> None:
    assert _href(alice, "/alice/", "principal-URL") == SELF
    kinds = {kind.tag for kind in _read(alice, "/alice/", f"{DAV}resourcetype")}
    assert f"{DAV}principal" in kinds


def test_4_a_principal_has_a_name_and_addresses(alice: DavClient) -> None:
    assert _read(alice, "/alice/", f"{DAV}displayname").text
    found = _read(alice, "/alice/", f"{CALDAV}calendar-user-address-set")
    assert any((one.text or "").startswith("mailto:") for one in found)


def test_5_8_principal_collection_set(any_calendar: Place) -> None:
    for path in ("/", "/alice/", any_calendar.path):
        href = _href(any_calendar.client, path, "principal-collection-set")
        assert href is not None
        assert SELF.startswith(href)


@pytest.mark.parametrize("path", ["/alice/", "/alice/claire/", "/alice/perso/"])
def test_5_1_owner(perso: Place, path: str) -> None:
    assert _href(perso.client, path, "owner") == SELF


def test_5_4_of_ones_own_calendar_all(perso: Place) -> None:
    found = _privileges(perso.client, perso.path)
    assert {"read", "write", "write-content", "bind", "unbind", "write-properties"} <= found


def test_5_4_who_reads_only_is_told_so(claire: DavClient) -> None:
    found = _privileges(claire, "/claire/claire/")
    assert "read" in found
    assert not {"write", "write-content", "bind", "all"} & found
    assert_refused(claire.put("/claire/claire/a.ics", event()), f"{DAV}need-privileges")


def test_5_4_who_edits_is_told_so(alice: DavClient) -> None:
    assert {"read", "write-content", "bind", "unbind"} <= _privileges(alice, "/alice/claire/")


def test_5_4_the_home_is_open_for_new_collections(perso: Place) -> None:
    assert {"read", "bind"} <= _privileges(perso.client, "/alice/")


def test_5_4_every_privilege_is_a_supported_one(any_calendar: Place) -> None:
    found = _read(any_calendar.client, any_calendar.path, f"{DAV}supported-privilege-set")
    supported = {one.tag.partition("}")[2] for one in found.iterfind(f".//{DAV}privilege/*")}
    assert {"all", "read", "write", "read-free-busy", "bind", "unbind"} <= supported
    assert _privileges(any_calendar.client, any_calendar.path) <= supported


def test_5_3_supported_privileges_are_one_tree(any_calendar: Place) -> None:
    found = _read(any_calendar.client, any_calendar.path, f"{DAV}supported-privilege-set")
    (top,) = found
    assert top.tag == f"{DAV}supported-privilege"
    assert top.find(f"{DAV}privilege/{DAV}all") is not None
    read = next(
        one
        for one in top.iter(f"{DAV}supported-privilege")
        if one.find(f"{DAV}privilege/{DAV}read") is not None
    )
    assert read.find(f".//{CALDAV}read-free-busy") is not None
    for one in top.iter(f"{DAV}supported-privilege"):
        assert one.find(f"{DAV}privilege") is not None
        assert one.findtext(f"{DAV}description")


def test_7_1_1_need_privileges_says_where_and_which(claire: DavClient) -> None:
    answer = claire.put("/claire/claire/a.ics", event(), expect=403)
    (needed,) = answer.xml.iterfind(f"{DAV}need-privileges/{DAV}resource")
    assert (needed.findtext(f"{DAV}href") or "").startswith("/dav/claire/claire/")
    (privilege,) = needed.iterfind(f"{DAV}privilege")
    assert len(privilege) == 1


@pytest.mark.parametrize("name", ["group-member-set", "group-membership", "alternate-URI-set"])
def test_4_principals_have_no_groups_to_tell(alice: DavClient, name: str) -> None:
    found = alice.propfind("/alice/", f"{DAV}{name}")["/dav/alice/"].props
    assert all(len(element) == 0 for element in found.values())


# -- reports ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/alice/"])
def test_9_3_principal_match_finds_oneself(alice: DavClient, path: str) -> None:
    body = f"<principal-match {XMLNS}><self/><prop><displayname/></prop></principal-match>"
    found = resources(_report(alice, path, body))
    assert SELF in found
    assert found[SELF].props[f"{DAV}displayname"].text


def test_9_3_principal_match_by_a_property(alice: DavClient) -> None:
    body = (
        f"<principal-match {XMLNS}><principal-property><owner/></principal-property>"
        "<prop><displayname/></prop></principal-match>"
    )
    answer = _report(alice, "/alice/", body)
    assert answer.status in (207, 403)
    if answer.status == 207:
        assert all(href.startswith(SELF) for href in resources(answer))


def _search(match: str, *, prop: str = "<displayname/>") -> str:
    return (
        f"<principal-property-search {XMLNS}><property-search><prop>{prop}</prop>"
        f"<match>{match}</match></property-search><prop><displayname/></prop>"
        "</principal-property-search>"
    )


@pytest.mark.parametrize("match", ["alice", "ALICE", "lice"])
def test_9_4_principal_property_search_by_name(alice: DavClient, match: str) -> None:
    found = resources(_report(alice, "/", _search(match)))
    assert SELF in found
    assert "alice" in (found[SELF].props[f"{DAV}displayname"].text or "").lower()


def test_9_4_by_address(alice: DavClient) -> None:
    prop = "<C:calendar-user-address-set/>"
    assert SELF in resources(_report(alice, "/", _search("alice@agence.example", prop=prop)))


def test_9_4_what_matches_nobody(alice: DavClient) -> None:
    answer = _report(alice, "/", _search("nobody-at-all"))
    assert answer.status == 207
    assert resources(answer) == {}


def test_9_4_all_conditions_must_be_met(alice: DavClient) -> None:
    body = _search("alice").replace(
        "</property-search>",
        "</property-search><property-search><prop><displayname/></prop>"
        "<match>nobody</match></property-search>",
        1,
    )
    assert resources(_report(alice, "/", body)) == {}


def test_9_4_clients_learn_of_nobody_they_may_not_see(claire: DavClient) -> None:
    for match in ("a", "e", "sophie", "dupont"):
        answer = _report(claire, "/", _search(match))
        assert "sophie" not in answer.text.lower().replace("<match>sophie", "")
        assert "dupont" not in answer.text.lower()


@pytest.mark.parametrize("depth", ["1", "infinity"])
def test_9_4_depth_is_0(alice: DavClient, depth: str) -> None:
    assert _report(alice, "/", _search("alice"), depth=depth).status in (207, 400)


def test_9_5_principal_search_property_set(alice: DavClient) -> None:
    body = f"<principal-search-property-set {XMLNS}/>"
    answer = _report(alice, "/", body)
    assert answer.status == 200
    assert answer.xml.tag == f"{DAV}principal-search-property-set"
    props = {one.tag for one in answer.xml.iterfind(f"{DAV}principal-search-property/{DAV}prop/*")}
    assert f"{DAV}displayname" in props
    for one in answer.xml:
        assert one.findtext(f"{DAV}description")


def test_3253_3_8_expand_property(any_calendar: Place) -> None:
    body = (
        f'<expand-property {XMLNS}><property name="current-user-principal">'
        '<property name="displayname"/><property name="calendar-home-set" '
        'namespace="urn:ietf:params:xml:ns:caldav"><property name="resourcetype"/></property>'
        '</property><property name="getetag"/></expand-property>'
    )
    answer = _report(any_calendar.client, any_calendar.path, body)
    assert answer.status == 207
    (found,) = resources(answer).values()
    assert found.props[f"{DAV}getetag"].text
    (inner,) = found.props[f"{DAV}current-user-principal"]
    assert inner.tag == f"{DAV}response"
    assert inner.findtext(f"{DAV}href") == SELF
    assert inner.findtext(f".//{DAV}displayname")
    home = inner.find(f".//{CALDAV}calendar-home-set/{DAV}response")
    assert home is not None
    assert home.findtext(f"{DAV}href") == SELF
    assert home.find(f".//{DAV}resourcetype/{DAV}collection") is not None


def test_3253_3_8_expand_property_of_what_is_missing(alice: DavClient) -> None:
    body = (
        f'<expand-property {XMLNS}><property name="nothing" namespace="urn:x">'
        '<property name="displayname"/></property></expand-property>'
    )
    answer = _report(alice, "/alice/", body)
    assert answer.status == 207
    statuses = [one.text for one in answer.xml.iter(f"{DAV}status")]
    assert statuses == ["HTTP/1.1 404 Not Found"]


def test_3253_3_8_expansion_ends(alice: DavClient) -> None:
    inner = ""
    for _ in range(40):
        inner = f'<property name="current-user-principal">{inner}</property>'
    answer = _report(alice, "/alice/", f"<expand-property {XMLNS}>{inner}</expand-property>")
    assert answer.status in (207, 400, 403)
    assert len(answer.body) < 100_000


@pytest.mark.parametrize("path", ["/", "/alice/", "/alice/claire/"])
@pytest.mark.parametrize("name", ['nothing xmlns="urn:x"', f"version-tree {XMLNS}"])
def test_3253_3_6_supported_report(alice: DavClient, path: str, name: str) -> None:
    answer = _report(alice, path, f"<{name}/>")
    assert_refused(answer, f"{DAV}supported-report")


@pytest.mark.parametrize("path", ["/", "/alice/", "/alice/claire/", "/alice/perso/"])
def test_3253_3_1_5_what_is_announced_is_answered(perso: Place, path: str) -> None:
    for report in _read(perso.client, path, f"{DAV}supported-report-set").iterfind(
        f"{DAV}supported-report/{DAV}report/*"
    ):
        namespace, _, name = report.tag[1:].partition("}")
        answer = _report(perso.client, path, f'<x:{name} xmlns:x="{namespace}"/>')
        assert b"supported-report" not in answer.body, report.tag


def test_another_accounts_home_tells_nothing(alice: DavClient, app: object) -> None:
    client = DavClient(app, "claire")
    for path in ("/alice/", "/alice/claire/", "/nobody/"):
        answer = client.request("PROPFIND", path, depth="1")
        assert answer.status in (403, 404)
        assert b"Gestion" not in answer.body

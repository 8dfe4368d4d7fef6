"""RFC 4918 (WebDAV): PROPFIND and the live properties."""

from __future__ import annotations

import email.utils
from datetime import datetime

import pytest

from support.caldav import XMLNS, Place, assert_refused, propfind_body, statuses
from support.dav import CALDAV, DAV, Answer, DavClient, resources
from support.objects import event


def _propfind(place: Place, body: str, *, depth: str = "0", expect: int = 207) -> Answer:
    return place.client.request("PROPFIND", place.path, body, expect=expect, depth=depth)


def test_9_1_prop_tells_found_and_missing_apart(any_calendar: Place) -> None:
    body = propfind_body('<resourcetype/><x:nothing xmlns:x="urn:essai"/><nor-this/>')
    assert statuses(_propfind(any_calendar, body)) == {
        f"{DAV}resourcetype": 200,
        "{urn:essai}nothing": 404,
        f"{DAV}nor-this": 404,
    }


def test_9_1_an_empty_body_is_allprop(any_calendar: Place) -> None:
    empty = statuses(_propfind(any_calendar, ""))
    asked = statuses(_propfind(any_calendar, f"<propfind {XMLNS}><allprop/></propfind>"))
    assert empty == asked
    assert {f"{DAV}resourcetype", f"{DAV}getetag", f"{DAV}displayname"} <= set(empty)
    assert set(empty.values()) == {200}


def test_9_1_allprop_has_the_dead_properties(folder: Place) -> None:
    body = (
        f'<propertyupdate {XMLNS}><set><prop><a xmlns="urn:b">c</a></prop></set></propertyupdate>'
    )
    folder.client.request("PROPPATCH", folder.path, body, expect=207)
    found = resources(_propfind(folder, ""))[folder.url]
    assert found.text("{urn:b}a") == "c"


def test_14_8_include_adds_to_allprop(any_calendar: Place) -> None:
    plain = statuses(_propfind(any_calendar, f"<propfind {XMLNS}><allprop/></propfind>"))
    more = statuses(
        _propfind(
            any_calendar,
            f"<propfind {XMLNS}><allprop/><include><supported-report-set/>"
            "<C:max-resource-size/></include></propfind>",
        )
    )
    assert more == plain | {f"{DAV}supported-report-set": 200, f"{CALDAV}max-resource-size": 200}


def test_14_18_propname_tells_names_without_values(any_calendar: Place) -> None:
    answer = _propfind(any_calendar, f"<propfind {XMLNS}><propname/></propfind>")
    (found,) = resources(answer).values()
    names = {f"{DAV}resourcetype", f"{DAV}getetag", f"{CALDAV}supported-calendar-component-set"}
    assert names <= set(found.props)
    assert all(len(prop) == 0 and not prop.text for prop in found.props.values())
    # each name that is told has a value
    asked = "".join(
        f'<x:{name.partition("}")[2]} xmlns:x="{name.partition("}")[0][1:]}"/>'
        for name in found.props
    )
    assert set(statuses(_propfind(any_calendar, propfind_body(asked))).values()) == {200}


def test_9_1_properties_of_no_namespace_are_properties(folder: Place) -> None:
    answer = _propfind(folder, f'<propfind {XMLNS}><prop><a xmlns=""/></prop></propfind>')
    assert statuses(answer) == {"a": 404}


@pytest.mark.parametrize(
    "body",
    [
        f"<propfind {XMLNS}>",
        f"<propfind {XMLNS}/>",
        f"<propfindx {XMLNS}><allprop/></propfindx>",
        "<propfind><prop><getetag/></prop></propfind>",
        f'<propfind {XMLNS}><prop><x:a xmlns:x=""/></prop></propfind>',
        f'<propfind {XMLNS}><x:other xmlns:x="urn:x"/></propfind>',
        "no XML at all",
    ],
    ids=[
        "cut",
        "empty",
        "another root",
        "no namespace",
        "bad prefix",
        "unknown only",
        "text",
    ],
)
def test_9_1_bodies_that_mean_nothing_are_bad_requests(folder: Place, body: str) -> None:
    _propfind(folder, body, expect=400)


def test_17_unknown_elements_are_ignored(any_calendar: Place) -> None:
    body = (
        f'<propfind {XMLNS}><x:before xmlns:x="urn:x">text<y/></x:before>'
        '<prop a="b"><getetag unknown="1"/></prop><x:after xmlns:x="urn:x"/></propfind>'
    )
    assert statuses(_propfind(any_calendar, body)) == {f"{DAV}getetag": 200}


def test_9_1_depth_is_honoured(any_calendar: Place) -> None:
    any_calendar.put("a.ics", event())
    body = propfind_body("<resourcetype/>")
    alone = resources(_propfind(any_calendar, body))
    assert set(alone) == {any_calendar.url}
    members = resources(_propfind(any_calendar, body, depth="1"))
    assert set(members) == {any_calendar.url, f"{any_calendar.url}a.ics"}


@pytest.mark.parametrize("headers", [{}, {"depth": "infinity"}], ids=["none", "infinity"])
def test_9_1_1_infinity_is_answered_or_refused_by_name(
    folder: Place, headers: dict[str, str]
) -> None:
    folder.put("a.txt", "a")
    body = propfind_body("<getetag/>")
    answer = folder.client.request(
        "PROPFIND", "/alice/", body, expect=None, environ=None, **headers
    )
    if answer.status == 403:
        assert_refused(answer, f"{DAV}propfind-finite-depth")
    else:
        assert f"{folder.url}a.txt" in resources(answer)


@pytest.mark.parametrize("depth", ["2", "-1", "x", "0, 1"])
def test_10_2_depths_that_do_not_exist(any_calendar: Place, depth: str) -> None:
    _propfind(any_calendar, propfind_body("<getetag/>"), depth=depth, expect=400)


def test_9_1_nothing_is_found_where_nothing_is(alice: DavClient) -> None:
    for path in ("/alice/nothing/", "/alice/claire/nothing.ics", "/alice/nothing/deep/er"):
        alice.request("PROPFIND", path, propfind_body("<getetag/>"), expect=404, depth="0")


def test_5_2_urls_of_collections_end_in_a_slash(alice: DavClient) -> None:
    found = alice.propfind("/alice", f"{DAV}resourcetype", depth=1)
    assert "/dav/alice/" in found
    assert all(href.endswith("/") for href in found)


@pytest.mark.parametrize("name", ["é à.ics", "100%25.ics", "a&b<c>.ics", "a#b?c.ics", "«x».txt"])
def test_8_3_urls_are_encoded_and_lead_back(folder: Place, name: str) -> None:
    folder.put(name, "text")
    (href,) = set(resources(_propfind(folder, propfind_body("<getetag/>"), depth="1"))) - {
        folder.url
    }
    assert href.isascii()
    assert not set(href) & set(' <>"&#?')
    assert folder.name(href) == name
    assert folder.client.get(folder.path + folder.name(href)).text == "text"


def test_15_live_properties_agree_with_get(any_calendar: Place) -> None:
    any_calendar.put("a.ics", event())
    path = f"{any_calendar.path}a.ics"
    names = ("getetag", "getcontentlength", "getcontenttype", "getlastmodified", "creationdate")
    (found,) = any_calendar.client.propfind(path, *(f"{DAV}{name}" for name in names)).values()
    got = any_calendar.client.get(path)
    assert found.text(f"{DAV}getetag") == got.etag
    assert int(found.text(f"{DAV}getcontentlength")) == len(got.body)
    assert found.text(f"{DAV}getcontenttype").partition(";")[0] == "text/calendar"
    assert got.headers["content-type"].partition(";")[0] == "text/calendar"
    assert found.text(f"{DAV}getlastmodified") == got.headers["last-modified"]
    assert email.utils.parsedate_to_datetime(found.text(f"{DAV}getlastmodified"))
    if f"{DAV}creationdate" in found.props:
        assert datetime.fromisoformat(found.text(f"{DAV}creationdate")).tzinfo is not None


def test_15_9_resourcetype(folder: Place, perso: Place) -> None:
    folder.put("a.txt", "a")
    perso.put("a.ics", event())
    cases = {
        folder.path: {f"{DAV}collection"},
        f"{folder.path}a.txt": set(),
        perso.path: {f"{DAV}collection", f"{CALDAV}calendar"},
        f"{perso.path}a.ics": set(),
        "/alice/claire/": {f"{DAV}collection", f"{CALDAV}calendar"},
    }
    for path, kinds in cases.items():
        (found,) = folder.client.propfind(path, f"{DAV}resourcetype").values()
        assert {kind.tag for kind in found.props[f"{DAV}resourcetype"]} == kinds, path


def test_8_8_etags_differ_when_the_body_does(folder: Place) -> None:
    first = folder.put("a.txt", "eins").etag
    second = folder.put("a.txt", "zwei", expect=204).etag
    assert first != second
    assert first
    assert not first.startswith("W/")


def test_9_1_a_multistatus_is_xml_in_utf8(any_calendar: Place) -> None:
    answer = _propfind(any_calendar, propfind_body("<displayname/>"))
    kind, _, parameters = answer.headers["content-type"].partition(";")
    assert kind in ("application/xml", "text/xml")
    assert "utf-8" in parameters.lower()
    assert answer.xml.tag == f"{DAV}multistatus"


def test_10_1_class_2_is_not_claimed_without_lock(alice: DavClient) -> None:
    answer = alice.request("OPTIONS", "/alice/perso/")
    assert answer.status in (200, 204)
    classes = [word.strip() for word in answer.headers["dav"].split(",")]
    assert "1" in classes
    assert "2" not in classes
    allowed = {word.strip() for word in answer.headers["allow"].split(",")}
    assert {"OPTIONS", "GET", "HEAD", "PUT", "DELETE", "COPY", "MOVE"} <= allowed
    assert {"PROPFIND", "PROPPATCH", "REPORT", "MKCOL", "MKCALENDAR"} <= allowed
    assert "LOCK" not in allowed

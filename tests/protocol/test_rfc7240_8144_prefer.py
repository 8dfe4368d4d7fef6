"""RFC 7240 and RFC 8144: Prefer, with return=minimal, return=representation, depth-noroot."""

from __future__ import annotations

import pytest

from support.caldav import (
    Place,
    comp,
    mkcalendar_body,
    mkcol_body,
    multiget,
    propfind_body,
    proppatch_body,
    query,
    set_props,
    statuses,
    sync_collection,
)
from support.dav import DAV, DavClient, resources
from support.objects import event

MISSING = '<x xmlns="urn:missing"/>'
MINIMAL = "return=minimal"


@pytest.mark.parametrize("prefer", [MINIMAL, 'return="minimal"', "respond-async, return=minimal"])
def test_8144_2_1_propfind_leaves_out_what_is_missing(any_calendar: Place, prefer: str) -> None:
    body = propfind_body(f"<getetag/>{MISSING}")
    client, path = any_calendar.client, any_calendar.path
    answer = client.request("PROPFIND", path, body, expect=207, depth="0", prefer=prefer)
    assert statuses(answer) == {f"{DAV}getetag": 200}
    assert answer.headers["preference-applied"] == MINIMAL


def test_8144_2_1_where_all_is_missing_there_is_an_empty_propstat(any_calendar: Place) -> None:
    body = propfind_body(MISSING)
    client, path = any_calendar.client, any_calendar.path
    answer = client.request("PROPFIND", path, body, expect=207, depth="0", prefer=MINIMAL)
    (propstat,) = answer.xml.iter(f"{DAV}propstat")
    assert " 200 " in (propstat.findtext(f"{DAV}status") or "")
    assert len(propstat.find(f"{DAV}prop") or ()) == 0


def test_8144_2_2_reports_too(any_calendar: Place) -> None:
    any_calendar.put("a.ics", event())
    props = f"<getetag/>{MISSING}"
    bodies = (
        query(comp("VEVENT"), props=props),
        sync_collection(props=props),
        multiget(f"{any_calendar.url}a.ics", props=props),
    )
    for body in bodies:
        answer = any_calendar.client.request(
            "REPORT", any_calendar.path, body, expect=207, depth="1", prefer=MINIMAL
        )
        assert statuses(answer) == {f"{DAV}getetag": 200}
        assert answer.headers.get("preference-applied", MINIMAL) == MINIMAL


def test_8144_2_without_a_wish_all_is_told(any_calendar: Place) -> None:
    body = propfind_body(f"<getetag/>{MISSING}")
    client, path = any_calendar.client, any_calendar.path
    answer = client.request("PROPFIND", path, body, expect=207, depth="0", prefer="wait=10")
    assert statuses(answer) == {f"{DAV}getetag": 200, "{urn:missing}x": 404}
    assert "preference-applied" not in answer.headers


def test_8144_2_3_a_proppatch_that_went_well_needs_no_body(any_calendar: Place) -> None:
    body = proppatch_body(set_props('<a xmlns="urn:b">c</a>'))
    client, path = any_calendar.client, any_calendar.path
    answer = client.request("PROPPATCH", path, body, prefer=MINIMAL)
    assert answer.status in (200, 204)
    assert answer.body == b""
    assert answer.headers["preference-applied"] == MINIMAL


def test_8144_2_3_one_that_failed_says_why(any_calendar: Place) -> None:
    body = proppatch_body(set_props("<getetag>x</getetag>"))
    client, path = any_calendar.client, any_calendar.path
    answer = client.request("PROPPATCH", path, body, expect=207, prefer=MINIMAL)
    assert statuses(answer) == {f"{DAV}getetag": 403}


@pytest.mark.parametrize("method", ["MKCALENDAR", "MKCOL"])
def test_8144_2_3_nor_does_a_new_collection(alice: DavClient, method: str) -> None:
    kind = "<resourcetype><collection/></resourcetype>" if method == "MKCOL" else ""
    write = mkcol_body if method == "MKCOL" else mkcalendar_body
    body = write(f"{kind}<displayname>x</displayname>")
    answer = alice.request(method, "/alice/neu/", body, expect=201, prefer=MINIMAL)
    assert answer.body == b""


@pytest.mark.parametrize("prefer", ["return=representation", "wait=1, return=representation;x=y"])
def test_8144_3_a_put_answers_what_is_kept(any_calendar: Place, prefer: str) -> None:
    path = f"{any_calendar.path}a.ics"
    for text, status in ((event(), 201), (event(summary="Anders"), 200)):
        answer = any_calendar.client.put(path, text, expect=status, prefer=prefer)
        got = any_calendar.client.get(path)
        assert answer.text == got.text
        assert answer.etag == got.etag is not None
        assert answer.headers["content-type"].startswith("text/calendar")
        assert answer.headers["preference-applied"] == "return=representation"
        assert answer.headers["content-location"].endswith(f"/dav{path}")


def test_8144_3_a_put_with_minimal_answers_nothing(any_calendar: Place) -> None:
    path = f"{any_calendar.path}a.ics"
    answer = any_calendar.client.put(path, event(), expect=201, prefer=MINIMAL)
    assert answer.body == b""


def test_8144_3_2_a_failed_condition_is_one_all_the_same(any_calendar: Place) -> None:
    path = f"{any_calendar.path}a.ics"
    any_calendar.put("a.ics", event())
    answer = any_calendar.client.put(
        path, event(summary="Anders"), if_match='"x"', prefer="return=representation"
    )
    assert answer.status == 412
    assert "Anders" not in any_calendar.client.get(path).text


def test_8144_4_depth_noroot(any_calendar: Place) -> None:
    any_calendar.put("a.ics", event())
    body = propfind_body("<getetag/>")
    client, path = any_calendar.client, any_calendar.path
    for depth, expected in (("1", {"a.ics"}), ("0", {""})):
        answer = client.request(
            "PROPFIND", path, body, expect=207, depth=depth, prefer="depth-noroot"
        )
        assert {any_calendar.name(href) for href in resources(answer)} == expected
        assert ("preference-applied" in answer.headers) == (depth == "1")


def test_7240_2_several_wishes(any_calendar: Place) -> None:
    any_calendar.put("a.ics", event())
    body = propfind_body(f"<getetag/>{MISSING}")
    answer = any_calendar.client.request(
        "PROPFIND",
        any_calendar.path,
        body,
        expect=207,
        depth="1",
        prefer="return=minimal, depth-noroot",
    )
    assert statuses(answer) == {f"{DAV}getetag": 200}
    assert set(resources(answer)) == {f"{any_calendar.url}a.ics"}
    applied = {wish.strip() for wish in answer.headers["preference-applied"].split(",")}
    assert applied <= {"return=minimal", "depth-noroot"}


@pytest.mark.parametrize("prefer", ["", ",", "=", "return", "return=x", ";;", "return=minimal=x"])
def test_7240_2_wishes_that_mean_nothing_are_ignored(any_calendar: Place, prefer: str) -> None:
    body = propfind_body(f"<getetag/>{MISSING}")
    client, path = any_calendar.client, any_calendar.path
    answer = client.request("PROPFIND", path, body, expect=207, depth="0", prefer=prefer)
    assert statuses(answer)[f"{DAV}getetag"] == 200

"""RFC 6578: sync-collection, its tokens, limits and refusals."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from support.caldav import (
    XMLNS,
    Place,
    assert_refused,
    component,
    propfind_body,
    sync_collection,
)
from support.dav import CALDAV, DAV, Answer, resources
from support.objects import event


class Mirror:
    """A program that keeps a copy of a calendar by its sync tokens alone."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.token = ""
        self.held: dict[str, str] = {}

    def step(self, *, limit: int | None = None) -> bool:
        """Ask once, and return whether there is more to come."""
        answer = _sync(self.place, self.token, limit=limit)
        more = False
        count = 0
        for href, found in resources(answer).items():
            name = self.place.name(href)
            if name == "":
                assert found.status == 507
                more = True
                continue
            count += 1
            if found.status == 404:
                assert self.token, "an initial sync tells of nothing that is gone"
                self.held.pop(name, None)
            else:
                self.held[name] = found.text(f"{DAV}getetag")
        assert limit is None or count <= limit
        self.token = _token(answer)
        return more

    def catch_up(self, *, limit: int | None = None) -> int:
        """Ask until all is told; return how often that was."""
        for asked in range(1, 60):
            if not self.step(limit=limit):
                return asked
        raise AssertionError("it never ends")


def _sync(place: Place, token: str = "", *, limit: int | None = None) -> Answer:
    return place.report(sync_collection(token, limit=limit), depth="0")


def _token(answer: Answer) -> str:
    token = answer.xml.findtext(f"{DAV}sync-token") or ""
    assert token
    return token


def _fill(place: Place, count: int, *, first: int = 0) -> None:
    for n in range(first, first + count):
        place.put(f"{n}.ics", event(f"uid-{n}"))


def test_3_2_an_initial_sync_tells_all_members(any_calendar: Place) -> None:
    _fill(any_calendar, 3)
    any_calendar.client.delete(f"{any_calendar.path}1.ics")
    mirror = Mirror(any_calendar)
    assert not mirror.step()
    assert mirror.held == any_calendar.listed()
    assert set(mirror.held) == {"0.ics", "2.ics"}


def test_3_2_then_only_what_changed(any_calendar: Place) -> None:
    _fill(any_calendar, 3)
    token = _token(_sync(any_calendar))
    assert resources(_sync(any_calendar, token)) == {}
    any_calendar.put("0.ics", event("uid-0", summary="Anders"), expect=204)
    any_calendar.client.delete(f"{any_calendar.path}1.ics")
    _fill(any_calendar, 1, first=3)
    answer = _sync(any_calendar, token)
    found = {any_calendar.name(href): one for href, one in resources(answer).items()}
    assert {name: one.status for name, one in found.items()} == {
        "0.ics": 200,
        "1.ics": 404,
        "3.ics": 200,
    }
    for name in ("0.ics", "3.ics"):
        assert found[name].text(f"{DAV}getetag") == any_calendar.listed()[name]
    gone = next(one for one in answer.xml.iter(f"{DAV}response") if "1.ics" in (one[0].text or ""))
    assert gone.find(f"{DAV}propstat") is None


def test_3_4_changes_are_told_once_each(any_calendar: Place) -> None:
    token = _token(_sync(any_calendar))
    _fill(any_calendar, 1)
    for word in ("eins", "zwei"):
        any_calendar.put("0.ics", event("uid-0", summary=word), expect=204)
    answer = _sync(any_calendar, token)
    assert len(answer.xml.findall(f"{DAV}response")) == 1


def test_3_5_1_what_came_and_went_is_at_most_gone(any_calendar: Place) -> None:
    token = _token(_sync(any_calendar))
    _fill(any_calendar, 1)
    any_calendar.client.delete(f"{any_calendar.path}0.ics")
    found = resources(_sync(any_calendar, token))
    assert {one.status for one in found.values()} <= {404}


def test_3_5_1_what_was_made_anew_is_changed(any_calendar: Place) -> None:
    _fill(any_calendar, 1)
    token = _token(_sync(any_calendar))
    any_calendar.client.delete(f"{any_calendar.path}0.ics")
    any_calendar.put("0.ics", event("uid-0"))
    found = resources(_sync(any_calendar, token))
    assert {one.status for one in found.values()} == {200}


def test_3_5_2_a_move_is_gone_here_and_new_there(perso: Place) -> None:
    perso.client.request("MKCALENDAR", "/alice/zwei/", expect=201)
    there = Place(perso.client, "/alice/zwei/")
    _fill(perso, 1)
    mirrors = Mirror(perso), Mirror(there)
    for mirror in mirrors:
        mirror.step()
    perso.client.move(f"{perso.path}0.ics", f"{there.path}neu.ics")
    for mirror in mirrors:
        mirror.step()
        assert mirror.held == mirror.place.listed()
    assert set(mirrors[1].held) == {"neu.ics"}


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_3_6_a_limit_goes_on_with_the_token(any_calendar: Place, limit: int) -> None:
    _fill(any_calendar, 7)
    mirror = Mirror(any_calendar)
    assert mirror.catch_up(limit=limit) in (-(-7 // limit), 7 // limit + 1)
    assert mirror.held == any_calendar.listed()
    for n in (0, 3, 6):
        any_calendar.client.delete(f"{any_calendar.path}{n}.ics")
    any_calendar.put("1.ics", event("uid-1", summary="Anders"), expect=204)
    _fill(any_calendar, 2, first=7)
    mirror.catch_up(limit=limit)
    assert mirror.held == any_calendar.listed()


def test_3_6_others_write_meanwhile(any_calendar: Place) -> None:
    _fill(any_calendar, 6)
    mirror = Mirror(any_calendar)
    steps = 0
    while mirror.step(limit=2):
        steps += 1
        if steps == 1:
            any_calendar.put("0.ics", event("uid-0", summary="Anders"), expect=204)
            any_calendar.client.delete(f"{any_calendar.path}1.ics")
        if steps == 2:
            any_calendar.client.delete(f"{any_calendar.path}5.ics")
            _fill(any_calendar, 1, first=8)
        assert steps < 20
    assert mirror.held == any_calendar.listed()


def test_3_6_507_names_the_collection_and_the_reason(any_calendar: Place) -> None:
    _fill(any_calendar, 3)
    answer = _sync(any_calendar, limit=2)
    (cut,) = (
        one
        for one in answer.xml.iter(f"{DAV}response")
        if one.findtext(f"{DAV}href") == any_calendar.url
    )
    assert " 507 " in (cut.findtext(f"{DAV}status") or "")
    assert cut.find(f"{DAV}error/{DAV}number-of-matches-within-limits") is not None


@pytest.mark.parametrize("limit", ["0", "-1", "x", "", "1.5"])
def test_3_7_limits_that_are_none(any_calendar: Place, limit: str) -> None:
    _fill(any_calendar, 2)
    body = sync_collection().replace(
        "<prop>", f"<limit><nresults>{limit}</nresults></limit><prop>", 1
    )
    answer = any_calendar.client.request("REPORT", any_calendar.path, body, depth="0")
    assert answer.status in (207, 400, 403, 507)
    if answer.status == 403:
        assert_refused(answer, f"{DAV}number-of-matches-within-limits")


def test_3_7_a_limit_that_is_not_reached(any_calendar: Place) -> None:
    _fill(any_calendar, 2)
    assert not Mirror(any_calendar).step(limit=2)


def test_3_3_depth_is_0_or_not_sent(any_calendar: Place) -> None:
    _fill(any_calendar, 1)
    body = sync_collection()
    for headers in ({}, {"depth": "0"}):
        answer = any_calendar.client.request(
            "REPORT", any_calendar.path, body, expect=207, environ=None, **headers
        )
        assert set(resources(answer)) == {f"{any_calendar.url}0.ics"}
    refused = any_calendar.client.request("REPORT", any_calendar.path, body, depth="infinity")
    assert refused.status in (207, 400)


def test_3_3_infinite_is_done_or_refused_by_name(any_calendar: Place) -> None:
    _fill(any_calendar, 1)
    body = sync_collection(level="infinite")
    answer = any_calendar.client.request("REPORT", any_calendar.path, body, depth="0")
    if answer.status == 207:
        assert set(resources(answer)) == {f"{any_calendar.url}0.ics"}
    else:
        assert_refused(answer, f"{DAV}sync-traversal-supported")


@pytest.mark.parametrize(
    "body",
    [
        sync_collection(level="2"),
        sync_collection().replace("<sync-token></sync-token>", ""),
        f"<sync-collection {XMLNS}/>",
    ],
    ids=["level", "no token", "empty"],
)
def test_6_1_bodies_that_mean_nothing(any_calendar: Place, body: str) -> None:
    answer = any_calendar.client.request("REPORT", any_calendar.path, body, depth="0")
    assert answer.status in (400, 403)


def test_3_2_a_token_that_is_none(any_calendar: Place) -> None:
    for token in ("x", "http://elsewhere.example/sync/1", _token(_sync(any_calendar)) + "9"):
        body = sync_collection(token)
        answer = any_calendar.client.request("REPORT", any_calendar.path, body, depth="0")
        assert_refused(answer, f"{DAV}valid-sync-token", 403, 409)


def test_3_4_an_empty_prop_tells_the_members_all_the_same(any_calendar: Place) -> None:
    _fill(any_calendar, 2)
    answer = any_calendar.report(sync_collection(props=""), depth="0")
    found = resources(answer)
    assert set(found) == {f"{any_calendar.url}{n}.ics" for n in (0, 1)}
    assert {one.status for one in found.values()} == {200}
    for response in answer.xml.iter(f"{DAV}response"):
        assert len(response) > 1, "a response has a status or a propstat"


def test_3_4_calendar_data_and_what_is_missing(any_calendar: Place) -> None:
    _fill(any_calendar, 1)
    props = '<C:calendar-data/><x xmlns="urn:y"/>'
    answer = any_calendar.report(sync_collection(props=props), depth="0")
    (found,) = resources(answer).values()
    assert "UID:uid-0" in found.text(f"{CALDAV}calendar-data")
    missing = {
        one.tag
        for propstat in answer.xml.iter(f"{DAV}propstat")
        if " 404 " in (propstat.findtext(f"{DAV}status") or "")
        for one in propstat.iterfind(f"{DAV}prop/*")
    }
    assert missing == {"{urn:y}x"}


def test_4_the_token_is_a_property(any_calendar: Place) -> None:
    for _ in range(2):
        (found,) = any_calendar.client.propfind(any_calendar.path, f"{DAV}sync-token").values()
        token = found.text(f"{DAV}sync-token")
        assert token == _token(_sync(any_calendar))
        assert urlsplit(token).scheme, "a token is a URI"
        _fill(any_calendar, 1)
        any_calendar.client.delete(f"{any_calendar.path}0.ics")


def test_4_allprop_does_not_have_it(any_calendar: Place) -> None:
    body = f"<propfind {XMLNS}><allprop/></propfind>"
    answer = any_calendar.client.request("PROPFIND", any_calendar.path, body, depth="0")
    assert b"sync-token" not in answer.body


def test_3_2_supported_report_set_announces_it(perso: Place) -> None:
    for path in ("/alice/perso/", "/alice/claire/"):
        body = propfind_body("<supported-report-set/>")
        answer = perso.client.request("PROPFIND", path, body, expect=207, depth="0")
        assert answer.xml.find(f".//{DAV}report/{DAV}sync-collection") is not None


@pytest.mark.parametrize("kind", ["VTODO", "VJOURNAL"])
def test_3_2_all_kinds_of_objects(perso: Place, kind: str) -> None:
    mirror = Mirror(perso)
    mirror.step()
    perso.put("a.ics", component(kind, "a", ""))
    mirror.step()
    assert set(mirror.held) == {"a.ics"}


def test_5_a_write_tied_to_a_state_of_the_collection(perso: Place) -> None:
    token = _token(_sync(perso))
    client = perso.client
    tied = {"HTTP_IF": f"<{perso.url}> (<{token}>)"}
    client.request(
        "PUT", f"{perso.path}a.ics", event(), expect=201, environ=tied, content_type="text/calendar"
    )
    client.request(
        "PUT",
        f"{perso.path}b.ics",
        event("b"),
        expect=412,
        environ=tied,
        content_type="text/calendar",
    )
    assert set(perso.listed()) == {"a.ics"}


def test_3_2_a_deleted_calendar_has_no_history(perso: Place) -> None:
    _fill(perso, 2)
    token = _token(_sync(perso))
    perso.client.delete(perso.path)
    perso.client.request("MKCALENDAR", perso.path, expect=201)
    perso.put("neu.ics", event("neu"))
    answer = perso.client.request("REPORT", perso.path, sync_collection(token), depth="0")
    if answer.status == 207:
        statuses = {perso.name(href): one.status for href, one in resources(answer).items()}
        assert statuses == {"0.ics": 404, "1.ics": 404, "neu.ics": 200}
    else:
        assert_refused(answer, f"{DAV}valid-sync-token")

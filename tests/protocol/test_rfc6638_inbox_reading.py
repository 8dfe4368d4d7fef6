"""RFC 6638 §4, RFC 6578: reading messages in an inbox, taking them away, and following it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.services import inbox
from support.caldav import (
    EVERYTHING,
    XMLNS,
    assert_refused,
    comp,
    multiget,
    prop,
    query,
    sync_collection,
    text_match,
    time_range,
)
from support.dav import CALDAV, CS, DAV, DavClient, resources
from support.inbox import (
    INBOX,
    IVANS,
    LATER,
    MINE,
    edit,
    empty,
    meet,
    number,
    only,
    place,
    switch,
    texts,
)
from support.objects import TIMES, event
from support.scenario import Clock
from support.scheduling import (
    IVAN,
    attendee,
    lines_of,
    presence,
)

Login = Callable[[str], DavClient]
pytestmark = pytest.mark.usefixtures("listening")


# -- reading ------------------------------------------------------------------------------


def test_reports_find_messages(alice: DavClient, ivan: DavClient) -> None:
    meet(alice)
    alice.put("/alice/ivan/b.ics", event("b", times=LATER), expect=201)
    box = place(ivan)
    first, second = sorted(box.listed(), key=number)
    assert box.names(query(comp("VEVENT"))) == {first, second}
    assert box.names(query()) == {first, second}
    at_nine = time_range("20261125T080000Z", "20261125T090000Z")
    assert box.names(query(comp("VEVENT", at_nine))) == {first}
    named = prop("UID", text_match("b"))
    assert box.names(query(comp("VEVENT", named))) == {second}
    assert box.names(query(comp("VEVENT", prop("UID", text_match("none"))))) == set()
    assert box.names(query(comp("VTODO"))) == set()
    requests = prop("METHOD", text_match("REQUEST"))
    assert box.names(query(requests)) == {first, second}
    everything = f"<C:calendar-query {XMLNS}><prop><getetag/></prop>{EVERYTHING}</C:calendar-query>"
    assert box.names(everything) == {first, second}


def test_multiget_and_get_agree(alice: DavClient, ivan: DavClient) -> None:
    meet(alice)
    box = place(ivan)
    (name,) = box.listed()
    answer = ivan.get(INBOX + name)
    assert answer.headers["content-type"].startswith("text/calendar")
    assert "schedule-tag" not in answer.headers
    props = "<getetag/><C:calendar-data/>"
    hrefs = (f"/dav{INBOX}{name}", f"/dav{INBOX}0{name}", f"/dav{INBOX}x.ics")
    found = resources(box.report(multiget(*hrefs, props=props)))
    assert [found[href].status for href in hrefs] == [200, 404, 404]
    assert found[hrefs[0]].text(f"{DAV}getetag") == answer.etag == box.listed()[name]
    assert found[hrefs[0]].text(f"{CALDAV}calendar-data").split() == answer.text.split()


def test_messages_are_no_calendar_as_a_whole(alice: DavClient, ivan: DavClient) -> None:
    meet(alice)
    assert ivan.get(INBOX).text == ""


def test_nothing_is_busy_by_a_message(alice: DavClient, ivan: DavClient) -> None:
    meet(alice)
    body = f"<C:free-busy-query {XMLNS}>{time_range('20261125T000000Z', '20261126T000000Z')}"
    answer = ivan.request("REPORT", INBOX, f"{body}</C:free-busy-query>")
    assert_refused(answer, f"{DAV}supported-report")


def test_the_privileges_let_programs_take_messages_away(alice: DavClient, ivan: DavClient) -> None:
    meet(alice)
    (name,) = place(ivan).listed()
    asked = f"{DAV}current-user-privilege-set"

    def granted(path: str) -> set[str]:
        (found,) = ivan.propfind(path, asked).values()
        return {each[0].tag for each in found.props[asked]}

    assert {f"{CALDAV}schedule-deliver", f"{DAV}unbind"} <= granted(INBOX)
    assert not {f"{DAV}bind", f"{DAV}write", f"{DAV}write-content"} & granted(INBOX)
    assert not {f"{DAV}write", f"{DAV}write-content"} & granted(INBOX + name)


# -- taking away, and nothing else --------------------------------------------------------


def test_to_delete_changes_nothing_else(alice: DavClient, ivan: DavClient) -> None:
    meet(alice)
    (name,) = place(ivan).listed()
    before = ivan.get(IVANS)
    ivan.delete(INBOX + name, expect=412, if_match='"x"')
    ivan.delete(INBOX + name, if_match=place(ivan).listed()[name] or "")
    assert place(ivan).listed() == {}
    ivan.delete(INBOX + name, expect=404)
    assert ivan.get(IVANS).text == before.text
    assert presence(alice.get(MINE).text, IVAN) == "NEEDS-ACTION"


def test_nothing_is_written_copied_or_kept_there(alice: DavClient, ivan: DavClient) -> None:
    meet(alice)
    (name,) = place(ivan).listed()
    text = ivan.get(INBOX + name).text
    for path in (INBOX + name, f"{INBOX}new.ics"):
        assert ivan.put(path, text).status == 403
    ivan.request("MKCALENDAR", "/ivan/perso/", expect=201)
    for method in ("MOVE", "COPY"):
        for target in ("/ivan/perso/x.ics", "/ivan/ivan/x.ics"):
            to = f"http://localhost/dav{target}"
            assert ivan.request(method, INBOX + name, destination=to).status == 403
        to = f"http://localhost/dav{INBOX}x.ics"
        assert ivan.request(method, IVANS, destination=to).status == 403
    assert ivan.request("DELETE", INBOX).status == 403
    assert list(place(ivan).listed()) == [name]
    assert alice.request("GET", INBOX + name).status == 403


# -- RFC 6578 -----------------------------------------------------------------------------


def _tags(client: DavClient) -> tuple[str, str]:
    names = (f"{CS}getctag", f"{DAV}sync-token")
    (found,) = client.propfind(place(client).path, *names).values()
    ctag, token = (found.text(name) for name in names)
    return ctag, token


def test_tags_and_tokens_follow(alice: DavClient, ivan: DavClient) -> None:
    seen = [_tags(ivan)]
    meet(alice)
    seen.append(_tags(ivan))
    (name,) = place(ivan).listed()
    token, changed, gone = ivan.sync(INBOX, seen[0][1])
    assert (token, changed, gone) == (seen[1][1], {f"/dav{INBOX}{name}"}, set())
    ivan.delete(INBOX + name)
    seen.append(_tags(ivan))
    assert ivan.sync(INBOX, token) == (seen[2][1], set(), {f"/dav{INBOX}{name}"})
    # what came and went meanwhile was never told
    assert ivan.sync(INBOX, seen[0][1]) == (seen[2][1], set(), set())
    assert ivan.sync(INBOX) == (seen[2][1], set(), set())
    assert len(set(seen)) == 3


def test_off_empties_it_and_on_shows_nothing_old(
    book: AppointmentBook, alice: DavClient, ivan: DavClient
) -> None:
    meet(alice)
    (name,) = place(ivan).listed()
    token = _tags(ivan)[1]
    switch(book, "ivan", on=False)
    assert place(ivan).listed() == {}
    last, changed, gone = ivan.sync(INBOX, token)
    assert (changed, gone) == (set(), {f"/dav{INBOX}{name}"})
    edit(alice, MINE, "SUMMARY:Essai", "SUMMARY:Autre")
    switch(book, "ivan")
    assert ivan.sync(INBOX, last) == (last, set(), set())
    edit(alice, MINE, "SUMMARY:Autre", "SUMMARY:Encore")
    (again,) = place(ivan).listed()
    assert number(again) > number(name)


def test_foreign_and_forgotten_tokens(
    book: AppointmentBook, clock: Clock, alice: DavClient, ivan: DavClient
) -> None:
    meet(alice)
    first = _tags(ivan)[1]
    empty(ivan)
    second = _tags(ivan)[1]
    clock.now += timedelta(days=200)
    soon = TIMES.replace("20261125", "20270825")
    alice.put("/alice/ivan/b.ics", event("b", times=soon), expect=201)
    refused = ivan.request("REPORT", INBOX, sync_collection(first))
    assert_refused(refused, f"{DAV}valid-sync-token")
    assert len(ivan.sync(INBOX, second)[1]) == 1
    for token in ("urn:x-rdv:sync:99", "urn:x-rdv:sync:1-2-3", "urn:x-rdv:sync:x", "data:,1"):
        refused = ivan.request("REPORT", INBOX, sync_collection(token))
        assert_refused(refused, f"{DAV}valid-sync-token")


@pytest.mark.parametrize("seed", range(3))
def test_programs_that_sync_converge(
    seed: int, alice: DavClient, ivan: DavClient, claire: DavClient
) -> None:
    chance = random.Random(seed)
    known: dict[int | None, set[str]] = {None: set(), 1: set(), 2: set()}
    tokens = dict.fromkeys(known, "")
    for step in range(40):
        uid = chance.choice("abcde")
        path = f"/alice/ivan/{uid}.ics"
        listed = place(ivan).listed()
        match chance.randrange(4):
            case 0 | 1:
                lines = attendee(IVAN)
                alice.put(path, event(uid, summary=f"Essai {step}", lines=lines))
            case 2:
                alice.request("DELETE", path)
            case _ if listed:
                ivan.delete(INBOX + chance.choice(sorted(listed)))
        for limit, names in known.items():
            if chance.random() < 0.5:
                tokens[limit] = _follow(ivan, tokens[limit], names, limit)
    for limit, names in known.items():
        for _ in range(50):
            tokens[limit] = _follow(ivan, tokens[limit], names, limit)
        assert names == set(place(ivan).listed()), limit


def _follow(client: DavClient, token: str, names: set[str], limit: int | None) -> str:
    box = place(client)
    answer = box.report(sync_collection(token, limit=limit))
    for href, resource in resources(answer).items():
        name = href.rpartition("/")[2]
        if name:
            (names.discard if resource.status == 404 else names.add)(name)
    return answer.xml.findtext(f"{DAV}sync-token") or ""


# -- bounds -------------------------------------------------------------------------------


def test_the_oldest_go_when_there_are_too_many(
    monkeypatch: pytest.MonkeyPatch, alice: DavClient, ivan: DavClient
) -> None:
    monkeypatch.setattr(inbox, "MOST_MESSAGES", 3)
    for uid in "abcde":
        alice.put(f"/alice/ivan/{uid}.ics", event(uid), expect=201)
    uids = [lines_of(text, "UID")[0] for text in texts(ivan)]
    assert uids == ["UID:c", "UID:d", "UID:e"]


def test_what_nobody_takes_away_goes_in_the_end(
    clock: Clock, alice: DavClient, ivan: DavClient
) -> None:
    alice.put("/alice/ivan/a.ics", event("a"), expect=201)
    clock.now += timedelta(days=31)
    alice.put("/alice/ivan/b.ics", event("b", times=TIMES.replace("202611", "202712")))
    assert lines_of(only(ivan), "UID") == ["UID:b"]


def test_while_the_module_is_off_it_stands_empty(
    book: AppointmentBook, alice: DavClient, ivan: DavClient
) -> None:
    def module(*, is_on: bool) -> None:
        with book.database.writing() as tx:
            tx.agency.save_setting("module_enabled", is_on)

    meet(alice)
    (name,) = place(ivan).listed()
    text, before = only(ivan), _tags(ivan)
    module(is_on=False)
    assert place(ivan).listed() == {}
    ivan.get(INBOX + name, expect=404)
    ivan.delete(INBOX + name, expect=404)
    during = _tags(ivan)
    assert during[0] != before[0]
    refused = ivan.request("REPORT", INBOX, sync_collection(before[1]), depth="0")
    assert_refused(refused, f"{DAV}valid-sync-token")
    assert ivan.sync(INBOX) == ivan.sync(INBOX, during[1]) == (during[1], set(), set())
    module(is_on=True)
    assert _tags(ivan) == before
    assert ivan.sync(INBOX, during[1]) == (before[1], {f"/dav{INBOX}{name}"}, set())
    assert only(ivan) == text

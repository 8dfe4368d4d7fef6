"""Traps measured in Radicale, vobject and real programs, each held here."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.errors import DomainError
from rdv_radicale.refusals import refusal_answer, refusal_of
from support.dav import CALDAV, CS, DAV, DavClient
from support.objects import event
from support.scenario import Clock

PLACE = "/alice/claire/essai.ics"
COLOUR = "{http://apple.com/ns/ical/}calendar-color"


def _subclasses(kind: type[DomainError]) -> list[type[DomainError]]:
    return [kind, *(sub for child in kind.__subclasses__() for sub in _subclasses(child))]


@pytest.mark.parametrize("kind", _subclasses(DomainError)[1:])
def test_every_refusal_has_an_answer(kind: type[DomainError]) -> None:
    error = kind("pourquoi")
    refusal = refusal_of(error)
    assert 400 <= refusal.status < 600
    answer = refusal_answer(error, url="/dav/x")
    assert answer.status == refusal.status
    assert answer.headers["Content-Type"].startswith("application/xml") == (
        refusal.precondition is not None
    )


def test_an_etag_is_given_only_for_what_is_stored_as_sent(alice: DavClient) -> None:
    assert alice.put(PLACE, event(), expect=201).etag is None
    served = alice.get(PLACE)
    again = alice.put(PLACE, served.text, expect=204, if_match=served.etag or "")
    assert again.etag == served.etag
    assert alice.get(PLACE).text == served.text


def test_a_known_client_zone_is_kept_to_the_letter(alice: DavClient) -> None:
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\nX-LIC-LOCATION:Europe/Paris\r\n"
        "BEGIN:DAYLIGHT\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\n"
        "DTSTART:19700329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\n"
        "BEGIN:STANDARD\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\n"
        "DTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\n"
        "END:VTIMEZONE\r\n"
    )
    alice.put(PLACE, event(before=zone), expect=201)
    assert zone in alice.get(PLACE).text
    wrong = zone.replace("+0200", "+0500")
    alice.put("/alice/claire/b.ics", event("b", before=wrong), expect=201)
    text = alice.get("/alice/claire/b.ics").text
    assert "+0500" not in text
    assert "TZOFFSETTO:+0200" in text


def test_a_wrong_zone_of_one_object_skews_no_other(alice: DavClient) -> None:
    wrong = (
        "BEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\nBEGIN:STANDARD\r\nTZOFFSETFROM:+0500\r\n"
        "TZOFFSETTO:+0500\r\nDTSTART:19700101T000000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    alice.put(PLACE, event(before=wrong, lines="RRULE:FREQ=DAILY;COUNT=2\r\n"), expect=201)
    body = (
        '<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop>'
        '<C:calendar-data><C:expand start="20261125T000000Z" end="20261126T000000Z"/>'
        '</C:calendar-data></prop><C:filter><C:comp-filter name="VCALENDAR">'
        '<C:comp-filter name="VEVENT"><C:time-range start="20261125T000000Z" '
        'end="20261126T000000Z"/></C:comp-filter></C:comp-filter></C:filter>'
        "</C:calendar-query>"
    )
    found = alice.report("/alice/claire/", body)
    data = found["/dav/alice/claire/essai.ics"].text(f"{CALDAV}calendar-data")
    assert "DTSTART:20261125T080000Z" in data


def test_conditions(alice: DavClient) -> None:
    alice.put(PLACE, event(), expect=412, if_match="*")
    alice.put(PLACE, event(), expect=201, if_none_match="*")
    alice.put(PLACE, event(summary="B"), expect=412, if_none_match="*")
    etag = alice.get(PLACE).etag or ""
    alice.get(PLACE, expect=304, if_none_match=f'"x", {etag}')
    alice.put(PLACE, event(summary="B"), expect=204, if_match=f'"x", {etag}')
    alice.put(PLACE, event(summary="C"), expect=412, if_match=etag)
    alice.delete(PLACE, expect=412, if_match=etag)
    alice.delete(PLACE, if_match="*")
    alice.delete(PLACE, expect=404)


def test_an_etag_is_never_used_again_for_an_href(alice: DavClient) -> None:
    seen = set()
    for _ in range(3):
        alice.put(PLACE, event(), expect=201)
        seen.add(alice.get(PLACE).etag)
        alice.delete(PLACE)
    assert len(seen) == 3


def test_sync_tells_changes_deletions_and_nothing_twice(
    alice: DavClient, claire: DavClient
) -> None:
    token, changed, gone = claire.sync("/claire/claire/")
    assert (changed, gone) == (set(), set())
    alice.put(PLACE, event(), expect=201)
    href = "/dav/claire/claire/essai.ics"
    second, changed, gone = claire.sync("/claire/claire/", token)
    assert (changed, gone) == ({href}, set())
    assert claire.sync("/claire/claire/", second) == (second, set(), set())
    alice.delete(PLACE)
    third, changed, gone = claire.sync("/claire/claire/", second)
    assert (changed, gone) == (set(), {href})
    assert claire.sync("/claire/claire/")[1:] == (set(), set())
    found = claire.propfind("/claire/claire/", f"{DAV}sync-token", f"{CS}getctag")
    assert found["/dav/claire/claire/"].text(f"{DAV}sync-token") == third


@pytest.mark.parametrize(
    "token", ["x", "urn:x-rdv:sync:x", "urn:x-rdv:sync:99-0", "urn:x-rdv:sync:0-9"]
)
def test_tokens_that_are_not_ours(alice: DavClient, token: str) -> None:
    body = (
        f'<sync-collection xmlns="DAV:"><sync-token>{token}</sync-token><prop/></sync-collection>'
    )
    answer = alice.request("REPORT", "/alice/claire/", body, expect=403)
    assert answer.precondition == "valid-sync-token"


def test_a_pruned_history_voids_old_tokens(
    book: AppointmentBook, clock: Clock, alice: DavClient
) -> None:
    token, _, _ = alice.sync("/alice/claire/")
    alice.put(PLACE, event(), expect=201)
    alice.delete(PLACE)
    after, _, _ = alice.sync("/alice/claire/", token)
    with book.database.writing() as tx:
        assert tx.calendars.prune(clock.now.replace(year=2030)) == 1
    body = (
        f'<sync-collection xmlns="DAV:"><sync-token>{token}</sync-token><prop/></sync-collection>'
    )
    assert alice.request("REPORT", "/alice/claire/", body, expect=403).precondition
    assert alice.sync("/alice/claire/", after)[1:] == (set(), set())


def test_alarms_are_the_writers_own(alice: DavClient, ivan: DavClient) -> None:
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nDESCRIPTION:x\r\nEND:VALARM\r\n"
    attendee = "ATTENDEE:mailto:ivan@agence.example\r\n"
    alice.put("/alice/alice/essai.ics", event(lines=f"{attendee}{alarm}"), expect=201)
    assert alarm in alice.get("/alice/alice/essai.ics").text
    theirs = ivan.get("/ivan/ivan/essai.ics")
    assert "VALARM" not in theirs.text
    token, _, _ = alice.sync("/alice/alice/")
    own = theirs.text.replace("END:VEVENT", alarm.replace("15M", "5M") + "END:VEVENT")
    ivan.put("/ivan/ivan/essai.ics", own, expect=204)
    assert "-PT5M" in ivan.get("/ivan/ivan/essai.ics").text
    assert "-PT5M" not in alice.get("/alice/alice/essai.ics").text
    # nobody else's sync is woken by it
    assert alice.sync("/alice/alice/", token) == (token, set(), set())


def test_what_is_unknown_is_kept_to_the_letter(alice: DavClient) -> None:
    lines = (
        "X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=Ici:geo:48.1,11.5\r\n"
        'X-UNKNOWN;A=b;C="d;e":f\\,g\r\nCATEGORIES:Autre,Encore\r\n'
    )
    alice.put(PLACE, event(lines=lines), expect=201)
    text = alice.get(PLACE).text
    for line in lines.split("\r\n"):
        assert line in text


def test_proppatch_is_all_or_nothing(alice: DavClient, login: Callable[[str], DavClient]) -> None:
    body = (
        '<propertyupdate xmlns="DAV:" xmlns:I="http://apple.com/ns/ical/"><set><prop>'
        "<I:calendar-color>#ff0000</I:calendar-color>{more}</prop></set></propertyupdate>"
    )
    url = "/dav/alice/claire/"
    before = alice.propfind("/alice/claire/", COLOUR)[url].text(COLOUR)
    answer = alice.request(
        "PROPPATCH", "/alice/claire/", body.format(more="<resourcetype/>"), expect=207
    )
    assert "cannot-modify-protected-property" in answer.text
    assert "424" in answer.text
    assert alice.propfind("/alice/claire/", COLOUR)[url].text(COLOUR) == before
    assert f"{CALDAV}calendar" in {
        child.tag
        for child in alice.propfind("/alice/claire/", f"{DAV}resourcetype")[url].props[
            f"{DAV}resourcetype"
        ]
    }
    alice.request("PROPPATCH", "/alice/claire/", body.format(more=""), expect=207)
    assert alice.propfind("/alice/claire/", COLOUR)[url].text(COLOUR) == "#ff0000"
    # colours are each account's own
    nora = login("nora").propfind("/nora/claire/", COLOUR)["/dav/nora/claire/"].text(COLOUR)
    assert nora == before


def test_calendars_of_persons_are_not_made_again(alice: DavClient) -> None:
    answer = alice.request("MKCALENDAR", "/alice/claire/", expect=403)
    assert answer.precondition == "resource-must-be-null"
    alice.request("MKCOL", "/alice/claire/", expect=405)
    for method in ("MKCALENDAR", "MKCOL"):
        answer = alice.request(method, "/alice/claire/x/", expect=403)
        assert answer.precondition == "calendar-collection-location-ok"
        assert alice.request(method, "/ivan/neuf/", expect=403).precondition == "need-privileges"


def test_calendars_are_neither_replaced_nor_deleted(alice: DavClient) -> None:
    alice.put("/alice/claire/essai.ics", event(), expect=201)
    alice.put("/alice/claire/", event("b"), expect=403)
    alice.put("/alice/neuf.ics", event("b"), expect=403)
    alice.request("DELETE", "/alice/claire/", expect=403)
    alice.request("DELETE", "/alice/", expect=403)
    alice.get("/alice/claire/essai.ics")


def test_unknown_reports_are_named(alice: DavClient) -> None:
    answer = alice.request("REPORT", "/alice/claire/", '<x xmlns="urn:x"/>', expect=403)
    assert answer.precondition == "supported-report"


def test_an_empty_calendar_is_listed(alice: DavClient) -> None:
    found = alice.propfind("/alice/", f"{DAV}displayname", f"{DAV}owner", depth=1)
    names = {
        url: resource.props[f"{DAV}displayname"].text
        for url, resource in found.items()
        if url.count("/") == 4 and not url.endswith("box/")
    }
    assert names == {
        "/dav/alice/alice/": "Alice Gestion",
        "/dav/alice/ivan/": "Intervenant : Ivan Intervenant",
        "/dav/alice/claire/": "Client : Claire Cliente",
    }
    # the owner is the account's own principal: Apple hides Invitees otherwise
    owner = found["/dav/alice/claire/"].props[f"{DAV}owner"]
    assert owner.findtext(f"{DAV}href") == "/dav/alice/"


def test_a_calendar_not_followed_is_addressable(alice: DavClient) -> None:
    assert alice.propfind("/alice/sophie/", f"{DAV}displayname")


@pytest.mark.parametrize("path", ["/nora/sophie/", "/nora/nobody/"])
def test_another_secteur_is_as_unknown_as_nobody(
    login: Callable[[str], DavClient], path: str
) -> None:
    login("nora").propfind(path, expect=404)


def test_privileges_say_the_truth(alice: DavClient, claire: DavClient) -> None:
    name = f"{DAV}current-user-privilege-set"
    mine = alice.propfind("/alice/claire/", name)["/dav/alice/claire/"].props[name]
    theirs = claire.propfind("/claire/claire/", name)["/dav/claire/claire/"].props[name]
    assert mine.find(f".//{DAV}write-content") is not None
    assert theirs.find(f".//{DAV}write-content") is None


def test_options_need_no_login(login: Callable[[str], DavClient], alice: DavClient) -> None:
    alice.login = None
    answer = alice.request("OPTIONS", "/alice/", expect=200)
    assert "calendar-access" in answer.headers["dav"]
    assert "LOCK" not in answer.headers["allow"]


def test_a_whole_calendar_as_one_file(alice: DavClient) -> None:
    alice.put(PLACE, event(), expect=201)
    alice.put("/alice/claire/b.ics", event("b"), expect=201)
    text = alice.get("/alice/claire/").text
    assert text.count("BEGIN:VEVENT") == 2
    assert text.count("BEGIN:VTIMEZONE") == 1
    assert alice.request("HEAD", PLACE, expect=200).body == b""


def test_answers_are_compressed_where_asked(alice: DavClient) -> None:
    alice.put(PLACE, event(lines=f"DESCRIPTION:{'x' * 3000}\r\n"), expect=201)
    answer = alice.get(PLACE, accept_encoding="gzip")
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.body) < 1500


def test_the_same_href_in_another_appointment_of_a_participant(
    alice: DavClient, ivan: DavClient
) -> None:
    alice.put("/alice/claire/1.ics", event("a"), expect=201)
    line = "ATTENDEE:mailto:claire@famille.example\r\n"
    alice.put("/alice/ivan/1.ics", event("b", lines=line), expect=201)
    found = alice.propfind("/alice/claire/", f"{DAV}getetag", depth=1)
    assert len(found) == 3


def test_move_keeps_what_stands_at_its_target(alice: DavClient) -> None:
    alice.put("/alice/claire/a.ics", event("a"), expect=201)
    alice.put("/alice/ivan/b.ics", event("b"), expect=201)
    alice.move("/alice/claire/a.ics", "/alice/ivan/b.ics", expect=412, overwrite="F")
    alice.move("/alice/claire/a.ics", "/alice/ivan/b.ics", expect=409)
    alice.request("MOVE", "/alice/claire/a.ics", expect=400)
    alice.request(
        "MOVE", "/alice/claire/a.ics", expect=403, destination="http://ailleurs.example/dav/x"
    )
    answer = alice.move("/alice/claire/a.ics", "/alice/claire/c.ics")
    assert answer.headers["location"] == "/dav/alice/claire/c.ics"
    alice.get("/alice/claire/c.ics")
    alice.get("/alice/claire/a.ics", expect=404)

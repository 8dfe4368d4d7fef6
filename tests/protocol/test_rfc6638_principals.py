"""RFC 3744 §9.4 and RFC 6638 §2.4: finding those whom one may invite."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.agency import PersonKind
from support.caldav import preconditions, proppatch_body, set_props
from support.dav import CALDAV, DAV, DavClient, Resource, resources
from support.objects import event
from support.scheduling import (
    ALICE,
    CLAIRE,
    IVAN,
    SOPHIE,
    attendee,
    busy_times,
    hire,
    placeholder,
    presence,
    retire,
    search,
    search_body,
)

Login = Callable[[str], DavClient]
ADDRESSES, TYPE = f"{CALDAV}calendar-user-address-set", f"{CALDAV}calendar-user-type"
NAME, KIND = f"{DAV}displayname", f"{DAV}resourcetype"
BY_ADDRESS = "<C:calendar-user-address-set/>"
BY_MAIL = '<E:email-address-set xmlns:E="http://calendarserver.org/ns/"/>'
IVANS = "/dav/alice/principals/ivan/"


@pytest.fixture
def staff(book: AppointmentBook) -> AppointmentBook:
    """Two more of the staff, of another secteur: one at work, one who left."""
    hire(book, "bruno", PersonKind.INTERVENANT)
    hire(book, "denis", PersonKind.GESTIONNAIRE)
    retire(book, "denis")
    return book


def _mailtos(found: Resource) -> list[str]:
    hrefs = [href.text or "" for href in found.props[ADDRESSES].iterfind(f"{DAV}href")]
    return [href for href in hrefs if href.startswith("mailto:")]


# -- what is found ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "prop"),
    [
        ("ivan", "<displayname/>"),
        ("INTERVENANT", "<displayname/>"),
        (IVAN, BY_ADDRESS),
        (f"mailto:{IVAN}", BY_ADDRESS),
        ("Ivan@Agence", BY_ADDRESS),
        (IVAN, BY_MAIL),
    ],
)
def test_9_4_by_name_and_by_address(alice: DavClient, text: str, prop: str) -> None:
    found = search(alice, text, prop=prop)
    assert set(found) == {IVANS}
    person = found[IVANS]
    assert person.text(NAME) == "Ivan Intervenant"
    assert person.text(TYPE) == "INDIVIDUAL"
    assert _mailtos(person) == [f"mailto:{IVAN}"]
    assert person.props[KIND].find(f"{DAV}principal") is not None


def test_9_4_oneself_is_found_once_and_as_ever(alice: DavClient) -> None:
    for text, prop in (("alice", "<displayname/>"), (ALICE, BY_ADDRESS)):
        assert set(search(alice, text, prop=prop)) == {"/dav/alice/"}


def test_9_4_any_of_several_conditions(alice: DavClient) -> None:
    conditions = (("<displayname/>", "claire"), (BY_ADDRESS, IVAN), (BY_MAIL, "nobody"))
    body = search_body(*conditions, attributes=' test="anyof"')
    found = resources(alice.request("REPORT", "/", body, expect=207, depth="0"))
    assert set(found) == {IVANS, "/dav/alice/principals/claire/"}
    every = search_body(*conditions)
    assert resources(alice.request("REPORT", "/", every, expect=207, depth="0")) == {}


@pytest.mark.parametrize("path", ["/", "/alice/"])
def test_9_4_applied_to_the_principal_collections(alice: DavClient, path: str) -> None:
    body = search_body(("<displayname/>", "ivan")).replace(
        "</principal-property-search>",
        "<apply-to-principal-collection-set/></principal-property-search>",
    )
    assert set(resources(alice.request("REPORT", path, body, expect=207, depth="0"))) == {IVANS}


def test_9_4_characters_of_patterns_are_letters(alice: DavClient) -> None:
    for text in ("%", "_", "*", "i%n", ".*"):
        assert search(alice, text) == {}


# -- whom one may know of -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "known", "unknown"),
    [
        ("admin", ("ivan", "claire", "sophie", "bruno", "paul"), ()),
        ("alice", ("ivan", "claire", "sophie", "bruno", "paul"), ()),
        ("nora", ("ivan", "alice", "claire", "bruno", "paul"), ("sophie", "denis")),
        ("ivan", ("alice", "bruno"), ("claire", "sophie", "paul", "denis")),
        ("claire", (), ("alice", "ivan", "sophie", "bruno", "paul", "denis")),
    ],
)
def test_9_4_the_same_as_one_may_ask(
    staff: AppointmentBook,
    login: Login,
    name: str,
    known: tuple[str, ...],
    unknown: tuple[str, ...],
) -> None:
    client = login(name)
    for slug in known:
        assert f"/dav/{name}/principals/{slug}/" in search(client, slug), slug
    for slug in unknown:
        for prop in ("<displayname/>", BY_ADDRESS, BY_MAIL):
            assert search(client, slug, prop=prop) == {}, slug
        client.request("PROPFIND", f"/{name}/principals/{slug}/", depth="0", expect=404)


@pytest.mark.parametrize("text", ["a", "e", "@", "example", "mailto", "-", "dupont"])
def test_9_4_a_client_finds_himself_alone(claire: DavClient, text: str) -> None:
    for prop in ("<displayname/>", BY_ADDRESS, BY_MAIL):
        assert set(search(claire, text, prop=prop)) <= {"/dav/claire/"}


def test_9_4_the_unknown_and_the_forbidden_look_alike(ivan: DavClient) -> None:
    one = ivan.request("PROPFIND", "/ivan/principals/sophie/", depth="0", expect=404)
    other = ivan.request("PROPFIND", "/ivan/principals/personne/", depth="0", expect=404)
    assert one.body.replace(b"sophie", b"personne") == other.body


def test_9_4_nobody_searches_in_anothers_home(claire: DavClient) -> None:
    for path in ("/alice/", "/alice/principals/ivan/", "/alice/principals/"):
        body = search_body(("<displayname/>", "ivan"))
        answer = claire.request("REPORT", path, body, depth="0")
        assert answer.status in (403, 404)
        claire.request("PROPFIND", path, depth="0")
        assert b"Intervenant" not in answer.body


# -- the principals -----------------------------------------------------------------------


def test_4_a_principal_of_a_person(alice: DavClient) -> None:
    names = (NAME, KIND, ADDRESSES, TYPE, f"{DAV}principal-URL", f"{DAV}current-user-principal")
    (found,) = alice.propfind("/alice/principals/ivan/", *names).values()
    assert found.href == IVANS
    assert found.text(NAME) == "Ivan Intervenant"
    assert found.text(TYPE) == "INDIVIDUAL"
    assert f"mailto:{IVAN}" in _mailtos(found)
    assert found.props[f"{DAV}principal-URL"].findtext(f"{DAV}href") == IVANS
    assert found.props[f"{DAV}current-user-principal"].findtext(f"{DAV}href") == "/dav/alice/"
    kinds = {kind.tag for kind in found.props[KIND]}
    assert f"{DAV}principal" in kinds
    assert not {f"{CALDAV}calendar", f"{CALDAV}schedule-inbox"} & kinds


def test_4_it_has_no_boxes_and_no_home_to_show(alice: DavClient) -> None:
    names = tuple(
        f"{CALDAV}{name}"
        for name in ("schedule-inbox-URL", "schedule-outbox-URL", "calendar-home-set")
    )
    (found,) = alice.propfind("/alice/principals/ivan/", *names).values()
    hrefs = [href.text for prop in found.props.values() for href in prop]
    assert not {"/dav/ivan/", "/dav/ivan/inbox/", "/dav/ivan/outbox/"} & set(hrefs)


def test_4_its_addresses_are_those_of_objects(book: AppointmentBook, alice: DavClient) -> None:
    for slug in ("paul", "jean-dupont", "marie-dupont"):
        found = search(alice, slug.partition("-")[0])[f"/dav/alice/principals/{slug}/"]
        own = placeholder(book, slug)
        # the first is the one that programs invite
        assert _mailtos(found)[0] == f"mailto:{own}"
        alice.put(f"/alice/alice/{slug}.ics", event(slug, lines=attendee(own)), expect=201)
        text = alice.get(f"/alice/{slug}/{slug}.ics").text
        assert presence(text, own) == "NEEDS-ACTION"
        assert busy_times(alice, own) != {}


def test_4_whoever_is_found_can_be_asked(staff: AppointmentBook, login: Login) -> None:
    nora = login("nora")
    found = [each for each in search(nora, "a").values() if each.href != "/dav/nora/"]
    assert len(found) > 5
    for each in found:
        for address in (_mailtos(each)[0], each.href):
            assert busy_times(nora, address) == {}, address


def test_5_8_principal_collection_set(alice: DavClient) -> None:
    name = f"{DAV}principal-collection-set"
    for path in ("/", "/alice/", "/alice/claire/", "/alice/principals/ivan/", "/alice/outbox/"):
        (found,) = alice.propfind(path, name).values()
        assert "/dav/" in [href.text for href in found.props[name]], path


def test_4_nobody_writes_there(alice: DavClient) -> None:
    body = proppatch_body(set_props("<displayname>Autre</displayname>"))
    answer = alice.request("PROPPATCH", "/alice/principals/ivan/", body)
    assert answer.status == 403 or preconditions(answer), answer.body
    for path in ("/alice/principals/ivan/", "/alice/principals/", "/alice/principals/neuf/"):
        for method in ("DELETE", "MKCOL", "MKCALENDAR", "PUT"):
            answer = alice.request(method, path, event("a") if method == "PUT" else "")
            assert answer.status in (403, 404, 405, 409), (method, path, answer.status)
    assert alice.put("/alice/principals/ivan/a.ics", event("a")).status in (403, 404, 405, 409)
    (found,) = alice.propfind("/alice/principals/ivan/", NAME).values()
    assert found.text(NAME) == "Ivan Intervenant"


def test_4_the_home_does_not_list_people(alice: DavClient) -> None:
    found = alice.propfind("/alice/", KIND, depth=1)
    people = {
        href for href, each in found.items() if each.props[KIND].find(f"{DAV}principal") is not None
    }
    assert people == {"/dav/alice/"}


@pytest.mark.parametrize("address", [IVAN, CLAIRE, SOPHIE])
def test_2_4_1_who_is_found_is_invited(alice: DavClient, address: str) -> None:
    (found,) = search(alice, address, prop=BY_ADDRESS).values()
    invited = _mailtos(found)[0].removeprefix("mailto:")
    alice.put("/alice/alice/a.ics", event("a", lines=attendee(invited)), expect=201)
    slug = found.href.rstrip("/").rpartition("/")[2]
    assert presence(alice.get(f"/alice/{slug}/a.ics").text, address) == "NEEDS-ACTION"

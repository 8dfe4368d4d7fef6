"""RFC 4918 (WebDAV): COPY and MOVE, with Destination, Overwrite and Depth."""

from __future__ import annotations

import pytest

from support.caldav import Place, assert_refused
from support.dav import CALDAV, DAV, Answer
from support.objects import event

BOTH = pytest.mark.parametrize("method", ["COPY", "MOVE"])


def _send(place: Place, method: str, name: str, to: str, **headers: str) -> Answer:
    headers.setdefault("destination", f"http://localhost{place.url}{to}")
    return place.client.request(method, f"{place.path}{name}", expect=None, environ=None, **headers)


def _text(place: Place, name: str) -> str:
    return place.client.get(f"{place.path}{name}").text


@pytest.fixture
def filled(folder: Place) -> Place:
    """A folder with a file, and folders with files in them."""
    for name in ("from/", "from/deep/", "to/"):
        folder.client.request("MKCOL", f"{folder.path}{name}", expect=201)
    for name in ("a.txt", "b.txt", "from/c.txt", "from/deep/d.txt", "to/e.txt"):
        folder.put(name, name)
    return folder


@BOTH
def test_9_8_5_201_for_a_new_place(filled: Place, method: str) -> None:
    assert _send(filled, method, "a.txt", "new.txt").status == 201
    assert _text(filled, "new.txt") == "a.txt"
    remains = filled.client.request("GET", f"{filled.path}a.txt").status
    assert remains == (200 if method == "COPY" else 404)


@BOTH
@pytest.mark.parametrize("overwrite", ["T", "t", ""])
def test_9_8_5_204_for_what_is_replaced(filled: Place, method: str, overwrite: str) -> None:
    headers = {"overwrite": overwrite} if overwrite else {}
    assert _send(filled, method, "a.txt", "b.txt", **headers).status == 204
    assert _text(filled, "b.txt") == "a.txt"


@BOTH
@pytest.mark.parametrize(("name", "to"), [("a.txt", "b.txt"), ("from/", "to/"), ("a.txt", "to")])
def test_10_6_412_when_nothing_may_be_replaced(
    filled: Place, method: str, name: str, to: str
) -> None:
    assert _send(filled, method, name, to, overwrite="F").status == 412
    assert _text(filled, "a.txt") == "a.txt"
    assert _text(filled, "b.txt") == "b.txt"
    assert _text(filled, "to/e.txt") == "to/e.txt"
    assert _text(filled, "from/deep/d.txt") == "from/deep/d.txt"


@BOTH
def test_10_6_201_when_nothing_had_to_be_replaced(filled: Place, method: str) -> None:
    assert _send(filled, method, "a.txt", "new.txt", overwrite="F").status == 201


@BOTH
@pytest.mark.parametrize("name", ["a.txt", "from/"])
def test_9_8_5_403_for_the_same_place(filled: Place, method: str, name: str) -> None:
    assert _send(filled, method, name, name).status == 403
    assert _text(filled, "a.txt") == "a.txt"
    assert _text(filled, "from/c.txt") == "from/c.txt"


@BOTH
@pytest.mark.parametrize("name", ["a.txt", "from/"])
def test_9_8_5_409_without_a_parent(filled: Place, method: str, name: str) -> None:
    assert _send(filled, method, name, "missing/new").status == 409
    assert _text(filled, "a.txt") == "a.txt"
    assert _text(filled, "from/c.txt") == "from/c.txt"


@BOTH
def test_9_8_5_403_for_another_server(filled: Place, method: str) -> None:
    target = "http://elsewhere.example/dav/alice/dossier/x.txt"
    assert _send(filled, method, "a.txt", "", destination=target).status == 403
    assert _text(filled, "a.txt") == "a.txt"


@BOTH
@pytest.mark.parametrize("target", ["", "http://", "http://localhost", "x y", "http://[::1"])
def test_10_3_a_destination_that_is_none(filled: Place, method: str, target: str) -> None:
    status = _send(filled, method, "a.txt", "", destination=target).status
    assert status in (400, 403, 409)
    assert _text(filled, "a.txt") == "a.txt"


@BOTH
def test_10_3_a_destination_is_decoded_and_may_be_a_path(filled: Place, method: str) -> None:
    target = f"{filled.url}%C3%A9%20%2b.txt"
    assert _send(filled, method, "a.txt", "", destination=target).status == 201
    assert _text(filled, "é +.txt") == "a.txt"


@BOTH
def test_9_8_404_where_nothing_is(filled: Place, method: str) -> None:
    assert _send(filled, method, "missing.txt", "new.txt").status == 404
    assert _send(filled, method, "missing/", "new/").status == 404


@BOTH
def test_10_6_an_overwrite_that_is_none(filled: Place, method: str) -> None:
    assert _send(filled, method, "a.txt", "b.txt", overwrite="X").status == 400


@BOTH
def test_9_8_3_collections_go_with_all_they_hold(filled: Place, method: str) -> None:
    assert _send(filled, method, "from/", "new/").status == 201
    assert _text(filled, "new/c.txt") == "from/c.txt"
    assert _text(filled, "new/deep/d.txt") == "from/deep/d.txt"
    remains = filled.client.request("PROPFIND", f"{filled.path}from/", depth="0").status
    assert remains == (207 if method == "COPY" else 404)


def test_9_8_3_depth_0_copies_the_collection_alone(filled: Place) -> None:
    assert _send(filled, "COPY", "from/", "new/", depth="0").status == 201
    assert Place(filled.client, f"{filled.path}new/").listed() == {}
    assert _text(filled, "from/c.txt") == "from/c.txt"


def test_9_8_3_depth_1_is_none_for_copy(filled: Place) -> None:
    assert _send(filled, "COPY", "from/", "new/", depth="1").status == 400
    filled.client.request("PROPFIND", f"{filled.path}new/", expect=404, depth="0")


@pytest.mark.parametrize("depth", ["0", "1"])
def test_9_9_2_a_collection_is_moved_whole_or_not(filled: Place, depth: str) -> None:
    answer = _send(filled, "MOVE", "from/", "new/", depth=depth)
    if answer.status == 400:
        assert _text(filled, "from/deep/d.txt") == "from/deep/d.txt"
    else:
        assert _text(filled, "new/deep/d.txt") == "from/deep/d.txt"


@BOTH
@pytest.mark.parametrize(("name", "to"), [("from/", "to/"), ("a.txt", "to"), ("from/", "b.txt")])
def test_9_8_4_what_is_replaced_is_gone_and_not_merged(
    filled: Place, method: str, name: str, to: str
) -> None:
    assert _send(filled, method, name, to).status == 204
    filled.client.request("GET", f"{filled.path}to/e.txt", expect=404 if "to" in to else 200)
    if name == "from/":
        assert _text(filled, f"{to.rstrip('/')}/deep/d.txt") == "from/deep/d.txt"
    else:
        assert _text(filled, to) == "a.txt"


@BOTH
def test_9_8_no_collection_goes_into_itself(filled: Place, method: str) -> None:
    status = _send(filled, method, "from/", "from/deep/new/").status
    assert status in (403, 409)
    assert _text(filled, "from/deep/d.txt") == "from/deep/d.txt"
    filled.client.request("PROPFIND", f"{filled.path}from/deep/new/", expect=404, depth="0")


@BOTH
def test_9_8_no_collection_replaces_what_holds_it(filled: Place, method: str) -> None:
    status = _send(filled, method, "from/deep/", "from/").status
    assert status in (204, 403, 409)
    if status != 204:
        assert _text(filled, "from/deep/d.txt") == "from/deep/d.txt"


@BOTH
@pytest.mark.parametrize("target", ["/dav/ivan/x.txt", "/dav/ivan/ivan/x.ics", "/dav/x.txt"])
def test_9_8_5_403_where_one_may_not_write(filled: Place, method: str, target: str) -> None:
    status = _send(filled, method, "a.txt", "", destination=f"http://localhost{target}").status
    assert status in (403, 404, 409)
    assert _text(filled, "a.txt") == "a.txt"


@BOTH
def test_9_8_5_a_condition_holds_for_the_source(filled: Place, method: str) -> None:
    answer = _send(filled, method, "a.txt", "new.txt", if_match='"nonsense"')
    assert answer.status == 412
    filled.client.request("GET", f"{filled.path}new.txt", expect=404)


@BOTH
def test_rfc4791_5_3_2_1_a_copy_meets_the_preconditions_of_put(
    filled: Place, perso: Place, method: str
) -> None:
    into = {"destination": f"http://localhost{perso.url}a.ics"}
    refused = _send(filled, method, "a.txt", "", **into)
    assert refused.status in (403, 415)
    assert refused.xml[0].tag in (
        f"{CALDAV}supported-calendar-data",
        f"{CALDAV}valid-calendar-data",
    )
    assert _text(filled, "a.txt") == "a.txt"
    assert perso.listed() == {}
    filled.put("e.ics", event())
    assert _send(filled, method, "e.ics", "", **into).status == 201
    assert _text(perso, "a.ics") == event()


def test_rfc4791_5_3_2_1_one_uid_in_a_calendar(perso: Place) -> None:
    perso.put("a.ics", event())
    assert_refused(_send(perso, "COPY", "a.ics", "b.ics"), f"{CALDAV}no-uid-conflict", 403, 409)
    assert set(perso.listed()) == {"a.ics"}
    assert _send(perso, "MOVE", "a.ics", "b.ics").status == 201
    assert set(perso.listed()) == {"b.ics"}


@BOTH
def test_rfc4791_5_3_2_1_no_calendar_in_a_calendar(perso: Place, method: str) -> None:
    perso.client.request("MKCALENDAR", "/alice/zwei/", expect=201)
    into = {"destination": f"http://localhost{perso.url}zwei/"}
    answer = perso.client.request(method, "/alice/zwei/", expect=None, environ=None, **into)
    assert_refused(answer, f"{CALDAV}calendar-collection-location-ok", 403, 409)
    perso.client.propfind("/alice/zwei/", f"{DAV}getetag")


@BOTH
def test_a_calendar_keeps_being_one(perso: Place, method: str) -> None:
    perso.put("a.ics", event())
    into = {"destination": "http://localhost/dav/alice/zwei/"}
    perso.client.request(method, perso.path, expect=201, environ=None, **into)
    assert Place(perso.client, "/alice/zwei/").hits() == {"a.ics"}

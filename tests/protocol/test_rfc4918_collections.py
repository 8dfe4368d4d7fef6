"""RFC 4918 (WebDAV): MKCOL, DELETE, PUT where collections are, and the If header."""

from __future__ import annotations

import pytest

from support.caldav import XMLNS, Place
from support.dav import DAV, DavClient
from support.objects import event


def test_9_3_a_new_collection_is_empty(folder: Place) -> None:
    assert folder.listed() == {}
    assert list(folder.client.propfind("/alice/", f"{DAV}resourcetype", depth=1)).count(folder.url)


def test_9_3_collections_nest(folder: Place) -> None:
    client = folder.client
    client.request("MKCOL", f"{folder.path}in", expect=201)
    client.request("MKCOL", f"{folder.path}in/side/", expect=201)
    client.put(f"{folder.path}in/side/a.txt", "tief", expect=201)
    assert client.get(f"{folder.path}in/side/a.txt").text == "tief"
    assert set(folder.listed()) == {"in/"}


def test_9_3_1_405_where_something_stands(folder: Place, perso: Place) -> None:
    folder.put("a.txt", "a")
    for path in (folder.path, perso.path, f"{folder.path}a.txt", "/alice/claire/", "/alice/"):
        folder.client.request("MKCOL", path, expect=405)
    assert folder.client.get(f"{folder.path}a.txt").text == "a"


def test_9_3_1_409_without_a_parent(folder: Place) -> None:
    folder.client.request("MKCOL", f"{folder.path}missing/new/", expect=409)
    folder.client.request("MKCOL", "/alice/missing/new/", expect=409)
    folder.client.request("PROPFIND", f"{folder.path}missing/", expect=404, depth="0")


def test_9_3_1_415_for_a_body_that_is_not_understood(alice: DavClient) -> None:
    alice.request("MKCOL", "/alice/neu/", "zzz", expect=415, content_type="xzy-foo/bar-512")
    alice.request("PROPFIND", "/alice/neu/", expect=404, depth="0")


def test_9_3_1_403_where_collections_may_not_be(perso: Place) -> None:
    for path in (f"{perso.path}in/", "/alice/claire/in/", "/ivan/neu/", "/neu/"):
        answer = perso.client.request("MKCOL", path)
        assert answer.status in (403, 404, 405, 409), path
        perso.client.request("PROPFIND", "/alice/claire/", expect=207, depth="0")


def test_9_3_below_a_file_is_no_place(folder: Place) -> None:
    folder.put("a.txt", "a")
    answer = folder.client.request("MKCOL", f"{folder.path}a.txt/in/")
    assert answer.status in (403, 405, 409)


def test_9_6_1_delete_takes_all_members(folder: Place) -> None:
    client = folder.client
    client.request("MKCOL", f"{folder.path}in/", expect=201)
    for name in ("a.txt", "in/b.txt"):
        folder.put(name, name)
    client.delete(folder.path)
    for path in ("", "a.txt", "in/", "in/b.txt"):
        client.request("GET", folder.path + path, expect=404)
    client.delete(folder.path, expect=404)
    client.request("MKCOL", folder.path, expect=201)
    assert folder.listed() == {}


def test_9_6_nothing_to_delete(folder: Place) -> None:
    for path in (f"{folder.path}a.txt", f"{folder.path}in/a.txt", "/alice/missing/"):
        folder.client.delete(path, expect=404)


def test_9_6_a_personal_calendar_can_go(perso: Place) -> None:
    perso.put("a.ics", event())
    perso.client.delete(perso.path)
    perso.client.request("GET", f"{perso.path}a.ics", expect=404)
    perso.client.request("MKCALENDAR", perso.path, expect=201)
    assert perso.listed() == {}


@pytest.mark.parametrize("path", ["/alice/claire/", "/alice/", "/", "/ivan/", "/ivan/ivan/"])
def test_9_6_what_is_not_the_programs_to_delete(alice: DavClient, path: str) -> None:
    alice.put("/alice/claire/a.ics", event(), expect=201)
    answer = alice.request("DELETE", path)
    assert answer.status in (403, 404, 405)
    alice.get("/alice/claire/a.ics")


def test_9_7_1_409_without_a_parent(folder: Place) -> None:
    folder.put("missing/a.txt", "a", expect=409)
    folder.client.put("/alice/missing/a.ics", event(), expect=409)
    folder.client.request("PROPFIND", f"{folder.path}missing/", expect=404, depth="0")


@pytest.mark.parametrize("slash", ["/", ""])
def test_9_7_2_put_replaces_no_collection(folder: Place, slash: str) -> None:
    folder.put("a.txt", "a")
    for path in (folder.path.rstrip("/"), "/alice/claire", "/alice"):
        answer = folder.client.put(path + slash, event())
        assert answer.status in (403, 405, 409), path
    assert set(folder.listed()) == {"a.txt"}


def test_9_7_put_tells_new_from_changed(folder: Place) -> None:
    folder.put("a.txt", "eins", expect=201)
    folder.put("a.txt", "zwei", expect=204)
    assert folder.client.get(f"{folder.path}a.txt").text == "zwei"


def test_9_7_bytes_and_their_type_are_kept(folder: Place) -> None:
    content = bytes(range(256))
    path = f"{folder.path}a.bin"
    kind = "application/x-essai; a=b"
    folder.client.request("PUT", path, content, expect=201, content_type=kind)
    got = folder.client.get(path)
    assert got.body == content
    assert got.headers["content-type"] == kind
    assert got.headers["content-length"] == "256"


def test_5_2_a_collections_url_works_without_its_slash(folder: Place) -> None:
    folder.put("a.txt", "a")
    found = folder.client.propfind(folder.path.rstrip("/"), f"{DAV}getetag", depth=1)
    assert f"{folder.url}a.txt" in found


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ('(["nonsense"])', 412),
        ("([{etag}])", 204),
        ("(Not [{etag}])", 412),
        ('(Not ["nonsense"])', 204),
        ('(["nonsense"]) ([{etag}])', 204),
        ("<http://localhost{url}> ([{etag}])", 204),
        ('<http://localhost{url}> (["nonsense"])', 412),
        ("(<DAV:no-lock>)", 412),
        ("(Not <DAV:no-lock>)", 204),
        ("(<opaquelocktoken:e71d4fae-5dec-22d6-fea5-00a0c91e6be4>)", 412),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_10_4_the_if_header(folder: Place, method: str, condition: str, status: int) -> None:
    etag = folder.put("a.txt", "a").etag or ""
    header = condition.format(etag=etag, url=f"{folder.url}a.txt")
    folder.client.request(
        method, f"{folder.path}a.txt", "b", expect=status, environ={"HTTP_IF": header}
    )


def test_8_7_a_body_is_told_what_is_wrong(folder: Place) -> None:
    body = f"<propertyupdate {XMLNS}>"
    answer = folder.client.request("PROPPATCH", folder.path, body, expect=400)
    assert answer.body.strip()

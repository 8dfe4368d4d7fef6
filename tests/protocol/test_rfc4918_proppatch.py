"""RFC 4918 (WebDAV): PROPPATCH, dead properties and protected ones."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from support.caldav import (
    XMLNS,
    Place,
    preconditions,
    propfind_body,
    proppatch_body,
    remove_props,
    same,
    set_props,
    statuses,
)
from support.dav import DAV, Answer, DavClient, resources
from support.objects import event

DEAD = '<e:note xmlns:e="urn:essai">{}</e:note>'
NOTE = "{urn:essai}note"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def _patch(client: DavClient, path: str, *parts: str, expect: int = 207) -> Answer:
    return client.request("PROPPATCH", path, proppatch_body(*parts), expect=expect)


def _read(client: DavClient, path: str, name: str) -> ET.Element | None:
    (found,) = client.propfind(path, name).values()
    return found.props.get(name)


def _note(client: DavClient, path: str) -> str | None:
    found = _read(client, path, NOTE)
    return found.text if found is not None else None


@pytest.fixture(params=["home", "person", "personal", "folder", "file"])
def path(request: pytest.FixtureRequest, perso: Place, folder: Place) -> str:
    """Places of each kind that keep properties."""
    folder.put("a.txt", "a")
    return {
        "home": "/alice/",
        "person": "/alice/claire/",
        "personal": perso.path,
        "folder": folder.path,
        "file": f"{folder.path}a.txt",
    }[request.param]


def test_9_2_set_and_remove(alice: DavClient, path: str) -> None:
    assert statuses(_patch(alice, path, set_props(DEAD.format("eins")))) == {NOTE: 200}
    assert _note(alice, path) == "eins"
    _patch(alice, path, set_props(DEAD.format("zwei")))
    assert _note(alice, path) == "zwei"
    assert statuses(_patch(alice, path, remove_props(DEAD.format("")))) == {NOTE: 200}
    assert _note(alice, path) is None


def test_9_2_all_or_nothing(alice: DavClient, path: str) -> None:
    _patch(alice, path, set_props(DEAD.format("vorher")))
    answer = _patch(
        alice,
        path,
        set_props('<e:other xmlns:e="urn:essai">x</e:other>'),
        remove_props(DEAD.format("")),
        set_props("<getetag>mine</getetag>"),
    )
    assert statuses(answer) == {
        "{urn:essai}other": 424,
        NOTE: 424,
        f"{DAV}getetag": 403,
    }
    assert preconditions(answer) == {f"{DAV}cannot-modify-protected-property"}
    assert _note(alice, path) == "vorher"
    assert _read(alice, path, "{urn:essai}other") is None


@pytest.mark.parametrize(
    "name",
    [
        "getetag",
        "resourcetype",
        "creationdate",
        "getcontentlength",
        "getlastmodified",
        "owner",
        "current-user-privilege-set",
        "supported-report-set",
        "sync-token",
        "quota-used-bytes",
    ],
)
@pytest.mark.parametrize("change", [set_props, remove_props])
def test_16_protected_properties(any_calendar: Place, name: str, change: object) -> None:
    client, path = any_calendar.client, any_calendar.path
    part = set_props if change is set_props else remove_props
    before = client.propfind(path, f"{DAV}resourcetype", f"{DAV}getetag")[any_calendar.url]
    answer = _patch(client, path, part(f"<{name}/>"))
    assert statuses(answer) == {f"{DAV}{name}": 403}
    assert preconditions(answer) == {f"{DAV}cannot-modify-protected-property"}
    after = client.propfind(path, f"{DAV}resourcetype", f"{DAV}getetag")[any_calendar.url]
    for tag, element in before.props.items():
        assert same(element, after.props[tag])


def test_9_2_in_document_order(alice: DavClient, path: str) -> None:
    _patch(alice, path, set_props(DEAD.format("eins")), remove_props(DEAD.format("")))
    assert _note(alice, path) is None
    _patch(
        alice,
        path,
        remove_props(DEAD.format("")),
        set_props(DEAD.format("eins")),
        set_props(DEAD.format("zwei")),
    )
    assert _note(alice, path) == "zwei"


def test_14_23_removing_what_is_not_there_is_no_error(alice: DavClient, path: str) -> None:
    assert statuses(_patch(alice, path, remove_props(DEAD.format("")))) == {NOTE: 200}


@pytest.mark.parametrize(
    "value",
    [
        '<e:note xmlns:e="urn:essai"><e:n e:a="1" b="">J</e:n> &amp; <y xmlns="urn:z"/> Z</e:note>',
        '<note xmlns="urn:essai">&lt;not-xml&gt; "quoted" \u00e9\U0001f600</note>',
        '<note xmlns="urn:essai"> blanks \n and\tlines </note>',
        '<note xmlns="urn:essai"><![CDATA[<a>&b]]></note>',
        '<note xmlns="urn:essai"><a xmlns=""><b/>tail</a></note>',
        '<note xmlns="urn:essai"/>',
        '<note xmlns="urn:essai"><href xmlns="DAV:">/a%20</href><href xmlns="DAV:">/</href></note>',
    ],
    ids=["mixed", "escaped", "blanks", "cdata", "no namespace", "empty", "hrefs"],
)
def test_4_3_values_are_kept_as_xml(folder: Place, perso: Place, value: str) -> None:
    for place in (folder, perso):
        _patch(place.client, place.path, set_props(value))
        found = _read(place.client, place.path, NOTE)
        assert found is not None
        found.tail = None
        assert same(found, ET.fromstring(value)), ET.tostring(found)


def test_4_3_the_language_in_scope_belongs_to_the_value(folder: Place) -> None:
    body = (
        f'<propertyupdate {XMLNS} xml:lang="de"><set><prop xml:lang="fr">'
        f"{DEAD.format('Bonjour')}</prop></set></propertyupdate>"
    )
    folder.client.request("PROPPATCH", folder.path, body, expect=207)
    found = _read(folder.client, folder.path, NOTE)
    assert found is not None
    assert found.get(LANG) == "fr"


@pytest.mark.parametrize("namespace", ["", "urn:a", "urn:A", "http://a.example/b#", "é:x"])
def test_4_4_names_are_namespace_and_name(folder: Place, namespace: str) -> None:
    others = [ns for ns in ("", "urn:a", "urn:A", "http://a.example/b#") if ns != namespace]
    _patch(folder.client, folder.path, set_props(f'<p xmlns="{namespace}">{namespace}!</p>'))
    asked = "".join(f'<p xmlns="{ns}"/>' for ns in (namespace, *others))
    answer = folder.client.request("PROPFIND", folder.path, propfind_body(asked), depth="0")
    own = f"{{{namespace}}}p" if namespace else "p"
    assert [name for name, status in statuses(answer).items() if status == 200] == [own]
    assert resources(answer)[folder.url].text(own) == f"{namespace}!"


def test_9_2_many_properties(folder: Place) -> None:
    many = "".join(f'<p{n} xmlns="urn:many">{n}</p{n}>' for n in range(100))
    _patch(folder.client, folder.path, set_props(many))
    names = [f"{{urn:many}}p{n}" for n in range(100)]
    (found,) = folder.client.propfind(folder.path, *names).values()
    assert {name: prop.text for name, prop in found.props.items()} == {
        name: str(n) for n, name in enumerate(names)
    }


@pytest.mark.parametrize(
    "body",
    [
        "",
        f"<propertyupdate {XMLNS}/>",
        f"<propertyupdate {XMLNS}>",
        f"<propfind {XMLNS}>{set_props(DEAD)}</propfind>",
        f'<propertyupdate {XMLNS}><set><prop><x:a xmlns:x=""/></prop></set></propertyupdate>',
    ],
    ids=["none", "empty", "cut", "another root", "bad prefix"],
)
def test_9_2_bodies_that_mean_nothing(folder: Place, body: str) -> None:
    folder.client.request("PROPPATCH", folder.path, body, expect=400)


def test_9_2_nothing_is_patched_where_nothing_is(alice: DavClient) -> None:
    for path in ("/alice/nothing/", "/alice/claire/nothing.ics", "/alice/nothing/deep/er"):
        _patch(alice, path, set_props(DEAD.format("x")), expect=404)
        alice.request("PROPFIND", path, expect=404, depth="0")


def test_15_2_displayname_is_the_clients(any_calendar: Place) -> None:
    client, path = any_calendar.client, any_calendar.path
    _patch(client, path, set_props("<displayname>Mes &lt;choses&gt; é</displayname>"))
    found = _read(client, path, f"{DAV}displayname")
    assert found is not None
    assert found.text == "Mes <choses> é"


def test_9_2_properties_are_the_accounts_own(alice: DavClient, ivan: DavClient) -> None:
    _patch(alice, "/alice/ivan/", set_props(DEAD.format("alices")))
    assert _note(ivan, "/ivan/ivan/") is None


def test_9_6_1_properties_end_with_the_resource(folder: Place, perso: Place) -> None:
    folder.put("a.txt", "a")
    file = f"{folder.path}a.txt"
    client = folder.client
    for path in (file, folder.path, perso.path):
        _patch(client, path, set_props(DEAD.format("x")))
        client.delete(path)
        if path == file:
            folder.put("a.txt", "b")
        else:
            client.request("MKCOL" if path == folder.path else "MKCALENDAR", path, expect=201)
        assert _note(client, path) is None


def test_9_8_2_and_9_9_1_properties_go_along(folder: Place) -> None:
    client = folder.client
    folder.put("a.txt", "a")
    _patch(client, f"{folder.path}a.txt", set_props(DEAD.format("x")))
    there = {"destination": f"http://localhost{folder.url}b.txt"}
    client.request("COPY", f"{folder.path}a.txt", expect=201, environ=None, **there)
    assert _note(client, f"{folder.path}a.txt") == "x"
    assert _note(client, f"{folder.path}b.txt") == "x"
    client.move(f"{folder.path}b.txt", f"{folder.path}c.txt")
    assert _note(client, f"{folder.path}c.txt") == "x"


def test_9_7_1_a_put_keeps_the_dead_properties(folder: Place, perso: Place) -> None:
    for place, name, text in ((folder, "a.txt", "a"), (perso, "a.ics", event())):
        place.put(name, text)
        _patch(place.client, place.path + name, set_props(DEAD.format("x")))
        place.put(name, text.replace("Essai", "Autre") + "\r\n", expect=204)
        assert _note(place.client, place.path + name) == "x"

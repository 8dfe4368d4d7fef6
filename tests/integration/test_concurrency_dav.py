"""Several programs that set properties or make calendars at once, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_radicale.application import Application, create_app
from support.dav import DavClient

WRITERS = 6
ROUNDS = 4
PLACES = ["/alice/", "/alice/claire/", "/alice/perso/", "/alice/perso/t.ics"]
TODO = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:t\r\n"
    "DTSTAMP:20261124T080000Z\r\nSUMMARY:t\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
)


@pytest.fixture
def app(any_book: AppointmentBook) -> Application:
    return create_app(any_book)


def _set(client: DavClient, path: str, name: str) -> int:
    body = (
        '<propertyupdate xmlns="DAV:"><set><prop>'
        f'<x:{name} xmlns:x="urn:x">{name}</x:{name}></prop></set></propertyupdate>'
    )
    return client.request("PROPPATCH", path, body).status


@pytest.mark.parametrize("path", PLACES)
def test_each_program_keeps_what_the_others_set(app: Application, path: str) -> None:
    client = DavClient(app, "alice")
    client.request("MKCALENDAR", "/alice/perso/", expect=201)
    client.put("/alice/perso/t.ics", TODO, expect=201)
    names = [f"p{number}" for number in range(WRITERS * ROUNDS)]

    with ThreadPoolExecutor(WRITERS) as pool:
        statuses = set(pool.map(lambda name: _set(DavClient(app, "alice"), path, name), names))

    assert statuses == {207}
    kept = client.propfind(path, *(f"{{urn:x}}{name}" for name in names))[f"/dav{path}"]
    assert {name.partition("}")[2] for name in kept.props} == set(names)


@pytest.mark.parametrize("method", ["MKCALENDAR", "MKCOL"])
def test_one_of_many_makes_a_collection(app: Application, method: str) -> None:
    def make(_: int) -> int:
        return DavClient(app, "alice").request(method, "/alice/neuf/").status

    with ThreadPoolExecutor(WRITERS) as pool:
        statuses = sorted(pool.map(make, range(WRITERS)))
    assert statuses[0] == 201
    assert set(statuses[1:]) <= {403, 405}


def test_a_calendar_is_moved_once(app: Application) -> None:
    client = DavClient(app, "alice")
    client.request("MKCALENDAR", "/alice/perso/", expect=201)
    client.put("/alice/perso/t.ics", TODO, expect=201)

    def move(number: int) -> int:
        target = f"http://localhost/dav/alice/neuf{number}/"
        return DavClient(app, "alice").request("MOVE", "/alice/perso/", destination=target).status

    with ThreadPoolExecutor(WRITERS) as pool:
        statuses = sorted(pool.map(move, range(WRITERS)))
    assert statuses == [201] + [404] * (WRITERS - 1)
    places = [place for place in client.propfind("/alice/", depth=1) if "/neuf" in place]
    assert len(places) == 1

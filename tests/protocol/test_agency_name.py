"""The agency's name stands in every appointment as the organizer's: a new one is read anew."""

from __future__ import annotations

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.services import agency_settings
from rdv_radicale.application import create_app
from support.dav import DavClient
from support.desk import Desk
from support.objects import event
from support.scheduling import IVAN, attendee, lines_of

NAMES = LONG_OVER, TO_COME = "over.ics", "come.ics"


def _rename(book: AppointmentBook, name: str) -> None:
    with book.database.writing() as tx:
        admin = Desk(tx, book.clock()).actor("admin")
        agency_settings.change(tx, admin, {"name": name}, now=book.clock())


def _organizer(client: DavClient, path: str) -> str:
    (line,) = lines_of(client.get(path).text, "ORGANIZER")
    return line


def test_a_new_name_is_a_change_of_every_appointment(any_book: AppointmentBook) -> None:
    app = create_app(any_book)
    alice, ivan = DavClient(app, "alice"), DavClient(app, "ivan")
    for name, day in ((LONG_OVER, "20240105"), (TO_COME, "20270105")):
        uid = name.removesuffix(".ics")
        times = f"DTSTART:{day}T090000Z\r\nDTEND:{day}T100000Z\r\n"
        text = event(uid, times=times, lines=attendee(IVAN))
        alice.put(f"/alice/alice/{name}", text, expect=201)
    homes = ((alice, "/alice/alice/"), (alice, "/alice/ivan/"), (ivan, "/ivan/ivan/"))
    before = [
        (client, home, client.sync(home)[0], {name: client.get(f"{home}{name}") for name in NAMES})
        for client, home in homes
    ]

    _rename(any_book, "Renommée")

    for client, home, token, texts in before:
        assert client.sync(home, token)[1] == {f"/dav{home}{name}" for name in texts}
        for name, old in texts.items():
            assert old.etag is not None
            new = client.get(f"{home}{name}", if_none_match=old.etag)
            assert new.status == 200
            assert new.etag != old.etag
    for client, home in homes:
        assert "CN=Renommée" in _organizer(client, f"{home}{TO_COME}")
    assert "CN=Renommée" in _organizer(alice, f"/alice/alice/{LONG_OVER}")


def test_the_same_name_is_no_change(any_book: AppointmentBook) -> None:
    alice = DavClient(create_app(any_book), "alice")
    alice.put("/alice/alice/a.ics", event("a"), expect=201)
    with any_book.database.reading() as tx:
        name = tx.agency.settings().name
    token, _, _ = alice.sync("/alice/alice/")
    _rename(any_book, name)
    assert alice.sync("/alice/alice/", token) == (token, set(), set())

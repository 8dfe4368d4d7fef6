"""Many who tell somebody something at once, while his programs take it away, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_radicale.application import Application, create_app
from support.dav import DavClient
from support.inbox import edit, number, place, switch
from support.objects import event
from support.scheduling import CLAIRE, IVAN, attendee

WRITERS = 6
MEETINGS = [f"m{number}" for number in range(18)]


@pytest.fixture
def app(any_book: AppointmentBook) -> Application:
    switch(any_book, "ivan", "claire")
    return create_app(any_book)


def test_no_message_is_lost_and_no_program_misses_one(app: Application) -> None:
    ivan, known = DavClient(app, "ivan"), set[str]()

    def meet(uid: str) -> int:
        text = event(uid, lines=attendee(IVAN) + attendee(CLAIRE))
        return DavClient(app, "alice").put(f"/alice/alice/{uid}.ics", text).status

    def follow(token: str) -> str:
        token, changed, gone = ivan.sync("/ivan/inbox/", token)
        known.difference_update(gone)
        known.update(changed)
        return token

    token = follow("")
    with ThreadPoolExecutor(WRITERS) as pool:
        told = [pool.submit(meet, uid) for uid in MEETINGS]
        while not all(each.done() for each in told):
            token = follow(token)
    assert {each.result() for each in told} == {201}
    follow(token)
    names = set(place(ivan).listed())
    assert len(names) == len(MEETINGS)
    assert known == {f"/dav/ivan/inbox/{name}" for name in names}
    assert sorted(map(number, names)) == list(range(1, len(MEETINGS) + 1))


def test_a_message_is_taken_away_once(app: Application) -> None:
    alice = DavClient(app, "alice")
    alice.put("/alice/alice/a.ics", event("a", lines=attendee(IVAN)), expect=201)
    (name,) = place(DavClient(app, "ivan")).listed()

    def remove(turn: int) -> int:
        if turn == 0:
            edit(alice, "/alice/alice/a.ics", "SUMMARY:Essai", "SUMMARY:Autre")
            return 204
        return DavClient(app, "ivan").request("DELETE", f"/ivan/inbox/{name}").status

    with ThreadPoolExecutor(WRITERS) as pool:
        statuses = sorted(pool.map(remove, range(WRITERS)))
    assert set(statuses) <= {204, 404}
    assert statuses.count(204) in (1, 2)
    (again,) = place(DavClient(app, "ivan")).listed()
    assert again != name

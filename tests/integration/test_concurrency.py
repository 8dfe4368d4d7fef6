"""Several writers at once, over real connections to several processes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.engine import Database
from rdv_caldav.settings import Settings
from support.http_dav import HttpDav, SyncedCopy
from support.objects import event
from support.scenario import Clock
from support.server import RunningServer, running_server
from support.small_agency import found_agency

WRITERS = 8
ROUNDS = 6


@pytest.fixture
def served(database_url: str, tmp_path: Path) -> Iterator[RunningServer]:
    database = Database(database_url)
    found_agency(AppointmentBook(settings=Settings(), database=database, clock=Clock()))
    database.dispose()
    with running_server(database_url, tmp_path / "log", workers=2, threads=8) as server:
        yield server
    log = (tmp_path / "log").read_text()
    assert " 500 " not in log
    assert "Traceback" not in log


def _append(dav: str, path: str, mark: str) -> None:
    """Add a mark to the subject, again and again until no other writer came between."""
    with HttpDav(dav, "alice") as client:
        for _ in range(500):
            _, headers, text = client.request("GET", path)
            changed = re.sub(r"(SUMMARY:[^\r]*)", rf"\1 {mark}", text)
            status, _, body = client.request("PUT", path, changed, If_Match=headers["etag"])
            if status == 204:
                return
            assert status == 412, body
    raise AssertionError("no turn within 500 tries")


def test_eight_writers_of_one_appointment_lose_nothing(served: RunningServer) -> None:
    path = "/alice/claire/essai.ics"
    marks = [f"m{n:03}" for n in range(WRITERS * 3)]
    with HttpDav(served.dav, "alice") as client:
        client.request("PUT", path, event(summary="X"))
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(lambda mark: _append(served.dav, path, mark), marks))
        _, _, text = client.request("GET", path)
    subject = re.sub(r"\r\n ", "", text)
    found = re.search(r"SUMMARY:(.*)\r\n", subject)
    assert found is not None
    assert sorted(found[1].split()[1:]) == marks


def test_eight_writers_of_the_same_new_href(served: RunningServer) -> None:
    def put(number: int) -> int:
        with HttpDav(served.dav, "alice") as client:
            status, _, _ = client.request(
                "PUT", "/alice/claire/neuf.ics", event(summary=str(number)), If_None_Match="*"
            )
        return status

    with ThreadPoolExecutor(WRITERS) as pool:
        statuses = sorted(pool.map(put, range(WRITERS)))
    assert statuses == [201] + [412] * (WRITERS - 1)


def test_overlapping_participants_converge_for_every_sync_client(served: RunningServer) -> None:
    people = ("alice", "ivan", "claire", "sophie")
    addresses = {
        "alice": "alice@agence.example",
        "ivan": "ivan@agence.example",
        "claire": "claire@famille.example",
        "sophie": "sophie@famille.example",
    }

    def write(number: int) -> None:
        with HttpDav(served.dav, "alice") as client:
            for round_ in range(ROUNDS):
                write_one(client, number, round_)

    def write_one(client: HttpDav, number: int, round_: int) -> None:
        owner = people[(number + round_) % 4]
        guests = [people[(number + round_ + step) % 4] for step in range(1, 1 + round_ % 4)]
        lines = "".join(f"ATTENDEE:mailto:{addresses[guest]}\r\n" for guest in guests)
        path, uid = f"/alice/{owner}/w{number}-{round_}.ics", f"w{number}-{round_}"
        status, _, body = client.request("PUT", path, event(uid, summary="A", lines=lines))
        assert status == 201, body
        if round_ % 3 == 1:
            status, _, _ = client.request("DELETE", path)
            assert status == 204
        elif round_ % 3 == 2:
            _, _, text = client.request("GET", path)
            changed = text.replace("SUMMARY:A", "SUMMARY:B")
            status, _, body = client.request("PUT", path, changed)
            assert status == 204, body

    def follow(slug: str) -> SyncedCopy:
        with HttpDav(served.dav, "alice") as client:
            copy = SyncedCopy(client, f"/alice/{slug}/")
            for _ in range(20):
                copy.update()
        return copy

    with ThreadPoolExecutor(WRITERS + len(people)) as pool:
        writing = [pool.submit(write, number) for number in range(WRITERS)]
        following = [pool.submit(follow, slug) for slug in people]
        for job in writing:
            job.result()
        copies = [job.result() for job in following]
    for copy, slug in zip(copies, people, strict=True):
        with HttpDav(served.dav, "alice") as client:
            copy.client = client
            copy.update()
            fresh = SyncedCopy(client, f"/alice/{slug}/")
            fresh.update()
        assert copy.etags == fresh.etags
        assert fresh.etags

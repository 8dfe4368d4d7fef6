"""Evolution's library, as Evolution and GNOME Calendar use it: writes, reads, answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.evolution import evolution_calendar, missing
from support.http_dav import HttpDav
from support.objects import event
from support.server import RunningServer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=missing() or "all there"),
]

MADE = (
    "BEGIN:VEVENT\r\nUID:eds\r\nSUMMARY:D'Evolution\r\n"
    "DTSTART;TZID=Europe/Paris:20261125T090000\r\nDTEND;TZID=Europe/Paris:20261125T100000\r\n"
    "END:VEVENT\r\n"
)


@pytest.fixture
def alice(server: RunningServer) -> Iterator[HttpDav]:
    with HttpDav(server.dav, "alice") as client:
        yield client


def _found(client: HttpDav, path: str) -> str:
    status, _, text = client.request("GET", path)
    return text if status == 200 else ""


def test_a_life_of_an_appointment(server: RunningServer, alice: HttpDav, tmp_path: Path) -> None:
    with evolution_calendar(f"{server.dav}alice/claire/", "alice", tmp_path / "eds") as calendar:
        calendar.add(MADE)
        path = "/alice/claire/eds.ics"
        assert "SUMMARY:D'Evolution" in _found(alice, path)
        # it holds what the server made of it, not what it sent
        assert "X-RDV-ETAT:PLANIFIE" in calendar.text("eds")

        calendar.rename("eds", "Renommé")
        calendar.rename("eds", "Renommé encore")
        assert "SUMMARY:Renommé encore" in _found(alice, path)

        elsewhere = _found(alice, path).replace("Renommé encore", "Changé ailleurs")
        assert alice.request("PUT", path, elsewhere)[0] == 204
        assert alice.request("PUT", "/alice/claire/autre.ics", event("autre"))[0] == 201
        both = {"eds": "Changé ailleurs", "autre": "Essai"}
        calendar.synchronise(until=lambda: calendar.titles() == both)

        calendar.remove("eds")
        assert not _found(alice, path)
        alice.request("DELETE", "/alice/claire/autre.ics")
        calendar.synchronise(until=lambda: not calendar.titles())


def test_an_attendee_answers(server: RunningServer, alice: HttpDav, tmp_path: Path) -> None:
    invited = "ATTENDEE;RSVP=TRUE:mailto:ivan@agence.example\r\n"
    alice.request("PUT", "/alice/claire/essai.ics", event(lines=invited))
    with evolution_calendar(f"{server.dav}ivan/ivan/", "ivan", tmp_path / "eds") as calendar:
        calendar.synchronise(until=lambda: "essai" in calendar.titles())
        calendar.answer("essai", "ivan@agence.example", "TENTATIVE")
    seen = _found(alice, "/alice/claire/essai.ics").replace("\r\n ", "")
    line = next(line for line in seen.splitlines() if "ivan@agence" in line)
    assert "PARTSTAT=TENTATIVE" in line

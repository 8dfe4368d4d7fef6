"""Evolution's library, as Evolution and GNOME Calendar use it: writes, reads, answers."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
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

PATIENCE = 30
"""Seconds."""

IVAN = "ivan@agence.example"
BOTH = (
    "ORGANIZER:mailto:alice@agence.example\r\n"
    f"ATTENDEE;RSVP=TRUE:mailto:{IVAN}\r\n"
    "ATTENDEE;RSVP=TRUE:mailto:claire@famille.example\r\n"
)
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


def _settled(client: HttpDav, path: str, holds: Callable[[str], bool]) -> str:
    """Return what stands at a path once it is as wanted.

    On a busy machine the library takes a change before it is connected, and sends it later.
    """
    end = time.monotonic() + PATIENCE
    while not holds(text := _found(client, path)) and time.monotonic() < end:
        time.sleep(0.1)
    return text


def _with(client: HttpDav, path: str, words: str) -> str:
    """Return what stands at a path once it has these words, else as it is after a while."""
    return _settled(client, path, lambda text: words in text)


def _is_gone(client: HttpDav, path: str) -> bool:
    return not _settled(client, path, lambda text: not text)


def test_a_life_of_an_appointment(server: RunningServer, alice: HttpDav, tmp_path: Path) -> None:
    with evolution_calendar(f"{server.dav}alice/claire/", "alice", tmp_path / "eds") as calendar:
        calendar.add(MADE)
        path = "/alice/claire/eds.ics"
        assert "SUMMARY:D'Evolution" in _with(alice, path, "SUMMARY:D'Evolution")
        # it holds what the server made of it, not what it sent
        assert "X-RDV-ETAT:PLANIFIE" in calendar.text("eds")

        calendar.rename("eds", "Renommé")
        calendar.rename("eds", "Renommé encore")
        assert "SUMMARY:Renommé encore" in _with(alice, path, "SUMMARY:Renommé encore")

        elsewhere = _found(alice, path).replace("Renommé encore", "Changé ailleurs")
        assert alice.request("PUT", path, elsewhere)[0] == 204
        assert alice.request("PUT", "/alice/claire/autre.ics", event("autre"))[0] == 201
        both = {"eds": "Changé ailleurs", "autre": "Essai"}
        calendar.synchronise(until=lambda: calendar.titles() == both)

        calendar.remove("eds")
        assert _is_gone(alice, path)
        alice.request("DELETE", "/alice/claire/autre.ics")
        calendar.synchronise(until=lambda: not calendar.titles())


def test_an_organizer_invites_moves_and_cancels(
    server: RunningServer, alice: HttpDav, tmp_path: Path
) -> None:
    with evolution_calendar(f"{server.dav}alice/alice/", "alice", tmp_path / "eds") as calendar:
        assert calendar.leaves_mailing_to_the_server()
        calendar.add(MADE.replace("END:VEVENT", f"{BOTH}END:VEVENT"))
        for slug in ("ivan", "claire"):
            assert "DTSTART;TZID=Europe/Paris:20261125T090000" in _with(alice, _path(slug), "1125T")

        calendar.postpone("eds", days=1)
        for slug in ("ivan", "claire"):
            assert "DTSTART;TZID=Europe/Paris:20261126T090000" in _with(alice, _path(slug), "1126T")

        calendar.remove("eds")
        assert all(_is_gone(alice, _path(slug)) for slug in ("alice", "ivan", "claire"))


def test_an_attendee_answers(server: RunningServer, alice: HttpDav, tmp_path: Path) -> None:
    lines = f"{BOTH}RRULE:FREQ=DAILY;COUNT=4\r\n"
    alice.request("PUT", _path("alice"), event("eds", lines=lines))
    with evolution_calendar(f"{server.dav}ivan/ivan/", "ivan", tmp_path / "eds") as calendar:
        assert calendar.leaves_mailing_to_the_server()
        calendar.synchronise(until=lambda: "eds" in calendar.titles())
        calendar.answer("eds", IVAN, "TENTATIVE")
        assert _presences(_with(alice, _path("claire"), "=TENTATIVE")) == ["TENTATIVE"]

        calendar.answer("eds", IVAN, "DECLINED", "20261126T080000Z")
        seen = _with(alice, _path("claire"), "RECURRENCE-ID")
        assert "RECURRENCE-ID;TZID=Europe/Paris:20261126T090000" in seen
        assert _presences(seen) == ["TENTATIVE", "DECLINED"]

        calendar.remove("eds")
        assert _is_gone(alice, _path("ivan"))
        assert _presences(_found(alice, _path("claire"))) == ["DECLINED", "DECLINED"]


def _path(slug: str) -> str:
    return f"/alice/{slug}/eds.ics"


def _presences(text: str) -> list[str]:
    """Ivan's PARTSTAT in an object and in its dates that differ."""
    lines = text.replace("\r\n ", "").splitlines()
    own = [line for line in lines if line.endswith(f":mailto:{IVAN}")]
    found = [re.search(r"PARTSTAT=([A-Z-]+)", line) for line in own]
    return [each[1] if each else "NEEDS-ACTION" for each in found]

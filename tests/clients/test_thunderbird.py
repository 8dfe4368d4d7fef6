"""Thunderbird: finds the calendars, writes, reads what others wrote, answers."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.thunderbird import Thunderbird, running_thunderbird
from support.http_dav import HttpDav
from support.objects import event
from support.server import RunningServer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("thunderbird") is None, reason="Thunderbird is not installed"),
]

CLAIRE = "Client : Claire Cliente"
OWN, LOCAL = "Alice Gestion", "Local"
IVAN = "ATTENDEE;RSVP=TRUE:mailto:ivan@agence.example\r\n"
BOTH = (
    f"ORGANIZER:mailto:alice@agence.example\r\n{IVAN}"
    "ATTENDEE;RSVP=TRUE:mailto:claire@famille.example\r\n"
)
DAILY = "RRULE:FREQ=DAILY;COUNT=4\r\n"


@pytest.fixture
def thunderbird(tmp_path: Path) -> Iterator[Thunderbird]:
    folder = tmp_path / "thunderbird"
    folder.mkdir()
    with running_thunderbird(folder) as running:
        yield running


@pytest.fixture
def alice(server: RunningServer) -> Iterator[HttpDav]:
    with HttpDav(server.dav, "alice") as client:
        yield client


def _found(calendar: HttpDav, uid: str, slug: str = "claire") -> str:
    status, _, text = calendar.request("GET", f"/alice/{slug}/{uid}.ics")
    return text if status == 200 else ""


def _presence(text: str, address: str) -> str:
    """The PARTSTAT of an address in an object."""
    return _presences(text, address)[0]


def _presences(text: str, address: str) -> list[str]:
    """The PARTSTAT of an address in an object and in its dates that differ."""
    unfolded = re.sub(r"\r?\n[ \t]", "", text)
    lines = [line for line in unfolded.splitlines() if line.endswith(f":mailto:{address}")]
    found = [re.search(r"PARTSTAT=([A-Z-]+)", line) for line in lines]
    return [each[1] if each else "NEEDS-ACTION" for each in found]


def test_a_life_of_an_appointment(
    server: RunningServer, thunderbird: Thunderbird, alice: HttpDav
) -> None:
    found = thunderbird.subscribe(server, "alice")
    assert found == {CLAIRE: False, "Alice Gestion": False, "Intervenant : Ivan Intervenant": False}

    held = thunderbird.add(CLAIRE, event("tb", lines=IVAN))
    assert "X-RDV-ETAT:PLANIFIE" in held  # what the server added was fetched at once
    assert "SUMMARY:Essai" in _found(alice, "tb")
    status, _, theirs = alice.request("GET", "/alice/ivan/tb.ics")
    assert (status, _presence(theirs, "ivan@agence.example")) == (200, "NEEDS-ACTION")

    thunderbird.rename(CLAIRE, "tb", "Renommé")
    held = thunderbird.rename(CLAIRE, "tb", "Renommé encore")
    assert "SUMMARY:Renommé encore" in _found(alice, "tb")

    elsewhere = _found(alice, "tb").replace("Renommé encore", "Changé ailleurs")
    assert alice.request("PUT", "/alice/claire/tb.ics", elsewhere)[0] == 204
    assert alice.request("PUT", "/alice/claire/autre.ics", event("autre"))[0] == 201
    both = {"tb": "Changé ailleurs", "autre": "Essai"}
    thunderbird.synchronise(until=lambda: thunderbird.titles(CLAIRE) == both)

    thunderbird.delete(CLAIRE, "tb")
    assert not _found(alice, "tb")
    alice.request("DELETE", "/alice/claire/autre.ics")
    thunderbird.synchronise(until=lambda: not thunderbird.titles(CLAIRE))


def test_an_attendee_answers(
    server: RunningServer, thunderbird: Thunderbird, alice: HttpDav
) -> None:
    alice.request("PUT", "/alice/claire/essai.ics", event(lines=IVAN))
    (own,) = thunderbird.subscribe(server, "ivan")
    thunderbird.synchronise(until=lambda: "essai" in thunderbird.titles(own))
    thunderbird.answer(own, "essai", "TENTATIVE")
    assert _presence(_found(alice, "essai"), "ivan@agence.example") == "TENTATIVE"


def test_an_organizer_mails_nothing(
    server: RunningServer, thunderbird: Thunderbird, alice: HttpDav
) -> None:
    thunderbird.subscribe(server, "alice")
    thunderbird.plan(OWN, event("reunion", lines=BOTH))
    for slug in ("ivan", "claire"):
        assert "DTSTART;TZID=Europe/Paris:20261125T090000" in _found(alice, "reunion", slug)

    thunderbird.postpone(OWN, "reunion", days=1)
    for slug in ("ivan", "claire"):
        assert "DTSTART;TZID=Europe/Paris:20261126T090000" in _found(alice, "reunion", slug)

    thunderbird.delete(OWN, "reunion")
    assert not any(_found(alice, "reunion", slug) for slug in ("alice", "ivan", "claire"))

    # it would have: in a calendar of no server it invites by mail, and that comes after all else
    thunderbird.plan(LOCAL, event("ailleurs", lines=BOTH))
    thunderbird.synchronise(until=lambda: bool(thunderbird.sink.mails))
    assert b"UID:ailleurs" in thunderbird.sink.mails[0].raw
    assert not [mail for mail in thunderbird.sink.mails if b"UID:reunion" in mail.raw]


def test_an_attendee_mails_nothing(
    server: RunningServer, thunderbird: Thunderbird, alice: HttpDav
) -> None:
    address = "ivan@agence.example"
    alice.request("PUT", "/alice/alice/point.ics", event("point", lines=f"{BOTH}{DAILY}"))
    (own,) = thunderbird.subscribe(server, "ivan")
    thunderbird.synchronise(until=lambda: "point" in thunderbird.titles(own))

    thunderbird.answer(own, "point", "ACCEPTED")
    assert _presences(_found(alice, "point", "claire"), address) == ["ACCEPTED"]
    thunderbird.answer(own, "point", "DECLINED", "20261126T080000Z")
    seen = _found(alice, "point", "claire")
    assert "RECURRENCE-ID;TZID=Europe/Paris:20261126T090000" in seen
    assert _presences(seen, address) == ["ACCEPTED", "DECLINED"]

    thunderbird.delete(own, "point")
    assert not _found(alice, "point", "ivan")
    assert _presences(_found(alice, "point", "claire"), address) == ["DECLINED", "DECLINED"]

    thunderbird.plan(LOCAL, event("ailleurs", lines=BOTH.replace("alice@", "ivan@", 1)))
    thunderbird.synchronise(until=lambda: bool(thunderbird.sink.mails))
    assert not [mail for mail in thunderbird.sink.mails if b"UID:point" in mail.raw]

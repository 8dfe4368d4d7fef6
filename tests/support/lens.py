"""Reading, settling and writing objects in one breath, for tests of the lens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rdv_caldav.domain.agency import DEFAULT_TYPES, AgencySettings, Person
from rdv_caldav.domain.appointment import Appointment
from rdv_caldav.domain.directory import Directory
from rdv_caldav.domain.draft import Draft
from rdv_caldav.domain.merge import Writing, settle
from rdv_caldav.ical.attendee_lines import OwnLine
from rdv_caldav.ical.contentlines import to_crlf
from rdv_caldav.ical.objects import parse
from rdv_caldav.ical.reader import read
from rdv_caldav.ical.views import withdraw_private
from rdv_caldav.ical.vocabulary import Vocabulary
from rdv_caldav.ical.writer import patch
from support import agency as people

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
SETTINGS = AgencySettings(name="Agence de test", scheduling_address="rdv@agence.example")
IVAN = replace(people.IVAN, addresses=("ivan@agence.example", "ivan@perso.example"))
ALICE, CLAIRE, JEAN, MARIE, PAUL = (
    people.ALICE,
    people.CLAIRE,
    people.JEAN,
    people.MARIE,
    people.PAUL,
)
DIRECTORY = Directory((ALICE, IVAN, CLAIRE, JEAN, MARIE, PAUL), SETTINGS)
WORDS = Vocabulary(settings=SETTINGS, types=DEFAULT_TYPES, directory=DIRECTORY)

CLIENTS = sorted((Path(__file__).parents[1] / "data" / "clients").glob("*.ics"))


def drafted(text: str) -> Draft:
    """Return what a text says."""
    return read(parse(text), settings=SETTINGS, types=DEFAULT_TYPES)


def writing(calendar: Person = CLAIRE, author: Person = ALICE) -> Writing:
    """Return the circumstances of a write by Alice into Claire's calendar."""
    return Writing(
        author=author, calendar=calendar, directory=DIRECTORY, settings=SETTINGS, now=NOW
    )


def settled(text: str, previous: Appointment | None = None) -> Appointment:
    """Return the appointment that an editor's text makes."""
    return settle(drafted(text), previous, writing())


def stored(text: str) -> tuple[str, Appointment]:
    """Return the text that is stored for a new object, and its appointment."""
    draft, appointment = drafted(text), settled(text)
    shared, _ = withdraw_private(to_crlf(text), zone=draft.span.zone)
    address = draft.organizer.address if draft.organizer else None
    own = OwnLine(person_id=ALICE.id, address=address)
    return patch(shared, appointment, WORDS, said=draft, stamp=NOW, own=own), appointment


def client_text(name: str) -> str:
    """Return a sample of a client program."""
    path = Path(__file__).parents[1] / "data" / "clients" / f"{name}.ics"
    return path.read_bytes().decode()

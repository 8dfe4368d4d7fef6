"""Reading one rendez-vous for a page: what its reader may see of it, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rdv_caldav.db.appointments import Stored
from rdv_caldav.db.journal import JournalEntry
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain import rules
from rdv_caldav.domain.agency import AgencySettings, Person, PersonKind, Role
from rdv_caldav.domain.appointment import Appointment, Details, Participant
from rdv_caldav.domain.errors import ModuleOff, UnknownObject, UnknownOccurrence
from rdv_caldav.domain.fiches import FicheFilter, FicheScope, ListedFiche
from rdv_caldav.domain.searching import folded
from rdv_caldav.domain.timeindex import ListedDate
from rdv_caldav.ical.recurrence import occurs_at, time_index
from rdv_caldav.services import access, scheduling
from rdv_caldav.services.access import Actor

MOST_DATES = 12
"""Dates of a series that its page lists."""

MOST_FOUND = 20
"""Persons that a search for participants offers."""

_STAFF = frozenset({PersonKind.GESTIONNAIRE, PersonKind.INTERVENANT})


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentPage:
    """A rendez-vous as its reader may see it; notes are empty where they are masked (rule 10).

    ``details`` is the date at ``original``, or the appointment itself. ``persons`` are those
    who take part in any date, by id; ``own`` is the reader himself among the participants.
    """

    id: int
    version: int
    appointment: Appointment
    details: Details
    original: datetime | None
    persons: Mapping[int, Person]
    own: Participant | None
    may_edit: bool
    notes_hidden: bool
    trashed_at: datetime | None

    @property
    def is_series(self) -> bool:
        """Whether it repeats."""
        return self.appointment.recurrence is not None


def open_page(
    tx: Transaction, actor: Actor, appointment_id: int, *, original: datetime | None = None
) -> AppointmentPage:
    """Return a rendez-vous that the actor may see: he edits it, or takes part in it.

    Who takes part in single dates of a series only sees these. Who may not edit sees nothing
    of the corbeille. Raises ModuleOff, UnknownOccurrence, and UnknownObject alike for what
    does not exist and what he may not know of.
    """
    settings = tx.agency.settings()
    if not settings.module_enabled:
        raise ModuleOff("the module Rendez-vous is switched off")
    stored = tx.appointments.get(appointment_id)
    if stored is None:
        raise UnknownObject(f"no appointment {appointment_id}")
    persons = tx.people.by_ids(stored.appointment.all_person_ids)
    may_edit = access.may_edit(actor, stored.appointment, persons.values(), settings)
    if not may_edit:
        original = _own_date(stored, actor, original)
    details = _details(stored.appointment, original)
    own = details.participant(actor.person_id) if actor.person_id is not None else None
    if own is None and not may_edit:
        raise UnknownObject(f"no appointment {appointment_id} of this account")
    hidden = access.notes_are_hidden(actor, settings)
    return AppointmentPage(
        id=stored.id,
        version=stored.version,
        appointment=stored.appointment,
        details=replace(details, notes="") if hidden else details,
        original=original,
        persons=persons,
        own=own,
        may_edit=may_edit,
        notes_hidden=hidden,
        trashed_at=stored.trashed_at,
    )


def _own_date(stored: Stored, actor: Actor, original: datetime | None) -> datetime | None:
    """Return which date is shown to somebody who may not edit. Raises UnknownObject."""
    me = actor.person_id
    if stored.trashed_at is not None or me not in stored.appointment.all_person_ids:
        raise UnknownObject(f"no appointment {stored.id} of this account")
    if original is None and me not in stored.appointment.person_ids:
        own = (o.original for o in stored.appointment.occurrences if me in o.person_ids)
        return next(own)
    return original


def _details(appointment: Appointment, original: datetime | None) -> Details:
    if original is None:
        return appointment
    if appointment.occurrence(original) is None and (
        appointment.recurrence is None or not occurs_at(appointment, original)
    ):
        raise UnknownOccurrence(f"{appointment.uid} has no date at {original.isoformat()}")
    return rules.occurrence_at(appointment, original)


def is_over(page: AppointmentPage, *, now: datetime) -> bool:
    """Tell whether what the page shows has ended: the date, or the last one of all."""
    if page.original is not None or not page.is_series:
        return page.details.span.ends_at <= now
    end = time_index(page.appointment, now=now).stops_at
    return end is not None and end <= now


def dates_around(page: AppointmentPage, actor: Actor, *, now: datetime) -> list[ListedDate]:
    """Return some dates of a series: the last one before ``now`` (aware) and those that follow.

    Only those in which the actor takes part, unless he may edit.
    """
    if not page.is_series:
        return []
    listed = sorted(
        time_index(page.appointment, now=now).listed,
        key=lambda date: (date.starts_at, date.original),
    )
    if not page.may_edit:
        listed = [date for date in listed if _attends(page.appointment, date, actor.person_id)]
    coming = next(
        (n for n, date in enumerate(listed) if date.stops_at > now), len(listed) - MOST_DATES + 1
    )
    first = max(0, coming - 1)
    return listed[first : first + MOST_DATES]


def _attends(appointment: Appointment, date: ListedDate, person_id: int | None) -> bool:
    details: Details = appointment.occurrence(date.original) or appointment
    return person_id in details.person_ids


# -- history ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What one write did: the entries that the journal has of it, and who did it."""

    at: datetime
    who: str
    channel: str
    device: str
    entries: tuple[JournalEntry, ...]


def history(tx: Transaction, page: AppointmentPage) -> list[Deed]:
    """Return what became of a rendez-vous, the newest first; notes where they are masked are not.

    Entries of one write are one deed.
    """
    deeds: list[Deed] = []
    names: dict[str, str] = {}
    for entry in tx.journal.entries_for(page.id):
        if page.notes_hidden and entry.event == "NotesChanged":
            continue
        last = deeds[-1] if deeds else None
        who = names.setdefault(entry.login, _name_of(tx, entry.login))
        if last and (last.at, last.who, last.channel) == (entry.at, who, entry.channel):
            deeds[-1] = replace(last, entries=(*last.entries, entry))
            continue
        deeds.append(
            Deed(at=entry.at, who=who, channel=entry.channel, device=entry.device, entries=(entry,))
        )
    return deeds[::-1]


def _name_of(tx: Transaction, login: str) -> str:
    found = tx.accounts.acting(login)
    return found[1].name if found is not None and found[1] is not None else login


def persons_named(tx: Transaction, deeds: list[Deed]) -> dict[int, Person]:
    """Return the persons whom a history speaks of, by id."""
    ids = {value for deed in deeds for entry in deed.entries for value in _ids_in(entry.details)}
    return tx.people.by_ids(ids)


def _ids_in(details: Mapping[str, Any]) -> set[int]:
    participant = details.get("participant") or {}
    values = [details.get(name) for name in ("key", "before", "after", "person_id")]
    values.append(participant.get("person_id"))
    return {value for value in values if isinstance(value, int)}


# -- participants to add ------------------------------------------------------------------


def find_persons(
    tx: Transaction, actor: Actor, words: str, *, without: frozenset[int | str] = frozenset()
) -> list[Person]:
    """Return persons whom the actor may add, by any words of their name, the first ones.

    Those whose fiches he may list, and staff (see :func:`scheduling.may_know`). Neither
    accents nor case decide; no words at all find everybody. Raises ModuleOff.
    """
    if not tx.agency.settings().module_enabled:
        raise ModuleOff("the module Rendez-vous is switched off")
    if actor.account.role is Role.CLIENT:
        return []
    size = MOST_FOUND + len(without)
    listed: dict[int, ListedFiche] = {}
    if access.edits_by_role(actor):
        scope = access.fiches_of(actor)
        found = tx.people_listing.page(FicheFilter(text=words), scope, None, size=size)
        listed = {line.person.id: line for line in found}
    staff = FicheFilter(text=words, kinds=_STAFF)
    others = tx.people_listing.page(staff, FicheScope(everybody=True), None, size=size)
    wanted = folded(words).split()
    for line in others:
        # of those whose fiches are closed, nothing but the name is searched
        if all(word in folded(line.person.name) for word in wanted):
            listed.setdefault(line.person.id, line)
    in_order = sorted(listed.values(), key=lambda line: (line.name_key, line.person.id))
    return [line.person for line in in_order if line.person.id not in without][:MOST_FOUND]


def guest_or_person(
    tx: Transaction, actor: Actor, address: str, settings: AgencySettings
) -> Person | None:
    """Return the person of the agency who has an address, None for a guest from outside.

    Raises UnknownObject where the address is that of several, or of somebody whom the actor
    may not know of.
    """
    directory = tx.people.directory(settings, addresses=[address])
    holders = [person for person in directory if address in person.addresses]
    if not holders:
        return None
    if len(holders) > 1 or not scheduling.may_know(actor, holders[0]):
        raise UnknownObject("an address that nobody can be invited by")
    return holders[0]

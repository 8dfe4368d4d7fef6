"""Whom an account may ask when he is busy, and finding him by name or address (RFC 6638)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Person, PersonKind, Role
from rdv_caldav.domain.directory import Directory, placeholder_address
from rdv_caldav.ical.busy import BusyPeriod
from rdv_caldav.services import access, free_busy
from rdv_caldav.services.access import Actor

_STAFF = (PersonKind.GESTIONNAIRE, PersonKind.INTERVENANT)


@dataclass(frozen=True, slots=True)
class Busy:
    """When one calendar user is busy; ``periods`` is None for whom the asker may not know."""

    address: str
    periods: tuple[BusyPeriod, ...] | None


def may_know(actor: Actor, person: Person) -> bool:
    """Tell whether the actor may know that a person exists, and when he is busy.

    Staff know each other, and the persons whose calendars they may see; clients themselves.
    """
    if access.may_see_calendar(actor, person):
        return True
    if actor.account.role is Role.CLIENT:
        return False
    return person.active and person.kind in _STAFF


def own_addresses(tx: Transaction, actor: Actor) -> tuple[str, ...]:
    """Return the addresses that an account may organise with, its own ones first.

    Who may edit organises for the agency too. Somebody without an address has the one that
    stands for him.
    """
    settings = tx.agency.settings()
    person = actor.person
    own = person.addresses if person is not None else ()
    if person is not None and not own:
        own = (placeholder_address(person, settings),)
    edits = access.edits_by_role(actor) or access.edits_by_owner(actor, settings)
    return (*own, settings.scheduling_address) if edits else own


def busy_times(
    tx: Transaction, actor: Actor, addresses: list[str], *, start: datetime, end: datetime
) -> Iterator[Busy]:
    """Yield when calendar users are busy in a range of aware instants, by their addresses."""
    directory = tx.people.directory(tx.agency.settings(), addresses=addresses)
    for address in addresses:
        person = directory.find(address)
        if person is None or not may_know(actor, person):
            yield Busy(address, None)
        else:
            yield Busy(address, tuple(free_busy.of_person(tx, person, start=start, end=end)))


def known_persons(tx: Transaction, actor: Actor) -> list[Person]:
    """Return the persons whom the actor may know of, by name."""
    if actor.account.role is Role.CLIENT:
        return [actor.person] if actor.person is not None else []
    return [person for person in tx.people.everyone() if may_know(actor, person)]


def address_of(tx: Transaction, person: Person) -> str:
    """Return the address under which a person is invited."""
    directory: Directory = tx.people.directory(tx.agency.settings(), person_ids=[person.id])
    return directory.address_of(person)

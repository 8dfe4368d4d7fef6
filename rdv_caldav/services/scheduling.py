"""Whom an account may ask when he is busy, and finding him by name or address (RFC 6638)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Person, PersonKind, Role
from rdv_caldav.domain.directory import Directory
from rdv_caldav.ical.busy import BusyPeriod
from rdv_caldav.services import access, free_busy
from rdv_caldav.services.access import Actor

_STAFF = (PersonKind.GESTIONNAIRE, PersonKind.INTERVENANT)


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
    """Return the addresses that an account is known by, that of its attendee lines first.

    Who edits everything organises for the agency too. An intervenant does not: what others own
    has the agency for its organizer, and programs let an organizer not answer.
    """
    own: tuple[str, ...] = ()
    if actor.person is not None:
        own = (address_of(tx, actor.person), *actor.person.addresses)
    if access.edits_by_role(actor):
        own = (*own, tx.agency.settings().scheduling_address)
    return tuple(dict.fromkeys(own))


def busy_time(
    tx: Transaction, actor: Actor, address: str, name: str = "", *, start: datetime, end: datetime
) -> Iterator[BusyPeriod] | None:
    """Return when a calendar user is busy in a range of aware instants.

    ``name`` decides between those who share an address. None alike for an address that nobody
    has, and for whom the actor may not know of.
    """
    directory = tx.people.directory(tx.agency.settings(), addresses=[address])
    person = directory.find(address, name=name)
    if person is None or not may_know(actor, person):
        return None
    return free_busy.of_person(tx, person, start=start, end=end)


def known_persons(tx: Transaction, actor: Actor) -> list[Person]:
    """Return the persons whom the actor may know of, by name."""
    if actor.account.role is Role.CLIENT:
        return [actor.person] if actor.person is not None else []
    return [person for person in tx.people.everyone() if may_know(actor, person)]


def address_of(tx: Transaction, person: Person) -> str:
    """Return the address under which a person is invited."""
    directory: Directory = tx.people.directory(tx.agency.settings(), person_ids=[person.id])
    return directory.address_of(person)

"""Where personal collections and objects may stand, and what they count for."""

from __future__ import annotations

from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import (
    CollectionRefused,
    ParentMissing,
    PersonalCalendarsOff,
    QuotaExceeded,
    TooManyCollections,
)
from rdv_caldav.domain.personal import PersonalCollection
from rdv_caldav.services import access
from rdv_caldav.services.access import Actor

RESERVED = frozenset({"inbox", "outbox", "principals"})
"""Names in every home that are kept for scheduling (RFC 6638) and for whom one may invite."""

_LONGEST_PATH = 2_000
"""Octets: PostgreSQL cannot index more than some 2 700."""


def is_kept_for_others(tx: Transaction, actor: Actor, path: str) -> bool:
    """Tell whether a path is the home's own, or that of a person's calendar the actor sees.

    Nothing is learnt of persons whom he does not see. With the module switched off their
    calendars do not show, and yet keep their names.
    """
    if path in RESERVED or not path:
        return True
    person = tx.people.by_slug(path) if "/" not in path else None
    return person is not None and access.may_see_calendar(actor, person)


def parent_of(tx: Transaction, actor: Actor, path: str) -> PersonalCollection | None:
    """Return the folder that a new collection at ``path`` would stand in, None for the home.

    Raises CollectionRefused, ParentMissing.
    """
    outer = path.rpartition("/")[0]
    if len(path.encode()) > _LONGEST_PATH:
        raise CollectionRefused("collections do not nest that deep")
    if not outer:
        return None
    parent = tx.personal.find(actor.account.id, outer)
    is_persons = parent is None and is_kept_for_others(tx, actor, outer)
    if is_persons or (parent is not None and parent.is_calendar):
        raise CollectionRefused("calendars hold no collections")
    if parent is None:
        raise ParentMissing(f"there is no folder {outer!r}")
    return parent


def check_more_collections(tx: Transaction, actor: Actor, number: int) -> None:
    """Refuse new collections where there may be no more.

    Raises PersonalCalendarsOff, TooManyCollections.
    """
    settings = tx.agency.settings()
    if not settings.personal_calendars:
        raise PersonalCalendarsOff("the agency lets nobody make calendars of his own")
    if tx.personal.count(actor.account.id) + number > settings.personal_collections:
        raise TooManyCollections(f"more than {settings.personal_collections} collections")


def charge(tx: Transaction, account_id: int, *, weight: int, numbers: int = 1) -> int:
    """Take change numbers and count ``weight`` octets; return the last number.

    Raises QuotaExceeded for more than the account may keep. Who keeps too much already, since
    the quota was lowered, can still make it less.
    """
    number, used = tx.personal.take(account_id, numbers=numbers, weight=weight)
    quota = tx.agency.settings().personal_quota
    if weight > 0 and used > quota:
        raise QuotaExceeded(f"an account keeps at most {quota} octets")
    return number


def erase(tx: Transaction, collection: PersonalCollection, *, now: datetime) -> None:
    """Delete a collection with all beneath."""
    account_id = collection.account_id
    weight = tx.personal.weight_within(account_id, collection.path)
    number = charge(tx, account_id, weight=-weight)
    tx.personal.remove(collection.id)
    leave(tx, account_id, collection.path, number=number, now=now)


def leave(tx: Transaction, account_id: int, path: str, *, number: int, now: datetime) -> None:
    """Let the folder around a path say that what stood there is gone."""
    outer, _, name = path.rpartition("/")
    parent = tx.personal.find(account_id, outer) if outer else None
    if parent is not None:
        tx.personal.touch(parent.id, number, now)
        tx.personal.bury(parent.id, name, number, now)


def arrive(
    tx: Transaction, parent: PersonalCollection | None, name: str, *, number: int, now: datetime
) -> None:
    """Let a folder say that something came to stand in it; the home says nothing."""
    if parent is not None:
        tx.personal.touch(parent.id, number, now)
        tx.personal.unearth(parent.id, name)

"""An account's own calendars and folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import PlaceTaken, UnknownCalendar, UnsupportedComponent
from rdv_caldav.domain.personal import COMPONENTS, PersonalCollection, Usage, weight_of
from rdv_caldav.services.access import Actor
from rdv_caldav.services.personal.places import (
    arrive,
    charge,
    check_more_collections,
    erase,
    is_kept_for_others,
    parent_of,
)
from rdv_caldav.services.personal.transfers import copy_collection, move_collection

__all__ = [
    "PersonalCollection",
    "Usage",
    "account_properties",
    "children",
    "copy_collection",
    "create",
    "delete_collection",
    "find",
    "home",
    "keep_account_properties",
    "keep_properties",
    "move_collection",
    "take_turn",
    "usage",
]


def home(tx: Transaction, actor: Actor) -> list[PersonalCollection]:
    """Return the collections that stand in the account's home itself, oldest first."""
    return tx.personal.top(actor.account.id)


def children(
    tx: Transaction, actor: Actor, collection: PersonalCollection
) -> list[PersonalCollection]:
    """Return the collections directly in a folder of the account, oldest first."""
    return tx.personal.children(collection.id) if _is_own(actor, collection) else []


def _is_own(actor: Actor, collection: PersonalCollection) -> bool:
    return collection.account_id == actor.account.id


def find(tx: Transaction, actor: Actor, path: str) -> PersonalCollection | None:
    """Return the account's collection at a path below its home."""
    return tx.personal.find(actor.account.id, path)


def find_of(tx: Transaction, login: str, path: str) -> PersonalCollection | None:
    """Return the same for a login that was verified, where nothing else of it is needed."""
    return tx.personal.find_of(login, path)


def create(
    tx: Transaction,
    actor: Actor,
    path: str,
    *,
    is_calendar: bool,
    components: Sequence[str] = COMPONENTS,
    properties: Mapping[str, str] | None = None,
    now: datetime,
) -> PersonalCollection:
    """Make a calendar or a folder; ``now`` is aware.

    Raises PersonalCalendarsOff, PlaceTaken, ParentMissing, CollectionRefused for a collection
    in a calendar, QuotaExceeded and TooManyCollections, and UnsupportedComponent for components
    that no calendar takes.
    """
    if is_calendar and (not components or not set(components) <= set(COMPONENTS)):
        raise UnsupportedComponent(f"calendars take {', '.join(COMPONENTS)}")
    tx.personal.lock(actor.account.id)
    if is_kept_for_others(tx, actor, path) or find(tx, actor, path) is not None:
        raise PlaceTaken(f"there is something at {path!r}, or shall be")
    parent, name = parent_of(tx, actor, path), path.rpartition("/")[2]
    if parent is not None and tx.personal_reading.standing(parent.id, name) is not None:
        raise PlaceTaken(f"there is a file at {path!r}")
    check_more_collections(tx, actor, 1)
    number = charge(tx, actor.account.id, weight=weight_of(properties or {}))
    arrive(tx, parent, name, number=number, now=now)
    return tx.personal.add(
        actor.account.id,
        path,
        parent_id=parent.id if parent else None,
        is_calendar=is_calendar,
        components=tuple(dict.fromkeys(components)) if is_calendar else (),
        properties=properties or {},
        number=number,
        now=now,
    )


def delete_collection(tx: Transaction, actor: Actor, path: str, *, now: datetime) -> None:
    """Delete a calendar or folder with all beneath, for good. Raises UnknownCalendar."""
    tx.personal.lock(actor.account.id)
    collection = find(tx, actor, path)
    if collection is None:
        raise UnknownCalendar(f"no calendar or folder {path!r}")
    erase(tx, collection, now=now)


def keep_properties(
    tx: Transaction, collection: PersonalCollection, properties: Mapping[str, str]
) -> None:
    """Keep what programs set of a collection. Raises QuotaExceeded.

    Its change number stays: that one tells of members, and programs read names and colours
    with other requests anyway.
    """
    tx.personal.lock(collection.account_id)
    current = tx.personal.find(collection.account_id, collection.path)
    if current is None or current.id != collection.id:
        raise UnknownCalendar(f"no calendar or folder {collection.path!r}")
    more = weight_of(properties) - weight_of(current.properties)
    charge(tx, collection.account_id, weight=more, numbers=0)
    tx.personal.save_properties(collection.id, properties)


def take_turn(tx: Transaction, actor: Actor) -> None:
    """Wait for the account's turn to write, so that what is read from now on still stands."""
    tx.personal.lock(actor.account.id)


def account_properties(tx: Transaction, actor: Actor) -> dict[str, str]:
    """Return what programs keep with the account's home."""
    return tx.personal.account_properties(actor.account.id)


def keep_account_properties(tx: Transaction, actor: Actor, properties: Mapping[str, str]) -> None:
    """Keep what programs set of the home. Raises QuotaExceeded."""
    account_id = actor.account.id
    tx.personal.lock(account_id)
    more = weight_of(properties) - weight_of(tx.personal.account_properties(account_id))
    charge(tx, account_id, weight=more, numbers=0)
    tx.personal.save_account_properties(account_id, properties)


def usage(tx: Transaction, actor: Actor) -> Usage:
    """Return what the account keeps, and may (RFC 4331)."""
    quota = tx.agency.settings().personal_quota
    return Usage(used=tx.personal.used(actor.account.id), quota=quota)

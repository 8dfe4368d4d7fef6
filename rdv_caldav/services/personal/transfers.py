"""COPY and MOVE of an account's calendars and folders (RFC 4918 §9.8, §9.9)."""

from __future__ import annotations

from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import CalendarFixed, PreconditionFailed, UnknownCalendar
from rdv_caldav.domain.personal import PersonalCollection, is_within, weight_of
from rdv_caldav.services.access import Actor
from rdv_caldav.services.personal.places import (
    arrive,
    charge,
    check_more_collections,
    erase,
    is_kept_for_others,
    leave,
    parent_of,
)


def copy_collection(
    tx: Transaction,
    actor: Actor,
    source_path: str,
    target_path: str,
    *,
    overwrite: bool,
    deep: bool = True,
    now: datetime,
) -> bool:
    """Copy a collection with its properties and, if ``deep``, all beneath.

    What stands at the target is replaced, not merged with. Returns whether the target was free.
    Raises UnknownCalendar, CalendarFixed for a target that is not the account's to write or
    where one would hold the other, ParentMissing, CollectionRefused, PreconditionFailed,
    PersonalCalendarsOff, TooManyCollections, QuotaExceeded.
    """
    tx.personal.lock(actor.account.id)
    source, parent = _ends(tx, actor, source_path, target_path)
    was_free = _clear(tx, actor, parent, target_path, overwrite=overwrite, now=now)
    copied = tx.personal.within(actor.account.id, source_path) if deep else [source]
    check_more_collections(tx, actor, len(copied))
    made: dict[str, PersonalCollection] = {}
    for collection in copied:
        path = target_path + collection.path[len(source_path) :]
        outer = made.get(path.rpartition("/")[0], parent)
        made[path] = _copy(tx, collection, path, outer, deep=deep, now=now)
    return was_free


def _copy(
    tx: Transaction,
    source: PersonalCollection,
    path: str,
    parent: PersonalCollection | None,
    *,
    deep: bool,
    now: datetime,
) -> PersonalCollection:
    weight = tx.personal_objects.weight(source.id) if deep else 0
    count = tx.personal_objects.count(source.id) if deep else 0
    last = charge(
        tx,
        source.account_id,
        weight=weight + weight_of(source.properties),
        numbers=count + 1,
    )
    number = last - count
    arrive(tx, parent, path.rpartition("/")[2], number=number, now=now)
    copied = tx.personal.add(
        source.account_id,
        path,
        parent_id=parent.id if parent else None,
        is_calendar=source.is_calendar,
        components=source.components,
        properties=source.properties,
        number=number,
        now=now,
    )
    if count:
        tx.personal_objects.copy_all(source.id, copied.id, before=number, now=now)
        tx.personal.touch(copied.id, last, now)
    return copied


def move_collection(
    tx: Transaction,
    actor: Actor,
    source_path: str,
    target_path: str,
    *,
    overwrite: bool,
    now: datetime,
) -> bool:
    """Move a collection with all beneath; always whole (RFC 4918 §9.9.2).

    Returns whether the target was free. Raises as :func:`copy_collection` does, save for what
    more would take up.
    """
    tx.personal.lock(actor.account.id)
    source, parent = _ends(tx, actor, source_path, target_path)
    was_free = _clear(tx, actor, parent, target_path, overwrite=overwrite, now=now)
    number = charge(tx, actor.account.id, weight=0, numbers=2)
    leave(tx, actor.account.id, source_path, number=number - 1, now=now)
    arrive(tx, parent, target_path.rpartition("/")[2], number=number, now=now)
    parent_id = parent.id if parent else None
    tx.personal.place(source, target_path, parent_id=parent_id, number=number)
    return was_free


def _ends(
    tx: Transaction, actor: Actor, source_path: str, target_path: str
) -> tuple[PersonalCollection, PersonalCollection | None]:
    """Return the source, and the folder that the target lies in, None for the home."""
    source = tx.personal.find(actor.account.id, source_path)
    if source is None:
        raise UnknownCalendar(f"no calendar or folder {source_path!r}")
    if is_kept_for_others(tx, actor, target_path):
        raise CalendarFixed("what stands there is not replaced")
    if is_within(target_path, source_path) or is_within(source_path, target_path):
        raise CalendarFixed("source and target hold one another")
    return source, parent_of(tx, actor, target_path)


def _clear(
    tx: Transaction,
    actor: Actor,
    parent: PersonalCollection | None,
    path: str,
    *,
    overwrite: bool,
    now: datetime,
) -> bool:
    """Delete what stands at a path, if it may be; tell whether nothing did."""
    account_id = actor.account.id
    collection = tx.personal.find(account_id, path)
    name = path.rpartition("/")[2]
    file = tx.personal_reading.standing(parent.id, name) if parent is not None else None
    if collection is None and file is None:
        return True
    if not overwrite:
        raise PreconditionFailed("Overwrite: F, and something stands there")
    if collection is not None:
        erase(tx, collection, now=now)
    if file is not None:
        tx.personal_objects.delete(file.id)
        number = charge(tx, account_id, weight=-file.weight)
        leave(tx, account_id, path, number=number, now=now)
    return False

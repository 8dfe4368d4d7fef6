"""COPY and MOVE of objects and files of an account's own (RFC 4918 §9.8, §9.9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rdv_caldav.db.personal_objects import Content
from rdv_caldav.db.personal_reading import Standing
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import (
    CalendarFixed,
    ParentMissing,
    PreconditionFailed,
    UidConflict,
)
from rdv_caldav.domain.personal import PersonalCollection, PersonalObject, is_within, weight_of
from rdv_caldav.services.access import Actor
from rdv_caldav.services.calendar_objects.standing import UNCONDITIONAL, Condition
from rdv_caldav.services.personal.bodies import content_of, read_body
from rdv_caldav.services.personal.places import arrive, charge, erase, leave
from rdv_caldav.services.personal.writing import check_uid, require_at

Place = tuple[str, str]
"""The path of a collection, and a name in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What is copied or moved, and as what it will stand at its target."""

    standing: Standing
    found: PersonalObject
    content: Content


def copy_object(
    tx: Transaction,
    actor: Actor,
    source: Place,
    target: Place,
    *,
    overwrite: bool,
    condition: Condition = UNCONDITIONAL,
    now: datetime,
) -> bool:
    """Copy an object or a file with its properties; return whether the target was free.

    A calendar takes what it would take by PUT. What stands at the target is replaced, a
    collection with all beneath. Raises UnknownCalendar, UnknownObject, ParentMissing,
    PreconditionFailed, UidConflict, QuotaExceeded, the kinds of CalendarDataRefused, and
    CalendarFixed for one and the same place or a collection that holds the source.
    """
    what, aim = _ends(tx, actor, source, target, condition, now=now)
    was_free = _clear(
        tx, actor, aim, source, target, uid=what.content.uid, overwrite=overwrite, now=now
    )
    check_uid(tx, aim, what.content.uid, at=target[1])
    number = charge(tx, actor.account.id, weight=_weight(what))
    arrive(tx, aim, target[1], number=number, now=now)
    tx.personal_objects.insert(
        aim.id, target[1], what.content, properties=what.found.properties, number=number, now=now
    )
    return was_free


def move_object(
    tx: Transaction,
    actor: Actor,
    source: Place,
    target: Place,
    *,
    overwrite: bool,
    condition: Condition = UNCONDITIONAL,
    now: datetime,
) -> bool:
    """Move an object or a file with its properties; return whether the target was free.

    Raises as :func:`copy_object` does.
    """
    what, aim = _ends(tx, actor, source, target, condition, now=now)
    was_free = _clear(
        tx, actor, aim, source, target, uid=what.content.uid, overwrite=overwrite, now=now
    )
    tx.personal_objects.delete(what.standing.id)
    check_uid(tx, aim, what.content.uid, at=target[1])
    more = _weight(what) - what.standing.weight
    number = charge(tx, actor.account.id, weight=more, numbers=2)
    leave(tx, actor.account.id, "/".join(source), number=number - 1, now=now)
    arrive(tx, aim, target[1], number=number, now=now)
    tx.personal_objects.insert(
        aim.id,
        target[1],
        what.content,
        properties=what.found.properties,
        number=number,
        now=now,
        created_at=what.found.created_at,
    )
    return was_free


def _ends(
    tx: Transaction,
    actor: Actor,
    source: Place,
    target: Place,
    condition: Condition,
    *,
    now: datetime,
) -> tuple[_Source, PersonalCollection]:
    """Return what is at the source, which is locked, and where the target lies."""
    collection, standing = require_at(tx, actor.account.id, *source)
    condition.check(standing.etag)
    if source == target:
        raise CalendarFixed("source and target are the same")
    aim = tx.personal.find(actor.account.id, target[0])
    if aim is None:
        raise ParentMissing(f"there is no calendar or folder {target[0]!r}")
    (found,) = tx.personal_reading.objects(collection.id, hrefs=[source[1]])
    content = content_of(tx, read_body(aim, found.content, found.content_type), now=now)
    what = _Source(standing=standing, found=found, content=content)
    return what, aim


def _weight(what: _Source) -> int:
    return len(what.content.content) + weight_of(what.found.properties)


def _clear(
    tx: Transaction,
    actor: Actor,
    aim: PersonalCollection,
    source: Place,
    target: Place,
    *,
    uid: str,
    overwrite: bool,
    now: datetime,
) -> bool:
    """Delete what stands at the target, if it may be; tell whether nothing did."""
    standing = tx.personal_reading.standing(aim.id, target[1])
    collection = None
    if not aim.is_calendar:
        collection = tx.personal.find(actor.account.id, "/".join(target))
    if standing is None and collection is None:
        return True
    if not overwrite:
        raise PreconditionFailed("Overwrite: F, and something stands there")
    if standing is not None and aim.is_calendar and standing.uid != uid:
        # RFC 4791 §5.3.2.1: nothing overwrites an object with one of another UID
        raise UidConflict("another UID stands at this place", href=target[1])
    if collection is not None:
        if is_within(source[0], collection.path):
            raise CalendarFixed("the target holds the source")
        erase(tx, collection, now=now)
    if standing is not None:
        charge(tx, actor.account.id, weight=-standing.weight, numbers=0)
        tx.personal_objects.delete(standing.id)
    return False

"""PUT and DELETE in an account's own calendars and folders, and properties of what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rdv_caldav.db.personal_reading import Standing
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import (
    LostRace,
    ParentMissing,
    PlaceTaken,
    UidConflict,
    UnknownCalendar,
    UnknownObject,
)
from rdv_caldav.domain.personal import PersonalCollection, entity_tag, weight_of
from rdv_caldav.services.access import Actor
from rdv_caldav.services.calendar_objects.standing import UNCONDITIONAL, Condition
from rdv_caldav.services.personal.bodies import Body, content_of
from rdv_caldav.services.personal.places import arrive, charge, leave


@dataclass(frozen=True, slots=True, kw_only=True)
class PutPersonal:
    """The outcome of a PUT.

    ``as_sent`` is false when what is stored differs from what was sent (another charset): then
    the client must not be given the ETag (RFC 4791 §5.3.4).
    """

    created: bool
    etag: str
    content: bytes = field(repr=False)
    as_sent: bool


def put_object(
    tx: Transaction,
    actor: Actor,
    collection_path: str,
    href: str,
    body: Body,
    *,
    condition: Condition = UNCONDITIONAL,
    now: datetime,
) -> PutPersonal:
    """Write an object or a file; ``body`` was read for this collection, ``now`` is aware.

    Properties that programs keep with it stay. Raises ParentMissing, PlaceTaken where a
    collection stands, PreconditionFailed, UidConflict, QuotaExceeded, LostRace, and what the
    index refuses of CalendarDataRefused.
    """
    content = content_of(tx, body, now=now)
    tx.personal.lock(actor.account.id)
    collection = tx.personal.find(actor.account.id, collection_path)
    if collection is None:
        raise ParentMissing(f"there is no calendar or folder {collection_path!r}")
    _check_taken_as_read(collection, body)
    if not collection.is_calendar and tx.personal.find(
        actor.account.id, f"{collection_path}/{href}"
    ):
        raise PlaceTaken("a collection stands here")
    standing = tx.personal_reading.standing(collection.id, href)
    condition.check(standing.etag if standing else None)
    check_uid(tx, collection, content.uid, at=href)
    if standing is not None and standing.uid != content.uid:
        raise UidConflict("another UID stands at this place", href=href)
    more = len(content.content) - (standing.size if standing else 0)
    number = charge(tx, actor.account.id, weight=more)
    arrive(tx, collection, href, number=number, now=now)
    if standing is None:
        tx.personal_objects.insert(
            collection.id, href, content, properties={}, number=number, now=now
        )
    else:
        tx.personal_objects.update(
            standing.id, content, weight=standing.weight + more, number=number, now=now
        )
    return PutPersonal(
        created=standing is None,
        etag=entity_tag(number),
        content=body.content,
        as_sent=body.as_sent,
    )


def _check_taken_as_read(collection: PersonalCollection, body: Body) -> None:
    """Raise LostRace when the body was read for a collection that is another one by now."""
    if body.parsed is None:
        is_same = not collection.is_calendar
    else:
        is_same = body.parsed.component in collection.components
    if not is_same:
        raise LostRace("another collection stands here since we looked")


def check_uid(tx: Transaction, collection: PersonalCollection, uid: str, *, at: str) -> None:
    """Refuse a UID that the calendar has at another place. Raises UidConflict."""
    place = tx.personal_reading.place_of(collection.id, uid) if uid else None
    if place is not None and place != at:
        raise UidConflict("this calendar has the UID at another place", href=place)


def require_at(
    tx: Transaction, account_id: int, collection_path: str, href: str
) -> tuple[PersonalCollection, Standing]:
    """Lock the account and return what stands at a place.

    Raises UnknownCalendar, UnknownObject.
    """
    tx.personal.lock(account_id)
    collection = tx.personal.find(account_id, collection_path)
    if collection is None:
        raise UnknownCalendar(f"no calendar or folder {collection_path!r}")
    standing = tx.personal_reading.standing(collection.id, href)
    if standing is None:
        raise UnknownObject(f"nothing stands at {href!r}")
    return collection, standing


def delete_object(
    tx: Transaction,
    actor: Actor,
    collection_path: str,
    href: str,
    *,
    condition: Condition = UNCONDITIONAL,
    now: datetime,
) -> None:
    """Delete an object or a file, for good; ``now`` is aware.

    Raises UnknownCalendar, UnknownObject, PreconditionFailed.
    """
    account_id = actor.account.id
    _, standing = require_at(tx, account_id, collection_path, href)
    condition.check(standing.etag)
    number = charge(tx, account_id, weight=-standing.weight)
    tx.personal_objects.delete(standing.id)
    leave(tx, account_id, f"{collection_path}/{href}", number=number, now=now)


def keep_object_properties(
    tx: Transaction, collection: PersonalCollection, href: str, properties: Mapping[str, str]
) -> None:
    """Keep what programs set of an object or a file; its ETag is that of its content alone.

    Raises UnknownCalendar, UnknownObject, QuotaExceeded.
    """
    _, standing = require_at(tx, collection.account_id, collection.path, href)
    weight = standing.size + weight_of(properties)
    charge(tx, collection.account_id, weight=weight - standing.weight, numbers=0)
    tx.personal_objects.save_properties(standing.id, properties, weight=weight)

"""Reading an account's own calendars and folders; nothing is parsed here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.personal import PersonalCollection, PersonalObject


def objects(
    tx: Transaction,
    collection: PersonalCollection,
    *,
    hrefs: Sequence[str] | None = None,
    with_content: bool = True,
) -> Iterator[PersonalObject]:
    """Yield what is in a collection, all or what stands at ``hrefs``, as it is read."""
    return tx.personal_reading.objects(collection.id, hrefs=hrefs, with_content=with_content)


def listing(tx: Transaction, collection: PersonalCollection) -> Iterator[tuple[str, str]]:
    """Yield href and ETag of everything in a collection: all that most polls ask for."""
    return tx.personal_reading.listing(collection.id)


def objects_in_range(
    tx: Transaction,
    collection: PersonalCollection,
    *,
    component: str,
    start: datetime | None,
    end: datetime | None,
) -> Iterator[PersonalObject]:
    """Yield what may meet a range of aware instants, open where None (RFC 4791 §9.9).

    Days and floating times are those of the agency's zone. What is not ``certain`` has to be
    looked into.
    """
    return tx.personal_reading.in_range(collection.id, component, start=start, end=end)


def objects_of_component(
    tx: Transaction, collection: PersonalCollection, component: str
) -> Iterator[PersonalObject]:
    """Yield the objects of a component."""
    return tx.personal_reading.of_component(collection.id, component)


def object_with_uid(tx: Transaction, collection: PersonalCollection, uid: str) -> str | None:
    """Return where a calendar has this UID."""
    return tx.personal_reading.place_of(collection.id, uid)

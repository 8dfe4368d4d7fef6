"""Writing what is in personal collections; the account is locked before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import aliased

from rdv_caldav.db.mapping import seconds
from rdv_caldav.db.personal_schema import PersonalObjectRow, PersonalOccurrenceRow
from rdv_caldav.db.schema import FOREVER
from rdv_caldav.domain.personal import weight_of
from rdv_caldav.domain.timeindex import TimeIndex

_OBJECT: BindParameter[int] = bindparam("object")
_FORGET_DATES = delete(PersonalOccurrenceRow).where(PersonalOccurrenceRow.object_id == _OBJECT)
_UPDATE = update(PersonalObjectRow).where(PersonalObjectRow.id == _OBJECT)
_DELETE = delete(PersonalObjectRow).where(PersonalObjectRow.id == _OBJECT)
_INSERT = insert(PersonalObjectRow).returning(PersonalObjectRow.id)
_COPIED = (
    *("href", "uid", "component", "content_type", "size", "weight", "starts_at", "stops_at"),
    *("is_long", "is_series", "indexed_until", "properties", "content"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is written: bytes, and for an object of a calendar what they are."""

    content: bytes = field(repr=False)
    content_type: str
    uid: str = ""
    component: str = ""
    index: TimeIndex | None = None


class PersonalObjects:
    """Writes objects and their dates; nobody else does."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def insert(
        self,
        collection_id: int,
        href: str,
        content: Content,
        *,
        properties: Mapping[str, str],
        number: int,
        now: datetime,
        created_at: datetime | None = None,
    ) -> None:
        """Add an object by change ``number``."""
        values = {
            **_values(content, number, now),
            "collection_id": collection_id,
            "href": href,
            "properties": dict(properties),
            "weight": len(content.content) + weight_of(properties),
            "created_at": seconds(created_at or now),
        }
        object_id = self._connection.execute(_INSERT, values).scalar_one()
        self._list_dates(object_id, content)

    def update(
        self, object_id: int, content: Content, *, weight: int, number: int, now: datetime
    ) -> None:
        """Replace an object's content by change ``number``; its properties stay."""
        values = {**_values(content, number, now), "weight": weight, "object": object_id}
        self._connection.execute(_UPDATE, values)
        self._connection.execute(_FORGET_DATES, {"object": object_id})
        self._list_dates(object_id, content)

    def save_properties(
        self, object_id: int, properties: Mapping[str, str], *, weight: int
    ) -> None:
        """Keep properties with an object: its ETag stays."""
        values = {"properties": dict(properties), "weight": weight, "object": object_id}
        self._connection.execute(_UPDATE, values)

    def delete(self, object_id: int) -> None:
        """Delete an object."""
        self._connection.execute(_DELETE, {"object": object_id})

    def count(self, collection_id: int) -> int:
        """Return how many objects a collection has."""
        query = select(func.count()).where(PersonalObjectRow.collection_id == collection_id)
        return self._connection.scalar(query) or 0

    def weight(self, collection_id: int) -> int:
        """Return how many octets the objects of a collection count for."""
        query = select(func.sum(PersonalObjectRow.weight)).where(
            PersonalObjectRow.collection_id == collection_id
        )
        return int(self._connection.scalar(query) or 0)

    def copy_all(self, source_id: int, target_id: int, *, before: int, now: datetime) -> None:
        """Copy all objects of a collection, by the change numbers that follow ``before``."""
        source = PersonalObjectRow.__table__
        place = func.row_number().over(order_by=source.c.id)
        self._connection.execute(
            insert(PersonalObjectRow).from_select(
                [*_COPIED, "collection_id", "changed", "created_at", "updated_at"],
                select(
                    *(source.c[name] for name in _COPIED),
                    bindparam("target", target_id),
                    bindparam("before", before) + place,
                    bindparam("created", seconds(now)),
                    bindparam("updated", seconds(now)),
                ).where(source.c.collection_id == source_id),
                include_defaults=False,
            )
        )
        old, new = aliased(PersonalObjectRow), aliased(PersonalObjectRow)
        dates = PersonalOccurrenceRow
        self._connection.execute(
            insert(dates).from_select(
                ["object_id", "starts_at", "stops_at"],
                select(new.id, dates.starts_at, dates.stops_at)
                .join(old, old.id == dates.object_id)
                .join(new, new.href == old.href)
                .where(old.collection_id == source_id, new.collection_id == target_id),
            )
        )

    def _list_dates(self, object_id: int, content: Content) -> None:
        if content.index is None:
            return
        rows = [
            {"object_id": object_id, "starts_at": start, "stops_at": stop}
            for start, stop in {(seconds(a), seconds(b)) for a, b in content.index.dates}
        ]
        if rows:
            self._connection.execute(insert(PersonalOccurrenceRow), rows)


def _values(content: Content, number: int, now: datetime) -> dict[str, Any]:
    return {
        "uid": content.uid,
        "component": content.component,
        "content_type": content.content_type,
        "content": content.content,
        "size": len(content.content),
        "changed": number,
        "updated_at": seconds(now),
        **_bounds(content),
    }


def _bounds(content: Content) -> dict[str, Any]:
    index = content.index
    if index is None:
        return {}
    until = index.indexed_until
    return {
        "starts_at": seconds(index.starts_at),
        "stops_at": FOREVER if index.stops_at is None else seconds(index.stops_at),
        "is_long": index.is_long,
        "is_series": bool(index.dates) or until is not None,
        "indexed_until": None if until is None else seconds(until),
    }

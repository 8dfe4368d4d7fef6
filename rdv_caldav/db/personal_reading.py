"""Reading personal collections: indexed, streamed, and never a look into iCalendar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Connection,
    Select,
    bindparam,
    exists,
    not_,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from rdv_caldav.db.mapping import Row, instant, seconds
from rdv_caldav.db.personal_schema import (
    PersonalCollectionRow,
    PersonalObjectRow,
    PersonalOccurrenceRow,
    PersonalTombstoneRow,
)
from rdv_caldav.db.ranges import END, overlaps
from rdv_caldav.db.schema import FOREVER
from rdv_caldav.domain.personal import PersonalObject, entity_tag

DAY = 86_400
CHUNK = 500
"""How many rows are in memory at once, and how many hrefs go into one statement."""

Query = Select[*tuple[Any, ...]]

_STREAMED = {"yield_per": CHUNK}
_COLLECTION: BindParameter[int] = bindparam("collection")
_COMPONENT: BindParameter[str] = bindparam("component")
_SINCE: BindParameter[int] = bindparam("since")

_OUTSIDE: tuple[InstrumentedAttribute[Any], ...] = (
    PersonalObjectRow.href,
    PersonalObjectRow.uid,
    PersonalObjectRow.component,
    PersonalObjectRow.content_type,
    PersonalObjectRow.size,
    PersonalObjectRow.changed,
    PersonalObjectRow.created_at,
    PersonalObjectRow.updated_at,
    PersonalObjectRow.properties,
)
_WIDTH = len(_OUTSIDE) + 1
_is_here = PersonalObjectRow.collection_id == _COLLECTION
_HERE = select(*_OUTSIDE).where(_is_here)
_LISTED = _HERE.add_columns(null().label("content"))
_READ = _HERE.add_columns(PersonalObjectRow.content)
_AT = PersonalObjectRow.href.in_(bindparam("hrefs", expanding=True))
_LISTED_AT = _LISTED.where(_AT)
_READ_AT = _READ.where(_AT)
_OF_COMPONENT = _READ.where(PersonalObjectRow.component == _COMPONENT)
_STANDING = select(
    PersonalObjectRow.id,
    PersonalObjectRow.uid,
    PersonalObjectRow.changed,
    PersonalObjectRow.weight,
    PersonalObjectRow.size,
).where(_is_here, PersonalObjectRow.href == bindparam("href"))
_UID_PLACE = select(PersonalObjectRow.href).where(
    _is_here, PersonalObjectRow.uid == bindparam("uid"), PersonalObjectRow.uid != ""
)
_LISTING = select(PersonalObjectRow.href, PersonalObjectRow.changed).where(_is_here)
_CHANGED = _LISTING.where(PersonalObjectRow.changed > _SINCE).order_by(PersonalObjectRow.changed)
_GONE = (
    select(PersonalTombstoneRow.href, PersonalTombstoneRow.changed)
    .where(PersonalTombstoneRow.collection_id == _COLLECTION, PersonalTombstoneRow.changed > _SINCE)
    .order_by(PersonalTombstoneRow.changed)
)
_ARRIVED = (
    select(
        PersonalCollectionRow.id,
        PersonalCollectionRow.path,
        PersonalCollectionRow.changed,
        PersonalCollectionRow.counter,
    )
    .where(PersonalCollectionRow.parent_id == _COLLECTION, PersonalCollectionRow.changed > _SINCE)
    .order_by(PersonalCollectionRow.changed)
)


_meets = exists().where(
    PersonalOccurrenceRow.object_id == PersonalObjectRow.id,
    overlaps(PersonalOccurrenceRow.starts_at, PersonalOccurrenceRow.stops_at),
)
_is_single = not_(PersonalObjectRow.is_series)
_IN_RANGE = _READ.where(
    PersonalObjectRow.component == _COMPONENT,
    overlaps(PersonalObjectRow.starts_at, PersonalObjectRow.stops_at),
)
# a short one that overlaps starts at most a day before the range: an index range finds it
_short = _IN_RANGE.add_columns(true().label("certain")).where(
    PersonalObjectRow.is_long.is_(False), PersonalObjectRow.starts_at >= bindparam("earliest")
)
_long = _IN_RANGE.add_columns(or_(_is_single, _meets).label("certain")).where(
    PersonalObjectRow.is_long.is_(True),
    or_(_is_single, _meets, PersonalObjectRow.indexed_until < END),
)
_MEETING = union_all(_short, _long)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands at an href, as far as a writer has to know."""

    id: int
    uid: str
    changed: int
    weight: int
    size: int

    @property
    def etag(self) -> str:
        """Its ETag."""
        return entity_tag(self.changed)


class PersonalReading:
    """What is in personal collections."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def objects(
        self, collection_id: int, *, hrefs: Sequence[str] | None = None, with_content: bool = True
    ) -> Iterator[PersonalObject]:
        """Yield the objects of a collection, all or those at ``hrefs``."""
        if hrefs is None:
            query = _READ if with_content else _LISTED
            yield from self._objects(query, {"collection": collection_id})
            return
        query = _READ_AT if with_content else _LISTED_AT
        for first in range(0, len(hrefs), CHUNK):
            which = {"collection": collection_id, "hrefs": hrefs[first : first + CHUNK]}
            yield from map(object_of, self._connection.execute(query, which).all())

    def of_component(self, collection_id: int, component: str) -> Iterator[PersonalObject]:
        """Yield the objects of a component."""
        which = {"collection": collection_id, "component": component}
        return self._objects(_OF_COMPONENT, which)

    def in_range(
        self, collection_id: int, component: str, *, start: datetime | None, end: datetime | None
    ) -> Iterator[PersonalObject]:
        """Yield the objects of a component that meet a range of aware instants, or may.

        The index decides about events, save a series that is asked about beyond its index.
        Todos and journals meet ranges by rules of their own (RFC 4791 §9.9), at their very
        ends too, so that the index only rules out.
        """
        is_decided = component == "VEVENT"
        margin = 0 if is_decided else 1
        begin = -FOREVER if start is None else seconds(start) - margin
        which = {
            "collection": collection_id,
            "component": component,
            "start": begin,
            "end": FOREVER if end is None else seconds(end) + margin,
            "earliest": begin - DAY,
        }
        for row in self._rows(_MEETING, which):
            yield object_of(row, certain=is_decided and bool(row.certain))

    def listing(self, collection_id: int) -> Iterator[tuple[str, str]]:
        """Yield href and ETag of every object."""
        for href, changed in self._rows(_LISTING, {"collection": collection_id}):
            yield href, f'"{changed}"'

    def standing(self, collection_id: int, href: str) -> Standing | None:
        """Return the outside of what stands at an href."""
        which = {"collection": collection_id, "href": href}
        row = self._connection.execute(_STANDING, which).one_or_none()
        return None if row is None else Standing(**row._asdict())

    def place_of(self, collection_id: int, uid: str) -> str | None:
        """Return where a calendar has this UID."""
        return self._connection.scalar(_UID_PLACE, {"collection": collection_id, "uid": uid})

    def changed(
        self, collection_id: int, *, since: int, most: int | None
    ) -> list[tuple[int, str, str]]:
        """Return number, href and ETag of objects changed since a number, oldest change first."""
        rows = self._since(_CHANGED, collection_id, since, most)
        return [(row.changed, row.href, entity_tag(row.changed)) for row in rows]

    def arrived(
        self, collection_id: int, *, since: int, most: int | None
    ) -> list[tuple[int, str, str]]:
        """Return the same of collections that came to stand in a folder."""
        rows = self._since(_ARRIVED, collection_id, since, most)
        return [
            (row.changed, row.path.rpartition("/")[2], f'"{row.id}-{row.counter}"') for row in rows
        ]

    def gone(self, collection_id: int, *, since: int, most: int | None) -> list[tuple[int, str]]:
        """Return number and href of what is gone since a number, oldest first."""
        rows = self._since(_GONE, collection_id, since, most)
        return [(row.changed, row.href) for row in rows]

    def _since(
        self, query: Query, collection_id: int, since: int, most: int | None
    ) -> Sequence[Row]:
        limited = query if most is None else query.limit(most)
        return self._connection.execute(
            limited, {"collection": collection_id, "since": since}
        ).all()

    def _objects(self, query: Query, which: Mapping[str, object]) -> Iterator[PersonalObject]:
        return map(object_of, self._rows(query, which))

    def _rows(
        self, query: Query | CompoundSelect[*tuple[Any, ...]], which: Mapping[str, object]
    ) -> Iterator[Row]:
        result = self._connection.execute(query, which, execution_options=_STREAMED)
        try:
            yield from result
        finally:
            # a reader may stop before the end, and a server's cursor would stay open
            result.close()


def object_of(row: Row, *, certain: bool = True) -> PersonalObject:
    """Return the object of a row, without its content where that was not read."""
    href, uid, component, content_type, size, changed, created_at, updated_at, kept, content = row[
        :_WIDTH
    ]
    return PersonalObject(
        href=href,
        uid=uid,
        component=component,
        content=bytes(content or b""),
        content_type=content_type,
        etag=entity_tag(changed),
        size=size,
        created_at=instant(created_at),
        last_modified=instant(updated_at),
        properties=kept,
        certain=certain,
    )

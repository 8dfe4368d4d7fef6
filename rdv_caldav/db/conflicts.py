"""Conflicts as they are known: what was found when either appointment was last written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import (
    BindParameter,
    Connection,
    Integer,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
)

from rdv_caldav.db.conflicts_schema import ConflictRow
from rdv_caldav.db.mapping import Row, instant, seconds
from rdv_caldav.domain.conflicts import Conflict, ConflictCode

CHUNK = 500
"""How many ids go into one statement; SQLite takes 32 766 values at most."""

_APPOINTMENT: BindParameter[int] = bindparam("appointment")
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_KNOWN = select(ConflictRow.__table__).order_by(
    ConflictRow.starts_at, ConflictRow.stops_at, ConflictRow.id
)
_OF = _KNOWN.where(ConflictRow.appointment_id == _APPOINTMENT)
_AMONG = select(ConflictRow.appointment_id).where(ConflictRow.appointment_id.in_(_IDS)).distinct()
_BETWEEN = _KNOWN.where(
    ConflictRow.stops_at > bindparam("start"), ConflictRow.starts_at < bindparam("end")
)
_BETWEEN_OF_PERSONS = _BETWEEN.where(ConflictRow.person_id.in_(_IDS))
_FORGET = delete(ConflictRow).where(
    or_(ConflictRow.appointment_id == _APPOINTMENT, ConflictRow.other_id == _APPOINTMENT)
)
_FORGET_PERSON = _FORGET.where(ConflictRow.person_id == bindparam("person"))
_TURNS = 0x726476
"""The first half of the numbers of PostgreSQL's advisory locks that are persons' turns."""

_TAKE_TURN = select(
    func.pg_advisory_xact_lock(
        bindparam("turns", type_=Integer), bindparam("person", type_=Integer)
    )
)


class ConflictRepository:
    """Reads and writes the conflicts of appointments, each of two seeing the other."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def of(self, appointment_id: int) -> list[Conflict]:
        """Return the conflicts of an appointment, in order of time."""
        rows = self._connection.execute(_OF, {"appointment": appointment_id})
        return [conflict_of(row) for row in rows]

    def among(self, appointment_ids: Sequence[int]) -> frozenset[int]:
        """Return which of some appointments have conflicts."""
        found: set[int] = set()
        for first in range(0, len(appointment_ids), CHUNK):
            which = {"ids": list(appointment_ids[first : first + CHUNK])}
            found.update(self._connection.scalars(_AMONG, which))
        return frozenset(found)

    def between(
        self, start: datetime, end: datetime, *, person_ids: Collection[int] | None = None
    ) -> list[tuple[int, Conflict]]:
        """Return appointments with their conflicts that meet a range of aware instants.

        All of them, or those of some persons, in order of time.
        """
        which: dict[str, object] = {"start": seconds(start), "end": seconds(end)}
        if person_ids is None:
            rows = self._connection.execute(_BETWEEN, which)
        else:
            which["ids"] = sorted(person_ids)
            rows = self._connection.execute(_BETWEEN_OF_PERSONS, which)
        return [(row.appointment_id, conflict_of(row)) for row in rows]

    def take_turns(self, person_ids: Iterable[int]) -> None:
        """Wait for the turn to plan something for persons, and keep it to the end.

        Whoever plans for one of them at the same time sees what this transaction did, or the
        reverse. Their calendars are not locked by it: those come last. SQLite has one writer
        anyway.
        """
        if self._connection.dialect.name == "sqlite":
            return
        for person_id in sorted(person_ids):
            self._connection.execute(_TAKE_TURN, {"turns": _TURNS, "person": person_id})

    def replace(
        self, appointment_id: int, *, known: Collection[Conflict], found: Collection[Conflict]
    ) -> None:
        """Store what was found for an appointment in place of what was known.

        Whoever writes the other appointment at the same time takes away what he finds, too.
        """
        if set(known) == set(found):
            return
        self.take_turns({conflict.person_id for conflict in (*known, *found)})
        self.forget(appointment_id)
        self._insert(appointment_id, found)

    def add(self, appointment_id: int, found: Collection[Conflict]) -> None:
        """Store the conflicts of an appointment that nobody knows of yet."""
        self.take_turns({conflict.person_id for conflict in found})
        self._insert(appointment_id, found)

    def _insert(self, appointment_id: int, found: Collection[Conflict]) -> None:
        rows = [
            row
            for conflict in found
            for row in (
                _values(appointment_id, conflict, conflict.other_id),
                *_mirrored(appointment_id, conflict),
            )
        ]
        if rows:
            self._connection.execute(insert(ConflictRow), rows)

    def forget(self, appointment_id: int, *, person_id: int | None = None) -> None:
        """Forget the conflicts with an appointment, all or those of one person."""
        if person_id is None:
            self._connection.execute(_FORGET, {"appointment": appointment_id})
        else:
            which = {"appointment": appointment_id, "person": person_id}
            self._connection.execute(_FORGET_PERSON, which)


def conflict_of(row: Row) -> Conflict:
    """Return the conflict of a row."""
    return Conflict(
        start=instant(row.starts_at),
        end=instant(row.stops_at),
        person_id=row.person_id,
        code=ConflictCode(row.code),
        other_id=row.other_id,
    )


def _values(appointment_id: int, conflict: Conflict, other_id: int | None) -> dict[str, object]:
    return {
        "appointment_id": appointment_id,
        "other_id": other_id,
        "person_id": conflict.person_id,
        "code": conflict.code.value,
        "starts_at": seconds(conflict.start),
        "stops_at": seconds(conflict.end),
    }


def _mirrored(appointment_id: int, conflict: Conflict) -> list[dict[str, object]]:
    if conflict.other_id is None:
        return []
    return [_values(conflict.other_id, conflict, appointment_id)]

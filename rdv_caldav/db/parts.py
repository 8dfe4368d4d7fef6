"""Writing what calendars show to those who take part on some dates of a series only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, update

from rdv_caldav.db.mapping import seconds
from rdv_caldav.db.schema import FOREVER, MemberRow
from rdv_caldav.db.series_schema import PartDateRow, PartRow
from rdv_caldav.domain.timeindex import TimeIndex

_WHICH = bindparam("appointment", type_=MemberRow.appointment_id.type)
_FORGET_DATES = delete(PartDateRow).where(PartDateRow.appointment_id == _WHICH)
_FORGET = delete(PartRow).where(PartRow.appointment_id == _WHICH)
_BOUND = (
    update(MemberRow)
    .where(MemberRow.appointment_id == _WHICH, MemberRow.person_id == bindparam("person"))
    .values(starts_at=bindparam("starts"), stops_at=bindparam("stops"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPart:
    """What one person is shown of a series; ``slots`` as of an appointment's text."""

    person_id: int
    text: str
    slots: str
    index: TimeIndex


class PartRepository:
    """Writes parts, and the bounds of those whom they concern."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def replace(self, appointment_id: int, parts: Sequence[StoredPart]) -> None:
        """Store the parts of an appointment that its calendars show already, and no others."""
        which = {"appointment": appointment_id}
        self._connection.execute(_FORGET_DATES, which)
        self._connection.execute(_FORGET, which)
        if not parts:
            return
        self._connection.execute(insert(PartRow), [_values(appointment_id, p) for p in parts])
        dates = [
            {
                "appointment_id": appointment_id,
                "person_id": part.person_id,
                "starts_at": seconds(start),
                "stops_at": seconds(stop),
            }
            for part in parts
            for start, stop in part.index.dates
        ]
        if dates:
            self._connection.execute(insert(PartDateRow), dates)
        bounds = [{**which, "person": part.person_id, **_bounds(part.index)} for part in parts]
        self._connection.execute(_BOUND, bounds)


def _values(appointment_id: int, part: StoredPart) -> dict[str, object]:
    until = part.index.indexed_until
    return {
        "appointment_id": appointment_id,
        "person_id": part.person_id,
        "text": part.text,
        "slots": part.slots,
        "indexed_until": None if until is None else seconds(until),
    }


def _bounds(index: TimeIndex) -> dict[str, int]:
    stops_at = index.stops_at
    return {
        "starts": seconds(index.starts_at),
        "stops": FOREVER if stops_at is None else seconds(stops_at),
    }

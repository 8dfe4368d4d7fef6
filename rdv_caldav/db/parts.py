"""Writing what calendars show to those who take part on some dates of a series only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, exists, insert, or_, select, update
from sqlalchemy.orm import aliased

from rdv_caldav.db.mapping import seconds
from rdv_caldav.db.schema import FOREVER, AppointmentRow, ExceptionRow, MemberRow, ParticipantRow
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

_Also = aliased(ParticipantRow)
# a person of some date (``only``) or of the series (``without``) who is not in all the others
_HAS_PART = exists().where(
    PartRow.appointment_id == ParticipantRow.appointment_id,
    PartRow.person_id == ParticipantRow.person_id,
)
_ALSO = exists().where(
    _Also.appointment_id == ParticipantRow.appointment_id,
    _Also.person_id == ParticipantRow.person_id,
)
_ONLY = (ParticipantRow.original_wall != "") & ~_ALSO.where(_Also.original_wall == "")
_WITHOUT = (ParticipantRow.original_wall == "") & exists().where(
    ExceptionRow.appointment_id == ParticipantRow.appointment_id,
    ~_ALSO.where(_Also.original_wall == ExceptionRow.original_wall),
)
_MISSING = (
    select(ParticipantRow.appointment_id)
    .join(AppointmentRow, AppointmentRow.id == ParticipantRow.appointment_id)
    .where(
        AppointmentRow.id > bindparam("after"),
        AppointmentRow.recurrence.is_not(None),
        AppointmentRow.trashed_at.is_(None),
        ParticipantRow.person_id.is_not(None),
        or_(_ONLY, _WITHOUT),
        ~_HAS_PART,
    )
    .distinct()
    .order_by(ParticipantRow.appointment_id)
    .limit(bindparam("most"))
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

    def missing(self, *, after: int, limit: int) -> Sequence[int]:
        """Return appointments with higher numbers than ``after`` that lack somebody's part."""
        which = {"after": after, "most": limit}
        return self._connection.scalars(_MISSING, which).all()

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

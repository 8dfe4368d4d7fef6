"""Which rendez-vous begin soon, and how far those who remind of them have come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal, select, union_all, update

from rdv_caldav.db.mail_schema import OutboxRow, ReminderProgressRow
from rdv_caldav.db.mapping import instant, seconds
from rdv_caldav.db.schema import AppointmentRow, OccurrenceRow
from rdv_caldav.domain.appointment import State

# whoever finds it locked has nothing to do: another one is at it
_LOCK = select(ReminderProgressRow.until_at).with_for_update(skip_locked=True)


def _within(column: Any) -> tuple[Any, Any]:  # noqa: ANN401
    return column > bindparam("after"), column <= bindparam("until")


_SINGLE = select(
    AppointmentRow.id.label("appointment_id"),
    literal("").label("original_wall"),
    AppointmentRow.starts_at.label("starts_at"),
).where(
    AppointmentRow.is_series.is_(False),
    *_within(AppointmentRow.starts_at),
    AppointmentRow.state == State.PLANNED.value,
    AppointmentRow.trashed_at.is_(None),
)
_OF_SERIES = (
    select(OccurrenceRow.appointment_id, OccurrenceRow.original_wall, OccurrenceRow.starts_at)
    .join(AppointmentRow, AppointmentRow.id == OccurrenceRow.appointment_id)
    .where(
        *_within(OccurrenceRow.starts_at),
        func.coalesce(OccurrenceRow.state, AppointmentRow.state) == State.PLANNED.value,
        AppointmentRow.trashed_at.is_(None),
    )
)
_dates = union_all(_SINGLE, _OF_SERIES).subquery()
_BETWEEN = select(_dates).order_by(
    _dates.c.starts_at, _dates.c.appointment_id, _dates.c.original_wall
)
_FIRST = select(_dates.c.starts_at).order_by(_dates.c.starts_at).limit(bindparam("most"))
_TOLD = select(OutboxRow.recipient_key).where(
    OutboxRow.appointment_id == bindparam("appointment_id"),
    OutboxRow.original_wall.in_(("", bindparam("original"))),
    OutboxRow.created_at > bindparam("since"),
    OutboxRow.method.in_(("REQUEST", "NOTICE", "REMINDER")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDate:
    """A rendez-vous, or a date of a series by its original wall clock, and when it begins."""

    appointment_id: int
    original: datetime | None
    starts_at: datetime


class DueDates:
    """Goes through what is planned, in order of time."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def lock(self) -> datetime | None:
        """Return up to which start all were gone through, for nobody else until the end.

        None while somebody else is at it.
        """
        until = self._connection.scalar(_LOCK)
        return None if until is None else instant(until)

    def advance(self, until: datetime) -> None:
        """Note that all were gone through up to a start."""
        self._connection.execute(update(ReminderProgressRow).values(until_at=seconds(until)))

    def between(self, after: datetime, until: datetime, *, most: int) -> list[DueDate]:
        """Return what begins after one instant and up to another, planned and not cancelled.

        About ``most`` of them: with the last one come all that begin with it.
        """
        bounds = {"after": seconds(after), "until": seconds(until)}
        starts = list(self._connection.scalars(_FIRST, {**bounds, "most": most}))
        if not starts:
            return []
        return [
            DueDate(
                appointment_id=row.appointment_id,
                original=datetime.fromisoformat(row.original_wall) if row.original_wall else None,
                starts_at=instant(row.starts_at),
            )
            for row in self._connection.execute(_BETWEEN, {**bounds, "until": starts[-1]})
        ]

    def told_since(self, date: DueDate, since: datetime) -> frozenset[str]:
        """Return the keys of those who were written about it since an instant."""
        bound = {
            "appointment_id": date.appointment_id,
            "original": date.original.isoformat() if date.original else "",
            "since": seconds(since),
        }
        return frozenset(self._connection.scalars(_TOLD, bound))

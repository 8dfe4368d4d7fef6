"""What persons have in a stretch of time, date by date, by a fixed number of statements."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import (
    BindParameter,
    Connection,
    Executable,
    String,
    and_,
    bindparam,
    case,
    false,
    literal,
    select,
    union_all,
)

from rdv_caldav.db.control_reading import ControlReading
from rdv_caldav.db.mapping import seconds
from rdv_caldav.db.member_reading import DAY, SHORT_ONES_IN_RANGE
from rdv_caldav.db.ranges import overlaps
from rdv_caldav.db.schema import AppointmentRow, MemberRow, OccurrenceRow, ParticipantRow
from rdv_caldav.domain.control import ControlRow

_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_NOTHING = literal("", String)
_single = (
    select(
        MemberRow.person_id.label("person_id"),
        AppointmentRow.id.label("id"),
        _NOTHING.label("original_wall"),
        false().label("differs"),
        AppointmentRow.starts_at.label("starts_at"),
        AppointmentRow.state.label("state"),
        _NOTHING.label("value"),
    )
    .join(AppointmentRow, AppointmentRow.id == MemberRow.appointment_id)
    .where(MemberRow.person_id.in_(_IDS))
)
_SHORT = _single.where(SHORT_ONES_IN_RANGE)
_LONG = _single.where(
    MemberRow.is_long.is_(True),
    AppointmentRow.is_series.is_(False),
    overlaps(MemberRow.starts_at, MemberRow.stops_at),
)
_differs = OccurrenceRow.state.is_not(None)
# of a series, those dates in which he takes part
_DATES = (
    select(
        MemberRow.person_id,
        AppointmentRow.id,
        OccurrenceRow.original_wall,
        _differs,
        OccurrenceRow.starts_at,
        case((_differs, OccurrenceRow.state), else_=AppointmentRow.state),
        _NOTHING,
    )
    .join(AppointmentRow, AppointmentRow.id == MemberRow.appointment_id)
    .join(OccurrenceRow, OccurrenceRow.appointment_id == MemberRow.appointment_id)
    .join(
        ParticipantRow,
        and_(
            ParticipantRow.appointment_id == MemberRow.appointment_id,
            ParticipantRow.original_wall == case((_differs, OccurrenceRow.original_wall), else_=""),
            ParticipantRow.person_id == MemberRow.person_id,
        ),
    )
    .where(
        MemberRow.person_id.in_(_IDS),
        MemberRow.is_long.is_(True),
        overlaps(MemberRow.starts_at, MemberRow.stops_at),
        overlaps(OccurrenceRow.starts_at, OccurrenceRow.stops_at),
    )
)
_LINES: Executable = union_all(_SHORT, _LONG, _DATES)


class PlanningReading:
    """What stands in persons' calendars, as plannings draw it."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection
        self._control = ControlReading(connection)

    def lines(
        self, person_ids: Collection[int], *, start: datetime, end: datetime
    ) -> list[tuple[int, ControlRow]]:
        """Return persons with what they have in a range of aware instants, without notes.

        Series are told date by date, each with its own time, état and answers, as far as their
        dates are listed; what somebody took out of his calendar is not there.
        """
        which = {
            "ids": sorted(person_ids),
            "start": seconds(start),
            "end": seconds(end),
            "earliest": seconds(start) - DAY,
        }
        found = self._connection.execute(_LINES, which).all()
        keys = {(row.id, row.original_wall): row for row in found}
        rows = dict(
            zip(keys, self._control.described(list(keys.values()), with_notes=False), strict=True)
        )
        return [(row.person_id, rows[row.id, row.original_wall]) for row in found]

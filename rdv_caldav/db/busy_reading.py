"""When appointments keep a person busy: from columns where these tell, by few statements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, Connection, and_, bindparam, case, or_, select

from rdv_caldav.db.mapping import instant, seconds, stop_of
from rdv_caldav.db.member_reading import (
    DAY,
    LONG_ONES_IN_RANGE,
    OWN_PART,
    SHORT_ONES_IN_RANGE,
    SHOWN_TEXT,
)
from rdv_caldav.db.schema import AppointmentRow, MemberRow, ParticipantRow
from rdv_caldav.db.series_schema import PartRow
from rdv_caldav.domain.appointment import Presence, State

_PERSON: BindParameter[int] = bindparam("person")
_BUSY = (
    select(
        MemberRow.starts_at,
        MemberRow.stops_at,
        AppointmentRow.state,
        ParticipantRow.presence,
        case(
            (
                or_(
                    AppointmentRow.recurrence.is_not(None),
                    AppointmentRow.text.icontains("TRANSPARENT"),
                ),
                SHOWN_TEXT,
            ),
            else_="",
        ).label("text"),
    )
    .join(AppointmentRow, AppointmentRow.id == MemberRow.appointment_id)
    .outerjoin(
        ParticipantRow,
        and_(
            ParticipantRow.person_id == MemberRow.person_id,
            ParticipantRow.appointment_id == MemberRow.appointment_id,
            ParticipantRow.original_wall == "",
        ),
    )
    .outerjoin(PartRow, OWN_PART)
    .where(MemberRow.person_id == _PERSON)
)
_SHORT_BUSY, _LONG_BUSY = _BUSY.where(SHORT_ONES_IN_RANGE), _BUSY.where(LONG_ONES_IN_RANGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyRow:
    """What an appointment says of when its person is busy; instants in UTC.

    ``text`` is given where only that tells: series, and what may be transparent.
    """

    starts_at: datetime
    stops_at: datetime | None
    is_cancelled: bool
    presence: Presence | None
    text: str


class BusyReading:
    """What free/busy asks of persons' calendars."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def rows(self, person_id: int, *, start: datetime, end: datetime) -> Iterator[BusyRow]:
        """Yield what may keep a person busy in a range of aware instants."""
        which = {
            "person": person_id,
            "start": seconds(start),
            "end": seconds(end),
            "earliest": seconds(start) - DAY,
        }
        for query in (_SHORT_BUSY, _LONG_BUSY):
            for row in self._connection.execute(query, which):
                yield BusyRow(
                    starts_at=instant(row.starts_at),
                    stops_at=stop_of(row.stops_at),
                    is_cancelled=row.state == State.CANCELLED.value,
                    presence=Presence(row.presence) if row.presence is not None else None,
                    text=row.text,
                )

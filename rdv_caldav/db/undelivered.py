"""Messages that did not reach their recipients, about what is still to come."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, select

from rdv_caldav.db.mail_schema import OutboxRow
from rdv_caldav.db.mapping import instant, seconds
from rdv_caldav.db.outbox import BOUNCED, FAILED, SENT, UNSENT
from rdv_caldav.db.schema import AppointmentRow, ParticipantRow

_LATER = OutboxRow.__table__.alias("later")


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """A message that was given up or came back; ``problem`` is what a server said."""

    at: datetime
    appointment_id: int
    original: datetime | None
    subject: str
    recipient: str
    recipient_name: str
    problem: str


class UndeliveredReading:
    """Reads them, the newest first."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def of_persons(
        self, person_ids: Collection[int], *, since: datetime, now: datetime, size: int
    ) -> list[Undelivered]:
        """Return those about what one of these persons takes part in, if it is not over.

        Left out is what something else was sent, or waits to be sent, after to the same
        recipient.
        """
        takes_part = exists().where(
            ParticipantRow.appointment_id == OutboxRow.appointment_id,
            ParticipantRow.person_id.in_(sorted(person_ids)),
        )
        is_made_good = exists().where(
            _LATER.c.appointment_id == OutboxRow.appointment_id,
            _LATER.c.recipient_key == OutboxRow.recipient_key,
            _LATER.c.id > OutboxRow.id,
            _LATER.c.status.in_((SENT, *UNSENT)),
        )
        found = (
            select(
                OutboxRow.due_at,
                OutboxRow.appointment_id,
                OutboxRow.original_wall,
                OutboxRow.recipient,
                OutboxRow.recipient_name,
                OutboxRow.problem,
                AppointmentRow.subject,
            )
            .join(AppointmentRow, AppointmentRow.id == OutboxRow.appointment_id)
            .where(
                OutboxRow.status.in_((FAILED, BOUNCED)),
                OutboxRow.due_at >= seconds(since),
                OutboxRow.method != "TEST",
                AppointmentRow.trashed_at.is_(None),
                AppointmentRow.stops_at > seconds(now),
                takes_part,
                ~is_made_good,
            )
            .order_by(OutboxRow.due_at.desc(), OutboxRow.id.desc())
            .limit(size)
        )
        return [
            Undelivered(
                at=instant(row.due_at),
                appointment_id=row.appointment_id,
                original=datetime.fromisoformat(row.original_wall) if row.original_wall else None,
                subject=row.subject,
                recipient=row.recipient,
                recipient_name=row.recipient_name,
                problem=row.problem,
            )
            for row in self._connection.execute(found)
        ]

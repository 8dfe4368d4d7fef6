"""Messages waiting to be sent, written in the transaction that causes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select

from rdv_caldav.db.mapping import Row, instant, seconds
from rdv_caldav.db.schema import OutboxRow

_QUEUED = OutboxRow.status == "queued"
_PENDING = select(OutboxRow.__table__).where(_QUEUED).order_by(OutboxRow.id)
_OF_APPOINTMENT = (
    select(OutboxRow.__table__)
    .where(OutboxRow.appointment_id == bindparam("appointment_id"), OutboxRow.method != "TEST")
    .order_by(OutboxRow.id.desc())
)
_OLDEST = select(func.min(OutboxRow.created_at)).where(_QUEUED)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """One message to one recipient about one appointment, or one date of a series.

    ``subject``, ``body`` and ``html`` are empty save in what somebody wrote himself.
    """

    id: int
    created_at: datetime
    status: str
    method: str
    appointment_id: int
    original: datetime | None
    recipient: str
    recipient_name: str
    sequence: int
    subject: str = ""
    body: str = ""
    html: str = ""


class Outbox:
    """The queue."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def put(
        self,
        *,
        method: str,
        appointment_id: int,
        original: datetime | None,
        recipient: str,
        recipient_name: str,
        sequence: int,
        now: datetime,
        subject: str = "",
        body: str = "",
        html: str = "",
    ) -> None:
        """Queue a message; ``original`` is the wall clock of one date of a series."""
        self._connection.execute(
            insert(OutboxRow).values(
                created_at=seconds(now),
                method=method,
                appointment_id=appointment_id,
                original_wall=original.isoformat() if original else "",
                recipient=recipient,
                recipient_name=recipient_name,
                sequence=sequence,
                subject=subject,
                body=body,
                html=html,
            )
        )

    def pending(self) -> list[OutboxMessage]:
        """Return what is queued, oldest first."""
        return [_message(row) for row in self._connection.execute(_PENDING)]

    def of_appointment(self, appointment_id: int) -> list[OutboxMessage]:
        """Return what was written about an appointment, whatever became of it, newest first.

        What somebody sent himself to try a template out is left out.
        """
        rows = self._connection.execute(_OF_APPOINTMENT, {"appointment_id": appointment_id})
        return [_message(row) for row in rows]

    def oldest_pending_at(self) -> datetime | None:
        """Return when the oldest queued message was put there."""
        oldest = self._connection.scalar(_OLDEST)
        return None if oldest is None else instant(oldest)


def _message(row: Row) -> OutboxMessage:
    return OutboxMessage(
        id=row.id,
        created_at=instant(row.created_at),
        status=row.status,
        method=row.method,
        appointment_id=row.appointment_id,
        original=datetime.fromisoformat(row.original_wall) if row.original_wall else None,
        recipient=row.recipient,
        recipient_name=row.recipient_name,
        sequence=row.sequence,
        subject=row.subject,
        body=row.body,
        html=row.html,
    )

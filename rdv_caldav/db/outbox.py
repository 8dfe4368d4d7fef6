"""Messages waiting to be sent, written in the transaction that causes them, and their fate.

A message is *queued*, then *sending* while a worker has it, then *sent*; or *retry* until it is
due again; at the end *failed*, *bounced* (it came back), or *skipped* with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BindParameter,
    Connection,
    bindparam,
    case,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from rdv_caldav.db.mail_schema import OutboxRow
from rdv_caldav.db.mapping import Row, instant, seconds

QUEUED, SENDING, RETRY = "queued", "sending", "retry"
SENT, FAILED, BOUNCED, SKIPPED = "sent", "failed", "bounced", "skipped"
UNSENT = (QUEUED, SENDING, RETRY)
AGAIN = (RETRY, FAILED, BOUNCED, SKIPPED)
"""What can be begun anew."""

UNSURE = "unsure"
"""What the problem of a message begins with that was perhaps sent already."""

_COLUMNS = tuple(each for each in OutboxRow.__table__.c if each.name != "raw")
_ID: BindParameter[int] = bindparam("message")
_EARLIER = OutboxRow.__table__.alias("earlier")
_IN_ORDER = ~(
    select(_EARLIER.c.id)
    .where(
        _EARLIER.c.appointment_id == OutboxRow.appointment_id,
        _EARLIER.c.recipient_key == OutboxRow.recipient_key,
        _EARLIER.c.medium == OutboxRow.medium,
        _EARLIER.c.id < OutboxRow.id,
        _EARLIER.c.status.in_(UNSENT),
    )
    .exists()
)
_IS_FREE = (
    OutboxRow.status.in_(UNSENT),
    OutboxRow.due_at <= bindparam("now"),
    OutboxRow.claimed_until <= bindparam("now"),
    OutboxRow.medium.in_(bindparam("media", expanding=True)),
    or_(OutboxRow.recipient_key == "", _IN_ORDER),
)
_FREE = (
    select(OutboxRow.id)
    .where(*_IS_FREE)
    .order_by(OutboxRow.due_at, OutboxRow.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_ANY_FREE = select(exists(select(OutboxRow.id).where(*_IS_FREE)))
_WAS_INTERRUPTED = (OutboxRow.status == SENDING) & OutboxRow.raw.is_not(None)
_CLAIM = (
    update(OutboxRow)
    .where(OutboxRow.id == _ID)
    .values(
        problem=case((_WAS_INTERRUPTED, UNSURE), else_=OutboxRow.problem),
        status=SENDING,
        claimed_until=bindparam("until"),
        attempts=OutboxRow.attempts + 1,
    )
)
_BY_ID = select(*_COLUMNS).where(OutboxRow.id == _ID)
_RAW = select(OutboxRow.raw).where(OutboxRow.id == _ID)
_PENDING = select(*_COLUMNS).where(OutboxRow.status.in_((QUEUED, RETRY))).order_by(OutboxRow.id)
_OF_APPOINTMENT = (
    select(*_COLUMNS)
    .where(OutboxRow.appointment_id == bindparam("appointment_id"), OutboxRow.method != "TEST")
    .order_by(OutboxRow.id.desc())
)
_OF_THREAD = (
    select(*_COLUMNS)
    .where(
        OutboxRow.appointment_id == bindparam("appointment_id"),
        OutboxRow.recipient_key == bindparam("recipient_key"),
    )
    .order_by(OutboxRow.id)
)
_BY_MESSAGE_ID = select(*_COLUMNS).where(OutboxRow.message_id == bindparam("message_id"))
_OLDEST = select(func.min(OutboxRow.created_at)).where(OutboxRow.status.in_(UNSENT))


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """One message to one recipient about one appointment, or one date of a series.

    ``subject``, ``body`` and ``html`` are empty save in what somebody wrote himself. The other
    fields are those of :class:`rdv_caldav.db.mail_schema.OutboxRow`.
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
    medium: str = "mail"
    recipient_key: str = ""
    due_at: datetime | None = None
    attempts: int = 0
    sent_at: datetime | None = None
    problem: str = ""
    message_id: str = ""
    object_text: str = ""


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
        recipient_key: str = "",
        medium: str = "mail",
        due: datetime | None = None,
        object_text: str = "",
        subject: str = "",
        body: str = "",
        html: str = "",
    ) -> None:
        """Queue a message, to be sent at once or when it is ``due`` (aware).

        ``original`` is the wall clock of one date of a series.
        """
        self._connection.execute(
            insert(OutboxRow).values(
                created_at=seconds(now),
                method=method,
                medium=medium,
                appointment_id=appointment_id,
                original_wall=original.isoformat() if original else "",
                recipient=recipient,
                recipient_name=recipient_name,
                recipient_key=recipient_key,
                sequence=sequence,
                due_at=seconds(due or now),
                object_text=object_text,
                subject=subject,
                body=body,
                html=html,
            )
        )

    def hasten(self, appointment_id: int, recipient_key: str, now: datetime) -> None:
        """Let leave at once what waits to be due: something urgent comes after it.

        What was tried in vain keeps the time of its next attempt.
        """
        self._connection.execute(
            update(OutboxRow)
            .where(
                OutboxRow.appointment_id == appointment_id,
                OutboxRow.recipient_key == recipient_key,
                OutboxRow.status == QUEUED,
                OutboxRow.due_at > seconds(now),
            )
            .values(due_at=seconds(now))
        )

    # -- for the worker -------------------------------------------------------------------

    def is_any_due(self, *, now: datetime, media: Iterable[str] = ("mail",)) -> bool:
        """Tell whether a message may have to be sent, without taking any."""
        return bool(self._connection.scalar(_ANY_FREE, {"now": seconds(now), "media": list(media)}))

    def claim(
        self, *, now: datetime, until: datetime, media: Iterable[str] = ("mail",)
    ) -> OutboxMessage | None:
        """Take the next message that is due, for nobody else until ``until``; None without one.

        To one recipient and about one appointment, in the order in which they were put. What a
        worker took and never finished is free again once its time is over; it may have been sent.
        """
        bound = {"now": seconds(now), "media": list(media)}
        message_id = self._connection.scalar(_FREE, bound)
        if message_id is None:
            return None
        self._connection.execute(_CLAIM, {"message": message_id, "until": seconds(until)})
        return self.get(message_id)

    def keep_raw(self, message: int, raw: bytes, message_id: str, *, sequence: int) -> None:
        """Keep what is sent, the same at each attempt, with the SEQUENCE that it says."""
        self._change(message, raw=raw, message_id=message_id, sequence=sequence)

    def readdress(self, message: int, recipient: str) -> None:
        """Send a message to another address or number; what was composed is composed anew."""
        self._change(message, recipient=recipient, raw=None)

    def close(
        self, message: int, status: str, *, now: datetime | None = None, problem: str = ""
    ) -> None:
        """Note what became of a message; ``now`` is when it was sent, where it was."""
        sent = {"sent_at": seconds(now)} if now is not None else {}
        self._change(message, status=status, problem=problem, claimed_until=0, **sent)

    def postpone(self, message: int, due: datetime, *, attempts: int, problem: str = "") -> None:
        """Try again at ``due``; ``attempts`` are those that count: that were the message's."""
        self._change(
            message,
            status=RETRY,
            due_at=seconds(due),
            problem=problem,
            claimed_until=0,
            attempts=attempts,
        )

    def requeue(self, message: int, *, now: datetime) -> bool:
        """Begin anew with a message that was given up or waits for its next attempt.

        What is sent stays the same. False where it was sent, or is about to be.
        """
        done = self._connection.execute(
            update(OutboxRow)
            .where(OutboxRow.id == message, OutboxRow.status.in_(AGAIN))
            .values(status=QUEUED, due_at=seconds(now), claimed_until=0, attempts=0, problem="")
        )
        return done.rowcount == 1

    def forget_texts(self, before: datetime) -> int:
        """Forget the bytes of messages put there before that are closed; return of how many.

        What was sent needs no text from before a change any more, either.
        """
        closed = OutboxRow.created_at < seconds(before), OutboxRow.status.not_in(UNSENT)
        done = self._connection.execute(
            update(OutboxRow).where(*closed, OutboxRow.raw.is_not(None)).values(raw=None)
        )
        self._connection.execute(
            update(OutboxRow)
            .where(*closed, OutboxRow.status == SENT, OutboxRow.object_text != "")
            .values(object_text="")
        )
        return done.rowcount

    def _change(self, message: int, **values: object) -> None:
        self._connection.execute(update(OutboxRow).where(OutboxRow.id == message).values(**values))

    # -- reading --------------------------------------------------------------------------

    def get(self, message: int) -> OutboxMessage | None:
        """Return a message, None if there is none."""
        row = self._connection.execute(_BY_ID, {"message": message}).one_or_none()
        return None if row is None else message_of(row)

    def raw(self, message: int) -> bytes | None:
        """Return what is or was sent, None as long as it is not composed."""
        return self._connection.scalar(_RAW, {"message": message})

    def pending(self) -> list[OutboxMessage]:
        """Return what is queued, oldest first."""
        return [message_of(row) for row in self._connection.execute(_PENDING)]

    def of_appointment(self, appointment_id: int) -> list[OutboxMessage]:
        """Return what was written about an appointment, whatever became of it, newest first.

        What somebody sent himself to try a template out is left out.
        """
        rows = self._connection.execute(_OF_APPOINTMENT, {"appointment_id": appointment_id})
        return [message_of(row) for row in rows]

    def of_thread(self, appointment_id: int, recipient_key: str) -> list[OutboxMessage]:
        """Return what was written to one recipient about an appointment, oldest first."""
        bound = {"appointment_id": appointment_id, "recipient_key": recipient_key}
        return [message_of(row) for row in self._connection.execute(_OF_THREAD, bound)]

    def with_message_id(self, message_id: str) -> OutboxMessage | None:
        """Return the message that was sent under a Message-ID, if there is one."""
        row = self._connection.execute(_BY_MESSAGE_ID, {"message_id": message_id}).first()
        return None if row is None else message_of(row)

    def oldest_pending_at(self) -> datetime | None:
        """Return when the oldest message was put there that is not sent yet."""
        oldest = self._connection.scalar(_OLDEST)
        return None if oldest is None else instant(oldest)


def message_of(row: Row) -> OutboxMessage:
    """Return a row of the outbox, with or without the text from before, as a message."""
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
        medium=row.medium,
        recipient_key=row.recipient_key,
        due_at=instant(row.due_at),
        attempts=row.attempts,
        sent_at=None if row.sent_at is None else instant(row.sent_at),
        problem=row.problem,
        message_id=row.message_id,
        object_text=getattr(row, "object_text", ""),
    )

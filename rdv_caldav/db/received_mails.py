"""Mails that came in, each with its outcome; those that somebody has to look at are open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from rdv_caldav.db.mail_schema import MailboxPlaceRow, ReceivedMailRow
from rdv_caldav.db.mapping import Row, instant, seconds

_COLUMNS = tuple(each for each in ReceivedMailRow.__table__.c if each.name != "raw")
_BY_ID = select(*_COLUMNS).where(ReceivedMailRow.id == bindparam("mail"))
_RAW = select(ReceivedMailRow.raw).where(ReceivedMailRow.id == bindparam("mail"))
_KNOWN = (
    select(*_COLUMNS)
    .where(ReceivedMailRow.fingerprint == bindparam("fingerprint"))
    .order_by(ReceivedMailRow.id)
    .limit(1)
)
_LOCK = select(func.pg_advisory_xact_lock(bindparam("number", type_=BigInteger)))
_OPEN_COUNT = select(func.count()).where(ReceivedMailRow.is_open)
_OPEN_OF_ONE = select(func.count()).where(
    ReceivedMailRow.is_open,
    ReceivedMailRow.appointment_id == bindparam("appointment_id"),
    ReceivedMailRow.recipient_key == bindparam("recipient_key"),
)
_OPEN_WITHOUT_PLACE = select(
    func.count(),
    func.count(case((ReceivedMailRow.sender == bindparam("sender"), 1))),
).where(ReceivedMailRow.is_open, ReceivedMailRow.appointment_id.is_(None))
_PLACE = select(MailboxPlaceRow.uid_validity, MailboxPlaceRow.last_uid).where(
    MailboxPlaceRow.name == bindparam("name")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What is kept of a mail; see :class:`rdv_caldav.db.mail_schema.ReceivedMailRow`."""

    source: str
    fingerprint: str
    message_id: str = ""
    sender: str = ""
    sender_name: str = ""
    subject: str = ""
    size: int = 0
    outcome: str
    reason: str = ""
    evidence: Mapping[str, Any]
    appointment_id: int | None = None
    recipient_key: str = ""
    text: str = ""
    proposal: Mapping[str, Any]
    is_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMail(Arrival):
    """One that is kept."""

    id: int
    received_at: datetime
    handled_at: datetime | None
    handled_by: str


class ReceivedMails:
    """The journal of what came in."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def add(self, arrival: Arrival, *, raw: bytes | None, now: datetime) -> int:
        """Keep a mail; its ``raw`` text as far as somebody has to look at it. Return its id."""
        added: int | None = self._connection.scalar(
            insert(ReceivedMailRow)
            .values(
                received_at=seconds(now),
                source=arrival.source,
                fingerprint=arrival.fingerprint,
                message_id=arrival.message_id,
                sender=arrival.sender,
                sender_name=arrival.sender_name,
                subject=arrival.subject,
                size=arrival.size,
                outcome=arrival.outcome,
                reason=arrival.reason,
                evidence=dict(arrival.evidence),
                appointment_id=arrival.appointment_id,
                recipient_key=arrival.recipient_key,
                text=arrival.text,
                proposal=dict(arrival.proposal),
                is_open=arrival.is_open,
                raw=raw,
                handled_by="",
            )
            .returning(ReceivedMailRow.id)
        )
        assert added is not None, "an insert returns its row"
        return added

    def lock(self, fingerprint: str) -> None:
        """Let nobody else look up the same mail until this transaction ends.

        A mail may come by two ways at once. SQLite has one writer at a time anyhow.
        """
        if self._connection.dialect.name != "sqlite":
            self._connection.execute(_LOCK, {"number": int(fingerprint[:15], 16)})

    def known(self, fingerprint: str) -> ReceivedMail | None:
        """Return the mail that came first with this fingerprint."""
        row = self._connection.execute(_KNOWN, {"fingerprint": fingerprint}).one_or_none()
        return None if row is None else received_of(row)

    def get(self, mail: int) -> ReceivedMail | None:
        """Return a mail by its id."""
        row = self._connection.execute(_BY_ID, {"mail": mail}).one_or_none()
        return None if row is None else received_of(row)

    def raw(self, mail: int) -> bytes | None:
        """Return the text of a mail, as long as it is kept."""
        return self._connection.scalar(_RAW, {"mail": mail})

    def page(
        self, *, only_open: bool, before: int | None = None, size: int = 50
    ) -> list[ReceivedMail]:
        """Return mails, the latest first, from below the id ``before`` on."""
        statement = select(*_COLUMNS).order_by(ReceivedMailRow.id.desc()).limit(size)
        if only_open:
            statement = statement.where(ReceivedMailRow.is_open)
        if before is not None:
            statement = statement.where(ReceivedMailRow.id < before)
        return [received_of(row) for row in self._connection.execute(statement)]

    def of_appointment(self, appointment_id: int) -> list[ReceivedMail]:
        """Return what came in about an appointment, the latest first."""
        statement = (
            select(*_COLUMNS)
            .where(ReceivedMailRow.appointment_id == appointment_id)
            .order_by(ReceivedMailRow.id.desc())
        )
        return [received_of(row) for row in self._connection.execute(statement)]

    def open_count(self) -> int:
        """Return how many somebody has to look at."""
        return self._connection.scalar(_OPEN_COUNT) or 0

    def open_of_one(self, appointment_id: int, recipient_key: str) -> int:
        """Return how many wait about one appointment by one participant of it."""
        bound = {"appointment_id": appointment_id, "recipient_key": recipient_key}
        return self._connection.scalar(_OPEN_OF_ONE, bound) or 0

    def open_without_place(self, sender: str) -> tuple[int, int]:
        """Return how many wait that are about no appointment, all and those of one sender."""
        row = self._connection.execute(_OPEN_WITHOUT_PLACE, {"sender": sender}).one()
        return row[0], row[1]

    def forget_texts(self, before: datetime) -> int:
        """Forget what mails said that nobody has to look at any more; return of how many.

        Of those that arrived before. What became of them, and why, is kept.
        """
        done = self._connection.execute(
            update(ReceivedMailRow)
            .where(
                ReceivedMailRow.received_at < seconds(before),
                ~ReceivedMailRow.is_open,
                or_(ReceivedMailRow.text != "", ReceivedMailRow.raw.is_not(None)),
            )
            .values(text="", raw=None)
        )
        return done.rowcount

    def close(
        self,
        mail: int,
        *,
        outcome: str,
        reason: str,
        login: str,
        now: datetime,
        appointment_id: int | None = None,
        recipient_key: str = "",
    ) -> bool:
        """Note what somebody made of an open mail; False when it was not open any more."""
        attributed = (
            {}
            if appointment_id is None
            else {"appointment_id": appointment_id, "recipient_key": recipient_key}
        )
        done = self._connection.execute(
            update(ReceivedMailRow)
            .where(ReceivedMailRow.id == mail, ReceivedMailRow.is_open)
            .values(
                is_open=False,
                outcome=outcome,
                reason=reason,
                handled_at=seconds(now),
                handled_by=login,
                raw=None,
                **attributed,
            )
        )
        return done.rowcount == 1

    # -- how far mailboxes were read ------------------------------------------------------

    def place(self, mailbox: str) -> tuple[int, int] | None:
        """Return UIDVALIDITY and the last UID that was taken from a mailbox."""
        row = self._connection.execute(_PLACE, {"name": mailbox}).one_or_none()
        return None if row is None else (row[0], row[1])

    def keep_place(self, mailbox: str, uid_validity: int, last_uid: int) -> None:
        """Remember how far a mailbox was read."""
        self._connection.execute(delete(MailboxPlaceRow).where(MailboxPlaceRow.name == mailbox))
        self._connection.execute(
            insert(MailboxPlaceRow).values(
                name=mailbox, uid_validity=uid_validity, last_uid=last_uid
            )
        )


def received_of(row: Row) -> ReceivedMail:
    """Return a row of the journal of what came in."""
    return ReceivedMail(
        id=row.id,
        received_at=instant(row.received_at),
        source=row.source,
        fingerprint=row.fingerprint,
        message_id=row.message_id,
        sender=row.sender,
        sender_name=row.sender_name,
        subject=row.subject,
        size=row.size,
        outcome=row.outcome,
        reason=row.reason,
        evidence=row.evidence,
        appointment_id=row.appointment_id,
        recipient_key=row.recipient_key,
        text=row.text,
        proposal=row.proposal,
        is_open=row.is_open,
        handled_at=None if row.handled_at is None else instant(row.handled_at),
        handled_by=row.handled_by,
    )

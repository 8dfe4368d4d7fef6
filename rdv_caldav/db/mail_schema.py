"""Rows of what is written to participants and what they answer; see :mod:`rdv_caldav.db.schema`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from rdv_caldav.db.schema import Base


class MailThreadRow(Base):
    """All that is written to one recipient about one appointment, and what he answered.

    ``recipient_key`` is ``person:ID`` or ``guest:ADDRESS``. ``token`` names the thread in the
    address that answers go to. ``sequence`` is the last SEQUENCE that was mailed (-1: none),
    ``time_sequence`` the one of the last mail after a change of time: answers to lower ones are
    about another time. ``answered`` has the SEQUENCE and DTSTAMP (seconds) of the last answer to
    each date, by its original wall clock, empty for the whole. ``told`` is what the last mails
    said of the whole and of single dates, see :mod:`rdv_caldav.services.mailing.telling`. A link
    holds while its ``link_version`` is the row's.
    """

    __tablename__ = "mail_thread"

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id", ondelete="CASCADE"))
    recipient_key: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), index=True
    )
    address: Mapped[str] = mapped_column(Text)
    token: Mapped[str] = mapped_column(String(40), unique=True)
    created_at: Mapped[int] = mapped_column(BigInteger)
    link_version: Mapped[int] = mapped_column(default=0)
    first_message_id: Mapped[str] = mapped_column(Text, default="")
    last_message_id: Mapped[str] = mapped_column(Text, default="")
    sequence: Mapped[int] = mapped_column(default=-1)
    time_sequence: Mapped[int] = mapped_column(default=0)
    answered: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    told: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    __table_args__ = (UniqueConstraint("appointment_id", "recipient_key"),)


class OutboxRow(Base):
    """A message that a write causes, to be sent by a worker and never from a request.

    ``subject``, ``body`` and ``html`` are those of a message that somebody wrote; what has none
    is composed when it is sent. ``recipient_key`` is that of the thread. ``due_at`` is when it
    may be sent, ``claimed_until`` how long the worker that took it has. ``raw`` is what is sent,
    the same at each attempt. ``object_text`` is the appointment's text from before the change,
    for whoever is not in the new one.
    """

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(10), default="queued", index=True)
    method: Mapped[str] = mapped_column(String(10))
    medium: Mapped[str] = mapped_column(String(5), default="mail", server_default="mail")
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"), index=True)
    original_wall: Mapped[str] = mapped_column(String(19), default="")
    recipient: Mapped[str] = mapped_column(Text)
    recipient_name: Mapped[str] = mapped_column(Text, default="")
    recipient_key: Mapped[str] = mapped_column(Text, default="", server_default="")
    sequence: Mapped[int] = mapped_column(default=0)
    subject: Mapped[str] = mapped_column(Text, default="", server_default="")
    body: Mapped[str] = mapped_column(Text, default="", server_default="")
    html: Mapped[str] = mapped_column(Text, default="", server_default="")
    due_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    claimed_until: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    sent_at: Mapped[int | None] = mapped_column(BigInteger)
    problem: Mapped[str] = mapped_column(Text, default="", server_default="")
    message_id: Mapped[str] = mapped_column(Text, default="", server_default="")
    raw: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    object_text: Mapped[str] = mapped_column(Text, default="", server_default="")

    __table_args__ = (
        Index("ix_outbox_due", "status", "due_at"),
        Index("ix_outbox_message_id", "message_id"),
    )


class ReceivedMailRow(Base):
    """A mail that came in, with what became of it and why.

    ``fingerprint`` knows the same mail again, whichever way it comes. ``evidence`` says by what
    it was attributed, ``proposal`` is another time that was proposed (wall clock and zone).
    ``raw`` is kept as long as ``is_open``: somebody has to look at it.
    """

    __tablename__ = "received_mail"

    id: Mapped[int] = mapped_column(primary_key=True)
    received_at: Mapped[int] = mapped_column(BigInteger, index=True)
    source: Mapped[str] = mapped_column(String(10))
    fingerprint: Mapped[str] = mapped_column(String(64), index=True)
    message_id: Mapped[str] = mapped_column(Text, default="")
    sender: Mapped[str] = mapped_column(Text, default="")
    sender_name: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[str] = mapped_column(Text, default="")
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    outcome: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(40), default="")
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    appointment_id: Mapped[int | None] = mapped_column(
        ForeignKey("appointment.id", ondelete="SET NULL"), index=True
    )
    recipient_key: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")
    proposal: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    raw: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    is_open: Mapped[bool] = mapped_column(default=False, server_default=false(), index=True)
    handled_at: Mapped[int | None] = mapped_column(BigInteger)
    handled_by: Mapped[str] = mapped_column(String(200), default="")


class MailStopRow(Base):
    """An address that wants no more mails of the agency."""

    __tablename__ = "mail_stop"

    address: Mapped[str] = mapped_column(String(320), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger)


class ReminderProgressRow(Base):
    """The one row that says up to which start participants were reminded."""

    __tablename__ = "reminder_progress"

    id: Mapped[int] = mapped_column(primary_key=True)
    until_at: Mapped[int] = mapped_column(BigInteger)


class MailboxPlaceRow(Base):
    """How far a mailbox was read (RFC 3501 §2.3.1.1)."""

    __tablename__ = "mailbox_place"

    name: Mapped[str] = mapped_column(String(300), primary_key=True)
    uid_validity: Mapped[int] = mapped_column(BigInteger)
    last_uid: Mapped[int] = mapped_column(BigInteger)


class FeedRow(Base):
    """A secret address at which a person's calendar can be read, and nothing else.

    Only the hash of the secret is kept. ``is_masked``: no more than when the person is busy.
    """

    __tablename__ = "feed"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[str] = mapped_column(String(100), default="")
    is_masked: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[int] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)
    used_at: Mapped[int | None] = mapped_column(BigInteger)
    used_by: Mapped[str] = mapped_column(Text, default="")

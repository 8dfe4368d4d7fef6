"""The tables of scheduling inboxes; see :mod:`rdv_caldav.db.schema`.

Change numbers come from one counter per account, one for each message that is put there or
taken away: none comes twice.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from rdv_caldav.db.schema import Base


class InboxRow(Base):
    """The inbox of an account that had it switched on once; the row stays for its numbers.

    ``counter`` is the last change number; what was deleted up to ``floor`` is forgotten.
    """

    __tablename__ = "inbox"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), primary_key=True
    )
    is_on: Mapped[bool]
    counter: Mapped[int] = mapped_column(BigInteger, default=0)
    floor: Mapped[int] = mapped_column(BigInteger, default=0)


class InboxMessageRow(Base):
    """A message, as its account may read it; one of a UID at most."""

    __tablename__ = "inbox_message"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("inbox.account_id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    uid: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(String(10))
    at: Mapped[int] = mapped_column(BigInteger)
    text: Mapped[str] = mapped_column(Text)

    __table_args__ = (UniqueConstraint("account_id", "uid"),)


class InboxTombstoneRow(Base):
    """A message that is gone since ``changed``."""

    __tablename__ = "inbox_tombstone"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("inbox.account_id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    changed: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_inbox_tombstone_changed", "account_id", "changed"),)

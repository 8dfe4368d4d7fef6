"""Rows of what only the web panel keeps: who is logged in, and the keys that it signs with."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from rdv_caldav.db.schema import Base


class WebSessionRow(Base):
    """Somebody logged in with a browser. Only the hash of its token is kept."""

    __tablename__ = "web_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[int] = mapped_column(BigInteger)
    seen_at: Mapped[int] = mapped_column(BigInteger)
    browser: Mapped[str] = mapped_column(Text, default="")


class SecretRow(Base):
    """A key that all processes of all machines share, made when it is first asked for."""

    __tablename__ = "secret"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)

"""Rows of the journal; see :mod:`rdv_caldav.db.schema`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from rdv_caldav.db.schema import Base


class AuditRow(Base):
    """One entry of the append-only journal: who did what, through which channel."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger, index=True)
    account_id: Mapped[int | None] = mapped_column(Integer)
    login: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(20))
    device: Mapped[str] = mapped_column(Text, default="")
    appointment_id: Mapped[int | None] = mapped_column(Integer, index=True)
    event: Mapped[str] = mapped_column(String(50))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)

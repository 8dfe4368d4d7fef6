"""Rows of exports that are prepared in the background; see :mod:`rdv_caldav.db.schema`."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from rdv_caldav.db.schema import Base


class ExportJobRow(Base):
    """One export, as :class:`rdv_caldav.domain.export_jobs.ExportJob` has it."""

    __tablename__ = "export_job"

    token: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), index=True
    )
    query: Mapped[str] = mapped_column(Text)
    ending: Mapped[str] = mapped_column(String(8))
    language: Mapped[str] = mapped_column(String(5))
    created_at: Mapped[int] = mapped_column(BigInteger)
    seen_at: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(10))
    tries: Mapped[int]
    rows_done: Mapped[int]
    rows_in_all: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger)


class ExportPieceRow(Base):
    """A piece of the file of an export, in order of numbers."""

    __tablename__ = "export_piece"

    token: Mapped[str] = mapped_column(
        ForeignKey("export_job.token", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)

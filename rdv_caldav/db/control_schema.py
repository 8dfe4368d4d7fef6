"""Rows of the control table that are not of appointments; see :mod:`rdv_caldav.db.schema`."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from rdv_caldav.db.schema import Base


class SavedFilterRow(Base):
    """A filter that an account keeps under a name; ``query`` is that of its URL."""

    __tablename__ = "saved_filter"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    query: Mapped[str] = mapped_column(Text)

    __table_args__ = (UniqueConstraint("account_id", "name"),)

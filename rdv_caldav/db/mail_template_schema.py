"""Rows of the texts that administrateurs write; see :mod:`rdv_caldav.db.schema`."""

from __future__ import annotations

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from rdv_caldav.db.schema import Base


class MailTemplateRow(Base):
    """A text of the agency's own; of each occasion, language and medium one may be the default."""

    __tablename__ = "mail_template"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    occasion: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(5))
    medium: Mapped[str] = mapped_column(String(10))
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    is_default: Mapped[bool]
    active: Mapped[bool]

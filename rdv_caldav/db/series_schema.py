"""The tables of who takes part in a series on some of its dates only."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from rdv_caldav.db.schema import Base


class PartRow(Base):
    """What the calendar of such a person shows of a series.

    ``text``, ``slots`` and ``indexed_until`` stand in the place of those of the appointment.
    """

    __tablename__ = "part"

    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True
    )
    text: Mapped[str] = mapped_column(Text)
    slots: Mapped[str] = mapped_column(Text)
    indexed_until: Mapped[int | None] = mapped_column(BigInteger)


class PartDateRow(Base):
    """One of the dates that concern him, as an index for time ranges."""

    __tablename__ = "part_date"

    appointment_id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(primary_key=True)
    starts_at: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    stops_at: Mapped[int] = mapped_column(BigInteger, primary_key=True)

    __table_args__ = (
        ForeignKeyConstraint(
            ["appointment_id", "person_id"],
            ["part.appointment_id", "part.person_id"],
            ondelete="CASCADE",
        ),
    )

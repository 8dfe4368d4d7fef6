"""The table of conflicts; see :mod:`rdv_caldav.db.schema`."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from rdv_caldav.db.schema import Base


class ConflictRow(Base):
    """A person of an appointment cannot be had for a stretch of time.

    Two appointments at once have a row each, so that either is asked about alike; ``other_id``
    is null where it is no appointment that keeps him.
    """

    __tablename__ = "conflict"

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.id", ondelete="CASCADE"), index=True
    )
    other_id: Mapped[int | None] = mapped_column(
        ForeignKey("appointment.id", ondelete="CASCADE"), index=True
    )
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(20))
    starts_at: Mapped[int] = mapped_column(BigInteger)
    stops_at: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_conflict_person_id_stops_at", "person_id", "stops_at"),
        Index("ix_conflict_stops_at", "stops_at"),
    )

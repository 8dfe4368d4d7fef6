"""The tables of what accounts keep for themselves; see :mod:`rdv_caldav.db.schema`.

Change numbers (``changed``, ``counter``) are taken from one counter per account, one for each
row that is written: none comes twice, whatever is deleted and made again at the same place.
"""

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
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from rdv_caldav.db.schema import Base


class PersonalAccountRow(Base):
    """What an account keeps in all.

    ``counter`` is the last change number, ``used`` the sum of all weights. The row is made by
    the first write; whoever writes locks it first. ``properties`` are those of the home.
    """

    __tablename__ = "personal_account"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), primary_key=True
    )
    counter: Mapped[int] = mapped_column(BigInteger, default=0)
    used: Mapped[int] = mapped_column(BigInteger, default=0)
    properties: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class PersonalCollectionRow(Base):
    """A calendar or folder; ``weight`` is that of its properties, in octets.

    ``path`` has no slashes at its ends. ``components`` are names with blanks between, none for
    folders. ``changed`` is the number by which it came to stand where it stands, ``counter``
    that of the last change of its members; tokens from before ``floor`` are void.
    """

    __tablename__ = "personal_collection"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("personal_collection.id", ondelete="CASCADE"), index=True
    )
    path: Mapped[str] = mapped_column(Text)
    is_calendar: Mapped[bool]
    components: Mapped[str] = mapped_column(String(100))
    properties: Mapped[dict[str, Any]] = mapped_column(JSON)
    weight: Mapped[int] = mapped_column(BigInteger)
    changed: Mapped[int] = mapped_column(BigInteger)
    counter: Mapped[int] = mapped_column(BigInteger)
    floor: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (UniqueConstraint("account_id", "path"),)


class PersonalObjectRow(Base):
    """An object in a calendar, or a file in a folder, to the letter.

    ``uid`` and ``component`` are empty for files, and the bounds mean nothing. ``weight`` is
    that of content and properties. ``is_long`` and ``indexed_until`` are as for appointments;
    ``is_series`` says that its dates decide about a range, as far as they are listed.
    """

    __tablename__ = "personal_object"

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(
        ForeignKey("personal_collection.id", ondelete="CASCADE")
    )
    href: Mapped[str] = mapped_column(Text)
    uid: Mapped[str] = mapped_column(Text)
    component: Mapped[str] = mapped_column(String(20))
    content_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    weight: Mapped[int] = mapped_column(BigInteger)
    changed: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)
    starts_at: Mapped[int] = mapped_column(BigInteger, default=0)
    stops_at: Mapped[int] = mapped_column(BigInteger, default=0)
    is_long: Mapped[bool] = mapped_column(default=False)
    is_series: Mapped[bool] = mapped_column(default=False)
    indexed_until: Mapped[int | None] = mapped_column(BigInteger)
    properties: Mapped[dict[str, Any]] = mapped_column(JSON)
    content: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (
        UniqueConstraint("collection_id", "href"),
        Index(
            "uq_personal_object_uid",
            "collection_id",
            "uid",
            unique=True,
            sqlite_where=sql("uid <> ''"),
            postgresql_where=sql("uid <> ''"),
        ),
        # a listing is read from this index alone
        Index("ix_personal_object_changed", "collection_id", "changed", "href"),
        Index(
            "ix_personal_object_range",
            "collection_id",
            "component",
            "is_long",
            "starts_at",
            "stops_at",
        ),
    )


class PersonalOccurrenceRow(Base):
    """One date of a series, as an index for time ranges."""

    __tablename__ = "personal_occurrence"

    object_id: Mapped[int] = mapped_column(
        ForeignKey("personal_object.id", ondelete="CASCADE"), primary_key=True
    )
    starts_at: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    stops_at: Mapped[int] = mapped_column(BigInteger, primary_key=True)


class PersonalTombstoneRow(Base):
    """An href that is gone from a collection since ``changed``."""

    __tablename__ = "personal_tombstone"

    collection_id: Mapped[int] = mapped_column(
        ForeignKey("personal_collection.id", ondelete="CASCADE"), primary_key=True
    )
    href: Mapped[str] = mapped_column(Text, primary_key=True)
    changed: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_personal_tombstone_changed", "collection_id", "changed"),)

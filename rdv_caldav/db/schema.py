"""The tables, as SQLAlchemy 2 declarative rows.

Instants are whole seconds since 1970 in UTC (``*_at``), since ranges are compared a lot and
both databases index integers best; wall-clock times are ISO text without zone (``*_wall``).
Change numbers (``changed``, ``counter``) come from one counter per calendar and are never
reused: they are sync token, ctag and the base of every ETag.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

FOREVER = 2**53
"""The ``stops_at`` of a series without end, in seconds: later than any instant."""


class Base(DeclarativeBase):
    """Root of all rows."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


# -- the agency ---------------------------------------------------------------------------


class SettingRow(Base):
    """One agency setting that differs from its default, by field name."""

    __tablename__ = "agency_setting"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)


class SectorRow(Base):
    """A secteur."""

    __tablename__ = "sector"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)


class PersonRow(Base):
    """A client, intervenant or gestionnaire."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    last_name: Mapped[str] = mapped_column(String(200))
    first_name: Mapped[str] = mapped_column(String(200), default="")
    home_address: Mapped[str] = mapped_column(Text, default="")
    sector_id: Mapped[int | None] = mapped_column(ForeignKey("sector.id"), index=True)
    active: Mapped[bool] = mapped_column(default=True)
    availability: Mapped[str] = mapped_column(Text, default="", server_default="")
    phone: Mapped[str] = mapped_column(String(100), default="", server_default="")
    notes: Mapped[str] = mapped_column(Text, default="", server_default="")
    name_key: Mapped[str] = mapped_column(Text, default="", server_default="")
    search_key: Mapped[str] = mapped_column(Text, default="", server_default="")
    language: Mapped[str] = mapped_column(String(5), default="", server_default="")
    contact_by: Mapped[str] = mapped_column(String(5), default="", server_default="")

    __table_args__ = (Index("ix_person_listed", "kind", "name_key", "id"),)


_FICHE_ONLY = frozenset(
    {"availability", "phone", "notes", "name_key", "search_key", "language", "contact_by"}
)

PERSON_COLUMNS = tuple(each for each in PersonRow.__table__.c if each.name not in _FICHE_ONLY)
"""What is read with each person; the rest is long or rarely wanted."""


class PersonAddressRow(Base):
    """One e-mail address of a person, lower case; couples share one."""

    __tablename__ = "person_address"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True
    )
    address: Mapped[str] = mapped_column(String(320), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(default=0)


class AccountRow(Base):
    """A login.

    ``view_counter`` numbers the changes that only this account sees (its overlays);
    ``view_floor`` is its value when rights last changed: older sync tokens are void.
    ``synchronised_at`` is the last day on which a program read calendars with it.
    ``credentials_mark`` is another word after each change of its passwords, devices' included.
    """

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(200), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str] = mapped_column(String(5), default="", server_default="")
    view_counter: Mapped[int] = mapped_column(BigInteger, default=0)
    view_floor: Mapped[int] = mapped_column(BigInteger, default=0)
    credentials_mark: Mapped[str] = mapped_column(String(32), default="", server_default="")
    synchronised_at: Mapped[int | None] = mapped_column(BigInteger)


class AccountSectorRow(Base):
    """A secteur that an account works in; none at all means every one."""

    __tablename__ = "account_sector"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), primary_key=True
    )
    sector_id: Mapped[int] = mapped_column(
        ForeignKey("sector.id", ondelete="CASCADE"), primary_key=True
    )


class AppointmentTypeRow(Base):
    """A type de rendez-vous."""

    __tablename__ = "appointment_type"

    code: Mapped[str] = mapped_column(String(50), primary_key=True)
    label: Mapped[str] = mapped_column(String(200))
    category: Mapped[str] = mapped_column(String(20))
    colour: Mapped[str] = mapped_column(String(7))
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)


# -- appointments -------------------------------------------------------------------------


class AppointmentRow(Base):
    """One rendez-vous. ``text`` is the stored iCalendar object, the columns its projection.

    ``slots`` says where in ``text`` each viewer reads something of his own (see
    :mod:`rdv_caldav.ical.views`). ``recurrence`` holds rules, added and excluded dates.
    ``indexed_until`` is the instant up to which :class:`OccurrenceRow` lists the dates of a
    series; null when it lists all.
    """

    __tablename__ = "appointment"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(Text)
    href: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    slots: Mapped[str] = mapped_column(Text)
    type_code: Mapped[str] = mapped_column(ForeignKey("appointment_type.code"))
    subject: Mapped[str] = mapped_column(Text)
    location: Mapped[str] = mapped_column(Text)
    notes: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    start_wall: Mapped[str] = mapped_column(String(19))
    end_wall: Mapped[str] = mapped_column(String(19))
    zone: Mapped[str] = mapped_column(String(64))
    all_day: Mapped[bool]
    starts_at: Mapped[int] = mapped_column(BigInteger)
    stops_at: Mapped[int] = mapped_column(BigInteger)
    recurrence: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    is_series: Mapped[bool] = mapped_column(default=False, server_default=false())
    indexed_until: Mapped[int | None] = mapped_column(BigInteger)
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    sequence: Mapped[int] = mapped_column(default=0)
    time_sequence: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)
    trashed_at: Mapped[int | None] = mapped_column(BigInteger)
    search_key: Mapped[str] = mapped_column(Text, default="", server_default="")

    __table_args__ = (
        # the trash never blocks a UID or an href
        Index(
            "uq_appointment_uid_live",
            "uid",
            unique=True,
            sqlite_where=sql("trashed_at IS NULL"),
            postgresql_where=sql("trashed_at IS NULL"),
        ),
        # lists and counts of many read this index alone, never the long texts
        Index(
            "ix_appointment_listed",
            *("is_series", "starts_at", "id", "state", "type_code", "trashed_at", "owner_id"),
            "search_key",
        ),
        CheckConstraint("stops_at >= starts_at", name="bounds"),
    )


class ExceptionRow(Base):
    """One date of a series that differs from the rest (RECURRENCE-ID)."""

    __tablename__ = "appointment_exception"

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id", ondelete="CASCADE"))
    original_wall: Mapped[str] = mapped_column(String(19))
    subject: Mapped[str] = mapped_column(Text)
    location: Mapped[str] = mapped_column(Text)
    notes: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    start_wall: Mapped[str] = mapped_column(String(19))
    end_wall: Mapped[str] = mapped_column(String(19))
    zone: Mapped[str] = mapped_column(String(64))
    all_day: Mapped[bool]
    search_key: Mapped[str] = mapped_column(Text, default="", server_default="")

    __table_args__ = (UniqueConstraint("appointment_id", "original_wall"),)


class ParticipantRow(Base):
    """A participant of an appointment, or of one differing date of it.

    ``original_wall`` is empty for the series itself. Exactly one of ``person_id`` and
    ``address`` says who it is.
    """

    __tablename__ = "participant"

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id", ondelete="CASCADE"))
    original_wall: Mapped[str] = mapped_column(String(19), default="")
    position: Mapped[int] = mapped_column(default=0)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    address: Mapped[str] = mapped_column(Text, default="")
    name: Mapped[str] = mapped_column(Text, default="")
    presence: Mapped[str] = mapped_column(String(12))
    is_owner: Mapped[bool] = mapped_column(default=False)
    comment: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        Index("ix_participant_appointment_id_original_wall", "appointment_id", "original_wall"),
        # a viewer's answers to some appointments, without walking all of his
        Index(
            "ix_participant_person_id_appointment_id",
            *("person_id", "appointment_id", "original_wall", "presence"),
        ),
        CheckConstraint("person_id IS NOT NULL OR address <> ''", name="who"),
    )


class OccurrenceRow(Base):
    """One date of a series, as an index for time ranges; cancelled dates are listed too.

    ``original_wall`` names the date, also where two are at the same time. ``state`` is that of
    a date that differs (:class:`ExceptionRow`); null where it is as the series says.
    """

    __tablename__ = "occurrence"

    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.id", ondelete="CASCADE"), primary_key=True
    )
    starts_at: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    stops_at: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    original_wall: Mapped[str] = mapped_column(String(19), primary_key=True)
    state: Mapped[str | None] = mapped_column(String(10))

    __table_args__ = (
        Index("ix_occurrence_starts_at", "starts_at", "appointment_id", "original_wall"),
        # the few that differ, in lists of all of them
        Index(
            "ix_occurrence_differing",
            *("starts_at", "appointment_id", "original_wall", "state"),
            sqlite_where=sql("state IS NOT NULL"),
            postgresql_where=sql("state IS NOT NULL"),
        ),
        {"sqlite_with_rowid": False},
    )


# -- calendars ----------------------------------------------------------------------------


class CalendarRow(Base):
    """The calendar of one person.

    ``counter`` grows with every write that the calendar shows, the last one at ``updated_at``;
    ``floor`` is the oldest change number that the tombstones still reach back to.
    """

    __tablename__ = "calendar"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True
    )
    counter: Mapped[int] = mapped_column(BigInteger, default=0)
    floor: Mapped[int] = mapped_column(BigInteger, default=0)
    updated_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class MemberRow(Base):
    """One appointment in one person's calendar, with what range queries need.

    ``settled`` is the change number of the last change that was more than answers: the base of
    Schedule-Tags (RFC 6638 §3.2.10).

    ``is_long`` is true for series and for whatever lasts more than a day: short ones are
    found by an index range on ``starts_at``, long ones are few and tested one by one.
    """

    __tablename__ = "member"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True
    )
    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    href: Mapped[str] = mapped_column(Text)
    changed: Mapped[int] = mapped_column(BigInteger)
    settled: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    starts_at: Mapped[int] = mapped_column(BigInteger)
    stops_at: Mapped[int] = mapped_column(BigInteger)
    is_long: Mapped[bool]

    __table_args__ = (
        UniqueConstraint("person_id", "href"),
        Index("ix_member_person_id_changed", "person_id", "changed"),
        Index("ix_member_range", "person_id", "is_long", "starts_at", "stops_at"),
    )


class HiddenRow(Base):
    """A participant deleted the appointment from his own calendar: hidden there only."""

    __tablename__ = "hidden"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True
    )
    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class TombstoneRow(Base):
    """An href that is gone from a person's calendar since ``changed``."""

    __tablename__ = "tombstone"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True
    )
    href: Mapped[str] = mapped_column(Text, primary_key=True)
    changed: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_tombstone_person_id_changed", "person_id", "changed"),)


class CalendarViewRow(Base):
    """How one account sees one person's calendar: listed or not, colour, name, order.

    ``properties`` holds dead and per-account live properties by Clark name.
    """

    __tablename__ = "calendar_view"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True
    )
    followed: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    properties: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class OverlayRow(Base):
    """What one account alone keeps with an appointment: alarms and snooze marks.

    ``private`` maps a component (its original start, empty for the series itself) to the
    content lines kept for it. ``changed`` is the account's ``view_counter`` at the last
    change; it is part of the account's ETag and of its sync tokens.
    """

    __tablename__ = "overlay"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), primary_key=True
    )
    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    private: Mapped[dict[str, Any]] = mapped_column(JSON)
    changed: Mapped[int] = mapped_column(BigInteger)

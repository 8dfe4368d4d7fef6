"""What is read, in pages, to see whether everything that is kept twice agrees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Select, and_, exists, func, or_, select, text

from rdv_caldav.db import mapping
from rdv_caldav.db.mapping import instant
from rdv_caldav.db.personal_schema import (
    PersonalAccountRow,
    PersonalCollectionRow,
    PersonalObjectRow,
)
from rdv_caldav.db.schema import (
    AccountRow,
    AppointmentRow,
    Base,
    CalendarRow,
    ExceptionRow,
    HiddenRow,
    MemberRow,
    OccurrenceRow,
    OverlayRow,
    ParticipantRow,
    PersonAddressRow,
    PersonRow,
    TombstoneRow,
)
from rdv_caldav.db.series_schema import PartDateRow, PartRow
from rdv_caldav.domain.appointment import Appointment
from rdv_caldav.domain.fiches import fiche_search_key, name_key
from rdv_caldav.domain.timeindex import TimeIndex

_ROW = select(AppointmentRow.__table__).order_by(AppointmentRow.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOfPart:
    """A part as it is kept; ``dates`` are bounds in seconds."""

    text: str
    slots: str
    dates: frozenset[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One appointment with all that is derived of it, as rows have it.

    ``appointment`` is None when the rows cannot be one (no owner, an unknown state); ``columns``
    and ``occurrences`` are as :mod:`rdv_caldav.db.mapping` writes them. ``members`` are bounds
    and length by person.
    """

    id: int
    uid: str
    text: str
    slots: str
    is_live: bool
    owner_id: int
    appointment: Appointment | None
    columns: Mapping[str, object]
    occurrences: Sequence[Mapping[str, object]]
    letters_of_dates: Sequence[str]
    updated_at: datetime
    indexed_until: datetime | None
    members: Mapping[int, tuple[int, int, bool]] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()
    parts: Mapping[int, KeptOfPart] = field(default_factory=dict)


class VerifyingReading:
    """Reads the database for whoever verifies it."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def appointments(self, *, after: int, limit: int) -> list[Verified]:
        """Return some appointments with higher numbers than ``after``, of the corbeille too."""
        query = _ROW.where(AppointmentRow.id > after).limit(limit)
        rows = self._connection.execute(query).all()
        ids = [row.id for row in rows]
        exceptions = self._by_appointment(select(ExceptionRow.__table__), ExceptionRow, ids)
        participants = self._by_appointment(
            select(ParticipantRow.__table__).order_by(
                ParticipantRow.original_wall, ParticipantRow.position
            ),
            ParticipantRow,
            ids,
        )
        dates = self._by_appointment(
            select(OccurrenceRow.__table__).order_by(
                OccurrenceRow.starts_at, OccurrenceRow.original_wall
            ),
            OccurrenceRow,
            ids,
        )
        members = self._by_appointment(select(MemberRow.__table__), MemberRow, ids)
        hidden = self._by_appointment(select(HiddenRow.__table__), HiddenRow, ids)
        parts = self._by_appointment(select(PartRow.__table__), PartRow, ids)
        part_dates = self._by_appointment(select(PartDateRow.__table__), PartDateRow, ids)
        found = []
        for row in rows:
            own = exceptions.get(row.id, [])
            try:
                appointment = mapping.appointment_of(row, own, participants.get(row.id, []))
            except (ValueError, KeyError, StopIteration, AssertionError):
                appointment = None
            bounds: dict[int, set[tuple[int, int]]] = {}
            for date in part_dates.get(row.id, []):
                bounds.setdefault(date.person_id, set()).add((date.starts_at, date.stops_at))
            found.append(
                Verified(
                    id=row.id,
                    uid=row.uid,
                    text=row.text,
                    slots=row.slots,
                    is_live=row.trashed_at is None,
                    owner_id=row.owner_id,
                    appointment=appointment,
                    columns=dict(row._mapping),  # noqa: SLF001 - the public way to a row's names
                    occurrences=[
                        {
                            "starts_at": date.starts_at,
                            "stops_at": date.stops_at,
                            "original_wall": date.original_wall,
                            "state": date.state,
                        }
                        for date in dates.get(row.id, [])
                    ],
                    letters_of_dates=sorted(each.search_key for each in own),
                    updated_at=instant(row.updated_at),
                    indexed_until=instant(row.indexed_until) if row.indexed_until else None,
                    members={
                        each.person_id: (each.starts_at, each.stops_at, each.is_long)
                        for each in members.get(row.id, [])
                    },
                    hidden=frozenset(each.person_id for each in hidden.get(row.id, [])),
                    parts={
                        each.person_id: KeptOfPart(
                            text=each.text,
                            slots=each.slots,
                            dates=frozenset(bounds.get(each.person_id, ())),
                        )
                        for each in parts.get(row.id, [])
                    },
                )
            )
        return found

    def _by_appointment(
        self, query: Select[*tuple[object, ...]], rows: type[Base], ids: Sequence[int]
    ) -> dict[int, list[mapping.Row]]:
        of = rows.__table__.c.appointment_id
        found: dict[int, list[mapping.Row]] = {}
        for row in self._connection.execute(query.where(of.in_(ids))):
            found.setdefault(row.appointment_id, []).append(row)
        return found

    # -- what whole tables say --------------------------------------------------------------

    def orphans(self) -> Iterator[tuple[str, int]]:
        """Yield tables with rows that refer to what is not there, and how many."""
        for table in Base.metadata.sorted_tables:
            for constraint in table.foreign_key_constraints:
                parent = constraint.referred_table.alias("referred")
                pairs = [(key.parent, parent.c[key.column.name]) for key in constraint.elements]
                missing = (
                    select(func.count())
                    .select_from(table)
                    .where(
                        *(child.is_not(None) for child, _ in pairs),
                        ~select(1)
                        .select_from(parent)
                        .where(and_(*(child == other for child, other in pairs)))
                        .exists(),
                    )
                )
                number = self._connection.scalar(missing)
                if number:
                    yield table.name, number

    def counters_behind(self) -> list[int]:
        """Return persons whose calendar's counter is below a change number that it gave out."""
        members = (
            select(func.max(MemberRow.changed))
            .where(MemberRow.person_id == CalendarRow.person_id)
            .scalar_subquery()
        )
        settled = (
            select(func.max(MemberRow.settled))
            .where(MemberRow.person_id == CalendarRow.person_id)
            .scalar_subquery()
        )
        gone = (
            select(func.max(TombstoneRow.changed))
            .where(TombstoneRow.person_id == CalendarRow.person_id)
            .scalar_subquery()
        )
        behind = or_(
            *(CalendarRow.counter < number for number in (members, settled, gone)),
            CalendarRow.counter < CalendarRow.floor,
        )
        query = select(CalendarRow.person_id).where(behind).order_by(CalendarRow.person_id)
        return list(self._connection.scalars(query))

    def view_counters_behind(self) -> list[int]:
        """Return accounts whose counter is below the number of a change that only they see."""
        last = (
            select(func.max(OverlayRow.changed))
            .where(OverlayRow.account_id == AccountRow.id)
            .scalar_subquery()
        )
        query = select(AccountRow.id).where(
            or_(AccountRow.view_counter < last, AccountRow.view_counter < AccountRow.view_floor)
        )
        return list(self._connection.scalars(query.order_by(AccountRow.id)))

    def without_calendar(self) -> list[int]:
        """Return persons who have no calendar."""
        has = exists().where(CalendarRow.person_id == PersonRow.id)
        return list(self._connection.scalars(select(PersonRow.id).where(~has)))

    def buried_alive(self) -> list[tuple[int, str]]:
        """Return places of calendars that show something and are said to be gone."""
        query = select(TombstoneRow.person_id, TombstoneRow.href).join(
            MemberRow,
            and_(
                MemberRow.person_id == TombstoneRow.person_id, MemberRow.href == TombstoneRow.href
            ),
        )
        return [(row.person_id, row.href) for row in self._connection.execute(query)]

    def misfiled_persons(self) -> list[int]:
        """Return persons who are not listed or found by what their fiche says."""
        addresses: dict[int, list[str]] = {}
        for each in self._connection.execute(
            select(PersonAddressRow.__table__).order_by(PersonAddressRow.position)
        ):
            addresses.setdefault(each.person_id, []).append(each.address)
        amiss = []
        for row in self._connection.execute(select(PersonRow.__table__).order_by(PersonRow.id)):
            person = mapping.person_of(row, addresses.get(row.id, []))
            if (name_key(person), fiche_search_key(person)) != (row.name_key, row.search_key):
                amiss.append(row.id)
        return amiss

    def quotas_amiss(self) -> list[int]:
        """Return accounts for which another sum is kept than that of what they keep."""
        objects = (
            select(func.coalesce(func.sum(PersonalObjectRow.weight), 0))
            .join(
                PersonalCollectionRow, PersonalCollectionRow.id == PersonalObjectRow.collection_id
            )
            .where(PersonalCollectionRow.account_id == PersonalAccountRow.account_id)
            .correlate(PersonalAccountRow)
            .scalar_subquery()
        )
        collections = (
            select(func.coalesce(func.sum(PersonalCollectionRow.weight), 0))
            .where(PersonalCollectionRow.account_id == PersonalAccountRow.account_id)
            .correlate(PersonalAccountRow)
            .scalar_subquery()
        )
        query = select(PersonalAccountRow.account_id).where(
            PersonalAccountRow.used != objects + collections
        )
        return list(self._connection.scalars(query))

    def damaged_file(self) -> str:
        """Return what SQLite finds wrong with its own file, nothing elsewhere."""
        if self._connection.dialect.name != "sqlite":
            return ""
        found = str(self._connection.scalar(text("PRAGMA quick_check(1)")))
        return "" if found == "ok" else found


def rows_of(appointment: Appointment, index: TimeIndex) -> dict[str, object]:
    """Return the columns that an appointment should have."""
    return mapping.appointment_values(appointment, index)


def dates_of(index: TimeIndex) -> list[dict[str, object]]:
    """Return the rows that its index of dates should have."""
    return mapping.occurrence_values(index)


def letters_of(appointment: Appointment) -> list[str]:
    """Return what dates that differ should be found by."""
    return sorted(str(row["search_key"]) for row in mapping.exception_values(appointment))

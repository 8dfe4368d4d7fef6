"""Appointments with their participants, differing dates and time index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Executable,
    Insert,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from rdv_caldav.db import mapping
from rdv_caldav.db.mapping import Row, instant, seconds
from rdv_caldav.db.member_reading import MEMBER_COLUMNS, OWN_OVERLAY, ObjectRow, outside_of
from rdv_caldav.db.schema import (
    AppointmentRow,
    Base,
    ExceptionRow,
    MemberRow,
    OccurrenceRow,
    OverlayRow,
    ParticipantRow,
)
from rdv_caldav.domain.appointment import Appointment
from rdv_caldav.domain.errors import LostRace
from rdv_caldav.domain.timeindex import TimeIndex

_ID: BindParameter[int] = bindparam("id_")
_LIVE = AppointmentRow.trashed_at.is_(None)
_BY_ID = select(AppointmentRow.__table__).where(AppointmentRow.id == _ID)
# NO KEY UPDATE: another writer's conflict with it names it meanwhile, and must not wait for it
_LOCK_BY_ID = _BY_ID.with_for_update(key_share=True)
_PERSON: BindParameter[int] = bindparam("person_id")
_at = (MemberRow.person_id == _PERSON, MemberRow.href == bindparam("href"))
_LOCK_AT = (
    select(AppointmentRow.id)
    .join(MemberRow, MemberRow.appointment_id == AppointmentRow.id)
    .where(*_at)
    .with_for_update(of=AppointmentRow, key_share=True)
)
_STANDING = (
    select(AppointmentRow.__table__, *MEMBER_COLUMNS, OverlayRow.private)
    .join(MemberRow, MemberRow.appointment_id == AppointmentRow.id)
    .outerjoin(OverlayRow, OWN_OVERLAY)
    .where(*_at)
)
_ID_OF_UID = select(AppointmentRow.id).where(AppointmentRow.uid == bindparam("uid"), _LIVE)
_PLACE_OF_UID = (
    select(AppointmentRow.id, MemberRow.href)
    .outerjoin(
        MemberRow,
        and_(MemberRow.appointment_id == AppointmentRow.id, MemberRow.person_id == _PERSON),
    )
    .where(AppointmentRow.uid == bindparam("uid"), _LIVE)
)
_ID_AT = select(MemberRow.appointment_id).where(*_at)
_TRASHED = (
    select(AppointmentRow.id)
    .where(AppointmentRow.trashed_at.is_not(None))
    .order_by(AppointmentRow.trashed_at.desc(), AppointmentRow.id.desc())
)
_EXCEPTIONS = select(ExceptionRow.__table__).where(ExceptionRow.appointment_id == _ID)
_PARTICIPANTS = (
    select(ParticipantRow.__table__)
    .where(ParticipantRow.appointment_id == _ID)
    .order_by(ParticipantRow.original_wall, ParticipantRow.position)
)
_OCCURRENCES = select(OccurrenceRow.__table__).where(OccurrenceRow.appointment_id == _ID)
_INSERT = insert(AppointmentRow).returning(AppointmentRow.id)
_ADD: dict[type[Base], Insert] = {
    rows: insert(rows) for rows in (ParticipantRow, ExceptionRow, OccurrenceRow)
}
_UPDATE = update(AppointmentRow).where(AppointmentRow.id == _ID)
_COLUMNS = AppointmentRow.__table__.columns


@lru_cache(maxsize=256)
def _next_state(names: tuple[str, ...]) -> Update:
    """Return the statement that writes some columns, built once: that costs as much as running it.

    Columns that stay as they are would have their indexes written anew.
    """
    values: dict[Any, Any] = {_COLUMNS[name]: bindparam(f"new_{name}") for name in names}
    values[_COLUMNS["version"]] = AppointmentRow.version + 1
    return _UPDATE.where(_LIVE).values(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An appointment with its stored text and what the database keeps beside it.

    ``slots`` says where in ``text`` each viewer reads something of his own. Instants are
    aware, in UTC.
    """

    id: int
    href: str
    appointment: Appointment
    text: str
    slots: str
    version: int
    created_at: datetime
    updated_at: datetime
    trashed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An appointment at a place in a calendar, locked, as an account has it there.

    ``private`` is what the account keeps with it, None where it never kept anything.
    """

    stored: Stored
    outside: ObjectRow
    private: Mapping[str, str] | None


class AppointmentRepository:
    """Reads and writes appointments whole; old states come from columns, never from text."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    # -- reading --------------------------------------------------------------------------

    def id_at(self, person_id: int, href: str) -> int | None:
        """Return what stands at a place in a person's calendar."""
        return self._connection.scalar(_ID_AT, {"person_id": person_id, "href": href})

    def id_of_uid(self, uid: str) -> int | None:
        """Return the appointment with this UID; the corbeille does not count."""
        return self._connection.scalar(_ID_OF_UID, {"uid": uid})

    def place_of_uid(self, person_id: int, uid: str) -> tuple[int, str | None] | None:
        """Return the appointment with this UID, and where a person's calendar shows it."""
        which = {"person_id": person_id, "uid": uid}
        found = self._connection.execute(_PLACE_OF_UID, which).one_or_none()
        return None if found is None else (found.id, found.href)

    def get(self, appointment_id: int) -> Stored | None:
        """Return an appointment, of the corbeille too."""
        return self._load(_BY_ID, {"id_": appointment_id})

    def lock(self, appointment_id: int) -> Stored | None:
        """Return an appointment after locking its row against other writers."""
        return self._load(_LOCK_BY_ID, {"id_": appointment_id})

    def lock_at(self, person_id: int, href: str, *, account_id: int) -> Placed | None:
        """Return what stands at a place in a person's calendar, after locking its row.

        Raises LostRace when something else came to stand there while the lock was waited for.
        """
        which = {"person_id": person_id, "href": href}
        locked = None
        if self._connection.dialect.name != "sqlite":
            # what is joined to a row that was waited for is as old as the statement
            locked = self._connection.scalar(_LOCK_AT, which)
            if locked is None:
                return None
        found = self._connection.execute(_STANDING, {**which, "account": account_id})
        row = found.one_or_none()
        if row is None:
            return None
        if locked is not None and row.id != locked:
            raise LostRace("another appointment stands here since we looked")
        return Placed(stored=self._stored(row), outside=outside_of(row), private=row.private)

    def ids_of_type(self, code: str, *, since: datetime) -> Sequence[int]:
        """Return the appointments of a type that had not ended at ``since``."""
        return (
            self._connection.execute(
                select(AppointmentRow.id)
                .where(
                    AppointmentRow.type_code == code,
                    AppointmentRow.stops_at >= seconds(since),
                    _LIVE,
                )
                .order_by(AppointmentRow.id)
            )
            .scalars()
            .all()
        )

    def trashed(self) -> list[Stored]:
        """Return the corbeille, the newest first."""
        found = (self.get(found) for found in self._connection.scalars(_TRASHED).all())
        return [stored for stored in found if stored is not None]

    def _load(self, query: Executable, values: Mapping[str, object]) -> Stored | None:
        row = self._connection.execute(query, values).one_or_none()
        return None if row is None else self._stored(row)

    def _stored(self, row: Row) -> Stored:
        which = {"id_": row.id}
        is_series = row.recurrence is not None
        exceptions = self._connection.execute(_EXCEPTIONS, which).all() if is_series else []
        participants = self._connection.execute(_PARTICIPANTS, which)
        return Stored(
            id=row.id,
            href=row.href,
            appointment=mapping.appointment_of(row, exceptions, participants),
            text=row.text,
            slots=row.slots,
            version=row.version,
            created_at=instant(row.created_at),
            updated_at=instant(row.updated_at),
            trashed_at=None if row.trashed_at is None else instant(row.trashed_at),
        )

    # -- writing --------------------------------------------------------------------------

    def insert(
        self,
        appointment: Appointment,
        *,
        href: str,
        text: str,
        slots: str,
        index: TimeIndex,
        now: datetime,
    ) -> int:
        """Store a new appointment and return its id."""
        values = {
            "uid": appointment.uid,
            "href": href,
            "text": text,
            "slots": slots,
            "version": 1,
            "created_at": seconds(now),
            "updated_at": seconds(now),
            "trashed_at": None,
            **mapping.appointment_values(appointment, index),
        }
        appointment_id: int = self._connection.execute(_INSERT, values).scalar_one()
        self._add(ParticipantRow, appointment_id, mapping.participant_values(appointment))
        self._add(ExceptionRow, appointment_id, mapping.exception_values(appointment))
        self._add(OccurrenceRow, appointment_id, mapping.occurrence_values(index))
        return appointment_id

    def update(
        self,
        appointment_id: int,
        appointment: Appointment,
        *,
        text: str,
        slots: str,
        index: TimeIndex,
        now: datetime,
        before: Appointment | None = None,
    ) -> None:
        """Store the next state of an appointment; only rows that differ are rewritten.

        ``before`` is the state that is stored, where that is known: what is the same in both is
        not looked at again. Raises LostRace for one in the corbeille: it was found by its UID
        and went there while its lock was waited for, and must not come into calendars from there.
        """
        is_single = (
            before is not None
            and before.span == appointment.span
            and not (before.recurrence or appointment.recurrence)
        )
        values = {
            "text": text,
            "slots": slots,
            "updated_at": seconds(now),
            **mapping.appointment_values(appointment, index),
        }
        if is_single:
            assert before is not None
            old_values = mapping.appointment_values(before, index)
            values = {
                name: value
                for name, value in values.items()
                if name not in old_values or old_values[name] != value
            }
        new_values = {f"new_{name}": value for name, value in values.items()}
        query = _next_state(tuple(values))
        updated = self._connection.execute(query, {"id_": appointment_id, **new_values})
        if updated.rowcount == 0:
            raise LostRace("it went to the corbeille since we looked")
        participants = mapping.participant_values(appointment)
        if before is None or participants != mapping.participant_values(before):
            self._replace(ParticipantRow, _PARTICIPANTS, appointment_id, participants)
        exceptions = mapping.exception_values(appointment)
        if before is None or exceptions != mapping.exception_values(before):
            self._replace(ExceptionRow, _EXCEPTIONS, appointment_id, exceptions)
        dates = mapping.occurrence_values(index)
        if before is None or before.recurrence is not None or dates:
            self._replace(OccurrenceRow, _OCCURRENCES, appointment_id, dates)

    def trash(self, appointment_id: int, now: datetime) -> None:
        """Move an appointment to the corbeille."""
        self._connection.execute(_UPDATE.values(trashed_at=seconds(now)), {"id_": appointment_id})

    def restore(self, appointment_id: int) -> None:
        """Bring an appointment back from the corbeille; its UID must be free."""
        self._connection.execute(_UPDATE.values(trashed_at=None), {"id_": appointment_id})

    def _add(self, rows: type[Base], appointment_id: int, values: Sequence[dict[str, Any]]) -> None:
        if values:
            numbered = [{"appointment_id": appointment_id, **value} for value in values]
            self._connection.execute(_ADD[rows], numbered)

    def _replace(
        self,
        rows: type[Base],
        query: Executable,
        appointment_id: int,
        values: Sequence[dict[str, Any]],
    ) -> None:
        """Write what differs: rows that stand as they should are left alone."""
        standing = self._connection.execute(query, {"id_": appointment_id}).mappings().all()
        columns = list(values[0]) if values else []
        before = Counter(tuple(row[column] for column in columns) for row in standing)
        if before == Counter(tuple(value.values()) for value in values):
            return
        table = rows.__table__
        assert isinstance(table, Table)
        self._connection.execute(
            delete(table).where(table.c.appointment_id == _ID), {"id_": appointment_id}
        )
        self._add(rows, appointment_id, values)

"""What may be in the way of an appointment: few statements, by the indexes of the calendars."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BindParameter,
    Connection,
    Executable,
    Integer,
    Label,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
)

from rdv_caldav.db import mapping
from rdv_caldav.db.conflicts import CHUNK
from rdv_caldav.db.conflicts_schema import ConflictRow
from rdv_caldav.db.mapping import Row, instant, seconds
from rdv_caldav.db.member_reading import DAY, OWN_PART, SHORT_ONES_IN_RANGE
from rdv_caldav.db.personal_schema import PersonalCollectionRow, PersonalObjectRow
from rdv_caldav.db.ranges import overlaps
from rdv_caldav.db.schema import (
    AccountRow,
    AppointmentRow,
    ExceptionRow,
    HiddenRow,
    MemberRow,
    OccurrenceRow,
    ParticipantRow,
    PersonRow,
)
from rdv_caldav.db.series_schema import PartDateRow, PartRow
from rdv_caldav.domain.appointment import Appointment, Presence, State
from rdv_caldav.domain.conflicts import Conflict, ConflictCode, Engagement

_APPOINTMENT: BindParameter[int] = bindparam("appointment")
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_EARLIEST: BindParameter[int] = bindparam("earliest")

# -- what keeps persons busy --------------------------------------------------------------

# of a series, each date may have a state and answers of its own: that is looked at later
_counts = and_(
    AppointmentRow.state != State.CANCELLED.value,
    func.coalesce(ParticipantRow.presence, "") != Presence.DECLINED.value,
)
_answer = and_(
    ParticipantRow.person_id == MemberRow.person_id,
    ParticipantRow.appointment_id == MemberRow.appointment_id,
    ParticipantRow.original_wall == "",
)
_theirs = (MemberRow.person_id.in_(_IDS), MemberRow.appointment_id != _APPOINTMENT)
_no_word = literal("", Text).label("word")
_BUSY, _KNOWN, _WHO = 0, 1, 2
"""Kinds of rows: when somebody is busy, what is known already, and who it is about."""


def _kind(kind: int) -> Label[int]:
    return literal_column(str(kind), Integer).label("kind")


_SHORT = (
    select(
        MemberRow.person_id,
        MemberRow.appointment_id.label("other_id"),
        MemberRow.starts_at,
        MemberRow.stops_at,
        _no_word,
        _kind(_BUSY),
    )
    .join(AppointmentRow, AppointmentRow.id == MemberRow.appointment_id)
    .outerjoin(ParticipantRow, _answer)
    .where(*_theirs, SHORT_ONES_IN_RANGE, _counts)
)
_LONG = (
    select(
        MemberRow.person_id,
        MemberRow.appointment_id.label("other_id"),
        func.coalesce(PartDateRow.starts_at, OccurrenceRow.starts_at, MemberRow.starts_at),
        func.coalesce(PartDateRow.stops_at, OccurrenceRow.stops_at, MemberRow.stops_at),
        _no_word,
        _kind(_BUSY),
    )
    .join(AppointmentRow, AppointmentRow.id == MemberRow.appointment_id)
    .outerjoin(ParticipantRow, _answer)
    .outerjoin(PartRow, OWN_PART)
    .outerjoin(
        OccurrenceRow,
        and_(
            OccurrenceRow.appointment_id == MemberRow.appointment_id,
            PartRow.person_id.is_(None),
            overlaps(OccurrenceRow.starts_at, OccurrenceRow.stops_at),
        ),
    )
    .outerjoin(
        PartDateRow,
        and_(
            PartDateRow.appointment_id == PartRow.appointment_id,
            PartDateRow.person_id == PartRow.person_id,
            overlaps(PartDateRow.starts_at, PartDateRow.stops_at),
        ),
    )
    .where(
        *_theirs,
        MemberRow.is_long.is_(True),
        overlaps(MemberRow.starts_at, MemberRow.stops_at),
        or_(
            OccurrenceRow.appointment_id.is_not(None),
            PartDateRow.appointment_id.is_not(None),
            and_(AppointmentRow.recurrence.is_(None), _counts),
        ),
    )
)
_CONFLICTS = select(
    ConflictRow.person_id,
    ConflictRow.other_id,
    ConflictRow.starts_at,
    ConflictRow.stops_at,
    cast(ConflictRow.code, Text),
    _kind(_KNOWN),
).where(ConflictRow.appointment_id == _APPOINTMENT)

# -- who he is, and what he has of his own ------------------------------------------------

_own = (
    select(PersonalObjectRow.id)
    .join(PersonalCollectionRow, PersonalCollectionRow.id == PersonalObjectRow.collection_id)
    .join(AccountRow, AccountRow.id == PersonalCollectionRow.account_id)
    .where(
        AccountRow.person_id == PersonRow.id,
        PersonalObjectRow.component == "VEVENT",
        overlaps(PersonalObjectRow.starts_at, PersonalObjectRow.stops_at),
    )
)
_own_short = _own.where(
    PersonalObjectRow.is_long.is_(False), PersonalObjectRow.starts_at >= _EARLIEST
)
_own_long = _own.where(PersonalObjectRow.is_long.is_(True))
_is_hidden = exists().where(
    HiddenRow.person_id == PersonRow.id, HiddenRow.appointment_id == _APPOINTMENT
)
_has_own = or_(_own_short.exists(), _own_long.exists())
# in the columns of the other kinds of rows, so that one statement asks for all of it
_SITUATIONS = select(
    PersonRow.id.label("person_id"),
    null().label("other_id"),
    cast(_is_hidden, Integer).label("starts_at"),
    cast(_has_own, Integer).label("stops_at"),
    PersonRow.availability.label("word"),
    _kind(_WHO),
).where(PersonRow.id.in_(_IDS))
_NEARBY_NEW: Executable = union_all(_SHORT, _LONG, _SITUATIONS)
_NEARBY: Executable = union_all(_SHORT, _LONG, _CONFLICTS, _SITUATIONS)

_TEXTS = select(AppointmentRow.id, AppointmentRow.is_series, AppointmentRow.text).where(
    AppointmentRow.id.in_(_IDS)
)
_APPOINTMENTS = select(AppointmentRow.__table__).where(AppointmentRow.id.in_(_IDS))
_EXCEPTIONS = select(ExceptionRow.__table__).where(ExceptionRow.appointment_id.in_(_IDS))
_PARTICIPANTS = (
    select(ParticipantRow.__table__)
    .where(ParticipantRow.appointment_id.in_(_IDS))
    .order_by(ParticipantRow.appointment_id, ParticipantRow.position)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is particular to one participant.

    ``availability`` is empty where he has no hours. ``has_own`` says that there may be
    something in calendars of his own, ``is_hidden`` that he took the appointment out of his.
    """

    person_id: int
    availability: str
    has_own: bool
    is_hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearby:
    """What may keep persons busy, by appointment, and the conflicts that are known already."""

    others: dict[int, list[Engagement]]
    known: list[Conflict]
    situations: list[Situation]


class ConflictReading:
    """What is asked before an appointment is written.

    Without an appointment there is none to leave out: ``appointment_id`` 0 is nobody's.
    """

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def situations(
        self, person_ids: Collection[int], *, start: datetime, end: datetime, appointment_id: int
    ) -> list[Situation]:
        """Return what is particular to persons, as to a range of aware instants."""
        which = _range(person_ids, start, end, appointment_id)
        return [_situation(row) for row in self._connection.execute(_SITUATIONS, which)]

    def nearby(
        self,
        person_ids: Collection[int],
        *,
        start: datetime,
        end: datetime,
        appointment_id: int = 0,
    ) -> Nearby:
        """Return what other appointments may keep persons busy in a range of aware instants.

        Of series, the dates that are listed, whatever their state and answers; of who takes
        part in some dates only, these. With what :meth:`situations` says.
        """
        nearby = Nearby(others=defaultdict(list), known=[], situations=[])
        which = _range(person_ids, start, end, appointment_id)
        for row in self._connection.execute(_NEARBY if appointment_id else _NEARBY_NEW, which):
            if row.kind == _WHO:
                nearby.situations.append(_situation(row))
                continue
            first, last = instant(row.starts_at), instant(row.stops_at)
            if row.kind == _BUSY:
                nearby.others[row.other_id].append(Engagement(first, last, row.person_id))
                continue
            conflict = Conflict(
                start=first,
                end=last,
                person_id=row.person_id,
                code=ConflictCode(row.word),
                other_id=row.other_id,
            )
            nearby.known.append(conflict)
        return nearby

    def texts(self, appointment_ids: Sequence[int]) -> dict[int, tuple[bool, str]]:
        """Return the stored texts of appointments by id, and whether they are series."""
        found: dict[int, tuple[bool, str]] = {}
        for first in range(0, len(appointment_ids), CHUNK):
            which = {"ids": list(appointment_ids[first : first + CHUNK])}
            for row in self._connection.execute(_TEXTS, which):
                found[row.id] = row.is_series, row.text
        return found

    def with_texts(self, appointment_ids: Sequence[int]) -> dict[int, tuple[Appointment, str]]:
        """Return appointments by id, each with its stored text."""
        found: dict[int, tuple[Appointment, str]] = {}
        for first in range(0, len(appointment_ids), CHUNK):
            which = {"ids": list(appointment_ids[first : first + CHUNK])}
            rows = self._connection.execute(_APPOINTMENTS, which).all()
            exceptions = self._by_appointment(_EXCEPTIONS, which)
            participants = self._by_appointment(_PARTICIPANTS, which)
            for row in rows:
                appointment = mapping.appointment_of(row, exceptions[row.id], participants[row.id])
                found[row.id] = appointment, row.text
        return found

    def _by_appointment(
        self, query: Executable, which: dict[str, list[int]]
    ) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = defaultdict(list)
        for row in self._connection.execute(query, which):
            found[row.appointment_id].append(row)
        return found


def _situation(row: Row) -> Situation:
    return Situation(
        person_id=row.person_id,
        availability=row.word,
        has_own=bool(row.stops_at),
        is_hidden=bool(row.starts_at),
    )


def _range(
    person_ids: Collection[int], start: datetime, end: datetime, appointment_id: int
) -> dict[str, object]:
    return {
        "ids": sorted(person_ids),
        "start": seconds(start),
        "end": seconds(end),
        "earliest": seconds(start) - DAY,
        "appointment": appointment_id,
    }

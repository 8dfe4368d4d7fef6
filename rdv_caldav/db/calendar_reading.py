"""Reading calendars: few statements a request, indexed, and never a look into iCalendar."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from rdv_caldav.db import mapping
from rdv_caldav.db.mapping import instant, seconds, stop_of
from rdv_caldav.db.schema import (
    FOREVER,
    AccountRow,
    AppointmentRow,
    CalendarRow,
    CalendarViewRow,
    MemberRow,
    OccurrenceRow,
    OverlayRow,
    ParticipantRow,
    PersonAddressRow,
    PersonRow,
    TombstoneRow,
)
from rdv_caldav.domain.agency import Account, Person

_T = TypeVar("_T")

DAY = 86_400
CHUNK = 500
"""How many hrefs or ids go into one statement; SQLite takes 32 766 values at most."""

_PERSON: BindParameter[int] = bindparam("person")
_ACCOUNT: BindParameter[int] = bindparam("account")
_VIEWER: BindParameter[int] = bindparam("viewer")

_view = and_(CalendarViewRow.account_id == _ACCOUNT, CalendarViewRow.person_id == PersonRow.id)
_SNAPSHOTS = (
    select(
        PersonRow.__table__,
        CalendarRow.counter,
        CalendarRow.floor,
        AccountRow.view_counter,
        AccountRow.view_floor,
        CalendarViewRow.followed,
        CalendarViewRow.position,
        CalendarViewRow.properties,
    )
    .join(CalendarRow, CalendarRow.person_id == PersonRow.id)
    .join(AccountRow, AccountRow.id == _ACCOUNT)
    .outerjoin(CalendarViewRow, _view)
)
_SNAPSHOT = _SNAPSHOTS.where(PersonRow.slug == bindparam("slug"))
_HOME = _SNAPSHOTS.where(PersonRow.active, or_(PersonRow.id == _VIEWER, CalendarViewRow.followed))
_ADDRESSES = (
    select(PersonAddressRow.person_id, PersonAddressRow.address)
    .where(PersonAddressRow.person_id.in_(bindparam("ids", expanding=True)))
    .order_by(PersonAddressRow.person_id, PersonAddressRow.position)
)

_OUTSIDE: tuple[InstrumentedAttribute[Any], ...] = (
    MemberRow.appointment_id,
    MemberRow.href,
    MemberRow.changed,
    MemberRow.starts_at,
    MemberRow.stops_at,
    AppointmentRow.uid,
    AppointmentRow.owner_id,
    AppointmentRow.updated_at,
)
_overlay = and_(
    OverlayRow.account_id == _ACCOUNT, OverlayRow.appointment_id == MemberRow.appointment_id
)


def _objects(*columns: Any) -> Select[Any]:  # noqa: ANN401 - whatever select() takes
    return (
        select(*_OUTSIDE, OverlayRow.changed.label("overlay_changed"), *columns)
        .join(AppointmentRow, AppointmentRow.id == MemberRow.appointment_id)
        .outerjoin(OverlayRow, _overlay)
        .where(MemberRow.person_id == _PERSON)
    )


_LISTED = _objects()
_READ = _objects(AppointmentRow.text, AppointmentRow.slots, OverlayRow.private)
_AT = MemberRow.href.in_(bindparam("hrefs", expanding=True))
_LISTED_AT = _LISTED.where(_AT)
_READ_AT = _READ.where(_AT)

_START: BindParameter[int] = bindparam("start")
_END: BindParameter[int] = bindparam("end")
_EARLIEST: BindParameter[int] = bindparam("earliest")


def _overlaps(
    starts_at: ColumnElement[int] | InstrumentedAttribute[int],
    stops_at: ColumnElement[int] | InstrumentedAttribute[int],
) -> ColumnElement[bool]:
    """RFC 4791 §9.9: an event without length is met where it stands."""
    return and_(
        starts_at < _END,
        or_(stops_at > _START, and_(starts_at == stops_at, starts_at >= _START)),
    )


_meets = exists().where(
    OccurrenceRow.appointment_id == MemberRow.appointment_id,
    _overlaps(OccurrenceRow.starts_at, OccurrenceRow.stops_at),
)
_is_single = AppointmentRow.recurrence.is_(None)
_beyond = AppointmentRow.indexed_until < _END
_certain = or_(_is_single, _meets).label("certain")
# a short one that overlaps starts at most a day before the range: an index range finds it
_short = and_(
    MemberRow.is_long.is_(False),
    MemberRow.starts_at >= _EARLIEST,
    _overlaps(MemberRow.starts_at, MemberRow.stops_at),
)
_long = and_(
    MemberRow.is_long.is_(True),
    _overlaps(MemberRow.starts_at, MemberRow.stops_at),
    or_(_is_single, _meets, _beyond),
)
_SHORT_IN_RANGE = _READ.where(_short)
_LONG_IN_RANGE = _READ.add_columns(_certain).where(_long)

_PRESENCES = select(
    ParticipantRow.appointment_id, ParticipantRow.original_wall, ParticipantRow.presence
).where(
    ParticipantRow.person_id == _VIEWER,
    ParticipantRow.appointment_id.in_(bindparam("ids", expanding=True)),
)
_CHANGED = select(MemberRow.href).where(
    MemberRow.person_id == _PERSON, MemberRow.changed > bindparam("since")
)
_OVERLAID = (
    select(MemberRow.href)
    .join(OverlayRow, _overlay)
    .where(MemberRow.person_id == _PERSON, OverlayRow.changed > bindparam("view_since"))
)
_GONE = select(TombstoneRow.href).where(
    TombstoneRow.person_id == _PERSON, TombstoneRow.changed > bindparam("since")
)
_UID_PLACE = (
    select(MemberRow.href)
    .join(AppointmentRow, AppointmentRow.id == MemberRow.appointment_id)
    .where(
        MemberRow.person_id == _PERSON,
        AppointmentRow.uid == bindparam("uid"),
        AppointmentRow.trashed_at.is_(None),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarSnapshot:
    """A person's calendar as one account has it, at one moment."""

    person: Person
    counter: int
    floor: int
    view_counter: int
    view_floor: int
    followed: bool
    position: int
    properties: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRow:
    """One appointment in a calendar, with what a viewer's own text is made of.

    ``text``, ``slots``, ``private`` (the account's own lines) and ``presences`` (of the
    account's person, per component) are empty when only the outside was asked for.
    """

    appointment_id: int
    href: str
    uid: str
    changed: int
    overlay_changed: int
    owner_id: int
    starts_at: datetime
    stops_at: datetime | None
    updated_at: datetime
    text: str = ""
    slots: str = ""
    private: Mapping[str, str] = field(default_factory=dict)
    presences: Mapping[str, str] = field(default_factory=dict)


class CalendarReading:
    """What CalDAV and pages read of calendars."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def snapshot(self, account: Account, slug: str) -> CalendarSnapshot | None:
        """Return the calendar of the person with this slug."""
        found = self._snapshots(_SNAPSHOT, {"account": account.id, "slug": slug})
        return found[0] if found else None

    def home(self, account: Account) -> list[CalendarSnapshot]:
        """Return an account's own calendar and then those it follows, in its order."""
        viewer = account.person_id
        found = self._snapshots(_HOME, {"account": account.id, "viewer": viewer})
        return sorted(
            found, key=lambda s: (s.person.id != viewer, s.position, s.person.name, s.person.id)
        )

    def _snapshots(self, query: Select[Any], values: dict[str, Any]) -> list[CalendarSnapshot]:
        rows = self._connection.execute(query, values).all()
        addresses: dict[int, list[str]] = defaultdict(list)
        if rows:
            ids = [row.id for row in rows]
            for line in self._connection.execute(_ADDRESSES, {"ids": ids}):
                addresses[line.person_id].append(line.address)
        return [
            CalendarSnapshot(
                person=mapping.person_of(row, addresses[row.id]),
                counter=row.counter,
                floor=row.floor,
                view_counter=row.view_counter,
                view_floor=row.view_floor,
                followed=bool(row.followed),
                position=row.position or 0,
                properties=row.properties or {},
            )
            for row in rows
        ]

    def objects(
        self,
        account: Account,
        person_id: int,
        *,
        hrefs: Sequence[str] | None = None,
        with_text: bool = True,
    ) -> list[ObjectRow]:
        """Return the objects of a calendar, all or those at ``hrefs``."""
        which = {"account": account.id, "person": person_id}
        if hrefs is None:
            query = _READ if with_text else _LISTED
            return self._rows(account, self._connection.execute(query, which).all())
        query = _READ_AT if with_text else _LISTED_AT
        rows: list[Any] = []
        for chunk in _chunks(hrefs):
            rows += self._connection.execute(query, {**which, "hrefs": chunk})
        return self._rows(account, rows)

    def in_range(
        self,
        account: Account,
        person_id: int,
        *,
        start: datetime | None,
        end: datetime | None,
    ) -> list[tuple[ObjectRow, bool]]:
        """Return what overlaps a range of aware instants, open where None.

        The flag is false for a series that is asked about beyond its index: whether a date
        of it lies there is not known.
        """
        begin = -FOREVER if start is None else seconds(start)
        which = {
            "account": account.id,
            "person": person_id,
            "start": begin,
            "end": FOREVER if end is None else seconds(end),
            "earliest": begin - DAY,
        }
        short = self._connection.execute(_SHORT_IN_RANGE, which).all()
        long = self._connection.execute(_LONG_IN_RANGE, which).all()
        certain = [True] * len(short) + [bool(row.certain) for row in long]
        return list(zip(self._rows(account, [*short, *long]), certain, strict=True))

    def changes(
        self, account: Account, person_id: int, *, since: int, view_since: int
    ) -> tuple[list[str], list[str]]:
        """Return the hrefs changed and those gone since two change numbers."""
        which = {
            "account": account.id,
            "person": person_id,
            "since": since,
            "view_since": view_since,
        }
        changed = dict.fromkeys(self._connection.scalars(_CHANGED, which))
        changed.update(dict.fromkeys(self._connection.scalars(_OVERLAID, which)))
        gone = self._connection.scalars(_GONE, which).all()
        return list(changed), list(gone)

    def uid_exists(self, person_id: int, uid: str) -> str | None:
        """Return where a calendar shows this UID."""
        return self._connection.scalar(_UID_PLACE, {"person": person_id, "uid": uid})

    def _rows(self, account: Account, rows: Sequence[Any]) -> list[ObjectRow]:
        with_text = bool(rows) and "text" in rows[0]._fields
        ids = [row.appointment_id for row in rows] if with_text else []
        presences = self._presences(account, ids)
        return [
            ObjectRow(
                appointment_id=row.appointment_id,
                href=row.href,
                uid=row.uid,
                changed=row.changed,
                overlay_changed=row.overlay_changed or 0,
                owner_id=row.owner_id,
                starts_at=instant(row.starts_at),
                stops_at=stop_of(row.stops_at),
                updated_at=instant(row.updated_at),
                text=row.text if with_text else "",
                slots=row.slots if with_text else "",
                private=(row.private or {}) if with_text else {},
                presences=presences.get(row.appointment_id, {}),
            )
            for row in rows
        ]

    def _presences(self, account: Account, ids: Sequence[int]) -> dict[int, dict[str, str]]:
        found: dict[int, dict[str, str]] = defaultdict(dict)
        if account.person_id is None:
            return found
        for chunk in _chunks(ids):
            which = {"viewer": account.person_id, "ids": chunk}
            for row in self._connection.execute(_PRESENCES, which):
                found[row.appointment_id][row.original_wall] = row.presence
        return found


def _chunks(values: Iterable[_T]) -> Iterator[list[_T]]:
    rest = iter(values)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk

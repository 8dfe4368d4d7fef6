"""Reading what stands in persons' calendars: few statements, indexed, nothing is parsed.

Long answers are read in parts, so that they never are in memory as a whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Protocol, TypeVar

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from rdv_caldav.db.mapping import instant, seconds, stop_of
from rdv_caldav.db.ranges import END, overlaps
from rdv_caldav.db.schema import (
    FOREVER,
    AppointmentRow,
    MemberRow,
    OccurrenceRow,
    OverlayRow,
    ParticipantRow,
    TombstoneRow,
)
from rdv_caldav.db.series_schema import PartDateRow, PartRow
from rdv_caldav.domain.agency import Account

_T = TypeVar("_T")

DAY = 86_400
CHUNK = 500
"""How many hrefs or ids go into one statement; SQLite takes 32 766 values at most."""

_LISTED_AT_ONCE = 5_000

_PERSON: BindParameter[int] = bindparam("person")
_ACCOUNT: BindParameter[int] = bindparam("account")
_VIEWER: BindParameter[int] = bindparam("viewer")

_OUTSIDE: tuple[InstrumentedAttribute[Any], ...] = (
    MemberRow.appointment_id,
    MemberRow.href,
    MemberRow.changed,
    MemberRow.starts_at,
    MemberRow.stops_at,
    AppointmentRow.uid,
    AppointmentRow.owner_id,
    AppointmentRow.updated_at,
    MemberRow.settled,
)
OWN_OVERLAY = and_(
    OverlayRow.account_id == _ACCOUNT, OverlayRow.appointment_id == MemberRow.appointment_id
)
MEMBER_COLUMNS = (
    MemberRow.href.label("own_href"),
    MemberRow.changed,
    MemberRow.settled,
    MemberRow.starts_at.label("own_starts_at"),
    MemberRow.stops_at.label("own_stops_at"),
    OverlayRow.changed.label("overlay_changed"),
)
"""What :func:`outside_of` needs beside the columns of an appointment."""


def _objects(*columns: Any) -> Select[Any]:  # noqa: ANN401 - whatever select() takes
    return (
        select(*_OUTSIDE, OverlayRow.changed.label("overlay_changed"), *columns)
        .join(AppointmentRow, AppointmentRow.id == MemberRow.appointment_id)
        .outerjoin(OverlayRow, OWN_OVERLAY)
        .where(MemberRow.person_id == _PERSON)
    )


_LISTED = _objects()
# whoever takes part in some dates of a series only is shown a text of his own
OWN_PART = and_(
    PartRow.appointment_id == MemberRow.appointment_id, PartRow.person_id == MemberRow.person_id
)
SHOWN_TEXT = func.coalesce(PartRow.text, AppointmentRow.text)
# the viewer's own answer comes along; those to single dates are asked for where there may be some
_READ = (
    _objects(
        SHOWN_TEXT.label("text"),
        func.coalesce(PartRow.slots, AppointmentRow.slots).label("slots"),
        OverlayRow.private,
        ParticipantRow.presence,
        AppointmentRow.recurrence.is_not(None).label("is_series"),
        AppointmentRow.type_code,
    )
    .outerjoin(
        ParticipantRow,
        and_(
            ParticipantRow.person_id == _VIEWER,
            ParticipantRow.appointment_id == MemberRow.appointment_id,
            ParticipantRow.original_wall == "",
        ),
    )
    .outerjoin(PartRow, OWN_PART)
)
_AT = MemberRow.href.in_(bindparam("hrefs", expanding=True))
_LISTED_AT = _LISTED.where(_AT)
_READ_AT = _READ.where(_AT)

_EARLIEST: BindParameter[int] = bindparam("earliest")


_sees_all = PartRow.person_id.is_(None)
_meets_own = exists().where(
    PartDateRow.appointment_id == MemberRow.appointment_id,
    PartDateRow.person_id == MemberRow.person_id,
    overlaps(PartDateRow.starts_at, PartDateRow.stops_at),
)
_meets_any = exists().where(
    OccurrenceRow.appointment_id == MemberRow.appointment_id,
    overlaps(OccurrenceRow.starts_at, OccurrenceRow.stops_at),
)
_meets = or_(and_(_sees_all, _meets_any), and_(PartRow.person_id.is_not(None), _meets_own))
_is_single = AppointmentRow.recurrence.is_(None)
_indexed_until = case((_sees_all, AppointmentRow.indexed_until), else_=PartRow.indexed_until)
_beyond = _indexed_until < END
_certain = or_(_is_single, _meets).label("certain")
# a short one that overlaps starts at most a day before the range: an index range finds it
SHORT_ONES_IN_RANGE = and_(
    MemberRow.is_long.is_(False),
    MemberRow.starts_at >= _EARLIEST,
    overlaps(MemberRow.starts_at, MemberRow.stops_at),
)
LONG_ONES_IN_RANGE = and_(
    MemberRow.is_long.is_(True),
    overlaps(MemberRow.starts_at, MemberRow.stops_at),
    or_(_is_single, _meets, _beyond),
)
_SHORT_IN_RANGE = _READ.where(SHORT_ONES_IN_RANGE)
_LONG_IN_RANGE = _READ.add_columns(_certain).where(LONG_ONES_IN_RANGE)

_PRESENCES = select(
    ParticipantRow.appointment_id, ParticipantRow.original_wall, ParticipantRow.presence
).where(
    ParticipantRow.person_id == _VIEWER,
    ParticipantRow.appointment_id.in_(bindparam("ids", expanding=True)),
)
_LISTING = (
    select(
        MemberRow.href,
        MemberRow.changed,
        OverlayRow.changed.label("overlay_changed"),
        AppointmentRow.owner_id,
    )
    .join(AppointmentRow, AppointmentRow.id == MemberRow.appointment_id)
    .outerjoin(OverlayRow, OWN_OVERLAY)
    .where(MemberRow.person_id == _PERSON)
)
_ALL: Select[*tuple[Any, ...]] = select(
    MemberRow.href, MemberRow.changed, MemberRow.appointment_id, literal_column("0")
).where(MemberRow.person_id == _PERSON)
_ALL_OWNED = (
    select(MemberRow.href, MemberRow.changed, MemberRow.appointment_id, AppointmentRow.owner_id)
    .join(AppointmentRow, AppointmentRow.id == MemberRow.appointment_id)
    .where(MemberRow.person_id == _PERSON)
)
_OWN_NUMBERS = select(OverlayRow.appointment_id, OverlayRow.changed).where(
    OverlayRow.account_id == _ACCOUNT
)
_CHANGED = _LISTING.where(MemberRow.changed > bindparam("since")).order_by(MemberRow.changed)
_OVERLAID = _LISTING.where(OverlayRow.changed > bindparam("since")).order_by(OverlayRow.changed)
_GONE = (
    select(TombstoneRow.href, TombstoneRow.changed)
    .where(TombstoneRow.person_id == _PERSON, TombstoneRow.changed > bindparam("since"))
    .order_by(TombstoneRow.changed)
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


# not frozen: setting the fields of a frozen one takes as long as all else about it
@dataclass(slots=True, kw_only=True)
class ObjectRow:
    """One appointment in a calendar, with what a viewer's own text is made of.

    ``text``, ``slots``, ``type_code``, ``private`` (the account's own lines) and ``presences``
    (of the account's person, per component) are empty when only the outside was asked for.
    ``is_certain`` is false for a series that is asked about beyond its index: whether a date of
    it lies there is not known.
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
    settled: int
    is_certain: bool = True
    text: str = ""
    slots: str = ""
    type_code: str = ""
    private: Mapping[str, str] = field(default_factory=dict)
    presences: Mapping[str, str] = field(default_factory=dict)


class Listed(Protocol):
    """The outside of an object, as a row: all that its ETag is made of."""

    href: str
    changed: int
    overlay_changed: int | None
    owner_id: int


class MemberReading:
    """What CalDAV and pages read of the objects in persons' calendars."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def objects(
        self,
        account: Account,
        person_id: int,
        *,
        hrefs: Sequence[str] | None = None,
        with_text: bool = True,
    ) -> Iterator[ObjectRow]:
        """Yield the objects of a calendar, all or those at ``hrefs``."""
        which = {"account": account.id, "person": person_id}
        if hrefs is None:
            yield from self._objects(account, _READ if with_text else _LISTED, which)
            return
        query = _READ_AT if with_text else _LISTED_AT
        for chunk in _chunks(hrefs):
            yield from self._objects(account, query, {**which, "hrefs": chunk})

    def in_range(
        self,
        account: Account,
        person_id: int,
        *,
        start: datetime | None,
        end: datetime | None,
    ) -> Iterator[ObjectRow]:
        """Yield what overlaps a range of aware instants, open where None."""
        begin = -FOREVER if start is None else seconds(start)
        which = {
            "account": account.id,
            "person": person_id,
            "start": begin,
            "end": FOREVER if end is None else seconds(end),
            "earliest": begin - DAY,
        }
        yield from self._objects(account, _SHORT_IN_RANGE, which)
        yield from self._objects(account, _LONG_IN_RANGE, which)

    def listing(
        self, account: Account, person_id: int, *, with_owner: bool
    ) -> Iterator[tuple[str, int, int, int]]:
        """Yield href, change number, the account's own one, and owner of every object.

        The owner is 0 where it is not asked for: finding it costs as much as all the rest.
        """
        own_rows = self._connection.execute(_OWN_NUMBERS, {"account": account.id})
        own = {row.appointment_id: row.changed for row in own_rows}
        query = _ALL_OWNED if with_owner else _ALL
        rows = self._connection.execute(
            query, {"person": person_id}, execution_options={"yield_per": _LISTED_AT_ONCE}
        )
        for part in rows.partitions():
            for href, changed, appointment_id, owner_id in part:
                yield href, changed, own.get(appointment_id, 0), owner_id

    def changed(
        self, account: Account, person_id: int, *, since: int, most: int | None
    ) -> list[Listed]:
        """Return what a calendar shows changed since a change number, oldest change first."""
        return self._since(_CHANGED, {"account": account.id, "person": person_id}, since, most)

    def overlaid(
        self, account: Account, person_id: int, *, since: int, most: int | None
    ) -> list[Listed]:
        """Return what only this account sees changed since a number of its view."""
        return self._since(_OVERLAID, {"account": account.id, "person": person_id}, since, most)

    def gone(self, person_id: int, *, since: int, most: int | None) -> list[tuple[str, int]]:
        """Return hrefs that are gone since a change number, with theirs, oldest first."""
        found = self._since(_GONE, {"person": person_id}, since, most)
        return [(row.href, row.changed) for row in found]

    def _since(
        self, query: Select[*tuple[Any, ...]], which: dict[str, int], since: int, most: int | None
    ) -> list[Any]:
        limited = query if most is None else query.limit(most)
        return list(self._connection.execute(limited, {**which, "since": since}))

    def uid_exists(self, person_id: int, uid: str) -> str | None:
        """Return where a calendar shows this UID."""
        return self._connection.scalar(_UID_PLACE, {"person": person_id, "uid": uid})

    def _objects(
        self, account: Account, query: Select[Any], which: Mapping[str, object]
    ) -> Iterator[ObjectRow]:
        viewer = -1 if account.person_id is None else account.person_id
        rows = self._connection.execute(
            query,
            {**which, "viewer": viewer},
            execution_options={"stream_results": True, "yield_per": CHUNK},
        )
        fields = frozenset(rows.keys())
        with_text, is_decided = "text" in fields, "certain" not in fields
        for part in rows.partitions():
            if not with_text:
                for row in part:
                    yield _object_row(row, {}, with_text=False, is_certain=True)
                continue
            series = [row.appointment_id for row in part if row.is_series]
            of_dates = self._presences(viewer, series)
            for row in part:
                own = {} if row.presence is None else {"": row.presence}
                yield _object_row(
                    row,
                    of_dates.get(row.appointment_id, own) if row.is_series else own,
                    with_text=True,
                    is_certain=is_decided or bool(row.certain),
                )

    def _presences(self, viewer: int, ids: Sequence[int]) -> dict[int, dict[str, str]]:
        found: dict[int, dict[str, str]] = defaultdict(dict)
        if not ids:
            return found
        which = {"viewer": viewer, "ids": ids}
        for row in self._connection.execute(_PRESENCES, which):
            found[row.appointment_id][row.original_wall] = row.presence
        return found


def _object_row(
    row: Any,  # noqa: ANN401 - a row of SQLAlchemy Core
    presences: Mapping[str, str],
    *,
    with_text: bool,
    is_certain: bool,
) -> ObjectRow:
    return ObjectRow(
        appointment_id=row.appointment_id,
        href=row.href,
        uid=row.uid,
        changed=row.changed,
        overlay_changed=row.overlay_changed or 0,
        owner_id=row.owner_id,
        starts_at=instant(row.starts_at),
        stops_at=stop_of(row.stops_at),
        updated_at=instant(row.updated_at),
        settled=row.settled,
        is_certain=is_certain,
        text=row.text if with_text else "",
        slots=row.slots if with_text else "",
        type_code=row.type_code if with_text else "",
        private=(row.private or {}) if with_text else {},
        presences=presences,
    )


def outside_of(row: Any) -> ObjectRow:  # noqa: ANN401 - a row of SQLAlchemy Core
    """Return the outside of an appointment's row that :data:`MEMBER_COLUMNS` were read with."""
    return ObjectRow(
        appointment_id=row.id,
        href=row.own_href,
        uid=row.uid,
        changed=row.changed,
        overlay_changed=row.overlay_changed or 0,
        owner_id=row.owner_id,
        starts_at=instant(row.own_starts_at),
        stops_at=stop_of(row.own_stops_at),
        updated_at=instant(row.updated_at),
        settled=row.settled,
    )


def _chunks(values: Iterable[_T]) -> Iterator[list[_T]]:
    rest = iter(values)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk

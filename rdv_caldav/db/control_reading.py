"""Reading the control table: pages by place, counts, and everything in pieces."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Generator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, select

from rdv_caldav.db.control_statements import Listing, is_visible
from rdv_caldav.db.mapping import Row, instant
from rdv_caldav.db.schema import AppointmentRow, ExceptionRow, ParticipantRow, PersonRow
from rdv_caldav.domain.appointment import Presence, Span, State
from rdv_caldav.domain.control import (
    ControlCounts,
    ControlRow,
    ListedParticipant,
    Place,
    RowKey,
    Scope,
)

_AT_ONCE = 500
_IDS: BindParameter[Sequence[int]] = bindparam("ids", expanding=True)
_WALLS: BindParameter[Sequence[str]] = bindparam("walls", expanding=True)
_SAID = ("subject", "location", "notes", "start_wall", "end_wall", "zone", "all_day")
_APPOINTMENTS = select(
    AppointmentRow.id,
    AppointmentRow.uid,
    AppointmentRow.type_code,
    AppointmentRow.is_series,
    AppointmentRow.trashed_at,
    *(AppointmentRow.__table__.c[name] for name in _SAID),
).where(AppointmentRow.id.in_(_IDS))
_EXCEPTIONS = select(
    ExceptionRow.appointment_id,
    ExceptionRow.original_wall,
    *(ExceptionRow.__table__.c[name] for name in _SAID),
).where(ExceptionRow.appointment_id.in_(_IDS), ExceptionRow.original_wall.in_(_WALLS))
_PARTICIPANTS = (
    select(
        ParticipantRow.appointment_id,
        ParticipantRow.original_wall,
        ParticipantRow.person_id,
        ParticipantRow.address,
        ParticipantRow.name,
        ParticipantRow.presence,
        ParticipantRow.is_owner,
        PersonRow.slug,
        PersonRow.first_name,
        PersonRow.last_name,
    )
    .outerjoin(PersonRow, PersonRow.id == ParticipantRow.person_id)
    .where(ParticipantRow.appointment_id.in_(_IDS), ParticipantRow.original_wall.in_(_WALLS))
    .order_by(ParticipantRow.position)
)
_TEXTS = select(
    AppointmentRow.id, AppointmentRow.uid, AppointmentRow.text, AppointmentRow.slots
).where(AppointmentRow.id.in_(_IDS))


class ControlReading:
    """What the control table shows, in a number of statements that does not depend on it."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def page(
        self, listing: Listing, place: Place | None, *, size: int, is_dense: bool = False
    ) -> list[ControlRow]:
        """Return at most ``size`` rows beyond a place (or before it), in the listing's order."""
        keys = list(self._connection.execute(listing.page(place, size=size, is_dense=is_dense)))
        if place is not None and place.backwards:
            keys.reverse()
        return self._rows(keys, listing)

    def everything(self, listing: Listing) -> Generator[list[ControlRow], None, None]:
        """Yield all rows in order, in pieces of bounded size; closed by who stops early."""
        options = {"stream_results": True, "yield_per": _AT_ONCE}
        with self._connection.execute(listing.all(), execution_options=options) as found:
            for keys in found.partitions():
                yield self._rows(keys, listing)

    def some(self, listing: Listing, appointment_ids: Sequence[int]) -> list[ControlRow]:
        """Return the rows of some rendez-vous, as far as the listing has them."""
        rows: list[ControlRow] = []
        for first in range(0, len(appointment_ids), _AT_ONCE):
            ids = appointment_ids[first : first + _AT_ONCE]
            rows += self._rows(list(self._connection.execute(listing.some(ids))), listing)
        return rows

    def counts(self, listing: Listing) -> ControlCounts:
        """Return how many rows there are."""
        by_state: Counter[State] = Counter()
        by_type: Counter[str] = Counter()
        for row in self._connection.execute(listing.counts()):
            by_state[State(row.state)] += row.rows
            by_type[row.type_code] += row.rows
        return ControlCounts(by_state=by_state, by_type=by_type)

    def sees_most(self, scope: Scope) -> bool:
        """Tell whether a scope contains half of all persons at least."""
        seen = select(func.count()).select_from(PersonRow).where(is_visible(scope))
        everyone = select(func.count()).select_from(PersonRow)
        found = self._connection.execute(
            select(seen.scalar_subquery().label("seen"), everyone.scalar_subquery().label("all"))
        ).one()
        return bool(2 * found.seen >= found.all)

    def texts(self, appointment_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Return the stored text and its slots, by id of rendez-vous."""
        found = self._connection.execute(_TEXTS, {"ids": list(appointment_ids)})
        return {row.id: (row.text, row.slots) for row in found}

    def described(self, keys: Sequence[Row], *, with_notes: bool) -> list[ControlRow]:
        """Return what there is to say of dates, whose ``keys`` are rows as a page lists them."""
        if not keys:
            return []
        ids = sorted({key.id for key in keys})
        walls = sorted({_wall(key) for key in keys})
        whole = {row.id: row for row in self._connection.execute(_APPOINTMENTS, {"ids": ids})}
        differing: dict[tuple[int, str], Row] = {}
        if walls[-1]:
            found = self._connection.execute(_EXCEPTIONS, {"ids": ids, "walls": walls})
            differing = {(row.appointment_id, row.original_wall): row for row in found}
        participants = self._participants(ids, walls)
        return [
            _row(
                key,
                whole[key.id],
                differing.get((key.id, _wall(key))),
                tuple(participants[key.id, _wall(key)]),
                with_notes=with_notes,
            )
            for key in keys
        ]

    def _rows(self, keys: Sequence[Row], listing: Listing) -> list[ControlRow]:
        return self.described(keys, with_notes=listing.scope.with_notes)

    def _participants(
        self, ids: Sequence[int], walls: Sequence[str]
    ) -> dict[tuple[int, str], list[ListedParticipant]]:
        found: dict[tuple[int, str], list[ListedParticipant]] = defaultdict(list)
        for row in self._connection.execute(_PARTICIPANTS, {"ids": ids, "walls": walls}):
            found[row.appointment_id, row.original_wall].append(_participant(row))
        return found


def _wall(key: Row) -> str:
    """Return under which original start the participants and details of a date stand."""
    return key.original_wall if key.differs else ""


def _row(
    key: Row,
    whole: Row,
    exception: Row | None,
    participants: tuple[ListedParticipant, ...],
    *,
    with_notes: bool,
) -> ControlRow:
    said: Any = whole if exception is None else exception
    span = Span(
        start=datetime.fromisoformat(said.start_wall),
        end=datetime.fromisoformat(said.end_wall),
        zone=said.zone,
        all_day=said.all_day,
    )
    original = datetime.fromisoformat(key.original_wall) if key.original_wall else None
    if original is not None and exception is None:
        span = span.moved_to(original)
    return ControlRow(
        key=RowKey(appointment_id=key.id, original=original),
        uid=whole.uid,
        type_code=whole.type_code,
        state=State(key.state),
        starts_at=instant(key.starts_at),
        stops_at=span.ends_at,
        span=span,
        zone=whole.zone,
        subject=said.subject,
        location=said.location,
        notes=said.notes if with_notes else "",
        participants=participants,
        is_series=whole.is_series,
        trashed_at=None if whole.trashed_at is None else instant(whole.trashed_at),
        sort_value=key.value,
    )


def _participant(row: Row) -> ListedParticipant:
    is_person = row.person_id is not None
    name = f"{row.first_name} {row.last_name}".strip() if is_person else row.name or row.address
    return ListedParticipant(
        name=name,
        presence=Presence(row.presence),
        is_owner=row.is_owner,
        person_id=row.person_id,
        slug=row.slug or "",
        address=row.address,
    )

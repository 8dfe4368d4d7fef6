"""What the control table's rows are read from: the single rendez-vous, and the dates of series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    String,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    select,
    true,
    tuple_,
)

from rdv_caldav.db.schema import AppointmentRow, ExceptionRow, OccurrenceRow, ParticipantRow

NOTHING = literal("", String)
"""The original start of what is no series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One kind of rows: its source, and what it says of each.

    ``wall`` is the ``original_wall`` of those who take part in the date.
    """

    source: FromClause
    original: ColumnElement[str]
    differs: ColumnElement[bool]
    starts_at: Any
    state: ColumnElement[str]
    wall: ColumnElement[str]
    search: ColumnElement[str]
    notes: ColumnElement[str]
    conditions: tuple[ColumnElement[bool], ...]

    def narrowed(self, conditions: tuple[ColumnElement[bool], ...]) -> Arm:
        """Return the arm with more conditions."""
        return replace(self, conditions=(*self.conditions, *conditions))

    def has(self, participant: ColumnElement[bool], *, walks: bool) -> ColumnElement[bool]:
        """Return the condition that somebody like this takes part in the date.

        It is asked of each row as one walks, else a set is compared with.
        """
        if walks:
            return exists().where(
                ParticipantRow.appointment_id == AppointmentRow.id,
                ParticipantRow.original_wall == self.wall,
                participant,
            )
        theirs = select(ParticipantRow.appointment_id, ParticipantRow.original_wall)
        return tuple_(AppointmentRow.id, self.wall).in_(theirs.where(participant))

    def has_one_of(
        self, person_ids: frozenset[int], *also: ColumnElement[bool]
    ) -> Iterator[ColumnElement[bool]]:
        """Yield the conditions that one of these persons takes part in the date.

        The first of them, asked of the whole, is where the database begins.
        """
        theirs = and_(ParticipantRow.person_id.in_(sorted(person_ids)), *also)
        yield AppointmentRow.id.in_(select(ParticipantRow.appointment_id).where(theirs))
        yield self.has(theirs, walks=True)


def singles(*, is_narrow: bool) -> Arm:
    """Return the arm of single ones; ``is_narrow`` keeps SQLite from going through them all."""
    is_series: ColumnElement[bool] = AppointmentRow.is_series.expression
    return Arm(
        source=AppointmentRow.__table__,
        original=NOTHING,
        differs=false(),
        starts_at=AppointmentRow.starts_at,
        state=AppointmentRow.state.expression,
        wall=NOTHING,
        search=AppointmentRow.search_key.expression,
        notes=AppointmentRow.notes.expression,
        conditions=((func.coalesce(is_series, true()) if is_narrow else is_series).is_(False),),
    )


def dates(*, with_details: bool, by_series: bool) -> Arm:
    """Return the arm of series; ``by_series`` has SQLite go from series to series."""
    source = AppointmentRow.__table__.join(
        OccurrenceRow, OccurrenceRow.appointment_id == AppointmentRow.id
    )
    differs = OccurrenceRow.state.is_not(None)
    search, notes = AppointmentRow.search_key.expression, AppointmentRow.notes.expression
    if with_details:
        source = source.outerjoin(
            ExceptionRow,
            and_(
                ExceptionRow.appointment_id == OccurrenceRow.appointment_id,
                ExceptionRow.original_wall == OccurrenceRow.original_wall,
            ),
        )
        search = func.coalesce(ExceptionRow.search_key, search)
        notes = func.coalesce(ExceptionRow.notes, notes)
    return Arm(
        source=source,
        original=OccurrenceRow.original_wall.expression,
        differs=differs,
        starts_at=OccurrenceRow.starts_at,
        state=func.coalesce(OccurrenceRow.state, AppointmentRow.state),
        wall=case((differs, OccurrenceRow.original_wall), else_=""),
        search=search,
        notes=notes,
        # only series have dates: saying so offers SQLite the index of series
        conditions=(AppointmentRow.is_series.is_(True),) if by_series else (),
    )

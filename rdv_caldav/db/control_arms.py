"""What the control table's rows are read from: the single rendez-vous, and the dates of series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    String,
    and_,
    exists,
    false,
    func,
    literal,
    select,
    true,
    tuple_,
    type_coerce,
)

from rdv_caldav.db.schema import AppointmentRow, ExceptionRow, OccurrenceRow, ParticipantRow

NOTHING = literal("", String)
"""The original start of what is no series."""

_DATES = AppointmentRow.__table__.join(
    OccurrenceRow, OccurrenceRow.appointment_id == AppointmentRow.id
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One kind of rows: its source, and what it says of each.

    ``wall`` is the ``original_wall`` of those who take part in the date, ``rows`` counts dates.
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
    rows: ColumnElement[int] = field(default_factory=func.count)

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


def plain_dates(*, by_series: bool) -> Arm:
    """Return the arm of dates that are as their series; ``by_series`` goes from one to the next."""
    return Arm(
        source=_DATES,
        original=OccurrenceRow.original_wall.expression,
        differs=false(),
        starts_at=OccurrenceRow.starts_at,
        state=AppointmentRow.state.expression,
        wall=NOTHING,
        search=AppointmentRow.search_key.expression,
        notes=AppointmentRow.notes.expression,
        # only series have dates: saying so offers SQLite the index of series
        conditions=(
            OccurrenceRow.state.is_(None),
            *((AppointmentRow.is_series.is_(True),) if by_series else ()),
        ),
    )


def whole_series() -> Arm:
    """Return the same dates, counted series by series: for what is asked of no single date."""
    number = (
        select(func.count())
        .where(
            OccurrenceRow.appointment_id == AppointmentRow.id,
            OccurrenceRow.state.is_(None),
        )
        .correlate(AppointmentRow)
        .scalar_subquery()
    )
    return replace(
        plain_dates(by_series=False),
        source=AppointmentRow.__table__,
        conditions=(AppointmentRow.is_series.is_(True),),
        rows=func.sum(number),
    )


def differing_dates(*, with_details: bool) -> Arm:
    """Return the arm of dates that say something else than their series.

    Its objet and notes are only told ``with_details``.
    """
    source = _DATES
    of_details: type[AppointmentRow | ExceptionRow] = AppointmentRow
    if with_details:
        of_details = ExceptionRow
        source = source.join(
            ExceptionRow,
            and_(
                ExceptionRow.appointment_id == OccurrenceRow.appointment_id,
                ExceptionRow.original_wall == OccurrenceRow.original_wall,
            ),
        )
    return Arm(
        source=source,
        original=OccurrenceRow.original_wall.expression,
        differs=true(),
        starts_at=OccurrenceRow.starts_at,
        state=type_coerce(OccurrenceRow.state, String),
        wall=OccurrenceRow.original_wall.expression,
        search=of_details.search_key.expression,
        notes=of_details.notes.expression,
        conditions=(OccurrenceRow.state.is_not(None),),
    )

"""Who takes part in a series on some of its dates only, and on which (RFC 6638 §3.2.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rdv_caldav.domain.appointment import Appointment
from rdv_caldav.domain.timeindex import TimeIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The dates of a series that concern a person who does not take part in all of them.

    ``only`` are the single dates of somebody who does not take part in the series itself;
    ``without`` the dates on which somebody who does is not expected. One of them is empty.
    They are where the series would have put the dates, see
    :class:`~rdv_caldav.domain.appointment.Occurrence`.
    """

    person_id: int
    only: tuple[datetime, ...] = ()
    without: tuple[datetime, ...] = ()

    def holds(self, original: datetime) -> bool:
        """Tell whether a date of the series concerns the person."""
        return original in self.only if self.only else original not in self.without


def part_of(appointment: Appointment, person_id: int) -> Part | None:
    """Return on which dates a person takes part; None for all of them, and for a stranger."""
    return _part(person_id, appointment.person_ids, _dates(appointment))


def parts_of(appointment: Appointment) -> tuple[Part, ...]:
    """Return the part of everybody who does not take part on all dates."""
    dates = _dates(appointment)
    if not dates:
        return ()
    series = appointment.person_ids
    everybody = sorted(series.union(*(expected for _, expected in dates)))
    found = (_part(person_id, series, dates) for person_id in everybody)
    return tuple(part for part in found if part is not None)


_Dates = list[tuple[datetime, frozenset[int]]]


def _dates(appointment: Appointment) -> _Dates:
    return [(each.original, each.person_ids) for each in appointment.occurrences]


def _part(person_id: int, series: frozenset[int], dates: _Dates) -> Part | None:
    if person_id in series:
        without = tuple(original for original, expected in dates if person_id not in expected)
        return Part(person_id=person_id, without=without) if without else None
    only = tuple(original for original, expected in dates if person_id in expected)
    return Part(person_id=person_id, only=only) if only else None


def index_of_part(index: TimeIndex, part: Part) -> TimeIndex:
    """Return of the dates of a series those that concern one person, with their bounds.

    Where none does, the bounds are those of the series.
    """
    listed = tuple(date for date in index.listed if part.holds(date.original))
    dates = tuple(sorted({(date.starts_at, date.stops_at) for date in listed}))
    goes_on = bool(part.without) and index.stops_at is None
    latest = max((stop for _, stop in dates), default=index.stops_at)
    return TimeIndex(
        starts_at=min((start for start, _ in dates), default=index.starts_at),
        stops_at=None if goes_on else latest,
        is_long=True,
        dates=dates,
        listed=listed,
        indexed_until=index.indexed_until if goes_on else None,
    )

"""What time-range queries need to know of an appointment, computed once when it is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rdv_caldav.domain.appointment import State


@dataclass(frozen=True, slots=True)
class ListedDate:
    """One date of a series: where the series puts it, and when it takes place.

    ``original`` is naive wall clock in the zone of the series, as in
    :class:`rdv_caldav.domain.appointment.Occurrence`; the bounds are aware. ``state`` is given
    for a date that differs from the series, else None.
    """

    original: datetime
    starts_at: datetime
    stops_at: datetime
    state: State | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeIndex:
    """Bounds and dates as aware UTC instants.

    ``stops_at`` is None for a series without end. ``dates`` lists the dates of a series,
    moved and cancelled ones included, up to ``indexed_until``; that is None when it lists
    them all, as for a single appointment, which lists none. ``is_long`` marks series and
    whatever lasts more than a day. ``listed`` names the dates of an appointment one by one,
    also where two are at the same time.
    """

    starts_at: datetime
    stops_at: datetime | None
    is_long: bool
    dates: tuple[tuple[datetime, datetime], ...] = ()
    listed: tuple[ListedDate, ...] = ()
    indexed_until: datetime | None = None

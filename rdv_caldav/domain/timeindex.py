"""What time-range queries need to know of an appointment, computed once when it is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeIndex:
    """Bounds and dates as aware UTC instants.

    ``stops_at`` is None for a series without end. ``dates`` lists the dates of a series,
    moved and cancelled ones included, up to ``indexed_until``; that is None when it lists
    them all, as for a single appointment, which lists none. ``is_long`` marks series and
    whatever lasts more than a day.
    """

    starts_at: datetime
    stops_at: datetime | None
    is_long: bool
    dates: tuple[tuple[datetime, datetime], ...] = ()
    indexed_until: datetime | None = None

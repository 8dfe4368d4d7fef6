"""The dates of an object within a range, and what an index needs to know of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from rdv_caldav.domain.errors import NotCalendarData, TooManyInstances
from rdv_caldav.domain.timeindex import TimeIndex
from rdv_caldav.ical.contentlines import Component
from rdv_caldav.ical.extents import DAY, Extent
from rdv_caldav.ical.filters import TimeRange
from rdv_caldav.ical.moments import EARLIEST, LATEST, SECOND, Clock, shifted
from rdv_caldav.ical.recurrence import HORIZON, MAX_DATES
from rdv_caldav.ical.series import Instance, Series

TIMED = ("VEVENT", "VTODO", "VJOURNAL")
"""The components that have dates, and may repeat."""


def calendars_of(tree: Component) -> list[Component]:
    """Return the VCALENDARs of a text; ``tree`` may be one itself."""
    return [tree] if tree.name == "VCALENDAR" else tree.components("VCALENDAR")


def all_series(tree: Component, clock: Clock) -> Iterator[Series]:
    """Yield the components of each kind that have dates."""
    for calendar in calendars_of(tree):
        for kind in TIMED:
            components = calendar.components(kind)
            if components:
                yield Series(components, clock)


def instances(
    calendar: Component,
    *,
    start: datetime | None,
    end: datetime | None,
    floating_zone: str,
    most: int = MAX_DATES,
) -> list[Instance]:
    """Return the dates of an object that meet a range, in order of start.

    ``calendar`` is the outermost component of a text, or its VCALENDAR; ``start`` and ``end``
    are aware, the range is open where they are None. Overrides stand in the place of what
    they override, cancelled ones too; excluded dates are left out. Raises TooManyInstances for
    more than ``most``.
    """
    span = TimeRange(start, end)
    clock = Clock(calendar, floating_zone)
    found = []
    for series in all_series(calendar, clock):
        for instance in series.instances(span):
            if instance.extent.meets(span):
                found.append(instance)
                if len(found) > most:
                    raise TooManyInstances(f"more than {most} dates")
    return sorted(found, key=lambda instance: (instance.start, instance.original))


def index_of(
    calendar: Component, *, floating_zone: str, now: datetime, horizon: timedelta = HORIZON
) -> TimeIndex:
    """Return the bounds and dates of an object of VEVENTs, VTODOs or VJOURNALs.

    ``calendar`` is the outermost component of a text, or its VCALENDAR; ``now`` is aware.
    Bounds are those of RFC 4791 §9.9, never narrower: what it has a range meet, meets them
    when they are compared as events are (a range meets bounds that begin before its end and
    end after its start, or that are one instant at or after its start). Where the table of
    VTODOs has a range meet what it merely touches, they are a second wider. A VTODO without
    any date takes up all time, one with CREATED alone all time from then on; so does a
    VJOURNAL without date, though it meets no range: of that only a look into the text can
    tell. An object that excludes all its dates is an instant at the beginning of time.

    Raises NotCalendarData for a VEVENT without a start that can be read, or a rule that
    is not understood; TooManyInstances for more dates than can be listed.
    """
    series = list(all_series(calendar, Clock(calendar, floating_zone)))
    _check(calendar, series)
    repeats = any(one.repeats for one in series)
    if repeats:
        return _index_of_dates(series, now, horizon)
    for one in series:
        for instance in one.instances(TimeRange(None, None)):
            first, last = _bounds(instance.extent)
            is_long = last - first > DAY
            return TimeIndex(starts_at=first, stops_at=_stop(last), is_long=is_long)
    return TimeIndex(starts_at=EARLIEST, stops_at=None, is_long=True)


def _check(calendar: Component, series: list[Series]) -> None:
    """Refuse what has no dates, or too many to read them."""
    for one in series:
        if one.kind == "VEVENT" and one.has_undated:
            raise NotCalendarData("DTSTART is missing, or cannot be read")
    for each in calendars_of(calendar):
        for component in each.items:
            if isinstance(component, Component) and component.name in TIMED:
                lines = component.lines("RDATE", "EXDATE")
                if sum(line.raw.count(",") + 1 for line in lines) > MAX_DATES:
                    raise TooManyInstances(f"more than {MAX_DATES} dates added or excluded")


def _index_of_dates(series: list[Series], now: datetime, horizon: timedelta) -> TimeIndex:
    """Return the index of what repeats, or has several components."""
    dates: set[tuple[datetime, datetime]] = set()
    goes_on = False
    limit = shifted(max([now, *(one.starts_at for one in series)]), horizon)
    for one in series:
        listed, more = one.listed(limit, most=MAX_DATES)
        dates.update(_bounds(instance.extent) for instance in listed)
        goes_on |= more
    # on the days of a change of time, two dates may be one instant
    ordered = tuple(sorted(dates))
    nowhere = limit if goes_on else EARLIEST
    return TimeIndex(
        starts_at=min((first for first, _ in ordered), default=nowhere),
        stops_at=None if goes_on else _stop(max((last for _, last in ordered), default=nowhere)),
        is_long=True,
        dates=ordered,
        indexed_until=limit if goes_on else None,
    )


def _bounds(extent: Extent) -> tuple[datetime, datetime]:
    """Return bounds that meet, as those of events do, the ranges that meet an extent."""
    first, last = extent.first, extent.last
    if first == last and extent.holds_last and not extent.holds_first:
        return first, last
    return (
        shifted(first, -SECOND) if extent.holds_first else first,
        shifted(last, SECOND) if extent.holds_last else last,
    )


def _stop(last: datetime) -> datetime | None:
    return None if last == LATEST else last

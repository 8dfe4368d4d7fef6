"""When a component takes place, and which ranges it meets (RFC 4791 §9.9).

The tables of §9.9 differ in whether a range that only touches a component's first or last
instant meets it. An :class:`Extent` says so of both ends; a :class:`Plan` is what a component
says of itself, and makes the extent of each of its dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rdv_caldav.ical.contentlines import Component, ContentLine
from rdv_caldav.ical.filters import TimeRange
from rdv_caldav.ical.moments import (
    EARLIEST,
    LATEST,
    Clock,
    Moment,
    instant_of,
    read_duration,
    shifted,
)

DAY = timedelta(days=1)
_NOTHING = timedelta(0)
_NAMES = ("DTSTART", "DTEND", "DURATION", "DUE", "COMPLETED", "CREATED")


@dataclass(frozen=True, slots=True)
class Extent:
    """What a component takes up, as aware instants in UTC.

    A range that ends at ``first`` meets it only if it ``holds_first``, one that starts at
    ``last`` only if it ``holds_last``.
    """

    first: datetime
    last: datetime
    holds_first: bool = False
    holds_last: bool = False

    def meets(self, span: TimeRange) -> bool:
        """Tell whether a range overlaps it."""
        start, end = span.start, span.end
        return (end is None or end > self.first or (self.holds_first and end == self.first)) and (
            start is None or start < self.last or (self.holds_last and start == self.last)
        )


ALL_TIME = Extent(EARLIEST, LATEST, holds_first=True, holds_last=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a VEVENT, VTODO or VJOURNAL says of when it takes place.

    ``anchor`` is what recurs: DTSTART, or DUE of a VTODO without it. ``length`` is wall-clock
    time, None where nothing is said of an end. ``undated`` is the extent of a component
    without anchor; None where §9.9 has it meet no range.
    """

    kind: str
    anchor: Moment | None
    length: timedelta | None = None
    is_due: bool = False
    has_duration: bool = False
    undated: Extent | None = None

    @property
    def all_day(self) -> bool:
        """Whether it is written with dates."""
        return self.anchor is not None and self.anchor.is_date

    def bounds(self, wall: datetime, zone: str) -> tuple[datetime, datetime]:
        """Return first and last instant of its date at a wall-clock time."""
        first = instant_of(wall, zone)
        length = self.length
        if length is None and self.all_day and self.kind != "VTODO":
            length = DAY
        if not length:
            return first, first
        last = instant_of(shifted(wall, length), zone)
        # in the night that lacks an hour, half past two comes after three o'clock
        return first, last if length < _NOTHING else max(first, last)

    def extent(self, first: datetime, last: datetime) -> Extent:
        """Return what its date with these bounds takes up, by the table of its kind."""
        if self.kind != "VTODO":
            return Extent(first, last, holds_last=first == last)
        if self.is_due:
            return Extent(first, first, holds_first=True)
        if self.length is None:
            return Extent(first, first, holds_last=True)
        if last < first:
            return Extent(last, first, holds_first=True, holds_last=True)
        is_instant = first == last
        return Extent(
            first, last, holds_first=is_instant, holds_last=is_instant or self.has_duration
        )


def plan_of(component: Component, clock: Clock) -> Plan:
    """Return what a component says of when it takes place."""
    kind = component.name
    lines = {line.name: line for line in component.lines(*_NAMES)}
    start = clock.moment(lines.get("DTSTART"))
    due = clock.moment(lines.get("DUE")) if kind == "VTODO" else None
    if start is None:
        is_due = due is not None
        undated = None if is_due else _undated(kind, lines, clock)
        return Plan(kind=kind, anchor=due, is_due=is_due, undated=undated)
    end = due if kind == "VTODO" else clock.moment(lines.get("DTEND"))
    line = lines.get("DURATION")
    length, has_duration = None, False
    if end is not None:
        length = clock.wall(end, start.zone) - start.wall
    elif line is not None:
        length = read_duration(line.value)
        has_duration = length is not None
    if length is not None and kind != "VTODO":
        # DTEND = DTSTART for a whole day is wrong and common: it means that day
        length = max(length, DAY if start.is_date else _NOTHING)
    if kind == "VJOURNAL":
        length = None
    return Plan(kind=kind, anchor=start, length=length, has_duration=has_duration)


def _undated(kind: str, lines: dict[str, ContentLine], clock: Clock) -> Extent | None:
    """Return the extent of a component without start and due date: a VTODO's last four rows."""
    if kind != "VTODO":
        return None
    completed, created = clock.moment(lines.get("COMPLETED")), clock.moment(lines.get("CREATED"))
    if completed is not None and created is not None:
        first, last = sorted((completed.instant, created.instant))
        return Extent(first, last, holds_first=True, holds_last=True)
    if completed is not None:
        return Extent(completed.instant, completed.instant, holds_first=True, holds_last=True)
    if created is not None:
        return Extent(created.instant, LATEST, holds_last=True)
    return ALL_TIME

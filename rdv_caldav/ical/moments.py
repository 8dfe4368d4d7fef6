"""Dates, times, durations and periods as content lines write them (RFC 5545 §3.3).

Nothing here fails: what cannot be read is None, or left out of a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rdv_caldav.ical.contentlines import Component, ContentLine
from rdv_caldav.ical.parser_input import zone_definitions
from rdv_caldav.ical.timezones import UTC_ZONE, ZoneReader

EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC, microsecond=0)
SECOND = timedelta(seconds=1)
"""The grain of iCalendar's times, and of the ranges that are asked about."""

_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)([0-5]\d|60)(Z)?)?", re.ASCII)
_DURATION = re.compile(
    r"([+-])?P(?=.)(?:(\d{1,6})W)?(?:(\d{1,7})D)?"
    r"(?:T(?=.)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?",
    re.ASCII,
)
_LAST_SECOND = 59
"""Python knows no leap seconds."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A DATE or DATE-TIME: naive wall clock, and the IANA zone of that clock.

    A date is its midnight. ``is_floating`` marks what was written without any zone.
    """

    wall: datetime
    zone: str
    is_date: bool = False
    is_floating: bool = False

    @property
    def instant(self) -> datetime:
        """The moment in UTC, aware."""
        return instant_of(self.wall, self.zone)


def instant_of(wall: datetime, zone: str) -> datetime:
    """Return a wall-clock time of a zone as an aware instant in UTC."""
    if zone == UTC_ZONE:
        return wall.replace(tzinfo=UTC)
    try:
        return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:
        # at the ends of all time a day more or less does not matter
        return wall.replace(tzinfo=UTC)


def wall_of(instant: datetime, zone: str) -> datetime:
    """Return an aware instant as naive wall clock of a zone."""
    try:
        return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    except OverflowError:
        return instant.replace(tzinfo=None)


def shifted(moment: datetime, by: timedelta) -> datetime:
    """Return a moment later by a length, at the end of time where it would lie beyond."""
    try:
        return moment + by
    except OverflowError:
        end = EARLIEST if by < timedelta(0) else LATEST
        return end.replace(tzinfo=moment.tzinfo)


def utc_text(instant: datetime) -> str:
    """Return how an instant in UTC is written (RFC 5545 §3.3.5); strftime cuts early years."""
    return f"{instant.isoformat()[:19].replace('-', '').replace(':', '')}Z"


def date_text(wall: datetime) -> str:
    """Return how a date is written (RFC 5545 §3.3.4)."""
    return wall.isoformat()[:10].replace("-", "")


def read_duration(written: str) -> timedelta | None:
    """Return a DURATION (RFC 5545 §3.3.6), a day always being 24 hours."""
    match = _DURATION.fullmatch(written.strip().upper())
    if match is None:
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if match[1] == "-" else length


class Clock:
    """Reads the times of one object: in the zones that it defines or names.

    Floating times and dates are those of ``floating_zone``, an IANA name.
    """

    def __init__(self, tree: Component, floating_zone: str) -> None:
        """Take the definitions from ``tree``: the outermost component, or a VCALENDAR."""
        root = Component(items=[tree]) if tree.name else tree
        self.floating_zone = floating_zone
        self._zones = ZoneReader(floating_zone, zone_definitions(root), quiet=True)

    def moment(self, line: ContentLine | None) -> Moment | None:
        """Return the DATE or DATE-TIME of a line."""
        return None if line is None else self._moment(line.value.strip(), line)

    def moments(self, line: ContentLine) -> Iterator[Moment]:
        """Yield the DATEs and DATE-TIMEs of a line with a list, of periods their starts."""
        for written in line.value.split(","):
            moment = self._moment(written.partition("/")[0].strip(), line)
            if moment is not None:
                yield moment

    def periods(self, line: ContentLine) -> Iterator[tuple[Moment, datetime]]:
        """Yield the PERIODs of a line (RFC 5545 §3.3.9): start, and end as wall clock there."""
        for written in line.value.split(","):
            first, separator, last = written.partition("/")
            start = self._moment(first.strip(), line)
            if start is None or not separator:
                continue
            length, end = read_duration(last), self._moment(last.strip(), line)
            if length is not None:
                yield start, shifted(start.wall, length)
            elif end is not None:
                yield start, self.wall(end, start.zone)

    def _moment(self, written: str, line: ContentLine) -> Moment | None:
        match = _MOMENT.fullmatch(written)
        if match is None:
            return None
        year, month, day, hour, minute, second, is_utc = match.groups(default="0")
        try:
            clock = int(hour), int(minute), min(int(second), _LAST_SECOND)
            wall = datetime(int(year), int(month), int(day), *clock)  # noqa: DTZ001 - wall clock
        except ValueError:
            return None
        if match[4] is None:
            return Moment(wall, self.floating_zone, is_date=True)
        if is_utc == "Z":
            return Moment(wall, UTC_ZONE)
        tzid = line.params.get("TZID") if ";" in line.raw else None
        if not tzid:
            return Moment(wall, self.floating_zone, is_floating=True)
        return Moment(wall, self._zones.zone(tzid, wall))

    @staticmethod
    def wall(moment: Moment, zone: str) -> datetime:
        """Return a moment as naive wall clock of a zone."""
        return moment.wall if moment.zone == zone else wall_of(moment.instant, zone)

"""VTIMEZONEs: our own, and whether a client's agrees with the real zone.

Ours are blocks with RRULE, never lists of RDATEs, which Outlook ignores.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import icalendar

from rdv_caldav.ical.contentlines import Component
from rdv_caldav.ical.timezones import offsets_of

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_HOUR = timedelta(hours=1)


@lru_cache(maxsize=256)
def vtimezone(zone: str, year: int) -> str:
    """Return a VTIMEZONE for an IANA zone, by the rules in force in ``year``."""
    changes = _changes(ZoneInfo(zone), year)
    blocks = [_block(zone, change, repeats=len(changes) == 2) for change in changes]
    if not blocks:
        blocks = [_fixed_block(zone, datetime(year, 1, 1, tzinfo=UTC))]
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone}", *blocks, "END:VTIMEZONE"]
    return "\r\n".join(lines) + "\r\n"


def agrees(definition: Component, zone: str, year: int) -> bool:
    """Tell whether a client's VTIMEZONE has the real zone's offsets all through a year."""
    try:
        parsed = icalendar.Timezone.from_ical(definition.text())
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):
        return False
    if not isinstance(parsed, icalendar.Timezone):
        return False
    offset_at, real = offsets_of(parsed), ZoneInfo(zone)
    return all(
        offset_at(moment) == moment.replace(tzinfo=real).utcoffset()
        for month in range(1, 13)
        for moment in (datetime(year, month, 3, 12), datetime(year, month, 28, 12))  # noqa: DTZ001
    )


def _changes(zone: ZoneInfo, year: int) -> list[datetime]:
    """Return the UTC instants in a year at which the zone's offset changes."""
    found = []
    day = datetime(year, 1, 1, tzinfo=UTC)
    while day.year == year:
        tomorrow = day + timedelta(days=1)
        if _offset(day, zone) != _offset(tomorrow, zone):
            hour = day
            while _offset(hour, zone) == _offset(hour + _HOUR, zone):
                hour += _HOUR
            found.append(hour + _HOUR)
        day = tomorrow
    return found


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None, "zones have offsets"
    return offset


def _block(zone: str, change: datetime, *, repeats: bool) -> str:
    info = ZoneInfo(zone)
    before, after = _offset(change - _HOUR, info), _offset(change, info)
    wall = (change + before).replace(tzinfo=None)
    kind = "DAYLIGHT" if change.astimezone(info).dst() else "STANDARD"
    week = (wall.day - 1) // 7 + 1
    is_last = (wall + timedelta(days=7)).month != wall.month
    rule = (
        f"RRULE:FREQ=YEARLY;BYMONTH={wall.month};"
        f"BYDAY={-1 if is_last else week}{_WEEKDAYS[wall.weekday()]}"
    )
    return "\r\n".join(
        (
            f"BEGIN:{kind}",
            f"TZOFFSETFROM:{_written(before)}",
            f"TZOFFSETTO:{_written(after)}",
            f"TZNAME:{change.astimezone(info).tzname()}",
            f"DTSTART:{_first(wall) if repeats else wall:%Y%m%dT%H%M%S}",
            *([rule] if repeats else []),
            f"END:{kind}",
        )
    )


def _first(wall: datetime) -> datetime:
    """Return the same weekday of the same week of the month, in 1970 or soon after."""
    is_last = (wall + timedelta(days=7)).month != wall.month
    first = wall.replace(year=1970, day=1)
    first += timedelta(days=(wall.weekday() - first.weekday()) % 7)
    first += timedelta(weeks=0 if is_last else (wall.day - 1) // 7)
    while is_last and (first + timedelta(days=7)).month == first.month:
        first += timedelta(days=7)
    return first


def _fixed_block(zone: str, at: datetime) -> str:
    offset = _written(_offset(at, ZoneInfo(zone)))
    return "\r\n".join(
        (
            "BEGIN:STANDARD",
            f"TZOFFSETFROM:{offset}",
            f"TZOFFSETTO:{offset}",
            f"TZNAME:{at.astimezone(ZoneInfo(zone)).tzname()}",
            "DTSTART:19700101T000000",
            "END:STANDARD",
        )
    )


def _written(offset: timedelta) -> str:
    sign = "-" if offset < timedelta() else "+"
    minutes = int(abs(offset).total_seconds()) // 60
    return f"{sign}{minutes // 60:02}{minutes % 60:02}"

"""VTIMEZONEs: our own, and whether a client's agrees with the real zone.

Ours are blocks with RRULE, never lists of RDATEs, which Outlook ignores.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from rdv_caldav.ical.contentlines import Component, parse_components
from rdv_caldav.ical.zone_definitions import offsets_of

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LARGEST = 60_000
"""Characters of a client's definition that is still looked at; the longest seen has 20 000."""

_YEARS_FORESEEN = 5
_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=256)
def vtimezone(zone: str, year: int) -> str:
    """Return a VTIMEZONE for an IANA zone, by the rules in force in ``year``.

    Where no simple rule gives the changes of the years to come (Morocco, by the moon), it
    lists those of the next years one by one.
    """
    info = ZoneInfo(zone)
    changes = _changes(info, year)
    rules = [_rule(info, change) for change in changes]
    if len(changes) == 2 and all(rules):
        blocks = [
            _block(info, change, since=_in_1970(change + _before(info, change), rule), rule=rule)
            for change, rule in zip(changes, rules, strict=True)
        ]
    else:
        listed = [c for y in range(year, year + _YEARS_FORESEEN) for c in _changes(info, y)]
        blocks = [_steady_block(info, datetime(year, 1, 1, tzinfo=UTC))]
        blocks += [_block(info, c, since=c + _before(info, c)) for c in listed]
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone}", *blocks, "END:VTIMEZONE"]
    return "\r\n".join(lines) + "\r\n"


def agrees(definition: Component, zone: str, year: int) -> bool:
    """Tell whether a client's VTIMEZONE has the real zone's offsets all through a year."""
    return _agrees(definition.text(), zone, year)


@lru_cache(maxsize=256)
def _agrees(text: str, zone: str, year: int) -> bool:
    definition = next(iter(parse_components(text).components("VTIMEZONE")), None)
    if len(text) > _LARGEST or definition is None:
        return False
    offset_at, real = offsets_of(definition), ZoneInfo(zone)
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
            found.append(_first_after(day, tomorrow, zone))
        day = tomorrow
    return found


def _first_after(same: datetime, other: datetime, zone: ZoneInfo) -> datetime:
    """Return the first second with the offset of ``other``, halving the time between."""
    before = _offset(same, zone)
    while other - same > _SECOND:
        middle = same + (other - same) // _SECOND // 2 * _SECOND
        if _offset(middle, zone) == before:
            same = middle
        else:
            other = middle
    return other


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None, "zones have offsets"
    return offset


def _before(zone: ZoneInfo, change: datetime) -> timedelta:
    return _offset(change - _SECOND, zone)


def _rule(zone: ZoneInfo, change: datetime) -> str | None:
    """Return BYMONTH and BYDAY of a change, as the following years bear them out."""
    wall = change + _before(zone, change)
    for week in (-1, (wall.day - 1) // 7 + 1):
        days = (_day(wall.year + ahead, wall.month, week, wall.weekday()) for ahead in range(6))
        if all(
            day is not None and _turns(zone, day + (wall - wall.replace(hour=0, minute=0)), change)
            for day in days
        ):
            return f"BYMONTH={wall.month};BYDAY={week}{_WEEKDAYS[wall.weekday()]}"
    return None


def _turns(zone: ZoneInfo, wall: datetime, like: datetime) -> bool:
    """Tell whether the zone changes its offset at a wall-clock time, as it does at ``like``."""
    instant = wall - _before(zone, like)
    return _before(zone, instant) == _before(zone, like) and _offset(instant, zone) == _offset(
        like, zone
    )


def _day(year: int, month: int, week: int, weekday: int) -> datetime | None:
    """Return the weekday of a week of a month, the last for -1; None if there is none."""
    days = [datetime(year, month, 1, tzinfo=UTC) + timedelta(days=n) for n in range(31)]
    fitting = [day for day in days if day.month == month and day.weekday() == weekday]
    if week > len(fitting):
        return None
    return fitting[-1] if week < 0 else fitting[week - 1]


def _in_1970(wall: datetime, rule: str | None) -> datetime:
    """Return the time of day of ``wall`` on the day of its rule in 1970, as DTSTART."""
    week = -1 if rule and "BYDAY=-1" in rule else (wall.day - 1) // 7 + 1
    day = _day(1970, wall.month, week, wall.weekday())
    assert day is not None, "a week that six years have is no fifth one"
    return day.replace(hour=wall.hour, minute=wall.minute)


def _block(zone: ZoneInfo, change: datetime, *, since: datetime, rule: str | None = None) -> str:
    before, after = _before(zone, change), _offset(change, zone)
    # by the offsets, not by what the zone's own data call it: Ireland's summer is its standard
    kind = "DAYLIGHT" if after > before else "STANDARD"
    return "\r\n".join(
        (
            f"BEGIN:{kind}",
            f"TZOFFSETFROM:{_written(before)}",
            f"TZOFFSETTO:{_written(after)}",
            f"TZNAME:{change.astimezone(zone).tzname()}",
            f"DTSTART:{since:%Y%m%dT%H%M%S}",
            *([f"RRULE:FREQ=YEARLY;{rule}"] if rule else []),
            f"END:{kind}",
        )
    )


def _steady_block(zone: ZoneInfo, at: datetime) -> str:
    offset = _written(_offset(at, zone))
    return "\r\n".join(
        (
            "BEGIN:STANDARD",
            f"TZOFFSETFROM:{offset}",
            f"TZOFFSETTO:{offset}",
            f"TZNAME:{at.astimezone(zone).tzname()}",
            "DTSTART:19700101T000000",
            "END:STANDARD",
        )
    )


def _written(offset: timedelta) -> str:
    sign = "-" if offset < timedelta() else "+"
    minutes = int(abs(offset).total_seconds()) // 60
    return f"{sign}{minutes // 60:02}{minutes % 60:02}"

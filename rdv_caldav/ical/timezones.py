"""Which zone a TZID means: IANA names, Windows names, and definitions by their offsets."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

import icalendar
from icalendar.cal import Component as IcalComponent
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from rdv_caldav.ical.contentlines import Component, ContentLine
from rdv_caldav.ical.values import values_of

logger = logging.getLogger(__name__)

UTC_ZONE = "UTC"
_YEARLY_RULE = re.compile(
    r"FREQ=YEARLY(;(BYMONTH|BYDAY|BYMONTHDAY|UNTIL|INTERVAL|COUNT|WKST)=[\w,+-]+)*", re.IGNORECASE
)


@lru_cache
def _iana_names() -> Mapping[str, str]:
    return {name.casefold(): name for name in available_timezones()}


@lru_cache
def _windows_names() -> Mapping[str, str]:
    return {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}


@lru_cache(maxsize=1024)
def known_zone(tzid: str) -> str | None:
    """Return the IANA zone that a TZID names by itself, if it does.

    Besides plain names: Windows names (CLDR), and globally unique ones such as
    ``/freeassociation.sourceforge.net/Europe/Paris``, which end with the plain name.
    """
    wanted = tzid.strip().strip('"')
    if wanted.casefold() in ("utc", "gmt", "z", "etc/utc"):
        return UTC_ZONE
    parts = wanted.split("/")
    for length in (len(parts), 3, 2):
        name = "/".join(parts[-length:]).casefold()
        if name in _iana_names():
            return _iana_names()[name]
    windows = _windows_names().get(wanted.casefold())
    return _iana_names().get(windows.casefold()) if windows else None


class ZoneReader:
    """Finds the zone of each TZID of one calendar object.

    ``definitions`` are its VTIMEZONEs whose names say nothing; they are matched by their
    offsets, the agency's own zone first.
    """

    def __init__(
        self, agency_zone: str, definitions: Mapping[str, icalendar.Timezone] | None = None
    ) -> None:
        """Remember the agency's zone, for floating times and unknown names."""
        self.agency_zone = agency_zone
        self._definitions = definitions or {}

    def zone(self, tzid: str, at: datetime) -> str:
        """Return the IANA zone of ``tzid`` for a date around ``at`` (naive)."""
        named = known_zone(tzid)
        if named is not None:
            return named
        definition = self._definitions.get(tzid)
        if definition is not None:
            matching = self._by_offsets(definition, at)
            if matching is not None:
                return matching
        logger.warning("unknown time zone in a calendar object: taken for %s", self.agency_zone)
        return self.agency_zone

    def _by_offsets(self, definition: icalendar.Timezone, at: datetime) -> str | None:
        offset_at = offsets_of(definition)
        moments = _moments_around(at)
        wanted = [offset_at(moment) for moment in moments]
        if None in wanted:
            return None
        for name in _candidates(self.agency_zone):
            zone = ZoneInfo(name)
            if all(
                moment.replace(tzinfo=zone).utcoffset() == offset
                for moment, offset in zip(moments, wanted, strict=True)
            ):
                return name
        return None


def _moments_around(at: datetime) -> list[datetime]:
    """The date itself and noons all over its year, so that both halves of DST are seen."""
    return [at, *(datetime(at.year, month, 15, 12) for month in range(1, 13))]  # noqa: DTZ001


def _candidates(first: str) -> Iterator[str]:
    yield first
    names = sorted(available_timezones())
    yield from (name for name in names if name.startswith("Europe/"))
    yield from names


def offsets_of(
    definition: icalendar.Timezone,
) -> Callable[[datetime], timedelta | None]:
    """Return a function from a naive wall-clock time to a VTIMEZONE's own offset then.

    It gives None where the definition cannot be used.
    """
    if not all(_is_harmless(block) for block in definition.subcomponents):
        return _no_offset

    @cache
    def zone() -> tzinfo:
        made: tzinfo = definition.to_tz(lookup_tzid=False)
        return made

    def offset(moment: datetime) -> timedelta | None:
        try:
            return moment.replace(tzinfo=zone()).utcoffset()
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError):
            return None

    return offset


def _no_offset(_: datetime) -> timedelta | None:
    return None


def _is_harmless(block: IcalComponent) -> bool:
    """Tell whether a STANDARD or DAYLIGHT block repeats once a year at most.

    Expanding a rule that repeats every second would not end.
    """
    return all(
        _YEARLY_RULE.fullmatch(rule.to_ical().decode()) for rule in values_of(block, "RRULE")
    )


def to_wall(moment: datetime, *, from_zone: str, zone: str) -> datetime:
    """Return a naive wall-clock time of one zone as that of another."""
    if from_zone == zone:
        return moment
    aware = moment.replace(tzinfo=ZoneInfo(from_zone))
    return aware.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def component_key(event: Component, *, zone: str, series_tzid: str | None) -> str:
    """Return what names a VEVENT in its object: "" for the master, else its original start.

    The original start is ISO wall clock in ``zone``, the zone of the series, midnight for
    dates; ``series_tzid`` is the TZID as the master's DTSTART writes it.
    """
    line = event.line("RECURRENCE-ID")
    return "" if line is None else recurrence_wall(line, zone, series_tzid).isoformat()


def recurrence_wall(line: ContentLine, zone: str, series_tzid: str | None) -> datetime:
    """Return the naive wall-clock time in ``zone`` of a RECURRENCE-ID line."""
    value = line.value.strip()
    wall = datetime.strptime(value[:8], "%Y%m%d")  # noqa: DTZ007 - wall clock by design
    if len(value) == len("YYYYMMDD"):
        return wall
    wall = datetime.strptime(value[:15], "%Y%m%dT%H%M%S")  # noqa: DTZ007
    if value.endswith("Z"):
        return wall.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    tzid = line.params.get("TZID")
    if tzid is None or tzid == series_tzid:
        return wall
    return to_wall(wall, from_zone=known_zone(tzid) or zone, zone=zone)

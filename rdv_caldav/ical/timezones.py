"""Which zone a TZID means: IANA names, Windows names, and definitions by their offsets."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from rdv_caldav.ical.contentlines import Component, ContentLine
from rdv_caldav.ical.zone_definitions import offsets_of

logger = logging.getLogger(__name__)

UTC_ZONE = "UTC"
_LARGEST_KEPT = 5_000
"""Characters of a definition whose zone is remembered."""

_MOST_COMPARED = 20
"""Definitions of one object that are compared with real zones: honest ones use one or two."""

# names that mean what the server's administrator or nobody decided
_NO_ZONES = frozenset({"localtime", "Factory", "posixrules"})


@lru_cache
def _iana_names() -> Mapping[str, str]:
    return {name.casefold(): name for name in available_timezones() - _NO_ZONES}


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
    """Finds the zone of each TZID of one calendar object, the same one on every date.

    ``definitions`` are its VTIMEZONEs by TZID; those whose names say nothing are matched by
    their offsets, the agency's own zone first.
    """

    def __init__(
        self,
        agency_zone: str,
        definitions: Mapping[str, Component] | None = None,
        *,
        quiet: bool = False,
    ) -> None:
        """Remember the agency's zone, for floating times and unknown names.

        A name that says nothing is logged unless ``quiet``: where stored objects are read.
        """
        self.agency_zone = agency_zone
        self._quiet = quiet
        self._definitions = definitions or {}
        self._found: dict[str, str] = {}
        self._compared = 0

    def zone(self, tzid: str, at: datetime) -> str:
        """Return the IANA zone of ``tzid``, as it is for a date around ``at`` (naive)."""
        if tzid not in self._found:
            self._found[tzid] = (
                known_zone(tzid) or self._with_same_offsets(tzid, at) or self._assumed()
            )
        return self._found[tzid]

    def _with_same_offsets(self, tzid: str, at: datetime) -> str | None:
        definition = self._definitions.get(tzid)
        if definition is None or self._compared == _MOST_COMPARED:
            return None
        self._compared += 1
        text = definition.text()
        if len(text) > _LARGEST_KEPT:
            return _like(_Definition("", definition), at, self.agency_zone)
        return _remembered(_Definition(text, definition), at, self.agency_zone)

    def _assumed(self) -> str:
        # neither the name nor anything else of the object: it may be personal
        if not self._quiet:
            logger.warning("unknown time zone in a calendar object: taken for %s", self.agency_zone)
        return self.agency_zone


@dataclass(frozen=True, slots=True)
class _Definition:
    """A VTIMEZONE, the same one where its text is the same."""

    text: str
    component: Component = field(compare=False)


def _like(definition: _Definition, at: datetime, first: str) -> str | None:
    """Return a zone with the offsets of a definition all over the year of ``at``."""
    offset_at = offsets_of(definition.component)
    moments = _noons_around(at)
    wanted = [offset_at(moment) for moment in moments]
    if None in wanted:
        return None
    return next((zone for zone in _candidates(first) if _offsets(zone, moments) == wanted), None)


# a definition that no zone agrees with is compared with all of them, whenever it is read
_remembered = lru_cache(maxsize=256)(_like)


def _noons_around(at: datetime) -> list[datetime]:
    """The day itself and days all over its year, so that both halves of DST are seen."""
    return [at.replace(hour=12), *(datetime(at.year, month, 15, 12) for month in range(1, 13))]  # noqa: DTZ001


def _offsets(zone: str, moments: Iterable[datetime]) -> list[timedelta | None]:
    info = ZoneInfo(zone)
    return [moment.replace(tzinfo=info).utcoffset() for moment in moments]


def _candidates(first: str) -> Iterator[str]:
    yield first
    names = sorted(_iana_names().values())
    yield from (name for name in names if name.startswith("Europe/"))
    yield from names


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
    tzid = UTC_ZONE if value.endswith("Z") else line.params.get("TZID")
    return series_wall(wall, tzid, zone=zone, series_tzid=series_tzid)


def series_wall(
    wall: datetime, tzid: str | None, *, zone: str, series_tzid: str | None
) -> datetime:
    """Return a wall-clock time of ``tzid`` in the zone of its series.

    Without a TZID, or with one that says nothing, it is the series' own clock already.
    """
    if tzid is None or tzid == series_tzid:
        return wall
    return to_wall(wall, from_zone=known_zone(tzid) or zone, zone=zone)

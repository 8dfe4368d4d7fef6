"""The zone of a calendar's floating times: calendar-timezone and calendar-timezone-id."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache

from rdv_caldav.domain.clock import system_clock
from rdv_caldav.ical.contentlines import parse_components
from rdv_caldav.ical.parser_input import zone_definitions
from rdv_caldav.ical.timezones import ZoneReader, known_zone
from rdv_radicale.names import caldav

TIMEZONE = caldav("calendar-timezone")
TIMEZONE_ID = caldav("calendar-timezone-id")

logger = logging.getLogger(__name__)


def zone_of(kept: Mapping[str, str], agency_zone: str) -> str:
    """Return the IANA zone that a calendar's properties name, else the agency's."""
    if TIMEZONE_ID in kept:
        return known_zone(kept[TIMEZONE_ID]) or agency_zone
    if TIMEZONE in kept:
        return zone_in(kept[TIMEZONE], agency_zone) or agency_zone
    return agency_zone


@lru_cache(maxsize=64)
def zone_in(text: str, agency_zone: str) -> str | None:
    """Return the IANA zone of an iCalendar object with one VTIMEZONE, None if it is none."""
    definitions = zone_definitions(parse_components(text))
    if len(definitions) != 1:
        return None
    ((tzid, definition),) = definitions.items()
    if not definition.end:
        return None
    reader = ZoneReader(agency_zone, {tzid: definition})
    return reader.zone(tzid, system_clock().replace(tzinfo=None))

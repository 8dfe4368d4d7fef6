"""Properties that each account sets for itself: name, description, colour, order, zone."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable

from rdv_caldav.domain.clock import system_clock
from rdv_caldav.ical.timezones import known_zone
from rdv_caldav.ical.vtimezones import vtimezone
from rdv_radicale.answers import DavRefused
from rdv_radicale.names import apple, caldav, dav, escaped
from rdv_radicale.properties.registry import COLLECTIONS, Property, dead_setter, is_element
from rdv_radicale.resources.base import CalendarResource, Kind, Resource
from rdv_radicale.resources.zones import TIMEZONE, TIMEZONE_ID, zone_in

LONGEST_VALUE = 100_000
"""Characters of one property; the longest VTIMEZONE seen has 20 000."""

_CALENDARS = frozenset({Kind.CALENDAR})


def text_of(sent: ET.Element) -> str:
    """Return the text of an element. Raises DavRefused if it is too long or has elements."""
    text = sent.text or ""
    if len(sent) or len(text) > LONGEST_VALUE:
        raise DavRefused(dav("cannot-modify-protected-property"), "a text is expected here")
    return text


def _described(sent: ET.Element) -> str:
    """Keep a text with its language (RFC 4791 §5.2.1), as a whole element if it has one."""
    text = text_of(sent)
    return dead_setter(sent) if sent.attrib or is_element(text) else text


def _timezone(sent: ET.Element) -> str:
    """RFC 4791 §5.2.2: an iCalendar object with exactly one VTIMEZONE."""
    text = text_of(sent).strip()
    # what begins as an element would be taken for one when it is read
    if is_element(text) or zone_in(text, "UTC") is None:
        raise DavRefused(caldav("valid-calendar-data"), "one VTIMEZONE is expected here")
    return text


def _timezone_id(sent: ET.Element) -> str:
    """RFC 7809 §5.2: the name of a zone that is known."""
    text = text_of(sent).strip()
    if known_zone(text) is None:
        raise DavRefused(caldav("valid-timezone"), "this is no time zone of the tz database")
    return text


def _kept(name: str, default: Callable[[Resource], str | None]) -> Callable[..., str | None]:
    def get(resource: Resource, _base: str) -> str | None:
        value = resource.kept.get(name)
        value = default(resource) if value is None else value
        return None if value is None else escaped(value)

    return get


def _none(_resource: Resource) -> None:
    return None


def _colour(resource: Resource) -> str | None:
    return resource.colour if isinstance(resource, CalendarResource) else None


def _own_timezone(resource: Resource) -> str | None:
    if not isinstance(resource, CalendarResource):
        return None
    definition = vtimezone(resource.zone, system_clock().year)
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//rdv-caldav//FR\r\n"
        f"{definition}END:VCALENDAR\r\n"
    )


def _own_timezone_id(resource: Resource) -> str | None:
    return resource.zone if isinstance(resource, CalendarResource) else None


displayname = Property(
    name=dav("displayname"),
    kinds=COLLECTIONS | {Kind.PRINCIPAL},
    get=_kept(dav("displayname"), lambda resource: resource.display_name),
    setter=_described,
    in_allprop=True,
)
PROPERTIES = tuple(
    Property(name=name, kinds=_CALENDARS, get=_kept(name, default), setter=setter)
    for name, default, setter in (
        (caldav("calendar-description"), _none, _described),
        (TIMEZONE, _own_timezone, _timezone),
        (TIMEZONE_ID, _own_timezone_id, _timezone_id),
        (apple("calendar-color"), _colour, _described),
        (apple("calendar-order"), _none, _described),
    )
)

SUPERSEDES = {TIMEZONE: TIMEZONE_ID, TIMEZONE_ID: TIMEZONE}
"""Setting one of these makes the other one void (RFC 7809 §5.2)."""

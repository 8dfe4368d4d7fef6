"""Properties of scheduling (RFC 6638 §2, §9; RFC 7953)."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from rdv_caldav.domain.errors import NotCalendarData
from rdv_caldav.ical.availability import checked_availability
from rdv_caldav.services import working_hours
from rdv_radicale.answers import DavRefused
from rdv_radicale.names import caldav, calendarserver, element, escaped, href_element, text_element
from rdv_radicale.paths import write_path
from rdv_radicale.properties.registry import Getter, Property, dead_setter
from rdv_radicale.properties.settable import text_of
from rdv_radicale.resources.base import CalendarObject, Kind, Resource
from rdv_radicale.resources.scheduling import INBOX, OUTBOX, Inbox, PersonPrincipal
from rdv_radicale.resources.tree import Home

AVAILABILITY = caldav("calendar-availability")
"""Working hours (RFC 7953), a property of the inbox."""

_HOME = frozenset({Kind.HOME})
_PRINCIPALS = frozenset({Kind.HOME, Kind.PRINCIPAL})
_TRANSPARENCY = (caldav("opaque"), caldav("transparent"))


def _box(name: str) -> Getter:
    def get(resource: Resource, base: str) -> str:
        return href_element(write_path(base, resource.now.login, name, is_collection=True))

    return get


def _default_calendar(resource: Resource, base: str) -> str | None:
    assert isinstance(resource, Inbox)
    place = resource.default_calendar
    return None if place is None else href_element(write_path(base, *place, is_collection=True))


def _addresses(resource: Resource) -> tuple[str, ...]:
    assert isinstance(resource, PersonPrincipal | Home)
    return resource.addresses


def _address_set(resource: Resource, base: str) -> str:
    """The addresses, mailto first: programs take the first one for the user's."""
    mailtos = "".join(href_element(f"mailto:{escaped(each)}") for each in _addresses(resource))
    return mailtos + href_element(write_path(base, *resource.segments, is_collection=True))


def _emails(resource: Resource, _base: str) -> str:
    name = calendarserver("email-address")
    return "".join(text_element(name, each) for each in _addresses(resource))


def _transparency(_resource: Resource, _base: str) -> str:
    return element(caldav("opaque"))


def _set_transparency(sent: ET.Element) -> str:
    if [child.tag for child in sent] not in [[name] for name in _TRANSPARENCY]:
        raise DavRefused(caldav("valid-schedule-calendar-transp"), "opaque or transparent")
    return dead_setter(sent)


def _schedule_tag(resource: Resource, _base: str) -> str | None:
    tag = resource.found.schedule_tag if isinstance(resource, CalendarObject) else None
    return None if tag is None else escaped(tag)


def _availability(resource: Resource, _base: str) -> str | None:
    return escaped(working_hours.own_availability(resource.now.tx, resource.now.actor)) or None


def _set_availability(sent: ET.Element) -> str:
    try:
        return checked_availability(text_of(sent))
    except NotCalendarData as error:
        raise DavRefused(caldav("valid-calendar-data"), str(error)) from error


def _live(name: str, kinds: frozenset[Kind], get: Getter) -> Property:
    return Property(name=name, kinds=kinds, get=get)


PROPERTIES = (
    _live(caldav("schedule-inbox-URL"), _HOME, _box(INBOX)),
    _live(caldav("schedule-outbox-URL"), _HOME, _box(OUTBOX)),
    _live(caldav("schedule-default-calendar-URL"), frozenset({Kind.INBOX}), _default_calendar),
    _live(caldav("calendar-user-address-set"), _PRINCIPALS, _address_set),
    _live(caldav("calendar-user-type"), _PRINCIPALS, lambda *_: "INDIVIDUAL"),
    _live(calendarserver("email-address-set"), _PRINCIPALS, _emails),
    Property(
        name=AVAILABILITY,
        kinds=frozenset({Kind.INBOX}),
        get=_availability,
        setter=_set_availability,
    ),
    _live(caldav("schedule-tag"), frozenset({Kind.OBJECT}), _schedule_tag),
    Property(
        name=caldav("schedule-calendar-transp"),
        kinds=frozenset({Kind.CALENDAR}),
        get=_transparency,
        setter=_set_transparency,
    ),
)

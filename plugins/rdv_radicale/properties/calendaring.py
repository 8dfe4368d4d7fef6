"""Properties of CalDAV (RFC 4791 §5.2, §6.2) and of what grew around it."""

from __future__ import annotations

from rdv_caldav.domain.personal import COMPONENTS
from rdv_caldav.ical.component_checks import LIMITS
from rdv_caldav.ical.recurrence import MAX_DATES
from rdv_radicale.names import (
    caldav,
    calendarserver,
    element,
    escaped,
    href_element,
    text_element,
)
from rdv_radicale.paths import write_path
from rdv_radicale.properties.registry import Getter, Property
from rdv_radicale.resources.base import CalendarResource, Kind, Resource
from rdv_radicale.resources.personal import Folder

COLLATIONS = ("i;ascii-casemap", "i;octet", "i;unicode-casemap")

_CALENDARS = frozenset({Kind.CALENDAR})
_HOME = frozenset({Kind.HOME})
_PRINCIPALS = frozenset({Kind.HOME, Kind.PRINCIPAL})
_TAGGED = frozenset({Kind.CALENDAR, Kind.FOLDER, Kind.INBOX})


def _components(resource: Resource, _base: str) -> str:
    assert isinstance(resource, CalendarResource)
    return "".join(f'<C:comp name="{name}"/>' for name in resource.components)


def _component_sets(_resource: Resource, _base: str) -> str:
    """Which sets a new calendar may have: any, which Apple wants to know beforehand."""
    return "".join(
        element(caldav("supported-calendar-component-set"), f'<C:comp name="{name}"/>')
        for name in COMPONENTS
    )


def _calendar_data(_resource: Resource, _base: str) -> str:
    return '<C:calendar-data content-type="text/calendar" version="2.0"/>'


def _collations(_resource: Resource, _base: str) -> str:
    return "".join(text_element(caldav("supported-collation"), name) for name in COLLATIONS)


def _home(resource: Resource, base: str) -> str:
    """The account's own home, for other principals too: what one may see of them lies there."""
    return href_element(write_path(base, resource.now.login, is_collection=True))


def _ctag(resource: Resource, _base: str) -> str | None:
    return escaped(resource.tag) if isinstance(resource, CalendarResource) else None


def _folder_ctag(resource: Resource, base: str) -> str | None:
    if isinstance(resource, Folder):
        return escaped(resource.sync_token)
    return _ctag(resource, base)


def _fixed(name: str, value: str) -> Property:
    return Property(name=caldav(name), kinds=_CALENDARS, get=lambda *_: value)


def _live(name: str, kinds: frozenset[Kind], get: Getter) -> Property:
    return Property(name=name, kinds=kinds, get=get)


PROPERTIES = (
    _live(caldav("supported-calendar-component-set"), _CALENDARS, _components),
    _live(caldav("supported-calendar-component-sets"), _HOME, _component_sets),
    _live(caldav("supported-calendar-data"), _CALENDARS, _calendar_data),
    _live(caldav("supported-collation-set"), _CALENDARS, _collations),
    _fixed("max-resource-size", str(LIMITS.max_size)),
    _fixed("min-date-time", f"{LIMITS.min_year:04}0101T000000Z"),
    _fixed("max-date-time", f"{LIMITS.max_year:04}1231T235959Z"),
    _fixed("max-instances", str(MAX_DATES)),
    _fixed("max-attendees-per-instance", str(LIMITS.max_attendees)),
    _live(caldav("calendar-home-set"), _PRINCIPALS, _home),
    _live(calendarserver("getctag"), _TAGGED, _folder_ctag),
)

"""Properties of WebDAV, its access control, quota and synchronisation.

RFC 4918 §15, RFC 3744 §5, RFC 4331, RFC 5397, RFC 6578 §4.
"""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import format_datetime

from rdv_caldav.ical.merging import merged
from rdv_caldav.services.personal import collections
from rdv_radicale.names import caldav, dav, element, escaped, href_element
from rdv_radicale.paths import write_path
from rdv_radicale.properties.privileges import acl, current_user_privileges, supported_privileges
from rdv_radicale.properties.registry import COLLECTIONS, EVERYWHERE, Getter, Property
from rdv_radicale.properties.settable import displayname
from rdv_radicale.resources.base import CalendarObject, CalendarResource, Kind, Resource
from rdv_radicale.resources.personal import File, Folder

_TYPES = {
    Kind.ROOT: ("collection",),
    Kind.HOME: ("collection", "principal"),
    Kind.CALENDAR: ("collection",),
    Kind.FOLDER: ("collection",),
    Kind.PRINCIPAL: ("principal",),
    Kind.INBOX: ("collection",),
    Kind.OUTBOX: ("collection",),
}
_CALDAV_TYPES = {
    Kind.CALENDAR: "calendar",
    Kind.INBOX: "schedule-inbox",
    Kind.OUTBOX: "schedule-outbox",
}
_PRINCIPAL_REPORTS = (
    "principal-match",
    "principal-property-search",
    "principal-search-property-set",
)
_REPORTS = {
    Kind.ROOT: ("expand-property", *_PRINCIPAL_REPORTS),
    Kind.HOME: ("expand-property", *_PRINCIPAL_REPORTS),
    Kind.CALENDAR: ("sync-collection", "expand-property", *_PRINCIPAL_REPORTS),
    Kind.FOLDER: ("sync-collection", "expand-property", *_PRINCIPAL_REPORTS),
    Kind.INBOX: ("sync-collection", "expand-property"),
    Kind.OUTBOX: ("expand-property",),
    Kind.PRINCIPAL: ("expand-property",),
    Kind.OBJECT: ("expand-property",),
    Kind.FILE: ("expand-property",),
}
_CALENDAR_REPORTS = {
    Kind.CALENDAR: ("calendar-query", "calendar-multiget", "free-busy-query"),
    Kind.HOME: ("calendar-multiget", "free-busy-query"),
    Kind.INBOX: ("calendar-query", "calendar-multiget"),
}


def _resourcetype(resource: Resource, _base: str) -> str:
    types = "".join(element(dav(name)) for name in _TYPES.get(resource.kind, ()))
    special = _CALDAV_TYPES.get(resource.kind)
    return types if special is None else types + element(caldav(special))


def _getetag(resource: Resource, _base: str) -> str | None:
    return None if resource.etag is None else escaped(resource.etag)


def content_type(resource: Resource) -> str | None:
    """Return the media type of what GET answers."""
    if isinstance(resource, CalendarObject):
        return f"text/calendar; charset=utf-8; component={resource.found.component}"
    if isinstance(resource, File):
        return resource.found.content_type
    return "text/calendar; charset=utf-8" if resource.kind is Kind.CALENDAR else None


def _getcontenttype(resource: Resource, _base: str) -> str | None:
    found = content_type(resource)
    return None if found is None else escaped(found)


def _has_one_component(calendar: CalendarResource) -> bool:
    return len(calendar.components) == 1


def _getcontentlength(resource: Resource, _base: str) -> str | None:
    if isinstance(resource, CalendarObject):
        return str(len(resource.text.encode()))
    if isinstance(resource, CalendarResource):
        return str(sum(map(len, whole_calendar(resource))))
    return str(resource.found.size) if isinstance(resource, File) else None


def whole_calendar(calendar: CalendarResource) -> Iterator[bytes]:
    """Yield a calendar as one .ics file, in pieces."""
    texts = (member.text for member in calendar.objects())
    return (piece.encode() for piece in merged(texts, name=calendar.display_name or ""))


def _getlastmodified(resource: Resource, _base: str) -> str | None:
    moment = resource.last_modified
    return None if moment is None else format_datetime(moment, usegmt=True)


def _creationdate(resource: Resource, _base: str) -> str | None:
    moment = resource.created_at
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _principal(resource: Resource, base: str) -> str:
    return href_element(write_path(base, resource.now.login, is_collection=True))


def _own_principal(resource: Resource, base: str) -> str:
    return href_element(write_path(base, *resource.segments, is_collection=True))


def _principal_collections(_resource: Resource, base: str) -> str:
    return href_element(f"{base}/")


def _nothing(_resource: Resource, _base: str) -> str:
    return ""


def _reports(resource: Resource, _base: str) -> str:
    names = [caldav(name) for name in _CALENDAR_REPORTS.get(resource.kind, ())]
    names += [dav(name) for name in _REPORTS[resource.kind]]
    return "".join(
        element(dav("supported-report"), element(dav("report"), element(name))) for name in names
    )


def _sync_token(resource: Resource, _base: str) -> str | None:
    return resource.sync_token if isinstance(resource, CalendarResource | Folder) else None


def _used(resource: Resource, _base: str) -> str:
    return str(collections.usage(resource.now.tx, resource.now.actor).used)


def _available(resource: Resource, _base: str) -> str:
    usage = collections.usage(resource.now.tx, resource.now.actor)
    return str(max(0, usage.quota - usage.used))


def _always(_calendar: CalendarResource) -> bool:
    return True


def _live(name: str, kinds: frozenset[Kind], get: Getter) -> Property:
    return Property(name=dav(name), kinds=kinds, get=get)


_TAGGED = EVERYWHERE - {Kind.ROOT, Kind.HOME, Kind.OUTBOX, Kind.PRINCIPAL}
_LEAVES = frozenset({Kind.OBJECT, Kind.FILE})
_PRINCIPALS = frozenset({Kind.HOME, Kind.PRINCIPAL})

PROPERTIES = (
    Property(
        name=dav("resourcetype"),
        kinds=EVERYWHERE,
        get=_resourcetype,
        in_allprop=True,
        is_shared=_always,
    ),
    displayname,
    Property(name=dav("getetag"), kinds=_TAGGED, get=_getetag, in_allprop=True),
    Property(
        name=dav("getcontenttype"),
        kinds=_TAGGED,
        get=_getcontenttype,
        in_allprop=True,
        is_shared=_has_one_component,
    ),
    Property(
        name=dav("getcontentlength"),
        kinds=_LEAVES | {Kind.CALENDAR},
        get=_getcontentlength,
        # of a calendar it costs as much as reading it all
        in_allprop=False,
    ),
    Property(name=dav("getlastmodified"), kinds=_TAGGED, get=_getlastmodified, in_allprop=True),
    Property(name=dav("creationdate"), kinds=_TAGGED, get=_creationdate, in_allprop=True),
    Property(name=dav("owner"), kinds=EVERYWHERE, get=_principal, is_shared=_always),
    Property(
        name=dav("current-user-principal"), kinds=EVERYWHERE, get=_principal, is_shared=_always
    ),
    _live("principal-URL", _PRINCIPALS, _own_principal),
    _live("alternate-URI-set", _PRINCIPALS, _nothing),
    _live("group-membership", _PRINCIPALS, _nothing),
    _live("group-member-set", _PRINCIPALS, _nothing),
    _live("principal-collection-set", EVERYWHERE, _principal_collections),
    _live("current-user-privilege-set", EVERYWHERE, current_user_privileges),
    _live("supported-privilege-set", EVERYWHERE, supported_privileges),
    _live("acl", EVERYWHERE, acl),
    _live("acl-restrictions", EVERYWHERE, lambda *_: "<D:grant-only/><D:no-invert/>"),
    _live("inherited-acl-set", EVERYWHERE, _nothing),
    _live("supported-report-set", EVERYWHERE, _reports),
    _live("sync-token", frozenset({Kind.CALENDAR, Kind.FOLDER, Kind.INBOX}), _sync_token),
    _live("quota-used-bytes", COLLECTIONS, _used),
    _live("quota-available-bytes", COLLECTIONS, _available),
)

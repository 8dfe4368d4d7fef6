"""REPORT: which report it is, and where that report makes sense (RFC 3253 §3.6)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping

from rdv_radicale.answers import Answer, DavRefused
from rdv_radicale.malformed import BadRequest
from rdv_radicale.names import caldav, dav
from rdv_radicale.reports.calendar_query import calendar_query
from rdv_radicale.reports.expand_property import expand_property
from rdv_radicale.reports.free_busy import free_busy_query
from rdv_radicale.reports.multiget import calendar_multiget
from rdv_radicale.reports.principals import (
    principal_match,
    principal_property_search,
    principal_search_property_set,
)
from rdv_radicale.reports.sync_collection import sync_collection
from rdv_radicale.requests import Request
from rdv_radicale.resources.base import Kind, Resource
from rdv_radicale.resources.tree import check_own, find
from rdv_radicale.session import Session

Report = Callable[[Request, ET.Element, Resource], Answer]

_EVERYWHERE = frozenset(Kind)
_COLLECTIONS = frozenset({Kind.ROOT, Kind.HOME, Kind.CALENDAR, Kind.FOLDER})
_REPORTS: Mapping[str, tuple[Report, frozenset[Kind]]] = {
    caldav("calendar-query"): (calendar_query, frozenset({Kind.CALENDAR, Kind.OBJECT, Kind.INBOX})),
    caldav("calendar-multiget"): (
        calendar_multiget,
        frozenset({Kind.HOME, Kind.CALENDAR, Kind.OBJECT, Kind.INBOX}),
    ),
    caldav("free-busy-query"): (free_busy_query, frozenset({Kind.HOME, Kind.CALENDAR})),
    dav("sync-collection"): (sync_collection, frozenset({Kind.CALENDAR, Kind.FOLDER, Kind.INBOX})),
    dav("expand-property"): (expand_property, _EVERYWHERE),
    dav("principal-match"): (principal_match, _COLLECTIONS),
    dav("principal-property-search"): (principal_property_search, _COLLECTIONS),
    dav("principal-search-property-set"): (principal_search_property_set, _COLLECTIONS),
}


def report(request: Request, now: Session) -> Answer:
    """Answer a report. Raises DavRefused ``supported-report`` where there is none such."""
    check_own(now, request.segments)
    xml = request.xml
    if xml is None:
        raise BadRequest("a REPORT needs a body")
    answer, kinds = _REPORTS.get(xml.tag, (None, _EVERYWHERE))
    if answer is None:
        raise DavRefused(dav("supported-report"), "there is no such report")
    resource = find(now, request.segments)
    if resource.kind not in kinds:
        raise DavRefused(dav("supported-report"), "this report makes no sense here")
    answered = answer(request, xml, resource)
    if request.preferences.get("return") == "minimal":
        answered.headers["Preference-Applied"] = "return=minimal"
    return answered

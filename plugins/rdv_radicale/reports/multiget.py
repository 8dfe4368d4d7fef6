"""calendar-multiget: objects by their URLs (RFC 4791 §7.9)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

from rdv_radicale.answers import Answer, multistatus, status_response
from rdv_radicale.malformed import BadRequest
from rdv_radicale.names import dav
from rdv_radicale.paths import BadPath
from rdv_radicale.reports.calendar_data import Wanted, read_wanted
from rdv_radicale.requests import Request
from rdv_radicale.resources.base import CalendarObject, CalendarResource, Resource
from rdv_radicale.resources.tree import find_collection

_MOST_CALENDARS = 200
"""Calendars of one request that are looked for; what lies in others is as good as missing."""

_AT_ONCE = 100
"""Objects that are read by one statement."""

_Segments = tuple[str, ...]


def calendar_multiget(request: Request, xml: ET.Element, resource: Resource) -> Answer:
    """Answer the objects named, each once, and 404 for those that are not below the resource."""
    wanted = read_wanted(xml, minimal=request.prefers_minimal)
    hrefs = dict.fromkeys((each.text or "").strip() for each in xml.findall(dav("href")))
    if not hrefs:
        raise BadRequest("a multiget names objects")
    return multistatus(_responses(request, resource, list(hrefs), wanted))


def _responses(
    request: Request, resource: Resource, hrefs: list[str], wanted: Wanted
) -> Iterator[str]:
    calendars: dict[_Segments, CalendarResource | None] = {}
    for first in range(0, len(hrefs), _AT_ONCE):
        some = {
            href: _segments(request, resource, href) for href in hrefs[first : first + _AT_ONCE]
        }
        found: dict[_Segments, CalendarObject] = {}
        for place in dict.fromkeys(at[:-1] for at in some.values() if at):
            if place not in calendars and len(calendars) < _MOST_CALENDARS:
                calendars[place] = _calendar(resource, place)
            calendar = calendars.get(place)
            names = dict.fromkeys(at[-1] for at in some.values() if at and at[:-1] == place)
            if calendar is not None:
                found |= _read(calendar, list(names), wanted)
        seen: set[_Segments] = set()
        for href, at in some.items():
            one = found.get(at) if at else None
            if one is None:
                yield status_response(href, HTTPStatus.NOT_FOUND)
            elif at not in seen:
                seen.add(at)
                data = wanted.data_element(one.found.text, one.calendar.zone)
                yield wanted.selection.response(one, request.base, more=data)


def _read(
    calendar: CalendarResource, names: list[str], wanted: Wanted
) -> dict[_Segments, CalendarObject]:
    members = calendar.objects(names, with_text=wanted.has_data)
    found = (CalendarObject(calendar, member) for member in members)
    return {one.segments: one for one in found}


def _calendar(resource: Resource, place: _Segments) -> CalendarResource | None:
    """Return the calendar at a place, most often the one that was asked."""
    if isinstance(resource, CalendarResource) and place == resource.segments:
        return resource
    found = find_collection(resource.now, place)
    return found if isinstance(found, CalendarResource) else None


def _segments(request: Request, resource: Resource, href: str) -> _Segments:
    """Return the place that a href names, none where it is not below the resource."""
    try:
        segments = request.segments_of_url(urlsplit(href).path)
    except (BadRequest, BadPath, ValueError):
        return ()
    scope = resource.segments
    is_below = segments[: len(scope)] == scope and len(segments) >= 3
    return segments if is_below and segments[0] == request.login else ()

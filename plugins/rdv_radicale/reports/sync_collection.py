"""sync-collection: what changed since a token (RFC 6578 §3)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice

from rdv_caldav.domain.sync import Changes
from rdv_radicale.answers import Answer, DavRefused, multistatus, status_response
from rdv_radicale.malformed import BadRequest
from rdv_radicale.names import dav, element, text_element
from rdv_radicale.paths import encoded
from rdv_radicale.reports.calendar_data import Wanted, read_wanted
from rdv_radicale.requests import Request
from rdv_radicale.resources.base import CalendarObject, CalendarResource, Resource
from rdv_radicale.resources.personal import Folder
from rdv_radicale.resources.tree import find_collection, find_member

_AT_ONCE = 100
_LONGEST_LIMIT = 9


def sync_collection(request: Request, xml: ET.Element, resource: Resource) -> Answer:
    """Answer changed objects, and 404 for those that are gone; a limit cuts with a 507.

    Programs send ``Depth: 1`` where RFC 6578 §3.3 wants 0, so any is taken.
    """
    assert isinstance(resource, CalendarResource | Folder)
    token = xml.find(dav("sync-token"))
    if token is None:
        raise BadRequest("a sync-collection has a sync-token, empty at first")
    level = (xml.findtext(dav("sync-level")) or "1").strip()
    if level not in ("1", "infinite"):
        raise BadRequest("sync-level is 1 or infinite")
    if level == "infinite" and isinstance(resource, Folder):
        raise DavRefused(dav("sync-traversal-supported"), "one level at a time")
    wanted = read_wanted(xml, minimal=request.prefers_minimal)
    changes = resource.changes((token.text or "").strip(), _limit(xml))
    last = text_element(dav("sync-token"), changes.token)
    return multistatus(_responses(request, resource, changes, wanted), last=last)


def _limit(xml: ET.Element) -> int | None:
    limit = xml.find(dav("limit"))
    if limit is None:
        return None
    number = (limit.findtext(dav("nresults")) or "").strip()
    if not (number.isascii() and number.isdecimal()) or len(number) > _LONGEST_LIMIT:
        raise BadRequest("nresults is a number")
    if int(number) == 0:
        raise DavRefused(
            dav("number-of-matches-within-limits"),
            "nothing at all cannot be told",
            status=HTTPStatus.INSUFFICIENT_STORAGE,
        )
    return int(number)


def _responses(
    request: Request, resource: CalendarResource | Folder, changes: Changes, wanted: Wanted
) -> Iterator[str]:
    base = request.url(*resource.segments, is_collection=True)
    if isinstance(resource, CalendarResource):
        yield from _changed(request, resource, changes, wanted)
    else:
        for href, _ in changes.changed:
            member = find_collection(resource.now, (*resource.segments, href))
            found = member or find_member(resource, href)
            if found is not None:
                yield wanted.selection.response(found, request.base)
    for href in changes.gone:
        yield status_response(base + encoded(href), HTTPStatus.NOT_FOUND)
    if changes.is_truncated:
        error = element(dav("number-of-matches-within-limits"))
        yield status_response(base, HTTPStatus.INSUFFICIENT_STORAGE, error=error)


def _changed(
    request: Request, calendar: CalendarResource, changes: Changes, wanted: Wanted
) -> Iterator[str]:
    if wanted.is_swift(calendar):
        yield from wanted.selection.listed(calendar, request.base, changes.changed)
        return
    hrefs = (href for href, _ in changes.changed)
    while some := list(islice(hrefs, _AT_ONCE)):
        for member in calendar.objects(some, with_text=wanted.has_data):
            data = wanted.data_element(member.text, calendar.zone)
            resource = CalendarObject(calendar, member)
            yield wanted.selection.response(resource, request.base, more=data)

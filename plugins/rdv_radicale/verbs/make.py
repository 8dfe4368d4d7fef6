"""MKCALENDAR and MKCOL: calendars and folders of the account's own.

RFC 4791 §5.3.1, RFC 4918 §9.3, RFC 5689.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from http import HTTPStatus

from rdv_caldav.domain.errors import PlaceTaken, UnknownCalendar, UnknownObject
from rdv_caldav.domain.personal import COMPONENTS
from rdv_caldav.services.personal import collections
from rdv_radicale.answers import Answer, DavRefused, multistatus, propstat, xml_answer
from rdv_radicale.malformed import BadRequest
from rdv_radicale.names import caldav, dav, element
from rdv_radicale.properties.changes import PropertyChanges
from rdv_radicale.requests import Request
from rdv_radicale.resources.tree import find
from rdv_radicale.session import Session, opened
from rdv_radicale.writing import write

_TYPE = dav("resourcetype")
_COMPONENTS = caldav("supported-calendar-component-set")
_XML_TYPES = frozenset({"", "text/xml", "application/xml"})


def mkcalendar(request: Request) -> Answer:
    """Make a calendar, with the properties that the body sets, or nothing at all."""
    try:
        return _make(request, caldav("mkcalendar"), is_calendar=True)
    except PlaceTaken as error:
        raise DavRefused(dav("resource-must-be-null"), str(error)) from error


def mkcol(request: Request) -> Answer:
    """Make a folder, or what the body says (RFC 5689)."""
    media_type = str(request.environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
    if request.body.strip() and media_type not in _XML_TYPES:
        raise BadRequest("a body of this kind is not understood", status=415)
    return _make(request, dav("mkcol"), is_calendar=False)


def _make(request: Request, root: str, *, is_calendar: bool) -> Answer:
    changes = _changes(request.xml, root)
    is_calendar = _is_calendar(changes, is_calendar=is_calendar)
    settable = changes.without(_TYPE, _COMPONENTS)
    refusals = settable.refusals()
    if is_calendar:
        refusals |= _component_refusals(changes)
    if refusals:
        # what stands there already comes first
        with opened(request.book, request.login, proof=request.proof) as now:
            _check_null(now, request.segments)
        href = request.url(*request.segments, is_collection=True)
        return multistatus([changes.without(_TYPE).response(href, refusals)])
    components = _components(changes.wanted.get(_COMPONENTS)) or COMPONENTS

    def act(now: Session) -> None:
        _check_null(now, request.segments)
        collections.create(
            now.tx,
            now.actor,
            "/".join(request.segments[1:]),
            is_calendar=is_calendar,
            components=components,
            properties=settable.applied({}),
            now=now.now,
        )

    write(request, act)
    return _made(root, changes, minimal=request.prefers_minimal)


def _check_null(now: Session, segments: tuple[str, ...]) -> None:
    """Refuse a place where something stands. Raises PlaceTaken, AccessRefused."""
    try:
        find(now, segments)
    except (UnknownCalendar, UnknownObject):
        return
    raise PlaceTaken("something stands there already")


def _made(root: str, changes: PropertyChanges, *, minimal: bool) -> Answer:
    headers = {"Cache-Control": "no-cache"}
    if not changes.wanted or minimal:
        if minimal:
            headers["Preference-Applied"] = "return=minimal"
        return Answer(HTTPStatus.CREATED, headers)
    stat = propstat("".join(map(element, changes.wanted)), HTTPStatus.OK)
    answer = xml_answer(HTTPStatus.CREATED, f"{root}-response", stat)
    answer.headers |= headers
    return answer


def _changes(xml: ET.Element | None, root: str) -> PropertyChanges:
    if xml is None:
        return PropertyChanges({})
    if xml.tag != root:
        raise BadRequest("the body is not that of this verb", status=415)
    return PropertyChanges.read(xml)


def _is_calendar(changes: PropertyChanges, *, is_calendar: bool) -> bool:
    """Tell what is to be made. Raises DavRefused for types that are not made here."""
    sent = changes.wanted.get(_TYPE)
    if sent is None:
        return is_calendar
    types = {child.tag for child in sent}
    if not {dav("collection")} <= types <= {dav("collection"), caldav("calendar")}:
        raise DavRefused(dav("valid-resourcetype"), "only calendars and folders are made here")
    return is_calendar or caldav("calendar") in types


def _component_refusals(changes: PropertyChanges) -> dict[str, DavRefused]:
    sent = changes.wanted.get(_COMPONENTS)
    if sent is None:
        return {}
    names = _components(sent)
    if names and set(names) <= set(COMPONENTS):
        return {}
    refused = DavRefused(
        caldav("supported-calendar-component"), f"calendars take {', '.join(COMPONENTS)}"
    )
    return {_COMPONENTS: refused}


def _components(sent: ET.Element | None) -> Sequence[str]:
    if sent is None:
        return ()
    found = (each.get("name", "").upper() for each in sent.findall(caldav("comp")))
    return tuple(dict.fromkeys(found))

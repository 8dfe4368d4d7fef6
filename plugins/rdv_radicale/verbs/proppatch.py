"""PROPPATCH: properties are set all together or not at all (RFC 4918 §9.2)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from http import HTTPStatus

from rdv_caldav.domain.errors import EditRefused
from rdv_caldav.services import calendars, working_hours
from rdv_caldav.services.personal import collections, objects
from rdv_radicale.answers import Answer, multistatus
from rdv_radicale.malformed import BadRequest
from rdv_radicale.names import dav
from rdv_radicale.properties.changes import PropertyChanges
from rdv_radicale.properties.scheduling import AVAILABILITY
from rdv_radicale.requests import Request
from rdv_radicale.resources.base import CalendarObject, Resource
from rdv_radicale.resources.people import PersonCalendar
from rdv_radicale.resources.personal import File, Folder, PersonalCalendar
from rdv_radicale.resources.scheduling import Inbox
from rdv_radicale.resources.tree import Home, find
from rdv_radicale.session import Session
from rdv_radicale.writing import write


def proppatch(request: Request) -> Answer:
    """Set and remove properties of a home, a calendar, a folder or a file; an inbox's one."""
    changes = _read(request.xml)
    refusals = changes.refusals()

    def act(now: Session) -> str:
        # before anything is read: of two programs that set something, each keeps the other's
        collections.take_turn(now.tx, now.actor)
        resource = find(now, request.segments)
        if not refusals:
            if isinstance(resource, Inbox) and set(changes.wanted) == {AVAILABILITY}:
                text = changes.applied({}).get(AVAILABILITY, "")
                working_hours.keep_availability(now.tx, now.actor, text, now=now.now)
            else:
                _keep(now, resource, changes.applied(resource.kept))
        return request.url(*resource.segments, is_collection=resource.is_collection)

    href = write(request, act)
    if not refusals and request.preferences.get("return") == "minimal":
        return Answer(HTTPStatus.OK, {"Preference-Applied": "return=minimal"})
    return multistatus([changes.response(href, refusals)])


def _read(xml: ET.Element | None) -> PropertyChanges:
    if xml is None or xml.tag != dav("propertyupdate"):
        raise BadRequest("the body is no DAV:propertyupdate")
    changes = PropertyChanges.read(xml)
    if not changes.wanted:
        raise BadRequest("no property is named")
    return changes


def _keep(now: Session, resource: Resource, properties: dict[str, str]) -> None:
    """Keep what a resource has now. Raises EditRefused where nothing is kept."""
    match resource:
        case PersonCalendar():
            calendars.keep_properties(now.tx, resource.seen, properties)
        case PersonalCalendar() | Folder():
            collections.keep_properties(now.tx, resource.collection, properties)
        case Home():
            collections.keep_account_properties(now.tx, now.actor, properties)
        case File():
            _keep_with(now, resource.segments, properties)
        case CalendarObject() if isinstance(resource.calendar, PersonalCalendar):
            _keep_with(now, resource.segments, properties)
        case _:
            raise EditRefused("no properties are kept here")


def _keep_with(now: Session, segments: tuple[str, ...], properties: dict[str, str]) -> None:
    collection = collections.find(now.tx, now.actor, "/".join(segments[1:-1]))
    assert collection is not None, "it was just found"
    objects.keep_object_properties(now.tx, collection, segments[-1], properties)

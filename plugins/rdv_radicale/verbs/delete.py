"""DELETE: an object (which means what rule 7 says), a file, or a collection of one's own."""

from __future__ import annotations

from http import HTTPStatus

from rdv_caldav.domain.errors import CalendarFixed
from rdv_caldav.services import inbox
from rdv_caldav.services.calendar_objects.delete import delete_object
from rdv_caldav.services.personal import collections
from rdv_caldav.services.personal import objects as personal
from rdv_radicale.answers import Answer
from rdv_radicale.malformed import BadRequest
from rdv_radicale.requests import INFINITY, Request
from rdv_radicale.resources.base import CalendarObject, Resource
from rdv_radicale.resources.people import PersonCalendar
from rdv_radicale.resources.personal import File, Folder, PersonalCalendar
from rdv_radicale.resources.scheduling import Inbox
from rdv_radicale.resources.tree import find
from rdv_radicale.session import Session
from rdv_radicale.writing import write


def delete(request: Request) -> Answer:
    """Delete what stands at a place; collections with all that is in them."""

    def act(now: Session) -> None:
        resource = find(now, request.segments)
        if resource.is_collection and request.depth(default=INFINITY) != INFINITY:
            raise BadRequest("collections are deleted with Depth: infinity")
        remove(request, now, resource)

    write(request, act)
    return Answer(HTTPStatus.NO_CONTENT)


def remove(request: Request, now: Session, resource: Resource) -> None:
    """Delete a resource in a transaction, under the conditions of the request."""
    condition, path = request.condition, "/".join(resource.segments[1:])
    match resource:
        case CalendarObject(calendar=PersonCalendar()):
            _, slug, href = resource.segments
            delete_object(
                now.tx,
                now.actor,
                slug,
                href,
                condition=condition,
                answers=request.header("Schedule-Reply").upper() != "F",
                now=now.now,
            )
        case CalendarObject(calendar=Inbox()):
            number = int(resource.found.href.removesuffix(".ics"))
            condition.check(resource.etag)
            inbox.delete(now.tx, now.actor, number, now=now.now)
        case CalendarObject() | File():
            inner, _, href = path.rpartition("/")
            personal.delete_object(now.tx, now.actor, inner, href, condition=condition, now=now.now)
        case PersonalCalendar() | Folder():
            condition.check(resource.etag)
            collections.delete_collection(now.tx, now.actor, path, now=now.now)
        case _:
            raise CalendarFixed("this is not deleted by programs")

"""COPY and MOVE: between calendars, and of files and collections of one's own.

RFC 4918 §9.8, §9.9. Between persons' calendars they mean what rules 8 and 2 say: a move puts
one participant in the place of another, a copy adds one.
"""

from __future__ import annotations

from http import HTTPStatus

from rdv_caldav.domain.errors import (
    CalendarFixed,
    ParentMissing,
    PreconditionFailed,
    UnknownCalendar,
    UnknownObject,
)
from rdv_caldav.ical.objects import parse
from rdv_caldav.services.calendar_objects.move import Place, move_object
from rdv_caldav.services.calendar_objects.put import put_object
from rdv_caldav.services.calendar_objects.standing import Condition
from rdv_caldav.services.personal import objects as personal
from rdv_caldav.services.personal import transfers
from rdv_radicale.answers import Answer
from rdv_radicale.malformed import BadRequest
from rdv_radicale.requests import INFINITY, Request
from rdv_radicale.resources.base import CalendarObject, CalendarResource, Resource
from rdv_radicale.resources.people import PersonCalendar
from rdv_radicale.resources.personal import File, Folder, PersonalCalendar
from rdv_radicale.resources.scheduling import Inbox
from rdv_radicale.resources.tree import (
    check_not_reserved,
    check_own,
    find,
    find_collection,
    find_member,
)
from rdv_radicale.session import Session
from rdv_radicale.verbs.delete import remove
from rdv_radicale.writing import write

Segments = tuple[str, ...]


def copy(request: Request) -> Answer:
    """Copy what stands at a place."""
    return _transfer(request, moves=False)


def move(request: Request) -> Answer:
    """Move what stands at a place."""
    return _transfer(request, moves=True)


def _transfer(request: Request, *, moves: bool) -> Answer:
    target = request.destination
    if target == request.segments:
        raise CalendarFixed("source and target are the same")

    def act(now: Session) -> tuple[bool, str | None]:
        check_own(now, target)
        check_not_reserved(target)
        source = find(now, request.segments)
        if isinstance(source, CalendarObject | File):
            was_free = _transfer_object(request, now, source, target, moves=moves)
            return was_free, _schedule_tag(now, target)
        return _transfer_collection(request, now, source, target, moves=moves), None

    was_free, schedule_tag = write(request, act)
    status = HTTPStatus.CREATED if was_free else HTTPStatus.NO_CONTENT
    headers = {"Location": request.url(*target, is_collection=False)}
    if schedule_tag is not None:
        headers["Schedule-Tag"] = schedule_tag
    return Answer(status, headers)


def _schedule_tag(now: Session, target: Segments) -> str | None:
    """Return the Schedule-Tag of what stands at the target now (RFC 6638 §3.2.10)."""
    try:
        there = find(now, target)
    except (UnknownCalendar, UnknownObject):
        return None
    return there.found.schedule_tag if isinstance(there, CalendarObject) else None


def _transfer_collection(
    request: Request, now: Session, source: Resource, target: Segments, *, moves: bool
) -> bool:
    if not isinstance(source, PersonalCalendar | Folder) or len(target) < 2:
        raise CalendarFixed("only collections of one's own are copied or moved")
    depth = request.depth(default=INFINITY)
    if depth == 1 or (moves and depth != INFINITY):
        raise BadRequest("collections are moved whole, and copied whole or without members")
    path, aim = "/".join(source.segments[1:]), "/".join(target[1:])
    request.condition.check(source.etag)
    if moves:
        return transfers.move_collection(
            now.tx, now.actor, path, aim, overwrite=request.overwrites, now=now.now
        )
    return transfers.copy_collection(
        now.tx,
        now.actor,
        path,
        aim,
        overwrite=request.overwrites,
        deep=depth == INFINITY,
        now=now.now,
    )


def _transfer_object(
    request: Request,
    now: Session,
    source: CalendarObject | File,
    target: Segments,
    *,
    moves: bool,
) -> bool:
    if isinstance(source, CalendarObject) and isinstance(source.calendar, Inbox):
        raise CalendarFixed("messages are read and deleted, nothing else")
    parent = _target_parent(now, target)
    from_person = isinstance(source, CalendarObject) and isinstance(source.calendar, PersonCalendar)
    if from_person and isinstance(parent, PersonCalendar) and moves:
        return move_object(
            now.tx,
            now.actor,
            Place(*source.segments[1:]),
            Place(*target[1:]),
            overwrite=request.overwrites,
            condition=request.condition,
            now=now.now,
        )
    if not from_person and not isinstance(parent, PersonCalendar):
        act = personal.move_object if moves else personal.copy_object
        return act(
            now.tx,
            now.actor,
            _place(source.segments),
            _place(target),
            overwrite=request.overwrites,
            condition=request.condition,
            now=now.now,
        )
    return _transfer_across(request, now, source, parent, target[-1], moves=moves)


def _transfer_across(
    request: Request,
    now: Session,
    source: CalendarObject | File,
    parent: CalendarResource | Folder,
    href: str,
    *,
    moves: bool,
) -> bool:
    """Write the object as its reader sees it into a calendar of another kind."""
    if isinstance(source, File):
        raise CalendarFixed("files are not copied into calendars")
    request.condition.check(source.etag)
    there = find_member(parent, href)
    if there is not None and not request.overwrites:
        raise PreconditionFailed("Overwrite: F, and something stands there")
    if isinstance(parent, PersonCalendar):
        slug = parent.seen.person.slug
        put_object(now.tx, now.actor, slug, href, parse(source.text), now=now.now)
    else:
        assert isinstance(parent, PersonalCalendar | Folder), "there are no other kinds"
        collection = parent.collection
        body = personal.read_body(collection, source.text.encode(), "text/calendar")
        personal.put_object(
            now.tx, now.actor, collection.path, href, body, condition=Condition(), now=now.now
        )
    if moves:
        remove(request, now, source)
    return there is None


def _target_parent(now: Session, target: Segments) -> CalendarResource | Folder:
    if len(target) < 3:
        raise CalendarFixed("objects stand in calendars and folders")
    try:
        parent = find_collection(now, target[:-1])
    except UnknownCalendar:
        parent = None
    if parent is None:
        raise ParentMissing("there is no such calendar or folder")
    return parent


def _place(segments: Segments) -> tuple[str, str]:
    return "/".join(segments[1:-1]), segments[-1]

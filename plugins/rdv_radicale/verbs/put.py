"""PUT: one object or file, the client's own text kept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from rdv_caldav.domain.errors import (
    CalendarDataRefused,
    CalendarFixed,
    ModuleOff,
    ParentMissing,
    UnknownCalendar,
)
from rdv_caldav.domain.personal import PersonalCollection
from rdv_caldav.ical.objects import decode, parse
from rdv_caldav.services.calendar_objects.put import put_object
from rdv_caldav.services.personal import collections
from rdv_caldav.services.personal import objects as personal
from rdv_radicale.answers import CALENDAR_TYPE, Answer
from rdv_radicale.malformed import BadRequest
from rdv_radicale.requests import Request
from rdv_radicale.resources.people import PersonCalendar
from rdv_radicale.resources.tree import check_not_reserved, find_collection
from rdv_radicale.session import Session, opened
from rdv_radicale.writing import write


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What came of a PUT; no ETag where what is stored differs from what was sent."""

    created: bool
    etag: str | None
    content: bytes
    content_type: str
    schedule_tag: str | None = None
    served_etag: str | None


_MOST_REMEMBERED = 10_000
_persons: set[tuple[str, ...]] = set()
"""Places of persons' calendars: most likely they still are, and then need not be looked up."""


def put(request: Request) -> Answer:
    """Write an object; an ETag is given only for what is stored as it was sent."""
    if "HTTP_CONTENT_RANGE" in request.environ:
        # RFC 9110 §14.4: a part would be taken for the whole
        raise BadRequest("parts of objects are not written")
    written = _write(request)
    status = HTTPStatus.CREATED if written.created else HTTPStatus.NO_CONTENT
    headers = {"ETag": written.etag} if written.etag else {}
    if written.schedule_tag is not None:
        headers["Schedule-Tag"] = written.schedule_tag
    if request.preferences.get("return") != "representation" or written.served_etag is None:
        return Answer(status, headers)
    headers |= {
        "ETag": written.served_etag,
        "Content-Type": written.content_type,
        "Content-Location": request.url(*request.segments, is_collection=False),
        "Preference-Applied": "return=representation",
        "Vary": "Prefer",
    }
    return Answer(
        HTTPStatus.CREATED if written.created else HTTPStatus.OK, headers, written.content
    )


def _write(request: Request) -> Written:
    segments = request.segments
    if len(segments) < 3 or request.path.endswith("/"):
        raise CalendarFixed("objects are written into calendars of one's own home only")
    check_not_reserved(segments)
    if segments[0] != request.login:
        raise CalendarFixed("objects are written into calendars of one's own home only")
    place = segments[:-1]
    if place in _persons:
        # what a person's calendar refuses, one of the account's own in its place may take
        with suppress(CalendarDataRefused, ModuleOff, ParentMissing):
            return write(request, _for_person(request))
        _persons.discard(place)
    parent = _own_parent(request)
    if parent is not None:
        return write(request, _for_own(request, parent))
    if len(segments) > 3:
        raise ParentMissing("there is no such folder")
    written = write(request, _for_person(request))
    if len(_persons) < _MOST_REMEMBERED:
        _persons.add(place)
    return written


def _own_parent(request: Request) -> PersonalCollection | None:
    """Return the account's own collection that the object is put into, None where it is none."""
    segments = request.segments
    with opened(request.book, request.login, proof=request.proof) as now:
        parent = collections.find_of(now.tx, request.login, "/".join(segments[1:-1]))
        # a person who came to be visible under the name hides the account's own calendar
        if parent is not None and isinstance(find_collection(now, segments[:-1]), PersonCalendar):
            parent = None
    return parent


def _for_person(request: Request) -> Callable[[Session], Written]:
    _, slug, href = request.segments
    """Read the body before any lock is taken: it is the slow part of a PUT."""
    obj = parse(decode(request.body, request.environ.get("CONTENT_TYPE")))

    def act(now: Session) -> Written:
        try:
            done = put_object(
                now.tx, now.actor, slug, href, obj, condition=request.condition, now=now.now
            )
        except UnknownCalendar as error:
            raise ParentMissing("there is no such calendar") from error
        served = done.served
        return Written(
            created=done.created,
            etag=served.etag if served is not None and done.as_sent else None,
            content=served.text.encode() if served is not None else b"",
            content_type=f"{CALENDAR_TYPE}; component=VEVENT",
            schedule_tag=served.schedule_tag if served is not None else None,
            served_etag=served.etag if served is not None else None,
        )

    return act


def _for_own(request: Request, parent: PersonalCollection) -> Callable[[Session], Written]:
    body = personal.read_body(parent, request.body, request.environ.get("CONTENT_TYPE"))

    def act(now: Session) -> Written:
        done = personal.put_object(
            now.tx,
            now.actor,
            parent.path,
            request.segments[-1],
            body,
            condition=request.condition,
            now=now.now,
        )
        return Written(
            created=done.created,
            etag=done.etag if done.as_sent else None,
            content=done.content,
            content_type=body.content_type,
            served_etag=done.etag,
        )

    return act

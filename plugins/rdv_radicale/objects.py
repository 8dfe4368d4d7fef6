"""GET, HEAD, PUT, DELETE and MOVE: one object at a time, the client's own text kept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from radicale.app import Application as RadicaleApplication

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.errors import CalendarFixed, LostRace, UnknownObject
from rdv_caldav.ical.objects import CalendarObject, decode, parse
from rdv_caldav.services import calendars
from rdv_caldav.services.calendar_objects.delete import delete_object
from rdv_caldav.services.calendar_objects.move import Place, move_object
from rdv_caldav.services.calendar_objects.put import Put, put_object
from rdv_radicale.collection import PersonCalendar
from rdv_radicale.paths import BadPath, Location, decode_path, locate, write_path
from rdv_radicale.requests import BadRequest, Environ, condition_of
from rdv_radicale.session import Session, session

_T = TypeVar("_T")

TRIES = 3
"""How often a write is tried that another writer overtakes."""

Response = tuple[int, dict[str, str], bytes | str | None, None]

CALENDAR_TYPE = "text/calendar; charset=utf-8"
OBJECT_TYPE = "text/calendar; charset=utf-8; component=VEVENT"


class ObjectMethods(RadicaleApplication):
    """The verbs on objects, in place of Radicale's.

    Radicale parses a PUT with vobject and stores what that makes of it; its GET knows no
    304, its conditions no lists.
    """

    book: AppointmentBook

    def do_GET(
        self,
        environ: Environ,
        base_prefix: str,
        path: str,
        user: str,
        user_groups: set[str],
        request_info: dict[str, Any],
    ) -> Response:
        """Answer an object, or all of a calendar as one .ics file."""
        place = self._place(path, user)
        with session(self.book, user) as now:
            seen = calendars.calendar(now.tx, now.actor, place.slug)
            if place.is_calendar:
                text = PersonCalendar(now, seen).serialize()
                headers = {"Content-Type": CALENDAR_TYPE, "ETag": f'"{seen.tag}"'}
                return HTTPStatus.OK, headers, text, None
            for found in calendars.objects(now.tx, seen, hrefs=[place.href]):
                headers = {
                    "Content-Type": OBJECT_TYPE,
                    "ETag": found.etag,
                    "Last-Modified": format_datetime(found.last_modified, usegmt=True),
                }
                if self._not_modified(environ, found.etag):
                    return HTTPStatus.NOT_MODIFIED, {"ETag": found.etag}, None, None
                return HTTPStatus.OK, headers, found.text, None
        raise UnknownObject(f"nothing stands at {place.href!r}")

    def do_HEAD(self, *args: Any) -> Response:
        """Answer as GET does; the body is left out on the way."""
        return self.do_GET(*args)

    def _not_modified(self, environ: Environ, etag: str) -> bool:
        condition = condition_of(environ)
        return condition.if_none_match is not None and bool(condition.if_none_match & {"*", etag})

    def do_PUT(
        self,
        environ: Environ,
        base_prefix: str,
        path: str,
        user: str,
        user_groups: set[str],
        request_info: dict[str, Any],
    ) -> Response:
        """Write an object; an ETag is given only for what is stored as it was sent."""
        place = self._object_place(path, user)
        obj = self._read_object(environ)
        condition = condition_of(environ)

        def put(now: Session) -> Put:
            return put_object(
                now.tx, now.actor, place.slug, place.href, obj, condition=condition, now=now.now
            )

        return _put_response(self._write(environ, user, put))

    def _read_object(self, environ: Environ) -> CalendarObject:
        """Parse before any lock is taken: it is the slow part of a PUT."""
        body = environ["wsgi.input"].read()
        return parse(decode(body, environ.get("CONTENT_TYPE")))

    def do_DELETE(
        self,
        environ: Environ,
        base_prefix: str,
        path: str,
        user: str,
        user_groups: set[str],
        request_info: dict[str, Any],
    ) -> Response:
        """Delete an object, which means what rule 7 says."""
        place = self._object_place(path, user)
        condition = condition_of(environ)

        def delete(now: Session) -> None:
            delete_object(
                now.tx, now.actor, place.slug, place.href, condition=condition, now=now.now
            )

        self._write(environ, user, delete)
        return HTTPStatus.NO_CONTENT, {}, None, None

    def do_MOVE(
        self,
        environ: Environ,
        base_prefix: str,
        path: str,
        user: str,
        user_groups: set[str],
        request_info: dict[str, Any],
    ) -> Response:
        """Move an object to another person's calendar, or to another name."""
        place = self._object_place(path, user)
        target = self._object_place(_destination(environ, base_prefix), user)

        def move(now: Session) -> bool:
            return move_object(
                now.tx,
                now.actor,
                Place(place.slug, place.href),
                Place(target.slug, target.href),
                overwrite=environ.get("HTTP_OVERWRITE", "T").strip().upper() != "F",
                condition=condition_of(environ),
                now=now.now,
            )

        was_free = self._write(environ, user, move)
        location = write_path(base_prefix, user, target.slug, target.href, is_collection=False)
        status = HTTPStatus.CREATED if was_free else HTTPStatus.NO_CONTENT
        return status, {"Location": location}, None, None

    def _write(self, environ: Environ, user: str, act: Callable[[Session], _T]) -> _T:
        """Do something in a writing transaction; who lost a race looks again."""
        for _ in range(TRIES - 1):
            with (
                suppress(LostRace),
                session(self.book, user, device=_device(environ), writes=True) as now,
            ):
                return act(now)
        with session(self.book, user, device=_device(environ), writes=True) as now:
            return act(now)

    def _place(self, path: str, user: str) -> Location:
        """Return the place in the user's own home; anything else is refused alike."""
        place = locate(path)
        if place is None or not place.slug:
            raise UnknownObject("there is nothing to read here")
        if place.login != user:
            raise UnknownObject("this is not in your home")
        return place

    def _object_place(self, path: str, user: str) -> Location:
        place = locate(path)
        if place is None:
            raise UnknownObject("calendars hold no folders")
        if place.login != user or not place.is_object or path.endswith("/"):
            raise CalendarFixed("objects are written into calendars of one's own home only")
        return place


def _put_response(written: Put) -> Response:
    headers = {}
    if written.served is not None and written.as_sent:
        headers["ETag"] = written.served.etag
    status = HTTPStatus.CREATED if written.created else HTTPStatus.NO_CONTENT
    return status, headers, None, None


def _destination(environ: Environ, base_prefix: str) -> str:
    """Return the path that Destination names on this server (RFC 4918 §10.3)."""
    parts = urlsplit(environ.get("HTTP_DESTINATION", ""))
    if not parts.path:
        raise BadRequest("Destination is missing")
    host = environ.get("HTTP_HOST", "")
    if parts.netloc and host and parts.netloc.rpartition("@")[2] != host:
        raise BadRequest("Destination is on another server")
    path = unquote(parts.path, encoding="latin-1")
    if not path.startswith(f"{base_prefix}/"):
        raise BadPath("Destination is outside of the calendars")
    return decode_path(path.removeprefix(base_prefix))


def _device(environ: Environ) -> str:
    """Return the program's name as it gives it, for the journal."""
    return str(environ.get("HTTP_USER_AGENT", ""))[:200]

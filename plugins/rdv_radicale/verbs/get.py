"""GET and HEAD: an object, a file, or all of a calendar as one .ics file."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus

from rdv_caldav.domain.errors import PreconditionFailed, UnknownObject
from rdv_caldav.ical.jcal import to_jcal
from rdv_caldav.services.personal import objects
from rdv_radicale.answers import CALENDAR_TYPE, Answer
from rdv_radicale.properties.webdav import content_type, whole_calendar
from rdv_radicale.requests import Request
from rdv_radicale.resources.base import CalendarObject, CalendarResource, Kind, Resource
from rdv_radicale.resources.personal import File, Folder
from rdv_radicale.resources.tree import find
from rdv_radicale.session import Session

JCAL_TYPE = "application/calendar+json"


def get(request: Request, now: Session) -> Answer:
    """Answer what stands at a place, 304 if the client has it already (RFC 9110 §13)."""
    resource = find(now, request.segments, with_text=True)
    if resource.etag is None:
        raise UnknownObject("there is nothing to read here")
    headers = _validators(resource)
    if _is_jcal(request, resource):
        # another representation: neither may be taken for the other (RFC 9110 §8.8.3)
        headers["ETag"] = f'{resource.etag[:-1]}-j"'
    if request.condition.if_match is not None and not _matches(
        request.condition.if_match, resource.etag
    ):
        raise PreconditionFailed("If-Match does not hold: it was changed meanwhile")
    if _is_known(request, resource, headers["ETag"]):
        return Answer(HTTPStatus.NOT_MODIFIED, headers)
    return _content(request, resource, headers)


def _validators(resource: Resource) -> dict[str, str]:
    headers = {"ETag": resource.etag or ""}
    if isinstance(resource, CalendarObject) and resource.found.schedule_tag is not None:
        headers["Schedule-Tag"] = resource.found.schedule_tag
    if resource.last_modified is not None:
        headers["Last-Modified"] = format_datetime(resource.last_modified, usegmt=True)
    return headers


def _is_jcal(request: Request, resource: Resource) -> bool:
    return isinstance(resource, CalendarObject) and _prefers_jcal(request.header("Accept"))


def _is_known(request: Request, resource: Resource, etag: str) -> bool:
    known = request.condition.if_none_match
    if known is not None:
        return _matches(known, etag)
    since = request.header("If-Modified-Since")
    if not since or resource.last_modified is None:
        return False
    try:
        moment = parsedate_to_datetime(since)
    except (ValueError, OverflowError):
        return False
    return resource.last_modified <= _aware(moment)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _matches(etags: frozenset[str], etag: str | None) -> bool:
    return bool(etags & {"*", etag})


def _content(request: Request, resource: Resource, headers: dict[str, str]) -> Answer:
    if isinstance(resource, CalendarObject):
        return _object(request, resource, headers)
    headers["Content-Type"] = content_type(resource) or "text/plain; charset=utf-8"
    if isinstance(resource, File):
        # a page that somebody keeps here is not to act in the name of the panel
        headers |= {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        return Answer(HTTPStatus.OK, headers, _file(resource))
    if isinstance(resource, CalendarResource) and resource.kind is Kind.CALENDAR:
        return Answer(HTTPStatus.OK, headers, whole_calendar(resource))
    return Answer(HTTPStatus.OK, headers, b"")


def _object(request: Request, resource: CalendarObject, headers: dict[str, str]) -> Answer:
    headers["Vary"] = "Accept"
    if _is_jcal(request, resource):
        headers["Content-Type"] = JCAL_TYPE
        return Answer(HTTPStatus.OK, headers, to_jcal(resource.text).encode())
    headers["Content-Type"] = content_type(resource) or CALENDAR_TYPE
    return Answer(HTTPStatus.OK, headers, resource.text.encode())


def _prefers_jcal(accept: str) -> bool:
    """Tell whether jCal (RFC 7265) is asked for, and iCalendar is not asked for as much."""
    weights = dict(_weight(each) for each in accept.split(",") if each.strip())
    wanted = weights.get(JCAL_TYPE, 0.0)
    others = (weights.get(name, 0.0) for name in ("text/calendar", "text/*"))
    return wanted > max(others)


def _weight(accepted: str) -> tuple[str, float]:
    media_type, _, parameters = accepted.partition(";")
    quality = parameters.replace(" ", "").partition("q=")[2].partition(";")[0]
    try:
        return media_type.strip().lower(), float(quality or 1)
    except ValueError:
        return media_type.strip().lower(), 1.0


def _file(resource: File) -> bytes:
    folder, name = resource.folder, resource.found.href
    assert isinstance(folder, Folder)
    for found in objects.objects(resource.now.tx, folder.collection, hrefs=[name]):
        return found.content
    raise UnknownObject("nothing stands here")

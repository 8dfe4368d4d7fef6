"""POST to the outbox: when are these persons busy? (RFC 6638 §5)."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from rdv_caldav.domain.directory import normalise_address
from rdv_caldav.domain.errors import DomainError
from rdv_caldav.ical.busy import free_busy_text
from rdv_caldav.ical.objects import decode
from rdv_caldav.ical.scheduling import Asked, FreeBusyRequest, read_free_busy_request
from rdv_caldav.services import scheduling
from rdv_radicale.answers import Answer, DavRefused, sentence, xml_answer
from rdv_radicale.malformed import BadRequest
from rdv_radicale.names import caldav, element, escaped, text_element
from rdv_radicale.paths import BadPath
from rdv_radicale.reports.calendar_data import CALENDAR_DATA
from rdv_radicale.requests import Request
from rdv_radicale.resources.base import Kind
from rdv_radicale.resources.scheduling import PersonPrincipal
from rdv_radicale.resources.tree import Home, find
from rdv_radicale.session import Session
from rdv_radicale.verbs.options import METHODS

_MEDIA_TYPE = "text/calendar"


def post(request: Request, now: Session) -> Answer:
    """Answer a request for free/busy, each attendee by himself."""
    resource = find(now, request.segments)
    if resource.kind is not Kind.OUTBOX:
        allowed = ", ".join(method for method in METHODS if method != "POST")
        return sentence(
            HTTPStatus.METHOD_NOT_ALLOWED, "only an outbox is posted to", {"Allow": allowed}
        )
    content_type = str(request.environ.get("CONTENT_TYPE", ""))
    if content_type.partition(";")[0].strip().lower() != _MEDIA_TYPE:
        raise DavRefused(caldav("supported-calendar-data"), "only text/calendar is answered")
    asked = read_free_busy_request(decode(request.body, content_type))
    _check_organizer(request, now, asked)
    responses = [_response(request, now, asked, attendee) for attendee in asked.attendees]
    return xml_answer(HTTPStatus.OK, caldav("schedule-response"), "".join(responses))


def _check_organizer(request: Request, now: Session, asked: FreeBusyRequest) -> None:
    own = set(map(normalise_address, scheduling.own_addresses(now.tx, now.actor)))
    if normalise_address(_address(request, now, asked.organizer)) not in own:
        raise DavRefused(caldav("organizer-allowed"), "ORGANIZER is none of your addresses")


def _address(request: Request, now: Session, uri: str) -> str:
    """Return the address behind the path of a principal, by which Apple's programs go too."""
    try:
        path = urlsplit(uri).path if not uri.lower().startswith("mailto:") else ""
        principal = find(now, request.segments_of_url(path)) if path.startswith("/") else None
    except (DomainError, BadRequest, BadPath, ValueError):
        return uri
    if isinstance(principal, PersonPrincipal):
        return principal.addresses[0]
    own = scheduling.own_addresses(now.tx, now.actor)
    return own[0] if isinstance(principal, Home) and own else uri


def _response(request: Request, now: Session, asked: FreeBusyRequest, attendee: Asked) -> str:
    address = normalise_address(_address(request, now, attendee.uri))
    periods = scheduling.busy_time(
        now.tx, now.actor, address, attendee.name, start=asked.start, end=asked.end
    )
    recipient = element(caldav("recipient"), f"<D:href>{escaped(attendee.uri)}</D:href>")
    if periods is None:
        status = text_element(caldav("request-status"), "3.7;Invalid calendar user")
        return element(caldav("response"), recipient + status)
    text = free_busy_text(
        periods,
        start=asked.start,
        end=asked.end,
        stamp=now.now,
        uid=asked.uid,
        organizer=asked.organizer,
        attendee=attendee.uri,
        method="REPLY",
    )
    status = text_element(caldav("request-status"), "2.0;Success")
    return element(caldav("response"), recipient + status + text_element(CALENDAR_DATA, text))

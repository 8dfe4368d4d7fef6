"""POST to the outbox: when are these persons busy? (RFC 6638 §5)."""

from __future__ import annotations

from http import HTTPStatus

from rdv_caldav.domain.directory import normalise_address
from rdv_caldav.ical.busy import free_busy_text
from rdv_caldav.ical.objects import decode
from rdv_caldav.ical.scheduling import FreeBusyRequest, read_free_busy_request
from rdv_caldav.services import scheduling
from rdv_caldav.services.scheduling import Busy
from rdv_radicale.answers import Answer, DavRefused, xml_answer
from rdv_radicale.malformed import BadRequest
from rdv_radicale.names import caldav, dav, element, escaped, text_element
from rdv_radicale.reports.calendar_data import CALENDAR_DATA
from rdv_radicale.requests import Request
from rdv_radicale.resources.base import Kind
from rdv_radicale.resources.tree import find
from rdv_radicale.session import Session


def post(request: Request, now: Session) -> Answer:
    """Answer a request for free/busy, each attendee by himself."""
    resource = find(now, request.segments)
    if resource.kind is not Kind.OUTBOX:
        raise BadRequest("only an outbox is posted to", status=HTTPStatus.METHOD_NOT_ALLOWED)
    asked = read_free_busy_request(decode(request.body, request.environ.get("CONTENT_TYPE")))
    _check_organizer(request, now, asked)
    uris = {normalise_address(uri): uri for uri in asked.attendees}
    found = scheduling.busy_times(now.tx, now.actor, list(uris), start=asked.start, end=asked.end)
    responses = (_response(now, asked, uris[busy.address], busy) for busy in found)
    return xml_answer(HTTPStatus.OK, caldav("schedule-response"), "".join(responses))


def _check_organizer(request: Request, now: Session, asked: FreeBusyRequest) -> None:
    own = set(map(normalise_address, scheduling.own_addresses(now.tx, now.actor)))
    principal = request.url(request.login, is_collection=True)
    # Apple's programs name themselves by the path of their principal
    if normalise_address(asked.organizer) not in own and not asked.organizer.endswith(principal):
        raise DavRefused(caldav("organizer-allowed"), "ORGANIZER is none of your addresses")


def _response(now: Session, asked: FreeBusyRequest, uri: str, busy: Busy) -> str:
    recipient = element(caldav("recipient"), f"<D:href>{escaped(uri)}</D:href>")
    if busy.periods is None:
        status = text_element(caldav("request-status"), "3.7;Invalid calendar user")
        return element(caldav("response"), recipient + status)
    text = free_busy_text(
        busy.periods,
        start=asked.start,
        end=asked.end,
        stamp=now.now,
        uid=asked.uid,
        organizer=asked.organizer,
        attendee=uri,
        method="REPLY",
    )
    status = text_element(caldav("request-status"), "2.0;Success")
    described = text_element(dav("responsedescription"), "OK")
    data = text_element(CALENDAR_DATA, text)
    return element(caldav("response"), recipient + status + data + described)

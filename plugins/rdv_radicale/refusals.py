"""From refusals to answers: the one table of the CalDAV edge.

A test walks all DomainErrors and fails when one has no answer here.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from rdv_caldav.domain import errors
from rdv_caldav.domain.errors import DomainError

DAV = "DAV:"
CALDAV = "urn:ietf:params:xml:ns:caldav"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, and the precondition that failed, as namespace and name."""

    status: HTTPStatus
    precondition: tuple[str, str] | None = None


def _forbidden(namespace: str, name: str) -> Answer:
    return Answer(HTTPStatus.FORBIDDEN, (namespace, name))


ANSWERS: Mapping[type[DomainError], Answer] = {
    errors.UnknownCalendar: Answer(HTTPStatus.NOT_FOUND),
    errors.UnknownObject: Answer(HTTPStatus.NOT_FOUND),
    errors.ModuleOff: Answer(HTTPStatus.NOT_FOUND),
    # DAVx5 understands a 403 only with need-privileges
    errors.AccessRefused: _forbidden(DAV, "need-privileges"),
    errors.RuleBroken: _forbidden(CALDAV, "valid-calendar-object-resource"),
    errors.PreconditionFailed: Answer(HTTPStatus.PRECONDITION_FAILED),
    errors.UidConflict: Answer(HTTPStatus.CONFLICT, (CALDAV, "no-uid-conflict")),
    errors.LostRace: Answer(HTTPStatus.CONFLICT),
    errors.HrefTaken: Answer(HTTPStatus.CONFLICT),
    errors.CalendarDataRefused: _forbidden(CALDAV, "valid-calendar-data"),
    errors.InvalidCalendarObject: _forbidden(CALDAV, "valid-calendar-object-resource"),
    errors.UnsupportedComponent: _forbidden(CALDAV, "supported-calendar-component"),
    errors.UnsupportedMediaType: Answer(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, (CALDAV, "supported-calendar-data")
    ),
    errors.TooLarge: Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, (CALDAV, "max-resource-size")),
    errors.TooManyInstances: _forbidden(CALDAV, "max-instances"),
    errors.TooManyAttendees: _forbidden(CALDAV, "max-attendees-per-instance"),
    errors.DateOutOfRange: _forbidden(CALDAV, "min-date-time"),
    errors.SyncTokenExpired: _forbidden(DAV, "valid-sync-token"),
    errors.LoginTaken: Answer(HTTPStatus.CONFLICT),
    errors.InvalidInput: Answer(HTTPStatus.BAD_REQUEST),
    errors.SchemaMismatch: Answer(HTTPStatus.SERVICE_UNAVAILABLE),
    errors.DemoRefused: Answer(HTTPStatus.FORBIDDEN),
}


def answer_for(error: DomainError) -> Answer:
    """Return the answer to a refusal: that of its own type, else of the nearest above."""
    if isinstance(error, errors.DateOutOfRange) and error.too_late:
        return _forbidden(CALDAV, "max-date-time")
    for kind in type(error).__mro__:
        if issubclass(kind, DomainError) and kind in ANSWERS:
            return ANSWERS[kind]
    raise LookupError(f"no answer for {type(error).__name__}")


def error_body(answer: Answer, error: DomainError, *, url: str) -> bytes | None:
    """Return the DAV:error of an answer with a precondition (RFC 4918 §16)."""
    if answer.precondition is None:
        return None
    root = ET.Element(f"{{{DAV}}}error")
    namespace, name = answer.precondition
    failed = ET.SubElement(root, f"{{{namespace}}}{name}")
    if name == "need-privileges":
        resource = ET.SubElement(failed, f"{{{DAV}}}resource")
        ET.SubElement(resource, f"{{{DAV}}}href").text = url
        privilege = ET.SubElement(resource, f"{{{DAV}}}privilege")
        ET.SubElement(privilege, f"{{{DAV}}}write-content")
    if isinstance(error, errors.UidConflict) and error.href:
        ET.SubElement(failed, f"{{{DAV}}}href").text = error.href
    ET.SubElement(root, f"{{{DAV}}}responsedescription").text = str(error)
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body

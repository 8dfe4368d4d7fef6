"""From refusals to answers: the one table of the CalDAV edge.

A test walks all DomainErrors and fails when one has no answer here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from rdv_caldav.domain import errors
from rdv_caldav.domain.errors import DomainError
from rdv_radicale.answers import Answer, error_answer, sentence
from rdv_radicale.names import caldav, dav, element, href_element
from rdv_radicale.paths import encoded

NEED_PRIVILEGES = dav("need-privileges")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status, and the precondition that failed, by Clark name."""

    status: HTTPStatus
    precondition: str | None = None


def _forbidden(precondition: str) -> Refusal:
    return Refusal(HTTPStatus.FORBIDDEN, precondition)


REFUSALS: Mapping[type[DomainError], Refusal] = {
    errors.UnknownCalendar: Refusal(HTTPStatus.NOT_FOUND),
    errors.UnknownObject: Refusal(HTTPStatus.NOT_FOUND),
    errors.ModuleOff: Refusal(HTTPStatus.NOT_FOUND),
    # DAVx5 understands a 403 only with need-privileges
    errors.AccessRefused: _forbidden(NEED_PRIVILEGES),
    errors.TooManyAttempts: Refusal(HTTPStatus.TOO_MANY_REQUESTS),
    errors.RuleBroken: _forbidden(caldav("valid-calendar-object-resource")),
    errors.Conflicting: Refusal(HTTPStatus.CONFLICT),
    errors.PreconditionFailed: Refusal(HTTPStatus.PRECONDITION_FAILED),
    errors.UidConflict: Refusal(HTTPStatus.CONFLICT, caldav("no-uid-conflict")),
    errors.LostRace: Refusal(HTTPStatus.CONFLICT),
    errors.HrefTaken: Refusal(HTTPStatus.CONFLICT),
    errors.CalendarDataRefused: _forbidden(caldav("valid-calendar-data")),
    errors.InvalidCalendarObject: _forbidden(caldav("valid-calendar-object-resource")),
    errors.InvalidSchedulingMessage: _forbidden(caldav("valid-scheduling-message")),
    errors.UnsupportedComponent: _forbidden(caldav("supported-calendar-component")),
    errors.UnsupportedMediaType: _forbidden(caldav("supported-calendar-data")),
    errors.TooLarge: Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, caldav("max-resource-size")),
    errors.TooManyInstances: _forbidden(caldav("max-instances")),
    errors.TooManyAttendees: _forbidden(caldav("max-attendees-per-instance")),
    errors.DateOutOfRange: _forbidden(caldav("min-date-time")),
    errors.SyncTokenExpired: _forbidden(dav("valid-sync-token")),
    errors.ParentMissing: Refusal(HTTPStatus.CONFLICT),
    errors.PlaceTaken: Refusal(HTTPStatus.METHOD_NOT_ALLOWED),
    errors.PersonalCalendarsOff: _forbidden(NEED_PRIVILEGES),
    errors.CollectionRefused: _forbidden(caldav("calendar-collection-location-ok")),
    errors.QuotaExceeded: Refusal(HTTPStatus.INSUFFICIENT_STORAGE, dav("quota-not-exceeded")),
    errors.LoginTaken: Refusal(HTTPStatus.CONFLICT),
    errors.InvalidInput: Refusal(HTTPStatus.BAD_REQUEST),
    errors.SchemaMismatch: Refusal(HTTPStatus.SERVICE_UNAVAILABLE),
    errors.DemoRefused: Refusal(HTTPStatus.FORBIDDEN),
}


def refusal_of(error: DomainError) -> Refusal:
    """Return what is answered to an error: that of its own type, else of the nearest above."""
    if isinstance(error, errors.DateOutOfRange) and error.too_late:
        return _forbidden(caldav("max-date-time"))
    for kind in type(error).__mro__:
        if issubclass(kind, DomainError) and kind in REFUSALS:
            return REFUSALS[kind]
    raise LookupError(f"no answer for {type(error).__name__}")


def refusal_answer(error: DomainError, *, url: str) -> Answer:
    """Return a DAV:error where a precondition fails, else a sentence; ``url`` was asked."""
    refusal = refusal_of(error)
    if isinstance(error, errors.TooManyAttempts):
        # not 401: programs would throw a right password away
        return sentence(refusal.status, str(error), {"Retry-After": str(error.retry_after)})
    if refusal.precondition is None:
        return sentence(refusal.status, str(error))
    return error_answer(
        refusal.status, refusal.precondition, str(error), _content(refusal, error, url)
    )


def _content(refusal: Refusal, error: DomainError, url: str) -> str:
    """Return what the precondition's element says more."""
    if refusal.precondition == NEED_PRIVILEGES:
        privilege = element(dav("privilege"), element(dav("write-content")))
        return element(dav("resource"), href_element(url) + privilege)
    if isinstance(error, errors.UidConflict) and error.href:
        return href_element(f"{url.rpartition('/')[0]}/{encoded(error.href)}")
    return ""

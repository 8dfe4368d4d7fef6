"""OPTIONS: what is here; programs ask without credentials, so it depends on nobody."""

from __future__ import annotations

from http import HTTPStatus

from rdv_radicale.answers import Answer

METHODS = (
    "OPTIONS",
    "GET",
    "HEAD",
    "PUT",
    "POST",
    "DELETE",
    "COPY",
    "MOVE",
    "PROPFIND",
    "PROPPATCH",
    "REPORT",
    "MKCALENDAR",
    "MKCOL",
)
DAV_HEADER = (
    "1, 3, access-control, calendar-access, calendar-auto-schedule, extended-mkcol,"
    " calendar-availability, calendar-no-timezone"
)
"""No class 2 without LOCK. With auto-schedule only the server mails (RFC 6638 §2)."""


def options() -> Answer:
    """Answer the verbs and the classes of compliance."""
    return Answer(HTTPStatus.OK, {"Allow": ", ".join(METHODS), "DAV": DAV_HEADER})

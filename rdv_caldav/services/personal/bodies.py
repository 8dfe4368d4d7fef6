"""What is sent to be kept, read before anything is locked: that is the slow part of a PUT."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from rdv_caldav.db.personal_objects import Content
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.personal import PersonalCollection
from rdv_caldav.ical.instances import index_of
from rdv_caldav.ical.objects import PersonalObject as ParsedObject
from rdv_caldav.ical.objects import decode, parse_personal

CALENDAR_TYPE = "text/calendar; charset=utf-8"
ANY_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What is kept of a request body: a file as it is, of a calendar object its text in UTF-8.

    ``as_sent`` is false where that is not what was sent, octet by octet.
    """

    content: bytes = field(repr=False)
    content_type: str
    parsed: ParsedObject | None = None
    as_sent: bool = True


def read_body(collection: PersonalCollection, body: bytes, content_type: str | None) -> Body:
    """Return what a request body is in a collection.

    Raises the kinds of CalendarDataRefused for what a calendar does not take; folders take
    anything.
    """
    if not collection.is_calendar:
        return Body(content=body, content_type=content_type or ANY_TYPE)
    text = decode(body, content_type)
    parsed = parse_personal(text, components=frozenset(collection.components))
    content = text.encode()
    return Body(content=content, content_type=CALENDAR_TYPE, parsed=parsed, as_sent=content == body)


def content_of(tx: Transaction, body: Body, *, now: datetime) -> Content:
    """Return a body with what the time-range index has to know.

    Raises InvalidCalendarObject, TooManyInstances.
    """
    parsed = body.parsed
    if parsed is None:
        return Content(content=body.content, content_type=body.content_type)
    zone = tx.agency.settings().time_zone
    return Content(
        content=body.content,
        content_type=body.content_type,
        uid=parsed.uid,
        component=parsed.component,
        index=index_of(parsed.root, floating_zone=zone, now=now),
    )

"""free-busy-query: when somebody is busy, and nothing else (RFC 4791 §7.10)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from http import HTTPStatus

from rdv_caldav.ical.busy import BusyKind, BusyPeriod, busy_periods, free_busy_text
from rdv_radicale.answers import CALENDAR_TYPE, Answer, DavRefused
from rdv_radicale.malformed import BadRequest
from rdv_radicale.names import caldav
from rdv_radicale.reports.filter_reading import read_time_range
from rdv_radicale.requests import Request
from rdv_radicale.resources.base import CalendarResource, Member, Resource
from rdv_radicale.resources.people import PersonCalendar
from rdv_radicale.resources.personal import PersonalCalendar

_UNUSUAL = ("TRANSPARENT", "CANCELLED", "TENTATIVE", "DECLINED", "RECURRENCE-ID", "RRULE", "RDATE")
"""Without any of these, an object is busy from its start to its end."""


def free_busy_query(_request: Request, xml: ET.Element, resource: Resource) -> Answer:
    """Answer one VFREEBUSY: of a calendar, or of the account's own ones for its home."""
    sent = xml.find(caldav("time-range"))
    if sent is None:
        raise BadRequest("free-busy-query needs a time-range")
    try:
        span = read_time_range(sent)
    except DavRefused as error:
        # RFC 4791 §7.10 has no precondition for it
        raise BadRequest(str(error)) from error
    if span.start is None or span.end is None:
        raise BadRequest("the time-range of a free-busy-query has a start and an end")
    periods: list[BusyPeriod] = []
    for calendar in _calendars(resource):
        periods += busy_in(calendar, span.start, span.end)
    text = free_busy_text(periods, start=span.start, end=span.end, stamp=resource.now.now)
    return Answer(HTTPStatus.OK, {"Content-Type": CALENDAR_TYPE}, text.encode())


def _calendars(resource: Resource) -> Iterable[CalendarResource]:
    if isinstance(resource, CalendarResource):
        return [resource]
    person_id = resource.now.actor.person_id
    return [
        member
        for member in resource.members()
        if isinstance(member, PersonalCalendar)
        or (isinstance(member, PersonCalendar) and member.seen.person.id == person_id)
    ]


def busy_in(calendar: CalendarResource, start: datetime, end: datetime) -> Iterator[BusyPeriod]:
    """Yield when the objects of a calendar make its person busy."""
    addresses: Collection[str] = ()
    if isinstance(calendar, PersonCalendar):
        addresses = calendar.seen.person.addresses
    for component in ("VEVENT", "VFREEBUSY"):
        if component in calendar.components:
            for member in calendar.in_range(component, start, end):
                yield from _busy(calendar, member, start, end, addresses)


def _busy(
    calendar: CalendarResource,
    member: Member,
    start: datetime,
    end: datetime,
    addresses: Collection[str],
) -> Iterable[BusyPeriod]:
    # the time zone before the event repeats, which means nothing
    text = member.text[member.text.find("BEGIN:VEVENT") :].upper()
    is_plain = calendar.zone == calendar.index_zone and not any(word in text for word in _UNUSUAL)
    if is_plain and member.starts_at is not None and member.stops_at is not None:
        return [BusyPeriod(member.starts_at, member.stops_at, BusyKind.BUSY)]
    return busy_periods(
        member.text, start=start, end=end, floating_zone=calendar.zone, addresses=addresses
    )

"""free-busy-query: when somebody is busy, and nothing else (RFC 4791 §7.10)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from datetime import datetime
from http import HTTPStatus

from rdv_caldav.ical.busy import BusyPeriod, free_busy_text
from rdv_caldav.services import free_busy
from rdv_radicale.answers import CALENDAR_TYPE, Answer, DavRefused
from rdv_radicale.malformed import BadRequest
from rdv_radicale.names import caldav
from rdv_radicale.reports.filter_reading import read_time_range
from rdv_radicale.requests import Request
from rdv_radicale.resources.base import Resource
from rdv_radicale.resources.people import PersonCalendar
from rdv_radicale.resources.personal import PersonalCalendar


def free_busy_query(_request: Request, xml: ET.Element, resource: Resource) -> Answer:
    """Answer one VFREEBUSY: of a calendar, or of the account's own ones for its home."""
    start, end = _span(xml)
    periods = _periods(resource, start, end)
    text = free_busy_text(periods, start=start, end=end, stamp=resource.now.now)
    return Answer(HTTPStatus.OK, {"Content-Type": CALENDAR_TYPE}, text.encode())


def _span(xml: ET.Element) -> tuple[datetime, datetime]:
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
    return span.start, span.end


def _periods(resource: Resource, start: datetime, end: datetime) -> Iterable[BusyPeriod]:
    tx = resource.now.tx
    if isinstance(resource, PersonCalendar):
        return free_busy.in_appointments(tx, resource.seen.person, start=start, end=end)
    if isinstance(resource, PersonalCalendar):
        return free_busy.in_collection(
            tx, resource.collection, zone=resource.zone, start=start, end=end
        )
    return _own(resource, start, end)


def _own(home: Resource, start: datetime, end: datetime) -> Iterator[BusyPeriod]:
    """Yield when the account is busy: its person's appointments, and its own calendars."""
    person = home.now.actor.person
    if person is not None:
        yield from free_busy.of_person(home.now.tx, person, start=start, end=end)
        return
    for member in home.members():
        if isinstance(member, PersonalCalendar) and free_busy.counts(member.collection):
            yield from _periods(member, start, end)

"""What a mail says of an appointment to its one recipient, as iCalendar (RFC 5546, RFC 6047).

Nothing goes out but what is listed here: what programs keep in an object is nobody's business
outside. Times stand in zones that every program knows, or in UTC where no zone is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.inbox import Method
from rdv_caldav.ical.contentlines import (
    Component,
    ContentLine,
    make_line,
    parse_components,
    text_value,
)
from rdv_caldav.ical.itip import message
from rdv_caldav.ical.moments import Clock, utc_text
from rdv_caldav.ical.timezones import UTC_ZONE, component_key
from rdv_caldav.ical.vtimezones import vtimezone
from rdv_caldav.ical.writer import PRODID, series_tzid

_TIMES = ("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE")
_REPEATING = ("RRULE", "EXRULE", "RDATE", "EXDATE")
_TEXTS = ("SUMMARY", "LOCATION", "DESCRIPTION")
_OTHERS = ("UID", "DTSTAMP", "DURATION", "SEQUENCE", "STATUS", "TRANSP", "CLASS", "PRIORITY", "GEO")
_KEPT = frozenset({*_OTHERS, *_TIMES, *_REPEATING, *_TEXTS, "URL"})
_LOCAL = re.compile(r"(\d{8}T\d{6})(?![Z\d])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """Somebody as a mail names him: normalised address and name, and whether it is his."""

    address: str
    name: str
    presence: Presence = Presence.NEEDS_ACTION
    is_owner: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """Who writes to whom, and how much he is told.

    ``organizer`` is where the answer goes. ``presences`` are the recipient's answers and
    ``others`` who else is named, by component key ("" for the whole, see
    :func:`~rdv_caldav.ical.timezones.component_key`). Where there is no subject, ``untitled``
    stands for it.
    """

    organizer: str
    organizer_name: str
    recipient: str
    recipient_name: str
    untitled: str
    presences: Mapping[str, Presence]
    others: Mapping[str, tuple[Attendee, ...]]
    with_notes: bool = False
    with_link: bool = False


def mailed(
    text: str,
    method: Method,
    *,
    zone: str,
    stamp: datetime,
    sequence: int,
    dates: Iterable[datetime] = (),
    addressed: Addressed,
) -> str:
    """Return the calendar of a REQUEST or a CANCEL, of an appointment's text.

    As in :func:`rdv_caldav.ical.itip.message`, ``dates`` are original starts as naive wall clock
    in ``zone``, the zone of the series; without them it is about the whole. ``stamp`` is in UTC.
    """
    tzid = next(
        (series_tzid(each) for each in parse_components(text).components("VCALENDAR")), None
    )
    said = message(text, method, zone=zone, stamp=stamp, dates=dates, sequence=sequence)
    calendar = parse_components(said).components("VCALENDAR")[0]
    clock = Clock(calendar, zone)
    events = calendar.components("VEVENT")
    for event in events:
        key = component_key(event, zone=zone, series_tzid=tzid)
        event.items = [each for each in event.items if _is_kept(each, addressed)]
        _put_texts(event, addressed)
        _put_people(event, key, addressed, method)
        if method is Method.CANCEL:
            event.drop(*_REPEATING)
            _in_utc(event, clock)
        else:
            event.put(make_line("STATUS", "CONFIRMED"))
            _in_known_zones(event, clock)
    head = [
        make_line("VERSION", "2.0"),
        make_line("PRODID", PRODID),
        make_line("CALSCALE", "GREGORIAN"),
        make_line("METHOD", method.value),
    ]
    calendar.items = [*head, *_zones(events), *events]
    return calendar.text()


def _is_kept(item: ContentLine | Component, addressed: Addressed) -> bool:
    if isinstance(item, Component) or item.name not in _KEPT:
        return False
    if item.name == "URL":
        return addressed.with_link
    return item.name != "DESCRIPTION" or addressed.with_notes


def _put_texts(event: Component, addressed: Addressed) -> None:
    """Leave the texts alone: their parameters may lead to pages inside (ALTREP)."""
    for line in event.lines(*_TEXTS):
        event.replace(line, make_line(line.name, line.value))
    if event.line("SUMMARY") is None:
        event.add(make_line("SUMMARY", text_value(addressed.untitled)))


def _put_people(event: Component, key: str, addressed: Addressed, method: Method) -> None:
    organizer = {"CN": addressed.organizer_name} if addressed.organizer_name else {}
    event.add(make_line("ORGANIZER", f"mailto:{addressed.organizer}", organizer))
    presence = addressed.presences.get(key, addressed.presences.get(""))
    own = Attendee(
        address=addressed.recipient,
        name=addressed.recipient_name,
        presence=presence or Presence.NEEDS_ACTION,
    )
    event.add(_attendee_line(own, asks=method is Method.REQUEST))
    for other in addressed.others.get(key, addressed.others.get("", ())):
        event.add(_attendee_line(other, asks=False))


def _attendee_line(attendee: Attendee, *, asks: bool) -> ContentLine:
    params = {
        "CN": attendee.name,
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "CHAIR" if attendee.is_owner else "REQ-PARTICIPANT",
        "PARTSTAT": attendee.presence.value,
        "RSVP": "TRUE" if asks else "",
    }
    written = {name: value for name, value in params.items() if value}
    return make_line("ATTENDEE", f"mailto:{attendee.address}", written)


# -- times --------------------------------------------------------------------------------


def _in_utc(event: Component, clock: Clock) -> None:
    for line in event.lines(*_TIMES):
        moment = clock.moment(line)
        if moment is not None and not moment.is_date:
            event.replace(line, make_line(line.name, utc_text(moment.instant)))


def _in_known_zones(event: Component, clock: Clock) -> None:
    """Write zones by their common names, which a definition by offsets leads to as well."""
    for line in event.lines(*_TIMES):
        moment = next(clock.moments(line), None)
        if moment is None or not _LOCAL.search(line.value):
            continue
        if moment.zone == UTC_ZONE:
            in_utc = _LOCAL.sub(r"\1Z", line.value)
            event.replace(line, line.with_params({"TZID": None}, in_utc))
        else:
            event.replace(line, line.with_params({"TZID": moment.zone}))


def _zones(events: Iterable[Component]) -> Iterator[Component]:
    """Yield a definition of each zone that is used, by the rules of its first year there."""
    used: dict[str, int] = {}
    for event in events:
        for line in event.lines(*_TIMES):
            tzid = line.params.get("TZID")
            if tzid:
                used.setdefault(tzid, int(line.value[:4]))
    for tzid, year in used.items():
        yield from parse_components(vtimezone(tzid, year)).components("VTIMEZONE")

"""Scheduling messages (RFC 5546): what one person is told of an appointment, as iCalendar.

A message is made of a text as its reader may see it. Nothing of any account is left in it, nor
what programs and servers tell each other about who sends what (RFC 6638 §7).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from rdv_caldav.domain.directory import normalise_address
from rdv_caldav.domain.inbox import Method
from rdv_caldav.ical.contentlines import (
    Component,
    ContentLine,
    make_line,
    parse_components,
    text_value,
)
from rdv_caldav.ical.moments import Clock
from rdv_caldav.ical.patching import moment_like
from rdv_caldav.ical.timezones import component_key
from rdv_caldav.ical.views import is_private
from rdv_caldav.ical.writer import series_tzid

_OF_SERIES = ("RRULE", "RDATE", "EXDATE", "EXRULE")
_OF_TRANSPORT = ("SCHEDULE-AGENT", "SCHEDULE-STATUS", "SCHEDULE-FORCE-SEND")
_COMMENT = "X-RESPONSE-COMMENT"


def message(
    text: str,
    method: Method,
    *,
    zone: str,
    stamp: datetime,
    dates: Iterable[datetime] = (),
    attendees: Collection[str] | None = None,
    sequence: int | None = None,
) -> str:
    """Return the message that says ``method`` of an appointment's text.

    Without ``dates`` it is about all of it. With some it is about these dates of a series alone:
    original starts as naive wall clock in ``zone``, the zone of the series. Dates that do not
    differ in the text are made of the series. ``attendees`` are the normalised addresses of
    those who are named in it, all where None; in a REPLY they are who answers, and what they did
    not answer is left out. ``stamp`` (UTC) is when the message is made, ``sequence`` replaces
    the text's own.
    """
    root = parse_components(text)
    calendar = next(iter(root.components("VCALENDAR")), root)
    _select(calendar, method, zone, tuple(dates))
    for event in calendar.components("VEVENT"):
        _clean(event, attendees)
        if method is Method.REPLY and event.line("ATTENDEE") is None:
            calendar.items.remove(event)
            continue
        event.put(make_line("DTSTAMP", f"{stamp:%Y%m%dT%H%M%SZ}"))
        if sequence is not None:
            event.put(make_line("SEQUENCE", str(sequence)))
        _say(event, method)
    calendar.put(make_line("METHOD", method.value))
    return root.text()


def _select(calendar: Component, method: Method, zone: str, dates: tuple[datetime, ...]) -> None:
    """Leave what the message is about."""
    tzid = series_tzid(calendar)
    events = {
        component_key(event, zone=zone, series_tzid=tzid): event
        for event in calendar.components("VEVENT")
    }
    if dates:
        clock = Clock(calendar, zone)
        chosen = [_date(events, original, clock) for original in dates]
    elif method is Method.CANCEL and "" in events:
        # the whole is cancelled by its series alone (RFC 5546 §3.2.5)
        chosen = [events[""]]
    else:
        chosen = list(events.values())
    others = [item for item in calendar.items if not _is_event(item)]
    calendar.items = [*others, *chosen]


def _is_event(item: ContentLine | Component) -> bool:
    return isinstance(item, Component) and item.name == "VEVENT"


def _date(events: dict[str, Component], original: datetime, clock: Clock) -> Component:
    """Return the component of one date, made of the series where it has none of its own."""
    known = events.get(original.isoformat())
    if known is not None:
        return known
    series = events[""]
    event = series.copy()
    event.drop(*_OF_SERIES)
    event.put(moment_like(series, "RECURRENCE-ID", original))
    event.put(moment_like(series, "DTSTART", original))
    start, end = clock.moment(series.line("DTSTART")), clock.moment(series.line("DTEND"))
    if start is not None and end is not None:
        length = clock.wall(end, start.zone) - start.wall
        event.put(moment_like(series, "DTEND", original + length))
    return event


def _clean(event: Component, attendees: Collection[str] | None) -> None:
    """Take out what is one account's own, what is about sending, and who is not named."""
    event.items = [item for item in event.items if not is_private(item)]
    for line in event.lines("ATTENDEE", "ORGANIZER"):
        is_named = line.name == "ORGANIZER" or attendees is None or _is_one_of(line, attendees)
        params = {name: None for name in _OF_TRANSPORT if name in line.params}
        if not is_named:
            event.replace(line, None)
        elif params:
            event.replace(line, line.with_params(params))


def _is_one_of(line: ContentLine, addresses: Collection[str]) -> bool:
    named = {normalise_address(line.value), normalise_address(line.params.get("EMAIL", ""))}
    return not named.isdisjoint(addresses)


def _say(event: Component, method: Method) -> None:
    """Write what goes with a method: a state, or the words that an answer came with."""
    if method is Method.CANCEL:
        event.put(make_line("STATUS", "CANCELLED"))
    if method is not Method.REPLY:
        return
    event.put(make_line("REQUEST-STATUS", "2.0;Success"))
    for line in event.lines("ATTENDEE"):
        comment = line.params.get(_COMMENT)
        if comment:
            event.add(make_line("COMMENT", text_value(comment)))
        event.replace(line, line.with_params({"RSVP": None, _COMMENT: None}))

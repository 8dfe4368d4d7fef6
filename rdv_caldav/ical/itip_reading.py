"""Scheduling messages that arrive (RFC 5546): what is answered, to which dates, by whom.

Programs keep less of the standard than they are asked to: Outlook leaves ORGANIZER out and puts
words of its own language before SUMMARY, Thunderbird sends the whole series back with an answer,
zones come by Windows names. What matters here is UID, the dates, and the ATTENDEE lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from icalendar.parser import unescape_backslash

from rdv_caldav.domain.directory import normalise_address
from rdv_caldav.domain.errors import InvalidSchedulingMessage, NotCalendarData
from rdv_caldav.domain.replies import Respondent
from rdv_caldav.ical.contentlines import (
    Component,
    ContentLine,
    events_of,
    parse_components,
    to_crlf,
)
from rdv_caldav.ical.moments import Clock, Moment, shifted
from rdv_caldav.ical.moments import read_duration as _duration
from rdv_caldav.ical.objects import check_text
from rdv_caldav.ical.reader import address_in, presence_of

MOST_EVENTS = 500
MOST_ATTENDEES = 500
LONGEST_COMMENT = 2_000
"""Characters of a comment that are kept."""

_LONGEST_UID = 1_000
_LONGEST_LINE = 500
_LONGEST_ADDRESS = 320
_MOST_DELEGATES = 20
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_AGENCY_ZONE = "Europe/Paris"


@dataclass(frozen=True, slots=True)
class Original:
    """RECURRENCE-ID: which date of a series is meant.

    ``is_date`` marks a mere day (VALUE=DATE); some programs write it for series with times too,
    so that it is compared with the day of a date.
    """

    moment: Moment

    @property
    def is_date(self) -> bool:
        """Whether it is a day without a time."""
        return self.moment.is_date

    @property
    def instant(self) -> datetime | None:
        """The instant in UTC; None for a day, which has none of its own."""
        return None if self.moment.is_date else self.moment.instant

    def wall_in(self, zone: str) -> datetime:
        """Return it as ``Occurrence.original`` is written: naive wall clock in ``zone``.

        A day is its midnight, and what was written without a zone is the series' own clock.
        """
        if self.moment.is_date or self.moment.is_floating:
            return self.moment.wall
        return Clock.wall(self.moment, zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEvent:
    """One VEVENT of a message.

    ``original`` is None for a single event, or the whole of a series; ``with_later`` marks
    RANGE=THISANDFUTURE. ``start`` and ``end`` are in a COUNTER what the attendee proposes
    (RFC 5546 §3.2.7), ``previous_start`` what Outlook says it was before
    (X-MS-OLK-ORIGINALSTART). ``stamp`` (aware, UTC) and ``sequence`` are None where the message
    lacks them, or writes what cannot be read. ``comment`` is COMMENT.
    """

    original: Original | None
    with_later: bool
    sequence: int | None
    stamp: datetime | None
    start: Moment | None
    end: Moment | None
    previous_start: Moment | None
    attendees: tuple[Respondent, ...]
    organizer: str
    summary: str
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulingMessage:
    """A message about one UID. ``method`` is in upper case, empty where the text has none."""

    method: str
    uid: str
    events: tuple[MessageEvent, ...]


def read_scheduling_message(text: str, *, zone: str = _AGENCY_ZONE) -> SchedulingMessage:
    """Read a message that arrived by mail.

    ``zone`` is the agency's, for times of zones that neither name nor definition tells.
    Raises NotCalendarData, TooLarge; InvalidSchedulingMessage where there is no event, or not
    exactly one UID.
    """
    check_text(text)
    root = parse_components(to_crlf(text))
    calendars = [each for each in root.components("VCALENDAR") if each.end]
    if len(calendars) != 1:
        raise NotCalendarData("the text is not one VCALENDAR")
    events = [event for event in events_of(root) if event.end]
    if not events:
        raise InvalidSchedulingMessage("there is no event in the message")
    if len(events) > MOST_EVENTS:
        raise InvalidSchedulingMessage(f"more than {MOST_EVENTS} events")
    if sum(len(event.lines("ATTENDEE")) for event in events) > MOST_ATTENDEES:
        raise InvalidSchedulingMessage(f"more than {MOST_ATTENDEES} attendees")
    clock = Clock(root, zone)
    return SchedulingMessage(
        method=_text(calendars[0], "METHOD").upper(),
        uid=_the_uid(events),
        events=tuple(_event(event, clock) for event in events),
    )


def _the_uid(events: list[Component]) -> str:
    uids = {_text(event, "UID") for event in events}
    uid = uids.pop()
    if uids:
        raise InvalidSchedulingMessage("there is more than one UID in the message")
    if not uid or len(uid) > _LONGEST_UID:
        raise InvalidSchedulingMessage("the message has no UID, or one that is too long")
    return uid


def _event(event: Component, clock: Clock) -> MessageEvent:
    line = event.line("RECURRENCE-ID")
    moment = clock.moment(line)
    if line is not None and moment is None:
        # taken for an answer to the whole series it would say far more than was meant
        raise InvalidSchedulingMessage("RECURRENCE-ID is not readable")
    comment = _comment(event)
    organizer = event.line("ORGANIZER")
    return MessageEvent(
        original=None if moment is None else Original(moment),
        with_later=line is not None and line.params.get("RANGE", "").upper() == "THISANDFUTURE",
        sequence=_sequence(event),
        stamp=_stamp(event, clock),
        start=clock.moment(event.line("DTSTART")),
        end=_end(event, clock),
        previous_start=clock.moment(event.line("X-MS-OLK-ORIGINALSTART")),
        attendees=_attendees(event, comment),
        organizer="" if organizer is None else _bounded(address_in(organizer, organizer.params)),
        summary=_one_line(_text(event, "SUMMARY")),
        comment=comment,
    )


def _sequence(event: Component) -> int | None:
    written = _text(event, "SEQUENCE")
    return int(written) if _NUMBER.fullmatch(written) else None


def _stamp(event: Component, clock: Clock) -> datetime | None:
    moment = clock.moment(event.line("DTSTAMP"))
    if moment is None or moment.is_date or moment.is_floating:
        return None
    return moment.instant.astimezone(UTC)


def _end(event: Component, clock: Clock) -> Moment | None:
    written = clock.moment(event.line("DTEND"))
    if written is not None:
        return written
    start = clock.moment(event.line("DTSTART"))
    length = _duration(_text(event, "DURATION"))
    if start is None or length is None:
        return None
    return Moment(shifted(start.wall, length), start.zone, start.is_date, start.is_floating)


def _attendees(event: Component, comment: str) -> tuple[Respondent, ...]:
    """Return who is named; the comment of an event is that of an only attendee."""
    lines = event.lines("ATTENDEE")
    own = comment if len(lines) == 1 else ""
    users = (_respondent(line, own) for line in lines)
    return tuple(user for user in users if user.address)


def _respondent(line: ContentLine, comment: str) -> Respondent:
    params = line.params
    partstat = params.get("PARTSTAT", "").strip()
    is_delegated = partstat.upper() == "DELEGATED"
    sent = params.get("DELEGATED-TO", "").split(",", _MOST_DELEGATES) if is_delegated else []
    return Respondent(
        address=_bounded(address_in(line, params)),
        name=_one_line(params.get("CN", "")),
        presence=presence_of(partstat),
        comment=params.get("X-RESPONSE-COMMENT", "").strip()[:LONGEST_COMMENT] or comment,
        sent_by=_address(params.get("SENT-BY", "")),
        is_delegated=is_delegated,
        delegates=tuple(filter(None, map(_address, sent[:_MOST_DELEGATES]))),
    )


def _address(written: str) -> str:
    return _bounded(normalise_address(written.strip().strip('"')))


def _bounded(address: str) -> str:
    """Return an address, none where it is longer than any can be."""
    return address if len(address) <= _LONGEST_ADDRESS else ""


def _comment(event: Component) -> str:
    """Return COMMENT; Outlook sends one with nothing but a line break where none was left."""
    texts = (unescape_backslash(line.value).strip() for line in event.lines("COMMENT"))
    return "\n".join(text for text in texts if text)[:LONGEST_COMMENT]


def _text(component: Component, name: str) -> str:
    line = component.line(name)
    return "" if line is None else unescape_backslash(line.value).strip()


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_LINE]

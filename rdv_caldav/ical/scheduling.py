"""Messages that programs post to be answered at once: requests for free/busy (RFC 6638 §5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rdv_caldav.domain.directory import normalise_address
from rdv_caldav.domain.errors import InvalidSchedulingMessage, NotCalendarData
from rdv_caldav.ical.contentlines import (
    Component,
    ContentLine,
    events_of,
    parse_components,
)
from rdv_caldav.ical.moments import Clock
from rdv_caldav.ical.objects import check_text

MOST_ATTENDEES = 200
SERVER = "SERVER"
LONGEST = timedelta(days=3_700)


@dataclass(frozen=True, slots=True)
class Asked:
    """One ATTENDEE of a request: a calendar user address as it was sent, and a name."""

    uri: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class FreeBusyRequest:
    """A VFREEBUSY with METHOD:REQUEST: who asks of whom, about when (aware, UTC)."""

    uid: str
    organizer: str
    attendees: tuple[Asked, ...]
    start: datetime
    end: datetime


def read_free_busy_request(text: str) -> FreeBusyRequest:
    """Read what a program posts to an outbox.

    Raises NotCalendarData, TooLarge, InvalidSchedulingMessage.
    """
    check_text(text)
    root = parse_components(text)
    calendars = [each for each in root.components("VCALENDAR") if each.end]
    if len(calendars) != 1:
        raise NotCalendarData("the text is not one VCALENDAR")
    (calendar,) = calendars
    method = calendar.line("METHOD")
    if method is None or method.value.strip().upper() != "REQUEST":
        raise InvalidSchedulingMessage("only METHOD:REQUEST is answered here")
    inner = [item for item in calendar.items if isinstance(item, Component)]
    asked = [item for item in inner if item.name == "VFREEBUSY"]
    if len(asked) != 1 or any(item.name not in ("VFREEBUSY", "VTIMEZONE") for item in inner):
        raise InvalidSchedulingMessage("only one VFREEBUSY is answered here")
    return _request(asked[0], Clock(root, "UTC"))


def schedule_agents(text: str) -> dict[str, str]:
    """Return who writes to whom, by normalised address (RFC 6638 §7.1).

    SERVER; CLIENT where the program mails by itself, as Outlook's plug-in does; NONE; or anything
    else that somebody may come to understand.
    """
    found: dict[str, str] = {}
    for event in events_of(parse_components(text)):
        for line in event.lines("ATTENDEE"):
            agent = line.params.get("SCHEDULE-AGENT", SERVER).strip().upper()
            found.setdefault(normalise_address(line.value), agent)
    return found


def asked_to_send(text: str) -> tuple[str, ...]:
    """Return the normalised addresses that are to get an invitation anyhow (RFC 6638 §7.2)."""
    if "SCHEDULE-FORCE-SEND" not in text.upper():
        return ()
    found = (
        normalise_address(line.value)
        for event in events_of(parse_components(text))
        for line in event.lines("ATTENDEE")
        if line.params.get("SCHEDULE-FORCE-SEND", "").strip().upper() == "REQUEST"
    )
    return tuple(dict.fromkeys(found))


def _request(asked: Component, clock: Clock) -> FreeBusyRequest:
    named = (
        Asked(line.value.strip(), line.params.get("CN", "")) for line in asked.lines("ATTENDEE")
    )
    attendees = tuple(dict.fromkeys(named))
    if not attendees or len(attendees) > MOST_ATTENDEES:
        raise InvalidSchedulingMessage(f"from one to {MOST_ATTENDEES} attendees are expected")
    start, end = _instant(asked, "DTSTART", clock), _instant(asked, "DTEND", clock)
    if not start < end <= start + LONGEST:
        raise InvalidSchedulingMessage(f"DTEND is after DTSTART, by {LONGEST.days} days at most")
    organizer = asked.line("ORGANIZER")
    if organizer is None:
        raise InvalidSchedulingMessage("there is no ORGANIZER")
    uid = asked.line("UID")
    return FreeBusyRequest(
        uid=uid.value if uid is not None else "",
        organizer=organizer.value.strip(),
        attendees=attendees,
        start=start,
        end=end,
    )


def _instant(asked: Component, name: str, clock: Clock) -> datetime:
    line: ContentLine | None = asked.line(name)
    is_utc = line is not None and line.value.strip().upper().endswith("Z")
    moment = clock.moment(line) if is_utc else None
    if moment is None:
        raise InvalidSchedulingMessage(f"{name} is missing, or no time in UTC")
    return moment.instant

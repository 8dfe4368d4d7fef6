"""Messages that programs post to be answered at once: requests for free/busy (RFC 6638 §5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rdv_caldav.domain.errors import InvalidSchedulingMessage, NotCalendarData
from rdv_caldav.ical.contentlines import Component, ContentLine, parse_components
from rdv_caldav.ical.moments import Clock

MOST_ATTENDEES = 200
LONGEST = timedelta(days=3_700)


@dataclass(frozen=True, slots=True)
class FreeBusyRequest:
    """A VFREEBUSY with METHOD:REQUEST: who asks of whom, about when (aware, UTC).

    ``organizer`` and ``attendees`` are calendar user addresses as they were sent.
    """

    uid: str
    organizer: str
    attendees: tuple[str, ...]
    start: datetime
    end: datetime


def read_free_busy_request(text: str) -> FreeBusyRequest:
    """Read what a program posts to an outbox.

    Raises NotCalendarData, InvalidSchedulingMessage.
    """
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


def _request(asked: Component, clock: Clock) -> FreeBusyRequest:
    attendees = tuple(dict.fromkeys(line.value.strip() for line in asked.lines("ATTENDEE")))
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
    moment = clock.moment(line) if line is not None else None
    if moment is None:
        raise InvalidSchedulingMessage(f"{name} is missing, or cannot be read")
    return moment.instant

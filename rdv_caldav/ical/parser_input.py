"""What icalendar is given to read of a client's text, and what is kept from it.

It reads when an object takes place, and whether its lines and alarms are well-formed. It never
sees

- a VTIMEZONE: they make up most of an object, and it keeps those of names that it does not
  know for the life of the process;
- the other lines of an event, a task or a note, and those of the calendar itself, which are read
  as they are: taking them apart would be three quarters of its work;
- a TZID at a time in UTC or at a date, which may have none (RFC 5545 §3.2.19) and get one
  from some programs;
- a VALUE at a UID: it would make a date or a number of it.
"""

from __future__ import annotations

import re

from rdv_caldav.domain.errors import NotCalendarData
from rdv_caldav.ical.contentlines import Component, ContentLine, unfold

_DATES = frozenset({"DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "RDATE", "EXDATE"})
_TIMED = frozenset({"VEVENT", "VTODO", "VJOURNAL"})
_READ = _DATES | {"BEGIN", "DURATION", "END", "RRULE", "UID"}
_HAS_PARAMETERS = re.compile(r"[^:;]*;")
_WITHOUT_TZID = re.compile(r":(?:\d{8}|\d{8}T\d{6}Z)(?:,(?:\d{8}|\d{8}T\d{6}Z))*[ \t\r\n]*\Z")
_BEGIN_OF_ZONE = re.compile(r"BEGIN[^:]*:\s*VTIMEZONE\s*", re.IGNORECASE)


def parser_input(root: Component) -> str:
    """Return the text for icalendar. Raises NotCalendarData for a VTIMEZONE out of place."""
    pieces: list[str] = []
    for item in root.items:
        if isinstance(item, Component) and item.name == "VCALENDAR":
            pieces += (item.begin, *map(_text_of, item.items), item.end)
        else:
            pieces.append(item.text() if isinstance(item, Component) else item.raw)
    text = "".join(pieces)
    if "VTIMEZONE" in text.upper() and any(map(_BEGIN_OF_ZONE.fullmatch, unfold(text))):
        raise NotCalendarData("a VTIMEZONE without end, or within another component")
    return text


def _text_of(item: Component | ContentLine) -> str:
    """Return the text of what stands in a VCALENDAR, as icalendar gets it."""
    if isinstance(item, ContentLine):
        return "" if item.name != "METHOD" and item.is_well_formed else item.raw
    if item.name == "VTIMEZONE" and item.end:
        return ""
    if item.name in _TIMED:
        lines = (_line_of(inner) for inner in item.items)
        return "".join((item.begin, *lines, item.end))
    return item.text()


def _line_of(item: Component | ContentLine) -> str:
    if isinstance(item, Component):
        return item.text()
    if item.name not in _READ and item.is_well_formed:
        return ""
    superfluous = None
    if item.name == "UID":
        superfluous = "VALUE"
    elif item.name in _DATES and _WITHOUT_TZID.search(item.raw):
        superfluous = "TZID"
    if superfluous is None or not _HAS_PARAMETERS.match(item.raw):
        return item.raw
    return item.with_params({superfluous: None}).raw if superfluous in item.params else item.raw


def zone_definitions(root: Component) -> dict[str, Component]:
    """Return the VTIMEZONEs of a text by TZID, as parameters name them."""
    found = {}
    for calendar in root.components("VCALENDAR"):
        for zone in calendar.components("VTIMEZONE"):
            line = zone.line("TZID")
            if line is not None:
                found[re.sub(r"\\(.)", r"\1", line.value.strip())] = zone
    return found

"""Splitting a calendar file into one object per UID, as calendars keep them."""

from __future__ import annotations

from collections.abc import Iterator

from rdv_caldav.domain.errors import NotCalendarData
from rdv_caldav.ical.contentlines import Component, ContentLine, parse_components, to_crlf


def split_by_uid(text: str) -> Iterator[tuple[str, str]]:
    """Yield UID and text of each object in a file, its zones and properties with it.

    METHOD is left out: a file that was a message is none any more. Components without UID
    come as objects of their own, with an empty one. Raises NotCalendarData.
    """
    calendars = parse_components(to_crlf(text)).components("VCALENDAR")
    if not calendars:
        raise NotCalendarData("there is no VCALENDAR in the file")
    for calendar in calendars:
        lines = [
            item
            for item in calendar.items
            if isinstance(item, ContentLine) and item.name != "METHOD"
        ]
        zones = calendar.components("VTIMEZONE")
        for uid, parts in _by_uid(calendar).items():
            whole = Component("VCALENDAR", calendar.begin, [*lines, *zones, *parts], calendar.end)
            yield uid, whole.text()


def _by_uid(calendar: Component) -> dict[str, list[Component]]:
    found: dict[str, list[Component]] = {}
    for item in calendar.items:
        if isinstance(item, Component) and item.name != "VTIMEZONE":
            line = item.line("UID")
            found.setdefault(line.value.strip() if line else "", []).append(item)
    return found

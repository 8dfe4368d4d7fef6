"""Many objects as one iCalendar stream (RFC 5545 §3.4), piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from rdv_caldav.ical.contentlines import (
    Component,
    ContentLine,
    make_line,
    parse_components,
    text_value,
)

Items = Iterable[ContentLine | Component]


def merged(
    texts: Iterable[str],
    *,
    name: str,
    head: Iterable[ContentLine] = (),
    chosen: Callable[[Component], Items] | None = None,
) -> Iterator[str]:
    """Yield one VCALENDAR with the components of all objects, each time zone once.

    ``name`` is what the calendar is called; programs show it when they import the file. ``head``
    are further lines of the calendar, ``chosen`` gives what of an object's calendar is shown.
    """
    yield "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//rdv-caldav//FR\r\n"
    for property_name in ("NAME", "X-WR-CALNAME"):
        yield make_line(property_name, text_value(name)).raw
    yield from (line.raw for line in head)
    zones: set[str] = set()
    for text in texts:
        for calendar in parse_components(text).components("VCALENDAR"):
            for item in calendar.items if chosen is None else chosen(calendar):
                if isinstance(item, Component) and _is_new(item, zones):
                    yield item.text()
    yield "END:VCALENDAR\r\n"


def _is_new(item: Component, zones: set[str]) -> bool:
    """Tell whether the stream does not have a component of an object yet."""
    if item.name != "VTIMEZONE":
        return True
    line = item.line("TZID")
    tzid = line.value if line is not None else ""
    is_new = tzid not in zones
    zones.add(tzid)
    return is_new

"""A calendar as a feed: all that somebody may read of it, or no more than when he is busy.

Programs that read feeds (new Outlook, Google Agenda) show them and change nothing: nobody's
address, alarm or private mark goes into one. Published as RFC 5546 §3.2.1, to be read again as
RFC 7986 §5.7 says, and as Outlook knows it (X-PUBLISHED-TTL).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from rdv_caldav.ical.contentlines import Component, ContentLine, make_line, text_value
from rdv_caldav.ical.merging import Items, merged

_WHEN = (
    *("UID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "STATUS", "TRANSP"),
    *("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "RRULE", "EXRULE", "RDATE", "EXDATE"),
)
_WHAT = ("SUMMARY", "LOCATION", "DESCRIPTION", "CATEGORIES", "COLOR", "CLASS", "PRIORITY", "GEO")
_SHOWN = frozenset({*_WHEN, *_WHAT, "URL", "CREATED", "ORGANIZER", "ATTENDEE"})
_MASKED = frozenset(_WHEN)
_OF_ATTENDEE = ("CN", "CUTYPE", "ROLE", "PARTSTAT")
_TRANSPARENT = make_line("TRANSP", "TRANSPARENT")


def published(
    texts: Iterable[str], *, name: str, placeholder_domain: str, busy: str = ""
) -> Iterator[str]:
    """Yield the calendar of some objects, as they are read by who may read them.

    ``busy`` is what each says of itself where no more may be told; empty shows all of it.
    Attendees keep their names, and get addresses on ``placeholder_domain``.
    """
    head = [
        make_line("CALSCALE", "GREGORIAN"),
        make_line("METHOD", "PUBLISH"),
        make_line("REFRESH-INTERVAL", "PT1H", {"VALUE": "DURATION"}),
        make_line("X-PUBLISHED-TTL", "PT1H"),
    ]
    chosen = partial(_masked, busy=busy) if busy else partial(_shown, domain=placeholder_domain)
    return merged(texts, name=name, head=head, chosen=chosen)


def _shown(calendar: Component, *, domain: str) -> Items:
    for item in calendar.items:
        if isinstance(item, Component) and item.name == "VEVENT":
            _keep(item, _SHOWN)
            _hide_addresses(item, domain)
            for line in item.lines("SUMMARY", "LOCATION", "DESCRIPTION"):
                # their parameters may lead to pages inside (ALTREP)
                item.replace(line, make_line(line.name, line.value))
        yield item


def _masked(calendar: Component, *, busy: str) -> Items:
    events = calendar.components("VEVENT")
    for event in events:
        _keep(event, _MASKED)
    if all(map(_is_free, events)):
        return
    for item in calendar.items:
        if isinstance(item, Component) and item.name == "VEVENT":
            if not _is_free(item):
                item.add(make_line("SUMMARY", text_value(busy)))
            item.add(make_line("CLASS", "PRIVATE"))
        yield item


def _keep(event: Component, names: frozenset[str]) -> None:
    """Leave out what is not listed; what is cancelled keeps nobody busy."""
    event.items = [
        each for each in event.items if isinstance(each, ContentLine) and each.name in names
    ]
    if _value(event, "STATUS") == "CANCELLED":
        event.put(_TRANSPARENT)


def _is_free(event: Component) -> bool:
    return _value(event, "TRANSP") == "TRANSPARENT"


def _value(event: Component, name: str) -> str:
    line = event.line(name)
    return line.value.strip().upper() if line is not None else ""


def _hide_addresses(event: Component, domain: str) -> None:
    for number, line in enumerate(event.lines("ATTENDEE"), 1):
        params = line.params
        kept = {name: params[name] for name in _OF_ATTENDEE if params.get(name)}
        if "@" in kept.get("CN", ""):
            # some programs write the address there
            del kept["CN"]
        address = f"mailto:participant-{number}@{domain}"
        event.replace(line, make_line("ATTENDEE", address, kept))

"""SCHEDULE-STATUS: what became of the last message to an attendee (RFC 6638 §7.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from rdv_caldav.ical.contentlines import Component, ContentLine, events_of, parse_components
from rdv_caldav.ical.reader import address_in

STATUS = "SCHEDULE-STATUS"
GIVEN_UP = "5.1"
"""It could not be delivered, which may be otherwise another time (RFC 6638 §3.2.9)."""
NO_WAY = "5.2"
"""There is no way to deliver it, which is likely to stay so."""


def put_status(text: str, addresses: Collection[str], status: str) -> str:
    """Return the text with this status for an attendee.

    ``addresses`` are those by which the text may name him, normalised.
    """
    root = parse_components(text)
    changed = False
    for event, line, address in _attendees(root):
        if address in addresses and line.params.get(STATUS) != status:
            event.replace(line, line.with_params({STATUS: status}))
            changed = True
    return root.text() if changed else text


def keep_statuses(before: str, after: str) -> str:
    """Return a text that was made of ``before`` with the statuses that still hold.

    Whoever has answered since does read what is sent to him.
    """
    if STATUS not in before.replace("\r\n ", ""):
        return after
    known = {
        address: (line.params[STATUS], line.params.get("PARTSTAT", ""))
        for _, line, address in _attendees(parse_components(before))
        if STATUS in line.params
    }
    for address, (status, answer) in known.items():
        answers = {
            line.params.get("PARTSTAT", "")
            for _, line, each in _attendees(parse_components(after))
            if each == address
        }
        if answers == {answer}:
            after = put_status(after, {address}, status)
    return after


def says_status(line: ContentLine) -> bool:
    """Tell whether a line says what became of a message."""
    return STATUS in line.unfolded


def without_status(line: str) -> str:
    """Return a line of an attendee without it."""
    return ContentLine(line).with_params({STATUS: None}).raw


def _attendees(root: Component) -> Iterator[tuple[Component, ContentLine, str]]:
    for event in events_of(root):
        for line in event.lines("ATTENDEE"):
            yield event, line, address_in(line, line.params)

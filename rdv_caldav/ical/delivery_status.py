"""SCHEDULE-STATUS: what became of the last message to an attendee (RFC 6638 §7.3)."""

from __future__ import annotations

from collections.abc import Collection

from rdv_caldav.ical.contentlines import events_of, parse_components
from rdv_caldav.ical.reader import address_in

STATUS = "SCHEDULE-STATUS"
GIVEN_UP = "5.1"
"""It could not be delivered, which may be otherwise another time (RFC 6638 §3.2.9)."""
NO_WAY = "5.2"
"""There is no way to deliver it, which is likely to stay so."""


def put_status(text: str, addresses: Collection[str], status: str) -> str:
    """Return the text with this status for an attendee, with none where it is empty.

    ``addresses`` are those by which the text may name him, normalised.
    """
    if not status and STATUS not in text.replace("\r\n ", "").upper():
        return text
    root = parse_components(text)
    changed = False
    for event in events_of(root):
        for line in event.lines("ATTENDEE"):
            params = line.params
            if address_in(line, params) in addresses and params.get(STATUS, "") != status:
                event.replace(line, line.with_params({STATUS: status or None}))
                changed = True
    return root.text() if changed else text

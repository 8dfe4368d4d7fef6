"""What an appointment's text says of conflicts, and which of its dates block nobody's time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rdv_caldav.ical.contentlines import (
    Component,
    events_of,
    make_line,
    parse_components,
    text_value,
)
from rdv_caldav.ical.timezones import component_key
from rdv_caldav.ical.writer import series_tzid

CONFLICT_LINE = "X-RDV-CONFLIT"
"""One line for each conflict, as it was when the appointment was last written."""

_CODE = "X-RDV-REGLE"
_FOLDS = (b"\r\n ", b"\n ", b"\r\n\t", b"\n\t")


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence about a conflict, and the code of its rule in capitals."""

    code: str
    sentence: str


def says_conflicts(text: str) -> bool:
    """Tell whether a text has lines about conflicts, whoever wrote them."""
    return _has(text, CONFLICT_LINE.encode())


def put_conflicts(text: str, notes: Sequence[Note]) -> str:
    """Return the text with exactly these notes, on the series where it is one.

    Whatever programs send back of them counts for nothing; lines that say the same stay as
    they are.
    """
    if not notes and not says_conflicts(text):
        return text
    root = parse_components(text)
    wanted = [
        make_line(CONFLICT_LINE, text_value(note.sentence), {_CODE: note.code}) for note in notes
    ]
    changed = False
    for event in events_of(root):
        is_override = event.line("RECURRENCE-ID") is not None
        of_event = [] if is_override else wanted
        standing = [line.unfolded for line in event.lines(CONFLICT_LINE)]
        if standing != [line.unfolded for line in of_event]:
            event.drop(CONFLICT_LINE)
            for line in of_event:
                event.add(line)
            changed = True
    return root.text() if changed else text


def free_components(text: str, *, zone: str) -> frozenset[str]:
    """Return the keys of the VEVENTs that block no time (TRANSP, RFC 5545 §3.8.2.7).

    Empty for the series or the only one, else the ISO wall clock in ``zone``, that of the
    series, of the date it stands for.
    """
    if not says_free(text):
        return frozenset()
    root = parse_components(text)
    tzid = next((series_tzid(calendar) for calendar in root.components("VCALENDAR")), None)
    return frozenset(
        component_key(event, zone=zone, series_tzid=tzid)
        for event in events_of(root)
        if _is_free(event)
    )


def says_free(text: str) -> bool:
    """Tell whether a text has TRANSPARENT anywhere: else it blocks time on all of its dates."""
    return _has(text, b"TRANSPARENT")


def _is_free(event: Component) -> bool:
    line = event.line("TRANSP")
    return line is not None and line.value.strip().upper() == "TRANSPARENT"


def _has(text: str, word: bytes) -> bool:
    """Tell whether a text has a word of ASCII, however it is written and folded."""
    # of octets this takes a tenth of the time
    capitals = text.encode(errors="replace").upper()
    if word in capitals:
        return True
    for fold in _FOLDS:
        capitals = capitals.replace(fold, b"")
    return word in capitals

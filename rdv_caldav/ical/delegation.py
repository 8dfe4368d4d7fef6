"""Who sent whom in his place: PARTSTAT=DELEGATED, DELEGATED-TO and -FROM (RFC 5545 §3.2.4-5).

A delegation is no answer: it is kept in the lines of the object, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator

from rdv_caldav.domain.directory import normalise_address
from rdv_caldav.ical.attendee_lines import key_of
from rdv_caldav.ical.contentlines import Component, ContentLine, parse_components
from rdv_caldav.ical.parts import keyed_events
from rdv_caldav.ical.vocabulary import Vocabulary


def with_delegations(
    text: str, sent: str, vocabulary: Vocabulary, *, person_id: int, zone: str
) -> str:
    """Return a text with what an attendee's object says of whom he sends in his place.

    ``sent`` is his object, ``zone`` that of the series. Only who takes part by now is named.
    """
    if "DELEGATED-TO" not in sent.upper():
        return text
    root = parse_components(text)
    events, theirs = (_events(each, zone) for each in (root, parse_components(sent)))
    for key, event in events.items():
        own = _line_of(theirs[key], person_id, vocabulary) if key in theirs else None
        standing = _line_of(event, person_id, vocabulary)
        if own is not None and standing is not None:
            _put(event, standing, list(_delegates(event, own, vocabulary)))
    return root.text()


def _events(root: Component, zone: str) -> dict[str, Component]:
    return keyed_events(root.components("VCALENDAR")[0], zone=zone)


def _line_of(event: Component, person_id: int, vocabulary: Vocabulary) -> ContentLine | None:
    lines = event.lines("ATTENDEE")
    return next((line for line in lines if key_of(line, vocabulary, None) == person_id), None)


def _delegates(event: Component, own: ContentLine, vocabulary: Vocabulary) -> Iterator[ContentLine]:
    """Yield the lines of those whom an attendee's own line names as his delegates."""
    if own.params.get("PARTSTAT", "").upper() != "DELEGATED":
        return
    for address in own.params.get("DELEGATED-TO", "").split(","):
        person = vocabulary.directory.find(normalise_address(address))
        line = _line_of(event, person.id, vocabulary) if person is not None else None
        if line is not None:
            yield line


def _put(event: Component, own: ContentLine, delegates: list[ContentLine]) -> None:
    if not delegates:
        return
    named = [line.value for line in delegates]
    event.replace(own, own.with_params({"PARTSTAT": "DELEGATED", "DELEGATED-TO": named}))
    for line in delegates:
        event.replace(line, line.with_params({"DELEGATED-FROM": own.value}))

"""ATTENDEE and ORGANIZER lines: making them say who takes part, and little else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rdv_caldav.domain.appointment import Details, Participant, Presence
from rdv_caldav.domain.directory import normalise_address
from rdv_caldav.ical.contentlines import Component, ContentLine, make_line
from rdv_caldav.ical.reader import address_in, presence_of
from rdv_caldav.ical.vocabulary import Vocabulary

_NEVER_STORED = ("SCHEDULE-STATUS", "SCHEDULE-FORCE-SEND", "SENT-BY")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLine:
    """Who wrote a text: his person, and how his program calls him in an object it made.

    ``address`` is None where the directory knows him, in objects that were there before;
    ``answers`` is how he had answered these, by component key.
    """

    person_id: int | None
    address: str | None = None
    answers: Mapping[str, Presence] = field(default_factory=dict)


def put_attendees(
    event: Component, details: Details, vocabulary: Vocabulary, own: OwnLine | None
) -> bool:
    """Make one line per participant; lines that say so already stay to the letter."""
    changed = False
    wanted = {participant.key: participant for participant in details.participants}
    standing: dict[int | str, ContentLine] = {}
    for line in event.lines("ATTENDEE"):
        key = key_of(line, vocabulary, own)
        if key is None or key not in wanted or key in standing:
            event.replace(line, None)
            changed = True
            continue
        standing[key] = adjusted = _adjusted(line, wanted[key], vocabulary)
        if adjusted is not line:
            event.replace(line, adjusted)
            changed = True
    return _add_missing(event, details, vocabulary, standing) or changed


def _add_missing(
    event: Component,
    details: Details,
    vocabulary: Vocabulary,
    standing: Mapping[int | str, ContentLine],
) -> bool:
    """Give a line to whoever has none, in the order of the participants."""
    if len(standing) == len(details.participants):
        return False
    before: ContentLine | None = None
    for participant in details.participants:
        line = standing.get(participant.key)
        if line is None:
            line = _new_line(participant, vocabulary)
            event.insert(line, after=before)
        before = line
    return True


def put_organizer(event: Component, vocabulary: Vocabulary) -> bool:
    """Make the agency the organizer; the client's value is a private address, never stored."""
    settings = vocabulary.settings
    address = f"mailto:{settings.scheduling_address}"
    return event.put(make_line("ORGANIZER", address, {"CN": settings.name}))


def key_of(line: ContentLine, vocabulary: Vocabulary, own: OwnLine | None) -> int | str | None:
    """Return the key of the participant that a line is about, None for the agency itself."""
    params = line.params
    address = address_in(line, params)
    if address == normalise_address(vocabulary.settings.scheduling_address):
        return None
    person = vocabulary.directory.find(address, name=params.get("CN", ""))
    if person is not None:
        return person.id
    if own is not None and address == own.address:
        return own.person_id
    return address


def _adjusted(line: ContentLine, participant: Participant, vocabulary: Vocabulary) -> ContentLine:
    params = line.params
    changes: dict[str, str | None] = {name: None for name in _NEVER_STORED if name in params}
    if presence_of(params.get("PARTSTAT", "")) is not participant.presence:
        changes["PARTSTAT"] = participant.presence.value
        if "DELEGATED-TO" in params:
            # he answers himself after all
            changes["DELEGATED-TO"] = None
    is_chair = params.get("ROLE", "").upper() == "CHAIR"
    if is_chair != participant.is_owner:
        changes["ROLE"] = "CHAIR" if participant.is_owner else "REQ-PARTICIPANT"
    if params.get("X-RESPONSE-COMMENT", "") != participant.comment:
        changes["X-RESPONSE-COMMENT"] = participant.comment or None
    if participant.person_id is None and params.get("CN", "") != participant.name:
        changes["CN"] = participant.name or None
    value = _own_address(line, participant, vocabulary)
    if value is not None:
        changes |= _naming(participant, vocabulary)
    if not changes and value is None:
        return line
    return line.with_params(changes, value)


def _own_address(line: ContentLine, participant: Participant, vocabulary: Vocabulary) -> str | None:
    """Return the value to write where the line's would not find the person by itself."""
    if participant.person_id is None:
        return None
    directory = vocabulary.directory
    person = directory.person(participant.person_id)
    address = normalise_address(line.value)
    if address == directory.address_of(person):
        return None
    found = directory.find(address)
    if found is not None and found.id == person.id:
        return None
    return f"mailto:{directory.address_of(person)}"


def _naming(participant: Participant, vocabulary: Vocabulary) -> dict[str, str | None]:
    """Return CN, and EMAIL for a real address that stands behind a placeholder."""
    if participant.person_id is None:
        return {"CN": participant.name or None}
    directory = vocabulary.directory
    person = directory.person(participant.person_id)
    real = directory.real_address_of(person)
    is_placeholder = real != directory.address_of(person)
    return {"CN": person.name, "EMAIL": real if real and is_placeholder else None}


def _new_line(participant: Participant, vocabulary: Vocabulary) -> ContentLine:
    if participant.person_id is None:
        address = participant.address
    else:
        directory = vocabulary.directory
        address = directory.address_of(directory.person(participant.person_id))
    open_answer = participant.presence is Presence.NEEDS_ACTION
    params = {
        **_naming(participant, vocabulary),
        "ROLE": "CHAIR" if participant.is_owner else "REQ-PARTICIPANT",
        "CUTYPE": "INDIVIDUAL",
        "PARTSTAT": participant.presence.value,
        "RSVP": "TRUE" if open_answer else None,
        "X-RESPONSE-COMMENT": participant.comment or None,
    }
    kept = {name: value for name, value in params.items() if value is not None}
    return make_line("ATTENDEE", _uri(address), kept)


def _uri(address: str) -> str:
    """Return the URI of a normalised address: mailto unless it has a scheme or a path.

    It is not percent-encoded: addresses are compared as they are written.
    """
    return address if ":" in address or address.startswith("/") else f"mailto:{address}"

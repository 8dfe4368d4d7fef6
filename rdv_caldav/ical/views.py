"""What each viewer reads of one stored text: his own organizer line, alarms, transparency.

The text is stored once, in the form that everybody may share. Where a viewer reads something
of his own, a *slot* remembers the place; slots are found when a text is written, so that
reading is slicing and joining.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from rdv_caldav.domain.appointment import Presence
from rdv_caldav.ical.conflict_lines import CONFLICT_LINE
from rdv_caldav.ical.contentlines import (
    Component,
    ContentLine,
    events_of,
    make_line,
    parse_components,
    unfold,
)
from rdv_caldav.ical.delivery_status import says_status, without_status
from rdv_caldav.ical.timezones import component_key
from rdv_caldav.ical.writer import series_tzid

ORGANIZER, NOTES, TRANSPARENCY, PRIVATE = "O", "N", "T", "P"
PRIVATE_OF_CANCELLED = "C"
"""The place of a viewer's own lines in what is cancelled: nobody is reminded of that."""

CONFLICT = "X"
"""A line about a conflict: of other people's time, for those who may change something."""

DELIVERY = "D"
"""A line with what became of a message to an attendee: for who may edit (RFC 6638 §7.3)."""

_KIND_OF_LINE = {
    CONFLICT_LINE: CONFLICT,
    "ORGANIZER": ORGANIZER,
    "DESCRIPTION": NOTES,
    "X-ALT-DESC": NOTES,
    "STYLED-DESCRIPTION": NOTES,
    "TRANSP": TRANSPARENCY,
}
_SHARED_BY_NATURE = ("X-RDV-", "X-ALT-DESC", "X-RESPONSE-COMMENT")
_PRIVATE_LINES = ("X-MOZ-LASTACK", "X-MOZ-SNOOZE-TIME", "X-MOZ-INVITED-ATTENDEE")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a viewer reads otherwise; the default is the text as it is stored.

    ``organizer_address`` is set for who may edit: programs let the organizer edit and give
    everybody else Accept and Decline. ``presences`` are the viewer's own answers and
    ``private`` his own lines, by component key. ``reminder`` is the VALARM that he reads where
    he never kept any lines of his own; None where he did.
    """

    organizer_address: str | None = None
    organizer_name: str = ""
    presences: Mapping[str, Presence] = field(default_factory=dict)
    notes_hidden: bool = False
    conflicts_hidden: bool = False
    private: Mapping[str, str] = field(default_factory=dict)
    reminder: str | None = None

    def presence(self, key: str) -> Presence | None:
        """Return the viewer's answer for a component, that of the series where it has none."""
        return self.presences.get(key, self.presences.get(""))


def withdraw_private(text: str, *, zone: str) -> tuple[str, dict[str, str]]:
    """Cut what belongs to the writing account alone: alarms and snooze marks.

    Returns the shared text, and the cut lines by component key; ``zone`` is that of the
    series.
    """
    root = parse_components(text)
    tzid = _series_tzid(root)
    private: dict[str, str] = {}
    for event in events_of(root):
        cut = [item for item in event.items if is_private(item)]
        if cut:
            key = component_key(event, zone=zone, series_tzid=tzid)
            private[key] = "".join(
                item.text() if isinstance(item, Component) else item.raw for item in cut
            )
            event.items = [item for item in event.items if not is_private(item)]
    return (root.text() if private else text), private


def withdraw_own(
    text: str, shared: str, *, zone: str, presences: Mapping[str, Presence]
) -> dict[str, str]:
    """Return what an attendee keeps for himself of his object, by component key.

    Properties of programs that the shared text does not have, and, under keys of their own,
    whether the time is blocked for him (RFC 6638 §3.2.2.1). ``presences`` is how he had
    answered, by component key: where he had refused, his program was told TRANSPARENT, and
    that is no wish of his.
    """
    there = {
        line.unfolded for event in events_of(parse_components(shared)) for line in _lines(event)
    }
    root = parse_components(text)
    tzid = _series_tzid(root)
    own: dict[str, str] = {}
    for event in events_of(root):
        key = component_key(event, zone=zone, series_tzid=tzid)
        added = [line for line in _lines(event) if line.unfolded not in there]
        mine = [line for line in added if _is_of_a_program(line.name)]
        if mine:
            own[key] = "".join(line.raw for line in mine)
        transparency = next((line for line in added if line.name == "TRANSP"), None)
        says_free = presences.get(key, presences.get("")) is Presence.DECLINED
        if transparency is not None and not says_free:
            own[_transparency_key(key)] = transparency.raw
    return own


def _lines(event: Component) -> Iterator[ContentLine]:
    return (item for item in event.items if isinstance(item, ContentLine))


def _is_of_a_program(name: str) -> bool:
    return name.startswith("X-") and not name.startswith(_SHARED_BY_NATURE)


def _transparency_key(key: str) -> str:
    return f"{TRANSPARENCY}|{key}"


def is_private(item: ContentLine | Component) -> bool:
    """Tell whether something in a VEVENT is one account's own: an alarm, a snooze mark."""
    if isinstance(item, Component):
        return item.name == "VALARM"
    return item.name.startswith(_PRIVATE_LINES)


def find_slots(text: str, *, zone: str, stands_for: str = "") -> str:
    """Return where in ``text`` viewers read something of their own, in compact writing.

    Each slot is kind, component key, start and end, in order of place. ``stands_for`` is the
    key of what has no RECURRENCE-ID: that of a date, where it is all that somebody is shown.
    """
    root = parse_components(text)
    tzid = _series_tzid(root)
    slots: list[str] = []
    position = 0
    for calendar in root.items:
        if isinstance(calendar, Component) and calendar.name == "VCALENDAR":
            inner = position + len(calendar.begin)
            for item in calendar.items:
                if isinstance(item, Component) and item.name == "VEVENT":
                    key = component_key(item, zone=zone, series_tzid=tzid)
                    slots += _slots_of(item, key or stands_for, inner)
                inner += _length(item)
        position += _length(calendar)
    return ";".join(slots)


def _slots_of(event: Component, key: str, position: int) -> Iterator[str]:
    """Yield the slots of a VEVENT that begins at ``position``."""
    position += len(event.begin)
    last_line = position
    has_transparency = False
    for item in event.items:
        start, position = position, position + _length(item)
        if isinstance(item, Component):
            continue
        last_line = position
        kind = _KIND_OF_LINE.get(item.name)
        if item.name == "ATTENDEE" and says_status(item):
            kind = DELIVERY
        if kind is not None:
            yield f"{kind}|{key}|{start}|{position}"
            has_transparency |= kind == TRANSPARENCY
    if not has_transparency:
        yield f"{TRANSPARENCY}|{key}|{last_line}|{last_line}"
    kind = PRIVATE_OF_CANCELLED if _is_cancelled(event) else PRIVATE
    yield f"{kind}|{key}|{position}|{position}"


def _is_cancelled(event: Component) -> bool:
    status = event.line("STATUS")
    return status is not None and status.value.strip().upper() == "CANCELLED"


def _length(item: ContentLine | Component) -> int:
    return len(item.text()) if isinstance(item, Component) else len(item.raw)


def _series_tzid(root: Component) -> str | None:
    return next((series_tzid(calendar) for calendar in root.components("VCALENDAR")), None)


def render(text: str, slots: str, view: View) -> str:
    """Return the text as a viewer reads it, without parsing any of it."""
    if not slots:
        return text
    pieces: list[str] = []
    position = 0
    for slot in slots.split(";"):
        kind, key, first, last = slot.split("|")
        own = _own_text(kind, key, view)
        if kind == DELIVERY and view.organizer_address is None:
            own = without_status(text[int(first) : int(last)])
        if own is not None:
            pieces += (text[position : int(first)], own)
            position = int(last)
    pieces.append(text[position:])
    return "".join(pieces)


def _own_text(kind: str, key: str, view: View) -> str | None:
    """Return what a viewer reads in a slot, None where he reads what is stored."""
    if kind == ORGANIZER and view.organizer_address is not None:
        return _organizer_line(view.organizer_address, view.organizer_name, view.presence(key))
    if (kind == NOTES and view.notes_hidden) or (kind == CONFLICT and view.conflicts_hidden):
        return ""
    declined = view.presence(key) is Presence.DECLINED
    if kind == TRANSPARENCY:
        return "TRANSP:TRANSPARENT\r\n" if declined else view.private.get(_transparency_key(key))
    if kind == PRIVATE and not declined:
        return view.private.get(key, view.reminder)
    if kind == PRIVATE_OF_CANCELLED and not declined:
        return view.private.get(key)
    return None


@lru_cache(maxsize=256)
def reminder(minutes: int) -> str:
    """Return a VALARM that many minutes before the start (RFC 5545 §3.6.6)."""
    return (
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Rappel\r\n"
        f"TRIGGER:-PT{minutes}M\r\nEND:VALARM\r\n"
    )


def same_private(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Tell whether two sets of own lines say the same, whatever the order of the lines."""

    def substance(private: Mapping[str, str]) -> dict[str, list[str]]:
        return {key: sorted(unfold(text)) for key, text in private.items()}

    return substance(one) == substance(other)


@lru_cache(maxsize=4096)
def _organizer_line(address: str, name: str, presence: Presence | None) -> str:
    params = {"CN": name}
    if presence is not None:
        params["PARTSTAT"] = presence.value
    return make_line("ORGANIZER", f"mailto:{address}", params).raw

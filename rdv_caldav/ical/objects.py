"""The one door for calendar objects that client programs write (RFC 4791 §4.1, §5.3.2.1)."""

from __future__ import annotations

import codecs
import re
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import cast

import icalendar
from icalendar.cal import Component as IcalComponent
from icalendar.error import GloballyUniqueTZIDGuessed

from rdv_caldav.domain.errors import (
    InvalidCalendarObject,
    NotCalendarData,
    TooLarge,
    TooManyAttendees,
    TooManyInstances,
    UnsupportedComponent,
    UnsupportedMediaType,
)
from rdv_caldav.ical.component_checks import LIMITS, Limits, check_component, is_date
from rdv_caldav.ical.contentlines import (
    Component,
    components_of,
    events_of,
    parse_components,
    to_crlf,
)
from rdv_caldav.ical.parser_input import parser_input, zone_definitions
from rdv_caldav.ical.recurrence import LONGEST_RULE, MAX_DATES, MOST_RULES
from rdv_caldav.ical.timezones import known_zone
from rdv_caldav.ical.values import value_of

# we find out by ourselves what such a name means
warnings.filterwarnings("ignore", category=GloballyUniqueTZIDGuessed)

_TIMEZONE_BLOCK = re.compile(
    r"^BEGIN:VTIMEZONE\r?\n((?:(?!END:VTIMEZONE|BEGIN:V)[^\n]*\n)*+)END:VTIMEZONE\r?\n(?![ \t])",
    re.MULTILINE | re.IGNORECASE,
)
_TZID_LINE = re.compile(r"^TZID[^:\n]*:([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE | re.IGNORECASE)
_UNSENDABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\r(?!\n)")
"""What XML 1.0 cannot carry: one such character would break every report that shows it."""

_NEW_LINE = re.compile(r"\n(?![ \t])")
_MOST_LINES = 40_000
"""Content lines, blank ones included: more take icalendar seconds, whatever is in them."""

_LONGEST_UID = 1_000
"""Octets: PostgreSQL cannot index more than some 2 700."""

# what icalendar lets through when it meets odd text; OSError for a TZID that names a folder
_UNREADABLE = (
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    TypeError,
    RecursionError,
    OverflowError,
    OSError,
)
_MEDIA_TYPES = frozenset({"", "text/calendar", "text/plain", "application/octet-stream"})
# Python's codecs for other things than documents; some take minutes for a megabyte
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"})


@dataclass(frozen=True, slots=True)
class Event:
    """One VEVENT: its lines, and of these what icalendar reads (``parser_input``)."""

    lines: Component
    read: icalendar.Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarObject:
    """One object that was found acceptable: its text to the letter, and its components.

    ``zones`` are its VTIMEZONEs by TZID.
    """

    text: str
    uid: str
    master: Event
    overrides: tuple[Event, ...] = ()
    zones: Mapping[str, Component] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalObject:
    """One object of an account's own calendar: its text to the letter, and its lines."""

    text: str
    uid: str
    component: str
    root: Component


def decode(body: bytes, content_type: str | None) -> str:
    """Return the text of a request body.

    Raises UnsupportedMediaType, and NotCalendarData for bytes that are not of the charset.
    """
    media_type, _, parameters = (content_type or "").partition(";")
    if media_type.strip().lower() not in _MEDIA_TYPES:
        raise UnsupportedMediaType("only text/calendar is kept in calendars")
    match = re.search(r'charset\s*=\s*"?([^\s;"]+)', parameters, re.IGNORECASE)
    charset = match[1] if match else "utf-8"
    try:
        codec = codecs.lookup(charset)
        if codec.name in _NO_CHARSETS:
            raise NotCalendarData("not a charset of documents")
        return body.decode(codec.name).removeprefix("\ufeff")
    except LookupError as error:
        raise NotCalendarData("the charset is unknown") from error
    except ValueError as error:
        raise NotCalendarData("the text is not of its charset") from error


def parse(text: str, *, limits: Limits = LIMITS) -> CalendarObject:
    """Return the object that a text is, for a person's calendar, or say why it is none.

    Raises the kinds of CalendarDataRefused.
    """
    check_text(text, limits=limits)
    # as it will be patched: what follows a blank line may be a fold in it
    root = parse_components(to_crlf(text))
    read = _accepted(root, frozenset({"VEVENT"}), limits)
    uid = _the_uid(read)
    pairs = zip(events_of(root), read, strict=True)
    events = [Event(lines, cast("icalendar.Event", event)) for lines, event in pairs]
    master, overrides = _split(events)
    return CalendarObject(
        text=text, uid=uid, master=master, overrides=overrides, zones=zone_definitions(root)
    )


def parse_personal(
    text: str, *, components: Collection[str], limits: Limits = LIMITS
) -> PersonalObject:
    """Return the object that a text is, for an account's own calendar, or say why it is none.

    A series may lack its master: somebody invited to single dates has just these (RFC 4791
    §4.1). Raises the kinds of CalendarDataRefused.
    """
    check_text(text, limits=limits)
    root = parse_components(text)
    found = _accepted(root, components, limits)
    uid = _the_uid(found)
    if sum("RECURRENCE-ID" not in component for component in found) > 1:
        raise InvalidCalendarObject("an object has one component without RECURRENCE-ID")
    _check_originals([component for component in found if "RECURRENCE-ID" in component])
    return PersonalObject(text=text, uid=uid, component=str(found[0].name), root=root)


def check_text(text: str, *, limits: Limits = LIMITS) -> None:
    """Refuse a text that is too long to look into, or that XML and databases cannot carry.

    Raises TooLarge, NotCalendarData.
    """
    if len(text) > limits.max_size or len(text.encode(errors="replace")) > limits.max_size:
        raise TooLarge(f"larger than {limits.max_size} bytes")
    if _UNSENDABLE.search(text):
        raise NotCalendarData("control characters and lone carriage returns cannot be kept")
    if text.count("\n") > _MOST_LINES and len(_NEW_LINE.findall(text)) > _MOST_LINES:
        raise TooLarge(f"more than {_MOST_LINES} lines")


def _accepted(root: Component, components: Collection[str], limits: Limits) -> list[IcalComponent]:
    """Return the components of a text as icalendar reads them, none of which is refused."""
    written = list(components_of(root, components))
    _check_numbers(written, limits)
    calendar = _calendar(root)
    if "METHOD" in calendar:
        raise InvalidCalendarObject("METHOD belongs into messages, not into stored objects")
    read = _components(calendar, components)
    if len(written) != len(read) or not _is_closed(root.components("VCALENDAR")):
        raise NotCalendarData("BEGIN and END do not match")
    _the_uid(read)
    for lines, component in zip(written, read, strict=True):
        check_component(lines, component, limits)
    return read


def without_known_zones(text: str) -> str:
    """Cut the VTIMEZONEs whose TZID names a zone by itself."""

    def kept(block: re.Match[str]) -> str:
        line = _TZID_LINE.search(block[1])
        tzid = re.sub(r"\r?\n[ \t]", "", line[1]).strip() if line else ""
        return "" if known_zone(tzid) else block[0]

    return _TIMEZONE_BLOCK.sub(kept, text)


def _check_numbers(components: list[Component], limits: Limits) -> None:
    """Refuse what is too much, before it is read in earnest."""
    if len(components) > limits.max_components:
        raise TooManyInstances(f"more than {limits.max_components} components")
    if any(len(each.lines("ATTENDEE")) > limits.max_attendees for each in components):
        raise TooManyAttendees(f"more than {limits.max_attendees} attendees")
    for component in components:
        rules = component.lines("RRULE")
        if len(rules) > MOST_RULES or any(len(rule.raw) > LONGEST_RULE for rule in rules):
            raise TooManyInstances("too many recurrence rules, or too long ones")
        listed = component.lines("RDATE", "EXDATE")
        if sum(line.raw.count(",") + 1 for line in listed) > MAX_DATES:
            raise TooManyInstances(f"more than {MAX_DATES} dates added or excluded")


def _is_closed(components: list[Component]) -> bool:
    """Tell whether each component has its own END; icalendar takes any for it."""
    return all(
        component.end
        and _is_closed([inner for inner in component.items if isinstance(inner, Component)])
        for component in components
    )


def _calendar(root: Component) -> icalendar.Calendar:
    text = parser_input(root)
    try:
        calendars = icalendar.Calendar.from_ical(text, multiple=True)
    except _UNREADABLE as error:
        raise NotCalendarData("the text is not readable as iCalendar") from error
    if len(calendars) != 1 or not isinstance(calendars[0], icalendar.Calendar):
        raise NotCalendarData("the text is not one VCALENDAR")
    return calendars[0]


def _components(calendar: icalendar.Calendar, wanted: Collection[str]) -> list[IcalComponent]:
    if len({component.name for component in calendar.subcomponents}) > 1:
        raise InvalidCalendarObject("an object has components of one kind")
    found = [component for component in calendar.subcomponents if component.name in wanted]
    if len(found) != len(calendar.subcomponents):
        raise UnsupportedComponent(f"this calendar holds {', '.join(sorted(wanted))} only")
    if not found:
        raise InvalidCalendarObject("there is no component in the calendar")
    return found


def _the_uid(components: list[IcalComponent]) -> str:
    uids = {str(component.get("UID", "")).strip() for component in components}
    if len(uids) > 1:
        raise InvalidCalendarObject("there is more than one UID in the object")
    uid = uids.pop()
    if not uid:
        raise InvalidCalendarObject("the object has no UID")
    if len(uid.encode()) > _LONGEST_UID:
        raise InvalidCalendarObject(f"UID is longer than {_LONGEST_UID} octets")
    return uid


def _split(events: list[Event]) -> tuple[Event, tuple[Event, ...]]:
    masters = [event for event in events if "RECURRENCE-ID" not in event.read]
    overrides = tuple(event for event in events if "RECURRENCE-ID" in event.read)
    if len(masters) != 1:
        raise InvalidCalendarObject("an object has exactly one component without RECURRENCE-ID")
    _check_originals([event.read for event in overrides])
    is_all_day = is_date(value_of(masters[0].read, "DTSTART").dt)
    if any(is_date(value_of(each.read, "RECURRENCE-ID").dt) != is_all_day for each in overrides):
        raise InvalidCalendarObject("RECURRENCE-ID and DTSTART are not of one kind")
    if any("RANGE" in value_of(each.read, "RECURRENCE-ID").params for each in overrides):
        raise InvalidCalendarObject("RECURRENCE-ID with RANGE: this and all later dates are split")
    return masters[0], overrides


def _check_originals(overrides: list[IcalComponent]) -> None:
    originals = [value_of(event, "RECURRENCE-ID").to_ical() for event in overrides]
    if len(set(originals)) != len(originals):
        raise InvalidCalendarObject("two components have the same RECURRENCE-ID")

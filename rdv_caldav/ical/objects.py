"""The one door for calendar objects that client programs write (RFC 4791 §4.1, §5.3.2.1)."""

from __future__ import annotations

import codecs
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import icalendar
from icalendar.cal import Component as IcalComponent
from icalendar.error import GloballyUniqueTZIDGuessed

from rdv_caldav.domain.errors import (
    DateOutOfRange,
    InvalidCalendarObject,
    NotCalendarData,
    TooLarge,
    TooManyAttendees,
    TooManyInstances,
    UnsupportedComponent,
    UnsupportedMediaType,
)
from rdv_caldav.ical.contentlines import Component, events_of, parse_components
from rdv_caldav.ical.parser_input import parser_input, zone_definitions
from rdv_caldav.ical.recurrence import LONGEST_RULE, MAX_DATES, MOST_RULES, check_rule
from rdv_caldav.ical.timezones import known_zone
from rdv_caldav.ical.values import moments_of, value_of, values_of

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
_SINGLE = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "UID", "ORGANIZER")
_DATE_NAMES = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "RRULE", "RDATE", "EXDATE", "UID")
_MOMENT = re.compile(r"\d{8}(T\d{6}Z?)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large an object may be; announced as max-* properties (RFC 4791 §5.2)."""

    max_size: int = 1_000_000
    max_attendees: int = 1_000
    max_components: int = 1_000
    min_year: int = 1900
    max_year: int = 2200


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarObject:
    """One object that was found acceptable: its text to the letter, and its components.

    ``zones`` are its VTIMEZONEs by TZID.
    """

    text: str
    uid: str
    master: icalendar.Event
    overrides: tuple[icalendar.Event, ...] = ()
    zones: Mapping[str, Component] = field(default_factory=dict)


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


def parse(text: str, *, limits: Limits = Limits()) -> CalendarObject:
    """Return the object that a text is, or say why it is none.

    Raises the kinds of CalendarDataRefused.
    """
    if len(text) > limits.max_size or len(text.encode(errors="replace")) > limits.max_size:
        raise TooLarge(f"larger than {limits.max_size} bytes")
    if _UNSENDABLE.search(text):
        raise NotCalendarData("control characters and lone carriage returns cannot be kept")
    if len(_NEW_LINE.findall(text)) > _MOST_LINES:
        raise TooLarge(f"more than {_MOST_LINES} lines")
    root = parse_components(text)
    components = list(events_of(root))
    _check_numbers(components, limits)
    calendar = _calendar(root)
    if "METHOD" in calendar:
        raise InvalidCalendarObject("METHOD belongs into messages, not into stored objects")
    events = _events(calendar)
    if len(components) != len(events) or not _is_closed(root.components("VCALENDAR")):
        raise NotCalendarData("BEGIN and END do not match")
    uid = _the_uid(events)
    for component, event in zip(components, events, strict=True):
        _check_written(component)
        _check_event(event, limits)
    master, overrides = _split(events)
    return CalendarObject(
        text=text, uid=uid, master=master, overrides=overrides, zones=zone_definitions(root)
    )


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


def _events(calendar: icalendar.Calendar) -> list[icalendar.Event]:
    events = [c for c in calendar.subcomponents if isinstance(c, icalendar.Event)]
    if len(events) != len(calendar.subcomponents):
        raise UnsupportedComponent("calendars of persons hold VEVENT only")
    if not events:
        raise InvalidCalendarObject("there is no component in the calendar")
    return events


def _the_uid(events: list[icalendar.Event]) -> str:
    uids = {str(event.get("UID", "")).strip() for event in events}
    if len(uids) > 1:
        raise InvalidCalendarObject("there is more than one UID in the object")
    uid = uids.pop()
    if not uid:
        raise InvalidCalendarObject("the object has no UID")
    if len(uid.encode()) > _LONGEST_UID:
        raise InvalidCalendarObject(f"UID is longer than {_LONGEST_UID} octets")
    return uid


def _split(
    events: list[icalendar.Event],
) -> tuple[icalendar.Event, tuple[icalendar.Event, ...]]:
    masters = [event for event in events if "RECURRENCE-ID" not in event]
    overrides = [event for event in events if "RECURRENCE-ID" in event]
    if len(masters) != 1:
        raise InvalidCalendarObject("an object has exactly one component without RECURRENCE-ID")
    originals = [value_of(event, "RECURRENCE-ID").to_ical() for event in overrides]
    if len(set(originals)) != len(originals):
        raise InvalidCalendarObject("two components have the same RECURRENCE-ID")
    is_all_day = _is_date(value_of(masters[0], "DTSTART").dt)
    if any(_is_date(value_of(event, "RECURRENCE-ID").dt) != is_all_day for event in overrides):
        raise InvalidCalendarObject("RECURRENCE-ID and DTSTART are not of one kind")
    return masters[0], tuple(overrides)


# -- one component ------------------------------------------------------------------------


def _check_written(component: Component) -> None:
    """Refuse dates that only a lenient reader takes: others of the text's readers would not."""
    for line in component.lines("DTSTART", "DTEND", "RECURRENCE-ID"):
        if not _MOMENT.fullmatch(line.value.strip()):
            raise InvalidCalendarObject(f"{line.name} cannot be read")


def _check_event(event: icalendar.Event, limits: Limits) -> None:
    for name, problem in event.errors:
        if name is None or name.upper() in _DATE_NAMES:
            raise InvalidCalendarObject(f"{name or 'a line'} cannot be read: {problem}")
    for name in _SINGLE:
        if len(values_of(event, name)) > 1:
            raise InvalidCalendarObject(f"{name} stands twice in a component")
    _check_times(event, limits)
    _check_recurrence(event, limits)


def _check_times(event: icalendar.Event, limits: Limits) -> None:
    start = _moment(event, "DTSTART")
    if start is None:
        raise InvalidCalendarObject("DTSTART is missing")
    end = _moment(event, "DTEND")
    duration = value_of(event, "DURATION")
    if end is not None and duration is not None:
        raise InvalidCalendarObject("DTEND and DURATION exclude each other")
    if end is not None and _is_date(start) != _is_date(end):
        raise InvalidCalendarObject("DTSTART and DTEND are not of one kind")
    original = _moment(event, "RECURRENCE-ID")
    for moment in filter(None, (start, end, original)):
        _check_year(moment, limits)
    if duration is not None:
        _check_duration(event, start, limits)
    if end is not None and _ends_before_start(event):
        raise InvalidCalendarObject("DTEND is before DTSTART")


def _check_year(moment: date, limits: Limits) -> None:
    if not limits.min_year <= moment.year <= limits.max_year:
        raise DateOutOfRange(
            f"years from {limits.min_year} to {limits.max_year} only",
            too_late=moment.year > limits.max_year,
        )


def _check_duration(event: icalendar.Event, start: date, limits: Limits) -> None:
    length = getattr(value_of(event, "DURATION"), "td", None)
    if not isinstance(length, timedelta):
        raise InvalidCalendarObject("DURATION is not a duration")
    if length.total_seconds() < 0:
        raise InvalidCalendarObject("DURATION is negative")
    if length.days > 366 * (limits.max_year - start.year):
        raise DateOutOfRange("DURATION reaches too far", too_late=True)
    if _is_date(start) and length.seconds:
        raise InvalidCalendarObject("DURATION of an all-day event is whole days")


def _check_recurrence(event: icalendar.Event, limits: Limits) -> None:
    start = value_of(event, "DTSTART").dt
    rules = values_of(event, "RRULE")
    if "RECURRENCE-ID" in event and rules:
        raise InvalidCalendarObject("a single date of a series has no RRULE of its own")
    for rule in rules:
        if not isinstance(rule, icalendar.vRecur):
            raise InvalidCalendarObject("RRULE is not a rule")
        check_rule(rule.to_ical().decode(), start)
    for name in ("RDATE", "EXDATE"):
        for line in values_of(event, name):
            for moment in moments_of(line):
                if not isinstance(moment, date):
                    raise InvalidCalendarObject(f"{name} is not a date")
                _check_year(moment, limits)
                if name == "RDATE" and _is_date(moment) and not _is_date(start):
                    raise InvalidCalendarObject("RDATE and DTSTART are not of one kind")


def _moment(component: IcalComponent, name: str) -> date | None:
    value = value_of(component, name)
    if value is None:
        return None
    moment = getattr(value, "dt", None)
    if not isinstance(moment, date):
        raise InvalidCalendarObject(f"{name} is not a date")
    return moment


def _is_date(moment: date) -> bool:
    return not isinstance(moment, datetime)


def _ends_before_start(event: icalendar.Event) -> bool:
    """Tell whether DTEND is before DTSTART, as far as that shows without knowing the zones."""
    start, end = value_of(event, "DTSTART"), value_of(event, "DTEND")
    anchored = [not isinstance(line.dt, datetime) or line.dt.tzinfo for line in (start, end)]
    if not all(anchored) and (any(anchored) or start.params.get("TZID") != end.params.get("TZID")):
        return False
    return bool(end.dt < start.dt)

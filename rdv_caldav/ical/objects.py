"""The one door for calendar objects that client programs write (RFC 4791 §4.1, §5.3.2.1)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

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
from rdv_caldav.ical.contentlines import events_of, parse_components
from rdv_caldav.ical.recurrence import check_rule
from rdv_caldav.ical.timezones import known_zone
from rdv_caldav.ical.values import value_of, values_of

# we find out by ourselves what such a name means
warnings.filterwarnings("ignore", category=GloballyUniqueTZIDGuessed)

_TIMEZONE_BLOCK = re.compile(
    r"^BEGIN:VTIMEZONE\r?\n(?:(?!END:VTIMEZONE).*\n)*?TZID[^:\n]*:(.*(?:\n[ \t].*)*)\n"
    r"(?:(?!END:VTIMEZONE).*\n)*?END:VTIMEZONE\r?\n",
    re.MULTILINE | re.IGNORECASE,
)
_UNSENDABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\r(?!\n)")
"""What XML 1.0 cannot carry: one such character would break every report that shows it."""

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
_DATE_NAMES = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "RRULE", "RDATE", "EXDATE", "UID")


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
    """One object that was found acceptable: its text to the letter, and its components."""

    text: str
    uid: str
    master: icalendar.Event
    overrides: tuple[icalendar.Event, ...] = ()
    zones: Mapping[str, icalendar.Timezone] = field(default_factory=dict)


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
        text = body.decode(charset)
    except LookupError as error:
        raise NotCalendarData("the charset is unknown") from error
    except UnicodeDecodeError as error:
        raise NotCalendarData(f"the text is not {charset}") from error
    return text.removeprefix("\ufeff")


def parse(text: str, *, limits: Limits = Limits()) -> CalendarObject:
    """Return the object that a text is, or say why it is none.

    Raises the kinds of CalendarDataRefused.
    """
    if len(text) > limits.max_size or len(text.encode(errors="replace")) > limits.max_size:
        raise TooLarge(f"larger than {limits.max_size} bytes")
    if _UNSENDABLE.search(text):
        raise NotCalendarData("control characters and lone carriage returns cannot be kept")
    calendar = _calendar(text)
    if "METHOD" in calendar:
        raise InvalidCalendarObject("METHOD belongs into messages, not into stored objects")
    events = _events(calendar, limits)
    if len(list(events_of(parse_components(text)))) != len(events):
        raise NotCalendarData("BEGIN and END do not match")
    uid = _the_uid(events)
    for event in events:
        _check_event(event, limits)
    master, overrides = _split(events)
    zones = {str(zone.get("TZID")): zone for zone in calendar.walk("VTIMEZONE")}
    return CalendarObject(
        text=text,
        uid=uid,
        master=master,
        overrides=overrides,
        zones={name: zone for name, zone in zones.items() if isinstance(zone, icalendar.Timezone)},
    )


def without_known_zones(text: str) -> str:
    """Cut the VTIMEZONEs whose TZID names a zone by itself."""

    def kept(block: re.Match[str]) -> str:
        tzid = re.sub(r"\r?\n[ \t]", "", block[1]).strip()
        return "" if known_zone(tzid) else block[0]

    return _TIMEZONE_BLOCK.sub(kept, text)


def _calendar(text: str) -> icalendar.Calendar:
    """Parse, without the definitions of zones that we know by name: they are large."""
    slim = without_known_zones(text)
    if slim.count("BEGIN:") > 20_000:
        raise TooManyInstances("too many components")
    try:
        calendars = icalendar.Calendar.from_ical(slim, multiple=True)
    except _UNREADABLE as error:
        raise NotCalendarData("the text is not readable as iCalendar") from error
    if len(calendars) != 1 or not isinstance(calendars[0], icalendar.Calendar):
        raise NotCalendarData("the text is not one VCALENDAR")
    return calendars[0]


def _events(calendar: icalendar.Calendar, limits: Limits) -> list[icalendar.Event]:
    components = [c for c in calendar.subcomponents if c.name != "VTIMEZONE"]
    if not components:
        raise InvalidCalendarObject("there is no component in the calendar")
    if len(components) > limits.max_components:
        raise TooManyInstances(f"more than {limits.max_components} components")
    events = [c for c in components if isinstance(c, icalendar.Event)]
    if len(events) != len(components):
        raise UnsupportedComponent("calendars of persons hold VEVENT only")
    return events


def _the_uid(events: list[icalendar.Event]) -> str:
    uids = {str(event.get("UID", "")).strip() for event in events}
    if len(uids) > 1:
        raise InvalidCalendarObject("there is more than one UID in the object")
    uid = uids.pop()
    if not uid:
        raise InvalidCalendarObject("the object has no UID")
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


def _check_event(event: icalendar.Event, limits: Limits) -> None:
    for name, problem in event.errors:
        if name is None or name.upper() in _DATE_NAMES:
            raise InvalidCalendarObject(f"{name or 'a line'} cannot be read: {problem}")
    for name in ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "UID", "ORGANIZER"):
        if len(values_of(event, name)) > 1:
            raise InvalidCalendarObject(f"{name} stands twice in a component")
    _check_times(event, limits)
    _check_recurrence(event)
    if len(values_of(event, "ATTENDEE")) > limits.max_attendees:
        raise TooManyAttendees(f"more than {limits.max_attendees} attendees")


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
        if not limits.min_year <= moment.year <= limits.max_year:
            raise DateOutOfRange(
                f"years from {limits.min_year} to {limits.max_year} only",
                too_late=moment.year > limits.max_year,
            )
    if duration is not None:
        _check_duration(event, start, limits)
    if end is not None and _is_before(end, start):
        raise InvalidCalendarObject("DTEND is before DTSTART")


def _check_duration(event: icalendar.Event, start: date, limits: Limits) -> None:
    length = value_of(event, "DURATION").td
    if length.total_seconds() < 0:
        raise InvalidCalendarObject("DURATION is negative")
    if length.days > 366 * (limits.max_year - start.year):
        raise DateOutOfRange("DURATION reaches too far", too_late=True)
    if _is_date(start) and length.seconds:
        raise InvalidCalendarObject("DURATION of an all-day event is whole days")


def _check_recurrence(event: icalendar.Event) -> None:
    start = value_of(event, "DTSTART").dt
    rules = values_of(event, "RRULE")
    for rule in rules:
        check_rule(rule.to_ical().decode())
    if "RECURRENCE-ID" in event and rules:
        raise InvalidCalendarObject("a single date of a series has no RRULE of its own")
    for name in ("RDATE", "EXDATE"):
        for line in values_of(event, name):
            for entry in line.dts:
                moment = entry.dt[0] if isinstance(entry.dt, tuple) else entry.dt
                if _is_date(moment) and not _is_date(start) and name == "RDATE":
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


def _is_before(end: date, start: date) -> bool:
    if isinstance(end, datetime) and isinstance(start, datetime):
        if (end.tzinfo is None) != (start.tzinfo is None):
            end, start = end.replace(tzinfo=None), start.replace(tzinfo=None)
        return end < start
    return end < start

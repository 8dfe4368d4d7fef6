"""Reading: what a calendar object says, as a draft in the domain's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from icalendar.parser import split_on_unescaped_comma, unescape_backslash

from rdv_caldav.domain.agency import AgencySettings, AppointmentType
from rdv_caldav.domain.appointment import Presence, Recurrence, Span
from rdv_caldav.domain.directory import normalise_address
from rdv_caldav.domain.draft import (
    CalendarUser,
    Draft,
    DraftDetails,
    DraftOccurrence,
    StatedStatus,
)
from rdv_caldav.domain.errors import InvalidCalendarObject
from rdv_caldav.ical.contentlines import Component, ContentLine
from rdv_caldav.ical.objects import CalendarObject, Event
from rdv_caldav.ical.timezones import UTC_ZONE, ZoneReader, series_wall, to_wall
from rdv_caldav.ical.values import moments_of, value_of, values_of

_CANCELLED_PREFIX = re.compile(r"^(?:cancell?ed|annulée?)\s*:\s+", re.IGNORECASE)


def without_cancelled_prefix(summary: str) -> str:
    """Strip what Outlook's plug-in puts before the subject of a cancelled event."""
    return _CANCELLED_PREFIX.sub("", summary)


def read(
    obj: CalendarObject, *, settings: AgencySettings, types: Sequence[AppointmentType]
) -> Draft:
    """Return what an accepted object says; times are anchored as DESIGN's table has it.

    Floating times are the agency's wall clock. What :func:`rdv_caldav.ical.objects.parse`
    accepted can be read, save where the same date was written in two zones, which shows
    only here. Raises InvalidCalendarObject for that.
    """
    zones = ZoneReader(settings.time_zone, obj.zones)
    span = _span(obj.master, zones)
    series_tzid = _tzid_of(obj.master)
    occurrences = tuple(_occurrence(event, span, series_tzid, zones) for event in obj.overrides)
    if len({occurrence.original for occurrence in occurrences}) != len(occurrences):
        raise InvalidCalendarObject("two components stand for the same date of the series")
    return Draft(
        uid=obj.uid,
        type_code=_type_code(obj.master.lines, types),
        recurrence=_recurrence(obj, span),
        occurrences=occurrences,
        **_details(obj.master.lines, span),
    )


def addresses_in(draft: Draft) -> frozenset[str]:
    """Return the addresses of all attendees and organizers, on every date."""
    return frozenset(
        address
        for details in (draft, *draft.occurrences)
        for user in _users_of(details)
        for address in (user.address, *user.delegates)
    )


def _users_of(details: DraftDetails) -> Iterable[CalendarUser]:
    yield from details.attendees
    if details.organizer is not None:
        yield details.organizer


def _occurrence(
    event: Event, series: Span, series_tzid: str | None, zones: ZoneReader
) -> DraftOccurrence:
    line = value_of(event.read, "RECURRENCE-ID")
    original = _wall_in(line, line.dt, series, series_tzid=series_tzid)
    return DraftOccurrence(original=original, **_details(event.lines, _span(event, zones)))


def _details(event: Component, span: Span) -> dict[str, Any]:
    subject = _text(event, "SUMMARY")
    stated = _text(event, "STATUS").upper()
    status = StatedStatus(stated) if stated in StatedStatus.__members__ else None
    if _CANCELLED_PREFIX.match(subject):
        subject, status = without_cancelled_prefix(subject), StatedStatus.CANCELLED
    organizer = event.line("ORGANIZER")
    return {
        "span": span,
        "subject": subject,
        "location": _text(event, "LOCATION"),
        "notes": _text(event, "DESCRIPTION"),
        "status": status,
        "organizer": None if organizer is None else _user(organizer, is_organizer=True),
        "attendees": tuple(user for user in _attendees(event) if user.address),
    }


def _attendees(event: Component) -> Iterable[CalendarUser]:
    return (_user(line, is_organizer=False) for line in event.lines("ATTENDEE"))


def _text(event: Component, name: str) -> str:
    line = event.line(name)
    return "" if line is None else unescape_backslash(line.value)


def _type_code(event: Component, types: Sequence[AppointmentType]) -> str | None:
    stated = _text(event, "X-RDV-TYPE").strip()
    if any(kind.code == stated for kind in types):
        return stated
    labels = {kind.label.casefold(): kind.code for kind in types}
    for line in event.lines("CATEGORIES"):
        for category in split_on_unescaped_comma(line.value):
            code = labels.get(category.strip().casefold())
            if code is not None:
                return code
    return None


# -- people -------------------------------------------------------------------------------


def _user(line: ContentLine, *, is_organizer: bool) -> CalendarUser:
    params = line.params
    is_silent = is_organizer and "PARTSTAT" not in params
    return CalendarUser(
        address=address_in(line, params),
        name=params.get("CN", ""),
        presence=None if is_silent else presence_of(params.get("PARTSTAT", "")),
        is_chair=params.get("ROLE", "").upper() == "CHAIR",
        comment=params.get("X-RESPONSE-COMMENT", ""),
        delegates=_delegates(params),
    )


def _delegates(params: Mapping[str, str]) -> tuple[str, ...]:
    if params.get("PARTSTAT", "").upper() != "DELEGATED":
        return ()
    named = map(normalise_address, params.get("DELEGATED-TO", "").split(","))
    return tuple(address for address in named if address)


def address_in(line: ContentLine, params: Mapping[str, str]) -> str:
    """Return the normalised address of a line: that of EMAIL where it names no mailbox itself."""
    if not line.value.strip().lower().startswith("mailto:") and params.get("EMAIL"):
        return normalise_address(params["EMAIL"])
    return normalise_address(line.value)


def presence_of(partstat: str) -> Presence:
    """Return the presence that a PARTSTAT means; unknown and DELEGATED are open answers."""
    try:
        return Presence(partstat.upper())
    except ValueError:
        return Presence.NEEDS_ACTION


def _param(params: Any, name: str) -> str:
    value = params.get(name, "")
    return ",".join(value) if isinstance(value, list) else str(value)


# -- times --------------------------------------------------------------------------------


def _span(event: Event, zones: ZoneReader) -> Span:
    first, last = value_of(event.read, "DTSTART"), value_of(event.read, "DTEND")
    duration = value_of(event.read, "DURATION")
    start, zone = _placed(first, first.dt, zones)
    all_day = not isinstance(first.dt, datetime)
    if last is not None:
        end, end_zone = _placed(last, last.dt, zones)
        end = end if all_day else to_wall(end, from_zone=end_zone, zone=zone)
    elif duration is not None:
        end = start + duration.td
    else:
        end = start + timedelta(days=1 if all_day else 0)
    if all_day and end == start:
        # DTEND = DTSTART for a whole day is wrong and common: it means that day
        end = start + timedelta(days=1)
    return Span(start=start, end=max(start, end), zone=zone, all_day=all_day)


def _placed(line: Any, moment: date, zones: ZoneReader) -> tuple[datetime, str]:
    """Return a moment as naive wall clock, and the zone of that clock."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time()), zones.agency_zone
    wall = moment.replace(tzinfo=None)
    tzid = _param(line.params, "TZID")
    if tzid:
        return wall, zones.zone(tzid, wall)
    return wall, zones.agency_zone if moment.tzinfo is None else UTC_ZONE


def _wall_in(line: Any, moment: date, series: Span, *, series_tzid: str | None) -> datetime:
    """Return a date of a series, as its own clock has it."""
    if not isinstance(moment, datetime):
        at = time() if series.all_day else series.start.time()
        return datetime.combine(moment, at)
    wall = moment.replace(tzinfo=None)
    if series.all_day:
        return datetime.combine(wall, time())
    tzid = _param(line.params, "TZID") or (None if moment.tzinfo is None else UTC_ZONE)
    return series_wall(wall, tzid, zone=series.zone, series_tzid=series_tzid)


def _recurrence(obj: CalendarObject, span: Span) -> Recurrence | None:
    event = obj.master
    rules = tuple(rule.to_ical().decode() for rule in values_of(event.read, "RRULE"))
    added = _dates(event, "RDATE", span)
    if not rules and not added and not obj.overrides:
        return None
    return Recurrence(rules=rules, added=added, excluded=_dates(event, "EXDATE", span))


def _dates(event: Event, name: str, span: Span) -> tuple[datetime, ...]:
    tzid = _tzid_of(event)
    return tuple(
        sorted(
            {
                _wall_in(line, moment, span, series_tzid=tzid)
                for line in values_of(event.read, name)
                for moment in moments_of(line)
            }
        )
    )


def _tzid_of(event: Event) -> str | None:
    return _param(value_of(event.read, "DTSTART").params, "TZID") or None

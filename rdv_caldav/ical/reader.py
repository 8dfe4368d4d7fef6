"""Reading: what a calendar object says, as a draft in the domain's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import icalendar

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
from rdv_caldav.ical.objects import CalendarObject
from rdv_caldav.ical.timezones import UTC_ZONE, ZoneReader, to_wall
from rdv_caldav.ical.values import value_of, values_of

_CANCELLED_PREFIX = re.compile(r"^(?:cancell?ed|annulée?)\s*:\s+", re.IGNORECASE)


def without_cancelled_prefix(summary: str) -> str:
    """Strip what Outlook's plug-in puts before the subject of a cancelled event."""
    return _CANCELLED_PREFIX.sub("", summary)


def read(
    obj: CalendarObject, *, settings: AgencySettings, types: Sequence[AppointmentType]
) -> Draft:
    """Return what an accepted object says; times are anchored as DESIGN's table has it.

    Floating times are the agency's wall clock. Never raises for an object that
    :func:`rdv_caldav.ical.objects.parse` accepted.
    """
    zones = ZoneReader(settings.time_zone, obj.zones)
    span = _span(obj.master, zones)
    return Draft(
        uid=obj.uid,
        type_code=_type_code(obj.master, types),
        recurrence=_recurrence(obj.master, span, zones),
        occurrences=tuple(_occurrence(event, span, zones) for event in obj.overrides),
        **_details(obj.master, span),
    )


def addresses_in(draft: Draft) -> frozenset[str]:
    """Return the addresses of all attendees and organizers, on every date."""
    return frozenset(
        user.address for details in (draft, *draft.occurrences) for user in _users_of(details)
    )


def _users_of(details: DraftDetails) -> Iterable[CalendarUser]:
    yield from details.attendees
    if details.organizer is not None:
        yield details.organizer


def _occurrence(event: icalendar.Event, series: Span, zones: ZoneReader) -> DraftOccurrence:
    original = _wall_in(value_of(event, "RECURRENCE-ID"), series, zones)
    return DraftOccurrence(original=original, **_details(event, _span(event, zones)))


def _details(event: icalendar.Event, span: Span) -> dict[str, Any]:
    subject = _text(event, "SUMMARY")
    stated = _text(event, "STATUS").upper()
    status = StatedStatus(stated) if stated in StatedStatus.__members__ else None
    if _CANCELLED_PREFIX.match(subject):
        subject, status = without_cancelled_prefix(subject), StatedStatus.CANCELLED
    organizer = value_of(event, "ORGANIZER")
    return {
        "span": span,
        "subject": subject,
        "location": _text(event, "LOCATION"),
        "notes": _text(event, "DESCRIPTION"),
        "status": status,
        "organizer": None if organizer is None else _user(organizer, is_organizer=True),
        "attendees": tuple(
            _user(line, is_organizer=False) for line in values_of(event, "ATTENDEE")
        ),
    }


def _text(event: icalendar.Event, name: str) -> str:
    values = values_of(event, name)
    return str(values[0]).replace("\r\n", "\n") if values else ""


def _type_code(event: icalendar.Event, types: Sequence[AppointmentType]) -> str | None:
    stated = _text(event, "X-RDV-TYPE").strip()
    if any(kind.code == stated for kind in types):
        return stated
    labels = {kind.label.casefold(): kind.code for kind in types}
    for line in values_of(event, "CATEGORIES"):
        for category in getattr(line, "cats", [line]):
            code = labels.get(str(category).strip().casefold())
            if code is not None:
                return code
    return None


# -- people -------------------------------------------------------------------------------


def _user(line: Any, *, is_organizer: bool) -> CalendarUser:
    params = getattr(line, "params", {})
    address = normalise_address(str(line))
    if not str(line).strip().lower().startswith("mailto:") and params.get("EMAIL"):
        address = normalise_address(_param(params, "EMAIL"))
    presence = presence_of(_param(params, "PARTSTAT"))
    if is_organizer and "PARTSTAT" not in params:
        presence = None
    return CalendarUser(
        address=address,
        name=_param(params, "CN"),
        presence=presence,
        is_chair=_param(params, "ROLE").upper() == "CHAIR",
        comment=_param(params, "X-RESPONSE-COMMENT"),
    )


def presence_of(partstat: str) -> Presence | None:
    """Return the presence that a PARTSTAT means; unknown and DELEGATED are open answers."""
    try:
        return Presence(partstat.upper())
    except ValueError:
        return Presence.NEEDS_ACTION


def _param(params: Any, name: str) -> str:
    value = params.get(name, "")
    return ",".join(value) if isinstance(value, list) else str(value)


# -- times --------------------------------------------------------------------------------


def _span(event: icalendar.Event, zones: ZoneReader) -> Span:
    first, last = value_of(event, "DTSTART"), value_of(event, "DTEND")
    duration = value_of(event, "DURATION")
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
    tzid = _param(getattr(line, "params", {}), "TZID")
    if tzid:
        return wall, zones.zone(tzid, wall)
    return wall, zones.agency_zone if moment.tzinfo is None else UTC_ZONE


def _wall_in(line: Any, series: Span, zones: ZoneReader, moment: date | None = None) -> datetime:
    wall, zone = _placed(line, line.dt if moment is None else moment, zones)
    if series.all_day:
        return datetime.combine(wall, time())
    if not isinstance(line.dt if moment is None else moment, datetime):
        return datetime.combine(wall, series.start.time())
    return to_wall(wall, from_zone=zone, zone=series.zone)


def _recurrence(event: icalendar.Event, span: Span, zones: ZoneReader) -> Recurrence | None:
    rules = tuple(rule.to_ical().decode() for rule in values_of(event, "RRULE"))
    added = _dates(event, "RDATE", span, zones)
    if not rules and not added:
        return None
    return Recurrence(rules=rules, added=added, excluded=_dates(event, "EXDATE", span, zones))


def _dates(
    event: icalendar.Event, name: str, span: Span, zones: ZoneReader
) -> tuple[datetime, ...]:
    dates = set()
    for line in values_of(event, name):
        for entry in line.dts:
            moment = entry.dt[0] if isinstance(entry.dt, tuple) else entry.dt
            dates.add(_wall_in(line, span, zones, moment))
    return tuple(sorted(dates))

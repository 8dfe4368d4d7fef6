"""What one component of an object must be like (RFC 5545 §3.6, within bounds)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import icalendar
from icalendar.cal import Component as IcalComponent

from rdv_caldav.domain.errors import DateOutOfRange, NotCalendarData
from rdv_caldav.ical.contentlines import Component
from rdv_caldav.ical.recurrence import check_rule
from rdv_caldav.ical.values import moments_of, value_of, values_of

_SINGLE = ("DTSTART", "DTEND", "DUE", "DURATION", "RECURRENCE-ID", "UID", "ORGANIZER")
_DATE_NAMES = (
    *("DTSTART", "DTEND", "DUE", "DURATION", "RECURRENCE-ID"),
    *("RRULE", "RDATE", "EXDATE", "UID"),
)
_MOMENTS = ("DTSTART", "DTEND", "DUE", "RECURRENCE-ID")
_MOMENT = re.compile(r"\d{8}(T\d{6}Z?)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large an object may be; announced as max-* properties (RFC 4791 §5.2)."""

    max_size: int = 1_000_000
    max_attendees: int = 1_000
    max_components: int = 1_000
    min_year: int = 1900
    max_year: int = 2200


LIMITS = Limits()


def check_component(written: Component, read: IcalComponent, limits: Limits) -> None:
    """Refuse a component that no object may have: as it is written, and as it was read.

    Raises the kinds of CalendarDataRefused.
    """
    _check_written(written)
    for name, problem in read.errors:
        if name is None or name.upper() in _DATE_NAMES:
            raise NotCalendarData(f"{name or 'a line'} cannot be read: {problem}")
    for name in _SINGLE:
        if len(written.lines(name)) > 1:
            raise NotCalendarData(f"{name} stands twice in a component")
    _check_times(read, limits)
    _check_recurrence(read, limits)


def is_date(moment: date) -> bool:
    """Tell a whole day from a time."""
    return not isinstance(moment, datetime)


def _check_written(component: Component) -> None:
    """Refuse dates that only a lenient reader takes: others of the text's readers would not."""
    for line in component.lines(*_MOMENTS):
        if not _MOMENT.fullmatch(line.value.strip()):
            raise NotCalendarData(f"{line.name} cannot be read")


def _check_times(component: IcalComponent, limits: Limits) -> None:
    start, original = _moment(component, "DTSTART"), _moment(component, "RECURRENCE-ID")
    ending = "DUE" if component.name == "VTODO" else "DTEND"
    end, duration = _moment(component, ending), value_of(component, "DURATION")
    if start is None and (component.name == "VEVENT" or duration is not None):
        raise NotCalendarData("DTSTART is missing")
    if end is not None and duration is not None:
        raise NotCalendarData(f"{ending} and DURATION exclude each other")
    for moment in filter(None, (start, end, original)):
        _check_year(moment, limits)
    if start is None:
        return
    if duration is not None:
        _check_duration(component, start, limits)
    if end is not None and is_date(start) != is_date(end):
        raise NotCalendarData(f"DTSTART and {ending} are not of one kind")
    if end is not None and _ends_before_start(component, ending):
        raise NotCalendarData(f"{ending} is before DTSTART")


def _check_year(moment: date, limits: Limits) -> None:
    if not limits.min_year <= moment.year <= limits.max_year:
        raise DateOutOfRange(
            f"years from {limits.min_year} to {limits.max_year} only",
            too_late=moment.year > limits.max_year,
        )


def _check_duration(component: IcalComponent, start: date, limits: Limits) -> None:
    length = getattr(value_of(component, "DURATION"), "td", None)
    if not isinstance(length, timedelta):
        raise NotCalendarData("DURATION is not a duration")
    if length.total_seconds() < 0:
        raise NotCalendarData("DURATION is negative")
    if length.days > 366 * (limits.max_year - start.year):
        raise DateOutOfRange("DURATION reaches too far", too_late=True)
    if is_date(start) and length.seconds:
        raise NotCalendarData("DURATION of an all-day event is whole days")


def _check_recurrence(component: IcalComponent, limits: Limits) -> None:
    rules = values_of(component, "RRULE")
    if "RECURRENCE-ID" in component and rules:
        raise NotCalendarData("a single date of a series has no RRULE of its own")
    start = _moment(component, "DTSTART")
    if start is None:
        if rules or "RDATE" in component:
            raise NotCalendarData("what recurs has a DTSTART")
        return
    for rule in rules:
        if not isinstance(rule, icalendar.vRecur):
            raise NotCalendarData("RRULE is not a rule")
        check_rule(rule.to_ical().decode(), start)
    for name in ("RDATE", "EXDATE"):
        _check_dates(component, name, start, limits)


def _check_dates(component: IcalComponent, name: str, start: date, limits: Limits) -> None:
    for line in values_of(component, name):
        for moment in moments_of(line):
            if not isinstance(moment, date):
                raise NotCalendarData(f"{name} is not a date")
            _check_year(moment, limits)
            if name == "RDATE" and is_date(moment) and not is_date(start):
                raise NotCalendarData("RDATE and DTSTART are not of one kind")


def _moment(component: IcalComponent, name: str) -> date | None:
    value = value_of(component, name)
    if value is None:
        return None
    moment = getattr(value, "dt", None)
    if not isinstance(moment, date):
        raise NotCalendarData(f"{name} is not a date")
    return moment


def _ends_before_start(component: IcalComponent, ending: str) -> bool:
    """Tell whether the end is before DTSTART, as far as that shows without knowing the zones."""
    start, end = value_of(component, "DTSTART"), value_of(component, ending)
    anchored = [not isinstance(line.dt, datetime) or line.dt.tzinfo for line in (start, end)]
    if not all(anchored) and (any(anchored) or start.params.get("TZID") != end.params.get("TZID")):
        return False
    return bool(end.dt < start.dt)

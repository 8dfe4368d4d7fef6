"""Working hours: when somebody is not to be had, whatever he has planned (RFC 7953)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain, islice

from rdv_caldav.domain.errors import NotCalendarData
from rdv_caldav.ical.busy import BusyKind, BusyPeriod
from rdv_caldav.ical.contentlines import (
    Component,
    components_of,
    make_line,
    parse_components,
    to_crlf,
)
from rdv_caldav.ical.extents import plan_of
from rdv_caldav.ical.filters import TimeRange
from rdv_caldav.ical.moments import EARLIEST, LATEST, Clock, shifted
from rdv_caldav.ical.series import MOST_FOLLOWED, Series
from rdv_caldav.ical.timezones import known_zone
from rdv_caldav.ical.vtimezones import vtimezone
from rdv_caldav.ical.writer import PRODID

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

Hours = Mapping[str, Sequence[tuple[str, str]]]
"""From weekdays to the hours worked, ``("08:00", "12:00")``; ``24:00`` is midnight."""

MOST_COMPONENTS = 50
"""VAVAILABILITYs of a text, and AVAILABLEs of each of them: no more are looked at."""

LONGEST_RANGE = timedelta(days=1_096)
"""Of a longer range nothing is told beyond this."""

_BEGINNING = datetime(2024, 1, 1)  # noqa: DTZ001 - wall clock
"""The Monday on which hours that are written here begin; nothing is said of earlier times."""

_LOWEST = 9
_MIDNIGHT = "24:00"
_WRITTEN_ZONE = re.compile(r"BEGIN:VAVAILABILITY\r\n(?:.+\r\n){2}DTSTART;TZID=([^:\r\n]+):")
_WRITTEN_HOURS = re.compile(
    r"DTSTART;[^\r\n]+T([01]\d|2[0-3])([0-5]\d)00\r\n"
    r"DTEND;[^\r\n]+T([01]\d|2[0-3])([0-5]\d)00\r\n"
    r"RRULE:FREQ=WEEKLY;BYDAY=([A-Z,]+)\r\n",
    re.ASCII,
)
_LONG_COUNT = re.compile(r"COUNT\s*=\s*0*[1-9]\d{3}", re.ASCII | re.IGNORECASE)
"""A rule of a thousand dates and more: it would be counted from its start with each question."""

_KINDS = frozenset(kind.value for kind in BusyKind)
_Span = tuple[datetime, datetime]


# -- reading ------------------------------------------------------------------------------


def checked_availability(text: str) -> str:
    """Return a calendar with VAVAILABILITYs as it is kept.

    Raises NotCalendarData unless it is one VCALENDAR with these, and time zones, only.
    """
    kept = to_crlf(text.strip())
    tree = parse_components(kept)
    if len(tree.items) != 1 or len(tree.components("VCALENDAR")) != 1:
        raise NotCalendarData("one VCALENDAR is expected")
    inner = [item for item in tree.components("VCALENDAR")[0].items if isinstance(item, Component)]
    if {item.name for item in inner} - {"VTIMEZONE"} != {"VAVAILABILITY"}:
        raise NotCalendarData("a VCALENDAR with VAVAILABILITY, and nothing else, is expected")
    found = [item for item in inner if item.name == "VAVAILABILITY"]
    if max(len(found), *(len(each.components("AVAILABLE")) for each in found)) > MOST_COMPONENTS:
        raise NotCalendarData(f"more than {MOST_COMPONENTS} components")
    return kept


def unavailable_periods(
    text: str, *, start: datetime, end: datetime, floating_zone: str
) -> list[BusyPeriod]:
    """Return when a text with VAVAILABILITYs has somebody unavailable, cut to a range.

    ``start`` and ``end`` are aware instants in UTC. Where two VAVAILABILITYs meet, that of
    higher priority counts (RFC 7953 §4); without any, somebody is available. Never fails: what
    cannot be understood says nothing.
    """
    end = min(end, shifted(start, LONGEST_RANGE))
    tree = parse_components(text)
    clock = Clock(tree, floating_zone)
    ranked = sorted(components_of(tree, ("VAVAILABILITY",)), key=_rank)[-MOST_COMPONENTS:]
    found: list[BusyPeriod] = []
    for component in ranked:
        first, last = _span_of(component, clock)
        first, last = max(first, start), min(last, end)
        if first < last:
            dates = _available(component, clock, TimeRange(first, last))
            spans = islice(dates, MOST_FOLLOWED // len(ranked))
            kind = _kind_of(component)
            found = [*_outside(found, first, last)]
            found += [BusyPeriod(*gap, kind) for gap in _gaps(spans, first, last)]
    return sorted(found)


def _rank(component: Component) -> int:
    """Return what sorts the highest priority last: 1 is the highest, none the lowest."""
    line = component.line("PRIORITY")
    written = line.value.strip() if line is not None else ""
    known = written in map(str, range(1, _LOWEST + 1))
    return -int(written) if known else -_LOWEST - 1


def _kind_of(component: Component) -> BusyKind:
    line = component.line("BUSYTYPE")
    written = line.value.strip().upper() if line is not None else ""
    return BusyKind(written) if written in _KINDS else BusyKind.UNAVAILABLE


def _span_of(component: Component, clock: Clock) -> _Span:
    """Return the range that a VAVAILABILITY is about: all time where it names no bound."""
    plan = plan_of(component, clock)
    if plan.anchor is not None:
        first, last = plan.bounds(plan.anchor.wall, plan.anchor.zone)
        return first, LATEST if plan.length is None else last
    until = clock.moment(component.line("DTEND"))
    return EARLIEST, LATEST if until is None else until.instant


def _available(component: Component, clock: Clock, span: TimeRange) -> Iterator[_Span]:
    """Yield when the AVAILABLEs take place; those of one UID are a series."""
    of_uid: dict[str, list[Component]] = defaultdict(list)
    for number, each in enumerate(component.components("AVAILABLE")[:MOST_COMPONENTS]):
        if not any(_LONG_COUNT.search(rule.value) for rule in each.lines("RRULE")):
            uid = each.line("UID")
            of_uid[str(number) if uid is None else f"UID {uid.value}"].append(each)
    series = (Series(components, clock).instances(span) for components in of_uid.values())
    for instance in chain.from_iterable(series):
        yield instance.start, instance.end


def _gaps(spans: Iterable[_Span], first: datetime, last: datetime) -> Iterator[_Span]:
    """Yield what no span covers."""
    covered = first
    for start, end in sorted(spans):
        if start >= last:
            break
        if start > covered:
            yield covered, start
        covered = max(covered, end)
    if covered < last:
        yield covered, last


def _outside(
    periods: Iterable[BusyPeriod], first: datetime, last: datetime
) -> Iterator[BusyPeriod]:
    """Yield what of the periods lies outside of a range."""
    for period in periods:
        if period.start < first:
            yield BusyPeriod(period.start, min(period.end, first), period.kind)
        if period.end > last:
            yield BusyPeriod(max(period.start, last), period.end, period.kind)


def weekly_hours(text: str) -> Hours | None:
    """Return the hours that :func:`weekly_availability` made a text of, in any zone.

    None for every other text: what a program wrote may say more than the same hours each week.
    """
    said = _WRITTEN_HOURS.findall(text)
    zone = _WRITTEN_ZONE.search(text)
    hours: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for *clock, days in said:
        opens, closes = f"{clock[0]}:{clock[1]}", f"{clock[2]}:{clock[3]}"
        for day in days.split(","):
            hours[day].append((opens, _MIDNIGHT if closes == "00:00" else closes))
    if zone is None or known_zone(zone[1]) != zone[1]:
        return None
    return hours if text == weekly_availability(hours, zone=zone[1]) else None


# -- writing ------------------------------------------------------------------------------


def weekly_availability(hours: Hours, *, zone: str) -> str:
    """Return a calendar with one VAVAILABILITY for the same hours each week.

    The same hours make the same text. ``zone`` is an IANA name.
    """
    days_of: dict[tuple[str, str], list[str]] = {}
    for day in WEEKDAYS:
        for worked in hours.get(day, ()):
            days_of.setdefault(worked, []).append(day)
    written = "".join(_available_text(days, *worked, zone) for worked, days in days_of.items())
    head = (
        _lines(UID="heures", DTSTAMP="20240101T000000Z")
        + make_line("DTSTART", _wall_text(_BEGINNING), {"TZID": zone}).raw
    )
    return (
        f"BEGIN:VCALENDAR\r\n{_lines(VERSION='2.0', PRODID=PRODID)}"
        f"{vtimezone(zone, _BEGINNING.year)}BEGIN:VAVAILABILITY\r\n{head}{written}"
        "END:VAVAILABILITY\r\nEND:VCALENDAR\r\n"
    )


def _available_text(days: Sequence[str], opens: str, closes: str, zone: str) -> str:
    midnight = shifted(_BEGINNING, timedelta(days=WEEKDAYS.index(days[0])))
    bounds = (
        make_line(name, _wall_text(shifted(midnight, _since_midnight(at))), {"TZID": zone}).raw
        for name, at in (("DTSTART", opens), ("DTEND", closes))
    )
    uid = f"heures-{days[0]}-{opens}".replace(":", "")
    rule = f"FREQ=WEEKLY;BYDAY={','.join(days)}"
    return (
        f"BEGIN:AVAILABLE\r\n{_lines(UID=uid, DTSTAMP='20240101T000000Z')}{''.join(bounds)}"
        f"{_lines(RRULE=rule)}END:AVAILABLE\r\n"
    )


def _lines(**values: str) -> str:
    return "".join(make_line(name, value).raw for name, value in values.items())


def _since_midnight(at: str) -> timedelta:
    hour, _, minute = at.partition(":")
    return timedelta(hours=int(hour), minutes=int(minute))


def _wall_text(wall: datetime) -> str:
    return f"{wall:%Y%m%dT%H%M%S}"

"""Which dates a series has (RFC 5545 §3.8.5), within bounds of work.

dateutil expands rules on naive wall-clock time; each date then goes through the zone, so
that 9 o'clock stays 9 o'clock over a change to daylight saving time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from rdv_caldav.domain.appointment import Appointment, Span
from rdv_caldav.domain.errors import InvalidCalendarObject, TooManyInstances
from rdv_caldav.domain.timeindex import TimeIndex

HORIZON = timedelta(days=730)
"""How far beyond today (or the start, if later) the dates of a series are listed."""

MAX_DATES = 10_000
"""More dates than that before the horizon are refused: 27 years of a daily series."""

_GREGORIAN_CYCLE = 400
_LAST_YEAR = 9999
_FREQUENCY = re.compile(r"(?:^|;)FREQ=(\w+)", re.IGNORECASE)
_UNTIL = re.compile(r"UNTIL=(\d{8})(T\d{6})?(Z)?", re.IGNORECASE)
_COARSE = frozenset({"YEARLY", "MONTHLY", "WEEKLY", "DAILY"})
_ANY_START = datetime(2026, 1, 1, 9)  # noqa: DTZ001 - wall clock by design


def check_rule(rule: str) -> None:
    """Refuse an RRULE value that cannot be expanded, or not within bounds.

    Raises InvalidCalendarObject, TooManyInstances.
    """
    match = _FREQUENCY.search(rule)
    frequency = match[1].upper() if match else ""
    bounded = "COUNT=" in rule.upper() or "UNTIL=" in rule.upper()
    if frequency in ("SECONDLY", "MINUTELY"):
        raise TooManyInstances(f"appointments do not repeat {frequency}")
    if frequency == "HOURLY" and not bounded:
        raise TooManyInstances("HOURLY without COUNT or UNTIL")
    if frequency not in _COARSE | {"HOURLY"} or "RSCALE" in rule.upper():
        raise InvalidCalendarObject("a recurrence rule that is not understood")
    if re.search(r"BYSECOND|BYMINUTE|BYHOUR", rule, re.IGNORECASE) and rule.count(",") > 24:
        raise TooManyInstances("too many times a day")
    interval = re.search(r"INTERVAL=(\d+)", rule, re.IGNORECASE)
    if interval and not 1 <= int(interval[1]) <= 10_000:
        raise InvalidCalendarObject("INTERVAL is out of all reason")
    try:
        rrulestr(_without_until(rule), dtstart=_ANY_START)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise InvalidCalendarObject("a recurrence rule that is not understood") from error


def time_index(
    appointment: Appointment, *, now: datetime, horizon: timedelta = HORIZON
) -> TimeIndex:
    """Return the bounds and dates of an appointment; ``now`` is aware.

    Raises TooManyInstances for more dates than can be listed.
    """
    span = appointment.span
    if appointment.recurrence is None:
        is_long = span.ends_at - span.starts_at > timedelta(days=1)
        return TimeIndex(starts_at=span.starts_at, stops_at=span.ends_at, is_long=is_long)
    limit = max(now, span.starts_at) + horizon
    spans = _spans(appointment, limit)
    dates = tuple(sorted((date.starts_at, date.ends_at) for date in spans))
    complete = not _goes_on_after(appointment, limit)
    first = min((start for start, _ in dates), default=span.starts_at)
    last = max((stop for _, stop in dates), default=span.ends_at)
    return TimeIndex(
        starts_at=min(first, span.starts_at),
        stops_at=max(last, span.ends_at) if complete else None,
        is_long=True,
        dates=dates,
        indexed_until=None if complete else limit,
    )


def occurs_at(appointment: Appointment, original: datetime) -> bool:
    """Tell whether the rules yield a date at a naive wall-clock time of the series."""
    limit = original.replace(tzinfo=ZoneInfo(appointment.span.zone)).astimezone(UTC)
    return original in _originals(appointment, limit + timedelta(days=1))


def _spans(appointment: Appointment, limit: datetime) -> list[Span]:
    differing = {occurrence.original: occurrence.span for occurrence in appointment.occurrences}
    spans = [
        appointment.span.moved_to(original)
        for original in _originals(appointment, limit)
        if original not in differing
    ]
    return [*spans, *differing.values()]


def _originals(appointment: Appointment, limit: datetime) -> set[datetime]:
    """All wall-clock starts up to ``limit`` (aware), added ones in and excluded ones out."""
    recurrence, span = appointment.recurrence, appointment.span
    if recurrence is None:
        return {span.start}
    last = limit.astimezone(ZoneInfo(span.zone)).replace(tzinfo=None)
    found = {span.start, *(date for date in recurrence.added if date <= last)}
    for rule in recurrence.rules:
        for date in takewhile(lambda date: date <= last, _expanded(rule, span)):
            found.add(date)
            if len(found) > MAX_DATES:
                raise TooManyInstances(f"more than {MAX_DATES} dates")
    return found.difference(recurrence.excluded)


def _goes_on_after(appointment: Appointment, limit: datetime) -> bool:
    recurrence, span = appointment.recurrence, appointment.span
    assert recurrence is not None, "asked of series only"
    last = limit.astimezone(ZoneInfo(span.zone)).replace(tzinfo=None)
    if any(date > last for date in recurrence.added):
        return True
    return any(
        next((date for date in _expanded(rule, span) if date > last), None) is not None
        for rule in recurrence.rules
    )


def _expanded(rule: str, span: Span) -> Iterator[datetime]:
    """Yield the dates of one rule, in order.

    dateutil searches a rule that never matches (30 February) up to the year 9999. The
    calendar repeats itself exactly every 400 years, so the search is done as late as
    possible in it: the same dates, and an end of the search within a few centuries.
    """
    start = span.start
    cycles = (_LAST_YEAR - start.year - _GREGORIAN_CYCLE // 2) // _GREGORIAN_CYCLE
    shift = cycles * _GREGORIAN_CYCLE
    until = _until(rule, span)
    rules = rrulestr(_without_until(rule), dtstart=start.replace(year=start.year + shift))
    for date in rules:
        original = date.replace(year=date.year - shift)
        if until is not None and original > until:
            return
        yield original


def _without_until(rule: str) -> str:
    parts = [part for part in rule.split(";") if not part.upper().startswith("UNTIL=")]
    return "RRULE:" + ";".join(parts)


def _until(rule: str, span: Span) -> datetime | None:
    """Return UNTIL as wall clock of the series; a date means its whole day."""
    match = _UNTIL.search(rule)
    if match is None:
        return None
    day, time, is_utc = match.groups()
    if time is None:
        return datetime.strptime(day, "%Y%m%d") + timedelta(days=1, seconds=-1)  # noqa: DTZ007
    until = datetime.strptime(day + time, "%Y%m%dT%H%M%S")  # noqa: DTZ007
    if is_utc and not span.all_day:
        until = until.replace(tzinfo=UTC).astimezone(ZoneInfo(span.zone)).replace(tzinfo=None)
    return until

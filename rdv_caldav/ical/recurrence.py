"""Which dates a series has (RFC 5545 §3.8.5), within bounds of work.

dateutil expands rules on naive wall-clock time; each date then goes through the zone, so
that 9 o'clock stays 9 o'clock over a change to daylight saving time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice, takewhile
from math import prod
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from rdv_caldav.domain.appointment import Appointment, Recurrence, Span
from rdv_caldav.domain.draft import Draft
from rdv_caldav.domain.errors import NotCalendarData, TooManyInstances
from rdv_caldav.domain.timeindex import ListedDate, TimeIndex

HORIZON = timedelta(days=730)
"""How far beyond today (or the start, if later) the dates of a series are listed."""

MAX_DATES = 10_000
"""More dates than that before the horizon are refused: 27 years of a daily series."""

MOST_RULES = 2
"""RRULEs of one component; RFC 5545 §3.8.5.3 wants one."""

LONGEST_RULE = 1_000
"""Characters of an RRULE line."""

_MOST_TIMES_A_DAY = 24
_MOST_PLACES = 5
_MOST_WEEKS = 5
_GREGORIAN_CYCLE = 400
_LAST_YEAR = 9999
_UNTIL = re.compile(r"(\d{8})(T\d{6})?(Z)?", re.ASCII)
_DAYS = re.compile(r"(?:[+-]?\d{1,2})?(?:MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_NTH = re.compile(r"[+-]?\d+", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,9}", re.ASCII)
_COARSE = frozenset({"YEARLY", "MONTHLY", "WEEKLY", "DAILY"})
_TIMES = ("BYHOUR", "BYMINUTE", "BYSECOND")
_BOUNDS = {
    "COUNT": (0, 999_999_999),
    "INTERVAL": (1, 10_000),
    "BYSECOND": (0, 59),
    "BYMINUTE": (0, 59),
    "BYHOUR": (0, 23),
    "BYMONTH": (1, 12),
    "BYMONTHDAY": (-31, 31),
    "BYYEARDAY": (-366, 366),
    "BYWEEKNO": (-53, 53),
    "BYSETPOS": (-366, 366),
}
# what dateutil lets through when a rule makes no sense for it
_SENSELESS = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)


def check_rule(rule: str, start: date) -> None:
    """Refuse an RRULE value that cannot be expanded from ``start``, or not within bounds.

    Raises NotCalendarData, TooManyInstances.
    """
    parts = rule_parts(rule)
    for name, value in parts.items():
        _check_part(name, value.split(","))
    _check_amount(parts)
    weeks = [int(nth) for nth in _NTH.findall(parts.get("BYDAY", ""))]
    in_months = parts["FREQ"] == "MONTHLY" or "BYMONTH" in parts
    if in_months and any(abs(nth) > _MOST_WEEKS for nth in weeks):
        # dateutil looks for the 53rd Friday of a month beyond the end of its tables
        raise NotCalendarData("no month has as many weeks")
    wall = start if isinstance(start, datetime) else datetime.combine(start, time())
    until_of(rule, Span(start=wall, end=wall, zone="UTC"))
    _compiled(rule, wall.replace(tzinfo=None))


def _check_amount(parts: dict[str, str]) -> None:
    """Refuse what repeats too often, or takes too long to search."""
    frequency = parts.get("FREQ", "")
    if frequency in ("SECONDLY", "MINUTELY"):
        raise TooManyInstances(f"appointments do not repeat {frequency}")
    if frequency not in _COARSE | {"HOURLY"}:
        raise NotCalendarData("a recurrence rule without a known FREQ")
    if frequency == "HOURLY" and not parts.keys() & {"COUNT", "UNTIL"}:
        raise TooManyInstances("HOURLY without COUNT or UNTIL")
    if prod(parts.get(name, "").count(",") + 1 for name in _TIMES) > _MOST_TIMES_A_DAY:
        raise TooManyInstances(f"more than {_MOST_TIMES_A_DAY} times a day")
    places = parts.get("BYSETPOS", "").count(",") + 1
    if "BYSETPOS" in parts and (frequency in ("DAILY", "HOURLY") or places > _MOST_PLACES):
        # such a rule may match nothing, and finding that out takes a minute
        raise TooManyInstances("BYSETPOS in a day, or too many of them")


def rule_parts(rule: str) -> dict[str, str]:
    """Return the parts of an RRULE value by name, all in upper case."""
    return dict(part.upper().partition("=")[::2] for part in rule.split(";"))


def _check_part(name: str, values: list[str]) -> None:
    """Refuse what RFC 5545 §3.3.10 does not know: the libraries differ in what they make of it."""
    if name in _BOUNDS:
        low, high = _BOUNDS[name]
        known = all(
            _NUMBER.fullmatch(value) and low <= int(value) <= high and (int(value) or low >= 0)
            for value in values
        )
    elif name in ("BYDAY", "WKST"):
        known = all(map(_DAYS.fullmatch, values))
    else:
        known = name in ("FREQ", "UNTIL") and len(values) == 1
    if not known:
        raise NotCalendarData(f"a recurrence rule whose {name} is not understood")


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
    last = limit.astimezone(ZoneInfo(span.zone)).replace(tzinfo=None)
    listed = _listed(appointment.recurrence, span, last)
    if listed.too_many:
        raise TooManyInstances(f"more than {MAX_DATES} dates")
    each = _each_date(appointment, listed.originals)
    # on the days of a change of time, two dates may be one instant
    dates = tuple(sorted({(date.starts_at, date.stops_at) for date in each}))
    first = min((start for start, _ in dates), default=span.starts_at)
    latest = max((stop for _, stop in dates), default=span.ends_at)
    return TimeIndex(
        starts_at=min(first, span.starts_at),
        stops_at=None if listed.goes_on else max(latest, span.ends_at),
        is_long=True,
        dates=dates,
        listed=each,
        indexed_until=limit if listed.goes_on else None,
    )


def occurs_at(appointment: Appointment | Draft, original: datetime) -> bool:
    """Tell whether the rules yield a date at a naive wall-clock time of the series.

    They are not followed beyond their first MAX_DATES dates.
    """
    start = appointment.span.start
    if appointment.recurrence is None:
        return original == start
    years = 1
    while start.year + years < original.year:
        years *= 2
    return original in _first_dates(appointment.recurrence, appointment.span, years)


@lru_cache(maxsize=16)
def _first_dates(recurrence: Recurrence, span: Span, years: int) -> frozenset[datetime]:
    """Return the dates of the first years; a program may ask of a thousand, one by one."""
    last = datetime(min(span.start.year + years, _LAST_YEAR), 12, 31, 23, 59, 59)  # noqa: DTZ001
    return frozenset(_listed(recurrence, span, last).originals)


def _each_date(appointment: Appointment, originals: set[datetime]) -> tuple[ListedDate, ...]:
    differing = {occurrence.original for occurrence in appointment.occurrences}
    as_planned = ((date, appointment.span.moved_to(date)) for date in originals - differing)
    return (
        *(ListedDate(date, span.starts_at, span.ends_at) for date, span in as_planned),
        *(
            ListedDate(each.original, each.span.starts_at, each.span.ends_at, each.state)
            for each in appointment.occurrences
        ),
    )


@dataclass(slots=True)
class _Listed:
    """Wall-clock starts of a series, and whether there are later ones or too many."""

    originals: set[datetime]
    goes_on: bool = False
    too_many: bool = False


def _listed(recurrence: Recurrence, span: Span, last: datetime) -> _Listed:
    """List the starts up to ``last``, added ones in and excluded ones out."""
    added = {moment for moment in recurrence.added if moment <= last}
    listed = _Listed({span.start, *added}, goes_on=len(added) < len(set(recurrence.added)))
    for rule in recurrence.rules:
        for moment in _expanded(rule, span):
            if moment > last:
                listed.goes_on = True
                break
            listed.originals.add(moment)
            if len(listed.originals) > MAX_DATES:
                break
    listed.too_many = len(listed.originals) > MAX_DATES
    listed.originals -= set(recurrence.excluded)
    return listed


def rule_until(
    rule: str, span: Span, dates: Sequence[datetime], *, most: int
) -> tuple[datetime, ...] | None:
    """Return what a rule yields from the first to the last of some dates, both included.

    ``dates`` are in order; ``span`` is that of the series. None where starting at the first
    of them the rule does not yield them all, or more than ``most`` others.
    """
    yielded = takewhile(lambda each: each <= dates[-1], _expanded(rule, span.moved_to(dates[0])))
    found = tuple(islice(yielded, len(dates) + most + 1))
    is_enough = found[:1] == (dates[0],) and set(dates) <= set(found)
    return found if is_enough and len(found) <= len(dates) + most else None


def _expanded(rule: str, span: Span) -> Iterator[datetime]:
    """Yield the dates of one rule, in order.

    dateutil searches a rule that never matches (30 February) up to the year 9999. The
    calendar repeats itself exactly every 400 years, so the search is done as late as
    possible in it: the same dates, and an end of the search within a few centuries.
    Raises NotCalendarData for a rule that yields nothing from this start.
    """
    start = span.start
    cycles = (_LAST_YEAR - start.year - _GREGORIAN_CYCLE // 2) // _GREGORIAN_CYCLE
    shift = cycles * _GREGORIAN_CYCLE
    until = until_of(rule, span)
    if until is not None and until < start:
        return
    moments = iter(_compiled(rule, start.replace(year=start.year + shift)))
    while True:
        try:
            moment = next(moments)
        except StopIteration:
            return
        except _SENSELESS as error:
            raise NotCalendarData("a recurrence rule that is not understood") from error
        original = moment.replace(year=moment.year - shift)
        if until is not None and original > until:
            return
        yield original


def _compiled(rule: str, start: datetime) -> rrule:
    parts = [part for part in rule.split(";") if not part.upper().startswith("UNTIL=")]
    try:
        compiled = rrulestr("RRULE:" + ";".join(parts), dtstart=start)
    except _SENSELESS as error:
        raise NotCalendarData("a recurrence rule that is not understood") from error
    assert isinstance(compiled, rrule), "one rule is no set"
    return compiled


def until_of(rule: str, span: Span) -> datetime | None:
    """Return UNTIL as wall clock of the series; a date means its whole day.

    Raises NotCalendarData.
    """
    value = rule_parts(rule).get("UNTIL")
    if value is None:
        return None
    match = _UNTIL.fullmatch(value)
    try:
        if match is None:
            raise NotCalendarData("UNTIL cannot be read")
        day, clock, is_utc = match.groups()
        if clock is None:
            return datetime.strptime(day, "%Y%m%d") + timedelta(days=1, seconds=-1)  # noqa: DTZ007
        until = datetime.strptime(day + clock, "%Y%m%dT%H%M%S")  # noqa: DTZ007
    except ValueError as error:
        raise NotCalendarData("UNTIL cannot be read") from error
    if not is_utc or span.all_day:
        return until
    try:
        return until.replace(tzinfo=UTC).astimezone(ZoneInfo(span.zone)).replace(tzinfo=None)
    except OverflowError:
        # the end of all time, which some programs write for "no end"
        return until

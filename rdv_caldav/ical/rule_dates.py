"""The dates that one RRULE yields within a window of time (RFC 5545 §3.3.10).

A rule is followed from shortly before the window, however long ago its series began, and no
further than the window's end: a rule that matches nothing costs no more than one that does.
Only a rule with COUNT has to be counted from its start.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from itertools import product

from rdv_caldav.domain.appointment import Span
from rdv_caldav.ical.recurrence import check_rule, rule_parts, until_of

MOST_COUNTED = 200_000
"""Dates of a rule with COUNT that are walked through; no later ones are found."""

_WEEK = 7
_HOURS = 24
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LAST_DAY = date.max.toordinal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An RRULE of a series, with what it takes from the start of the series made explicit.

    Empty sets allow everything. ``weekdays`` are pairs of which one, 0 for each, and weekday;
    ``times`` are those of one day, of one hour for HOURLY. ``until`` is wall clock.
    """

    frequency: str
    start: datetime
    interval: int
    count: int | None
    until: datetime | None
    week_start: int
    months: frozenset[int]
    month_days: frozenset[int]
    year_days: frozenset[int]
    weeks: frozenset[int]
    weekdays: frozenset[tuple[int, int]]
    hours: frozenset[int]
    times: tuple[time, ...]
    positions: frozenset[int]

    def dates(self, since: datetime, last: datetime) -> Iterator[datetime]:
        """Yield the dates from ``since`` to ``last``, both included, in order."""
        since = max(since, self.start)
        last = last if self.until is None else min(last, self.until)
        begin = since if self.count is None else self.start
        left = MOST_COUNTED if self.count is None else min(self.count, MOST_COUNTED)
        for moments in _PERIODS[self.frequency](self, begin, last):
            for moment in self._placed(moments) if self.positions else moments:
                if moment < self.start:
                    continue
                if moment > last or left <= 0:
                    return
                left -= 1
                if moment >= since:
                    yield moment

    def _placed(self, moments: Iterable[datetime]) -> list[datetime]:
        found = list(moments)
        places = {place - 1 if place > 0 else place + len(found) for place in self.positions}
        return [found[place] for place in sorted(places) if 0 <= place < len(found)]

    def fits(self, day: date) -> bool:
        """Tell whether the day is none that a BYxxx part rules out."""
        return (
            (not self.months or day.month in self.months)
            and (not self.month_days or self._fits_month_day(day))
            and (not self.weekdays or self._fits_weekday(day))
            and (not self.year_days or self._fits_year_day(day))
            and (not self.weeks or self._fits_week(day))
        )

    def _fits_month_day(self, day: date) -> bool:
        return (
            day.day in self.month_days
            or day.day - monthrange(day.year, day.month)[1] - 1 in self.month_days
        )

    def _fits_weekday(self, day: date) -> bool:
        weekday = day.weekday()
        if (0, weekday) in self.weekdays:
            return True
        if self.frequency == "YEARLY" and not self.months:
            place, length = day.timetuple().tm_yday, 365 + isleap(day.year)
        else:
            place, length = day.day, monthrange(day.year, day.month)[1]
        nth, nth_last = (place + 6) // _WEEK, -((length - place) // _WEEK + 1)
        return (nth, weekday) in self.weekdays or (nth_last, weekday) in self.weekdays

    def _fits_year_day(self, day: date) -> bool:
        place = day.timetuple().tm_yday
        return place in self.year_days or place - 366 - isleap(day.year) in self.year_days

    def _fits_week(self, day: date) -> bool:
        """Weeks are those with most of their days in a year."""
        first = day.toordinal() - (day.weekday() - self.week_start) % _WEEK
        year = date.fromordinal(min(first + 3, _LAST_DAY)).year
        week = (first - _first_week(year, self.week_start)) // _WEEK
        if week + 1 in self.weeks:
            return True
        if year >= date.max.year:
            return False
        weeks = (_first_week(year + 1, self.week_start) - _first_week(year, self.week_start)) // 7
        return week - weeks in self.weeks

    def days_of_month(self, year: int, month: int) -> Iterator[date]:
        """Yield the days of a month that fit."""
        length = monthrange(year, month)[1]
        numbers: Iterable[int] = range(1, length + 1)
        if self.month_days:
            numbers = sorted({n if n > 0 else length + 1 + n for n in self.month_days})
        for number in numbers:
            if 1 <= number <= length:
                day = date(year, month, number)
                if self.fits(day):
                    yield day


def _first_week(year: int, week_start: int) -> int:
    """Return the ordinal on which the first week of a year begins."""
    fourth = date(year, 1, 4)
    return fourth.toordinal() - (fourth.weekday() - week_start) % _WEEK


# -- periods ------------------------------------------------------------------------------


def _from(start: int, begin: int, step: int) -> int:
    """Return the last of the numbers ``start`` + n * ``step`` that is not beyond ``begin``."""
    return start + max(begin - start, 0) // step * step


def _moments(rule: Rule, days: Iterable[date]) -> Iterator[datetime]:
    return (datetime.combine(day, at) for day in days for at in rule.times)


def _yearly(rule: Rule, begin: datetime, last: datetime) -> Iterator[Iterable[datetime]]:
    months = sorted(rule.months) or range(1, 13)
    first = _from(rule.start.year, begin.year, rule.interval)
    for year in range(first, last.year + 1, rule.interval):
        days = (day for month in months for day in rule.days_of_month(year, month))
        yield _moments(rule, days)


def _monthly(rule: Rule, begin: datetime, last: datetime) -> Iterator[Iterable[datetime]]:
    def number(moment: datetime) -> int:
        return moment.year * 12 + moment.month - 1

    first = _from(number(rule.start), number(begin), rule.interval)
    for month in range(first, number(last) + 1, rule.interval):
        if not rule.months or month % 12 + 1 in rule.months:
            yield _moments(rule, rule.days_of_month(month // 12, month % 12 + 1))


def _weekly(rule: Rule, begin: datetime, last: datetime) -> Iterator[Iterable[datetime]]:
    start = rule.start.toordinal() - (rule.start.weekday() - rule.week_start) % _WEEK
    step = rule.interval * _WEEK
    for first in range(_from(start, begin.toordinal(), step), last.toordinal() + 1, step):
        days = map(date.fromordinal, range(max(first, 1), min(first + _WEEK, _LAST_DAY + 1)))
        yield _moments(rule, filter(rule.fits, days))


def _daily(rule: Rule, begin: datetime, last: datetime) -> Iterator[Iterable[datetime]]:
    first = _from(rule.start.toordinal(), begin.toordinal(), rule.interval)
    for number in range(first, last.toordinal() + 1, rule.interval):
        day = date.fromordinal(number)
        if rule.fits(day):
            yield _moments(rule, (day,))


def _hourly(rule: Rule, begin: datetime, last: datetime) -> Iterator[Iterable[datetime]]:
    def number(moment: datetime) -> int:
        return moment.toordinal() * _HOURS + moment.hour

    hour = _from(number(rule.start), number(begin), rule.interval)
    while hour <= number(last):
        day = date.fromordinal(hour // _HOURS)
        if not rule.fits(day):
            tomorrow = (hour // _HOURS + 1) * _HOURS
            hour += -((hour - tomorrow) // rule.interval) * rule.interval
            continue
        if not rule.hours or hour % _HOURS in rule.hours:
            yield [datetime.combine(day, at.replace(hour=hour % _HOURS)) for at in rule.times]
        hour += rule.interval


_Periods = Callable[[Rule, datetime, datetime], Iterator[Iterable[datetime]]]
_PERIODS: dict[str, _Periods] = {
    "YEARLY": _yearly,
    "MONTHLY": _monthly,
    "WEEKLY": _weekly,
    "DAILY": _daily,
    "HOURLY": _hourly,
}


# -- reading ------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def read_rule(written: str, span: Span) -> Rule:
    """Return the rule that an RRULE value means for a series whose first date is ``span``.

    Raises NotCalendarData, TooManyInstances as :func:`check_rule` does.
    """
    start = span.start
    check_rule(written, start)
    parts = rule_parts(written)

    def numbers(name: str) -> frozenset[int]:
        return frozenset(map(int, parts[name].split(","))) if name in parts else frozenset()

    frequency = parts["FREQ"]
    months, month_days, weekdays = numbers("BYMONTH"), numbers("BYMONTHDAY"), _weekdays(parts)
    if not parts.keys() & {"BYMONTHDAY", "BYDAY", "BYYEARDAY", "BYWEEKNO"}:
        # the start says what the rule leaves out
        if frequency == "YEARLY":
            months = months or frozenset({start.month})
        if frequency in ("YEARLY", "MONTHLY"):
            month_days = frozenset({start.day})
        if frequency == "WEEKLY":
            weekdays = frozenset({(0, start.weekday())})
    return Rule(
        frequency=frequency,
        start=start,
        interval=int(parts.get("INTERVAL", "1")),
        count=int(parts["COUNT"]) if "COUNT" in parts else None,
        until=until_of(written, span),
        week_start=_WEEKDAYS.index(parts.get("WKST", "MO")[-2:]),
        months=months,
        month_days=month_days,
        year_days=numbers("BYYEARDAY"),
        weeks=numbers("BYWEEKNO"),
        weekdays=weekdays,
        hours=numbers("BYHOUR"),
        times=(time(),) if span.all_day else _times(span.start, frequency, numbers),
        positions=numbers("BYSETPOS"),
    )


def _times(
    start: datetime, frequency: str, numbers: Callable[[str], frozenset[int]]
) -> tuple[time, ...]:
    hours = {0} if frequency == "HOURLY" else numbers("BYHOUR") or {start.hour}
    minutes = numbers("BYMINUTE") or {start.minute}
    seconds = numbers("BYSECOND") or {start.second}
    return tuple(sorted(time(*each) for each in product(hours, minutes, seconds)))


def _weekdays(parts: dict[str, str]) -> frozenset[tuple[int, int]]:
    """Return BYDAY; which one of a weekday it is counts in months and years only."""
    if "BYDAY" not in parts:
        return frozenset()
    counts = parts["FREQ"] in ("MONTHLY", "YEARLY")
    values = parts["BYDAY"].split(",")
    return frozenset(
        (int(value[:-2] or 0) if counts else 0, _WEEKDAYS.index(value[-2:])) for value in values
    )

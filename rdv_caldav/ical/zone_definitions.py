"""What a VTIMEZONE says of itself: its offset from UTC at a wall-clock time (RFC 5545 §3.6.5).

It is worked out here, for the one year that is asked about. The libraries list every change
since the first, which a few hostile lines make last for minutes, and icalendar keeps each
definition that it meets for the life of the process.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import chain

from rdv_caldav.ical.contentlines import Component

_OFFSET = re.compile(r"([+-])([01]\d|2[0-3])([0-5]\d)([0-5]\d)?")
_DAY = re.compile(r"([+-]?\d)?(MO|TU|WE|TH|FR|SA|SU)")
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_NEVER = datetime(9999, 12, 31)  # noqa: DTZ001 - wall clock
_UNDERSTOOD = frozenset({"FREQ", "INTERVAL", "BYMONTH", "BYDAY", "BYMONTHDAY", "UNTIL", "WKST"})


def offsets_of(definition: Component) -> Callable[[datetime], timedelta | None]:
    """Return a function from a naive wall-clock time to a VTIMEZONE's own offset then.

    It gives None where the definition cannot be used: it has no blocks, is malformed, or
    repeats other than by plain yearly rules.
    """
    try:
        changes = _changes_of(definition)
    except ValueError:
        return _no_offset
    earliest = min(changes, key=lambda change: change.start)

    @cache
    def onsets(year: int) -> tuple[list[datetime], list[timedelta]]:
        found = sorted((onset, change.after) for change in changes for onset in change.onsets(year))
        return [onset for onset, _ in found], [offset for _, offset in found]

    def offset(moment: datetime) -> timedelta | None:
        moments, offsets = onsets(moment.year)
        place = bisect_right(moments, moment)
        return offsets[place - 1] if place else earliest.before

    return offset


def _no_offset(_: datetime) -> timedelta | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _YearlyRule:
    """The days of a year's change: those of ``month`` that both lists allow; empty allows all.

    ``weekdays`` are pairs of which one in the month, 0 for each, and number of the weekday.
    ``until`` is wall clock.
    """

    month: int
    month_days: frozenset[int]
    weekdays: frozenset[tuple[int, int]]
    until: datetime

    def days(self, year: int) -> Iterator[int]:
        first, length = monthrange(year, self.month)
        for day in range(1, length + 1):
            if self.month_days and not self.month_days & {day, day - length - 1}:
                continue
            weekday = (first + day - 1) % 7
            from_end = -((length - day) // 7 + 1)
            places = {(nth, weekday) for nth in (0, (day + 6) // 7, from_end)}
            if not self.weekdays or self.weekdays & places:
                yield day


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A STANDARD or DAYLIGHT block; ``start`` and ``added`` are wall clock of the time before."""

    start: datetime
    before: timedelta
    after: timedelta
    added: tuple[datetime, ...]
    rule: _YearlyRule | None

    def onsets(self, year: int) -> Iterator[datetime]:
        """Yield the times of change that matter for a year: at least the last one before it."""
        yield self.start
        yield from self.added
        if self.rule is None:
            return
        last = min(year, self.rule.until.year)
        for each in {max(last - 1, 1), last}:
            for day in self.rule.days(each):
                onset = self.start.replace(year=each, month=self.rule.month, day=day)
                if self.start <= onset <= self.rule.until:
                    yield onset


def _changes_of(definition: Component) -> list[_Change]:
    """Return the blocks of a VTIMEZONE. Raises ValueError for what cannot be used."""
    blocks = chain(definition.components("STANDARD"), definition.components("DAYLIGHT"))
    changes = [_change(block) for block in blocks]
    if not changes:
        raise ValueError("no blocks")
    return changes


def _change(block: Component) -> _Change:
    start, before = _moment(_value(block, "DTSTART")), _offset(_value(block, "TZOFFSETFROM"))
    rules = block.lines("RRULE")
    if len(rules) > 1:
        raise ValueError("more than one rule")
    return _Change(
        start=start,
        before=before,
        after=_offset(_value(block, "TZOFFSETTO")),
        added=tuple(
            _moment(value) for line in block.lines("RDATE") for value in line.value.split(",")
        ),
        rule=_rule(rules[0].value, start, before) if rules else None,
    )


def _value(block: Component, name: str) -> str:
    line = block.line(name)
    if line is None:
        raise ValueError(f"no {name}")
    return line.value.strip()


def _moment(value: str) -> datetime:
    form = "%Y%m%d" if len(value) == len("YYYYMMDD") else "%Y%m%dT%H%M%S"
    return datetime.strptime(value.strip().removesuffix("Z"), form)  # noqa: DTZ007 - wall clock


def _offset(value: str) -> timedelta:
    match = _OFFSET.fullmatch(value)
    if match is None:
        raise ValueError("not an offset")
    sign, hours, minutes, seconds = match.groups(default="0")
    length = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))
    return -length if sign == "-" else length


def _rule(value: str, start: datetime, before: timedelta) -> _YearlyRule:
    parts = dict(part.upper().partition("=")[::2] for part in value.strip().split(";"))
    if parts.get("FREQ") != "YEARLY" or parts.get("INTERVAL", "1") != "1":
        raise ValueError("not a plain yearly rule")
    if not parts.keys() <= _UNDERSTOOD or ("BYDAY" in parts and "BYMONTH" not in parts):
        raise ValueError("not a plain yearly rule")
    month = int(parts.get("BYMONTH", start.month))
    if not 1 <= month <= 12:
        raise ValueError("no such month")
    days = {int(day) for day in parts["BYMONTHDAY"].split(",")} if "BYMONTHDAY" in parts else set()
    weekdays = {_weekday(day) for day in parts["BYDAY"].split(",")} if "BYDAY" in parts else set()
    return _YearlyRule(
        month=month,
        month_days=frozenset(days if days or weekdays else {start.day}),
        weekdays=frozenset(weekdays),
        until=_until(parts.get("UNTIL", ""), before),
    )


def _weekday(value: str) -> tuple[int, int]:
    match = _DAY.fullmatch(value)
    if match is None:
        raise ValueError("not a weekday")
    return int(match[1] or 0), _WEEKDAYS.index(match[2])


def _until(value: str, before: timedelta) -> datetime:
    """Return the end of a rule as wall clock of the time before its change.

    Near the ends of what can be computed it stays in UTC.
    """
    if not value:
        return _NEVER
    until = _moment(value)
    if len(value) == len("YYYYMMDD"):
        return until + timedelta(days=1, seconds=-1)
    in_utc = value.endswith("Z") and 1 < until.year < _NEVER.year
    return until + before if in_utc else until

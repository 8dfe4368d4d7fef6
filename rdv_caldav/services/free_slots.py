"""Other times for an appointment: when all of its persons can be had."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rdv_caldav.db.conflicts_reading import Situation
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Span
from rdv_caldav.services.access import Actor
from rdv_caldav.services.conflict_finding import (
    Period,
    exact_engagements,
    hours_away,
    own_periods,
)
from rdv_caldav.services.conflicts import Wanted, known_persons

STEP = timedelta(minutes=15)
HORIZON = timedelta(days=14)
"""How far ahead of the wanted time others are looked for."""

DAYTIME = time(8), time(20)
"""When appointments may be where nobody's hours say so, in the zone of the wanted time."""

_DAY = timedelta(days=1)
_BEGINNING = datetime(2024, 1, 1, tzinfo=UTC)


def alternatives(
    tx: Transaction, actor: Actor, wanted: Wanted, *, now: datetime, most: int = 3
) -> list[Span]:
    """Return the next times at which all persons are free, none meeting another.

    They come after the wanted time, and after ``now`` (aware), begin at a quarter of an hour, lie
    within everybody's working hours and two weeks ahead; whole days stay whole days. A series is
    looked at as its first date. Raises ModuleOff, UnknownCalendar.
    """
    persons = known_persons(tx, actor, wanted.person_ids)
    first = max(wanted.span.starts_at, now)
    last = first + HORIZON + (wanted.span.ends_at - wanted.span.starts_at)
    busy = _Busy(tx, [person.id for person in persons], wanted, first, last)
    candidates = busy.whole_days() if wanted.span.all_day else busy.times()
    found: list[Span] = []
    for span in candidates:
        found.append(span)
        if len(found) == most:
            break
    return found


class _Busy:
    """When any of some persons cannot be had in a range, and the gaps between."""

    def __init__(
        self,
        tx: Transaction,
        person_ids: list[int],
        wanted: Wanted,
        first: datetime,
        last: datetime,
    ) -> None:
        self._span, self._first, self._last = wanted.span, first, last
        zone = tx.agency.settings().time_zone
        situations = tx.conflicts_reading.situations(
            person_ids, start=first, end=last, appointment_id=wanted.appointment_id
        )
        self._has_hours = any(each.availability for each in situations)
        periods = list(_appointments(tx, person_ids, wanted, first, last))
        for situation in situations:
            periods += _apart(tx, situation, first, last, zone, whole_days=wanted.span.all_day)
        self._periods = _merged(periods)
        self._ends = [end for _, end in self._periods]

    def times(self) -> Iterator[Span]:
        """Yield the next times of a wanted length."""
        length = self._span.ends_at - self._span.starts_at
        at = _next_step(self._first)
        while at + length <= self._last:
            hindrance = self._after(at)
            if hindrance is not None and hindrance[0] < at + length:
                at = _next_step(hindrance[1] - timedelta(microseconds=1))
                continue
            span = _span_at(self._span, at)
            if not self._has_hours and not _is_daytime(span):
                at += STEP
                continue
            yield span
            at = _next_step(at + length - timedelta(microseconds=1)) if length else at + STEP

    def whole_days(self) -> Iterator[Span]:
        """Yield the next days, as many as are wanted at once."""
        span = self._span
        length = max(span.duration, _DAY)
        while True:
            span = span.moved_to(span.start + _DAY)
            if span.ends_at > self._last:
                return
            hindrance = self._after(span.starts_at)
            is_free = hindrance is None or hindrance[0] >= span.ends_at
            if span.starts_at >= self._first and is_free:
                yield span
                span = span.moved_to(span.start + length - _DAY)

    def _after(self, at: datetime) -> Period | None:
        """Return the period that lasts at an instant, else the next one."""
        place = bisect_right(self._ends, at)
        return self._periods[place] if place < len(self._periods) else None


def _appointments(
    tx: Transaction, person_ids: list[int], wanted: Wanted, first: datetime, last: datetime
) -> Iterator[Period]:
    nearby = tx.conflicts_reading.nearby(
        person_ids, start=first, end=last, appointment_id=wanted.appointment_id
    )
    for of_other in exact_engagements(tx, nearby.others, now=first).values():
        for engagement in of_other:
            yield engagement.start, engagement.end


def _apart(
    tx: Transaction,
    situation: Situation,
    first: datetime,
    last: datetime,
    zone: str,
    *,
    whole_days: bool,
) -> Iterator[Period]:
    """Yield hours in which a person does not work, and what he has planned for himself."""
    if situation.availability:
        away = hours_away(situation.availability, first, last, zone)
        yield from _days_within(away, ZoneInfo(zone)) if whole_days else away
    if situation.has_own:
        yield from own_periods(tx, situation.person_id, first, last, zone)


def _days_within(periods: Iterable[Period], zone: ZoneInfo) -> Iterator[Period]:
    """Yield the whole days of periods: a night is no reason against a day."""
    for start, end in periods:
        midnight = start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        if midnight < start:
            midnight += _DAY
        last = end.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        if midnight < last:
            yield midnight.astimezone(UTC), last.astimezone(UTC)


def _merged(periods: Iterable[Period]) -> list[Period]:
    """Return the periods in order, those that meet made one."""
    merged: list[Period] = []
    for start, end in sorted(periods):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged


def _next_step(at: datetime) -> datetime:
    """Return the next quarter of an hour after an instant."""
    return at - (at - _BEGINNING) % STEP + STEP


def _span_at(span: Span, at: datetime) -> Span:
    """Return the span at another instant, as long as it was."""
    wall = at.astimezone(ZoneInfo(span.zone)).replace(tzinfo=None)
    return span.moved_to(wall)


def _is_daytime(span: Span) -> bool:
    opens, closes = DAYTIME
    is_one_day = span.start.date() == span.end.date()
    return is_one_day and opens <= span.start.time() and span.end.time() <= closes

"""The dates of the components of one object, overrides in their places (RFC 5545 §3.8.4, §3.8.5).

Nothing here fails on odd text: a component without a usable start has no dates, a rule that is
not understood yields none, an override without a master stands for itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import cached_property
from heapq import merge
from itertools import islice

from rdv_caldav.domain.appointment import Span
from rdv_caldav.domain.errors import CalendarDataRefused, TooManyInstances
from rdv_caldav.ical.contentlines import Component
from rdv_caldav.ical.extents import DAY, Extent, Plan, plan_of
from rdv_caldav.ical.filters import TimeRange
from rdv_caldav.ical.moments import EARLIEST, Clock, Moment, shifted, wall_of
from rdv_caldav.ical.recurrence import LONGEST_RULE, MOST_RULES
from rdv_caldav.ical.rule_dates import Rule, read_rule
from rdv_caldav.ical.timezones import UTC_ZONE

FURTHEST = timedelta(days=146_097)
"""How far beyond its start a range without end is searched: the calendar repeats after it."""

MOST_FOLLOWED = 25_000
"""Dates of a series that are looked at for one range: later ones are not found."""

_NOTHING = timedelta(0)
_MARGIN = timedelta(days=2)
"""How much wall clocks may differ from UTC, with a day to spare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One date of a component, or all there is of one that does not repeat.

    ``start`` and ``end`` are aware instants in UTC; ``original`` is where its series would
    have put it, naive wall clock in ``zone``, the zone of the series, midnight for dates.
    ``wall`` is its own start, naive wall clock in its own zone. ``extent`` is what it takes
    up in the sense of RFC 4791 §9.9.
    """

    component: Component
    start: datetime
    end: datetime
    extent: Extent
    plan: Plan
    wall: datetime
    original: datetime
    zone: str
    all_day_series: bool
    repeats: bool


@dataclass(slots=True)
class _Variant:
    """What all dates from ``original`` on are instead (RECURRENCE-ID;RANGE=THISANDFUTURE)."""

    original: datetime
    component: Component
    plan: Plan
    shift: timedelta


@dataclass(kw_only=True)
class _Master:
    """A component without RECURRENCE-ID, with what makes its dates."""

    component: Component
    plan: Plan
    anchor: Moment
    clock: Clock
    overridden: set[datetime] = field(default_factory=set)
    variants: list[_Variant] = field(default_factory=list)

    @cached_property
    def span(self) -> Span:
        wall = self.anchor.wall
        return Span(start=wall, end=wall, zone=self.anchor.zone, all_day=self.anchor.is_date)

    def rules(self, *, strict: bool = False) -> list[Rule]:
        """Return the rules that are understood. Where strict, raises for the others."""
        found = []
        lines = self.component.lines("RRULE")
        if strict and (len(lines) > MOST_RULES or any(len(e.raw) > LONGEST_RULE for e in lines)):
            raise TooManyInstances("too many recurrence rules, or too long ones")
        for line in lines[:MOST_RULES]:
            try:
                if len(line.raw) <= LONGEST_RULE:
                    found.append(read_rule(line.value.strip(), self.span))
            except CalendarDataRefused:
                if strict:
                    raise
        return found

    @cached_property
    def repeats(self) -> bool:
        names = {"RRULE", "RDATE"}
        return bool(self.variants or self.overridden) or any(
            item.name in names for item in self.component.items
        )

    @cached_property
    def excluded(self) -> set[datetime]:
        lines = self.component.lines("EXDATE")
        moments = (moment for line in lines for moment in self.clock.moments(line))
        return {original_of(moment, self.anchor, self.clock) for moment in moments}

    @cached_property
    def added(self) -> dict[datetime, timedelta | None]:
        """The dates of RDATE lines, with the lengths of those that are periods."""
        found: dict[datetime, timedelta | None] = {}
        for line in self.component.lines("RDATE"):
            for moment in self.clock.moments(line):
                found.setdefault(original_of(moment, self.anchor, self.clock))
            if "/" in line.value:
                for moment, end in self.clock.periods(line):
                    found[original_of(moment, self.anchor, self.clock)] = max(
                        end - moment.wall, _NOTHING
                    )
        return found

    def originals(self, since: datetime, last: datetime, *, strict: bool) -> Iterator[datetime]:
        """Yield the dates of the series in a window of wall-clock time, in order."""
        listed = sorted(m for m in {self.anchor.wall, *self.added} if since <= m <= last)
        dates = [rule.dates(since, last) for rule in self.rules(strict=strict)]
        previous = None
        for moment in merge(listed, *dates):
            if moment != previous and moment not in self.excluded:
                yield moment
            previous = moment

    def instances(
        self, span: TimeRange, only: Collection[int] | None, *, strict: bool = False
    ) -> Iterator[Instance]:
        """Yield the dates that may meet a range: all that do, and some beside it."""
        if not self.repeats:
            if only is None or id(self.component) in only:
                yield self._instance(self.anchor.wall)
            return
        parts = {id(self.component), *(id(variant.component) for variant in self.variants)}
        if only is not None and not parts & set(only):
            return
        originals = self.originals(*self._window(span), strict=strict)
        for original in islice(originals, MOST_FOLLOWED):
            if original not in self.overridden:
                found = self._instance(original)
                if only is None or id(found.component) in only:
                    yield found

    def extent_at(self, original: datetime) -> Extent:
        """Return what the series itself would take up at one of its dates."""
        return self.plan.extent(*self.plan.bounds(original, self.anchor.zone))

    def _window(self, span: TimeRange) -> tuple[datetime, datetime]:
        """Return the wall-clock times between which the series' own dates may meet a range."""
        plans = [self.plan, *(variant.plan for variant in self.variants)]
        lengths = [*(plan.length for plan in plans), *self.added.values(), DAY]
        reach = max(length for length in lengths if length is not None) + _MARGIN
        before = max([_NOTHING, *(-variant.shift for variant in self.variants)])
        beyond = max([_NOTHING, *(variant.shift for variant in self.variants)])
        since, zone = datetime.min, self.anchor.zone  # noqa: DTZ901 - wall clock
        if span.start is not None:
            since = shifted(wall_of(span.start, zone), -(reach + beyond))
        if span.end is None:
            return since, shifted(max(since, self.anchor.wall), FURTHEST)
        return since, shifted(wall_of(span.end, zone), _MARGIN + before)

    def _instance(self, original: datetime) -> Instance:
        component, plan, wall = self.component, self.plan, original
        place = bisect_right(self.variants, original, key=lambda variant: variant.original)
        if place:
            variant = self.variants[place - 1]
            component, plan = variant.component, variant.plan
            wall = shifted(original, variant.shift)
        length = self.added.get(original) if self.repeats else None
        if length is not None:
            plan = replace(plan, length=length, has_duration=True)
        start, end = plan.bounds(wall, self.anchor.zone)
        return Instance(
            component=component,
            start=start,
            end=end,
            extent=plan.extent(start, end),
            plan=plan,
            wall=wall,
            original=original,
            zone=self.anchor.zone,
            all_day_series=self.anchor.is_date,
            repeats=self.repeats,
        )


class Series:
    """The components of one kind in one object, and their dates."""

    def __init__(self, components: Iterable[Component], clock: Clock) -> None:
        """Sort them into masters and overrides."""
        self._clock = clock
        self.has_undated = False
        self.kind = ""
        self._masters: list[_Master] = []
        self._single: list[Instance] = []
        overrides: list[tuple[Component, Moment]] = []
        for component in components:
            self.kind = component.name
            original = clock.moment(component.line("RECURRENCE-ID"))
            if original is None:
                self._add_master(component)
            else:
                overrides.append((component, original))
        for component, original in overrides:
            self._add_override(component, original)
        for master in self._masters:
            master.variants.sort(key=lambda variant: variant.original)

    @property
    def repeats(self) -> bool:
        """Whether it has, or may have, more than one date."""
        return len(self._masters) + len(self._single) > 1 or any(m.repeats for m in self._masters)

    @property
    def starts_at(self) -> datetime:
        """When its first master starts, the beginning of time where there is none."""
        return min((m.anchor.instant for m in self._masters), default=EARLIEST)

    def listed(self, limit: datetime, *, most: int) -> tuple[list[Instance], bool]:
        """Return its dates up to an instant, and whether there are later ones.

        Raises TooManyInstances for more than ``most``, NotCalendarData for a rule that
        is not understood.
        """
        found = list(self._single)
        goes_on = False
        for master in self._masters:
            last = wall_of(limit, master.anchor.zone)
            for instance in master.instances(TimeRange(None, None), None, strict=True):
                if instance.original > last:
                    goes_on = True
                    break
                found.append(instance)
                if len(found) > most:
                    raise TooManyInstances(f"more than {most} dates")
        return found, goes_on

    def instances(
        self,
        span: TimeRange,
        *,
        only: Collection[Component] | None = None,
    ) -> Iterator[Instance]:
        """Yield the dates that may meet a range: all that do, and some beside it.

        Those of overrides come first; no more than MOST_FOLLOWED of a series are looked at.
        ``only`` wants those of some components. A rule that is not understood, or that has no
        bounds, yields none.
        """
        wanted = None if only is None else {id(component) for component in only}
        for instance in self._single:
            if wanted is None or id(instance.component) in wanted:
                yield instance
        for master in self._masters:
            yield from master.instances(span, wanted)

    def beside(self, span: TimeRange) -> set[int]:
        """Return the ids of overrides that neither lie in a range nor stand for a date in it.

        One of all dates from a date on stands for all of these. Without a master there are none.
        """
        if not self._masters:
            return set()
        found = set()
        for instance in self._single:
            own = self._masters[0].extent_at(instance.original)
            is_before = span.end is None or own.first < span.end
            meets = instance.extent.meets(span) or own.meets(span)
            if instance.repeats and not meets and not (is_before and _reaches_on(instance)):
                found.add(id(instance.component))
        return found

    def _add_master(self, component: Component) -> None:
        plan = plan_of(component, self._clock)
        if plan.anchor is not None:
            master = _Master(component=component, plan=plan, anchor=plan.anchor, clock=self._clock)
            self._masters.append(master)
            return
        self.has_undated = True
        if plan.undated is not None:
            self._single.append(_undated(component, plan, plan.undated))

    def _add_override(self, component: Component, moment: Moment) -> None:
        """Put an override in the place of the date that it stands for."""
        plan = plan_of(component, self._clock)
        series = self._masters[0].anchor if self._masters else moment
        original = original_of(moment, series, self._clock)
        for master in self._masters:
            master.overridden.add(original)
        # an override without a date of its own, as a VTODO's may be, keeps that of its series
        anchor = plan.anchor or Moment(original, series.zone, is_date=series.is_date)
        start, end = plan.bounds(anchor.wall, anchor.zone)
        undated = plan.undated if plan.anchor is None else None
        instance = Instance(
            component=component,
            start=start,
            end=end,
            extent=undated or plan.extent(start, end),
            plan=plan,
            wall=anchor.wall,
            original=original,
            zone=series.zone,
            all_day_series=series.is_date,
            repeats=True,
        )
        self._single.append(instance)
        if _reaches_on(instance) and anchor.is_date == series.is_date:
            shift = self._clock.wall(anchor, series.zone) - original
            variant = _Variant(original, component, plan, shift)
            for master in self._masters:
                master.variants.append(variant)


def _reaches_on(instance: Instance) -> bool:
    """Tell whether an override is one of all later dates too (RFC 5545 §3.2.13)."""
    line = instance.component.line("RECURRENCE-ID")
    return line is not None and line.params.get("RANGE", "").upper() == "THISANDFUTURE"


def _undated(component: Component, plan: Plan, extent: Extent) -> Instance:
    return Instance(
        component=component,
        start=extent.first,
        end=extent.last,
        extent=extent,
        plan=plan,
        wall=datetime.min,  # noqa: DTZ901 - wall clock
        original=datetime.min,  # noqa: DTZ901
        zone=UTC_ZONE,
        all_day_series=False,
        repeats=False,
    )


def original_of(moment: Moment, series: Moment, clock: Clock) -> datetime:
    """Return a date of a series that is named by ``moment``, as the series' own clock has it.

    ``series`` is its first date. A floating time is the series' own clock already.
    """
    if series.is_date:
        return datetime.combine(moment.wall, time())
    if moment.is_date:
        return datetime.combine(moment.wall, series.wall.time())
    return moment.wall if moment.is_floating else clock.wall(moment, series.zone)

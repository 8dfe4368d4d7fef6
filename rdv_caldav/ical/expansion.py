"""A series as one component for each of its dates, in UTC (RFC 4791 §9.6.5)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from rdv_caldav.domain.errors import TooManyInstances
from rdv_caldav.ical.contentlines import Component, ContentLine
from rdv_caldav.ical.extents import Plan, plan_of
from rdv_caldav.ical.filters import TimeRange
from rdv_caldav.ical.instances import TIMED
from rdv_caldav.ical.moments import Clock, date_text, instant_of, shifted, utc_text
from rdv_caldav.ical.recurrence import MAX_DATES
from rdv_caldav.ical.series import Instance, Series

MOST_CHARACTERS = 20_000_000
"""Of what one object becomes: a large component is not told ten thousand times."""

_OF_SERIES = frozenset({"RRULE", "RDATE", "EXDATE", "EXRULE"})
_ENDS = ("DTEND", "DUE")
_TIMES = frozenset({"DTSTART", "RECURRENCE-ID", *_ENDS})


def expanded(calendar: Component, span: TimeRange, clock: Clock) -> Component:
    """Return a VCALENDAR with the dates of its components that meet a range.

    Components that do not repeat stay, with their times in UTC. Raises TooManyInstances.
    """
    items: list[ContentLine | Component] = []
    by_kind = {kind: calendar.components(kind) for kind in TIMED}
    series = {kind: Series(found, clock) for kind, found in by_kind.items() if found}
    for item in calendar.items:
        if isinstance(item, ContentLine):
            items.append(item)
        elif item.name in series and series[item.name].repeats:
            # all dates of a kind stand where the first of its components stood
            if item is by_kind[item.name][0]:
                items += _dates_of(series[item.name], span, clock)
        elif item.name != "VTIMEZONE":
            items.append(_in_utc(item, clock))
    return Component(calendar.name, calendar.begin, items, calendar.end)


def _dates_of(series: Series, span: TimeRange, clock: Clock) -> list[Component]:
    moulds: dict[int, _Mould] = {}
    found: list[tuple[datetime, datetime, Component]] = []
    size = 0
    for instance in series.instances(span):
        if not instance.extent.meets(span):
            continue
        key = id(instance.component)
        if key not in moulds:
            moulds[key] = _Mould.of(instance.component, clock)
        size += moulds[key].size
        if len(found) >= MAX_DATES or size > MOST_CHARACTERS:
            raise TooManyInstances("too many dates, or too long ones, to tell each")
        found.append((instance.start, instance.original, moulds[key].filled(instance)))
    return [component for _, _, component in sorted(found, key=lambda each: each[:2])]


@dataclass(frozen=True, slots=True)
class _Slot:
    """The place of a line whose value differs from date to date; ``head`` is all before it."""

    name: str
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mould:
    """A component of a series without what differs from date to date."""

    component: Component
    items: list[ContentLine | Component | _Slot]
    plan: Plan
    size: int

    @classmethod
    def of(cls, component: Component, clock: Clock) -> _Mould:
        """Take out of a component what makes it a series."""
        plan = plan_of(component, clock)
        items: list[ContentLine | Component | _Slot] = [_Slot("RECURRENCE-ID", "RECURRENCE-ID")]
        for item in component.items:
            if item.name == "RECURRENCE-ID" or item.name in _OF_SERIES:
                continue
            if isinstance(item, ContentLine) and item.name in _filled_in(plan):
                head = item.with_params({"TZID": None, "VALUE": None}, "").raw
                items.append(_Slot(item.name, head.rstrip(":\r\n")))
            else:
                items.append(_in_utc(item, clock))
        return cls(component=component, items=items, plan=plan, size=len(component.text()))

    def filled(self, instance: Instance) -> Component:
        """Return the component of one date."""
        items: list[ContentLine | Component] = []
        has_own_end = instance.plan.length != self.plan.length
        for item in self.items:
            if not isinstance(item, _Slot):
                if not (has_own_end and item.name == "DURATION"):
                    items.append(item)
            elif not (has_own_end and item.name in _ENDS):
                items.append(_line_of(item, instance))
            if has_own_end and item.name == "DTSTART":
                # a period of RDATE is as long as it says
                name = "DUE" if instance.plan.kind == "VTODO" else "DTEND"
                items.append(_line_of(_Slot(name, name), instance))
        return Component(self.component.name, self.component.begin, items, self.component.end)


def _filled_in(plan: Plan) -> Collection[str]:
    """Return the names of the lines that say when a date is."""
    if plan.anchor is None:
        return ()
    if plan.is_due:
        return ("DUE",)
    return ("DTSTART",) if plan.has_duration or plan.length is None else ("DTSTART", *_ENDS)


def _line_of(slot: _Slot, instance: Instance) -> ContentLine:
    """Return a line with the value that it has at one date."""
    if slot.name == "RECURRENCE-ID":
        wall, moment = instance.original, instant_of(instance.original, instance.zone)
        is_date = instance.all_day_series
    elif slot.name == "DTSTART" or instance.plan.is_due:
        wall, moment, is_date = instance.wall, instance.start, instance.plan.all_day
    else:
        wall = shifted(instance.wall, instance.plan.length or timedelta(0))
        moment, is_date = instance.end, instance.plan.all_day
    value = f";VALUE=DATE:{date_text(wall)}" if is_date else f":{utc_text(moment)}"
    return ContentLine(f"{slot.head}{value}\r\n")


def _in_utc(item: ContentLine | Component, clock: Clock) -> ContentLine | Component:
    """Return what stands in a component without series and zones."""
    if isinstance(item, Component):
        items = [_in_utc(each, clock) for each in item.items if each.name not in _OF_SERIES]
        return Component(item.name, item.begin, items, item.end)
    if item.name not in _TIMES and (";" not in item.raw or "TZID" not in item.params):
        return item
    moments = list(clock.moments(item))
    if len(moments) != item.value.count(",") + 1 or any(moment.is_date for moment in moments):
        return item
    return item.with_params({"TZID": None}, ",".join(utc_text(m.instant) for m in moments))

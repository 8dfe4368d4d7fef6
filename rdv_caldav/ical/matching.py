"""Whether an object meets the filter of a calendar-query (RFC 4791 §9.7 to §9.9).

All conditions on a component hold for the same component; where time is asked of, for the same
date of it: a date that was changed meets a range by its new time, and a text by its new text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice

from rdv_caldav.ical.alarms import Alarm, read_alarm, window_of
from rdv_caldav.ical.collations import text_matches
from rdv_caldav.ical.contentlines import Component, ContentLine, parse_components
from rdv_caldav.ical.extents import Extent
from rdv_caldav.ical.filters import ComponentFilter, ParamFilter, PropFilter, TimeRange
from rdv_caldav.ical.instances import TIMED
from rdv_caldav.ical.moments import Clock, instant_of
from rdv_caldav.ical.series import Instance, Series

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
MOST_COMPARED = 200_000
"""Dates and alarms that are compared for one object; what lies further is not found."""

_ALWAYS = TimeRange(None, None)


def matches(text: str, condition: ComponentFilter, *, floating_zone: str) -> bool:
    """Tell whether an object meets a condition on its VCALENDAR.

    Floating times and dates are those of ``floating_zone``, an IANA name. Never fails: what
    cannot be read meets no condition but ``is-not-defined`` and negated ones. Of a series, no
    more than :data:`rdv_caldav.ical.series.MOST_FOLLOWED` dates are looked at.
    """
    tree = parse_components(text)
    calendars = tree.components(condition.name.upper())
    if condition.is_not_defined:
        return not calendars
    if not calendars:
        return False
    clock = Clock(tree, floating_zone)
    return any(_calendar_meets(calendar, condition, clock) for calendar in calendars)


def _calendar_meets(calendar: Component, condition: ComponentFilter, clock: Clock) -> bool:
    return _has_props(calendar, condition, clock) and all(
        _holds(calendar.components(inner.name.upper()), inner, clock)
        for inner in condition.components
    )


def _holds(components: list[Component], condition: ComponentFilter, clock: Clock) -> bool:
    """Tell whether one of the components of a name meets a condition."""
    if condition.is_not_defined:
        return not components
    # what needs no look at dates comes first
    left = [one for one in components if _has_text(one, condition, clock)]
    if not left or not _asks_of_time(condition):
        return bool(left)
    kind = condition.name.upper()
    if kind in TIMED:
        return _has_date(components, left, condition, clock)
    span = condition.time_range or _ALWAYS
    return kind == "VFREEBUSY" and any(
        extent.meets(span) for one in left for extent in _busy_extents(one, clock)
    )


def _has_text(component: Component, condition: ComponentFilter, clock: Clock) -> bool:
    """Tell whether a component meets a condition, but for the times of it and its alarms."""
    return _has_props(component, condition, clock) and all(
        any(_has_text(one, inner, clock) for one in component.components(inner.name.upper()))
        != inner.is_not_defined
        for inner in condition.components
    )


def _asks_of_time(condition: ComponentFilter) -> bool:
    return condition.time_range is not None or any(map(_asks_of_time, condition.components))


# -- dates --------------------------------------------------------------------------------


def _has_date(
    components: list[Component], left: list[Component], condition: ComponentFilter, clock: Clock
) -> bool:
    """Tell whether one date of the components in ``left`` meets what is asked of its time."""
    span = condition.time_range or _ALWAYS
    asked = [inner for inner in condition.components if _asks_of_time(inner)]
    alarms = {id(one): [_alarms(one, inner, clock) for inner in asked] for one in left}
    work = 0
    for instance in _candidates(Series(components, clock), left, condition, alarms):
        found = alarms[id(instance.component)]
        work += 1 + sum(map(len, found))
        if work > MOST_COMPARED:
            return False
        if instance.extent.meets(span) and all(
            any(alarm.rings_in(inner.time_range or _ALWAYS, instance) for alarm in each)
            for inner, each in zip(asked, found, strict=True)
        ):
            return True
    return False


def _candidates(
    series: Series,
    left: list[Component],
    condition: ComponentFilter,
    alarms: Mapping[int, list[list[Alarm]]],
) -> Iterator[Instance]:
    """Yield the dates that may meet a condition which asks of time."""
    if condition.time_range is not None:
        return series.instances(condition.time_range, only=left)
    # an alarm at a fixed time goes off whatever the date: one date of each component will do
    fixed = [one for one in left if any(alarm.moment for each in alarms[id(one)] for alarm in each)]
    first = islice(series.instances(_ALWAYS, only=fixed), len(fixed))
    known = [alarm for found in alarms.values() for each in found for alarm in each]
    spans = [inner.time_range for inner in condition.components if inner.time_range is not None]
    windows = (series.instances(window_of(span, known), only=left) for span in spans)
    return chain(first, *windows)


def _alarms(component: Component, condition: ComponentFilter, clock: Clock) -> list[Alarm]:
    """Return the alarms of a component that meet a condition but for its time."""
    if condition.name.upper() != "VALARM" or any(map(_asks_of_time, condition.components)):
        return []
    alarms = (
        read_alarm(one, clock)
        for one in component.components("VALARM")
        if _has_text(one, condition, clock)
    )
    return [alarm for alarm in alarms if alarm is not None]


def _busy_extents(component: Component, clock: Clock) -> Iterator[Extent]:
    """Yield what a VFREEBUSY takes up: its own bounds, else its periods."""
    start, end = clock.moment(component.line("DTSTART")), clock.moment(component.line("DTEND"))
    if start is not None and end is not None:
        yield Extent(start.instant, end.instant, holds_last=True)
        return
    for line in component.lines("FREEBUSY"):
        for first, last in clock.periods(line):
            yield Extent(first.instant, instant_of(last, first.zone))


# -- properties ---------------------------------------------------------------------------


def _has_props(component: Component, condition: ComponentFilter, clock: Clock) -> bool:
    return all(_has_prop(component, prop, clock) for prop in condition.props)


def _has_prop(component: Component, condition: PropFilter, clock: Clock) -> bool:
    lines = component.lines(condition.name.upper())
    return any(_line_meets(line, condition, clock) for line in lines) != condition.is_not_defined


def _line_meets(line: ContentLine, condition: PropFilter, clock: Clock) -> bool:
    """Tell whether one line of the name meets all that is asked of the property."""
    if condition.time_range is not None:
        moment = clock.moment(line)
        if moment is None or not condition.time_range.holds(moment.instant):
            return False
    if condition.text_match is not None:
        value = _ESCAPE.sub(_unescaped, line.value) if "\\" in line.value else line.value
        if not text_matches(value, condition.text_match):
            return False
    return all(_has_param(line, param) for param in condition.params)


def _unescaped(match: re.Match[str]) -> str:
    return "\n" if match[1] in "nN" else match[1]


def _has_param(line: ContentLine, condition: ParamFilter) -> bool:
    value = line.params.get(condition.name.upper())
    if value is None or condition.is_not_defined:
        return (value is None) == condition.is_not_defined
    return condition.text_match is None or text_matches(value, condition.text_match)

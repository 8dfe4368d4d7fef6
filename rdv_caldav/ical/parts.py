"""A series as it is shown to somebody who takes part in some of its dates only.

Who takes part in one date reads a plain event. Who takes part in several reads a series of
these: its rule cut to the stretch between the first and the last, with an EXDATE for each
date between that is not his, or RDATEs where that would be too many. Who is not expected on
some dates reads the whole series with an EXDATE for each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rdv_caldav.domain.appointment import Appointment, Span
from rdv_caldav.domain.parts import Part
from rdv_caldav.ical.contentlines import Component, ContentLine, make_line, parse_components
from rdv_caldav.ical.patching import moment_like
from rdv_caldav.ical.recurrence import rule_parts, rule_until
from rdv_caldav.ical.timezones import component_key, recurrence_wall
from rdv_caldav.ical.views import find_slots
from rdv_caldav.ical.writer import series_tzid

MOST_LEFT_OUT = 100
"""EXDATEs with which somebody's own dates are told; beyond that they are listed."""

_REPEATING = ("RRULE", "RDATE", "EXDATE")


def shown(text: str, appointment: Appointment, part: Part) -> tuple[str, str]:
    """Return what one person is shown of a stored text, and its slots.

    See :func:`rdv_caldav.ical.views.find_slots`.
    """
    root = parse_components(text)
    calendar = root.components("VCALENDAR")[0]
    events = keyed_events(calendar, zone=appointment.span.zone)
    stands_for = ""
    if not part.only:
        _leave_out(calendar, events, part.without)
    elif len(part.only) == 1:
        stands_for = part.only[0].isoformat()
        put_events(calendar, [_without_recurrence(events[stands_for])])
    else:
        put_events(calendar, _own_series(events, appointment, part.only))
    reduced = root.text()
    return reduced, find_slots(reduced, zone=appointment.span.zone, stands_for=stands_for)


def keyed_events(calendar: Component, *, zone: str) -> dict[str, Component]:
    """Return the VEVENTs of a calendar object by component key, the master's being ""."""
    tzid = series_tzid(calendar)
    return {
        component_key(event, zone=zone, series_tzid=tzid): event
        for event in calendar.components("VEVENT")
    }


def dates_of(line: ContentLine, master: Component, series: Span) -> list[tuple[str, datetime]]:
    """Return the values of an EXDATE as written, and as wall-clock times of the series."""
    start = master.line("DTSTART")
    tzid = start.params.get("TZID") if start is not None else None
    found = []
    for value in line.value.strip().split(","):
        wall = recurrence_wall(line.with_params({}, value), series.zone, tzid)
        if len(value) == len("YYYYMMDD") and not series.all_day:
            wall = datetime.combine(wall, series.start.time())
        found.append((value, wall))
    return found


def put_events(calendar: Component, events: Sequence[Component]) -> None:
    """Make these the only VEVENTs of a calendar object."""
    items: list[ContentLine | Component] = []
    others = [item for item in calendar.items if item.name != "VEVENT"]
    items += [*others, *events]
    calendar.items = items


def _leave_out(
    calendar: Component, events: dict[str, Component], originals: Sequence[datetime]
) -> None:
    master = events[""]
    hidden = {original.isoformat() for original in originals}
    put_events(calendar, [event for key, event in events.items() if key not in hidden])
    _exclude(master, originals, like=master)


def _exclude(event: Component, originals: Sequence[datetime], *, like: Component) -> None:
    """Add an EXDATE for each date, where such lines are."""
    last = [*event.lines("DTSTART"), *event.lines(*_REPEATING)][-1]
    for original in originals:
        line = moment_like(like, "EXDATE", original)
        event.insert(line, after=last)
        last = line


def _without_recurrence(event: Component) -> Component:
    copy = event.copy()
    copy.drop("RECURRENCE-ID", *_REPEATING)
    return copy


def _own_series(
    events: dict[str, Component], appointment: Appointment, originals: Sequence[datetime]
) -> list[Component]:
    """Return one's own dates after a master that is like the first of them."""
    series = events[""]
    dates = [events[original.isoformat()] for original in originals]
    master = _without_recurrence(dates[0])
    first = appointment.occurrence(originals[0])
    assert first is not None, "nobody takes part in a single date that does not differ"
    master.put(moment_like(series, "DTSTART", originals[0]))
    if master.drop("DTEND", "DURATION"):
        master.insert(
            moment_like(series, "DTEND", originals[0] + first.span.duration),
            after=master.line("DTSTART"),
        )
    _repeat(master, series, appointment, originals)
    return [master, *dates]


def _repeat(
    master: Component, series: Component, appointment: Appointment, originals: Sequence[datetime]
) -> None:
    found = _stretch(series, appointment, originals)
    after = master.lines("DTSTART", "DTEND")[-1]
    if found is None:
        for original in originals[1:]:
            line = moment_like(series, "RDATE", original)
            master.insert(line, after=after)
            after = line
        return
    rule, dates = found
    master.insert(make_line("RRULE", rule), after=after)
    _exclude(master, [each for each in dates if each not in originals], like=series)


def _stretch(
    series: Component, appointment: Appointment, originals: Sequence[datetime]
) -> tuple[str, Sequence[datetime]] | None:
    """Return the series' rule between the first and last of some dates, and what it yields."""
    recurrence, span = appointment.recurrence, appointment.span
    rules = recurrence.rules if recurrence is not None else ()
    if len(rules) != 1:
        return None
    parts = rule_parts(rules[0])
    kept = [f"{name}={value}" for name, value in parts.items() if name not in ("COUNT", "UNTIL")]
    endless = ";".join(kept)
    dates = rule_until(endless, span, originals, most=MOST_LEFT_OUT)
    rule = f"{endless};UNTIL={until_value(series, originals[-1], span.zone)}"
    # one's own series must never be taken for the whole one
    if dates is None or rule.upper() == rules[0].upper():
        return None
    return rule, dates


def until_value(series: Component, moment: datetime, zone: str) -> str:
    """Return a wall-clock time of a series as UNTIL wants it.

    A date where its DTSTART is one, UTC where that has a zone (RFC 5545 §3.3.10).
    """
    line = moment_like(series, "UNTIL", moment)
    if "TZID" not in line.params:
        return line.value
    return f"{moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC):%Y%m%dT%H%M%SZ}"

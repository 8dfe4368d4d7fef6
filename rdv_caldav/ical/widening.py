"""Making a whole series again of what somebody writes who was shown some of its dates only.

What he was not shown is put back as it is stored, so that nothing he writes cuts the series
down to his dates; what was put in for his eyes is taken out. See
:mod:`rdv_caldav.ical.parts` for what he is shown.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from rdv_caldav.domain.appointment import Appointment
from rdv_caldav.domain.parts import Part, parts_of
from rdv_caldav.ical.contentlines import Component, ContentLine, parse_components, to_crlf
from rdv_caldav.ical.following import Following, wall_of_start
from rdv_caldav.ical.parts import dates_of, keyed_events, put_events, shown
from rdv_caldav.ical.views import is_private

_UNMOVED = timedelta(0)


@dataclass(frozen=True, slots=True)
class Widened:
    """A whole object.

    ``left_out`` are the dates of it that its writer took out for himself; ``stands_for`` is
    the key of the date that he wrote as a plain event, if he did.
    """

    text: str
    left_out: tuple[datetime, ...] = ()
    stands_for: str = ""


def widened(sent: str, stored: str, appointment: Appointment, part: Part) -> Widened:
    """Return the whole object that is meant by ``sent``, in the calendar of ``part``'s person.

    ``stored`` is the text of the appointment. What is the whole series already stays so.
    """
    root, whole = parse_components(to_crlf(sent)), parse_components(stored)
    calendar, standing = root.components("VCALENDAR")[0], whole.components("VCALENDAR")[0]
    zone = appointment.span.zone
    events, known = keyed_events(calendar, zone=zone), keyed_events(standing, zone=zone)
    if not part.only:
        _put_back(calendar, events, known, appointment, part)
        _define_zones(calendar, standing)
        return Widened(root.text())
    if _repeats_alike(events[""], known[""]):
        return Widened(root.text())
    text, _ = shown(stored, appointment, part)
    seen = keyed_events(parse_components(text).components("VCALENDAR")[0], zone=zone)
    left_out: tuple[datetime, ...] = ()
    stands_for = ""
    if len(part.only) == 1:
        stands_for = part.only[0].isoformat()
        known[stands_for] = _as_date(events[""], known[stands_for])
    else:
        left_out = _take_dates(events, known, seen, appointment, part)
    put_events(standing, list(known.values()))
    _define_zones(standing, calendar)
    return Widened(whole.text(), left_out, stands_for)


def part_like(sent: str, stored: str, appointment: Appointment) -> Part | None:
    """Return whose part of a series an object was copied from; None where it is the whole one."""
    master = _master(to_crlf(sent))
    if _placed(master) == _placed(_master(stored)):
        return None
    for part in parts_of(appointment):
        text, _ = shown(stored, appointment, part)
        if _placed(master) == _placed(_master(text)):
            return part
    return None


def _master(text: str) -> Component:
    events = parse_components(text).components("VCALENDAR")[0].components("VEVENT")
    return next(event for event in events if event.line("RECURRENCE-ID") is None)


def _placed(event: Component) -> list[str]:
    names = ("DTSTART", "RRULE", "RDATE", "EXDATE")
    return sorted(line.unfolded.upper() for line in event.lines(*names))


# -- the whole series but for some dates --------------------------------------------------


def _put_back(
    calendar: Component,
    events: dict[str, Component],
    known: dict[str, Component],
    appointment: Appointment,
    part: Part,
) -> None:
    master, hidden = events[""], {each.isoformat() for each in part.without}
    walls = set(part.without)
    if not walls <= _excluded(master, appointment):
        # a program that moves a series takes its EXDATEs along, or leaves them
        walls = {original + _moved(master, known[""]) for original in part.without}
    _include(master, walls, appointment)
    back = [event for key, event in known.items() if key in hidden and key not in events]
    put_events(calendar, [*calendar.components("VEVENT"), *back])


def _moved(now: Component, before: Component) -> timedelta:
    """Return by how much the start of an event was moved, as far as that can be told."""
    new, old = wall_of_start(now), wall_of_start(before)
    return _UNMOVED if new is None or old is None else new - old


def _include(master: Component, walls: Collection[datetime], appointment: Appointment) -> None:
    """Take dates out of the EXDATEs of a series, which were put in for one person's eyes."""
    for line in master.lines("EXDATE"):
        dates = dates_of(line, master, appointment.span)
        kept = [value for value, wall in dates if wall not in walls]
        if len(kept) < len(dates):
            master.replace(line, line.with_params({}, ",".join(kept)) if kept else None)


def _excluded(master: Component, appointment: Appointment) -> set[datetime]:
    lines = master.lines("EXDATE")
    return {wall for line in lines for _, wall in dates_of(line, master, appointment.span)}


# -- single dates -------------------------------------------------------------------------


def _repeats_alike(sent: Component, stored: Component) -> bool:
    """Tell whether an object is the whole series, as others are shown it."""

    def substance(event: Component) -> list[str]:
        return sorted(line.value.strip().upper() for line in event.lines("RRULE", "RDATE"))

    repeats = substance(sent)
    same_start = wall_of_start(sent) == wall_of_start(stored)
    return bool(repeats) and same_start and repeats == substance(stored)


def _as_date(event: Component, known: Component) -> Component:
    """Return a plain event as the date of the series that it was shown for."""
    date = event.copy()
    date.drop("RRULE", "RDATE", "EXDATE")
    place = next(n for n, item in enumerate(known.items) if item.name == "RECURRENCE-ID")
    lines = sum(isinstance(item, ContentLine) for item in date.items)
    date.items.insert(min(place, lines), known.items[place])
    return date


def _take_dates(
    events: dict[str, Component],
    known: dict[str, Component],
    seen: dict[str, Component],
    appointment: Appointment,
    part: Part,
) -> tuple[datetime, ...]:
    """Put one's own dates into the series; return those that were taken out."""
    sent_master = events.pop("")
    following = Following(sent_master, seen[""])
    excluded = _excluded(sent_master, appointment)
    left_out = []
    for original in part.only:
        key = original.isoformat()
        shifted = (original + following.moved).isoformat()
        sent = events.pop(key, None) or events.pop(shifted, None)
        if sent is None and excluded & {original, original + following.moved}:
            left_out.append(original)
            continue
        line = known[key].line("RECURRENCE-ID")
        assert line is not None, "a date of a series has one"
        date = (sent or known[key]).copy()
        date.put(line)
        following.apply(date, seen[key])
        known[key] = date
    known[""].items += [item for item in sent_master.items if is_private(item)]
    for key, event in events.items():
        known.setdefault(key, event)
    return tuple(left_out)


def _define_zones(calendar: Component, source: Component) -> None:
    """Bring along the definitions of zones that only the writer's object has."""
    defined = {_tzid(zone) for zone in calendar.components("VTIMEZONE")}
    missing = [z for z in source.components("VTIMEZONE") if _tzid(z) not in defined]
    first = next(n for n, item in enumerate(calendar.items) if item.name == "VEVENT")
    calendar.items[first:first] = missing


def _tzid(zone: Component) -> str:
    line = zone.line("TZID")
    return line.value.strip() if line is not None else ""

"""A series in two: what comes before one of its dates, and what comes from it on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from rdv_caldav.domain.appointment import Appointment, Recurrence, Span
from rdv_caldav.domain.errors import UnknownOccurrence
from rdv_caldav.domain.repetition import utc_of
from rdv_caldav.ical.contentlines import make_line, parse_components, text_value
from rdv_caldav.ical.recurrence import occurs_at, rule_parts, until_of
from rdv_caldav.ical.rule_dates import read_rule

_SECOND = timedelta(seconds=1)
_BOUNDS = ("COUNT", "UNTIL")


def divided(appointment: Appointment, original: datetime) -> tuple[Appointment, Appointment]:
    """Return the dates before one of a series, and those from it on, with a UID of their own.

    Raises UnknownOccurrence for the first date, which has none before it, and for a date that
    no rule yields: what comes after it follows from another one.
    """
    recurrence = appointment.recurrence
    span = appointment.span
    is_ruled = recurrence is not None and occurs_at(
        replace(appointment, recurrence=replace(recurrence, added=())), original
    )
    if recurrence is None or not is_ruled or original <= span.start:
        raise UnknownOccurrence(f"{appointment.uid} is not divided at {original.isoformat()}")
    before = Recurrence(
        rules=tuple(_ending(rule, span, original) for rule in recurrence.rules),
        added=tuple(date for date in recurrence.added if date < original),
        excluded=tuple(date for date in recurrence.excluded if date < original),
    )
    after = Recurrence(
        rules=tuple(filter(None, (_rest(rule, span, original) for rule in recurrence.rules))),
        added=tuple(date for date in recurrence.added if date > original),
        excluded=tuple(date for date in recurrence.excluded if date > original),
    )
    head = replace(
        appointment,
        recurrence=before,
        occurrences=tuple(o for o in appointment.occurrences if o.original < original),
    )
    tail = replace(
        appointment,
        uid=str(uuid4()),
        span=span.moved_to(original),
        recurrence=after,
        occurrences=tuple(o for o in appointment.occurrences if o.original >= original),
        sequence=0,
        time_sequence=0,
    )
    return head, tail


def _ending(rule: str, span: Span, original: datetime) -> str:
    """Return a rule that ends before a date."""
    until = until_of(rule, span)
    if until is not None and until < original:
        return rule
    last = original - _SECOND
    written = f"{last:%Y%m%d}" if span.all_day else utc_of(last, span)
    return f"{_without_bounds(rule)};UNTIL={written}"


def _rest(rule: str, span: Span, original: datetime) -> str:
    """Return what a rule yields from one of its dates on, empty for nothing."""
    until = until_of(rule, span)
    if until is not None and until < original:
        return ""
    count = rule_parts(rule).get("COUNT")
    if count is None:
        return rule
    passed = len(list(read_rule(rule, span).dates(span.start, original - _SECOND)))
    left = int(count) - passed
    return f"{_without_bounds(rule)};COUNT={left}" if left > 0 else ""


def _without_bounds(rule: str) -> str:
    return ";".join(part for part in rule.split(";") if part.upper().split("=")[0] not in _BOUNDS)


def with_uid(text: str, uid: str) -> str:
    """Return the text of a calendar object under another UID."""
    root = parse_components(text)
    for calendar in root.components("VCALENDAR"):
        for event in calendar.components("VEVENT"):
            event.put(make_line("UID", text_value(uid)))
    return root.text()

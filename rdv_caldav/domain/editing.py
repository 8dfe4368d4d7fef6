"""What a form says of a rendez-vous, and what its changes make of one that changed meanwhile.

A form is filled in for minutes. What counts of it are the fields that its author changed:
:func:`reconcile` puts them upon the present state, :func:`put_whole` and :func:`put_date` make
the next state of them. Answers are no field: they are recorded when they are given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import (
    Appointment,
    Details,
    Occurrence,
    Participant,
    Recurrence,
    Span,
)
from rdv_caldav.domain.diff import implied_occurrence, same_time
from rdv_caldav.domain.errors import OwnerCannotLeave

TEXTS = ("subject", "location", "notes")
FIELDS = ("type_code", "subject", "span", "location", "notes", "rule", "owner")
"""What a form changes one by one; participants come and go beside."""

D = TypeVar("D", Appointment, Occurrence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The fields of a rendez-vous, or of one date of a series.

    ``rule`` holds the RRULE values, one a line, empty for what does not repeat; ``owner`` is a
    participant's key. Of ``participants`` it counts who they are, and what somebody who is
    added has answered.
    """

    type_code: str
    subject: str
    span: Span
    location: str = ""
    notes: str = ""
    rule: str = ""
    owner: int | str
    participants: tuple[Participant, ...] = ()

    @property
    def keys(self) -> frozenset[int | str]:
        """Who takes part."""
        return frozenset(participant.key for participant in self.participants)


def sheet_of(appointment: Appointment, original: datetime | None = None, *, zone: str) -> Sheet:
    """Return what a form shows of an appointment, or of one date of it.

    What does not repeat is shown in ``zone``, the agency's. Raises UnknownOccurrence.
    """
    details: Details = appointment
    if original is not None:
        details = rules.occurrence_at(appointment, original)
    span = details.span
    if appointment.recurrence is None:
        span = span.on_clock_of(zone)
    return Sheet(
        type_code=appointment.type_code,
        subject=details.subject,
        span=span,
        location=details.location,
        notes=details.notes,
        rule="\n".join(appointment.recurrence.rules) if appointment.recurrence else "",
        owner=appointment.owner.key,
        participants=tuple(replace(p, is_owner=False, comment="") for p in details.participants),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """A form upon the present state; ``clashes`` are fields that both changed, each otherwise.

    In these, ``sheet`` says what the form says.
    """

    sheet: Sheet
    clashes: tuple[str, ...] = ()


def reconcile(base: Sheet, mine: Sheet, theirs: Sheet) -> Reconciled:
    """Put what changed from ``base`` to ``mine`` upon ``theirs``, the present state."""
    values: dict[str, object] = {}
    clashes = []
    for name in FIELDS:
        before, wanted, present = (getattr(sheet, name) for sheet in (base, mine, theirs))
        if wanted == before:
            values[name] = present
            continue
        values[name] = wanted
        if present not in (before, wanted):
            clashes.append(name)
    gone = base.keys - mine.keys - {values["owner"]}
    staying = [each for each in theirs.participants if each.key not in gone]
    arriving = [each for each in mine.participants if each.key not in base.keys | theirs.keys]
    if values["owner"] not in {each.key for each in (*staying, *arriving)}:
        # who got the star in the form has left meanwhile
        arriving += [each for each in mine.participants if each.key == values["owner"]]
    sheet = replace(theirs, participants=(*staying, *arriving), **values)  # type: ignore[arg-type]
    return Reconciled(sheet=sheet, clashes=tuple(clashes))


def put_whole(appointment: Appointment, before: Sheet, after: Sheet) -> Appointment:
    """Make the changes of a sheet to an appointment and to its differing dates.

    Dates that differ in what is changed keep what is their own. The sheets may be those of a
    single date: it is moved along with all others by as much.
    Raises OwnerCannotLeave, NotAParticipant.
    """
    changed = _changed_texts(before, after)
    occurrences = tuple(_retold(each, appointment, changed) for each in appointment.occurrences)
    appointment = replace(_with_texts(appointment, changed), occurrences=occurrences)
    if before.type_code != after.type_code:
        appointment = replace(appointment, type_code=after.type_code)
    if before.span != after.span:
        appointment = _moved(appointment, before.span, after.span)
    if before.rule != after.rule:
        appointment = _repeating(appointment, after.rule)
    return _attended(appointment, before, after)


def _changed_texts(before: Sheet, after: Sheet) -> dict[str, str]:
    wanted = {name: getattr(after, name) for name in TEXTS}
    return {name: text for name, text in wanted.items() if getattr(before, name) != text}


def _with_texts(details: D, texts: Mapping[str, str]) -> D:
    return replace(
        details,
        subject=texts.get("subject", details.subject),
        location=texts.get("location", details.location),
        notes=texts.get("notes", details.notes),
    )


def _retold(date: Occurrence, series: Appointment, changed: Mapping[str, str]) -> Occurrence:
    """Change those texts of a date in which it was like its series."""
    alike = {name for name in changed if getattr(date, name) == getattr(series, name)}
    return _with_texts(date, {name: changed[name] for name in alike})


def _moved(appointment: Appointment, before: Span, after: Span) -> Appointment:
    """Move a series by as much as one of its dates, from ``before`` to ``after``."""
    if appointment.recurrence is None:
        return replace(appointment, span=after)
    old = appointment.span
    by = after.start - before.start
    days = timedelta(days=(after.start.date() - before.start.date()).days)
    is_alike = (before.all_day, before.zone) == (after.all_day, after.zone)
    length = old.duration if before.duration == after.duration and is_alike else after.duration

    def shift(moment: datetime) -> datetime:
        if is_alike:
            return moment + by
        return datetime.combine((moment + days).date(), after.start.time())

    start = shift(old.start)
    new = Span(start=start, end=start + length, zone=after.zone, all_day=after.all_day)
    recurrence = replace(
        appointment.recurrence,
        added=tuple(map(shift, appointment.recurrence.added)),
        excluded=tuple(map(shift, appointment.recurrence.excluded)),
    )
    moved = replace(appointment, span=new, recurrence=recurrence)
    occurrences = []
    for each in appointment.occurrences:
        original = shift(each.original)
        is_as_planned = same_time(implied_occurrence(appointment, each.original).span, each.span)
        span = new.moved_to(original) if is_as_planned else each.span
        occurrences.append(replace(each, original=original, span=span))
    return replace(moved, occurrences=tuple(occurrences))


def _repeating(appointment: Appointment, rule: str) -> Appointment:
    if not rule:
        return replace(appointment, recurrence=None, occurrences=())
    known = appointment.recurrence or Recurrence()
    return replace(appointment, recurrence=replace(known, rules=tuple(rule.split("\n"))))


def _attended(appointment: Appointment, before: Sheet, after: Sheet) -> Appointment:
    for participant in _arriving(before, after):
        appointment = rules.add_participant(appointment, participant)
    if after.owner != before.owner and isinstance(after.owner, int):
        appointment = rules.give_ownership(appointment, after.owner)
    for key in before.keys - after.keys:
        if appointment.participant(key) is not None:
            appointment = rules.remove_participant(appointment, key)
    return appointment


def _arriving(before: Sheet, after: Sheet) -> list[Participant]:
    return [each for each in after.participants if each.key not in before.keys]


def put_date(
    appointment: Appointment, original: datetime, before: Sheet, after: Sheet
) -> Appointment:
    """Make the changes of a sheet to one date of a series.

    Type, repetition and owner are those of the series: they are left alone.
    Raises UnknownOccurrence, OwnerCannotLeave.
    """
    date = rules.occurrence_at(appointment, original)
    gone = before.keys - after.keys
    if appointment.owner.key in gone:
        raise OwnerCannotLeave("the owner of a series takes part in each of its dates")
    staying = [each for each in date.participants if each.key not in gone]
    known = {each.key for each in staying}
    arriving = [each for each in _arriving(before, after) if each.key not in known]
    changed = replace(
        _with_texts(date, _changed_texts(before, after)),
        span=after.span if after.span != before.span else date.span,
        participants=(*staying, *arriving),
    )
    return appointment if changed == date else rules.with_occurrence(appointment, changed)

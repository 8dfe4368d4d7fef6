"""Taking one date out of a series for everybody (EXDATE), and bringing it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import Appointment, Occurrence
from rdv_caldav.domain.errors import UnknownOccurrence


def without_date(appointment: Appointment, original: datetime) -> Appointment:
    """Return the series without one of its dates, whatever that date had of its own.

    Whether the rules yield the date is for the caller to know. Raises UnknownOccurrence.
    """
    recurrence = appointment.recurrence
    if recurrence is None or original in recurrence.excluded:
        raise UnknownOccurrence(f"{appointment.uid} has no date at {original.isoformat()}")
    excluded = (*recurrence.excluded, original)
    return replace(
        appointment,
        recurrence=replace(recurrence, excluded=excluded),
        occurrences=tuple(o for o in appointment.occurrences if o.original != original),
    )


def with_date_again(
    appointment: Appointment, original: datetime, before: Occurrence | None
) -> Appointment:
    """Return the series with a date that had been taken out.

    ``before`` is what the date had of its own; None: it is as the series has it. The star is
    that of the series by now, whose owner takes part. Raises UnknownOccurrence.
    """
    recurrence = appointment.recurrence
    if recurrence is None or original not in recurrence.excluded:
        raise UnknownOccurrence(f"{appointment.uid} has not lost {original.isoformat()}")
    excluded = tuple(each for each in recurrence.excluded if each != original)
    again = replace(appointment, recurrence=replace(recurrence, excluded=excluded))
    if before is None:
        return again
    owner = appointment.owner
    date = rules.joined(before, replace(owner, is_owner=False))
    seats = tuple(replace(p, is_owner=p.key == owner.key) for p in date.participants)
    return rules.with_occurrence(again, replace(date, original=original, participants=seats))

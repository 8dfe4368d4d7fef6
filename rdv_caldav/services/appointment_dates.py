"""Single dates of a series: taken out for everybody, as a program's EXDATE does, and back again.

What a date had of its own stands in the journal from then on, whatever took it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import (
    Appointment,
    Occurrence,
    Participant,
    Presence,
    Span,
    State,
)
from rdv_caldav.domain.errors import LastDate, UnknownOccurrence
from rdv_caldav.domain.events import OccurrenceRejoined, RecurrenceChanged
from rdv_caldav.domain.series_dates import with_date_again, without_date
from rdv_caldav.ical.recurrence import occurs_at, time_index
from rdv_caldav.services import appointments
from rdv_caldav.services.access import Actor
from rdv_caldav.services.appointment_pages import AppointmentPage

MOST_REMOVED = 20
"""Dates that a page offers to bring back."""


def remove_date(
    tx: Transaction, actor: Actor, appointment_id: int, original: datetime, *, now: datetime
) -> None:
    """Take one date out of a series, in everybody's calendar; ``now`` is aware.

    Guests are told what they are told when a client program does it. Raises UnknownObject,
    EditRefused, UnknownOccurrence, and LastDate where no other date would be left.
    """

    def remove(appointment: Appointment) -> Appointment:
        if appointment.occurrence(original) is None and not occurs_at(appointment, original):
            raise UnknownOccurrence(f"{appointment.uid} has no date at {original.isoformat()}")
        shorter = without_date(appointment, original)
        index = time_index(shorter, now=now)
        if not index.listed and index.indexed_until is None:
            raise LastDate(f"{appointment.uid} has no other date")
        return shorter

    appointments.revise(tx, actor, appointment_id, remove, now=now)


def restore_date(
    tx: Transaction, actor: Actor, appointment_id: int, original: datetime, *, now: datetime
) -> None:
    """Bring a date back that was taken out of a series, with what it had of its own.

    Raises UnknownObject, EditRefused, Conflicting, and UnknownOccurrence for what is no date
    of the series, or was not taken out.
    """
    before = _as_it_was(tx, appointment_id, original)

    def restore(appointment: Appointment) -> Appointment:
        longer = with_date_again(appointment, original, before)
        if not occurs_at(longer, original):
            raise UnknownOccurrence(f"{appointment.uid} has no date at {original.isoformat()}")
        return longer

    appointments.revise(tx, actor, appointment_id, restore, now=now)


def removed_dates(page: AppointmentPage) -> list[datetime]:
    """Return the latest of the dates that were taken out of a series, in order.

    They are original starts: naive wall clock of the series. None to who may not edit.
    """
    recurrence = page.appointment.recurrence
    if recurrence is None or not page.may_edit:
        return []
    return sorted(set(recurrence.excluded))[-MOST_REMOVED:]


def _as_it_was(tx: Transaction, appointment_id: int, original: datetime) -> Occurrence | None:
    """Return what a date had of its own when it was last taken out, as the journal tells."""
    name, place = OccurrenceRejoined.__name__, original.isoformat()
    kept: Mapping[str, Any] | None = None
    for entry in tx.journal.entries_for(appointment_id):
        if entry.event == RecurrenceChanged.__name__ and _takes_out(entry.details, place):
            # it may have come back meanwhile, and gone again with nothing of its own
            kept = None
        elif entry.event == name and entry.details.get("original") == place:
            kept = entry.details.get("before")
    return None if kept is None else _occurrence(kept)


def _takes_out(change: Mapping[str, Any], place: str) -> bool:
    before, after = (change.get(name) or {} for name in ("before", "after"))
    return place in after.get("excluded", ()) and place not in before.get("excluded", ())


def _occurrence(plain: Mapping[str, Any]) -> Occurrence:
    span = plain["span"]
    return Occurrence(
        original=datetime.fromisoformat(plain["original"]),
        span=Span(
            start=datetime.fromisoformat(span["start"]),
            end=datetime.fromisoformat(span["end"]),
            zone=span["zone"],
            all_day=span["all_day"],
        ),
        subject=plain["subject"],
        location=plain["location"],
        notes=plain["notes"],
        state=State(plain["state"]),
        participants=tuple(
            Participant(**{**each, "presence": Presence(each["presence"])})
            for each in plain["participants"]
        ),
    )

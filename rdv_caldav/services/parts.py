"""What calendars keep for those who take part on some dates of a series only.

Made whenever a series is stored; once for series that were stored before there was such a thing.
"""

from __future__ import annotations

from datetime import datetime

from rdv_caldav.db.parts import StoredPart
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Appointment
from rdv_caldav.domain.errors import TooLarge
from rdv_caldav.domain.parts import index_of_part, parts_of
from rdv_caldav.domain.timeindex import TimeIndex
from rdv_caldav.ical.parts import shown
from rdv_caldav.ical.recurrence import time_index

MOST_KEPT = 16_000_000
"""Characters in all that are kept for the persons of one series."""

MADE_AT_ONCE = 50
"""Series in one transaction of :func:`make_missing`: others have to write, too."""


def parts_to_keep(appointment: Appointment, *, text: str, index: TimeIndex) -> list[StoredPart]:
    """Return the part of everybody who does not take part on all dates. Raises TooLarge."""
    parts = parts_of(appointment)
    if len(parts) * len(text) > MOST_KEPT:
        raise TooLarge("too many take part on some dates of a long series only")
    kept = []
    for part in parts:
        own_text, slots = shown(text, appointment, part)
        dates = index_of_part(index, part)
        kept.append(StoredPart(person_id=part.person_id, text=own_text, slots=slots, index=dates))
    return kept


def make_missing(tx: Transaction, *, now: datetime, after: int = 0) -> int | None:
    """Make the parts of some series that lack them; ``now`` is aware.

    Programs read these series again. Returns the number of the last one, to be given as
    ``after`` the next time; None once there are no more. A series that is too large is left as
    it is: its persons see all of it, and whoever writes it next is told.
    """
    missing = tx.parts.missing(after=after, limit=MADE_AT_ONCE)
    for appointment_id in missing:
        stored = tx.appointments.lock(appointment_id)
        if stored is None or stored.trashed_at is not None:
            continue
        appointment = stored.appointment
        index = time_index(appointment, now=now)
        try:
            kept = parts_to_keep(appointment, text=stored.text, index=index)
        except TooLarge:
            continue
        tx.calendars.publish(
            appointment_id,
            href=stored.href,
            person_ids=appointment.all_person_ids,
            index=index,
            now=now,
        )
        tx.parts.replace(appointment_id, kept)
    return missing[-1] if missing else None

"""DELETE: an object is taken out of a person's calendar (rule 7)."""

from __future__ import annotations

from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import Appointment, Presence, State
from rdv_caldav.domain.errors import EditRefused
from rdv_caldav.domain.parts import part_of
from rdv_caldav.services import calendars
from rdv_caldav.services.access import Actor
from rdv_caldav.services.calendar_objects.standing import (
    UNCONDITIONAL,
    Condition,
    Standing,
    edits,
    recorder,
    require_at,
    vocabulary,
)
from rdv_caldav.services.calendars import Seen
from rdv_caldav.services.recording import rewritten


def delete_object(
    tx: Transaction,
    actor: Actor,
    slug: str,
    href: str,
    *,
    condition: Condition = UNCONDITIONAL,
    answers: bool = True,
    now: datetime,
) -> None:
    """Delete an object from a person's calendar; ``now`` is aware.

    In the owner's calendar, by who may edit: Annulé and in the corbeille, gone for all.
    Elsewhere: that person refuses, and it is hidden there only. What is Annulé already is
    hidden, nothing else, since some phones tidy such entries away by themselves. Without
    ``answers`` nobody refuses (RFC 6638 §8.1, ``Schedule-Reply: F``): it is hidden, no more.
    Raises UnknownCalendar, UnknownObject, PreconditionFailed, EditRefused.
    """
    seen = calendars.seen(tx, actor, slug)
    standing = require_at(tx, seen, href, condition)
    is_editor = edits(seen, standing)
    if not is_editor and seen.person.id != actor.person_id:
        raise EditRefused("neither this person nor an editor of this appointment")
    if _is_cancelled(standing.stored.appointment, seen.person.id):
        recorder(tx, seen, now).hide(standing.stored, seen.person.id)
    elif is_editor and standing.owner_id == seen.person.id:
        _cancel(tx, seen, standing, now)
    elif not answers:
        recorder(tx, seen, now).hide(standing.stored, seen.person.id)
    else:
        _refuse(tx, seen, standing, now)


def _is_cancelled(appointment: Appointment, person_id: int) -> bool:
    """Tell whether all that a calendar shows of an appointment is Annulé."""
    part = part_of(appointment, person_id)
    if part is None or not part.only:
        return appointment.state is State.CANCELLED
    dates = (each for each in appointment.occurrences if part.holds(each.original))
    return all(each.state is State.CANCELLED for each in dates)


def _cancel(tx: Transaction, seen: Seen, standing: Standing, now: datetime) -> None:
    stored = standing.stored
    cancelled = rules.set_state(stored.appointment, State.CANCELLED, now=now)
    cancelled = rules.numbered(stored.appointment, cancelled)
    words = vocabulary(tx, seen, cancelled.all_person_ids)
    text = rewritten(stored, cancelled, words, now=now)
    recorder(tx, seen, now).trash(stored, cancelled, text=text)


def _refuse(tx: Transaction, seen: Seen, standing: Standing, now: datetime) -> None:
    stored = standing.stored
    declined = rules.record_presence(stored.appointment, seen.person.id, Presence.DECLINED)
    words = vocabulary(tx, seen, declined.all_person_ids)
    text = rewritten(stored, declined, words, now=now)
    writes = recorder(tx, seen, now)
    writes.change(stored, declined, text=text)
    writes.hide(stored, seen.person.id)

"""MOVE: an object goes from one person's calendar to another's (rule 8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain import rules
from rdv_caldav.domain.errors import EditRefused, HrefTaken, PreconditionFailed
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


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object stands or shall stand: a person's calendar and a name in it."""

    slug: str
    href: str


def move_object(
    tx: Transaction,
    actor: Actor,
    source: Place,
    target: Place,
    *,
    overwrite: bool,
    condition: Condition = UNCONDITIONAL,
    now: datetime,
) -> bool:
    """Move an object: B takes the place of A among the participants, ownership included.

    Within one calendar only the name changes. Returns whether the target place was free.
    Raises UnknownCalendar, UnknownObject, PreconditionFailed, HrefTaken, EditRefused.
    """
    seen = calendars.seen(tx, actor, source.slug)
    aim = calendars.seen(tx, actor, target.slug)
    standing = require_at(tx, seen, source.href, condition)
    if not (edits(seen, standing) and aim.may_create):
        raise EditRefused("only who may edit the appointment and write there may move it")
    there = tx.appointments.id_at(aim.person.id, target.href)
    if there is not None and not overwrite:
        raise PreconditionFailed("Overwrite: F, and something stands there")
    if there is not None and there != standing.stored.id:
        raise HrefTaken("another appointment stands there; a move does not delete it")
    if seen.person.id == aim.person.id:
        tx.calendars.rename(standing.stored.id, seen.person.id, target.href, now)
    else:
        _hand_over(tx, seen, aim, standing, target.href, now=now)
    return there is None


def _hand_over(
    tx: Transaction, seen: Seen, aim: Seen, standing: Standing, href: str, *, now: datetime
) -> None:
    stored = standing.stored
    moved = rules.replace_person(stored.appointment, seen.person.id, aim.person.id)
    words = vocabulary(tx, aim, stored.appointment.all_person_ids | moved.all_person_ids)
    text = rewritten(stored, moved, words, now=now)
    tx.calendars.unhide(stored.id, aim.person.id)
    recorder(tx, seen, now).change(stored, moved, text=text, href=href)

"""Use cases of the agency's own pages and commands: plan, change, answer, keep, restore.

They are the same rules, the same recording and the same stored text as what client programs
write: :mod:`rdv_caldav.services.calendar_objects` is only another way in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from rdv_caldav.db.appointments import Stored
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain import rules
from rdv_caldav.domain.agency import AgencySettings, Person
from rdv_caldav.domain.appointment import (
    Appointment,
    Participant,
    Presence,
    Recurrence,
    Span,
    State,
)
from rdv_caldav.domain.errors import (
    EditRefused,
    ModuleOff,
    UidConflict,
    UnknownCalendar,
    UnknownObject,
    UnknownOccurrence,
    UnknownType,
)
from rdv_caldav.ical.recurrence import occurs_at
from rdv_caldav.ical.vocabulary import Vocabulary
from rdv_caldav.ical.writer import write
from rdv_caldav.services import access
from rdv_caldav.services.access import Actor
from rdv_caldav.services.recording import Recorder, rewritten


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What somebody fills in to plan a rendez-vous.

    ``type_code`` None means the default for the kind of person. ``participants`` come beside
    the person in whose page it is made, who is participant and owner (rule 2).
    """

    subject: str
    span: Span
    type_code: str | None = None
    location: str = ""
    notes: str = ""
    participants: tuple[Participant, ...] = ()
    recurrence: Recurrence | None = None


def create(
    tx: Transaction,
    actor: Actor,
    slug: str,
    plan: Plan,
    *,
    now: datetime,
    alter: Callable[[Appointment], Appointment] | None = None,
    confirmed: bool = True,
) -> int:
    """Plan a rendez-vous from a person's page and return its id; ``now`` is aware.

    ``alter`` may finish the new appointment before it is stored (single dates of a series).
    Not ``confirmed``, it is refused for conflicts too that only inform, here and below.
    Raises ModuleOff, UnknownCalendar, EditRefused, UnknownType, TooManyInstances, and on pages
    Conflicting.
    """
    settings = _settings(tx)
    person = tx.people.by_slug(slug)
    if person is None or not access.may_see_calendar(actor, person):
        raise UnknownCalendar(f"no person {slug!r}")
    if not access.may_create_in(actor, person, settings):
        raise EditRefused("no new appointments of this account for this person")
    appointment = _planned(tx, person, plan, settings)
    if alter is not None:
        appointment = alter(appointment)
    rules.check_ownership(appointment)
    text = write(appointment, _vocabulary(tx, settings, appointment), stamp=now)
    recorder = Recorder(tx=tx, actor=actor, settings=settings, now=now, confirmed=confirmed)
    return recorder.create(appointment, text=text, href=f"{appointment.uid}.ics")


def _planned(tx: Transaction, person: Person, plan: Plan, settings: AgencySettings) -> Appointment:
    type_code = plan.type_code or settings.default_types[person.kind]
    if all(known.code != type_code for known in tx.agency.types()):
        raise UnknownType(f"no appointment type {type_code!r}")
    owner = Participant(person_id=person.id, presence=Presence.ACCEPTED, is_owner=True)
    others = tuple(p for p in plan.participants if p.key != person.id)
    return Appointment(
        uid=str(uuid4()),
        type_code=type_code,
        span=plan.span,
        subject=plan.subject,
        location=plan.location,
        notes=plan.notes,
        participants=(owner, *others),
        recurrence=plan.recurrence,
    )


def revise(
    tx: Transaction,
    actor: Actor,
    appointment_id: int,
    alter: Callable[[Appointment], Appointment],
    *,
    now: datetime,
    confirmed: bool = True,
) -> Appointment:
    """Change an appointment as an editor, by any function from one state to the next.

    Answers are asked for again and SEQUENCE grows where the change calls for it (rule 5).
    Raises UnknownObject, EditRefused, Conflicting, and whatever rule ``alter`` breaks.
    """
    settings = _settings(tx)
    stored = _lock(tx, appointment_id)
    if not _may_edit(tx, actor, stored.appointment, settings):
        raise EditRefused("this account may not edit this appointment")
    new = rules.reset_answers(
        stored.appointment,
        alter(stored.appointment),
        author_id=actor.person_id,
        enabled=settings.reset_answers_on_change,
    )
    return _store(tx, actor, stored, new, settings, now=now, confirmed=confirmed)


def add_participants(
    tx: Transaction,
    actor: Actor,
    appointment_id: int,
    participants: Iterable[Participant],
    *,
    now: datetime,
    confirmed: bool = True,
) -> Appointment:
    """Add persons or guests, several at once."""

    def add(appointment: Appointment) -> Appointment:
        for participant in participants:
            appointment = rules.add_participant(appointment, participant)
        return appointment

    return revise(tx, actor, appointment_id, add, now=now, confirmed=confirmed)


def remove_participant(
    tx: Transaction, actor: Actor, appointment_id: int, key: int | str, *, now: datetime
) -> Appointment:
    """Take somebody off. Raises OwnerCannotLeave for the owner (rule 1)."""
    return revise(tx, actor, appointment_id, lambda a: rules.remove_participant(a, key), now=now)


def give_ownership(
    tx: Transaction, actor: Actor, appointment_id: int, person_id: int, *, now: datetime
) -> Appointment:
    """Give the star to another participant. Raises NotAParticipant."""
    return revise(tx, actor, appointment_id, lambda a: rules.give_ownership(a, person_id), now=now)


def set_state(
    tx: Transaction,
    actor: Actor,
    appointment_id: int,
    state: State,
    *,
    now: datetime,
    original: datetime | None = None,
    confirmed: bool = True,
) -> Appointment:
    """Mark as Planifié, Tenu or Annulé, all of it or one date of a series.

    Raises NotBegun (rule 3), UnknownOccurrence.
    """

    def mark(appointment: Appointment) -> Appointment:
        _check_date(appointment, original)
        return rules.set_state(appointment, state, now=now, original=original)

    return revise(tx, actor, appointment_id, mark, now=now, confirmed=confirmed)


def record_presence(
    tx: Transaction,
    actor: Actor,
    appointment_id: int,
    key: int | str,
    presence: Presence,
    *,
    now: datetime,
    original: datetime | None = None,
    comment: str | None = None,
) -> Appointment:
    """Record an answer: one's own, or anybody's by who may edit (rule 4).

    Raises EditRefused, NotAParticipant, UnknownOccurrence.
    """
    given = GivenAnswer(presence=presence, original=original, comment=comment)
    return record_answers(tx, actor, appointment_id, key, [given], now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """An answer to the whole, or to the date of a series that ``original`` names.

    ``comment`` None leaves the one that stands there.
    """

    presence: Presence
    original: datetime | None = None
    comment: str | None = None


def record_answers(
    tx: Transaction,
    actor: Actor,
    appointment_id: int,
    key: int | str,
    answers: Iterable[GivenAnswer],
    *,
    now: datetime,
) -> Appointment:
    """Record several answers of one participant at once, in their order.

    Raises as :func:`record_presence` does.
    """
    settings = _settings(tx)
    stored = _lock(tx, appointment_id)
    is_own = key == actor.participant_key
    if not is_own and not _may_edit(tx, actor, stored.appointment, settings):
        raise EditRefused("only an editor records somebody else's presence")
    new = stored.appointment
    for given in answers:
        _check_date(new, given.original)
        new = rules.record_presence(
            new, key, given.presence, original=given.original, comment=given.comment
        )
    return _store(tx, actor, stored, new, settings, now=now)


def trash(tx: Transaction, actor: Actor, appointment_id: int, *, now: datetime) -> None:
    """Move an appointment to the corbeille, Annulé; nothing is hard-deleted (rule 6)."""
    settings = _settings(tx)
    stored = _lock(tx, appointment_id)
    if not _may_edit(tx, actor, stored.appointment, settings):
        raise EditRefused("this account may not delete this appointment")
    cancelled = rules.set_state(stored.appointment, State.CANCELLED, now=now)
    cancelled = rules.numbered(stored.appointment, cancelled)
    words = _vocabulary(tx, settings, cancelled)
    text = rewritten(stored, cancelled, words, now=now)
    Recorder(tx=tx, actor=actor, settings=settings, now=now).trash(stored, cancelled, text=text)


def restore(tx: Transaction, actor: Actor, appointment_id: int, *, now: datetime) -> None:
    """Bring an appointment back from the corbeille, still Annulé.

    Raises UnknownObject when it is not there, EditRefused, UidConflict when its UID was
    used again meanwhile.
    """
    settings = _settings(tx)
    stored = tx.appointments.lock(appointment_id)
    if stored is None or stored.trashed_at is None:
        raise UnknownObject(f"no appointment {appointment_id} in the corbeille")
    if not _may_edit(tx, actor, stored.appointment, settings):
        raise EditRefused("this account may not restore this appointment")
    if tx.appointments.id_of_uid(stored.appointment.uid) is not None:
        raise UidConflict("another appointment has this UID by now")
    Recorder(tx=tx, actor=actor, settings=settings, now=now).restore(stored)


def _check_date(appointment: Appointment, original: datetime | None) -> None:
    if original is None or appointment.occurrence(original) is not None:
        return
    if appointment.recurrence is None or not occurs_at(appointment, original):
        raise UnknownOccurrence(f"{appointment.uid} has no date at {original.isoformat()}")


def _settings(tx: Transaction) -> AgencySettings:
    settings = tx.agency.settings()
    if not settings.module_enabled:
        raise ModuleOff("the module Rendez-vous is switched off")
    return settings


def _lock(tx: Transaction, appointment_id: int) -> Stored:
    stored = tx.appointments.lock(appointment_id)
    if stored is None or stored.trashed_at is not None:
        raise UnknownObject(f"no appointment {appointment_id}")
    return stored


def _may_edit(
    tx: Transaction, actor: Actor, appointment: Appointment, settings: AgencySettings
) -> bool:
    participants = tx.people.by_ids(appointment.all_person_ids).values()
    return access.may_edit(actor, appointment, participants, settings)


def _store(
    tx: Transaction,
    actor: Actor,
    stored: Stored,
    new: Appointment,
    settings: AgencySettings,
    *,
    now: datetime,
    confirmed: bool = True,
) -> Appointment:
    new = rules.numbered(stored.appointment, replace(new, uid=stored.appointment.uid))
    rules.check_ownership(new)
    words = _vocabulary(tx, settings, new)
    text = rewritten(stored, new, words, now=now)
    recorder = Recorder(tx=tx, actor=actor, settings=settings, now=now, confirmed=confirmed)
    recorder.change(stored, new, text=text)
    return new


def _vocabulary(tx: Transaction, settings: AgencySettings, appointment: Appointment) -> Vocabulary:
    return Vocabulary(
        settings=settings,
        types=tx.agency.types(),
        directory=tx.people.directory(settings, person_ids=appointment.all_person_ids),
    )

"""Conflicts as people are told of them (rule 12), and when a planned time would suit everybody.

Whoever may not see what keeps somebody busy is told that he is, and no more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings, Person
from rdv_caldav.domain.appointment import Appointment, Participant, Recurrence, Span
from rdv_caldav.domain.conflicts import Conflict, ConflictCode
from rdv_caldav.domain.errors import ModuleOff, UnknownCalendar, UnknownObject
from rdv_caldav.ical.recurrence import time_index
from rdv_caldav.services import access
from rdv_caldav.services.access import Actor
from rdv_caldav.services.conflict_finding import find
from rdv_caldav.services.scheduling import may_know


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """The other appointment of an overlap, for who may see it."""

    appointment_id: int
    subject: str
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldConflict:
    """A conflict as somebody is told of it; aware instants in UTC.

    ``other`` is None where nothing but "occupé" may be said.
    """

    code: ConflictCode
    is_blocking: bool
    person: Person
    start: datetime
    end: datetime
    other: Other | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A time that somebody thinks of, for some persons.

    ``appointment_id`` is that of the appointment that it is for, 0 for a new one: nothing
    collides with itself.
    """

    person_ids: tuple[int, ...]
    span: Span
    recurrence: Recurrence | None = None
    appointment_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """Whether a person can be had at a wanted time."""

    person: Person
    conflicts: tuple[ToldConflict, ...]

    @property
    def is_free(self) -> bool:
        """Tell whether nothing is in the way."""
        return not self.conflicts


def of_appointment(tx: Transaction, actor: Actor, appointment_id: int) -> list[ToldConflict]:
    """Return the conflicts of an appointment, as known when it or the other was last written.

    Who may edit it is told all of them, a participant his own. Raises ModuleOff, and
    UnknownObject for one that he has nothing to do with, or that is in the corbeille.
    """
    _check_module(tx)
    stored = tx.appointments.get(appointment_id)
    if stored is None or stored.trashed_at is not None:
        raise UnknownObject(f"no appointment {appointment_id}")
    appointment, settings = stored.appointment, tx.agency.settings()
    participants = tx.people.by_ids(appointment.all_person_ids).values()
    known = tx.conflicts.of(appointment_id)
    if not access.may_edit(actor, appointment, participants, settings):
        if actor.person_id not in appointment.all_person_ids:
            raise UnknownObject(f"no appointment {appointment_id}")
        known = [conflict for conflict in known if conflict.person_id == actor.person_id]
    return explain(tx, actor, known)


def between(
    tx: Transaction,
    actor: Actor,
    start: datetime,
    end: datetime,
    *,
    person_ids: Collection[int] | None = None,
) -> list[tuple[int, ToldConflict]]:
    """Return appointments with their conflicts that meet a range of aware instants, in order.

    Only of persons whose calendars the actor may see: all of them, or some. Raises ModuleOff.
    """
    _check_module(tx)
    found = tx.conflicts.between(start, end, person_ids=person_ids)
    persons = tx.people.by_ids({conflict.person_id for _, conflict in found})
    shown = [
        (appointment_id, conflict)
        for appointment_id, conflict in found
        if access.may_see_calendar(actor, persons[conflict.person_id])
    ]
    told = _Teller(tx, actor, [conflict for _, conflict in shown])
    return [(number, told.tell(each)) for number, each in shown if told.is_enabled(each)]


def explain(tx: Transaction, actor: Actor, conflicts: Sequence[Conflict]) -> list[ToldConflict]:
    """Return conflicts as the actor may know them; those of rules that are off are left out."""
    told = _Teller(tx, actor, conflicts)
    return [told.tell(conflict) for conflict in conflicts if told.is_enabled(conflict)]


def prospects(tx: Transaction, actor: Actor, wanted: Wanted, *, now: datetime) -> list[Prospect]:
    """Return for each person whether he can be had, in the given order; ``now`` is aware.

    Raises ModuleOff, UnknownCalendar for somebody whom the actor may not know of,
    TooManyInstances.
    """
    settings = tx.agency.settings()
    persons = known_persons(tx, actor, wanted.person_ids)
    draft = drafted(wanted)
    findings = find(
        tx,
        settings,
        draft,
        index=time_index(draft, now=now),
        text="",
        now=now,
        appointment_id=wanted.appointment_id,
    )
    told = explain(tx, actor, findings.found)
    return [
        Prospect(person=person, conflicts=tuple(t for t in told if t.person.id == person.id))
        for person in persons
    ]


def known_persons(tx: Transaction, actor: Actor, person_ids: Iterable[int]) -> list[Person]:
    """Return persons in order.

    Raises ModuleOff, UnknownCalendar if the actor may not know of one.
    """
    _check_module(tx)
    wanted = tuple(dict.fromkeys(person_ids))
    persons = tx.people.by_ids(wanted)
    for person_id in wanted:
        if person_id not in persons or not may_know(actor, persons[person_id]):
            raise UnknownCalendar(f"no person {person_id}")
    return [persons[person_id] for person_id in wanted]


def _check_module(tx: Transaction) -> None:
    """Refuse to tell of appointments that nobody is shown, not even by when somebody is free."""
    if not tx.agency.settings().module_enabled:
        raise ModuleOff("the module Rendez-vous is switched off")


def drafted(wanted: Wanted) -> Appointment:
    """Return the appointment that somebody thinks of, as far as times and persons go."""
    return Appointment(
        uid="",
        type_code="",
        span=wanted.span,
        participants=tuple(
            Participant(person_id=person_id) for person_id in dict.fromkeys(wanted.person_ids)
        ),
        recurrence=wanted.recurrence,
    )


class _Teller:
    """Tells one actor of some conflicts; what it takes is read once."""

    def __init__(self, tx: Transaction, actor: Actor, conflicts: Sequence[Conflict]) -> None:
        self._actor = actor
        settings: AgencySettings = tx.agency.settings()
        self._rules = {rule.code: rule for rule in settings.conflict_rules}
        others = {each.other_id for each in conflicts if each.other_id is not None}
        self._others = {
            other_id: appointment
            for other_id, (appointment, _) in tx.conflicts_reading.with_texts(
                sorted(others)
            ).items()
        }
        person_ids = {conflict.person_id for conflict in conflicts}
        self._persons = tx.people.by_ids(
            person_ids.union(*(other.all_person_ids for other in self._others.values()))
        )

    def is_enabled(self, conflict: Conflict) -> bool:
        return self._rules[conflict.code].enabled

    def tell(self, conflict: Conflict) -> ToldConflict:
        return ToldConflict(
            code=conflict.code,
            is_blocking=self._rules[conflict.code].blocking,
            person=self._persons[conflict.person_id],
            start=conflict.start,
            end=conflict.end,
            other=self._other(conflict.other_id),
        )

    def _other(self, other_id: int | None) -> Other | None:
        other = None if other_id is None else self._others.get(other_id)
        if other_id is None or other is None or not self._sees(other):
            return None
        return Other(appointment_id=other_id, subject=other.subject, location=other.location)

    def _sees(self, other: Appointment) -> bool:
        return any(
            access.may_see_calendar(self._actor, self._persons[person_id])
            for person_id in other.all_person_ids
        )

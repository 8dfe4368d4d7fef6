"""Plannings: what persons have in a stretch of time, as somebody may see it.

Calendars of people's own show as "occupé" and no more; notes are not shown at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings, Person, PersonKind
from rdv_caldav.domain.appointment import Presence, State
from rdv_caldav.domain.conflicts import Conflict, ConflictCode
from rdv_caldav.domain.control import ControlRow
from rdv_caldav.domain.errors import ModuleOff, UnknownCalendar
from rdv_caldav.domain.fiches import FicheFilter, FichePlace
from rdv_caldav.services import access, people
from rdv_caldav.services.access import Actor
from rdv_caldav.services.conflict_finding import Period, own_periods

TEAM = frozenset({PersonKind.INTERVENANT, PersonKind.GESTIONNAIRE})
"""Who works for the agency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One date in one person's planning.

    ``presence`` is that person's own, None where he does not take part himself. ``conflicts``
    are what makes it impossible for him.
    """

    person_id: int
    row: ControlRow
    presence: Presence | None
    may_edit: bool
    conflicts: frozenset[ConflictCode] = frozenset()

    @property
    def is_off(self) -> bool:
        """Whether nothing of it takes place for that person."""
        return self.row.state is State.CANCELLED or self.presence is Presence.DECLINED


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """What some persons have between two instants.

    ``entries`` and ``occupied`` are by person id: dates in order of time, and when calendars
    of his own keep somebody busy. ``creates_in`` are those in whose pages the reader may plan.
    """

    persons: tuple[Person, ...]
    entries: Mapping[int, Sequence[Entry]]
    occupied: Mapping[int, Sequence[Period]]
    creates_in: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamPage:
    """Some persons by name, and where the pages before and after them are."""

    persons: tuple[Person, ...]
    before: FichePlace | None
    after: FichePlace | None


def person(tx: Transaction, actor: Actor, slug: str) -> Person:
    """Return a person whose planning the actor may see. Raises UnknownCalendar."""
    found = tx.people.by_slug(slug)
    if found is None or not access.may_see_calendar(actor, found):
        raise UnknownCalendar(f"no person {slug!r}")
    return found


def team(
    tx: Transaction, actor: Actor, wanted: FicheFilter, place: FichePlace | None, *, size: int
) -> TeamPage:
    """Return at most ``size`` persons beyond a place whose plannings the actor may see.

    Raises AccessRefused for all but staff.
    """
    page = people.page(tx, actor, wanted, place, size=size)
    persons = tuple(line.person for line in page.lines)
    return TeamPage(persons=persons, before=page.before, after=page.after)


def read(
    tx: Transaction, actor: Actor, persons: Sequence[Person], *, start: datetime, end: datetime
) -> Planning:
    """Return what persons have in a range of aware instants.

    However many they are and have, it takes the same number of statements; only whoever has
    something in calendars of his own takes some more. Raises ModuleOff, and UnknownCalendar
    for somebody whose planning the actor may not see.
    """
    settings = tx.agency.settings()
    if not settings.module_enabled:
        raise ModuleOff("the module Rendez-vous is switched off")
    if not all(access.may_see_calendar(actor, each) for each in persons):
        raise UnknownCalendar("somebody's planning is not for this account")
    ids = [each.id for each in persons]
    return Planning(
        persons=tuple(persons),
        entries=_entries(tx, actor, settings, ids, start, end),
        occupied=_occupied(tx, settings, ids, start, end),
        creates_in=frozenset(
            each.id
            for each in persons
            if each.active and access.may_create_in(actor, each, settings)
        ),
    )


def _entries(
    tx: Transaction,
    actor: Actor,
    settings: AgencySettings,
    ids: Collection[int],
    start: datetime,
    end: datetime,
) -> Mapping[int, Sequence[Entry]]:
    conflicts = _conflicts(tx, settings, ids, start, end)
    entries: dict[int, list[Entry]] = defaultdict(list)
    for person_id, row in tx.planning.lines(ids, start=start, end=end):
        presences = {each.person_id: each.presence for each in row.participants}
        owner_id = next((p.person_id for p in row.participants if p.is_owner), None)
        entries[person_id].append(
            Entry(
                person_id=person_id,
                row=row,
                presence=presences.get(person_id),
                may_edit=access.edits_by_role(actor)
                or access.edits_as_owner(actor, owner_id, settings),
                conflicts=frozenset(
                    each.code
                    for each in conflicts.get((person_id, row.key.appointment_id), ())
                    if each.start < row.stops_at and each.end > row.starts_at
                ),
            )
        )
    for found in entries.values():
        found.sort(key=lambda each: (each.row.starts_at, each.row.stops_at, str(each.row.key)))
    return entries


def _conflicts(
    tx: Transaction,
    settings: AgencySettings,
    ids: Collection[int],
    start: datetime,
    end: datetime,
) -> Mapping[tuple[int, int], Sequence[Conflict]]:
    codes = {rule.code for rule in settings.conflict_rules if rule.enabled}
    found: dict[tuple[int, int], list[Conflict]] = defaultdict(list)
    for appointment_id, conflict in tx.conflicts.between(start, end, person_ids=ids):
        if conflict.code in codes:
            found[conflict.person_id, appointment_id].append(conflict)
    return found


def _occupied(
    tx: Transaction,
    settings: AgencySettings,
    ids: Collection[int],
    start: datetime,
    end: datetime,
) -> Mapping[int, Sequence[Period]]:
    situations = tx.conflicts_reading.situations(ids, start=start, end=end, appointment_id=0)
    return {
        each.person_id: sorted(own_periods(tx, each.person_id, start, end, settings.time_zone))
        for each in situations
        if each.has_own
    }

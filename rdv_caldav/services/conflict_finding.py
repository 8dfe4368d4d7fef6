"""Finding conflicts (rule 12): what an appointment that is to be written collides with.

By a few statements over what the calendars are indexed by; only what meets is looked at more
closely. Dates that are over collide with nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from rdv_caldav.db.conflicts_reading import Situation
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.appointment import Appointment
from rdv_caldav.domain.conflicts import (
    Conflict,
    ConflictCode,
    Engagement,
    clashes,
    engagements,
    meetings,
)
from rdv_caldav.domain.timeindex import TimeIndex
from rdv_caldav.ical.availability import unavailable_periods
from rdv_caldav.ical.conflict_lines import free_components, says_free
from rdv_caldav.services.free_busy import counts, in_collection

LOOK_AHEAD = timedelta(days=92)
"""How far beyond its next date a series is held against hours and calendars of one's own.

Other appointments are looked at as far as the dates of both are listed.
"""

MOST_KEPT = 1_000
"""Conflicts of one appointment that are kept, the first ones."""

_WEEK = timedelta(days=7)
_A_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)

Period = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The conflicts of an appointment as they were known, and as they are now."""

    known: list[Conflict]
    found: list[Conflict]

    @property
    def new(self) -> list[Conflict]:
        """Those that were not there before."""
        before = {conflict.what for conflict in self.known}
        return [conflict for conflict in self.found if conflict.what not in before]


def find(
    tx: Transaction,
    settings: AgencySettings,
    appointment: Appointment,
    *,
    index: TimeIndex,
    text: str,
    now: datetime,
    appointment_id: int = 0,
) -> Findings:
    """Return the conflicts of an appointment as it shall be; ``now`` is aware.

    ``appointment_id`` is 0 for one that does not exist yet.
    """
    is_series = appointment.recurrence is not None
    dates = index.dates if is_series else ((appointment.span.starts_at, appointment.span.ends_at),)
    free = free_components(text, zone=appointment.span.zone)
    own = sorted(engagements(appointment, dates, free=free, after=now))
    codes = {rule.code for rule in settings.conflict_rules if rule.enabled}
    if not (own and codes):
        return Findings(known=_known(tx, appointment_id), found=[])
    return _looked_for(tx, settings, own, codes, appointment_id, now)


def _known(tx: Transaction, appointment_id: int) -> list[Conflict]:
    return tx.conflicts.of(appointment_id) if appointment_id else []


def _looked_for(
    tx: Transaction,
    settings: AgencySettings,
    own: list[Engagement],
    codes: Collection[ConflictCode],
    appointment_id: int,
    now: datetime,
) -> Findings:
    person_ids = {engagement.person_id for engagement in own}
    start, end = own[0].start, max(engagement.end for engagement in own)
    near = min(end, start + LOOK_AHEAD)
    nearby = tx.conflicts_reading.nearby(
        person_ids, start=start, end=end, appointment_id=appointment_id
    )
    situations = nearby.situations
    shown = {each.person_id for each in situations if not each.is_hidden}
    own = [engagement for engagement in own if engagement.person_id in shown]
    found: list[Conflict] = []
    if ConflictCode.OVERLAP in codes:
        found += meetings(own, _exactly(tx, own, nearby.others, now))
    soon = [engagement for engagement in own if engagement.start < near]
    for situation in situations:
        for code, periods in _out_of_reach(tx, settings, situation, codes, start, near):
            found += clashes(soon, situation.person_id, periods, code)
    found.sort(key=lambda conflict: (conflict.start, conflict.end))
    return Findings(known=nearby.known, found=found[:MOST_KEPT])


def _exactly(
    tx: Transaction,
    own: list[Engagement],
    others: Mapping[int, list[Engagement]],
    now: datetime,
) -> dict[int, set[Engagement]]:
    """Return the engagements of those others that may meet, after a closer look at them."""
    touched = {conflict.other_id for conflict in meetings(own, others)} - {None}
    wanted = {other_id: others[other_id] for other_id in touched if other_id is not None}
    return exact_engagements(tx, wanted, now=now)


def exact_engagements(
    tx: Transaction, others: Mapping[int, list[Engagement]], *, now: datetime
) -> dict[int, set[Engagement]]:
    """Return which of the engagements that appointments may have they really have.

    States and answers of single dates decide, and whether their time is blocked at all.
    """
    exact: dict[int, set[Engagement]] = {}
    unclear: list[int] = []
    for other_id, (is_series, text) in tx.conflicts_reading.texts(sorted(others)).items():
        if is_series or says_free(text):
            unclear.append(other_id)
        else:
            # of all others, state and answers were looked at when they were found
            exact[other_id] = {each for each in others[other_id] if each.is_ahead(now)}
    for other_id, (appointment, text) in tx.conflicts_reading.with_texts(unclear).items():
        dates = {(engagement.start, engagement.end) for engagement in others[other_id]}
        free = free_components(text, zone=appointment.span.zone)
        really = engagements(appointment, dates, free=free, after=now)
        # who took it out of his calendar has no engagement there
        exact[other_id] = set(really) & set(others[other_id])
    return exact


def _out_of_reach(
    tx: Transaction,
    settings: AgencySettings,
    situation: Situation,
    codes: Collection[ConflictCode],
    start: datetime,
    end: datetime,
) -> Iterator[tuple[ConflictCode, list[Period]]]:
    if ConflictCode.HOURS in codes and situation.availability:
        away = hours_away(situation.availability, start, end, settings.time_zone)
        yield ConflictCode.HOURS, away
    if ConflictCode.PERSONAL in codes and situation.has_own:
        own = own_periods(tx, situation.person_id, start, end, settings.time_zone)
        yield ConflictCode.PERSONAL, own


def own_periods(
    tx: Transaction, person_id: int, start: datetime, end: datetime, zone: str
) -> list[Period]:
    """Return when calendars of his own keep a person busy."""
    return [
        (period.start, period.end)
        for collection in tx.personal.calendars_of_person(person_id)
        if counts(collection)
        for period in in_collection(tx, collection, zone=zone, start=start, end=end)
    ]


def hours_away(availability: str, start: datetime, end: datetime, zone: str) -> list[Period]:
    """Return when somebody does not work, for whole weeks around a range."""
    first = start - (start - _A_MONDAY) % _WEEK
    last = end + (_A_MONDAY - end) % _WEEK
    return list(_away(availability, first, last, zone))


@lru_cache(maxsize=512)
def _away(availability: str, first: datetime, last: datetime, zone: str) -> tuple[Period, ...]:
    """Reading hours takes longer than all else about a conflict, and weeks are asked for again."""
    found = unavailable_periods(availability, start=first, end=last, floating_zone=zone)
    return tuple((period.start, period.end) for period in found)

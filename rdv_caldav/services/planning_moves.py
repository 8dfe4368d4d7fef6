"""Moving a date in a planning: to another time, to another length, to another person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain import rules
from rdv_caldav.domain.agency import Person
from rdv_caldav.domain.appointment import Appointment, Details, Occurrence, Presence, Span
from rdv_caldav.domain.control import RowKey
from rdv_caldav.domain.errors import (
    DateOutOfRange,
    EditRefused,
    InvalidInput,
    NotAParticipant,
    OwnerCannotLeave,
    PreconditionFailed,
    UnknownOccurrence,
)
from rdv_caldav.services import access, appointments, planning
from rdv_caldav.services.access import Actor
from rdv_caldav.services.appointment_editing import FIRST_YEAR, LAST_YEAR
from rdv_caldav.services.appointment_pages import open_page

D = TypeVar("D", Appointment, Occurrence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What somebody did to a date in a planning.

    ``seen`` is when it was when he took it, ``wanted`` where he put it, both in the agency's
    zone; ``source`` and ``target`` are the slugs of the persons in whose plannings that was.
    ``answers`` are given back to participants, by key: a move that is undone asks nobody again.
    """

    key: RowKey
    seen: Span
    wanted: Span
    source: str
    target: str
    answers: Mapping[int | str, Presence] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The outcome: the date as it is now, and what takes the move back."""

    details: Details
    undo: Move


def move(tx: Transaction, actor: Actor, wanted: Move, *, now: datetime) -> Moved:
    """Do what a planning shows; ``now`` is aware. One date of a series is moved alone.

    In another person's planning, that person takes the place of the first, ownership included
    (rule 8); of a series, only what is no owner's. Raises PreconditionFailed when it is no longer
    where it was seen, UnknownObject, UnknownCalendar, UnknownOccurrence, EditRefused,
    NotAParticipant, OwnerCannotLeave, Conflicting, InvalidInput and DateOutOfRange.
    """
    _check(wanted.wanted)
    source = planning.person(tx, actor, wanted.source)
    target = planning.person(tx, actor, wanted.target)
    page = open_page(tx, actor, wanted.key.appointment_id, original=wanted.key.original)
    settings = tx.agency.settings()
    may_arrive = source.id == target.id or access.may_create_in(actor, target, settings)
    if not (page.may_edit and may_arrive):
        raise EditRefused("this account may not move it there")
    change = _change(wanted, source, target, zone=settings.time_zone)
    appointment = appointments.revise(tx, actor, page.id, change, now=now)
    undo = Move(
        key=wanted.key,
        seen=wanted.wanted,
        wanted=wanted.seen,
        source=wanted.target,
        target=wanted.source,
        answers={
            each.key: each.presence
            for each in page.details.participants
            if each.presence is not Presence.NEEDS_ACTION
        },
    )
    return Moved(details=_details(appointment, wanted.key.original), undo=undo)


def _details(appointment: Appointment, original: datetime | None) -> Details:
    return appointment if original is None else rules.occurrence_at(appointment, original)


def shown_in(zone: str, span: Span) -> Span:
    """Return a span as it stands in a planning: in ``zone``, days staying days."""
    return replace(span.on_clock_of(zone), zone=zone)


def _wall(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _check(span: Span) -> None:
    if span.end < span.start or (span.all_day and span.end == span.start):
        raise InvalidInput("it ends before it begins")
    for moment in (span.start, span.end):
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise DateOutOfRange(f"the year {moment.year}", too_late=moment.year > LAST_YEAR)


def _change(
    wanted: Move, source: Person, target: Person, *, zone: str
) -> Callable[[Appointment], Appointment]:
    original = wanted.key.original

    def change(appointment: Appointment) -> Appointment:
        if original is None:
            if appointment.recurrence is not None:
                raise UnknownOccurrence("a series is moved date by date")
            _check_seen(appointment, wanted, source, zone=zone)
            return _put(appointment, wanted, source, target, zone=zone)
        date = rules.occurrence_at(appointment, original)
        _check_seen(date, wanted, source, zone=zone)
        if source.id != target.id and appointment.owner.person_id == source.id:
            raise OwnerCannotLeave("the owner of a series takes part in each of its dates")
        date = _put(date, wanted, source, target, zone=zone)
        return rules.with_occurrence(appointment, date)

    return change


def _put(details: D, wanted: Move, source: Person, target: Person, *, zone: str) -> D:
    """Return the date in its new place, with its new person and the answers given back."""
    moved = replace(details, span=_carried(details.span, wanted, zone=zone))
    moved = rules.replaced(moved, source.id, target.id)
    answered = (
        replace(each, presence=wanted.answers.get(each.key, each.presence))
        for each in moved.participants
    )
    return replace(moved, participants=tuple(answered))


def _check_seen(details: Details, wanted: Move, source: Person, *, zone: str) -> None:
    if shown_in(zone, details.span) != wanted.seen:
        raise PreconditionFailed("somebody else moved it meanwhile")
    if source.id not in details.person_ids:
        raise NotAParticipant(f"{source.slug} does not take part")


def _carried(span: Span, wanted: Move, *, zone: str) -> Span:
    """Return the new span, said in the zone of the old one."""
    new = wanted.wanted
    if new == wanted.seen:
        return span
    if new.all_day or span.all_day or span.zone == zone:
        return new
    start, end = (_wall(each, span.zone) for each in (new.starts_at, new.ends_at))
    return Span(start=start, end=end, zone=span.zone)

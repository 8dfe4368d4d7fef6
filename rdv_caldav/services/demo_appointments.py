"""The rendez-vous of the demo agency: every sort that there is, in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from rdv_caldav.domain import rules
from rdv_caldav.domain.agency import Person
from rdv_caldav.domain.appointment import (
    Appointment,
    Participant,
    Presence,
    Recurrence,
    Span,
    State,
)
from rdv_caldav.services.appointments import Plan

T = TypeVar("T")

_WEEKLY = frozenset({1, 12})
_MONTHLY, _ALL_DAY, _SEVERAL_DAYS, _GUEST = 2, 3, 4, 5
_EVERY_WEEK = Recurrence(rules=("FREQ=WEEKLY;COUNT=12",))
_EVERY_MONTH = Recurrence(rules=("FREQ=MONTHLY;COUNT=6",))
_CYCLE = 24
"""Every so many rendez-vous the special sorts come round again."""

_CONFLICTING = 31
"""Every so many rendez-vous somebody is wanted twice at once, as it happens."""

_PLANNED_AHEAD = 600
"""Series and whole days among the first so many rendez-vous are planned before the others."""

_QUARTER = timedelta(minutes=15)
_OPENING, _CLOSING = time(8), time(18, 30)
_DAYS_BEFORE, _DAYS_AFTER = 60, 90
_SERIES_DAYS_BEFORE = 28
_PRESENCES = (
    Presence.ACCEPTED,
    Presence.NEEDS_ACTION,
    Presence.ACCEPTED,
    Presence.TENTATIVE,
    Presence.DECLINED,
)
_PAST_STATES = (State.HELD, State.HELD, State.CANCELLED, State.HELD, State.PLANNED)
_CLIENT_SUBJECTS = (
    "Visite d'évaluation",
    "Signature du contrat",
    "Bilan trimestriel",
    "Point avec la famille",
    "Présentation de l'intervenant",
)
_STAFF_SUBJECTS = ("Réunion d'équipe", "Entretien de recrutement", "Point planning")
_INTERVENANT_SUBJECTS = ("Entretien annuel", "Remise des clés", "Formation aux gestes")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAgency:
    """Who there is to meet, and the zone in which the rendez-vous are said."""

    staff: Sequence[Person]
    intervenants: Sequence[Person]
    clients: Sequence[Person]
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedAppointment:
    """One rendez-vous: in whose page it is planned, what, and what became of it."""

    slug: str
    plan: Plan
    finish: Callable[[Appointment], Appointment]


def scripted(agency: DemoAgency, count: int, *, now: datetime) -> Iterator[ScriptedAppointment]:
    """Yield ``count`` rendez-vous, the first one today; ``now`` is aware.

    Nothing is left to chance: the same count yields the same ones, counted from today.
    """
    today = now.astimezone(ZoneInfo(agency.zone)).date()
    diaries = _Diaries()
    ahead = _planned_ahead(agency, diaries, today=today)
    for number in range(count):
        yield _scripted(agency, number, diaries, ahead, today=today, now=now)


def _planned_ahead(agency: DemoAgency, diaries: _Diaries, *, today: date) -> dict[int, Span]:
    """Write series, then whole days into the diaries before anything else; return when they are.

    However many rendez-vous are asked for, so that the first of them are always the same.
    """
    ahead = {}
    for sorts in ((*_WEEKLY, _MONTHLY), (_ALL_DAY, _SEVERAL_DAYS)):
        for number in range(_PLANNED_AHEAD):
            if number % _CYCLE in sorts:
                owner, others, _ = _meeting(agency, number)
                recurrence = _recurrence(number % _CYCLE)
                span = _span(agency, number, today=today, is_series=recurrence is not None)
                ahead[number] = diaries.free_for((owner, *others), span, recurrence)
    return ahead


def _scripted(
    agency: DemoAgency,
    number: int,
    diaries: _Diaries,
    ahead: Mapping[int, Span],
    *,
    today: date,
    now: datetime,
) -> ScriptedAppointment:
    owner, others, subject = _meeting(agency, number)
    sort = number % _CYCLE
    recurrence = _recurrence(sort)
    span = ahead.get(number)
    if span is None:
        span = _span(agency, number, today=today, is_series=recurrence is not None)
        if number % _CONFLICTING:
            span = diaries.free_for((owner, *others), span, recurrence)

    def finish(appointment: Appointment) -> Appointment:
        uid = str(uuid5(NAMESPACE_URL, f"https://agence.example/demo/{number}"))
        appointment = replace(appointment, uid=uid)
        if recurrence is not None:
            return _with_special_dates(appointment, now=now)
        return rules.set_state(appointment, _state(appointment, number, now=now), now=now)

    plan = Plan(
        subject=subject,
        span=span,
        location=owner.home_address or "Agence, 1 place de l'Exemple, 00000 Exempleville",
        notes=f"Note interne de démonstration n° {number + 1}." if number % 3 == 0 else "",
        participants=(*_answering(others, number), *_guests(sort, number)),
        recurrence=recurrence,
    )
    return ScriptedAppointment(slug=owner.slug, plan=plan, finish=finish)


def _meeting(agency: DemoAgency, number: int) -> tuple[Person, list[Person], str]:
    """Return whose rendez-vous it is, with whom, and what about.

    The first of the clients, intervenants and staff come more often than the rest, so that
    the calendars one looks at first are full; but few of the series are theirs.
    """
    is_usual = number < 2 * _CYCLE or _recurrence(number % _CYCLE) is None
    client = agency.clients[0] if number % 6 == 0 and is_usual else _nth(agency.clients, number)
    intervenant = (
        agency.intervenants[0]
        if number % 4 == 0 and is_usual
        else _nth(agency.intervenants, number)
    )
    staff = agency.staff[1] if number % 3 == 0 else _nth(agency.staff, number)
    match number % 8:
        case 1 | 5:
            return intervenant, [staff], _nth(_INTERVENANT_SUBJECTS, number)
        case 3:
            everybody = [person for person in agency.staff if person is not staff]
            return staff, everybody, _nth(_STAFF_SUBJECTS, number)
        case 7:
            return staff, [client], _nth(_CLIENT_SUBJECTS, number)
        case _:
            return client, [intervenant, staff], _nth(_CLIENT_SUBJECTS, number)


def _nth(choices: Sequence[T], number: int) -> T:
    return choices[(number + number // len(choices)) % len(choices)]


def _answering(persons: Sequence[Person], number: int) -> Iterator[Participant]:
    for position, person in enumerate(persons):
        presence = _PRESENCES[(number + position) % len(_PRESENCES)]
        comment = "Je préfère une autre date." if presence is Presence.DECLINED else ""
        yield Participant(person_id=person.id, presence=presence, comment=comment)


def _guests(sort: int, number: int) -> Iterator[Participant]:
    if sort == _GUEST:
        guest = number // _CYCLE % 9 + 1
        yield Participant(
            address=f"invite-{guest:02}@exterieur.example", name=f"Invité {guest:02} Démo"
        )


# -- when ---------------------------------------------------------------------------------


class _Diaries:
    """When everybody is taken already: a demo agency plans as people do, one after the other."""

    def __init__(self) -> None:
        self._taken: dict[int, set[datetime]] = {}

    def free_for(
        self, persons: Sequence[Person], span: Span, recurrence: Recurrence | None
    ) -> Span:
        """Return the span, or the next one in office hours at which all of them are free."""
        while not self._is_free(persons, quarters := _quarters(span, recurrence)):
            span = span.moved_to(_later(span))
        self.take(persons, quarters)
        return span

    def take(self, persons: Sequence[Person], quarters: frozenset[datetime]) -> None:
        """Write into the diaries of persons that they are taken then."""
        for person in persons:
            self._taken.setdefault(person.id, set()).update(quarters)

    def _is_free(self, persons: Sequence[Person], quarters: frozenset[datetime]) -> bool:
        return all(quarters.isdisjoint(self._taken.get(person.id, ())) for person in persons)


def _later(span: Span) -> datetime:
    """Return when to try next: a quarter of an hour later, or the next working day."""
    start = span.start + _QUARTER
    if span.all_day:
        return datetime.combine(_next_weekday(span.start.date()), time())
    if (start + span.duration).time() > _CLOSING:
        return datetime.combine(_next_weekday(start.date()), _OPENING)
    return start


def _quarters(span: Span, recurrence: Recurrence | None) -> frozenset[datetime]:
    """Return the quarters of an hour that a rendez-vous takes, on all its dates."""
    starts = [span.start]
    if recurrence == _EVERY_WEEK:
        starts = [span.start + timedelta(weeks=week) for week in range(12)]
    elif recurrence == _EVERY_MONTH:
        starts = [_months_later(span.start, months) for months in range(6)]
    count = -(-span.duration // _QUARTER)
    return frozenset(start + _QUARTER * number for start in starts for number in range(count))


def _months_later(start: datetime, months: int) -> datetime:
    """Return the same day of a later month, the 28th at the latest."""
    year, month = divmod(start.month - 1 + months, 12)
    return start.replace(year=start.year + year, month=month + 1, day=min(start.day, 28))


def _next_weekday(day: date) -> date:
    return day + timedelta(days=1 if day.weekday() < 4 else 7 - day.weekday())


def _span(agency: DemoAgency, number: int, *, today: date, is_series: bool) -> Span:
    spread = number * 41 + _DAYS_BEFORE  # a step that leaves no day out and no pattern in sight
    offset = spread % (_DAYS_BEFORE + _DAYS_AFTER + 1) - _DAYS_BEFORE
    if is_series:
        offset = -_SERIES_DAYS_BEFORE - number % 7
    day = _weekday(today + timedelta(days=offset))
    sort = number % _CYCLE
    if sort in (_ALL_DAY, _SEVERAL_DAYS):
        length = timedelta(days=1 if sort == _ALL_DAY else 3)
        start = datetime.combine(day, time())
        return Span(start=start, end=start + length, zone=agency.zone, all_day=True)
    start = datetime.combine(day, time(8)) + timedelta(minutes=15 * (number * 11 % 36))
    length = timedelta(minutes=(30, 45, 60, 90)[number % 4])
    return Span(start=start, end=start + length, zone=agency.zone)


def _weekday(day: date) -> date:
    return day - timedelta(days=max(0, day.weekday() - 4))


def _recurrence(sort: int) -> Recurrence | None:
    if sort in _WEEKLY:
        return _EVERY_WEEK
    if sort == _MONTHLY:
        return _EVERY_MONTH
    return None


def _with_special_dates(series: Appointment, *, now: datetime) -> Appointment:
    """Hold the first date if it has begun; cancel the sixth week, move the seventh by an hour."""
    first = series.span.start
    if series.span.starts_at <= now:
        series = rules.set_state(series, State.HELD, now=now, original=first)
    assert series.recurrence is not None
    if not series.recurrence.rules[0].startswith("FREQ=WEEKLY"):
        return series
    sixth, seventh = first + timedelta(weeks=5), first + timedelta(weeks=6)
    series = rules.set_state(series, State.CANCELLED, now=now, original=sixth)
    moved = rules.occurrence_at(series, seventh)
    later = replace(moved, span=moved.span.moved_to(seventh + timedelta(hours=1)))
    return rules.with_occurrence(series, later)


def _state(appointment: Appointment, number: int, *, now: datetime) -> State:
    if appointment.span.ends_at <= now:
        return _PAST_STATES[number % len(_PAST_STATES)]
    return State.CANCELLED if number % 13 == 12 else State.PLANNED

"""A few months of rendez-vous of every sort in the small agency, for lists of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.engine import Database
from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import (
    Appointment,
    Participant,
    Presence,
    Recurrence,
    Span,
    State,
)
from rdv_caldav.services import appointments
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.appointments import Plan
from rdv_caldav.settings import Settings
from support.scenario import Clock
from support.small_agency import found_agency

_PAGES = ("claire", "ivan", "alice", "jean-dupont", "sophie", "paul")
_OTHERS = ("alice", "ivan", "claire", "sophie")
_SUBJECTS = ("Visite d’évaluation", "Réunion d'équipe", "=1+1", 'Bilan; "annuel"\nsuite', "Œuvre")
_PRESENCES = tuple(Presence)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sort:
    """What is special about the rendez-vous with a number."""

    recurrence: Recurrence | None = None
    all_day: bool = False


_WEEKLY = _Sort(recurrence=Recurrence(rules=("FREQ=WEEKLY;COUNT=5",)))
_DAILY = _Sort(
    recurrence=Recurrence(
        rules=("FREQ=DAILY;COUNT=3",),
        added=(datetime(2026, 12, 24, 9),),
    )
)
_SORTS = (_Sort(), _WEEKLY, _Sort(), _Sort(all_day=True), _Sort(), _DAILY)


@contextmanager
def busy_agency(url: str) -> Iterator[AppointmentBook]:
    """Fill a migrated, empty database."""
    database = Database(url)
    book = AppointmentBook(settings=Settings(), database=database, clock=Clock())
    found_agency(book)
    fill(book)
    yield book
    database.dispose()


def fill(book: AppointmentBook, count: int = 36) -> None:
    """Plan rendez-vous from October 2026 to January 2027; every ninth goes to the corbeille."""
    with book.database.writing() as tx:
        admin = actor_for(tx, "admin", channel=Channel.IMPORT)
        for number in range(count):
            page = _PAGES[number % len(_PAGES)]
            other = tx.people.by_slug(_OTHERS[number % len(_OTHERS)])
            assert other is not None
            presence = _PRESENCES[number % len(_PRESENCES)]
            # some concern nobody but a client of the south
            is_alone = number % 12 == 10
            others = [] if is_alone else [Participant(person_id=other.id, presence=presence)]
            if number % 4 == 0:
                others.append(Participant(address="invite@exterieur.example", name="Invité"))
            sort = _SORTS[number % len(_SORTS)]
            plan = Plan(
                subject=_SUBJECTS[number % len(_SUBJECTS)],
                span=_span(number, all_day=sort.all_day),
                type_code=("client", "interne", "intervenant")[number % 3],
                location=f"{number} rue de l'Église" if number % 2 else "",
                notes=f"Note {number}" if number % 3 == 0 else "",
                participants=tuple(others),
                recurrence=sort.recurrence,
            )
            made = appointments.create(
                tx, admin, page, plan, now=book.clock(), alter=_finish(number, book.clock())
            )
            if number % 9 == 8:
                appointments.trash(tx, admin, made, now=book.clock())


def _span(number: int, *, all_day: bool) -> Span:
    day = datetime(2026, 10, 5) + timedelta(days=number * 17 % 100)
    if all_day:
        return Span(start=day, end=day + timedelta(days=2), zone="Europe/Paris", all_day=True)
    start = day + timedelta(hours=8 + number % 9)
    return Span(start=start, end=start + timedelta(minutes=45), zone="Europe/Paris")


def _finish(number: int, now: datetime) -> Callable[[Appointment], Appointment]:
    """Make one date of each weekly series cancelled, and move and rename another."""

    def finish(appointment: Appointment) -> Appointment:
        if appointment.recurrence is None or number % 12 != 1:
            return rules.set_state(
                appointment, State.CANCELLED if number % 5 == 4 else State.PLANNED, now=now
            )
        second, third = (appointment.span.start + timedelta(weeks=n) for n in (1, 2))
        appointment = rules.set_state(appointment, State.CANCELLED, now=now, original=second)
        moved = rules.occurrence_at(appointment, third)
        # at the very time of another date of it
        fourth = third + timedelta(weeks=1)
        moved = replace(moved, span=moved.span.moved_to(fourth), subject="Déplacé")
        return rules.with_occurrence(appointment, moved)

    return finish

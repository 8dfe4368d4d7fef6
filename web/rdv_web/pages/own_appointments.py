"""The list of one person's rendez-vous, with its filters: on fiches and under Mon compte."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, request, url_for
from flask_babel import LazyString, lazy_gettext

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AppointmentType, Person
from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.control import (
    ControlCounts,
    ControlFilter,
    ControlQuery,
    ControlRow,
    Place,
)
from rdv_caldav.domain.control_query import Problem, read_query, write_query
from rdv_caldav.domain.errors import InvalidFilter
from rdv_caldav.services import access, control
from rdv_web import formats, work

Pairs = dict[str, Any]

_KEPT = frozenset({"du", "au", "type", "etat", "texte", "apres", "avant", "ordre"})
_PROBLEMS: Mapping[str, LazyString] = {
    Problem.DATE: lazy_gettext("Ce n’est pas une date."),
    Problem.ORDER: lazy_gettext("Cette date est avant la première."),
    Problem.CHOICE: lazy_gettext("Ce choix n’existe pas."),
    Problem.TOO_LONG: lazy_gettext("C’est trop long."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAppointments:
    """Everything that the list shows; ``problems`` are words by the name of the field."""

    person: Person
    filter: ControlFilter
    rows: Sequence[ControlRow]
    counts: ControlCounts
    types: Sequence[AppointmentType]
    typed: Mapping[str, str]
    problems: Mapping[str, str]
    is_upcoming: bool
    is_descending: bool
    today: date
    upcoming_url: str
    every_url: str
    earlier: str
    later: str
    add_url: str

    @property
    def status(self) -> int:
        """The status to answer with."""
        return 422 if self.problems else 200

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels of the types by code."""
        return {each.code: each.label for each in self.types}

    def presence(self, row: ControlRow) -> Presence | None:
        """Return the person's own answer in a row."""
        found = (each.presence for each in row.participants if each.person_id == self.person.id)
        return next(found, None)

    def when(self, row: ControlRow) -> tuple[str, str]:
        """Return the day of a row and its hours; all of it as one where it has several days."""
        whole, span = formats.span(row.span), row.span
        last = span.end - timedelta(days=1) if span.all_day else span.end
        day, _comma, hours = whole.rpartition(", ")
        return (day, hours) if last.date() <= span.start.date() else (whole, "")

    def link(self, row: ControlRow) -> str:
        """Return the address of a row's page, empty where there is none."""
        if "appointments.show" not in current_app.view_functions:
            return ""
        original = row.key.original.isoformat() if row.key.original else None
        number = row.key.appointment_id
        return url_for("appointments.show", appointment_id=number, date=original)


def listed(tx: Transaction, person: Person, url: Callable[[Pairs], str]) -> ListedAppointments:
    """Return what is listed of a person; ``url`` gives this page's address with a query.

    Without any filter that is what is to come, from today on. Raises ModuleOff.
    """
    settings, actor = tx.agency.settings(), work.actor()
    today = work.now().astimezone(ZoneInfo(settings.time_zone)).date()
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name in _KEPT]
    is_upcoming = not pairs and "tous" not in request.args
    query, problems = _query(pairs)
    wanted = replace(query.filter, participants=frozenset({person.id}))
    if is_upcoming:
        wanted = replace(wanted, first_day=today)
    query = replace(query, filter=wanted)
    page = control.page(tx, actor, query)
    may_add = access.may_create_in(actor, person, settings) and person.active
    has_form = "appointments.new" in current_app.view_functions
    return ListedAppointments(
        person=person,
        filter=wanted,
        rows=page.rows,
        counts=control.counts(tx, actor, wanted),
        types=tx.agency.types(),
        typed=request.args,
        problems=problems,
        is_upcoming=is_upcoming,
        is_descending=query.descending,
        today=today,
        upcoming_url=url({}),
        every_url=url({"tous": ["1"], "ordre": ["desc"]}),
        earlier=_turned(query, page.before, url),
        later=_turned(query, page.after, url),
        add_url=url_for("appointments.new", personne=person.slug) if may_add and has_form else "",
    )


def _query(pairs: Sequence[tuple[str, str]]) -> tuple[ControlQuery, dict[str, str]]:
    try:
        return read_query(pairs), {}
    except InvalidFilter as error:
        words = {name: str(_PROBLEMS[problem]) for name, problem in error.problems.items()}
        return ControlQuery(), words


def _turned(query: ControlQuery, place: Place | None, url: Callable[[Pairs], str]) -> str:
    if place is None:
        return ""
    pairs: Pairs = {}
    for name, value in write_query(replace(query, place=place)):
        if name in _KEPT:
            pairs.setdefault(name, []).append(value)
    return url(pairs)

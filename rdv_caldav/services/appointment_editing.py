"""What forms make of a rendez-vous: a sheet saved upon the present state, for some dates or all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from rdv_caldav.db.appointments import Stored
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import Appointment, Recurrence, Span
from rdv_caldav.domain.editing import FIELDS, Sheet, put_date, put_whole, reconcile, sheet_of
from rdv_caldav.domain.errors import (
    DateOutOfRange,
    EditRefused,
    OwnerMissing,
    ParticipantRefused,
    UnknownObject,
    UnknownType,
)
from rdv_caldav.ical.dividing import divided, with_uid
from rdv_caldav.ical.recurrence import check_rule, occurs_at
from rdv_caldav.ical.vocabulary import Vocabulary
from rdv_caldav.ical.writer import patch
from rdv_caldav.services import access, appointments
from rdv_caldav.services.access import Actor
from rdv_caldav.services.appointments import Plan
from rdv_caldav.services.recording import Recorder
from rdv_caldav.services.scheduling import may_know

FIRST_YEAR, LAST_YEAR = 1971, 2999
"""The years that a form takes: others are slips of the keyboard."""


class Scope(StrEnum):
    """Which dates of a series are changed."""

    DATE = "date"
    FOLLOWING = "following"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A form that was filled in: ``base`` is what it said when it was shown.

    ``original`` names the date of a series that it shows, None for the whole.
    """

    base: Sheet
    sheet: Sheet
    original: datetime | None = None
    scope: Scope = Scope.ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The outcome: in ``appointment_id`` is what was changed, a new one for *following* dates.

    ``is_merged``: somebody else had changed other fields meanwhile, which stand.
    """

    appointment_id: int
    is_merged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtaken:
    """Somebody else changed the same fields meanwhile: nothing was written.

    ``present`` is what stands now, ``merged`` the form upon it, ``clashes`` the fields in
    which the author has to choose.
    """

    present: Sheet
    merged: Sheet
    clashes: tuple[str, ...]


def create(
    tx: Transaction,
    actor: Actor,
    slug: str,
    sheet: Sheet,
    *,
    now: datetime,
    confirmed: bool,
    uid: str | None = None,
) -> int:
    """Plan a rendez-vous as a form says, from the page of a person; return its id.

    ``uid`` is one that the form has chosen, so that it can be known again when it comes twice.

    Raises what :func:`rdv_caldav.services.appointments.create` does, and ParticipantRefused.
    """
    _check(tx, actor, sheet, frozenset())
    plan = Plan(
        subject=sheet.subject,
        span=sheet.span,
        type_code=sheet.type_code,
        location=sheet.location,
        notes=sheet.notes,
        recurrence=Recurrence(rules=tuple(sheet.rule.split("\n"))) if sheet.rule else None,
    )

    def seat(appointment: Appointment) -> Appointment:
        seats = (replace(p, is_owner=p.key == sheet.owner) for p in sheet.participants)
        return replace(appointment, participants=tuple(seats), uid=uid or appointment.uid)

    return appointments.create(tx, actor, slug, plan, now=now, alter=seat, confirmed=confirmed)


def save(
    tx: Transaction,
    actor: Actor,
    appointment_id: int,
    edit: Edit,
    *,
    now: datetime,
    confirmed: bool,
) -> Saved | Overtaken:
    """Make the changes of a form, upon whatever the appointment is by now.

    Raises UnknownObject, EditRefused, ParticipantRefused, UnknownOccurrence, Conflicting and
    what rules forbid.
    """
    settings = tx.agency.settings()
    stored = tx.appointments.lock(appointment_id)
    if stored is None or stored.trashed_at is not None:
        raise UnknownObject(f"no appointment {appointment_id}")
    # refused before anything is told of what stands there now
    _require_editor(tx, actor, stored.appointment)
    present = sheet_of(stored.appointment, edit.original, zone=settings.time_zone)
    merged = reconcile(edit.base, edit.sheet, present)
    if merged.clashes:
        return Overtaken(present=present, merged=merged.sheet, clashes=merged.clashes)
    _check(tx, actor, merged.sheet, present.keys)
    if _divides(edit, stored.appointment):
        assert edit.original is not None, "only a date divides"
        division = _Division(tx, actor, stored, edit.original, now)
        new_id = division.save(present, merged.sheet, confirmed=confirmed)
        return Saved(appointment_id=new_id, is_merged=_differ(edit.base, present))
    change = _change_of(edit, present, merged.sheet)
    appointments.revise(tx, actor, appointment_id, change, now=now, confirmed=confirmed)
    return Saved(appointment_id=appointment_id, is_merged=_differ(edit.base, present))


def is_untouched(base: Sheet, sheet: Sheet) -> bool:
    """Tell whether a form says what it said when it was shown."""
    return not _differ(base, sheet)


def _differ(one: Sheet, other: Sheet) -> bool:
    return one.keys != other.keys or any(getattr(one, f) != getattr(other, f) for f in FIELDS)


def _divides(edit: Edit, appointment: Appointment) -> bool:
    """Tell whether there are dates before those that are changed."""
    if edit.scope is not Scope.FOLLOWING or edit.original is None:
        return False
    return edit.original > appointment.span.start


def _change_of(edit: Edit, before: Sheet, after: Sheet) -> Callable[[Appointment], Appointment]:
    def change(appointment: Appointment) -> Appointment:
        if edit.scope is Scope.DATE and edit.original is not None:
            return put_date(appointment, edit.original, before, after)
        return _without_lost_dates(put_whole(appointment, before, after), before, after)

    return change


def _without_lost_dates(appointment: Appointment, before: Sheet, after: Sheet) -> Appointment:
    """Where a series repeats otherwise, dates that differed and are none any more go."""
    if before.rule == after.rule or appointment.recurrence is None:
        return appointment
    kept = tuple(o for o in appointment.occurrences if occurs_at(appointment, o.original))
    return replace(appointment, occurrences=kept)


@dataclass(frozen=True, slots=True)
class _Division:
    """A series that goes on otherwise from one of its dates on: a series of its own."""

    tx: Transaction
    actor: Actor
    stored: Stored
    original: datetime
    now: datetime

    def save(self, before: Sheet, after: Sheet, *, confirmed: bool) -> int:
        """Cut the series, store what follows and return its id. Raises UnknownOccurrence."""
        tx, actor, now = self.tx, self.actor, self.now
        settings = tx.agency.settings()
        head, tail = divided(self.stored.appointment, self.original)
        appointments.revise(tx, actor, self.stored.id, lambda _: head, now=now)
        new = _without_lost_dates(put_whole(tail, before, after), before, after)
        new = rules.reset_answers(
            tail, new, author_id=actor.person_id, enabled=settings.reset_answers_on_change
        )
        rules.check_ownership(new)
        words = Vocabulary(
            settings=settings,
            types=tx.agency.types(),
            directory=tx.people.directory(settings, person_ids=new.all_person_ids),
        )
        text = with_uid(self.stored.text, new.uid)
        text = patch(text, new, words, said=self.stored.appointment, stamp=now, touch=True)
        recorder = Recorder(tx=tx, actor=actor, settings=settings, now=now, confirmed=confirmed)
        new_id = recorder.create(new, text=text, href=f"{new.uid}.ics")
        self._keep_reminders(new_id)
        return new_id

    def _keep_reminders(self, new_id: int) -> None:
        """Let accounts find the alarms that they had set on the dates that follow."""
        for account_id, private in self.tx.calendars.overlays_of(self.stored.id):
            of_rest = {
                key: lines
                for key, lines in private.items()
                if not key or key >= self.original.isoformat()
            }
            self.tx.calendars.save_overlay(account_id, new_id, of_rest)


def _require_editor(tx: Transaction, actor: Actor, appointment: Appointment) -> None:
    persons = tx.people.by_ids(appointment.all_person_ids).values()
    if not access.may_edit(actor, appointment, persons, tx.agency.settings()):
        raise EditRefused("this account may not edit this appointment")


def _check(tx: Transaction, actor: Actor, sheet: Sheet, known: frozenset[int | str]) -> None:
    """Refuse what no form of ours offers."""
    if all(kind.code != sheet.type_code for kind in tx.agency.types()):
        raise UnknownType(f"no appointment type {sheet.type_code!r}")
    if sheet.owner not in sheet.keys or not isinstance(sheet.owner, int):
        raise OwnerMissing("the owner is one of the participants, a person")
    _check_span(sheet.span)
    for rule in filter(None, sheet.rule.split("\n")):
        check_rule(rule, sheet.span.start)
    arriving = {key for key in sheet.keys - known if isinstance(key, int)}
    persons = tx.people.by_ids(arriving)
    strangers = {key for key in arriving if key not in persons or not may_know(actor, persons[key])}
    if strangers:
        raise ParticipantRefused(
            "somebody is added whom this account may not know of", person_ids=strangers
        )


def _check_span(span: Span) -> None:
    for moment in (span.start, span.end):
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise DateOutOfRange(f"the year {moment.year}", too_late=moment.year > LAST_YEAR)

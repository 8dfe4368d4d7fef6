"""What the form of a new rendez-vous starts with: the agency's defaults, or another one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings, Person, PersonKind
from rdv_caldav.domain.appointment import Participant, Presence, Span
from rdv_caldav.domain.editing import Sheet
from rdv_caldav.domain.errors import EditRefused, ModuleOff, UnknownCalendar
from rdv_caldav.services import access, scheduling
from rdv_caldav.services.access import Actor


def place_for(tx: Transaction, actor: Actor, slug: str) -> Person:
    """Return the person in whose page a rendez-vous is planned.

    Raises ModuleOff, UnknownCalendar, EditRefused.
    """
    if not tx.agency.settings().module_enabled:
        raise ModuleOff("the module Rendez-vous is switched off")
    person = tx.people.by_slug(slug)
    if person is None or not access.may_see_calendar(actor, person):
        raise UnknownCalendar(f"no person {slug!r}")
    if not access.may_create_in(actor, person, tx.agency.settings()):
        raise EditRefused("no new appointments of this account for this person")
    return person


def first_sheet(
    tx: Transaction,
    actor: Actor,
    person: Person,
    *,
    now: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Sheet:
    """Return what a new rendez-vous in a person's page begins with; ``now`` is aware.

    ``start`` and ``end`` are wall-clock times that were chosen already; from midnight to
    midnight means whole days.
    """
    settings = tx.agency.settings()
    defaults = settings.appointment_defaults
    wall = now.astimezone(ZoneInfo(settings.time_zone)).replace(
        tzinfo=None, second=0, microsecond=0
    )
    begins = start or defaults.start_after(wall)
    span = Span(start=begins, end=begins + defaults.duration, zone=settings.time_zone)
    if end is not None and end > begins:
        whole = begins.time() == end.time() == datetime.min.time()
        span = replace(span, end=end, all_day=whole)
    owner = Participant(person_id=person.id, presence=Presence.ACCEPTED)
    return Sheet(
        type_code=settings.default_types[person.kind],
        subject=defaults.subject,
        span=span,
        location=_place(person, settings),
        notes=defaults.notes,
        owner=person.id,
        participants=(owner, *_of_office(tx, actor, person, settings)),
    )


def _place(person: Person, settings: AgencySettings) -> str:
    defaults = settings.appointment_defaults
    if defaults.location_is_home and person.kind is PersonKind.CLIENT and person.home_address:
        return " ".join(person.home_address.split())
    return defaults.location


def _of_office(
    tx: Transaction, actor: Actor, person: Person, settings: AgencySettings
) -> list[Participant]:
    defaults = settings.appointment_defaults
    known = tx.people.by_ids(defaults.participant_ids)
    return [
        Participant(person_id=each, presence=defaults.presence)
        for each in defaults.participant_ids
        if each in known and each != person.id and scheduling.may_know(actor, known[each])
    ]


def like(sheet: Sheet, first: Sheet) -> Sheet:
    """Return a sheet for another rendez-vous like one: in its place ``first`` has the star.

    Nobody has answered yet, and it does not repeat.
    """
    others = (
        replace(seat, presence=Presence.NEEDS_ACTION)
        for seat in sheet.participants
        if seat.key != first.owner
    )
    owner = next(seat for seat in first.participants if seat.key == first.owner)
    return replace(sheet, rule="", owner=first.owner, participants=(owner, *others))

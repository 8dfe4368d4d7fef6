"""Planning a rendez-vous and changing it: one form, whose every button keeps what was typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.editing import Sheet, sheet_of
from rdv_caldav.domain.errors import UnknownObject
from rdv_caldav.services import appointment_starting
from rdv_caldav.services.appointment_pages import AppointmentPage, find_persons, open_page
from rdv_web import work
from rdv_web.pages.appointments import pages
from rdv_web.pages.appointments.carrying import key_of, number_of, take_back
from rdv_web.pages.appointments.filling import Filling
from rdv_web.pages.appointments.proposals import form_address, proposed_time
from rdv_web.pages.appointments.saving import Answer, again, record, save, set_state
from rdv_web.pages.appointments.showing import (
    Place,
    address_of,
    form_page,
    moment_asked,
    reading_page,
)

# -- showing ------------------------------------------------------------------------------


@pages.get("/nouveau")
def new() -> Answer:
    """Show the form of a new rendez-vous, in the page of a person."""
    slug = _slug()
    with work.reading() as tx:
        if not slug:
            return _choose_person(tx)
        place, first = _new_place(tx, slug)
        filling = Filling.of_sheet(first)
        defaults = tx.agency.settings().appointment_defaults
        filling.form.invite.data = defaults.invites_automatically
        filling.form.reminder.data = defaults.reminder_minutes
        return form_page(tx, filling, place)


def _slug() -> str:
    own = work.actor().person
    return request.args.get("personne", "") or (own.slug if own else "")


def _choose_person(tx: Transaction) -> str:
    words = request.args.get("q", "")
    found = find_persons(tx, work.actor(), words)
    return render_template("appointments/choose.html", words=words, found=found)


def _new_place(tx: Transaction, slug: str) -> tuple[Place, Sheet]:
    actor = work.actor()
    person = appointment_starting.place_for(tx, actor, slug)
    first = appointment_starting.first_sheet(
        tx,
        actor,
        person,
        now=work.now(),
        start=moment_asked("debut"),
        end=moment_asked("fin"),
    )
    if copied := request.args.get("copie", ""):
        page = open_page(tx, actor, number_of(copied))
        zone = tx.agency.settings().time_zone
        first = appointment_starting.like(sheet_of(page.appointment, zone=zone), first)
    return Place(url=request.full_path.rstrip("?"), person=person), first


@pages.get("/<int(max=2147483647):appointment_id>")
def show(appointment_id: int) -> Answer:
    """Show a rendez-vous: as a form to whoever may edit it, else to read and answer."""
    with work.reading() as tx:
        page = open_page(tx, work.actor(), appointment_id, original=moment_asked("date"))
        if not page.may_edit or page.trashed_at is not None:
            return reading_page(tx, page)
        filling = Filling.of_sheet(_present(tx, page))
        proposed = proposed_time(tx, page)
        if proposed is not None:
            filling.form.show_span(proposed)
        return form_page(tx, filling, _place_of(page), is_proposed=proposed is not None)


@pages.get("/<path:uid>")
def of_uid(uid: str) -> Response:
    """Lead to the page of a rendez-vous, from the link that calendars show."""
    with work.reading() as tx:
        appointment_id = tx.appointments.id_of_uid(uid)
        page = open_page(tx, work.actor(), appointment_id or 0)
    return redirect(address_of(page))


def _present(tx: Transaction, page: AppointmentPage) -> Sheet:
    return sheet_of(page.appointment, page.original, zone=tx.agency.settings().time_zone)


def _place_of(page: AppointmentPage) -> Place:
    return Place(url=form_address(page), page=page)


# -- pressing buttons ---------------------------------------------------------------------


@pages.post("/nouveau")
def plan() -> Answer:
    """Plan a rendez-vous, or go on filling in its form."""
    with work.reading() as tx:
        place, first = _new_place(tx, _slug())
    filling = Filling.sent(take_back(request.form.get("base", "")) or first)
    return _press(filling, place)


@pages.post("/<int(max=2147483647):appointment_id>")
def edit(appointment_id: int) -> Answer:
    """Change a rendez-vous, or go on filling in its form."""
    with work.reading() as tx:
        page = open_page(tx, work.actor(), appointment_id, original=moment_asked("date"))
        base = take_back(request.form.get("base", "")) or _present(tx, page)
    if not page.may_edit:
        raise UnknownObject(f"no form of appointment {appointment_id} for this account")
    filling, place = Filling.sent(base), _place_of(page)
    if page.trashed_at is not None:
        filling.problems["form"] = _(
            "Quelqu’un d’autre a mis ce rendez-vous à la corbeille entre-temps ; restaurez-le "
            "d’abord, dans un autre onglet."
        )
        return again(filling, place)
    return _press(filling, place)


def _press(filling: Filling, place: Place) -> Answer:
    button, _colon, argument = request.form.get("do", "save").partition(":")
    if button == "save" and filling.words and filling.words != request.form.get("searched"):
        # Enter in the field that searches for participants
        button = "search"
    if button in ("save", "insist"):
        return save(filling, place, confirmed=button == "insist")
    if button == "state" and place.page is not None:
        return set_state(filling, place, argument)
    with work.reading() as tx:
        filling.form.offer([], keeps_rule=True)
        filling.leave_out_strangers(tx, work.actor())
        _change(tx, filling, button, argument)
    if button == "presence" and place.page is not None:
        return record(filling, place, argument)
    return again(filling, place)


def _change(tx: Transaction, filling: Filling, button: str, argument: str) -> None:
    """Do to the form what a button of it does."""
    presence = tx.agency.settings().appointment_defaults.presence
    actor = work.actor()
    key = key_of(argument)
    steps: dict[str, Callable[[], object]] = {
        "add": lambda: filling.add_chosen(tx, actor, presence),
        "guest": lambda: filling.add_guest(tx, actor, presence),
        "time": lambda: _take_time(filling, argument),
        "home": lambda: filling.take_home(tx, key),
        "take": lambda: filling.take(argument),
    }
    if actor.person_id is not None:
        me = actor.person_id
        steps["me"] = lambda: filling.add_person(me, Presence.ACCEPTED)
    if key is not None:
        steps["remove"] = lambda: filling.remove(key)
        steps["owner"] = lambda: filling.give_star(key)
    filling.searched = button == "search"
    step = steps.get(button)
    if step is not None:
        step()
    if button == "presence":
        _note_answer(filling, argument)


def _note_answer(filling: Filling, argument: str) -> None:
    who, _colon, said = argument.rpartition(":")
    key = key_of(who)
    if key is not None and said in list(Presence):
        filling.answer(key, Presence(said))


def _take_time(filling: Filling, written: str) -> None:
    """Move the time in the form to a proposed one, as long as it was."""
    span = filling.form.span(filling.base.span.zone) or filling.base.span
    try:
        start = datetime.fromisoformat(written).replace(tzinfo=None)
    except ValueError:
        return
    filling.form.show_span(span.moved_to(start))

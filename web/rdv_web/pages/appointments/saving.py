"""Buttons of the form that write at once: saving it, an answer, the state."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Presence, State
from rdv_caldav.domain.editing import Sheet, sheet_of
from rdv_caldav.domain.errors import (
    AccessRefused,
    Conflicting,
    DomainError,
    ParticipantRefused,
    UnknownObject,
)
from rdv_caldav.services import appointment_editing, appointments, reminders
from rdv_caldav.services.appointment_editing import Edit, Overtaken, Saved, Scope, is_untouched
from rdv_caldav.services.appointment_pages import AppointmentPage, open_page
from rdv_caldav.services.mailing.inviting import Invited, invite
from rdv_web import work
from rdv_web.formats import STATES
from rdv_web.pages.appointments.carrying import key_of, uid_of
from rdv_web.pages.appointments.filling import Filling
from rdv_web.pages.appointments.inviting import tell_invited
from rdv_web.pages.appointments.proposals import form_address, settle
from rdv_web.pages.appointments.showing import Place, address_of, explained, form_page
from rdv_web.refusals import refusal_of

Answer = str | tuple[str, int] | Response

_PASSED_ON = (AccessRefused, UnknownObject)
"""Refusals that are pages of their own: there is no form to show again."""


def again(filling: Filling, place: Place, status: int = 200, **more: Any) -> Answer:  # noqa: ANN401
    """Show the form with all that was typed."""
    with work.reading() as tx:
        answer = form_page(tx, filling, place, **more)
    return answer, 422 if filling.problems and status == 200 else status


def save(filling: Filling, place: Place, *, confirmed: bool) -> Answer:
    """Save the form; on whatever refusal it comes again with what was typed."""
    with work.reading() as tx:
        presence = tx.agency.settings().appointment_defaults.presence
        # persons ticked and a guest typed, but not added yet, are meant
        filling.add_chosen(tx, work.actor(), presence)
        is_guest_clear = filling.add_guest(tx, work.actor(), presence)
        types = [(kind.code, kind.label) for kind in tx.agency.types()]
    filling.form.offer(types, keeps_rule=True)
    sheet = filling.sheet(on_date=place.original is not None)
    if sheet is None or not is_guest_clear:
        return again(filling, place, 422, is_refused=True)
    try:
        if place.page is None:
            return _create(filling, sheet, place, confirmed=confirmed)
        return _revise(filling, sheet, place.page, confirmed=confirmed)
    except Conflicting as refused:
        with work.reading() as tx:
            told = explained(tx, refused.conflicts)
        return again(filling, place, 409, conflicts=told, can_insist=refused.can_confirm)
    except ParticipantRefused as refused:
        if not refused.person_ids <= filling.base.keys:
            raise
        # a copy brings people along whom its author saw there, and may not plan for
        filling.problems["participants"] = _not_added(refused.person_ids)
        return again(filling, place, 422, is_refused=True)
    except _PASSED_ON:
        raise
    except DomainError as refused:
        filling.problems["form"] = str(refusal_of(refused).words)
        return again(filling, place, 422)


def _not_added(person_ids: Collection[int]) -> str:
    with work.reading() as tx:
        persons = tx.people.by_ids(person_ids)
    names = sorted(person.name for person in persons.values())
    words = ngettext(
        "%(names)s ne peut pas être ajouté : sa fiche n’est pas parmi celles que vous voyez. "
        "Retirez-le pour enregistrer.",
        "%(names)s ne peuvent pas être ajoutés : leurs fiches ne sont pas parmi celles que vous "
        "voyez. Retirez-les pour enregistrer.",
        len(names),
        names=", ".join(names),
    )
    return str(words)


def _create(filling: Filling, sheet: Sheet, place: Place, *, confirmed: bool) -> Response:
    assert place.person is not None, "new ones are planned in somebody's page"
    slug = place.person.slug

    uid = uid_of(request.form.get("uid", ""))

    def create(tx: Transaction) -> tuple[int, Invited]:
        if uid and (planned := tx.appointments.id_of_uid(uid)) is not None:
            return planned, Invited(0)
        appointment_id = appointment_editing.create(
            tx, work.actor(), slug, sheet, now=work.now(), confirmed=confirmed, uid=uid
        )
        persons = [p.person_id for p in sheet.participants if p.person_id is not None]
        reminders.remind(tx, appointment_id, persons, filling.form.reminder.data)
        invited = Invited(0)
        if filling.form.invite.data:
            invited = invite(tx, work.actor(), appointment_id, None, now=work.now())
        return appointment_id, invited

    appointment_id, invited = work.write(create)
    flash(_("Le rendez-vous est enregistré."), "success")
    tell_invited(invited)
    return redirect(url_for("appointments.show", appointment_id=appointment_id))


def _revise(filling: Filling, sheet: Sheet, page: AppointmentPage, *, confirmed: bool) -> Answer:
    edit = Edit(base=filling.base, sheet=sheet, original=page.original, scope=_scope(filling, page))
    if edit.scope is Scope.DATE and _concerns_all(filling.base, sheet):
        filling.problems["scope"] = _(
            "Le type et le propriétaire valent pour toute la série : choisissez « Toutes les "
            "dates » ou « Cette date et les suivantes »."
        )
        return again(filling, Place(url=form_address(page), page=page), 422)

    def save(tx: Transaction) -> Saved | Overtaken:
        done = appointment_editing.save(
            tx, work.actor(), page.id, edit, now=work.now(), confirmed=confirmed
        )
        if isinstance(done, Saved):
            settle(tx, page)
        return done

    outcome = work.write(save)
    if isinstance(outcome, Overtaken):
        return _overtaken(outcome, page)
    if outcome.is_merged:
        flash(
            _("Enregistré. Ce que quelqu’un d’autre avait modifié entre-temps est gardé."),
            "success",
        )
    else:
        flash(_("Le rendez-vous est enregistré."), "success")
    if outcome.appointment_id == page.id:
        return redirect(_where(page, edit))
    return redirect(url_for("appointments.show", appointment_id=outcome.appointment_id))


def _where(page: AppointmentPage, edit: Edit) -> str:
    """Return the page to show next: that of the date, where that is still one."""
    if page.original is None or edit.sheet.span == edit.base.span or edit.scope is Scope.DATE:
        return address_of(page)
    return url_for("appointments.show", appointment_id=page.id)


def _scope(filling: Filling, page: AppointmentPage) -> Scope:
    said = filling.form.scope.data
    return Scope(said) if page.original is not None and said in list(Scope) else Scope.ALL


def _concerns_all(base: Sheet, sheet: Sheet) -> bool:
    return (base.type_code, base.owner) != (sheet.type_code, sheet.owner)


def _overtaken(outcome: Overtaken, page: AppointmentPage) -> Answer:
    """Show both versions: the form holds this one, upon what the other one says by now."""
    filling = Filling.of_sheet(outcome.merged, base=outcome.present)
    filling.clashes = outcome.clashes
    filling.form.scope.data = request.form.get("scope")
    return again(filling, Place(url=form_address(page), page=page), 409, is_overtaken=True)


# -- answers and states -------------------------------------------------------------------


def record(filling: Filling, place: Place, argument: str) -> Answer:
    """Record an answer at once; whoever is only in the form answers when it is saved."""
    assert place.page is not None, "nobody takes part in what does not exist"
    page, original = place.page, place.original
    who, _colon, said = argument.rpartition(":")
    key = key_of(who)
    if key is None or said not in list(Presence) or page.details.participant(key) is None:
        return again(filling, place)

    def answer(tx: Transaction) -> None:
        appointments.record_presence(
            tx, work.actor(), page.id, key, Presence(said), now=work.now(), original=original
        )

    try:
        work.write(answer)
    except _PASSED_ON:
        raise
    except DomainError as refused:
        filling.problems["participants"] = str(refusal_of(refused).words)
        return again(filling, place)
    return _afterwards(filling, page)


def set_state(filling: Filling, place: Place, said: str) -> Answer:
    """Mark it Planifié, Tenu or Annulé at once, the date that is shown or all."""
    assert place.page is not None, "only what exists has a state"
    page = place.page
    if said not in list(State):
        return again(filling, place)
    state = State(said)
    before = page.details.state
    try:
        mark(page.id, state, place.original)
    except Conflicting as refused:
        with work.reading() as tx:
            told = explained(tx, refused.conflicts)
        return again(filling, place, 409, conflicts=told)
    except _PASSED_ON:
        raise
    except DomainError as refused:
        filling.problems["form"] = str(refusal_of(refused).words)
        return again(filling, place, 422)
    flash(_("État : %(state)s.", state=STATES[state]), "success")
    return _afterwards(filling, page, undo=before if before is not state else None)


def mark(appointment_id: int, state: State, original: datetime | None) -> None:
    """Write a state."""
    work.write(
        lambda tx: appointments.set_state(
            tx, work.actor(), appointment_id, state, now=work.now(), original=original
        )
    )


def _afterwards(filling: Filling, page: AppointmentPage, undo: State | None = None) -> Answer:
    """Show the page as it is by now, with what was typed and is not saved yet."""
    with work.reading() as tx:
        now = open_page(tx, work.actor(), page.id, original=page.original)
        zone = tx.agency.settings().time_zone
        answers = {p.key: p.presence for p in now.details.participants}
        for key, presence in answers.items():
            filling.answer(key, presence)
        types = [(kind.code, kind.label) for kind in tx.agency.types()]
        present = sheet_of(now.appointment, now.original, zone=zone)
    filling.form.offer(types, keeps_rule=True)
    sheet = filling.sheet(on_date=page.original is not None)
    if sheet is not None and is_untouched(filling.base, sheet):
        filling = Filling.of_sheet(present)
        if "HX-Request" not in request.headers:
            return redirect(address_of(now))
    return again(filling, Place(url=form_address(now), page=now), undo=undo)

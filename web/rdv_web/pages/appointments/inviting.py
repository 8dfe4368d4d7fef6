"""*Inviter*: an invitation that can be answered, to whom somebody chooses."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash, redirect, render_template, request
from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import UnknownObject
from rdv_caldav.services.appointment_pages import AppointmentPage, open_page
from rdv_caldav.services.mailing.inviting import Invited, Invitee, Obstacle, invite, invitees
from rdv_web import work
from rdv_web.pages.appointments import pages
from rdv_web.pages.appointments.carrying import key_of, key_text
from rdv_web.pages.appointments.letters import messages_ready
from rdv_web.pages.appointments.showing import PIECES, address_of, moment_asked

OBSTACLES: Mapping[Obstacle, LazyString] = {
    Obstacle.TRASHED: lazy_gettext("le rendez-vous est à la corbeille"),
    Obstacle.CANCELLED: lazy_gettext("le rendez-vous est annulé"),
    Obstacle.PAST: lazy_gettext("le rendez-vous est passé"),
    Obstacle.NO_ADDRESS: lazy_gettext("sans adresse e-mail"),
    Obstacle.STOPPED: lazy_gettext("ne veut plus de messages de l’agence"),
    Obstacle.UNWANTED: lazy_gettext("sa fiche dit de ne pas lui écrire"),
    Obstacle.ARCHIVED: lazy_gettext("sa fiche est dans les archives"),
}


@pages.get("/<int(max=2147483647):appointment_id>/inviter")
def ask_to_invite(appointment_id: int) -> str:
    """Show who takes part, and whom an invitation would reach."""
    with work.reading() as tx:
        return _dialog(tx, _opened(tx, appointment_id))


@pages.post("/<int(max=2147483647):appointment_id>/inviter")
def send_invitations(appointment_id: int) -> Response | tuple[str, int]:
    """Queue the invitations, and say who gets none."""
    keys = {key for text in request.form.getlist("to") if (key := key_of(text)) is not None}
    with work.reading() as tx:
        page = _opened(tx, appointment_id)
        if not keys:
            return _dialog(tx, page, problem=_("Choisissez au moins un destinataire.")), 422
    actor, now = work.actor(), work.now()
    tell_invited(
        work.write(lambda tx: invite(tx, actor, page.id, keys, now=now, original=page.original))
    )
    return redirect(address_of(page))


def tell_invited(invited: Invited) -> None:
    """Say how many invitations wait to be sent, and who gets none and why."""
    if invited.count:
        flash(messages_ready(invited.count), "success")
    for obstacle, words in OBSTACLES.items():
        names = ", ".join(
            each.name or each.participant.address
            for each in invited.refused
            if each.obstacle is obstacle
        )
        if names:
            flash(_("Pas d’invitation à %(names)s : %(why)s.", names=names, why=words), "info")


def _why(invitee: Invitee) -> str:
    return str(OBSTACLES[invitee.obstacle]) if invitee.obstacle else ""


def _opened(tx: Transaction, appointment_id: int) -> AppointmentPage:
    page = open_page(tx, work.actor(), appointment_id, original=moment_asked("date"))
    if not page.may_edit or page.trashed_at is not None:
        raise UnknownObject(f"no invitations to appointment {appointment_id} by this account")
    return page


def _dialog(tx: Transaction, page: AppointmentPage, problem: str = "") -> str:
    everybody = invitees(tx, work.actor(), page, now=work.now())
    return render_template(
        "appointments/invite.html",
        **PIECES,
        page=page,
        problem=problem,
        recipients=[(key_text(each.key), each, _why(each)) for each in everybody],
        is_possible=any(each.obstacle is None for each in everybody),
        url=address_of(page, "appointments.ask_to_invite"),
        back=address_of(page),
    )

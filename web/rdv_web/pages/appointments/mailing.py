"""*Email*: writing to the participants of a rendez-vous, one message to each."""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import InvalidInput, UnknownObject
from rdv_caldav.services import appointment_mails
from rdv_caldav.services.appointment_mails import LONGEST_BODY, LONGEST_SUBJECT, Letter, Recipient
from rdv_caldav.services.appointment_pages import AppointmentPage, open_page
from rdv_web import work
from rdv_web.pages.appointments import pages
from rdv_web.pages.appointments.carrying import key_of, key_text
from rdv_web.pages.appointments.letters import (
    messages_ready,
    proposed_body,
    proposed_subject,
)
from rdv_web.pages.appointments.showing import PIECES, address_of, moment_asked


@dataclass(slots=True, kw_only=True)
class Draft:
    """The dialog as it stands."""

    chosen: frozenset[int | str]
    subject: str
    body: str
    template: str = ""
    problem: str = ""

    def letter(self, _recipient: Recipient) -> Letter:
        """Return what somebody is written."""
        return Letter(subject=self.subject.strip(), body=self.body.replace("\r\n", "\n"))


@pages.get("/<int(max=2147483647):appointment_id>/email")
def mail(appointment_id: int) -> str:
    """Show the dialog: recipients from the fiches, a text that can be changed."""
    with work.reading() as tx:
        page = _opened(tx, appointment_id)
        reachable = (each for each in appointment_mails.recipients(page) if each.address)
        me = work.actor().person_id
        draft = Draft(
            chosen=frozenset(each.key for each in reachable if each.key != me),
            subject=proposed_subject(page),
            body=proposed_body(tx, page),
        )
        return _dialog(page, draft)


@pages.post("/<int(max=2147483647):appointment_id>/email")
def send_mail(appointment_id: int) -> Response | str | tuple[str, int]:
    """Show what would be sent, or queue it."""
    with work.reading() as tx:
        page = _opened(tx, appointment_id)
    draft = _sent()
    problem = _problem(draft)
    if problem or request.form.get("do") != "send":
        draft.problem = problem
        answer = _dialog(page, draft, is_preview=not problem)
        return (answer, 422) if problem else answer

    def send(tx: Transaction) -> int:
        return appointment_mails.send(
            tx,
            work.actor(),
            page.id,
            draft.chosen,
            draft.letter,
            now=work.now(),
            original=page.original,
        )

    try:
        count = work.write(send)
    except InvalidInput:
        draft.problem = _("Ce message ne peut pas être envoyé.")
        return _dialog(page, draft), 422
    flash(messages_ready(count), "success")
    return redirect(address_of(page))


def _opened(tx: Transaction, appointment_id: int) -> AppointmentPage:
    page = open_page(tx, work.actor(), appointment_id, original=moment_asked("date"))
    if not page.may_edit or page.trashed_at is not None:
        raise UnknownObject(f"no mails about appointment {appointment_id} by this account")
    return page


def _sent() -> Draft:
    keys = (key_of(text) for text in request.form.getlist("to"))
    return Draft(
        chosen=frozenset(key for key in keys if key is not None),
        subject=request.form.get("subject", ""),
        body=request.form.get("body", ""),
    )


def _problem(draft: Draft) -> str:
    if not draft.chosen:
        return str(_("Choisissez au moins un destinataire."))
    if not draft.subject.strip() or not draft.body.strip():
        return str(_("Il faut un objet et un texte."))
    if len(draft.subject) > LONGEST_SUBJECT or len(draft.body) > LONGEST_BODY:
        return str(_("L’objet ou le texte est trop long."))
    return ""


def _dialog(page: AppointmentPage, draft: Draft, *, is_preview: bool = False) -> str:
    everybody = appointment_mails.recipients(page)
    previews = [
        (each, draft.letter(each))
        for each in everybody
        if is_preview and each.address and each.key in draft.chosen
    ]
    return render_template(
        "appointments/mail.html",
        **PIECES,
        page=page,
        draft=draft,
        recipients=[(key_text(each.key), each) for each in everybody],
        previews=previews,
        url=address_of(page, "appointments.mail"),
        back=address_of(page),
    )

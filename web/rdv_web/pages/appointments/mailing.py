"""*Email*: writing to the participants of a rendez-vous, one message to each."""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import InvalidTemplate, UnknownObject
from rdv_caldav.domain.mail_templates import LONGEST_SUBJECT, LONGEST_TEXT, MailTemplate
from rdv_caldav.services import appointment_mails, letters, mail_templates
from rdv_caldav.services.appointment_mails import Letter, Recipient
from rdv_caldav.services.appointment_pages import AppointmentPage, is_over, open_page
from rdv_web import work
from rdv_web.languages import LANGUAGES, current_language
from rdv_web.pages.administration.template_words import problem_words
from rdv_web.pages.appointments import pages
from rdv_web.pages.appointments.carrying import key_of, key_text
from rdv_web.pages.appointments.letters import messages_ready
from rdv_web.pages.appointments.showing import PIECES, address_of, moment_asked


@dataclass(slots=True, kw_only=True)
class Draft:
    """The dialog as it stands."""

    chosen: frozenset[int | str]
    subject: str
    body: str
    template: str
    problem: str = ""

    def take(self, template: MailTemplate) -> None:
        """Begin with the texts of a template."""
        self.template, self.subject, self.body = template.key, template.subject, template.text

    def altered(self, tx: Transaction, page: AppointmentPage) -> MailTemplate:
        """Return what the template became."""
        return letters.altered(tx, work.actor(), page, self.template, self.subject, self.body)


@pages.get("/<int(max=2147483647):appointment_id>/email")
def mail(appointment_id: int) -> str:
    """Show the dialog: recipients from the fiches, a text that can be changed."""
    with work.reading() as tx:
        page = _opened(tx, appointment_id)
        if is_over(page, now=work.now()):
            return _over(page)
        reachable = (each for each in appointment_mails.recipients(page) if each.address)
        me = work.actor().person_id
        template = letters.to_begin_with(tx, page, current_language())
        template = letters.prefilled(tx, work.actor(), page, template)
        draft = Draft(
            chosen=frozenset(each.key for each in reachable if each.key != me),
            subject=template.subject,
            body=template.text,
            template=template.key,
        )
        return _dialog(tx, page, draft)


@pages.post("/<int(max=2147483647):appointment_id>/email")
def send_mail(appointment_id: int) -> Response | str | tuple[str, int]:
    """Show what would be sent, or queue it."""
    draft = _sent()
    do = request.form.get("do")
    with work.reading() as tx:
        page = _opened(tx, appointment_id)
        if is_over(page, now=work.now()):
            return _over(page), 422
        if do == "template":
            template = letters.taken(tx, draft.template)
            draft.take(letters.prefilled(tx, work.actor(), page, template))
            return _dialog(tx, page, draft)
        draft.problem = _problem(tx, page, draft)
        if draft.problem or do != "send":
            answer = _dialog(tx, page, draft, is_preview=not draft.problem)
            return (answer, 422) if draft.problem else answer

    def send(tx: Transaction) -> int:
        now = open_page(tx, work.actor(), page.id, original=page.original)
        write = letters.written_by(tx, now, draft.altered(tx, now))
        return appointment_mails.send(
            tx,
            work.actor(),
            page.id,
            draft.chosen,
            write,
            now=work.now(),
            original=page.original,
        )

    flash(messages_ready(work.write(send)), "success")
    return redirect(address_of(page))


def _opened(tx: Transaction, appointment_id: int) -> AppointmentPage:
    page = open_page(tx, work.actor(), appointment_id, original=moment_asked("date"))
    if not page.may_edit or page.trashed_at is not None:
        raise UnknownObject(f"no mails about appointment {appointment_id} by this account")
    return page


def _over(page: AppointmentPage) -> str:
    return render_template("appointments/mail_over.html", page=page, back=address_of(page))


def _sent() -> Draft:
    keys = (key_of(text) for text in request.form.getlist("to"))
    return Draft(
        chosen=frozenset(key for key in keys if key is not None),
        subject=request.form.get("subject", ""),
        body=request.form.get("body", ""),
        template=request.form.get("template", ""),
    )


def _problem(tx: Transaction, page: AppointmentPage, draft: Draft) -> str:
    if not draft.chosen:
        return str(_("Choisissez au moins un destinataire."))
    if not draft.subject.strip() or not draft.body.strip():
        return str(_("Il faut un objet et un texte."))
    if len(draft.subject) > LONGEST_SUBJECT or len(draft.body) > LONGEST_TEXT:
        return str(_("L’objet ou le texte est trop long."))
    try:
        letters.check(draft.altered(tx, page))
    except InvalidTemplate as error:
        return " ".join(map(problem_words, error.problems))
    return ""


def _dialog(
    tx: Transaction, page: AppointmentPage, draft: Draft, *, is_preview: bool = False
) -> str:
    everybody = appointment_mails.recipients(page)
    previews: list[tuple[Recipient, Letter]] = []
    if is_preview:
        template = draft.altered(tx, page)
        write = letters.written_by(tx, page, template)
        chosen = (each for each in everybody if each.address and each.key in draft.chosen)
        previews = [(each, write(each)) for each in chosen]
    return render_template(
        "appointments/mail.html",
        **PIECES,
        page=page,
        draft=draft,
        recipients=[(key_text(each.key), each) for each in everybody],
        previews=previews,
        templates=[(each.key, _label(each)) for each in mail_templates.offered(tx)],
        url=address_of(page, "appointments.mail"),
        back=address_of(page),
    )


def _label(template: MailTemplate) -> str:
    return f"{template.name} ({LANGUAGES.get(template.language, template.language)})"

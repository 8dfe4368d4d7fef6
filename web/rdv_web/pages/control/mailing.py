"""*Email* about many rendez-vous: whom it goes to, what it says, and then one message to each."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.control import RowKey
from rdv_caldav.domain.errors import InvalidInput, InvalidTemplate, UnknownObject
from rdv_caldav.domain.mail_templates import LONGEST_SUBJECT, LONGEST_TEXT, MailTemplate
from rdv_caldav.services import control_bulk, control_mails, letters, mail_templates
from rdv_caldav.services.control_bulk import Change
from rdv_caldav.services.control_mails import Key, MailPlan
from rdv_web import work
from rdv_web.languages import LANGUAGES, current_language
from rdv_web.pages.administration.template_words import problem_words
from rdv_web.pages.appointments.carrying import key_of, key_text
from rdv_web.pages.appointments.letters import messages_ready
from rdv_web.pages.control import pages
from rdv_web.pages.control.asked import Asked, read_text
from rdv_web.pages.control.bulk import chosen_keys, marked_keys
from rdv_web.pages.control.table import Answer, table_page
from rdv_web.pages.control.words import UNMAILED

MOST_SHOWN = 10
"""Letters that the preview shows."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """The dialog as it stands: who gets a message about which row, and its text."""

    chosen: dict[RowKey, set[Key]] = field(default_factory=dict)
    subject: str = ""
    body: str = ""
    template: str = ""
    problem: str = ""

    def has(self, row: RowKey, key: Key) -> bool:
        """Tell whether somebody is ticked."""
        return key in self.chosen.get(row, ())

    def take(self, template: MailTemplate) -> None:
        """Begin with the texts of a template."""
        self.template, self.subject, self.body = template.key, template.subject, template.text

    def narrow(self, plan: MailPlan) -> int:
        """Leave only those who can be written to; return how many they are."""
        for_row = {each.row.key: each.reachable for each in plan.mailings}
        kept = {key: to & for_row.get(key, frozenset()) for key, to in self.chosen.items()}
        self.chosen = {key: to for key, to in kept.items() if to}
        return sum(map(len, self.chosen.values()))


@pages.post("/email")
def mail() -> Response | Answer:
    """Show the dialog, what would be sent, or queue it: what was pressed decides."""
    asked = read_text(request.form.get("filtre", ""))
    do = request.form.get("do", "")
    with work.reading() as tx:
        try:
            keys = chosen_keys(tx, asked)
            plan = control_mails.plan(tx, work.actor(), keys, now=work.now())
        except InvalidInput:
            words = _("Choisissez des lignes (%(most)s au plus).", most=control_bulk.MOST_AT_ONCE)
            return table_page(tx, asked, action_problem=words, marked=marked_keys())
        if do not in ("template", "preview", "send"):
            return _dialog(tx, asked, plan, _first(tx, plan)), 200
        draft = _typed()
        if do == "template":
            draft.take(letters.with_names(tx, letters.taken(tx, draft.template)))
            return _dialog(tx, asked, plan, draft), 200
        draft.problem = _problem(tx, plan, draft)
        if draft.problem:
            return _dialog(tx, asked, plan, draft), 422
        if do == "preview":
            return _dialog(tx, asked, plan, draft, is_preview=True), 200
        template = control_mails.altered(tx, draft.template, draft.subject, draft.body)

    def write(change: Change) -> None:
        work.write(change)

    done = control_mails.send(write, work.actor(), draft.chosen, template, now=work.now())
    flash(messages_ready(done.messages), "success")
    if done.refused:
        words = ngettext(
            "%(num)s ligne a été refusée.", "%(num)s lignes ont été refusées.", done.refused
        )
        flash(words, "error")
    return redirect(asked.url())


def _first(tx: Transaction, plan: MailPlan) -> Draft:
    """Return the dialog as it opens: everybody but oneself, with the agency's template."""
    draft, me = Draft(), work.actor().person_id
    if plan.mailings:
        template = letters.to_begin_with(tx, plan.mailings[0].page, current_language())
        draft.take(letters.with_names(tx, template))
        draft.chosen = {each.row.key: set(each.reachable - {me}) for each in plan.mailings}
    return draft


def _typed() -> Draft:
    draft = Draft(
        subject=request.form.get("subject", ""),
        body=request.form.get("body", ""),
        template=request.form.get("template", ""),
    )
    for text in request.form.getlist("to"):
        reference, _space, participant = text.partition(" ")
        key = key_of(participant)
        with suppress(UnknownObject):
            if key is not None:
                draft.chosen.setdefault(RowKey.read(reference), set()).add(key)
    return draft


def _problem(tx: Transaction, plan: MailPlan, draft: Draft) -> str:
    if not draft.narrow(plan):
        return str(_("Choisissez au moins un destinataire."))
    if not draft.subject.strip() or not draft.body.strip():
        return str(_("Il faut un objet et un texte."))
    if len(draft.subject) > LONGEST_SUBJECT or len(draft.body) > LONGEST_TEXT:
        return str(_("L’objet ou le texte est trop long."))
    template = control_mails.altered(tx, draft.template, draft.subject, draft.body)
    try:
        letters.check(template)
    except InvalidTemplate as error:
        return " ".join(map(problem_words, error.problems))
    return ""


def _dialog(
    tx: Transaction, asked: Asked, plan: MailPlan, draft: Draft, *, is_preview: bool = False
) -> str:
    previews = []
    if is_preview:
        template = control_mails.altered(tx, draft.template, draft.subject, draft.body)
        previews = control_mails.written(tx, plan.mailings, draft.chosen, template, most=MOST_SHOWN)
    total = draft.narrow(plan)
    return render_template(
        "control/mail.html",
        asked=asked,
        plan=plan,
        draft=draft,
        previews=previews,
        total=total,
        key_text=key_text,
        UNMAILED=UNMAILED,
        templates=[
            (each.key, f"{each.name} ({LANGUAGES.get(each.language, each.language)})")
            for each in mail_templates.offered(tx)
        ],
    )

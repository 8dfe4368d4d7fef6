"""*Modèles d’e-mails / SMS*: the list, what is done to one of it, and previews in their frame."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response as FlaskResponse
from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.control import RowKey
from rdv_caldav.domain.errors import InvalidInput, InvalidTemplate
from rdv_caldav.domain.mail_templates import MailTemplate, Medium, Occasion, RenderedMessage
from rdv_caldav.services import mail_templates, template_filling
from rdv_web import work
from rdv_web.pages.administration import pages
from rdv_web.pages.administration.template_words import (
    FIELDS,
    LANGUAGE_NAMES,
    OCCASIONS,
    problem_words,
)

PLACE = "/configuration/modeles"
ONE = f"{PLACE}/<int(max=2147483647):template_id>"
PREVIEW_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
"""A mail is shown as its reader will see it, styles included, and can do nothing at all."""

_ORDER = {occasion: place for place, occasion in enumerate(Occasion)}


@pages.get(PLACE, endpoint="mail_templates")
def mail_templates_list() -> str:
    """List the templates of one medium, the agency's own and those that are shipped."""
    medium = medium_asked()
    with work.reading() as tx:
        own = [each for each in mail_templates.listing(tx, work.actor()) if each.medium is medium]
    taken = {each.use for each in own if each.is_default}
    delivered = [each for each in mail_templates.shipped() if each.medium is medium]
    rows = [
        (each, each.is_default or (not each.id and each.use not in taken))
        for each in (*own, *delivered)
    ]
    rows.sort(key=_place)
    return render_template(
        "administration/templates.html",
        rows=rows,
        medium=medium,
        OCCASIONS=OCCASIONS,
        LANGUAGE_NAMES=LANGUAGE_NAMES,
    )


def _place(row: tuple[MailTemplate, bool]) -> tuple[bool, int, bool, bool]:
    """Return where a template stands in the list: retired ones last, own ones before shipped."""
    template, _is_default = row
    return (
        not template.active,
        _ORDER[template.occasion],
        template.language != "fr",
        not template.id,
    )


def medium_asked() -> Medium:
    """Return the tab that an address names."""
    return Medium.SMS if request.args.get("canal") == "sms" else Medium.MAIL


@pages.post(f"{PLACE}/<key>/copie")
def copy_template(key: str) -> Response:
    """Copy a template, and open the copy."""

    def copy(tx: Transaction) -> MailTemplate:
        name = _("%(name)s (copie)", name=mail_templates.find(tx, key).name)
        return mail_templates.duplicate(tx, work.actor(), key, name, now=work.now())

    try:
        kept = work.write(copy)
    except InvalidTemplate:
        raise
    except InvalidInput:
        flash(_("Il y a trop de modèles : retirer ne suffit pas, modifiez-en un."), "error")
        return redirect(url_for("administration.mail_templates"))
    flash(_("« %(name)s » est créé : à vous de le modifier.", name=kept.name), "success")
    return redirect(url_for("administration.edit_template", template_id=kept.id))


@pages.post(f"{ONE}/retrait")
def retire_template(template_id: int) -> Response:
    """Retire a template, or bring it back."""
    active = request.form.get("active") == "yes"

    def retire(tx: Transaction) -> MailTemplate:
        return mail_templates.retire(tx, work.actor(), template_id, active=active, now=work.now())

    words = _("« %(name)s » est proposé de nouveau.") if active else _("« %(name)s » est retiré.")
    return _done(retire, words)


@pages.post(f"{ONE}/par-defaut")
def choose_default_template(template_id: int) -> Response:
    """Take a template for its occasion and language, or the shipped one again."""
    chosen = request.form.get("chosen") == "yes"

    def choose(tx: Transaction) -> MailTemplate:
        return mail_templates.choose_default(
            tx, work.actor(), template_id, chosen=chosen, now=work.now()
        )

    words = (
        _("« %(name)s » est désormais le modèle par défaut.")
        if chosen
        else _("« %(name)s » n’est plus le modèle par défaut.")
    )
    return _done(choose, words)


def _done(change: Callable[[Transaction], MailTemplate], words: str) -> Response:
    changed = work.write(change)
    flash(words % {"name": changed.name}, "success")
    return redirect(url_for("administration.mail_templates", canal=tab_of(changed.medium)))


def tab_of(medium: Medium) -> str | None:
    """Return how addresses name a tab; the first one has no name."""
    return "sms" if medium is Medium.SMS else None


# -- previews -----------------------------------------------------------------------------


@pages.get(f"{PLACE}/apercu/<key>")
def preview_template(key: str) -> FlaskResponse:
    """Show a stored or shipped template, filled in."""
    with work.reading() as tx:
        template = mail_templates.find(tx, key)
        return preview_answer(tx, template, request.args.get("exemple", ""))


def preview_answer(tx: Transaction, template: MailTemplate, example: str) -> FlaskResponse:
    """Return a page of its own, for a frame: a template on a rendez-vous, or what is wrong."""
    message: RenderedMessage | None = None
    problems: list[tuple[str, str]] = []
    key = RowKey.read(example) if example else None
    try:
        message = template_filling.preview(
            tx,
            work.actor(),
            template,
            key.appointment_id if key else None,
            original=key.original if key else None,
        )
    except InvalidTemplate as error:
        problems = [(str(FIELDS[each.field]), problem_words(each)) for each in error.problems]
    page = render_template(
        "administration/template_preview.html",
        message=message,
        problems=problems,
        is_sms=template.medium is Medium.SMS,
    )
    answer = make_response(page)
    answer.headers["Content-Security-Policy"] = PREVIEW_POLICY
    return answer

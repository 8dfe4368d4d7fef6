"""Writing one template: its texts, the variables beside them, previews and a test to oneself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flask import Response as FlaskResponse
from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.control import ControlRow, RowKey
from rdv_caldav.domain.errors import InvalidInput, InvalidTemplate
from rdv_caldav.domain.mail_templates import (
    LONGEST_NAME,
    LONGEST_SUBJECT,
    MailTemplate,
    Medium,
    Occasion,
    TemplateProblem,
)
from rdv_caldav.services import mail_templates, template_filling
from rdv_web import work
from rdv_web.forms import Form, refuse
from rdv_web.languages import current_language
from rdv_web.pages.administration import pages
from rdv_web.pages.administration.template_words import (
    FIELDS,
    LANGUAGE_NAMES,
    NO_ADDRESS,
    OCCASIONS,
    problem_words,
)
from rdv_web.pages.administration.templates import (
    ONE,
    PLACE,
    medium_asked,
    preview_answer,
    tab_of,
)

Answer = Response | str | tuple[str, int]


class TemplateForm(Form):
    """A template; what may stand in its texts is checked where it is stored."""

    name = StringField(FIELDS["name"], render_kw={"maxlength": LONGEST_NAME, "required": True})
    occasion = SelectField(
        lazy_gettext("Occasion"),
        choices=[SelectChoice(occasion.value, words) for occasion, words in OCCASIONS.items()],
        default=Occasion.MESSAGE.value,
    )
    language = SelectField(
        lazy_gettext("Langue"),
        choices=[SelectChoice(code, words) for code, words in LANGUAGE_NAMES.items()],
    )
    subject = StringField(FIELDS["subject"], render_kw={"maxlength": LONGEST_SUBJECT})
    text = TextAreaField(FIELDS["text"])
    html = TextAreaField(FIELDS["html"])

    def to_template(self, medium: Medium, template_id: int = 0) -> MailTemplate:
        """Return what was filled in."""
        return MailTemplate(
            id=template_id,
            name=self.name.data or "",
            occasion=Occasion(self.occasion.data),
            language=self.language.data,
            medium=medium,
            subject=self.subject.data or "",
            text=self.text.data or "",
            html=self.html.data or "",
        )

    def complain(self, problems: Sequence[TemplateProblem]) -> None:
        """Say beside each field what is wrong in it."""
        for problem in problems:
            refuse(self[problem.field], problem_words(problem))


@pages.route(f"{PLACE}/nouveau", methods=["GET", "POST"])
def new_template() -> Answer:
    """Write a new template."""
    medium = medium_asked()
    with work.reading() as tx:
        start = mail_templates.standard(tx, Occasion.MESSAGE, current_language(), medium)
    form = TemplateForm(obj=replace(start, name=""))
    if not form.is_submitted():
        return _page(form, medium, shown=start)
    if not form.validate():
        return _page(form, medium), 422
    template = form.to_template(medium)
    if request.form.get("do") == "test":
        return _tested(form, template)
    try:
        kept = work.write(
            lambda tx: mail_templates.create(tx, work.actor(), template, now=work.now())
        )
    except InvalidInput as error:
        return _refused(form, template, error)
    flash(_("Le modèle « %(name)s » est créé.", name=kept.name), "success")
    return redirect(url_for("administration.edit_template", template_id=kept.id))


@pages.route(ONE, methods=["GET", "POST"])
def edit_template(template_id: int) -> Answer:
    """Change a template."""
    with work.reading() as tx:
        stored = tx.mail_templates.get(template_id)
    if stored is None:
        abort(404)
    form = TemplateForm(obj=stored)
    if not form.is_submitted():
        return _page(form, stored.medium, stored)
    if not form.validate():
        return _page(form, stored.medium, stored), 422
    template = form.to_template(stored.medium, template_id)
    if request.form.get("do") == "test":
        return _tested(form, template, stored)
    try:
        work.write(lambda tx: mail_templates.change(tx, work.actor(), template, now=work.now()))
    except InvalidInput as error:
        return _refused(form, template, error, stored)
    flash(_("Le modèle « %(name)s » est enregistré.", name=template.name), "success")
    return redirect(url_for("administration.edit_template", template_id=template_id))


@pages.post(f"{PLACE}/apercu")
def preview_typed() -> FlaskResponse:
    """Show in its frame what is being written; nothing of it is kept."""
    form = TemplateForm()
    if not form.validate():
        abort(422)
    template = form.to_template(medium_asked())
    with work.reading() as tx:
        return preview_answer(tx, template, request.form.get("example", ""))


def _tested(
    form: TemplateForm, template: MailTemplate, stored: MailTemplate | None = None
) -> Answer:
    """Send what is being written to whoever writes it; it is not stored by that."""
    example = request.form.get("example", "")
    if not example:
        flash(_("Choisissez un rendez-vous pour l’essai."), "error")
        return _page(form, template.medium, stored), 422
    key = RowKey.read(example)

    def send(tx: Transaction) -> str:
        return template_filling.send_test(
            tx,
            work.actor(),
            template,
            key.appointment_id,
            now=work.now(),
            original=key.original,
        )

    try:
        address = work.write(send)
    except InvalidInput as error:
        if not isinstance(error, InvalidTemplate):
            flash(NO_ADDRESS, "error")
        return _refused(form, template, error, stored)
    flash(_("L’essai est prêt à partir vers %(address)s.", address=address), "success")
    return _page(form, template.medium, stored)


def _refused(
    form: TemplateForm,
    template: MailTemplate,
    error: InvalidInput,
    stored: MailTemplate | None = None,
) -> Answer:
    if isinstance(error, InvalidTemplate):
        form.complain(error.problems)
    elif request.form.get("do") != "test":
        flash(_("Il y a trop de modèles : modifiez-en un."), "error")
    return _page(form, template.medium, stored), 422


def _page(
    form: TemplateForm,
    medium: Medium,
    stored: MailTemplate | None = None,
    *,
    shown: MailTemplate | None = None,
) -> str:
    """Show the editor; its preview begins with ``shown``, else with what is stored."""
    with work.reading() as tx:
        examples = template_filling.examples(tx, work.actor())
    person = work.actor().person
    return render_template(
        "administration/template.html",
        form=form,
        medium=medium,
        stored=stored,
        shown=shown or stored,
        examples=examples,
        chosen=request.form.get("example", _first(examples)),
        own_address=person.addresses[0] if person and person.addresses else "",
        variables=mail_templates.VARIABLES,
        filters=mail_templates.FILTERS,
        meaning_in=current_language(),
        tab=tab_of(medium),
    )


def _first(examples: Sequence[ControlRow]) -> str:
    return str(examples[0].key) if examples else ""

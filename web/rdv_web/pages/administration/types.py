"""*Configuration > Rendez-vous*: the types with their colours, and the rules of conflict."""

from __future__ import annotations

from dataclasses import replace

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms import IntegerField, RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import ColorInput

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AppointmentType, TypeCategory
from rdv_caldav.domain.conflicts import ConflictCode, ConflictRule
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.services import agency_settings, reminders
from rdv_web import work
from rdv_web.colours import BLACK, ENOUGH, WHITE, contrast, readable_on
from rdv_web.forms import Form, refuse
from rdv_web.pages.administration import pages

CATEGORIES: dict[TypeCategory, LazyString] = {
    TypeCategory.CLIENT: lazy_gettext("Rendez-vous client"),
    TypeCategory.INTERNE: lazy_gettext("Rendez-vous interne"),
    TypeCategory.INTERVENANT: lazy_gettext("Rendez-vous intervenant"),
}
CONFLICTS: dict[ConflictCode, LazyString] = {
    ConflictCode.OVERLAP: lazy_gettext("Une même personne a deux rendez-vous en même temps"),
    ConflictCode.PERSONAL: lazy_gettext("La personne est occupée dans un agenda personnel"),
    ConflictCode.HOURS: lazy_gettext("Le rendez-vous est hors de ses horaires de travail"),
}
_COLOURS = {
    TypeCategory.CLIENT: "#1f5fbf",
    TypeCategory.INTERNE: "#6d28d9",
    TypeCategory.INTERVENANT: "#0f766e",
}


class TypeForm(Form):
    """A type of rendez-vous."""

    label = StringField(
        lazy_gettext("Nom"),
        validators=[InputRequired(), Length(max=agency_settings.MAX_LABEL)],
    )
    category = RadioField(
        lazy_gettext("Catégorie"),
        choices=[SelectChoice(category.value, words) for category, words in CATEGORIES.items()],
        default=TypeCategory.CLIENT.value,
    )
    colour = StringField(lazy_gettext("Couleur"), widget=ColorInput(), default="#1f5fbf")
    reminder = IntegerField(
        lazy_gettext("Rappel par défaut, en minutes avant le début"),
        validators=[Optional(), NumberRange(min=0, max=reminders.LONGEST)],
    )


@pages.get("/configuration/rendez-vous")
def types() -> str:
    """List the types and the rules of conflict."""
    with work.reading() as tx:
        known, settings = tx.agency.types(), tx.agency.settings()
    return render_template(
        "administration/types.html",
        types=known,
        by_default=set(settings.default_types.values()),
        reminders=settings.default_reminders,
        rules=settings.conflict_rules,
        CATEGORIES=CATEGORIES,
        CONFLICTS=CONFLICTS,
    )


@pages.route("/configuration/rendez-vous/nouveau", methods=["GET", "POST"])
def new_type() -> Response | str | tuple[str, int]:
    """Add a type."""
    form = TypeForm()
    if form.is_submitted() and form.validate() and _keep(form, None):
        flash(_("Le type « %(name)s » est ajouté.", name=form.label.data), "success")
        return redirect(url_for("administration.types"))
    return _type_page(form, None)


@pages.route("/configuration/rendez-vous/<code>", methods=["GET", "POST"])
def edit_type(code: str) -> Response | str | tuple[str, int]:
    """Rename or recolour a type."""
    with work.reading() as tx:
        kind = next((each for each in tx.agency.types() if each.code == code), None)
        reminder = tx.agency.settings().default_reminders.get(code)
    if kind is None:
        abort(404)
    form = TypeForm(
        data={
            "label": kind.label,
            "category": kind.category.value,
            "colour": kind.colour,
            "reminder": reminder,
        }
    )
    if form.is_submitted() and form.validate() and _keep(form, kind):
        flash(_("Le type « %(name)s » est enregistré.", name=form.label.data), "success")
        return redirect(url_for("administration.types"))
    return _type_page(form, kind)


@pages.post("/configuration/rendez-vous/<code>/place")
def move_type(code: str) -> Response:
    """Move a type up or down the list."""
    places = 1 if request.form.get("direction") == "down" else -1
    work.write(lambda tx: agency_settings.move_type(tx, work.actor(), code, places, now=work.now()))
    return redirect(url_for("administration.types", _anchor=f"type-{code}"))


@pages.post("/configuration/rendez-vous/<code>/retrait")
def retire_type(code: str) -> Response:
    """Retire a type, or bring it back; the appointments that have it keep it."""
    active = request.form.get("active") == "yes"
    with work.reading() as tx:
        kind = next((each for each in tx.agency.types() if each.code == code), None)
    if kind is None:
        abort(404)
    changed = replace(kind, active=active)
    try:
        work.write(
            lambda tx: agency_settings.change_type(tx, work.actor(), changed, now=work.now())
        )
    except InvalidInput:
        flash(
            _("Ce type est choisi dans les valeurs par défaut : choisissez-en d’abord un autre."),
            "error",
        )
    else:
        words = (
            _("« %(name)s » est proposé de nouveau.")
            if active
            else _("« %(name)s » n’est plus proposé.")
        )
        flash(words % {"name": kind.label}, "success")
    return redirect(url_for("administration.types"))


@pages.post("/configuration/rendez-vous/conflits")
def save_conflict_rules() -> Response:
    """Keep what the agency makes of each kind of conflict."""
    rules = tuple(
        ConflictRule(
            code=code,
            blocking=request.form.get(code.value) == "blocking",
            enabled=request.form.get(code.value) != "off",
        )
        for code in ConflictCode
    )
    changes = {"conflict_rules": rules}
    work.write(lambda tx: agency_settings.change(tx, work.actor(), changes, now=work.now()))
    flash(_("Les règles de conflit sont enregistrées."), "success")
    return redirect(url_for("administration.types"))


@pages.get("/configuration/rendez-vous/apercu")
def type_preview() -> str:
    """Show how a name and a colour look, and whether they can be read."""
    form = TypeForm(request.args)
    return _preview(form.label.data or "", form.colour.data or "")


def _keep(form: TypeForm, kind: AppointmentType | None) -> bool:
    """Store what the form says; False when it cannot be, with words beside the field."""
    try:
        work.write(lambda tx: _store(tx, form, kind))
    except InvalidInput:
        refuse(form.label, _("Ce nom est déjà pris, ou ne peut pas être utilisé."))
        return False
    return True


def _store(tx: Transaction, form: TypeForm, kind: AppointmentType | None) -> None:
    actor, now = work.actor(), work.now()
    label, colour = form.label.data or "", form.colour.data or ""
    category = TypeCategory(form.category.data)
    if kind is None:
        code = agency_settings.add_type(
            tx, actor, label=label, category=category, colour=colour, now=now
        ).code
    else:
        code = kind.code
        changed = replace(kind, label=label, category=category, colour=colour)
        agency_settings.change_type(tx, actor, changed, now=now)
    reminders.set_default(tx, code, form.reminder.data, now=now, actor=actor)


def _type_page(form: TypeForm, kind: AppointmentType | None) -> str | tuple[str, int]:
    page = render_template(
        "administration/type.html",
        form=form,
        kind=kind,
        preview=_preview(form.label.data or "", form.colour.data or ""),
        suggestions=_COLOURS,
    )
    return (page, 422) if form.is_submitted() else page


def _preview(label: str, colour: str) -> str:
    try:
        ratio = max(contrast(colour, WHITE), contrast(colour, BLACK))
        against_page = contrast(colour, WHITE)
    except ValueError:
        return render_template("administration/type_preview.html", colour="")
    return render_template(
        "administration/type_preview.html",
        label=label or _("Rendez-vous"),
        colour=colour,
        on_colour=readable_on(colour),
        ratio=ratio,
        edge_ratio=against_page,
        enough=ENOUGH,
    )

"""*Valeurs par défaut > Fiche rendez-vous*: what a new rendez-vous starts with."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response
from wtforms import (
    BooleanField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from rdv_caldav.domain.agency import AgencySettings, PersonKind
from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.defaults import AppointmentDefaults
from rdv_caldav.services import agency_settings, mail_templates
from rdv_caldav.services.reminders import LONGEST
from rdv_web import formats, work
from rdv_web.forms import Form
from rdv_web.pages.administration import pages

LONGEST_APPOINTMENT = 31 * 24 * 60
"""Minutes."""


class DefaultsForm(Form):
    """The defaults, with a type for each kind of person in whose fiche one plans."""

    type_client = SelectField(lazy_gettext("Type, depuis la fiche d’un client"))
    type_intervenant = SelectField(lazy_gettext("Type, depuis la fiche d’un intervenant"))
    type_gestionnaire = SelectField(lazy_gettext("Type, depuis la fiche d’un gestionnaire"))
    subject = StringField(lazy_gettext("Objet"), validators=[Length(max=500)])
    start_time = TimeField(lazy_gettext("Heure de début"), validators=[Optional()])
    duration_minutes = IntegerField(
        lazy_gettext("Durée, en minutes"),
        validators=[InputRequired(), NumberRange(min=5, max=LONGEST_APPOINTMENT)],
    )
    location_is_home = BooleanField(
        lazy_gettext("Proposer l’adresse du client chez qui le rendez-vous est créé")
    )
    location = StringField(lazy_gettext("Lieu"), validators=[Length(max=1000)])
    notes = TextAreaField(lazy_gettext("Notes"), validators=[Length(max=20_000)])
    participant_ids = SelectMultipleField(lazy_gettext("Participants d’office"), coerce=int)
    presence = SelectField(lazy_gettext("Présence initiale des participants"))
    reminder_minutes = IntegerField(
        lazy_gettext("Rappel, en minutes avant le début"),
        validators=[Optional(), NumberRange(min=0, max=LONGEST)],
    )
    template_id = SelectField(
        lazy_gettext("Modèle de mail"), coerce=lambda value: int(value) if value else None
    )
    invites_automatically = BooleanField(
        lazy_gettext("Inviter les participants par e-mail dès l’enregistrement")
    )

    def to_defaults(self) -> AppointmentDefaults:
        """Return what was filled in."""
        return AppointmentDefaults(
            subject=(self.subject.data or "").strip(),
            start_time=self.start_time.data,
            duration_minutes=self.duration_minutes.data or 60,
            location=(self.location.data or "").strip(),
            location_is_home=bool(self.location_is_home.data),
            notes=self.notes.data or "",
            participant_ids=tuple(self.participant_ids.data or ()),
            presence=Presence(self.presence.data),
            reminder_minutes=self.reminder_minutes.data,
            template_id=self.template_id.data,
            invites_automatically=bool(self.invites_automatically.data),
        )


@pages.get("/valeurs-par-defaut/rendez-vous")
def appointment_defaults() -> str:
    """Show the defaults."""
    settings = _settings()
    values = settings.appointment_defaults
    types = {f"type_{kind.value}": code for kind, code in settings.default_types.items()}
    form = _form(obj=values, data=types | {"presence": values.presence.value})
    return render_template("administration/defaults.html", form=form)


@pages.post("/valeurs-par-defaut/rendez-vous")
def save_appointment_defaults() -> Response | tuple[str, int]:
    """Keep the defaults."""
    form = _form()
    if not form.validate():
        return render_template("administration/defaults.html", form=form), 422
    types = {kind: form[f"type_{kind.value}"].data for kind in PersonKind}
    changes = {"default_types": types, "appointment_defaults": form.to_defaults()}
    work.write(lambda tx: agency_settings.change(tx, work.actor(), changes, now=work.now()))
    flash(_("Les valeurs par défaut sont enregistrées."), "success")
    return redirect(url_for("administration.appointment_defaults"))


def _settings() -> AgencySettings:
    with work.reading() as tx:
        return tx.agency.settings()


def _form(**start: object) -> DefaultsForm:
    form = DefaultsForm(**start)
    with work.reading() as tx:
        types = [SelectChoice(kind.code, kind.label) for kind in tx.agency.types() if kind.active]
        written = mail_templates.offered(tx)
        staff = [
            person for person in tx.people.everyone() if person.kind is PersonKind.GESTIONNAIRE
        ]
    for kind in PersonKind:
        form[f"type_{kind.value}"].choices = types
    form.participant_ids.choices = [SelectChoice(str(person.id), person.name) for person in staff]
    form.presence.choices = [
        SelectChoice(presence.value, formats.PRESENCES[presence])
        for presence in (Presence.NEEDS_ACTION, Presence.ACCEPTED, Presence.TENTATIVE)
    ]
    form.template_id.choices = [
        SelectChoice("", _("Celui de l’occasion")),
        *(SelectChoice(each.key, each.name) for each in written if each.id),
    ]
    return form

"""*Configuration > Règles des rendez-vous*: answers, rights, space of one's own."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, NumberRange

from rdv_caldav.domain.devices import AccountPasswordOnCaldav
from rdv_caldav.services import agency_settings
from rdv_web import work
from rdv_web.forms import Form
from rdv_web.pages.administration import pages

MEGABYTE = 1_000_000
LARGEST_QUOTA = 100_000
"""Megabytes."""

MOST_COLLECTIONS = 10_000

_SWITCHES = (
    "reset_answers_on_change",
    "intervenants_edit_own",
    "notes_shown_to_clients",
)


class RulesForm(Form):
    """Settings by their names, save the quota, which people count in megabytes."""

    reset_answers_on_change = BooleanField(
        lazy_gettext(
            "Redemander leur réponse aux participants quand la date, l’heure ou le lieu change"
        )
    )
    intervenants_edit_own = BooleanField(
        lazy_gettext("Les intervenants modifient les rendez-vous dont ils sont propriétaires")
    )
    notes_shown_to_clients = BooleanField(lazy_gettext("Les clients lisent les notes"))
    account_password_on_caldav = SelectField(
        lazy_gettext("Les programmes acceptent le mot de passe du compte"),
        choices=[
            SelectChoice("until_device", lazy_gettext("jusqu’à son premier appareil")),
            SelectChoice("always", lazy_gettext("toujours")),
            SelectChoice("never", lazy_gettext("jamais")),
        ],
        default=AccountPasswordOnCaldav.UNTIL_DEVICE.value,
    )
    personal_collections = IntegerField(
        lazy_gettext("Agendas et dossiers personnels par compte"),
        validators=[InputRequired(), NumberRange(min=0, max=MOST_COLLECTIONS)],
    )
    personal_megabytes = IntegerField(
        lazy_gettext("Place par compte, en mégaoctets"),
        validators=[InputRequired(), NumberRange(min=1, max=LARGEST_QUOTA)],
    )

    def to_settings(self) -> dict[str, object]:
        """Return what was filled in, by the names of settings."""
        switches = {name: bool(self[name].data) for name in _SWITCHES}
        chosen: dict[str, object] = {}
        if self.account_password_on_caldav.raw_data:
            policy = AccountPasswordOnCaldav(self.account_password_on_caldav.data)
            chosen["account_password_on_caldav"] = policy
        return (
            switches
            | chosen
            | {
                "personal_collections": self.personal_collections.data,
                "personal_quota": (self.personal_megabytes.data or 1) * MEGABYTE,
            }
        )


@pages.get("/configuration/regles")
def rules() -> str:
    """Show the rules."""
    with work.reading() as tx:
        settings = tx.agency.settings()
    space = {"personal_megabytes": max(settings.personal_quota // MEGABYTE, 1)}
    form = RulesForm(obj=settings, data=space)
    return render_template("administration/rules.html", form=form)


@pages.post("/configuration/regles")
def save_rules() -> Response | tuple[str, int]:
    """Keep the rules."""
    form = RulesForm()
    if not form.validate():
        return render_template("administration/rules.html", form=form), 422
    changes = form.to_settings()
    work.write(lambda tx: agency_settings.change(tx, work.actor(), changes, now=work.now()))
    flash(_("Les règles sont enregistrées."), "success")
    return redirect(url_for("administration.rules"))

"""*Mes options* (modules on or off) and *Paramètres*, where everything else is found."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from rdv_caldav.domain.searching import folded
from rdv_caldav.services import agency_settings
from rdv_web import work
from rdv_web.pages.administration import pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A part of the program that an agency can do without; ``setting`` is what switches it."""

    setting: str
    name: LazyString
    words: LazyString


OPTIONS = (
    Option(
        setting="module_enabled",
        name=lazy_gettext("Rendez-vous"),
        words=lazy_gettext(
            "Planifier les rendez-vous des clients, des intervenants et des gestionnaires, dans "
            "le panneau et dans leurs agendas. Désactivé, les menus et les agendas "
            "disparaissent ; les données restent."
        ),
    ),
    Option(
        setting="personal_calendars",
        name=lazy_gettext("Agendas personnels"),
        words=lazy_gettext(
            "Chaque compte peut créer ses propres agendas depuis son téléphone ou son logiciel. "
            "Les autres ne voient que quand il est occupé."
        ),
    ),
)


@pages.get("/options")
def options() -> str:
    """List what can be switched on and off, by what is searched for."""
    with work.reading() as tx:
        settings = tx.agency.settings()
    wanted = request.args.get("q", "").strip()
    found = [
        option for option in OPTIONS if folded(wanted) in folded(f"{option.name} {option.words}")
    ]
    return render_template(
        "administration/options.html", options=found, settings=settings, wanted=wanted
    )


@pages.post("/options/<setting>")
def switch_option(setting: str) -> Response:
    """Switch a part of the program on or off."""
    option = next((each for each in OPTIONS if each.setting == setting), None)
    if option is not None:
        enabled = request.form.get("enabled") == "yes"
        work.write(
            lambda tx: agency_settings.change(tx, work.actor(), {setting: enabled}, now=work.now())
        )
        words = _("« %(name)s » est activé.") if enabled else _("« %(name)s » est désactivé.")
        flash(words % {"name": option.name}, "success")
    return redirect(url_for("administration.options"))


@pages.get("/parametres")
def parameters() -> str:
    """Show the way to all settings, as the menu of the agency's software has them."""
    return render_template(
        "administration/parameters.html", exists=current_app.view_functions.__contains__
    )

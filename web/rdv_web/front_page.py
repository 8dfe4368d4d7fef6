"""The front page: what this is and how to connect, or the day of whoever is logged in."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from flask_login import current_user

from rdv_caldav.services import home
from rdv_caldav.services.first_steps import Step
from rdv_web import work
from rdv_web.languages import current_language
from rdv_web.pages.appointments.wording import CONFLICTS

pages = Blueprint("front_page", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWords:
    """What the guide says of a step, and the page on which it is done."""

    label: LazyString
    hint: LazyString
    endpoint: str


STEPS = {
    Step.AGENCY: StepWords(
        label=_("Nom et règles de l’agence"),
        hint=_("Comment l’agence s’appelle dans les agendas et les e-mails, et ce qu’elle permet."),
        endpoint="administration.rules",
    ),
    Step.TYPES: StepWords(
        label=_("Types de rendez-vous"),
        hint=_(
            "Les types proposés conviennent peut-être : vous pouvez les renommer ou en ajouter."
        ),
        endpoint="administration.types",
    ),
    Step.PEOPLE: StepWords(
        label=_("Importer les fiches"),
        hint=_(
            "Clients, intervenants et gestionnaires depuis un fichier CSV, avec un essai avant."
        ),
        endpoint="people.import_file",
    ),
    Step.APPOINTMENT: StepWords(
        label=_("Premier rendez-vous"),
        hint=_("Un type, une date, un lieu, des participants."),
        endpoint="appointments.new",
    ),
    Step.CALENDAR: StepWords(
        label=_("Connecter un agenda"),
        hint=_("Sur le téléphone ou l’ordinateur : les rendez-vous y arrivent d’eux-mêmes."),
        endpoint="front_page.connecting",
    ),
}


@pages.get("/")
def front_page() -> str:
    """Show the week of whoever is logged in, and to a visitor what this is."""
    return _home() if current_user.is_authenticated else _connecting()


@pages.get("/agenda")
def connecting() -> str:
    """Show the address to connect to, and how each program takes it."""
    return _connecting()


def _home() -> str:
    with work.reading() as tx:
        if not tx.agency.settings().module_enabled:
            return render_template("home/off.html")
        found = home.read(tx, work.actor(), now=work.now())
        labels = {each.code: each.label for each in tx.agency.types()}
    return render_template(
        "home/home.html", home=found, labels=labels, steps=STEPS, CLASHES=CONFLICTS
    )


def _connecting() -> str:
    with work.reading() as tx:
        settings = tx.agency.settings()
    root = (work.book().settings.public_url or request.host_url).rstrip("/")
    return render_template(
        f"{current_language()}/front.html",
        name=settings.name,
        caldav_url=f"{root}/dav/",
        is_demo=settings.demo,
    )

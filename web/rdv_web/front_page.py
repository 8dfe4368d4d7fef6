"""The front page: what this is and how to connect, or the day of whoever is logged in."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask_login import current_user

from rdv_caldav.services import home
from rdv_web import work
from rdv_web.languages import current_language
from rdv_web.pages.appointments.wording import CONFLICTS

pages = Blueprint("front_page", __name__)


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
    return render_template("home/home.html", home=found, labels=labels, CLASHES=CONFLICTS)


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

"""*Mon compte > Rendez-vous*: those of the account's own person."""

from __future__ import annotations

from flask import render_template, url_for

from rdv_caldav.domain.errors import ModuleOff
from rdv_web import work
from rdv_web.pages import own_appointments
from rdv_web.pages.account import pages


@pages.get("/rendez-vous")
def appointments() -> tuple[str, int]:
    """List them, with filters."""
    person = work.actor().person
    with work.reading() as tx:
        if not tx.agency.settings().module_enabled:
            raise ModuleOff("the module Rendez-vous is switched off")
        if person is None:
            return render_template("account/nobody.html"), 200
        listed = own_appointments.listed(
            tx, person, lambda pairs: url_for("account.appointments", **pairs)
        )
    return render_template("account/appointments.html", listed=listed), listed.status

"""The tabs of a fiche."""

from __future__ import annotations

from flask import current_app, url_for
from flask_babel import gettext as _

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Person

Tab = tuple[str, str, bool, str]


def tabs_of(tx: Transaction, person: Person, current: str) -> list[Tab]:
    """Return the tabs as the layout wants them; those of rendez-vous go with the module."""
    slug = person.slug
    tabs = [(_("Fiche"), url_for("people.fiche", slug=slug), current == "fiche", "user-round")]
    if tx.agency.settings().module_enabled:
        listed = url_for("people.appointments", slug=slug)
        tabs.append((_("Rendez-vous"), listed, current == "appointments", "calendar"))
        if "planning.person" in current_app.view_functions:
            planning = url_for("planning.person", slug=slug)
            tabs.append((_("Planning"), planning, False, "calendar-days"))
    return tabs

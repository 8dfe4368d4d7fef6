"""The rendez-vous of a fiche's person."""

from __future__ import annotations

from flask import render_template, url_for

from rdv_caldav.services import people
from rdv_web import work
from rdv_web.pages import own_appointments
from rdv_web.pages.people import pages
from rdv_web.pages.people.filters import TITLES, mark_kind
from rdv_web.pages.people.tabs import tabs_of


@pages.get("/personnes/<slug>/rendez-vous")
def appointments(slug: str) -> tuple[str, int]:
    """List them, with filters."""
    with work.reading() as tx:
        person = people.fiche(tx, work.actor(), slug).person
        mark_kind(person.kind)
        tabs = tabs_of(tx, person, "appointments")
        listed = own_appointments.listed(
            tx, person, lambda pairs: url_for("people.appointments", slug=slug, **pairs)
        )
    page = render_template(
        "people/appointments.html",
        person=person,
        title=TITLES[person.kind],
        tabs=tabs,
        listed=listed,
    )
    return page, listed.status

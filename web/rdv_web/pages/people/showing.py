"""A fiche to read, with what can be done from it."""

from __future__ import annotations

from flask import render_template

from rdv_caldav.services import people
from rdv_web import work
from rdv_web.languages import LANGUAGES
from rdv_web.pages.people import pages
from rdv_web.pages.people.filters import TITLES, mark_kind
from rdv_web.pages.people.forms import CONTACTS
from rdv_web.pages.people.hours import DAYS, fields_of
from rdv_web.pages.people.tabs import tabs_of


@pages.get("/personnes/<slug>")
def fiche(slug: str) -> str:
    """Show a fiche."""
    actor = work.actor()
    with work.reading() as tx:
        found = people.fiche(tx, actor, slug)
        mark_kind(found.person.kind)
        accounts = people.accounts_of(tx, found.person)
        upcoming = people.upcoming(tx, actor, found.person, now=work.now())
        tabs = tabs_of(tx, found.person, "fiche")
        sectors = {sector.id: sector.name for sector in tx.people.sectors()}
        settings = tx.agency.settings()
    return render_template(
        "people/fiche.html",
        fiche=found,
        person=found.person,
        title=TITLES[found.person.kind],
        tabs=tabs,
        accounts=accounts,
        upcoming=upcoming,
        sector=sectors.get(found.person.sector_id or 0, ""),
        hours=fields_of(found.availability),
        contact_by=CONTACTS[found.contact_by],
        message_language=LANGUAGES.get(found.language, ""),
        DAYS=DAYS,
        module_enabled=settings.module_enabled,
    )

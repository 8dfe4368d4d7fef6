"""Équipe: what many persons have on a day or in a week, one row each."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _

from rdv_caldav.domain.agency import PersonKind
from rdv_caldav.domain.fiches import FicheFilter, FichePlace
from rdv_caldav.services import planning, sectors
from rdv_caldav.services.access import edits_by_role
from rdv_web import work
from rdv_web.menus import STAFF
from rdv_web.pages.planning import pages
from rdv_web.pages.planning.moving import Answer, Toast, answer_move
from rdv_web.pages.planning.periods import View
from rdv_web.pages.planning.showing import Asked, asked, drawn

_VIEWS = (View.DAY, View.WEEK)
_ROWS = {View.DAY: 200, View.WEEK: 60}
"""Persons on one page."""

WHO = {
    "equipe": (_("Toute l’équipe"), planning.TEAM),
    "intervenants": (_("Intervenants"), frozenset({PersonKind.INTERVENANT})),
    "gestionnaires": (_("Gestionnaires"), frozenset({PersonKind.GESTIONNAIRE})),
    "clients": (_("Clients"), frozenset({PersonKind.CLIENT})),
}
"""Whose plannings can be asked for."""

_NO_SECTOR = "aucun"


@pages.get("")
def team() -> Answer:
    """Show what many have; whoever is no staff is led to his own planning."""
    actor = work.actor()
    if not edits_by_role(actor):
        if actor.person is None:
            abort(403)
        vue, date = request.args.get("vue"), request.args.get("date")
        return redirect(url_for("planning.person", slug=actor.person.slug, vue=vue, date=date))
    return render_template("planning/team.html", **_values(asked(_VIEWS, View.DAY)))


@pages.post("")
def move_in_team() -> Answer:
    """Move a date that the page of the team shows."""
    work.allow(*STAFF)
    wanted = asked(_VIEWS, View.DAY)

    def again(toast: Toast) -> str:
        return render_template("planning/moved.html", toast=toast, **_values(wanted))

    return answer_move(again, here=wanted.url())


def _values(wanted: Asked) -> dict[str, Any]:
    view = wanted.period.view
    with work.reading() as tx:
        actor = work.actor()
        found = planning.team(tx, actor, _filter(), _place(), size=_ROWS[view])
        known = [(str(sector.id), sector.name) for sector in sectors.sectors_for(tx, actor)]
        return {
            "who": request.args.get("qui", "equipe"),
            "WHO": {code: label for code, (label, _kinds) in WHO.items()},
            "sectors": [*known, (_NO_SECTOR, _("Sans secteur"))],
            "sector": request.args.get("secteur", ""),
            "words": request.args.get("q", ""),
            "earlier_page": _page_url(wanted, found.before),
            "later_page": _page_url(wanted, found.after),
            "part": f"planning/{view.name.lower()}_of_team.html",
            **drawn(tx, found.persons, wanted),
        }


def _filter() -> FicheFilter:
    _label, kinds = WHO.get(request.args.get("qui", ""), WHO["equipe"])
    sector = request.args.get("secteur", "")
    return FicheFilter(
        kinds=kinds,
        text=request.args.get("q", ""),
        sector_id=_number(sector),
        without_sector=sector == _NO_SECTOR,
    )


def _place() -> FichePlace | None:
    """Return where the page begins: ``+12:dupont jean`` beyond that person, ``-…`` before him."""
    written = request.args.get("page", "")
    number, _colon, name_key = written[1:].partition(":")
    person_id = _number(number)
    if written[:1] not in ("+", "-") or person_id is None:
        return None
    return FichePlace(name_key=name_key, person_id=person_id, backwards=written[0] == "-")


def _number(written: str) -> int | None:
    """Return an id that an address names, None for what is none."""
    is_id = written.isascii() and written.isdigit() and len(written) < len(str(2**31))
    return int(written) if is_id else None


def _page_url(wanted: Asked, place: FichePlace | None) -> str:
    if place is None:
        return ""
    sign = "-" if place.backwards else "+"
    return wanted.url(page=f"{sign}{place.person_id}:{place.name_key}")

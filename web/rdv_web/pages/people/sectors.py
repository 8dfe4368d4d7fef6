"""The secteurs: adding and renaming them."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from rdv_caldav.domain.agency import Role
from rdv_caldav.domain.errors import InvalidInput, SectorTaken
from rdv_caldav.services import sectors as services
from rdv_web import work
from rdv_web.pages.people import pages

Answer = Response | tuple[str, int]


@pages.get("/secteurs")
def sectors() -> str:
    """List the secteurs, each in a small form."""
    work.allow(Role.ADMINISTRATEUR)
    return _page()


@pages.post("/secteurs")
def add_sector() -> Answer:
    """Add a secteur."""
    name, actor, now = request.form.get("name", ""), work.actor(), work.now()
    try:
        added = work.write(lambda tx: services.add_sector(tx, actor, name, now=now))
    except InvalidInput as error:
        return _page(typed=name, problem=_words(error)), 422
    flash(_("Le secteur « %(name)s » est ajouté.", name=added.name), "success")
    return redirect(url_for("people.sectors"))


@pages.post("/secteurs/<int(max=2147483647):sector_id>")
def rename_sector(sector_id: int) -> Answer:
    """Rename a secteur."""
    name, actor, now = request.form.get("name", ""), work.actor(), work.now()
    try:
        after = work.write(lambda tx: services.rename_sector(tx, actor, sector_id, name, now=now))
    except InvalidInput as error:
        return _page(typed=name, problem=_words(error), about=sector_id), 422
    flash(_("Le secteur s’appelle « %(name)s ».", name=after.name), "success")
    return redirect(url_for("people.sectors"))


def _page(*, typed: str = "", problem: str = "", about: int | None = None) -> str:
    with work.reading() as tx:
        found = services.sectors_for(tx, work.actor())
    return render_template(
        "people/sectors.html", sectors=found, typed=typed, problem=problem, about=about
    )


def _words(error: InvalidInput) -> str:
    if isinstance(error, SectorTaken):
        return str(_("Un autre secteur porte déjà ce nom."))
    return str(_("Indiquez un nom de 200 caractères au plus."))

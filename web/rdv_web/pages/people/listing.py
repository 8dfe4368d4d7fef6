"""The lists of clients, intervenants and gestionnaires."""

from __future__ import annotations

from flask import Response, render_template, request, url_for

from rdv_caldav.services import access, people, people_files, sectors
from rdv_web import work
from rdv_web.pages.people import pages
from rdv_web.pages.people.filters import (
    KINDS,
    PATH,
    TITLES,
    read_filter,
    read_place,
    write_filter,
    write_place,
)


@pages.get(PATH)
def listing(kind: str) -> str:
    """Show the fiches of one kind that meet the filter."""
    wanted = read_filter(kind, request.args)
    actor = work.actor()
    with work.reading() as tx:
        found = people.page(tx, actor, wanted, read_place(request.args))
        total = people.count(tx, actor, wanted)
        every_sector = {sector.id: sector.name for sector in tx.people.sectors()}
        choices = sectors.sectors_for(tx, actor)
    said = write_filter(wanted)
    earlier, later = (
        url_for("people.listing", kind=kind, **said, **write_place(place)) if place else ""
        for place in (found.before, found.after)
    )
    return render_template(
        "people/list.html",
        kind=kind,
        title=TITLES[KINDS[kind]],
        wanted=wanted,
        said=said,
        found=found,
        total=total,
        sector_names=every_sector,
        sectors=choices,
        earlier=earlier,
        later=later,
        may_import=access.sees_all_sectors(actor),
    )


@pages.get(f"{PATH}/export.csv")
def export(kind: str) -> Response:
    """Send the fiches that the list shows, all pages of them."""
    with work.reading() as tx:
        wanted = read_filter(kind, request.args)
        pieces = list(people_files.export(tx, work.actor(), wanted))
    headers = {"Content-Disposition": f'attachment; filename="{kind}.csv"'}
    return Response(pieces, mimetype="text/csv", headers=headers)

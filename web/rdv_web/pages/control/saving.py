"""Filters that an account keeps."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.services import control
from rdv_web import work
from rdv_web.pages.control import pages
from rdv_web.pages.control.asked import read_text
from rdv_web.pages.control.table import Answer, table_page


@pages.post("/filtres")
def save() -> Response | Answer:
    """Keep the filter that is shown under a name."""
    asked = read_text(request.form.get("filtre", ""))
    name = request.form.get("nom", "")
    actor = work.actor()

    def change(tx: Transaction) -> None:
        control.save_filter(tx, actor, name, parse_qsl(asked.written), query=asked.written)

    try:
        work.write(change)
    except InvalidInput:
        words = _("Donnez un nom de 1 à 100 caractères ; on garde 50 filtres au plus.")
        with work.reading() as tx:
            return table_page(tx, asked, name_typed=name, name_problem=words)
    flash(_("Le filtre est enregistré."), "success")
    return redirect(asked.url())


@pages.post("/filtres/<int(max=2147483647):filter_id>/suppression")
def forget(filter_id: int) -> Response:
    """Forget a filter."""
    actor = work.actor()
    work.write(lambda tx: control.forget_filter(tx, actor, filter_id))
    flash(_("Le filtre est supprimé."), "success")
    return redirect(url_for("control.table"))

"""The colours of the appointment types, as a stylesheet: pages carry no style of their own."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from rdv_web import work
from rdv_web.colours import readable_on

pages = Blueprint("types", __name__)


@pages.get("/types.css")
def stylesheet() -> Response:
    """Give each type's colour, and the text colour that can be read on it, by its code.

    An element with ``data-type="CODE"`` gets ``--type`` and ``--on-type``.
    """
    with work.reading() as tx:
        types = tx.agency.types()
    text = render_template("types.css", types=types, readable_on=readable_on)
    response = Response(text, mimetype="text/css")
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response

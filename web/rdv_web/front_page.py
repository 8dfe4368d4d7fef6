"""The front page: what this is and how to connect, or the day of whoever is logged in."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from rdv_web import work
from rdv_web.languages import current_language

pages = Blueprint("front_page", __name__)


@pages.get("/")
def front_page() -> str:
    """Show the address to connect to, and how each program takes it."""
    with work.reading() as tx:
        settings = tx.agency.settings()
    root = (work.book().settings.public_url or request.host_url).rstrip("/")
    return render_template(
        f"{current_language()}/front.html",
        name=settings.name,
        caldav_url=f"{root}/dav/",
        is_demo=settings.demo,
    )

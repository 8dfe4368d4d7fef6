"""The front page: what this is, and how to connect one's calendar."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template, request

from rdv_caldav.bootstrap import AppointmentBook
from rdv_web.languages import chosen_language

pages = Blueprint("front_page", __name__)


@pages.get("/")
def front_page() -> str:
    """Show the address to connect to, and how each program takes it."""
    book: AppointmentBook = current_app.extensions["appointment_book"]
    with book.database.reading() as tx:
        settings = tx.agency.settings()
    root = (book.settings.public_url or request.host_url).rstrip("/")
    return render_template(
        f"{chosen_language()}/front.html",
        agency=settings.name,
        caldav_url=f"{root}/dav/",
        is_demo=settings.demo,
    )

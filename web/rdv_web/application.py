"""The Flask application: pages, health, and the headers that every answer carries."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, current_app, g, render_template, request
from flask_login import current_user
from werkzeug.exceptions import HTTPException

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.errors import DomainError
from rdv_caldav.services import access
from rdv_caldav.services.mailing import human_queue
from rdv_web import formats, front_page, health, incoming, languages, sessions, work
from rdv_web.menus import menu_for
from rdv_web.pages import (
    account,
    administration,
    answering,
    appointments,
    control,
    feeds,
    journal,
    login,
    mailing,
    people,
    planning,
    types,
)
from rdv_web.refusals import refusal_of

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

BLUEPRINTS = (
    account.pages,
    administration.pages,
    answering.pages,
    control.pages,
    feeds.pages,
    front_page.pages,
    health.pages,
    journal.pages,
    login.pages,
    mailing.pages,
    people.pages,
    planning.pages,
    types.pages,
    appointments.pages,
)

log = logging.getLogger(__name__)


def create_app(book: AppointmentBook) -> Flask:
    """Return the WSGI application of the pages of an appointment book."""
    app = Flask(__name__)
    app.extensions["appointment_book"] = book
    app.config["MAX_CONTENT_LENGTH"] = book.settings.max_body_size
    app.config["MAX_FORM_MEMORY_SIZE"] = book.settings.max_body_size
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.add_template_filter(_css_string, "css_string")
    incoming.install(app)
    sessions.install(app, book)
    languages.install(app)
    formats.install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, _error_page)
    app.register_error_handler(DomainError, _refusal_page)
    app.after_request(_protect)
    app.context_processor(_layout_values)
    return app


def _layout_values() -> dict[str, Any]:
    values: dict[str, Any] = {
        "language": languages.current_language(),
        "LANGUAGES": languages.LANGUAGES,
        "menu": [],
        "badges": {},
    }
    if current_user.is_authenticated and not g.get("is_failing"):
        settings = agency_settings()
        values |= {
            "agency": settings,
            "actor": current_user.actor,
            "menu": menu_for(
                current_user.actor.account.role,
                module_enabled=settings.module_enabled,
                exists=current_app.view_functions.__contains__,
            ),
            "badges": _badges(settings),
        }
    return values


def _badges(settings: AgencySettings) -> dict[str, int]:
    """Return how much waits behind lines of the menu, by their endpoints."""
    actor = work.actor()
    if not settings.module_enabled or not access.edits_by_role(actor):
        return {}
    with work.reading() as tx:
        return {"mailing.replies": human_queue.open_count(tx, actor)}


def agency_settings() -> AgencySettings:
    """Return the agency's settings, read once a request."""
    if "agency_settings" not in g:
        with work.reading() as tx:
            g.agency_settings = tx.agency.settings()
    found: AgencySettings = g.agency_settings
    return found


def _error_page(error: HTTPException) -> tuple[str, int]:
    status = error.code or 500
    # a page that failed may have failed by what the layout asks of the database
    g.is_failing = status >= 500
    return render_template("error.html", status=status, words=""), status


def _refusal_page(error: DomainError) -> tuple[str, int]:
    refusal = refusal_of(error)
    log.info("refused with %d: %s", refusal.status, type(error).__name__)
    page = render_template("error.html", status=int(refusal.status), words=refusal.words)
    return page, int(refusal.status)


def _css_string(value: str) -> str:
    """Return a text as it stands between quotes in a stylesheet, whatever it holds."""
    return "".join(c if c.isalnum() and c.isascii() else f"\\{ord(c):x} " for c in value)


def _protect(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response

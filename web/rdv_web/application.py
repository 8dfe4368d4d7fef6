"""The Flask application: pages, health, and the headers that every answer carries."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from rdv_caldav.bootstrap import AppointmentBook
from rdv_web import front_page, health
from rdv_web.languages import chosen_language

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def create_app(book: AppointmentBook) -> Flask:
    """Return the WSGI application of the pages of an appointment book."""
    app = Flask(__name__)
    app.extensions["appointment_book"] = book
    app.config["MAX_CONTENT_LENGTH"] = book.settings.max_body_size
    app.register_blueprint(front_page.pages)
    app.register_blueprint(health.pages)
    app.register_error_handler(HTTPException, _error_page)
    app.after_request(_protect)
    app.context_processor(_layout_values)
    return app


def _layout_values() -> dict[str, Any]:
    return {"language": chosen_language()}


def _error_page(error: HTTPException) -> tuple[str, int]:
    status = error.code or 500
    return render_template(f"{chosen_language()}/error.html", status=status), status


def _protect(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response

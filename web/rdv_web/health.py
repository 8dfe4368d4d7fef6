"""``/healthz``: for supervisors and load balancers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.engine import Unreachable
from rdv_caldav.domain.errors import SchemaMismatch

pages = Blueprint("health", __name__)


@pages.get("/healthz")
def health() -> tuple[dict[str, Any], int]:
    """Answer 200 with database, schema version and age of the outbox, else 503."""
    book: AppointmentBook = current_app.extensions["appointment_book"]
    try:
        schema = book.database.check_schema()
        with book.database.reading() as tx:
            oldest = tx.outbox.oldest_pending_at()
    except (Unreachable, SchemaMismatch) as error:
        return {"status": "failing", "reason": type(error).__name__}, 503
    age = (book.clock() - oldest).total_seconds() if oldest else 0
    database = "sqlite" if book.database.is_sqlite else "postgresql"
    return {"status": "ok", "database": database, "schema": schema, "outbox_age": age}, 200

"""Mon compte: everybody's own rendez-vous, and what he decides about his account."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("account", __name__, url_prefix="/compte")

from rdv_web.pages.account import appointments, calendars, notifications, preferences  # noqa: E402

__all__ = ["appointments", "calendars", "notifications", "pages", "preferences"]

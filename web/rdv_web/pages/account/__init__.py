"""Mon compte: everybody's own rendez-vous, and what he decides about his account."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("account", __name__, url_prefix="/compte")

from rdv_web.pages.account import (  # noqa: E402
    appointments,
    calendars,
    devices,
    notifications,
    preferences,
)

__all__ = ["appointments", "calendars", "devices", "notifications", "pages", "preferences"]

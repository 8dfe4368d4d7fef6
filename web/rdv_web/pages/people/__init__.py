"""Fiches: clients, intervenants and gestionnaires. Staff only."""

from __future__ import annotations

from flask import Blueprint

from rdv_caldav.domain.agency import Role
from rdv_web import work

pages = Blueprint("people", __name__)


@pages.before_request
def check_role() -> None:
    """Answer 403 to everybody else."""
    work.allow(Role.ADMINISTRATEUR, Role.GESTIONNAIRE)


from rdv_web.pages.people import (  # noqa: E402
    appointments,
    editing,
    files,
    listing,
    sectors,
    showing,
)

__all__ = ["appointments", "editing", "files", "listing", "pages", "sectors", "showing"]

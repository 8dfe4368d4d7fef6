"""Analyse > Contrôle des informations > Rendez-vous > Tous les rendez-vous. Staff only."""

from __future__ import annotations

from flask import Blueprint

from rdv_caldav.domain.agency import Role
from rdv_web import work

pages = Blueprint("control", __name__, url_prefix="/analyse/rendez-vous")


@pages.before_request
def check_role() -> None:
    """Answer 403 to everybody else."""
    work.allow(Role.ADMINISTRATEUR, Role.GESTIONNAIRE)


from rdv_web.pages.control import bulk, exporting, mailing, preparing, saving, table  # noqa: E402

__all__ = ["bulk", "exporting", "mailing", "pages", "preparing", "saving", "table"]

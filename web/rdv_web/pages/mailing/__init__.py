"""Mails: *Courriels*, what is sent and what became of it, and *Réponses*, what came in. Staff."""

from __future__ import annotations

from flask import Blueprint

from rdv_caldav.domain.agency import Role
from rdv_web import work

pages = Blueprint("mailing", __name__)


@pages.before_request
def check_role() -> None:
    """Answer 403 to everybody else."""
    work.allow(Role.ADMINISTRATEUR, Role.GESTIONNAIRE)


from rdv_web.pages.mailing import messages, replies  # noqa: E402, F401

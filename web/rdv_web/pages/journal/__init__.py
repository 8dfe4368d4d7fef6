"""*Administration > Journal*: who did what, when and from where. Administrateurs only."""

from __future__ import annotations

from flask import Blueprint

from rdv_caldav.domain.agency import Role
from rdv_web import work

pages = Blueprint("journal", __name__, url_prefix="/administration/journal")


@pages.before_request
def check_role() -> None:
    """Answer 403 to everybody else."""
    work.allow(Role.ADMINISTRATEUR)


from rdv_web.pages.journal import listing  # noqa: E402, F401

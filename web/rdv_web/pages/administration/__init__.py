"""Administration: what the agency decides for its rendez-vous. Administrateurs only."""

from __future__ import annotations

from flask import Blueprint

from rdv_caldav.domain.agency import Role
from rdv_web import work

pages = Blueprint("administration", __name__, url_prefix="/administration")


@pages.before_request
def check_role() -> None:
    """Answer 403 to everybody else."""
    work.allow(Role.ADMINISTRATEUR)


from rdv_web.pages.administration import (  # noqa: E402
    defaults,  # noqa: F401
    mailing,  # noqa: F401
    options,  # noqa: F401
    rules,  # noqa: F401
    template_editing,  # noqa: F401
    templates,  # noqa: F401
    types,  # noqa: F401
)

"""Planning: who has what and when, for one person and for the whole team; dates are moved there."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("planning", __name__, url_prefix="/planning")

from rdv_web.pages.planning import pages_of_person as pages_of_person  # noqa: E402 - its views
from rdv_web.pages.planning import pages_of_team as pages_of_team  # noqa: E402 - its views

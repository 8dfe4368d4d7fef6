"""The rendez-vous itself: planning one, changing it, answering, its state, history and mails."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("appointments", __name__, url_prefix="/rendez-vous")

from rdv_web.pages.appointments import actions as actions  # noqa: E402
from rdv_web.pages.appointments import dates as dates  # noqa: E402
from rdv_web.pages.appointments import editing as editing  # noqa: E402
from rdv_web.pages.appointments import inviting as inviting  # noqa: E402
from rdv_web.pages.appointments import mailing as mailing  # noqa: E402

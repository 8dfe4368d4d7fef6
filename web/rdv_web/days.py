"""Days that people type into filters, as instants in the agency's zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from rdv_web import languages


def midnight(typed: Mapping[str, str], name: str, problems: dict[str, str]) -> datetime | None:
    """Return when a day begins in the agency's zone, or the one after it for the last day, « au ».

    None for none; what is no day is told in ``problems``.
    """
    if name not in typed:
        return None
    try:
        day = date.fromisoformat(typed[name])
        day += timedelta(days=name == "au")
        return datetime.combine(day, time(), ZoneInfo(languages.agency_zone()))
    except (ValueError, OverflowError):
        problems[name] = _("Ce n’est pas une date.")
        return None

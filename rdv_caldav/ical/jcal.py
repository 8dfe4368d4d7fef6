"""Objects as jCal, iCalendar's JSON (RFC 7265), by icalendar's own writer."""

from __future__ import annotations

import json

import icalendar


def to_jcal(text: str) -> str:
    """Return a stored object as application/calendar+json."""
    calendar = icalendar.Calendar.from_ical(text)
    return json.dumps(calendar.to_jcal(), ensure_ascii=False, separators=(",", ":"))

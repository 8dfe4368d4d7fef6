"""Chosen dates of an object as components of their own, for files that hold just those."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from rdv_caldav.ical.contentlines import Component, parse_components
from rdv_caldav.ical.expansion import expanded
from rdv_caldav.ical.filters import TimeRange
from rdv_caldav.ical.moments import Clock
from rdv_caldav.ical.timezones import component_key

_MARGIN = timedelta(days=1)


def single_dates(
    text: str, originals: Collection[datetime], *, zone: str, start: datetime, end: datetime
) -> str:
    """Return an object with the dates of its series that stand at ``originals``, in UTC.

    ``originals`` are naive wall clock in ``zone``, the zone of the series; ``start`` and
    ``end`` are aware and reach from the first to the last of these dates. Raises
    TooManyInstances.
    """
    wanted = {original.isoformat() for original in originals}
    root = parse_components(text)
    span = TimeRange(
        start.astimezone(UTC) - _MARGIN,
        end.astimezone(UTC) + _MARGIN,
    )
    told = []
    for calendar in root.components("VCALENDAR"):
        whole = expanded(calendar, span, Clock(calendar, zone))
        whole.items = [item for item in whole.items if _is_wanted(item, wanted, zone)]
        told.append(whole.text())
    return "".join(told)


def _is_wanted(item: object, wanted: Collection[str], zone: str) -> bool:
    """Tell whether a component is one of the dates; lines of the calendar stay."""
    if not isinstance(item, Component):
        return True
    return component_key(item, zone=zone, series_tzid=None) in wanted

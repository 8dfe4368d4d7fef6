"""A series that was moved by a program which left its differing and excluded dates where they were.

Most programs take RECURRENCE-IDs and EXDATEs along when all dates are moved. Where one does
not, they name dates that the series no longer has: then the same dates are meant, moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from rdv_caldav.domain.appointment import Appointment, Recurrence
from rdv_caldav.domain.draft import Draft
from rdv_caldav.ical.contentlines import Component, parse_components
from rdv_caldav.ical.following import move_times
from rdv_caldav.ical.parts import dates_of, keyed_events
from rdv_caldav.ical.patching import kind_of, moment_like
from rdv_caldav.ical.recurrence import occurs_at


def rebased(text: str, draft: Draft, old: Appointment) -> str | None:
    """Return an object with its dates where they are meant; None where they are already.

    ``draft`` is what the text says, ``old`` the appointment as it is stored.
    """
    by = draft.span.start - old.span.start
    if not by or old.recurrence is None or draft.recurrence is None:
        return None
    if kind_of(old.span) != kind_of(draft.span):
        return None
    stated = {occurrence.original for occurrence in draft.occurrences}
    known = stated & {occurrence.original for occurrence in old.occurrences}
    left = set(draft.recurrence.excluded) & set(old.recurrence.excluded)
    moved = {original: original + by for original in known | left if _is_meant(original, by, draft)}
    if not moved or stated & set(moved.values()):
        return None
    root = parse_components(text)
    for calendar in root.components("VCALENDAR"):
        _rebase(calendar, moved, old, by)
    return root.text()


def _is_meant(original: datetime, by: timedelta, draft: Draft) -> bool:
    """Tell whether a series lacks a date, and has it where it was moved to."""
    recurrence = draft.recurrence
    assert recurrence is not None, "asked of series only"
    everything = replace(
        draft, recurrence=Recurrence(rules=recurrence.rules, added=recurrence.added)
    )
    return not occurs_at(everything, original) and occurs_at(everything, original + by)


def _rebase(
    calendar: Component, moved: Mapping[datetime, datetime], old: Appointment, by: timedelta
) -> None:
    events = keyed_events(calendar, zone=old.span.zone)
    master = events.pop("")
    for key, event in events.items():
        original = datetime.fromisoformat(key)
        if original in moved:
            before = old.occurrence(original)
            if before is not None and before.span == old.span.moved_to(original):
                move_times(event, by)
            event.put(moment_like(master, "RECURRENCE-ID", moved[original]))
    for line in master.lines("EXDATE"):
        for _, wall in dates_of(line, master, old.span):
            if wall in moved:
                new = moment_like(master, "EXDATE", moved[wall])
                master.insert(new, after=line)
        kept = [value for value, wall in dates_of(line, master, old.span) if wall not in moved]
        master.replace(line, line.with_params({}, ",".join(kept)) if kept else None)

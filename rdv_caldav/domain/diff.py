"""``diff(old, new) -> events``: the only honest way to know what a PUT did.

A PUT replaces a whole object, so nothing but comparing two states tells what happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from rdv_caldav.domain import events
from rdv_caldav.domain.appointment import Appointment, Details, Occurrence, Span
from rdv_caldav.domain.draft import Draft


def diff(old: Appointment | None, new: Appointment) -> tuple[events.Event, ...]:
    """Return what happened between ``old`` (None: it did not exist) and ``new``, in order."""
    if old is None:
        return (events.Created(), *_arrivals(new))
    return (
        *_details(old, new, None),
        *_series(old, new),
    )


def _series(old: Appointment, new: Appointment) -> Iterator[events.Event]:
    if old.type_code != new.type_code:
        yield events.TypeChanged(before=old.type_code, after=new.type_code)
    if old.recurrence != new.recurrence:
        yield events.RecurrenceChanged(before=old.recurrence, after=new.recurrence)
    old_owner, new_owner = old.owner.key, new.owner.key
    if old_owner != new_owner:
        yield events.OwnershipGiven(before=old_owner, after=new_owner)
    by = moved_by(old, new)
    for occurrence in new.occurrences:
        before = old.occurrence(occurrence.original - by)
        if before is None:
            yield events.OccurrenceDetached(original=occurrence.original)
            before = implied_occurrence(old, occurrence.original - by)
        yield from _details(before, occurrence, occurrence.original)
    for occurrence in old.occurrences:
        if new.occurrence(occurrence.original + by) is None:
            stays = _still_has(new, occurrence.original, old)
            yield events.OccurrenceRejoined(
                original=occurrence.original, before=None if stays else occurrence
            )
            if stays:
                implied = implied_occurrence(new, occurrence.original)
                yield from _details(occurrence, implied, occurrence.original)


def _still_has(new: Appointment, original: datetime, old: Appointment) -> bool:
    """Tell whether a date of the old series is one of the new series for certain."""
    return (
        new.recurrence is not None
        and old.recurrence is not None
        and new.recurrence.rules == old.recurrence.rules
        and new.recurrence.added == old.recurrence.added
        and original not in new.recurrence.excluded
        and new.span.start == old.span.start
        and new.span.zone == old.span.zone
    )


def moved_by(old: Appointment, new: Appointment | Draft) -> timedelta:
    """Return by how much the differing dates of a series moved with it.

    Zero unless more of them are where the move takes them than stayed where they were.
    """
    by = new.span.start - old.span.start
    is_alike = (old.span.zone, old.span.all_day) == (new.span.zone, new.span.all_day)
    if not by or not is_alike:
        return timedelta(0)
    before = {each.original for each in old.occurrences}
    now = {each.original for each in new.occurrences}
    moved = {original + by for original in before}
    return by if len(now & moved) > len(now & before) else timedelta(0)


def implied_occurrence(series: Appointment, original: datetime) -> Occurrence:
    """Return the date at ``original`` as the series alone would have it."""
    return Occurrence(
        original=original,
        span=series.span.moved_to(original),
        subject=series.subject,
        location=series.location,
        notes=series.notes,
        state=series.state,
        participants=series.participants,
    )


def same_time(before: Span, after: Span) -> bool:
    """Tell whether two spans are the same instants of the same sort.

    Another name for the same zone is no real change and resets nobody's answer.
    """
    return (
        before.all_day == after.all_day
        and before.starts_at == after.starts_at
        and before.ends_at == after.ends_at
    )


def _details(old: Details, new: Details, original: datetime | None) -> Iterator[events.Event]:
    if old.subject != new.subject:
        yield events.SubjectChanged(original=original, before=old.subject, after=new.subject)
    if not same_time(old.span, new.span):
        yield events.Rescheduled(original=original, before=old.span, after=new.span)
    if old.location != new.location:
        yield events.Relocated(original=original, before=old.location, after=new.location)
    if old.notes != new.notes:
        yield events.NotesChanged(original=original, before=old.notes, after=new.notes)
    if old.state != new.state:
        yield events.StateChanged(original=original, before=old.state, after=new.state)
    yield from _participants(old, new, original)


def _participants(old: Details, new: Details, original: datetime | None) -> Iterator[events.Event]:
    kept = {participant.key: participant for participant in old.participants}
    for participant in new.participants:
        before = kept.pop(participant.key, None)
        if before is None:
            yield events.ParticipantAdded(original=original, participant=participant)
            continue
        if before.presence != participant.presence:
            yield events.PresenceRecorded(
                original=original,
                key=participant.key,
                before=before.presence,
                after=participant.presence,
            )
        if before.comment != participant.comment:
            yield events.CommentLeft(
                original=original, key=participant.key, comment=participant.comment
            )
    for participant in kept.values():
        yield events.ParticipantRemoved(original=original, participant=participant)


def _arrivals(new: Appointment) -> Iterator[events.Event]:
    """Name everybody once: of a single date only those who do not take part in the series."""
    for participant in new.participants:
        yield events.ParticipantAdded(participant=participant)
    for occurrence in new.occurrences:
        for participant in occurrence.participants:
            if new.participant(participant.key) is None:
                yield events.ParticipantAdded(original=occurrence.original, participant=participant)

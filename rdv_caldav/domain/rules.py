"""The rules of the appointment book as functions from one state to the next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Protocol, TypeVar

from rdv_caldav.domain.appointment import (
    Appointment,
    Details,
    Occurrence,
    Participant,
    Presence,
    State,
)
from rdv_caldav.domain.diff import diff, implied_occurrence, moved_by, same_time
from rdv_caldav.domain.errors import (
    NotAParticipant,
    NotBegun,
    OwnerCannotLeave,
    OwnerMissing,
    UnknownOccurrence,
)
from rdv_caldav.domain.events import Event, RecurrenceChanged, Relocated, Rescheduled, StateChanged

D = TypeVar("D", Appointment, Occurrence)


class _Change(Protocol):
    """A change made alike to a series and to each of its differing dates."""

    def __call__(self, details: D, /) -> D: ...


def check_ownership(appointment: Appointment) -> None:
    """Hold rule 1: at least one participant and exactly one owner, who is a person.

    Raises OwnerMissing.
    """
    owners = [p for p in appointment.participants if p.is_owner]
    if len(owners) != 1 or owners[0].person_id is None:
        raise OwnerMissing(f"{appointment.uid} must have exactly one owner, a person")


def add_participant(appointment: Appointment, participant: Participant) -> Appointment:
    """Add somebody to the appointment and to each of its differing dates; no-op if present.

    He never arrives as owner: ownership is given, see :func:`give_ownership`.
    """
    participant = replace(participant, is_owner=False)

    def add(details: D) -> D:
        return joined(details, participant)

    return _everywhere(appointment, add)


def joined(details: D, participant: Participant) -> D:
    """Add somebody to the series itself, or to one date; no-op if present."""
    if details.participant(participant.key) is not None:
        return details
    return replace(details, participants=(*details.participants, participant))


def remove_participant(appointment: Appointment, key: int | str) -> Appointment:
    """Take somebody off the appointment and all its dates.

    Raises OwnerCannotLeave for the owner (rule 1), NotAParticipant for a stranger.
    """
    if appointment.owner.key == key:
        raise OwnerCannotLeave("the owner leaves only after ownership is given to another")
    if appointment.participant(key) is None and not any(
        occurrence.participant(key) for occurrence in appointment.occurrences
    ):
        raise NotAParticipant(f"{key} does not take part")

    def remove(details: D) -> D:
        kept = tuple(p for p in details.participants if p.key != key)
        return replace(details, participants=kept)

    return _everywhere(appointment, remove)


def give_ownership(appointment: Appointment, person_id: int) -> Appointment:
    """Move the star to another participant, on all dates; he then takes part in each.

    Raises NotAParticipant when he does not take part in the series itself.
    """
    new_owner = appointment.participant(person_id)
    if new_owner is None:
        raise NotAParticipant(f"person {person_id} does not take part")
    appointment = add_participant(appointment, new_owner)

    def mark(details: D) -> D:
        marked = tuple(replace(p, is_owner=p.key == person_id) for p in details.participants)
        return replace(details, participants=marked)

    return _everywhere(appointment, mark)


def replace_person(appointment: Appointment, person_id: int, by: int) -> Appointment:
    """Put another person in somebody's place, ownership included (rule 8).

    If the other takes part already, the two become one. Who moved in has not answered yet.
    """

    def swap(details: D) -> D:
        return replaced(details, person_id, by)

    return _everywhere(appointment, swap)


def replaced(details: D, person_id: int, by: int) -> D:
    """Put another person in somebody's place in the series itself, or on one date of it.

    No-op when he does not take part there.
    """
    leaving = details.participant(person_id)
    if leaving is None or person_id == by:
        return details
    staying = details.participant(by)
    arriving = replace(
        staying or Participant(person_id=by), is_owner=leaving.is_owner or _owns(staying)
    )
    kept = (arriving if p is leaving else p for p in details.participants if p.key != by)
    return replace(details, participants=tuple(kept))


def _owns(participant: Participant | None) -> bool:
    return participant is not None and participant.is_owner


def record_presence(
    appointment: Appointment,
    key: int | str,
    presence: Presence,
    *,
    original: datetime | None = None,
    comment: str | None = None,
) -> Appointment:
    """Record an answer, for the whole series (its differing dates included) or one date.

    Raises NotAParticipant.
    """

    def answer(details: D) -> D:
        known = details.participant(key)
        if known is None:
            return details
        said = known.comment if comment is None else comment
        answered = replace(known, presence=presence, comment=said)
        return replace(
            details,
            participants=tuple(answered if p is known else p for p in details.participants),
        )

    target: Details = appointment if original is None else occurrence_at(appointment, original)
    if target.participant(key) is None and (original is not None or not _attends(appointment, key)):
        raise NotAParticipant(f"{key} does not take part")
    if original is None:
        return _everywhere(appointment, answer)
    return with_occurrence(appointment, answer(occurrence_at(appointment, original)))


def _attends(appointment: Appointment, key: int | str) -> bool:
    return any(occurrence.participant(key) for occurrence in appointment.occurrences)


def set_state(
    appointment: Appointment, state: State, *, now: datetime, original: datetime | None = None
) -> Appointment:
    """Mark as Planifié, Tenu or Annulé, the whole or one date (rule 3). ``now`` is aware.

    A whole series takes its differing dates along, save those that are already Tenu.
    Raises NotBegun when HELD is asked for before the start.
    """
    if original is not None:
        occurrence = occurrence_at(appointment, original)
        _check_begun(occurrence, state, now)
        return with_occurrence(appointment, replace(occurrence, state=state))
    _check_begun(appointment, state, now)
    occurrences = tuple(
        o if o.state is State.HELD or o.state is not appointment.state else replace(o, state=state)
        for o in appointment.occurrences
    )
    return replace(appointment, state=state, occurrences=occurrences)


def has_begun(details: Details, now: datetime) -> bool:
    """Tell whether it has begun at the aware instant ``now``."""
    return details.span.starts_at <= now


def _check_begun(details: Details, state: State, now: datetime) -> None:
    if state is State.HELD and not has_begun(details, now):
        raise NotBegun("an appointment is Tenu only once it has begun")


def occurrence_at(appointment: Appointment, original: datetime) -> Occurrence:
    """Return the date at ``original``, differing or as the series implies it.

    Whether the rules really yield that date is for the caller to know; a single
    appointment has none. Raises UnknownOccurrence.
    """
    known = appointment.occurrence(original)
    if known is not None:
        return known
    recurrence = appointment.recurrence
    if recurrence is None or original in recurrence.excluded:
        raise UnknownOccurrence(f"{appointment.uid} has no date at {original.isoformat()}")
    return implied_occurrence(appointment, original)


def with_occurrence(appointment: Appointment, occurrence: Occurrence) -> Appointment:
    """Return the series with one date replaced or added, in order of dates."""
    others = [o for o in appointment.occurrences if o.original != occurrence.original]
    ordered = sorted([*others, occurrence], key=lambda o: o.original)
    return replace(appointment, occurrences=tuple(ordered))


def reset_answers(
    old: Appointment, new: Appointment, *, author_id: int | None, enabled: bool
) -> Appointment:
    """Ask the others again after a real change of date, time or place (rule 5).

    An answer that the same write changes stands, and so does the author's own. Notes,
    presence and HELD reset nothing.
    """
    if not enabled:
        return new

    def is_stale(before: Details, participant: Participant) -> bool:
        if author_id is not None and participant.person_id == author_id:
            return False
        known = before.participant(participant.key)
        return known is not None and known.presence is participant.presence

    def ask_again(details: D, before: Details, *, moved: bool = False) -> D:
        moved = moved or not same_time(before.span, details.span)
        if not moved and before.location == details.location:
            return details
        asked = tuple(
            replace(p, presence=Presence.NEEDS_ACTION) if is_stale(before, p) else p
            for p in details.participants
        )
        return replace(details, participants=asked)

    by = moved_by(old, new)
    before = ((o, o.original - by) for o in new.occurrences)
    occurrences = tuple(
        ask_again(o, old.occurrence(original) or implied_occurrence(old, original))
        for o, original in before
    )
    moved = _rules_of(old) != _rules_of(new)
    return replace(ask_again(new, old, moved=moved), occurrences=occurrences)


def _rules_of(appointment: Appointment) -> tuple[str, ...]:
    return appointment.recurrence.rules if appointment.recurrence else ()


def numbered(old: Appointment | None, new: Appointment) -> Appointment:
    """Give the SEQUENCE that follows from what changed (RFC 5546 §2.1.4).

    It grows on start, end, recurrence, place, cancel and un-cancel, on any date of a series.
    """
    if old is None:
        return new
    happened = diff(old, new)
    if not any(_is_significant(event) for event in happened):
        return replace(new, sequence=old.sequence, time_sequence=old.time_sequence)
    sequence = old.sequence + 1
    timed = _any(happened, (Rescheduled, RecurrenceChanged))
    return replace(new, sequence=sequence, time_sequence=sequence if timed else old.time_sequence)


def _any(happened: Iterable[Event], kinds: tuple[type[Event], ...]) -> bool:
    return any(isinstance(event, kinds) for event in happened)


def _is_significant(event: Event) -> bool:
    if isinstance(event, StateChanged):
        return State.CANCELLED in (event.before, event.after)
    return isinstance(event, Rescheduled | Relocated | RecurrenceChanged)


def _everywhere(appointment: Appointment, change: _Change) -> Appointment:
    occurrences = tuple(change(occurrence) for occurrence in appointment.occurrences)
    return replace(change(appointment), occurrences=occurrences)

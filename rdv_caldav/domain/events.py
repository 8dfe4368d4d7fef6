"""What happened between two states of an appointment, in the past tense.

Events say what changed, never what follows from it: audit entries, change numbers, resets
and mails are the business of the services that handle them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rdv_caldav.domain.appointment import (
    Occurrence,
    Participant,
    Presence,
    Recurrence,
    Span,
    State,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something happened to an appointment; ``original`` names one date of a series."""

    original: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Created(Event):
    """The appointment came to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectChanged(Event):
    """The objet changed."""

    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotesChanged(Event):
    """The notes changed."""

    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeChanged(Event):
    """The type changed; the values are codes."""

    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescheduled(Event):
    """Date or time changed really: another instant, or all-day turned to timed."""

    before: Span
    after: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Relocated(Event):
    """The place changed."""

    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceChanged(Event):
    """The series repeats otherwise, or began or ceased to be a series."""

    before: Recurrence | None
    after: Recurrence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceDetached(Event):
    """One date of the series now differs from the rest; further events say how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceRejoined(Event):
    """One date of the series no longer differs from the rest.

    ``before`` is what it was, where the series may have no such date any more: it can be
    brought back as it was.
    """

    before: Occurrence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantAdded(Event):
    """Somebody takes part now."""

    participant: Participant


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantRemoved(Event):
    """Somebody no longer takes part."""

    participant: Participant


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceRecorded(Event):
    """A participant's presence changed, by himself or by an editor."""

    key: int | str
    before: Presence
    after: Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentLeft(Event):
    """A participant commented his answer."""

    key: int | str
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnershipGiven(Event):
    """The star went from one participant to another."""

    before: int | str
    after: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged(Event):
    """Planifié, Tenu or Annulé changed."""

    before: State
    after: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Trashed(Event):
    """The appointment went to the corbeille; gone from every calendar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored(Event):
    """The appointment came back from the corbeille."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationAsked(Event):
    """An editor's program wants an external guest to be written to, whatever changed."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenFrom(Event):
    """A participant deleted it from his own calendar: hidden there only."""

    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictFound(Event):
    """A person cannot be had then (rule 12): aware instants, and the other appointment if any."""

    code: str
    person_id: int
    start: datetime
    end: datetime
    other_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageQueued(Event):
    """Somebody wrote a message of his own to a participant."""

    recipient: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFailed(Event):
    """A message to a participant was given up; ``problem`` is what the server said."""

    recipient: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingAsked(Event):
    """Somebody wants a message to leave now: it was given up, or waits for its time."""

    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailHandled(Event):
    """Somebody looked at a mail that came in; ``handling`` is what was made of it."""

    sender: str
    subject: str
    handling: str

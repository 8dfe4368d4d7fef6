"""What a calendar object says, before anybody decided what of it counts.

A reader of iCalendar yields a :class:`Draft`; :mod:`rdv_caldav.domain.merge` settles it
against what the appointment was and who is writing. ``None`` always means *not said*.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rdv_caldav.domain.appointment import Presence, Recurrence, Span


class StatedStatus(StrEnum):
    """STATUS as a client program states it (RFC 5545 §3.8.1.11)."""

    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarUser:
    """One ATTENDEE or ORGANIZER line: not yet a person.

    ``address`` is normalised: lower case, without ``mailto:``. ``presence`` is None on an
    ORGANIZER that states no PARTSTAT. ``delegates`` are the normalised addresses of those whom
    he sends in his place (RFC 5545 §3.2.5).
    """

    address: str
    name: str = ""
    presence: Presence | None = None
    is_chair: bool = False
    comment: str = ""
    delegates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftDetails:
    """What a master and an override state alike."""

    span: Span
    subject: str = ""
    location: str = ""
    notes: str = ""
    status: StatedStatus | None = None
    organizer: CalendarUser | None = None
    attendees: tuple[CalendarUser, ...] = ()

    @property
    def says_nothing_of_participants(self) -> bool:
        """All ATTENDEE and ORGANIZER lines are gone: *participants unchanged*.

        Thunderbird sends that from its invite dialog when the viewer is the only attendee,
        calcurse always.
        """
        return self.organizer is None and not self.attendees


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftOccurrence(DraftDetails):
    """An override; ``original`` as in :class:`~rdv_caldav.domain.appointment.Occurrence`."""

    original: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(DraftDetails):
    """A whole calendar object. ``type_code`` is None when no type is recognisable."""

    uid: str
    type_code: str | None = None
    recurrence: Recurrence | None = None
    occurrences: tuple[DraftOccurrence, ...] = ()

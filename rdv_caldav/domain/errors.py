"""Every refusal of the project, as a type. Each edge has one table from these to answers.

None of them is a ValueError: Radicale turns a ValueError raised under its storage lock into
a 400 and leaves the lock cleanly, which would commit half a write.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rdv_caldav.domain.conflicts import Conflict
    from rdv_caldav.domain.fiches import Complaint
    from rdv_caldav.domain.mail_templates import TemplateProblem


class DomainError(Exception):
    """Root of all refusals; ``str()`` is a sentence in English for logs and DAV bodies."""


# -- what was asked for is not there ------------------------------------------------------


class UnknownCalendar(DomainError):
    """No such person or calendar, or none that the actor may know of."""


class UnknownObject(DomainError):
    """No appointment at this place in the calendar."""


class LinkRevoked(UnknownObject):
    """A link of a mail that held once, and holds no more."""


class ModuleOff(DomainError):
    """The module Rendez-vous is switched off: calendars disappear, data stays (rule 15)."""


# -- the actor may not --------------------------------------------------------------------


class TooManyAttempts(DomainError):
    """Too many wrong passwords: none is looked at now, right ones neither."""

    def __init__(self, message: str, *, retry_after: int = 1) -> None:
        """Remember after how many seconds the next one will be."""
        super().__init__(message)
        self.retry_after = retry_after


class AccessRefused(DomainError):
    """The actor may not do this here; nothing is learnt about what exists."""


class EditRefused(AccessRefused):
    """The actor may read the appointment, and neither edit it nor answer it."""


class ParticipantRefused(EditRefused):
    """Persons are added whom the actor may not know of."""

    def __init__(self, message: str, *, person_ids: Collection[int] = ()) -> None:
        """Remember who they are: their names are for those alone who were shown them before."""
        super().__init__(message)
        self.person_ids = frozenset(person_ids)


class CalendarFixed(AccessRefused):
    """Person calendars are never created, replaced or deleted by a client program."""


# -- the appointment's own rules ----------------------------------------------------------


class RuleBroken(DomainError):
    """A rule of the appointment book forbids it."""


class OwnerMissing(RuleBroken):
    """An appointment has at least one participant and exactly one owner (rule 1)."""


class OwnerCannotLeave(RuleBroken):
    """The owner is removed only after ownership is given to another (rule 1)."""


class NotAParticipant(RuleBroken):
    """Presence or ownership was given to somebody who does not take part."""


class NotBegun(RuleBroken):
    """HELD only once it has begun (rule 3)."""


class AlreadyOver(RuleBroken):
    """Nobody is written to about what is over (rule 13)."""


class UnknownType(RuleBroken):
    """No such appointment type."""


class LastDate(RuleBroken):
    """The only date that a series has left is not taken out of it: the whole is deleted."""


class UnknownOccurrence(RuleBroken):
    """The series has no such date."""


# -- two writers --------------------------------------------------------------------------


class Conflicting(DomainError):
    """Somebody cannot be had then (rule 12); nothing was written.

    Raised for pages only: a client program cannot explain a refusal.
    """

    def __init__(
        self, message: str, *, conflicts: Sequence[Conflict] = (), can_confirm: bool = False
    ) -> None:
        """Remember the conflicts, and whether the author may insist on them."""
        super().__init__(message)
        self.conflicts = tuple(conflicts)
        self.can_confirm = can_confirm


class PreconditionFailed(DomainError):
    """If-Match or If-None-Match does not hold (RFC 9110 §13.1)."""


class UidConflict(DomainError):
    """The UID already stands under another href (RFC 4791 ``no-uid-conflict``)."""

    def __init__(self, message: str, *, href: str = "") -> None:
        """Remember ``href``, the place of the object that has the UID, when it may be told."""
        super().__init__(message)
        self.href = href


class LostRace(DomainError):
    """Another writer took the UID or the place first; trying again finds it there."""


class HrefTaken(DomainError):
    """The href is that of another appointment."""


# -- an account's own calendars and folders -----------------------------------------------


class PersonalCalendarsOff(DomainError):
    """The agency does not let accounts make calendars of their own."""


class PlaceTaken(DomainError):
    """Something stands there already, or the name is kept for something else."""


class ParentMissing(DomainError):
    """The calendar or folder that it shall stand in does not exist."""


class CollectionRefused(DomainError):
    """Calendars hold no collections (RFC 4791 ``calendar-collection-location-ok``)."""


class QuotaExceeded(DomainError):
    """The account keeps as much as the agency allows (RFC 4331 ``quota-not-exceeded``)."""


class TooManyCollections(QuotaExceeded):
    """The account has as many calendars and folders as the agency allows."""


# -- calendar data that cannot be taken ---------------------------------------------------


class CalendarDataRefused(DomainError):
    """The body of a PUT is not acceptable."""


class NotCalendarData(CalendarDataRefused):
    """Not iCalendar at all, or not readable as such (RFC 4791 ``valid-calendar-data``)."""


class InvalidCalendarObject(CalendarDataRefused):
    """iCalendar, but not one object of RFC 4791 §4.1 (``valid-calendar-object-resource``)."""


class InvalidSchedulingMessage(CalendarDataRefused):
    """Not a message that can be answered (RFC 6638 ``valid-scheduling-message``)."""


class UnsupportedComponent(CalendarDataRefused):
    """A component the calendar does not take (``supported-calendar-component``)."""


class UnsupportedMediaType(CalendarDataRefused):
    """The content type is not text/calendar (``supported-calendar-data``)."""


class TooLarge(CalendarDataRefused):
    """Larger than ``max-resource-size``."""


class TooManyInstances(CalendarDataRefused):
    """The recurrence is endless in a way, or yields too many dates (``max-instances``)."""


class TooManyAttendees(CalendarDataRefused):
    """More than ``max-attendees-per-instance``."""


class DateOutOfRange(CalendarDataRefused):
    """Before ``min-date-time`` or after ``max-date-time``."""

    def __init__(self, message: str, *, too_late: bool = False) -> None:
        """Remember on which side it is out of range."""
        super().__init__(message)
        self.too_late = too_late


# -- administration -----------------------------------------------------------------------


class LoginTaken(DomainError):
    """An account with this login exists."""


class InvalidInput(DomainError):
    """A value given by an administrator cannot be used; the sentence says which and why."""


class InvalidFilter(InvalidInput):
    """Values of a filter cannot be used."""

    def __init__(self, message: str, *, problems: Mapping[str, str] | None = None) -> None:
        """Remember what is wrong, by the name of the field."""
        super().__init__(message)
        self.problems = dict(problems or {})


class WrongPassword(InvalidInput):
    """The present password, asked for again, was not given."""


class WeakPassword(InvalidInput):
    """The new password is too short, or the login itself."""


class InvalidFiche(InvalidInput):
    """Values of a fiche cannot be used."""

    def __init__(self, message: str, *, problems: Mapping[str, Complaint] | None = None) -> None:
        """Remember what is wrong, by the name of the field."""
        super().__init__(message)
        self.problems = dict(problems or {})


class InvalidTemplate(InvalidInput):
    """A template cannot be used as it is written."""

    def __init__(self, message: str, *, problems: Sequence[TemplateProblem] = ()) -> None:
        """Remember what is wrong, and where."""
        super().__init__(message)
        self.problems = tuple(problems)


class SectorTaken(InvalidInput):
    """Another secteur is called the same."""


class SchemaMismatch(DomainError):
    """The database's schema is older or newer than this program's."""


class SyncTokenExpired(DomainError):
    """The sync token is unknown or its history was pruned (RFC 6578 ``valid-sync-token``)."""


class DemoRefused(DomainError):
    """The demo agency is refused: beyond loopback, or where there is an agency already."""

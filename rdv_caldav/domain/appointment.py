"""A rendez-vous: what is planned, when, with whom, and in which state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from rdv_caldav.domain.errors import OwnerMissing


class Presence(StrEnum):
    """A participant's answer; the values are those of PARTSTAT (RFC 5545 §3.2.12)."""

    NEEDS_ACTION = "NEEDS-ACTION"
    ACCEPTED = "ACCEPTED"
    TENTATIVE = "TENTATIVE"
    DECLINED = "DECLINED"


class State(StrEnum):
    """Planifié, Tenu, Annulé; the values are those of X-RDV-ETAT and of the database."""

    PLANNED = "PLANIFIE"
    HELD = "TENU"
    CANCELLED = "ANNULE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """When something takes place, as its author said it: wall clock and zone.

    ``start`` and ``end`` are naive wall-clock times in ``zone`` (an IANA name). For an
    all-day span they are midnights, ``end`` being the first day that no longer belongs to
    it (RFC 5545 §3.6.1), and ``zone`` is the agency's.
    """

    start: datetime
    end: datetime
    zone: str
    all_day: bool = False

    @property
    def starts_at(self) -> datetime:
        """The start as an instant, in UTC."""
        return self.start.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    @property
    def ends_at(self) -> datetime:
        """The end as an instant, in UTC.

        Never before the start: in the night that lacks an hour, half past two comes after
        three o'clock.
        """
        end = self.end.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)
        return max(end, self.starts_at)

    @property
    def duration(self) -> timedelta:
        """The length in wall-clock time, as recurrence uses it."""
        return self.end - self.start

    @property
    def last_day(self) -> date:
        """The last day that belongs to it."""
        if self.all_day:
            return max(self.start.date(), self.end.date() - timedelta(days=1))
        return self.end.date()

    def moved_to(self, start: datetime) -> Span:
        """Return the same span starting at another wall-clock time."""
        return Span(start=start, end=start + self.duration, zone=self.zone, all_day=self.all_day)

    def on_clock_of(self, zone: str) -> Span:
        """Return the same span by the clock of another zone; whole days stay those days."""
        if self.all_day or zone == self.zone:
            return self
        start, end = (
            at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            for at in (self.starts_at, self.ends_at)
        )
        return Span(start=start, end=end, zone=zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """Somebody who takes part: a person of the agency, or an external guest by address.

    Exactly one of ``person_id`` and ``address`` says who it is. ``name`` is kept for guests;
    a person's name is that of his fiche.
    """

    person_id: int | None = None
    address: str = ""
    name: str = ""
    presence: Presence = Presence.NEEDS_ACTION
    is_owner: bool = False
    comment: str = ""

    @property
    def key(self) -> int | str:
        """What identifies the participant within one appointment."""
        return self.address if self.person_id is None else self.person_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """How a series repeats.

    ``rules`` are RRULE values as text (RFC 5545 §3.3.10); ``added`` and ``excluded`` are
    RDATE and EXDATE as naive wall-clock times in the zone of the series.
    """

    rules: tuple[str, ...] = ()
    added: tuple[datetime, ...] = ()
    excluded: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What an appointment and a single date of a series have alike."""

    span: Span
    subject: str = ""
    location: str = ""
    notes: str = ""
    state: State = State.PLANNED
    participants: tuple[Participant, ...] = ()

    def participant(self, key: int | str | None) -> Participant | None:
        """Return the participant with this key, if there is one."""
        for participant in self.participants:
            if participant.key == key:
                return participant
        return None

    @property
    def person_ids(self) -> frozenset[int]:
        """The ids of the participants who are persons of the agency."""
        return frozenset(p.person_id for p in self.participants if p.person_id is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence(Details):
    """One date of a series that differs from the rest (RECURRENCE-ID).

    ``original`` is where the series would have put it: naive wall clock in the zone of the
    series, midnight for all-day. Ownership is that of the series, never of one date.
    """

    original: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment(Details):
    """One rendez-vous, single or a series: one row, seen in every participant's calendar.

    ``sequence`` is iTIP's SEQUENCE, ours and never the client program's;
    ``time_sequence`` is what it was at the last change of time, to judge late answers.
    """

    uid: str
    type_code: str
    recurrence: Recurrence | None = None
    occurrences: tuple[Occurrence, ...] = ()
    sequence: int = 0
    time_sequence: int = 0

    @property
    def owner(self) -> Participant:
        """The one owner. Raises OwnerMissing when the value breaks rule 1."""
        for participant in self.participants:
            if participant.is_owner:
                return participant
        raise OwnerMissing(self.uid)

    @property
    def all_person_ids(self) -> frozenset[int]:
        """Persons who take part in the series or in any single date of it."""
        return self.person_ids.union(*(o.person_ids for o in self.occurrences))

    def occurrence(self, original: datetime) -> Occurrence | None:
        """Return the differing occurrence that stands at ``original``, if there is one."""
        for occurrence in self.occurrences:
            if occurrence.original == original:
                return occurrence
        return None

"""Conflicts (rule 12): who is wanted twice at once, or when he is not to be had.

A conflict is about one person and one stretch of time. Whether it informs or blocks is said by
the agency's rules, never by the conflict itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from rdv_caldav.domain.appointment import Appointment, Details, Presence, State
from rdv_caldav.domain.events import (
    Created,
    Event,
    OccurrenceRejoined,
    ParticipantAdded,
    ParticipantRemoved,
    PresenceRecorded,
    RecurrenceChanged,
    Rescheduled,
    Restored,
    StateChanged,
)

_DAY = timedelta(days=1)


class ConflictCode(StrEnum):
    """What is looked for."""

    OVERLAP = "overlap"
    """The same person in two appointments at once."""

    PERSONAL = "personal"
    """An appointment, and something in a calendar of his own: occupé, no details."""

    HOURS = "hours"
    """An appointment outside of his working hours (RFC 7953)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictRule:
    """What the agency makes of a kind of conflict: informative, bloquante, or nothing at all."""

    code: ConflictCode
    blocking: bool = False
    enabled: bool = True


DEFAULT_RULES = tuple(ConflictRule(code=code) for code in ConflictCode)
"""Everything is looked for, and nothing blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A person cannot be had from ``start`` to ``end``, aware instants in UTC.

    ``other_id`` is the other appointment of an overlap, None for the other kinds.
    """

    start: datetime
    end: datetime
    person_id: int
    code: ConflictCode
    other_id: int | None = None

    @property
    def what(self) -> tuple[int, ConflictCode, int | None, datetime]:
        """What makes it the same conflict after a change of something else."""
        return self.person_id, self.code, self.other_id, self.start


@dataclass(frozen=True, slots=True, order=True)
class Engagement:
    """A stretch of time that keeps a person busy; aware instants in UTC."""

    start: datetime
    end: datetime
    person_id: int

    def is_ahead(self, after: datetime) -> bool:
        """Tell whether it takes any time, and is not over by ``after``."""
        return self.start < self.end and self.end > after


def engagements(
    appointment: Appointment,
    dates: Iterable[tuple[datetime, datetime]],
    *,
    free: Collection[str] = (),
    after: datetime,
) -> Iterator[Engagement]:
    """Yield whom an appointment keeps busy on some of its dates, given as aware instants.

    Nobody on dates that are cancelled, over by ``after`` or without length, and nobody who
    refused or takes no part in them. ``free`` names the components whose time is not blocked
    (TRANSP, RFC 5545 §3.8.2.7): empty for the series, else the ISO wall clock of the original.

    A date moved to the very time of another one of its series stands for both.
    """
    differing = {(o.span.starts_at, o.span.ends_at): o for o in appointment.occurrences}
    for start, end in dates:
        if end <= after or end <= start:
            continue
        occurrence = differing.get((start, end))
        key = "" if occurrence is None else occurrence.original.isoformat()
        if key not in free:
            for person_id in _busy_persons(occurrence or appointment):
                yield Engagement(start, end, person_id)


def _busy_persons(details: Details) -> Iterator[int]:
    if details.state is State.CANCELLED:
        return
    for participant in details.participants:
        if participant.person_id is not None and participant.presence is not Presence.DECLINED:
            yield participant.person_id


def meetings(
    own: Iterable[Engagement], others: Mapping[int, Iterable[Engagement]]
) -> list[Conflict]:
    """Return where engagements meet those of the same person in others, by their ids.

    Those that only touch do not meet. The costs follow the number of engagements, and how many
    last at the same time.
    """
    marked: list[tuple[Engagement, int | None]] = [(engagement, None) for engagement in own]
    for each_id, of_other in others.items():
        marked += [(engagement, each_id) for engagement in of_other]
    found: set[Conflict] = set()
    lasting: list[tuple[Engagement, int | None]] = []
    for engagement, other_id in sorted(marked, key=lambda each: each[0]):
        lasting = [each for each in lasting if each[0].end > engagement.start]
        for known, known_id in lasting:
            if known.person_id == engagement.person_id and (known_id is None) != (other_id is None):
                found.add(
                    Conflict(
                        start=engagement.start,
                        end=min(known.end, engagement.end),
                        person_id=engagement.person_id,
                        code=ConflictCode.OVERLAP,
                        other_id=other_id if known_id is None else known_id,
                    )
                )
        lasting.append((engagement, other_id))
    return sorted(
        found, key=lambda each: (each.start, each.end, each.person_id, each.other_id or 0)
    )


def clashes(
    own: Iterable[Engagement],
    person_id: int,
    periods: Iterable[tuple[datetime, datetime]],
    code: ConflictCode,
) -> list[Conflict]:
    """Return each engagement of a person that meets any of some periods, once, where it does first.

    Whole days are outside of somebody's hours only where he does not work at all: nobody works
    round the clock.
    """
    ordered = sorted(periods)
    found: list[Conflict] = []
    for engagement in own:
        is_whole = code is ConflictCode.HOURS and engagement.end - engagement.start >= _DAY
        met = (period for period in ordered if _meets(engagement, period, wholly=is_whole))
        start, end = next(met, (engagement.end, engagement.start))
        if engagement.person_id == person_id and start < end:
            found.append(
                Conflict(
                    start=max(start, engagement.start),
                    end=min(end, engagement.end),
                    person_id=person_id,
                    code=code,
                )
            )
    return found


def _meets(engagement: Engagement, period: tuple[datetime, datetime], *, wholly: bool) -> bool:
    start, end = period
    if wholly:
        return start <= engagement.start and end >= engagement.end
    return start < engagement.end and end > engagement.start


_ALWAYS = (Created, Rescheduled, RecurrenceChanged, Restored, OccurrenceRejoined)


def may_matter(happened: Iterable[Event]) -> bool:
    """Tell whether what happened may make conflicts or undo them."""
    return any(map(_matters, happened))


def _matters(event: Event) -> bool:
    match event:
        case ParticipantAdded(participant=who) | ParticipantRemoved(participant=who):
            return who.person_id is not None
        case PresenceRecorded(key=int()):
            return Presence.DECLINED in (event.before, event.after)
        case StateChanged():
            return State.CANCELLED in (event.before, event.after)
        case _:
            return isinstance(event, _ALWAYS)

"""Settle what a calendar program wrote against what the appointment was and who is writing.

A client program replaces whole objects, drops what it does not know and adds what nobody
asked for. These functions decide what of a :class:`~rdv_caldav.domain.draft.Draft` counts:
:func:`settle` for who may edit, :func:`rdv_caldav.domain.answering.settle_answer` for who may
only answer (rule 9).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from rdv_caldav.domain import rules
from rdv_caldav.domain.agency import AgencySettings, Person, PlannedStatus
from rdv_caldav.domain.appointment import (
    Appointment,
    Details,
    Occurrence,
    Participant,
    Presence,
    State,
)
from rdv_caldav.domain.diff import implied_occurrence, moved_by
from rdv_caldav.domain.directory import Directory, normalise_address
from rdv_caldav.domain.draft import CalendarUser, Draft, DraftDetails, DraftOccurrence, StatedStatus
from rdv_caldav.domain.parts import Part

D = TypeVar("D", Appointment, Occurrence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """The circumstances of a write.

    ``author`` is the person of the acting account, if it has one; ``calendar`` the person in
    whose calendar it is written; ``now`` an aware instant.
    """

    author: Person | None
    calendar: Person
    directory: Directory
    settings: AgencySettings
    now: datetime
    part: Part | None = None
    """The dates of a series that its object is about, where that is copied from some of them."""

    keeps_answers: bool = False
    """Others' answers stay: the program tied its write to all but these (RFC 6638 §3.2.10)."""

    @property
    def author_id(self) -> int | None:
        """The id of the author's person."""
        return self.author.id if self.author else None


def settle(draft: Draft, previous: Appointment | None, writing: Writing) -> Appointment:
    """Return the appointment that an editor's object makes.

    New: the calendar's person is participant and owner, ACCEPTED (rule 2). Existing: the
    owner who was dropped comes back, a newly marked CHAIR becomes owner, and whoever's
    calendar it is put into takes part (rules 1 and 8).
    """
    participants = _participants(draft, previous, writing)
    if writing.part is None or not writing.part.only:
        participants = _with_calendar_person(participants, previous, writing)
    owner_id = _owner_id(draft, participants, previous, writing)
    state = _state(draft, previous, writing)
    settled = Appointment(
        uid=draft.uid,
        type_code=draft.type_code or (previous.type_code if previous else _default_type(writing)),
        span=draft.span,
        subject=draft.subject,
        location=draft.location,
        notes=draft.notes,
        state=state,
        participants=_owned(participants, owner_id, previous),
        recurrence=draft.recurrence,
    )
    by = moved_by(previous, draft) if previous is not None else timedelta(0)
    occurrences = [_occurrence(each, settled, previous, writing, by) for each in in_order(draft)]
    if previous is not None and writing.keeps_answers:
        occurrences += made_by_answers(previous, {each.original for each in occurrences})
        occurrences.sort(key=lambda each: each.original)
    settled = replace(settled, occurrences=tuple(occurrences))
    if previous is not None:
        settled = rules.reset_answers(
            previous,
            settled,
            author_id=writing.author_id,
            enabled=writing.settings.reset_answers_on_change,
        )
    settled = rules.numbered(previous, settled)
    rules.check_ownership(settled)
    return settled


def _default_type(writing: Writing) -> str:
    return writing.settings.default_types[writing.calendar.kind]


def in_order(draft: Draft) -> list[DraftOccurrence]:
    """Return the differing dates of a draft in order."""
    return sorted(draft.occurrences, key=lambda o: o.original)


# -- participants -------------------------------------------------------------------------


def _participants(
    stated: DraftDetails,
    previous: Details | None,
    writing: Writing,
) -> tuple[Participant, ...]:
    if stated.says_nothing_of_participants:
        return previous.participants if previous else ()
    found: dict[int | str, Participant] = {}
    for attendee in stated.attendees:
        participant = _recognised(attendee, stated.organizer, previous, writing)
        if participant is not None:
            known = previous.participant(participant.key) if previous else None
            is_others = participant.key != writing.author_id
            if known is not None and is_others and writing.keeps_answers:
                participant = replace(participant, presence=known.presence, comment=known.comment)
            found.setdefault(participant.key, complete(participant, known))
    _take_organizer_answer(found, stated.organizer, previous, writing)
    for delegate in _delegates(stated.attendees, stated.organizer, previous, writing):
        found.setdefault(delegate.key, delegate)
    return tuple(found.values())


def _delegates(
    attendees: Iterable[CalendarUser],
    organizer: CalendarUser | None,
    previous: Details | None,
    writing: Writing,
) -> Iterator[Participant]:
    """Yield those who are sent in somebody's place, whether they have a line or not."""
    for attendee in attendees:
        for address in attendee.delegates:
            delegate = CalendarUser(address=address)
            participant = _recognised(delegate, organizer, previous, writing)
            if participant is not None:
                yield participant


def _recognised(
    attendee: CalendarUser,
    organizer: CalendarUser | None,
    previous: Details | None,
    writing: Writing,
) -> Participant | None:
    if attendee.address == normalise_address(writing.settings.scheduling_address):
        return None
    presence = attendee.presence or Presence.NEEDS_ACTION
    person = writing.directory.find(attendee.address, name=attendee.name)
    if person is None and _is_own_idea_of_me(attendee, organizer, previous):
        if writing.author is None:
            return None
        person = writing.author
    if person is not None:
        return Participant(person_id=person.id, presence=presence, comment=attendee.comment)
    if writing.directory.placeholder_id(attendee.address) is not None:
        # an address of our own making, for somebody who is not there
        return None
    return Participant(
        address=attendee.address,
        name=attendee.name,
        presence=presence,
        comment=attendee.comment,
    )


def _is_own_idea_of_me(
    attendee: CalendarUser, organizer: CalendarUser | None, previous: Details | None
) -> bool:
    """A program names its user by its own settings, which may say any private address."""
    known = previous.participant(attendee.address) if previous else None
    return known is None and organizer is not None and attendee.address == organizer.address


def complete(stated: Participant, known: Participant | None) -> Participant:
    """Return what is stated, with what a program drops.

    Some understand no X- parameters (DAVx5), others write no CN. A comment goes with its
    answer: a new answer without one has none.
    """
    if known is None:
        return stated
    said_already = known.comment if stated.presence is known.presence else ""
    return replace(stated, name=stated.name or known.name, comment=stated.comment or said_already)


def _take_organizer_answer(
    found: dict[int | str, Participant],
    organizer: CalendarUser | None,
    previous: Details | None,
    writing: Writing,
) -> None:
    """Take a *changed* ORGANIZER;PARTSTAT as the answer of an editor who takes part."""
    if organizer is None or organizer.presence is None or previous is None:
        return
    own = found.get(writing.author_id) if writing.author_id is not None else None
    before = previous.participant(writing.author_id)
    if own is None or before is None or organizer.presence is before.presence:
        return
    found[own.key] = replace(own, presence=organizer.presence)


def _with_calendar_person(
    participants: tuple[Participant, ...], previous: Appointment | None, writing: Writing
) -> tuple[Participant, ...]:
    person_id = writing.calendar.id
    known = next((p for p in participants if p.person_id == person_id), None)
    if previous is None:
        if known is None:
            return (
                Participant(person_id=person_id, presence=Presence.ACCEPTED),
                *participants,
            )
        if known.presence is Presence.NEEDS_ACTION:
            accepted = replace(known, presence=Presence.ACCEPTED)
            return tuple(accepted if p is known else p for p in participants)
        return participants
    if known is None and person_id not in previous.all_person_ids:
        # an existing UID put into somebody's calendar: he takes part from now on
        is_own = person_id == writing.author_id
        presence = Presence.ACCEPTED if is_own else Presence.NEEDS_ACTION
        return (*participants, Participant(person_id=person_id, presence=presence))
    return participants


def _owner_id(
    stated: Draft,
    participants: tuple[Participant, ...],
    previous: Appointment | None,
    writing: Writing,
) -> int:
    if previous is None:
        return writing.calendar.id
    owner_id = previous.owner.person_id
    assert owner_id is not None, "check_ownership admits persons only"
    taking_part = {p.person_id for p in participants}
    for attendee in stated.attendees:
        if attendee.is_chair:
            person = writing.directory.find(attendee.address, name=attendee.name)
            if person is not None and person.id != owner_id and person.id in taking_part:
                return person.id
    return owner_id


def _owned(
    participants: tuple[Participant, ...], owner_id: int, previous: Details | None
) -> tuple[Participant, ...]:
    """Mark the owner; one whom the client program dropped comes back (rule 1)."""
    marked = tuple(replace(p, is_owner=p.person_id == owner_id) for p in participants)
    if any(p.is_owner for p in marked):
        return marked
    known = previous.participant(owner_id) if previous else None
    back = known or Participant(person_id=owner_id)
    return (replace(back, is_owner=True), *marked)


def made_by_answers(previous: Appointment, stated: set[datetime]) -> list[Occurrence]:
    """Return the dates that only an answer made to differ: the program could not know of them."""
    found = []
    for occurrence in previous.occurrences:
        implied = implied_occurrence(previous, occurrence.original)
        is_alike = replace(occurrence, participants=implied.participants) == implied
        if occurrence.original not in stated and is_alike:
            found.append(occurrence)
    return found


# -- single dates of a series -------------------------------------------------------------


def _occurrence(
    stated: DraftOccurrence,
    series: Appointment,
    previous: Appointment | None,
    writing: Writing,
    moved_by: timedelta,
) -> Occurrence:
    original = stated.original
    before: Details | None = None
    if previous is not None:
        was = original - moved_by
        before = previous.occurrence(was) or implied_occurrence(previous, was)
    participants = (
        (before or series).participants
        if stated.says_nothing_of_participants
        else _participants(stated, before, writing)
    )
    owner_id = series.owner.person_id
    assert owner_id is not None, "check_ownership admits persons only"
    if writing.part is None or writing.part.holds(original):
        participants = _with_calendar_person(participants, previous, writing)
    return Occurrence(
        original=original,
        span=stated.span,
        subject=stated.subject,
        location=stated.location,
        notes=stated.notes,
        state=_state(stated, before, writing),
        participants=_owned(participants, owner_id, before),
    )


# -- state (DESIGN: STATUS) ---------------------------------------------------------------


def served_status(state: State, settings: AgencySettings) -> StatedStatus | None:
    """Return the STATUS that an appointment in this state is served with."""
    if state is State.HELD:
        return StatedStatus.CONFIRMED
    if state is State.CANCELLED:
        return StatedStatus.CANCELLED
    if settings.planned_status is PlannedStatus.NONE:
        return None
    return StatedStatus(settings.planned_status.value)


def _state(stated: DraftDetails, previous: Details | None, writing: Writing) -> State:
    """Take a state from STATUS, as far as a calendar program is to be believed.

    Absent means unchanged (Outlook's plug-in and calcurse drop the line). A new object is
    PLANNED whatever it says (Android writes CONFIRMED), save CANCELLED. CONFIRMED means
    HELD only where it differs from what was served and the appointment has begun; before
    that it un-cancels at most.
    """
    if previous is None:
        return State.CANCELLED if stated.status is StatedStatus.CANCELLED else State.PLANNED
    if stated.status is None or stated.status is served_status(previous.state, writing.settings):
        return previous.state
    if stated.status is StatedStatus.CANCELLED:
        return State.CANCELLED
    if stated.status is StatedStatus.TENTATIVE:
        return State.PLANNED
    begun = stated.span.starts_at <= writing.now
    return State.HELD if begun else State.PLANNED

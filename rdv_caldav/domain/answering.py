"""What counts of the object of somebody who may only answer (rule 9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from rdv_caldav.domain import rules
from rdv_caldav.domain.agency import Person, PersonKind
from rdv_caldav.domain.appointment import Appointment, Occurrence, Participant, Presence
from rdv_caldav.domain.draft import CalendarUser, Draft, DraftDetails
from rdv_caldav.domain.errors import UnknownOccurrence
from rdv_caldav.domain.merge import Writing, complete, in_order, made_by_answers

D = TypeVar("D", Appointment, Occurrence)


def settle_answer(draft: Draft, previous: Appointment, writing: Writing) -> Appointment:
    """Return ``previous`` with nothing but the author's own answers taken from ``draft``.

    Everything else in the object is ignored, not refused (rule 9).
    """
    author = writing.author
    if author is None:
        return previous
    settled = _with_answer(previous, _own_line(draft.attendees, author, writing), author.id)
    for override in in_order(draft):
        try:
            date = rules.occurrence_at(settled, override.original)
        except UnknownOccurrence:
            continue
        answered = _with_answer(date, _own_line(override.attendees, author, writing), author.id)
        if answered is not date:
            settled = rules.with_occurrence(settled, answered)
    settled = _on_dates_unseen(settled, previous, draft, author.id)
    settled = _with_delegates(settled, draft, author, writing)
    return _refusing_what_is_left_out(settled, draft, author.id)


def _on_dates_unseen(
    settled: Appointment, previous: Appointment, draft: Draft, person_id: int
) -> Appointment:
    """An answer for the series is one for the dates that only others' answers set apart.

    His program may not know of these dates yet, which are like all others to him.
    """
    before, after = previous.participant(person_id), settled.participant(person_id)
    for date in made_by_answers(previous, {each.original for each in draft.occurrences}):
        known = date.participant(person_id)
        if after is not None and known == before:
            participants = tuple(after if p is known else p for p in date.participants)
            settled = rules.with_occurrence(settled, replace(date, participants=participants))
    return settled


def _with_delegates(
    settled: Appointment, draft: Draft, author: Person, writing: Writing
) -> Appointment:
    """Staff may send other staff in their place; nobody else comes in by an answer."""
    takes_part = settled.participant(author.id) is not None
    for delegate in _staff_sent(draft, author, writing) if takes_part else ():
        settled = rules.add_participant(settled, delegate)
    for override in in_order(draft):
        known = settled.occurrence(override.original)
        if known is not None and known.participant(author.id) is not None:
            for delegate in _staff_sent(override, author, writing):
                known = rules.joined(known, delegate)
            settled = rules.with_occurrence(settled, known)
    return settled


def _staff_sent(stated: DraftDetails, author: Person, writing: Writing) -> Iterator[Participant]:
    own = _own_line(stated.attendees, author, writing)
    for address in own.delegates if own is not None else ():
        person = writing.directory.find(address)
        is_staff = PersonKind.CLIENT not in (author.kind, person.kind if person else None)
        if person is not None and person.active and is_staff:
            yield Participant(person_id=person.id)


def _refusing_what_is_left_out(settled: Appointment, draft: Draft, person_id: int) -> Appointment:
    """An attendee's program excludes a date of a series that he deletes: he refuses it."""
    if settled.recurrence is None or draft.recurrence is None:
        return settled
    left_out = set(draft.recurrence.excluded) - set(settled.recurrence.excluded)
    for original in sorted(left_out):
        date = rules.occurrence_at(settled, original)
        known = date.participant(person_id)
        if known is not None and known.presence is not Presence.DECLINED:
            declined = replace(known, presence=Presence.DECLINED)
            participants = tuple(declined if p is known else p for p in date.participants)
            settled = rules.with_occurrence(settled, replace(date, participants=participants))
    return settled


def _with_answer(details: D, stated: CalendarUser | None, person_id: int) -> D:
    known = details.participant(person_id)
    if stated is None or known is None:
        return details
    presence = stated.presence or Presence.NEEDS_ACTION
    answered = complete(replace(known, presence=presence, comment=stated.comment), known)
    if answered == known:
        return details
    participants = tuple(answered if p is known else p for p in details.participants)
    return replace(details, participants=participants)


def _own_line(
    attendees: Iterable[CalendarUser], author: Person, writing: Writing
) -> CalendarUser | None:
    for attendee in attendees:
        person = writing.directory.find(attendee.address, name=attendee.name)
        if person is not None and person.id == author.id:
            return attendee
    return None

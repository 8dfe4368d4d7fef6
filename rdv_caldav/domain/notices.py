"""Who is told what of a change by a scheduling message (RFC 5546), as far as he takes part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeGuard

from rdv_caldav.domain.appointment import Appointment, Presence, State
from rdv_caldav.domain.events import (
    CommentLeft,
    Event,
    ParticipantAdded,
    ParticipantRemoved,
    PresenceRecorded,
    RecurrenceChanged,
    Relocated,
    Rescheduled,
    Restored,
    StateChanged,
    SubjectChanged,
    Trashed,
)
from rdv_caldav.domain.inbox import Method

_UPDATES = (Rescheduled, Relocated, SubjectChanged, RecurrenceChanged, Restored)
_TOLD = (
    *_UPDATES,
    ParticipantAdded,
    ParticipantRemoved,
    PresenceRecorded,
    CommentLeft,
    StateChanged,
    Trashed,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What one person is told: of the whole, or of some dates of a series.

    ``answering`` is who answered, in a REPLY. ``of_before`` says that the text from before the
    change tells it, since the person is not in the new one any more. ``update`` is what is told
    instead where something else is still unread: the one message has to say all then.
    """

    method: Method
    dates: tuple[datetime, ...] = ()
    answering: int | str | None = None
    of_before: bool = False
    update: Notice | None = None


def is_told_of(happened: Iterable[Event]) -> bool:
    """Tell whether anybody is told anything of these events."""
    return any(isinstance(event, _TOLD) for event in happened)


def persons_concerned(happened: Iterable[Event], appointment: Appointment) -> frozenset[int]:
    """Return whom a change may concern: who takes part, and who did until now."""
    gone = (event.participant.person_id for event in happened if _is_removal(event))
    return appointment.all_person_ids.union(person for person in gone if person is not None)


def _is_removal(event: Event) -> TypeGuard[ParticipantRemoved]:
    return isinstance(event, ParticipantRemoved)


def notice_for(
    person_id: int, happened: Sequence[Event], appointment: Appointment, *, edits: bool
) -> Notice | None:
    """Return what a person is told of a change; ``edits`` says whether he may edit.

    Whoever refused is told nothing more, until he is asked anew.
    """
    if person_id not in appointment.all_person_ids:
        return _farewell(person_id, happened)
    own = appointment.participant(person_id)
    if own is not None and own.presence is Presence.DECLINED:
        return None
    scope = _dates_of(person_id, appointment)
    is_cancelled = any(
        isinstance(event, Trashed)
        or (isinstance(event, StateChanged) and _cancels(event) and event.original is None)
        for event in happened
    )
    if is_cancelled:
        return Notice(method=Method.CANCEL, dates=scope)
    if appointment.state is State.CANCELLED:
        return None
    update = Notice(method=Method.REQUEST, dates=scope)
    concerning = [event for event in happened if _concerns(event, person_id, appointment)]
    if any(_invites(event, person_id) for event in concerning):
        return update
    return _cancelled_dates(person_id, concerning, update) or (
        _answer(person_id, concerning) if edits else None
    )


def _farewell(person_id: int, happened: Iterable[Event]) -> Notice | None:
    """Return what somebody is told who does not take part any more."""
    left = [
        event
        for event in happened
        if isinstance(event, ParticipantRemoved)
        and event.participant.person_id == person_id
        and event.participant.presence is not Presence.DECLINED
    ]
    if not left:
        return None
    dates = tuple(event.original for event in left if event.original is not None)
    is_whole = len(dates) < len(left)
    return Notice(method=Method.CANCEL, dates=() if is_whole else dates, of_before=True)


def _dates_of(person_id: int, appointment: Appointment) -> tuple[datetime, ...]:
    """Return the dates of somebody who takes part in these only; none for all of them."""
    if person_id in appointment.person_ids:
        return ()
    dates = [each for each in appointment.occurrences if person_id in each.person_ids]
    return tuple(each.original for each in dates)


def _concerns(event: Event, person_id: int, appointment: Appointment) -> bool:
    date = appointment.occurrence(event.original) if event.original else None
    if isinstance(event, ParticipantRemoved) and event.participant.person_id == person_id:
        return True
    return person_id in (date or appointment).person_ids


def _invites(event: Event, person_id: int) -> bool:
    """Tell whether an event is a reason to be invited, or to be told of an update."""
    match event:
        case ParticipantAdded(participant=participant):
            return participant.person_id == person_id
        case StateChanged(before=State.CANCELLED):
            return True
        case _:
            return isinstance(event, _UPDATES)


def _cancels(event: StateChanged) -> bool:
    return event.after is State.CANCELLED


def _cancelled_dates(person_id: int, happened: Iterable[Event], update: Notice) -> Notice | None:
    """Return the cancellation of single dates of somebody who still takes part in others."""
    dates: dict[datetime, bool] = {}
    for event in happened:
        if event.original is None:
            continue
        if isinstance(event, StateChanged) and _cancels(event):
            dates[event.original] = False
        elif isinstance(event, ParticipantRemoved) and event.participant.person_id == person_id:
            dates[event.original] = True
    if not dates:
        return None
    return Notice(
        method=Method.CANCEL,
        dates=tuple(dates),
        of_before=all(dates.values()),
        update=update,
    )


def _answer(person_id: int, happened: Iterable[Event]) -> Notice | None:
    """Return the last answer of somebody else; who is only asked anew has not answered."""
    answers = [
        event
        for event in happened
        if (isinstance(event, PresenceRecorded) and event.after is not Presence.NEEDS_ACTION)
        or (isinstance(event, CommentLeft) and event.comment)
    ]
    others = [event for event in answers if event.key != person_id]
    if not others:
        return None
    key = others[-1].key
    originals = [event.original for event in others if event.key == key]
    dates = tuple(dict.fromkeys(original for original in originals if original is not None))
    is_whole = None in originals
    return Notice(method=Method.REPLY, dates=() if is_whole else dates, answering=key)

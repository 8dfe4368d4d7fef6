"""Who is written what about a change, and by which way: decisions, without any I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.appointment import (
    Appointment,
    Details,
    Occurrence,
    Participant,
    Presence,
    State,
)
from rdv_caldav.domain.events import (
    Event,
    InvitationAsked,
    OccurrenceRejoined,
    ParticipantAdded,
    ParticipantRemoved,
    RecurrenceChanged,
    Relocated,
    Rescheduled,
    StateChanged,
    SubjectChanged,
    Trashed,
)
from rdv_caldav.domain.timeindex import TimeIndex

REQUEST, CANCEL = "REQUEST", "CANCEL"
"""Methods of iTIP (RFC 5546): an invitation or what is new in it, and its end."""
NOTICE, REMINDER = "NOTICE", "REMINDER"
"""Plain messages without a calendar part: to who synchronises, and before the start."""

MOST_SINGLE_DATES = 3
"""Dates taken out of a series at once, or brought back, that are told by a message each."""

_OF_CONTENT = (Rescheduled, Relocated, SubjectChanged)
_UPDATES = (*_OF_CONTENT, RecurrenceChanged)
_OF_WHOLE_SERIES = (Rescheduled, RecurrenceChanged)


@dataclass(frozen=True, slots=True)
class Message:
    """What one participant is told of the whole, or of one date of a series.

    ``of_before`` says that the text from before the change tells it: he, or the date, is not in
    the new one any more.
    """

    method: str
    participant: Participant
    original: datetime | None = None
    of_before: bool = False


# -- who is told what ---------------------------------------------------------------------


def messages_for(happened: Sequence[Event], appointment: Appointment) -> tuple[Message, ...]:
    """Say who is told what: one message a participant and date, the last word counting.

    What is told of the whole is not told of its dates again. Answers, notes and types are
    nothing to tell, and whoever refused is told nothing more until he is asked anew.
    """
    told: dict[tuple[int | str, datetime | None], Message] = {}
    for event in happened:
        for message in _consequences(event, happened, appointment):
            told[message.participant.key, message.original] = message
    return tuple(
        message
        for (key, original), message in sorted(
            told.items(), key=lambda each: each[0][1] is not None
        )
        if original is None or not _is_covered(message, told.get((key, None)))
    )


def _is_covered(message: Message, whole: Message | None) -> bool:
    return whole is not None and whole.method == message.method


def _consequences(
    event: Event, happened: Sequence[Event], appointment: Appointment
) -> Iterator[Message]:
    details: Details = appointment
    if event.original is not None:
        details = appointment.occurrence(event.original) or appointment
    match event:
        case ParticipantAdded() | ParticipantRemoved():
            yield from _of_participant(event, details, happened, appointment)
        case StateChanged(after=State.CANCELLED):
            yield from _cancellations(details.participants, event.original)
        case Trashed():
            yield from _trashed(happened, appointment)
        case InvitationAsked(address=address):
            yield from _asked(address, appointment)
        case RecurrenceChanged() if dates := _few_dates(event, happened):
            for original in dates:
                yield from _of_date_in_or_out(original, happened, appointment)
        case OccurrenceRejoined(before=Occurrence() as gone):
            yield from _of_date_alone(gone, appointment)
        case _ if isinstance(event, _UPDATES) or _is_planned_again(event):
            yield from _requests(details, event.original, details.participants)


def _of_participant(
    event: ParticipantAdded | ParticipantRemoved,
    details: Details,
    happened: Iterable[Event],
    appointment: Appointment,
) -> Iterator[Message]:
    """Tell who comes, who goes, and of the dates that he still has who leaves a series."""
    who = event.participant
    if isinstance(event, ParticipantAdded):
        yield from _requests(details, event.original, (who,))
        return
    if not _was_off(details, event.original, happened):
        yield from _cancellations((who,), event.original, of_before=True)
    if event.original is None:
        for date in appointment.occurrences:
            still = date.participant(who.key)
            yield from _requests(date, date.original, () if still is None else (still,))


def is_update(event: Event, original: datetime | None) -> bool:
    """Tell whether an event is news of the whole, or of one date, to all who take part."""
    is_news = isinstance(event, _UPDATES) or _is_planned_again(event)
    return is_news and event.original == original


def _is_planned_again(event: Event) -> bool:
    return isinstance(event, StateChanged) and event.before is State.CANCELLED


def _requests(
    details: Details, original: datetime | None, participants: Iterable[Participant]
) -> Iterator[Message]:
    if details.state is not State.CANCELLED:
        for each in participants:
            if each.presence is not Presence.DECLINED:
                yield Message(REQUEST, each, original)


def _cancellations(
    participants: Iterable[Participant], original: datetime | None, *, of_before: bool = False
) -> Iterator[Message]:
    for each in participants:
        if each.presence is not Presence.DECLINED:
            yield Message(CANCEL, each, original, of_before)


def _was_off(details: Details, original: datetime | None, happened: Iterable[Event]) -> bool:
    """Tell whether it was cancelled before already, which everybody knows."""
    return details.state is State.CANCELLED and not any(
        isinstance(event, StateChanged) and event.original == original for event in happened
    )


def _trashed(happened: Sequence[Event], appointment: Appointment) -> Iterator[Message]:
    if not _was_off(appointment, None, happened):
        yield from _cancellations(appointment.participants, None)
    for date in appointment.occurrences:
        if not _was_off(date, date.original, happened):
            alone = (p for p in date.participants if appointment.participant(p.key) is None)
            yield from _cancellations(alone, date.original)


def _asked(address: str, appointment: Appointment) -> Iterator[Message]:
    """Invite a guest whom a program wants to be written to, whatever he answered."""
    scopes: tuple[tuple[Details, datetime | None], ...] = (
        (appointment, None),
        *((date, date.original) for date in appointment.occurrences),
    )
    for details, original in scopes:
        guest = details.participant(address)
        if guest is not None and details.state is not State.CANCELLED:
            yield Message(REQUEST, guest, original)


def _few_dates(event: RecurrenceChanged, happened: Iterable[Event]) -> tuple[datetime, ...]:
    """Return the dates taken out of a series or brought back, where that is all and they are few.

    Each is told by itself (RFC 5546 §3.2.5): an updated series would not say what is new.
    """
    before, after = event.before, event.after
    if before is None or after is None:
        return ()
    if (before.rules, before.added) != (after.rules, after.added):
        return ()
    if any(each.original is None and isinstance(each, _OF_CONTENT) for each in happened):
        return ()
    dates = sorted(set(after.excluded) ^ set(before.excluded))
    return tuple(dates) if len(dates) <= MOST_SINGLE_DATES else ()


def _of_date_in_or_out(
    original: datetime, happened: Iterable[Event], appointment: Appointment
) -> Iterator[Message]:
    assert appointment.recurrence is not None, "it has other dates now"
    if original not in appointment.recurrence.excluded:
        date = appointment.occurrence(original) or appointment
        yield from _requests(date, original, date.participants)
        return
    gone: Details = appointment
    for event in happened:
        if isinstance(event, OccurrenceRejoined) and event.original == original:
            gone = event.before or gone
    if gone.state is not State.CANCELLED:
        yield from _cancellations(gone.participants, original, of_before=True)


def _of_date_alone(gone: Occurrence, appointment: Appointment) -> Iterator[Message]:
    """Tell those who had no other date that theirs is none any more."""
    if gone.state is not State.CANCELLED:
        alone = (p for p in gone.participants if appointment.participant(p.key) is None)
        yield from _cancellations(alone, gone.original, of_before=True)


# -- about what is to come ----------------------------------------------------------------


def changes_dates(happened: Iterable[Event]) -> bool:
    """Tell whether a series has other dates now than before."""
    return any(event.original is None and isinstance(event, _OF_WHOLE_SERIES) for event in happened)


def next_start(
    original: datetime | None,
    happened: Iterable[Event],
    appointment: Appointment,
    indexes: Sequence[TimeIndex],
    *,
    now: datetime,
) -> datetime | None:
    """Return when what a message is about begins, in UTC; None where it is over (rule 13).

    It is about the date at ``original``, or the whole. ``indexes`` are those of a series after
    the change, and before it where its dates changed: the whole of it is told as long as it
    has, or had, dates to come. What is moved begins at the earlier of its times, if that is to
    come.
    """
    if original is None and appointment.recurrence is not None:
        dates = (date for index in indexes for date in index.listed if date.stops_at > now)
        later = (index.indexed_until for index in indexes if index.stops_at is None)
        return min((date.starts_at for date in dates), default=next(later, None))
    span = appointment.span
    if original is not None:
        date = appointment.occurrence(original)
        span = span.moved_to(original) if date is None else date.span
    if span.ends_at <= now:
        return None
    earlier = (
        event.before.starts_at
        for event in happened
        if isinstance(event, Rescheduled) and event.original == original
    )
    return min((at for at in (span.starts_at, *earlier) if at > now), default=span.starts_at)


# -- by which way -------------------------------------------------------------------------


class Medium(StrEnum):
    """How a message is brought; the values are those of the outbox."""

    MAIL = "mail"
    SMS = "sms"


class ContactBy(StrEnum):
    """How somebody wants to be written to, as his fiche says; AGENCY: as the agency does."""

    AGENCY = ""
    MAIL = "mail"
    SMS = "sms"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reachable:
    """What is known of how a person of the agency can be told something.

    ``synchronises``: his own programs show him his calendar. ``was_mailed``: he has an
    invitation to this appointment in a mail.
    """

    addresses: tuple[str, ...] = ()
    phone: str = ""
    contact_by: ContactBy = ContactBy.AGENCY
    is_active: bool = True
    synchronises: bool = False
    was_mailed: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """By which medium, and whither: an address or a telephone number."""

    medium: Medium
    recipient: str
    is_notice: bool = False


def way_to(person: Reachable, settings: AgencySettings) -> Way | None:
    """Return how a person is told of what changes, None for not at all: one channel for each.

    Who synchronises a calendar has it all there and gets a plain notice at most; unless he
    wants mails, or was invited by one that has to be brought up to date.
    """
    if person.contact_by is ContactBy.NONE or not person.is_active:
        return None
    if person.contact_by is ContactBy.SMS and person.phone:
        return Way(Medium.SMS, person.phone)
    if not person.addresses:
        return None
    is_mailed = person.was_mailed or person.contact_by is ContactBy.MAIL
    is_beside = person.synchronises and not is_mailed
    if is_beside and not settings.notices_beside_calendar:
        return None
    return Way(Medium.MAIL, person.addresses[0], is_notice=is_beside)


def way_to_remind(person: Reachable, settings: AgencySettings) -> Way | None:
    """Return how a person is reminded, None for not at all.

    By an SMS whoever wants one, and with the agency's setting whoever has no address.
    """
    if person.contact_by is ContactBy.NONE or not person.is_active:
        return None
    wants_sms = person.contact_by is ContactBy.SMS
    if person.phone and (wants_sms or (settings.remind_by_sms and not person.addresses)):
        return Way(Medium.SMS, person.phone)
    if not (settings.invite_persons or person.contact_by is not ContactBy.AGENCY):
        return None
    way = way_to(person, settings)
    return None if way is None else Way(way.medium, way.recipient)

"""Which external guests are to be written to after a change, as outbox rows.

Nothing leaves from here: the rows are part of the write's own transaction, and a worker
sends them later, or never if the write is rolled back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.appointment import Appointment, Participant, State
from rdv_caldav.domain.events import (
    Event,
    InvitationAsked,
    ParticipantAdded,
    ParticipantRemoved,
    RecurrenceChanged,
    Relocated,
    Rescheduled,
    StateChanged,
    SubjectChanged,
    Trashed,
)
from rdv_caldav.ical.scheduling import SERVER, schedule_agents
from rdv_caldav.services.access import Actor, Channel

REQUEST = "REQUEST"
CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Message:
    """An iTIP message (RFC 5546) to one guest, about the whole or one date of a series."""

    method: str
    guest: Participant
    original: datetime | None = None


def queue_messages(
    tx: Transaction,
    actor: Actor,
    happened: Iterable[Event],
    *,
    appointment_id: int,
    appointment: Appointment,
    texts: tuple[str, str],
    settings: AgencySettings,
    now: datetime,
) -> None:
    """Queue what the agency's setting says guests are told of this change (rule 13).

    Imports never mail, nor does anything about an appointment that is over. ``texts`` are its
    objects before and after: whom a program writes to by itself is told nothing.
    """
    if not settings.invite_external_guests or actor.channel is Channel.IMPORT:
        return
    if appointment.recurrence is None and appointment.span.ends_at <= now:
        return
    guests = {p.address: p for p in _guests(appointment)}
    messages = list(messages_for(happened, appointment))
    if not (guests or messages):
        return
    before, after = map(schedule_agents, texts)
    served = [
        message
        for message in messages
        if after.get(message.guest.address, before.get(message.guest.address, SERVER)) == SERVER
    ]
    for message in (*served, *_handed_over(guests, before, after, appointment, served)):
        tx.outbox.put(
            method=message.method,
            appointment_id=appointment_id,
            original=message.original,
            recipient=message.guest.address,
            recipient_name=message.guest.name,
            sequence=appointment.sequence,
            now=now,
        )


def _guests(appointment: Appointment) -> Iterator[Participant]:
    for details in (appointment, *appointment.occurrences):
        yield from (p for p in details.participants if p.person_id is None)


def _handed_over(
    guests: Mapping[str, Participant],
    before: Mapping[str, str],
    after: Mapping[str, str],
    appointment: Appointment,
    told: Iterable[Message],
) -> Iterator[Message]:
    """Tell the guests whom the server takes over from a program, or leaves to one.

    RFC 6638 §3.2.1.2: a request to the former, a cancellation to the latter.
    """
    told_already = {message.guest.address for message in told}
    for address, guest in guests.items():
        if address not in before or address not in after or address in told_already:
            continue
        was_served, is_served = before[address] == SERVER, after[address] == SERVER
        if was_served and not is_served:
            yield Message(CANCEL, guest)
        elif is_served and not was_served and appointment.state is not State.CANCELLED:
            yield Message(REQUEST, guest)


def messages_for(happened: Iterable[Event], appointment: Appointment) -> Iterator[Message]:
    """Say who is told what: one message a guest and date, the last word counting."""
    told: dict[tuple[str, datetime | None], Message] = {}
    for event in happened:
        details = appointment.occurrence(event.original) if event.original else None
        taking_part = (details or appointment).participants
        guests = [p for p in taking_part if p.person_id is None]
        for message in _consequences(event, guests, appointment):
            told[message.guest.address, message.original] = message
    yield from told.values()


def _consequences(
    event: Event, guests: list[Participant], appointment: Appointment
) -> Iterator[Message]:
    match event:
        case ParticipantAdded(participant=p) if p.person_id is None:
            if appointment.state is not State.CANCELLED:
                yield Message(REQUEST, p, event.original)
        case ParticipantRemoved(participant=p) if p.person_id is None:
            yield Message(CANCEL, p, event.original)
        case StateChanged(after=State.CANCELLED) | Trashed():
            yield from (Message(CANCEL, guest, event.original) for guest in guests)
        case InvitationAsked(address=address) if appointment.state is not State.CANCELLED:
            yield from (Message(REQUEST, g, event.original) for g in guests if g.address == address)
        case StateChanged(before=State.CANCELLED):
            yield from (Message(REQUEST, guest, event.original) for guest in guests)
        case Rescheduled() | Relocated() | SubjectChanged() | RecurrenceChanged():
            if appointment.state is not State.CANCELLED:
                yield from (Message(REQUEST, guest, event.original) for guest in guests)
        case _:
            pass

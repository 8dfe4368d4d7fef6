"""Put what a change has to be told into the outbox, as the agency's settings say (rule 13).

Nothing leaves from here: the rows are part of the write's own transaction, and a worker
sends them later, or never if the write is rolled back. What is told to whom is decided by
:mod:`rdv_caldav.domain.mailing`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rdv_caldav.db.contacts import Contact
from rdv_caldav.db.mail_threads import recipient_key
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.appointment import Appointment, Participant, Presence, State
from rdv_caldav.domain.directory import placeholder_address
from rdv_caldav.domain.events import Event, RecurrenceChanged, Rescheduled
from rdv_caldav.domain.mail_times import due_at
from rdv_caldav.domain.mailing import (
    CANCEL,
    NOTICE,
    REQUEST,
    ContactBy,
    Medium,
    Message,
    Reachable,
    Way,
    changes_dates,
    messages_for,
    next_start,
    way_to,
)
from rdv_caldav.domain.timeindex import TimeIndex
from rdv_caldav.ical.recurrence import time_index
from rdv_caldav.ical.scheduling import SERVER, schedule_agents
from rdv_caldav.services.access import Actor, Channel
from rdv_caldav.services.mailing.handing_over import handed_over, without_exchanges

SYNCHRONISES = timedelta(days=60)
"""Who has had no calendar read for so long has no program that shows him anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happened to an appointment, with its object before and after."""

    happened: Sequence[Event]
    appointment_id: int
    appointment: Appointment
    texts: tuple[str, str]


def queue_messages(
    tx: Transaction,
    actor: Actor,
    happened: Sequence[Event],
    *,
    appointment_id: int,
    appointment: Appointment,
    texts: tuple[str, str],
    settings: AgencySettings,
    now: datetime,
) -> None:
    """Queue what the agency's settings say participants are told of this change.

    Imports never mail, nor does anything about what is over. ``texts`` are the objects before
    and after: whom a program writes to by itself (RFC 6638 §7.1) is told nothing. Nobody is
    told what he did himself. ``now`` is aware.
    """
    if actor.channel is Channel.IMPORT:
        return
    keys = handed_over(tx, happened, appointment_id, appointment)
    if not (settings.invite_external_guests or settings.invite_persons):
        return
    change = Change(
        happened=happened, appointment_id=appointment_id, appointment=appointment, texts=texts
    )
    told = without_exchanges(_served(tx, actor, change, settings), keys, happened)
    if told:
        _put(tx, told, change, settings, now)


def _is_meant(participant: Participant, actor: Actor, settings: AgencySettings) -> bool:
    if participant.person_id is None:
        return settings.invite_external_guests and is_mailable(participant.address, settings)
    return settings.invite_persons and participant.person_id != actor.person_id


def is_mailable(address: str, settings: AgencySettings) -> bool:
    """Tell whether anything can be sent to the address of a guest.

    Programs invite by whatever a URI can name; the agency's own addresses are nobody's.
    """
    name, _at, domain = address.rpartition("@")
    own = {"", settings.placeholder_domain.lower(), settings.answers_domain.lower()}
    if not name or domain in own or ":" in name or "/" in name:
        return False
    return address != settings.scheduling_address.lower()


# -- whom the server writes to, and not a program -----------------------------------------


def _served(
    tx: Transaction, actor: Actor, change: Change, settings: AgencySettings
) -> list[Message]:
    """Return what is told to those whom no program writes to by itself.

    And to those whom the server takes over from a program, or leaves to one: a request to the
    former, a cancellation to the latter (RFC 6638 §3.2.1.2).
    """
    messages = [
        message
        for message in messages_for(change.happened, change.appointment)
        if _is_meant(message.participant, actor, settings)
    ]
    everybody = [p for p in _everybody(change.appointment) if _is_meant(p, actor, settings)]
    if not (messages or everybody) or not any(map(_names_agents, change.texts)):
        return messages
    agents = _agents(tx, [*everybody, *(each.participant for each in messages)], change, settings)
    served = []
    for message in messages:
        was, now = agents[message.participant.key]
        if (now or was or SERVER) == SERVER:
            served.append(message)
    told = {message.participant.key for message in served}
    for participant in everybody:
        was, now = agents[participant.key]
        if was is None or now is None or participant.key in told:
            continue
        if participant.presence is Presence.DECLINED:
            continue
        if was == SERVER != now:
            served.append(Message(CANCEL, participant))
        elif now == SERVER != was and change.appointment.state is not State.CANCELLED:
            served.append(Message(REQUEST, participant))
    return served


def _names_agents(text: str) -> bool:
    # a long line may be broken anywhere (RFC 5545 §3.1)
    return "SCHEDULE-AGENT" in text.replace("\r\n ", "").upper()


def mailed_by_programs(text: str) -> frozenset[str]:
    """Return the addresses to which a program writes by itself, or nobody (RFC 6638 §7.1)."""
    if not _names_agents(text):
        return frozenset()
    agents = schedule_agents(text)
    return frozenset(address for address, agent in agents.items() if agent != SERVER)


def _everybody(appointment: Appointment) -> Iterator[Participant]:
    found = {
        participant.key: participant
        for details in (*appointment.occurrences, appointment)
        for participant in details.participants
    }
    yield from found.values()


def _agents(
    tx: Transaction,
    participants: Collection[Participant],
    change: Change,
    settings: AgencySettings,
) -> dict[int | str, tuple[str | None, str | None]]:
    """Return who writes to each participant, before the change and after it."""
    before, after = map(schedule_agents, change.texts)
    ids = [each.person_id for each in participants if each.person_id is not None]
    persons = tx.people.by_ids(ids)

    def agent(participant: Participant, named: Mapping[str, str]) -> str | None:
        person = persons.get(participant.person_id or 0)
        if person is None:
            return named.get(participant.address)
        own = (placeholder_address(person, settings), *person.addresses)
        return next((named[address] for address in own if address in named), None)

    return {each.key: (agent(each, before), agent(each, after)) for each in participants}


# -- rows ---------------------------------------------------------------------------------


def _put(
    tx: Transaction,
    messages: Iterable[Message],
    change: Change,
    settings: AgencySettings,
    now: datetime,
) -> None:
    indexes = _indexes(change, now)
    coming = [
        (message, begins)
        for message in messages
        if (
            begins := next_start(
                message.original, change.happened, change.appointment, indexes, now=now
            )
        )
        is not None
    ]
    ways = ways_to(
        tx,
        [message.participant for message, _begins in coming],
        settings,
        appointment_id=change.appointment_id,
        now=now,
    )
    source = Source(
        appointment_id=change.appointment_id,
        sequence=change.appointment.sequence,
        text_before=change.texts[0],
    )
    for message, begins in coming:
        way = ways.get(message.participant.key)
        if way is not None:
            due = due_at(now, begins, settings)
            put_message(tx, message, way, source, settings, due=due, now=now)


def _indexes(change: Change, now: datetime) -> tuple[TimeIndex, ...]:
    """Return the dates of a series, and those that it had where it has others now."""
    appointment = change.appointment
    if appointment.recurrence is None:
        return ()
    indexes = [time_index(appointment, now=now)]
    if changes_dates(change.happened):
        for event in change.happened:
            if isinstance(event, RecurrenceChanged):
                appointment = replace(appointment, recurrence=event.before)
            elif isinstance(event, Rescheduled) and event.original is None:
                appointment = replace(appointment, span=event.before)
        indexes.append(time_index(replace(appointment, occurrences=()), now=now))
    return tuple(indexes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What messages are about; ``text_before`` is its object before a change."""

    appointment_id: int
    sequence: int
    text_before: str = ""


@dataclass(frozen=True, slots=True)
class NamedWay:
    """How a participant is written to, and by which name."""

    way: Way
    name: str


def ways_to(
    tx: Transaction,
    participants: Collection[Participant],
    settings: AgencySettings,
    *,
    appointment_id: int,
    now: datetime,
) -> dict[int | str, NamedWay]:
    """Return how each of these participants is told of changes; the others are not told."""
    found: dict[int | str, NamedWay] = {}
    persons = {p.person_id for p in participants if p.person_id is not None}
    reachable = reachable_persons(tx, persons, appointment_id=appointment_id, now=now)
    for participant in participants:
        if participant.person_id is None:
            mail = Way(Medium.MAIL, participant.address)
            found[participant.key] = NamedWay(mail, participant.name)
        elif participant.person_id in reachable:
            contact, known = reachable[participant.person_id]
            way = way_to(known, settings)
            if way is not None:
                found[participant.key] = NamedWay(way, contact.name)
    return without_stopped(tx, found)


def without_stopped(
    tx: Transaction, ways: Mapping[int | str, NamedWay]
) -> dict[int | str, NamedWay]:
    """Leave out the addresses that want no more mails."""
    addresses = {named.way.recipient for named in ways.values() if named.way.medium is Medium.MAIL}
    stopped = tx.mail_threads.stopped(sorted(addresses))
    return {key: named for key, named in ways.items() if named.way.recipient not in stopped}


def reachable_persons(
    tx: Transaction, person_ids: Collection[int], *, appointment_id: int, now: datetime
) -> dict[int, tuple[Contact, Reachable]]:
    """Return how persons can be told something about an appointment."""
    contacts = tx.contacts.of(person_ids)
    if not contacts:
        return {}
    listening = {person for _id, _login, person in tx.inbox.listening(person_ids, acting=0)}
    threads = tx.mail_threads.of_appointment(appointment_id)
    mailed = {thread.person_id for thread in threads if thread.sequence >= 0}
    found = {}
    for person_id, contact in contacts.items():
        last = contact.synchronised_at
        is_fresh = last is not None and now - last < SYNCHRONISES
        known = Reachable(
            addresses=contact.addresses,
            phone=contact.phone,
            contact_by=ContactBy(contact.contact_by),
            is_active=contact.is_active,
            synchronises=is_fresh or person_id in listening,
            was_mailed=person_id in mailed,
        )
        found[person_id] = (contact, known)
    return found


def put_message(
    tx: Transaction,
    message: Message,
    named: NamedWay,
    source: Source,
    settings: AgencySettings,
    *,
    due: datetime,
    now: datetime,
) -> None:
    """Put one message into the outbox; what waits before it for the same reader leaves with it."""
    key = recipient_key(message.participant.key)
    if due <= now and settings.quiet_from:
        tx.outbox.hasten(source.appointment_id, key, now)
    tx.outbox.put(
        method=NOTICE if named.way.is_notice else message.method,
        medium=named.way.medium.value,
        appointment_id=source.appointment_id,
        original=message.original,
        recipient=named.way.recipient,
        recipient_name=named.name,
        recipient_key=key,
        sequence=source.sequence,
        object_text=source.text_before if message.of_before else "",
        due=due,
        now=now,
    )

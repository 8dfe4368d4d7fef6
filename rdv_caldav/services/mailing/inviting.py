"""*Inviter*: who plans chooses whom an invitation goes to, whatever the agency's settings are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from rdv_caldav.db.mail_threads import recipient_key
from rdv_caldav.db.outbox import QUEUED, OutboxMessage
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.appointment import Participant, Presence, State
from rdv_caldav.domain.errors import EditRefused
from rdv_caldav.domain.events import InvitationAsked
from rdv_caldav.domain.mail_times import due_at
from rdv_caldav.domain.mailing import (
    CANCEL,
    REQUEST,
    ContactBy,
    Medium,
    Message,
    Reachable,
    Way,
    next_start,
    way_to,
)
from rdv_caldav.ical.recurrence import time_index
from rdv_caldav.services.access import Actor
from rdv_caldav.services.appointment_pages import AppointmentPage, is_over, open_page
from rdv_caldav.services.audit import record_events
from rdv_caldav.services.mailing.deciding import (
    NamedWay,
    Source,
    is_mailable,
    put_message,
    reachable_persons,
)


class Obstacle(StrEnum):
    """Why somebody cannot be invited by a message."""

    TRASHED = "trashed"
    CANCELLED = "cancelled"
    PAST = "past"
    NO_ADDRESS = "no-address"
    STOPPED = "stopped"
    UNWANTED = "unwanted"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitee:
    """A participant, how an invitation would reach him, and what stands against it.

    ``synchronises``: his own programs show him the rendez-vous anyhow. ``was_mailed``: he has
    an invitation already. ``is_author``: he is the one who would invite.
    """

    participant: Participant
    name: str
    way: Way | None = None
    obstacle: Obstacle | None = None
    synchronises: bool = False
    was_mailed: bool = False
    is_author: bool = False

    @property
    def key(self) -> int | str:
        """The key of the participant within the appointment."""
        return self.participant.key

    @property
    def is_proposed(self) -> bool:
        """Whether he is chosen unless somebody says otherwise."""
        is_told = self.synchronises or self.was_mailed or self.is_author
        is_asked = self.participant.presence is not Presence.DECLINED
        return self.obstacle is None and is_asked and not is_told

    @property
    def is_missed(self) -> bool:
        """Whether he would be chosen if an invitation could reach him."""
        return self.obstacle is not None and not (self.synchronises or self.is_author)


@dataclass(frozen=True, slots=True)
class Invited:
    """How many invitations wait to be sent, and who was chosen but cannot be invited."""

    count: int
    refused: tuple[Invitee, ...] = ()


def invitees(
    tx: Transaction, actor: Actor, page: AppointmentPage, *, now: datetime
) -> list[Invitee]:
    """Return all participants of what a page shows; ``now`` is aware."""
    settings = tx.agency.settings()
    participants = page.details.participants
    ids = {p.person_id for p in participants if p.person_id is not None}
    persons = reachable_persons(tx, ids, appointment_id=page.id, now=now)
    threads = tx.mail_threads.of_appointment(page.id)
    mailed = {thread.participant_key for thread in threads if thread.sequence >= 0}
    against = _against_all(page, now)
    found = []
    for participant in participants:
        if participant.person_id is None:
            way, obstacle = _way_to_guest(participant, settings)
            each = Invitee(participant=participant, name=participant.name, way=way)
        else:
            contact, known = persons[participant.person_id]
            way, obstacle = _way_to_person(known, settings)
            each = Invitee(
                participant=participant,
                name=contact.name,
                way=way,
                synchronises=known.synchronises,
                is_author=participant.person_id == actor.person_id,
            )
        was_mailed = participant.key in mailed
        found.append(replace(each, obstacle=against or obstacle, was_mailed=was_mailed))
    addresses = [each.way.recipient for each in found if each.way is not None]
    stopped = tx.mail_threads.stopped(addresses)
    return [
        replace(each, obstacle=each.obstacle or Obstacle.STOPPED)
        if each.way is not None and each.way.recipient in stopped
        else each
        for each in found
    ]


def _against_all(page: AppointmentPage, now: datetime) -> Obstacle | None:
    if page.trashed_at is not None:
        return Obstacle.TRASHED
    if State.CANCELLED in (page.details.state, page.appointment.state):
        return Obstacle.CANCELLED
    return Obstacle.PAST if is_over(page, now=now) else None


def _way_to_guest(
    guest: Participant, settings: AgencySettings
) -> tuple[Way | None, Obstacle | None]:
    if not is_mailable(guest.address, settings):
        return None, Obstacle.NO_ADDRESS
    return Way(Medium.MAIL, guest.address), None


def _way_to_person(
    known: Reachable, settings: AgencySettings
) -> tuple[Way | None, Obstacle | None]:
    if not known.is_active:
        return None, Obstacle.ARCHIVED
    if known.contact_by is ContactBy.NONE:
        return None, Obstacle.UNWANTED
    # whoever is chosen gets an invitation, though his programs show him the rendez-vous too
    way = way_to(replace(known, synchronises=False), settings)
    return way, Obstacle.NO_ADDRESS if way is None else None


def invite(
    tx: Transaction,
    actor: Actor,
    appointment_id: int,
    keys: Collection[int | str] | None,
    *,
    now: datetime,
    original: datetime | None = None,
) -> Invited:
    """Queue an invitation to each of these participants, to one date where ``original`` says so.

    None are those who would be proposed. Whoever has one waiting gets no other; in quiet hours
    they wait as everything does. Raises UnknownObject, and EditRefused for who may not edit.
    """
    page = open_page(tx, actor, appointment_id, original=original)
    if not page.may_edit:
        raise EditRefused("this account may not invite the participants")
    settings = tx.agency.settings()
    chosen = [
        each
        for each in invitees(tx, actor, page, now=now)
        if (each.key in keys if keys is not None else each.is_proposed or each.is_missed)
    ]
    waiting = _waiting(tx, page)
    source = Source(appointment_id=page.id, sequence=page.appointment.sequence)
    index = time_index(page.appointment, now=now)
    begins = next_start(original, (), page.appointment, [index], now=now) or now
    due = due_at(now, begins, settings)
    count = 0
    for each in chosen:
        if each.obstacle is not None or each.way is None:
            continue
        count += 1
        if recipient_key(each.key) in waiting:
            continue
        message = Message(REQUEST, each.participant, page.original)
        named = NamedWay(each.way, each.name)
        put_message(tx, message, named, source, settings, due=due, now=now)
        asked = InvitationAsked(original=page.original, address=each.way.recipient)
        record_events(tx, actor, [asked], appointment_id=page.id, now=now)
    return Invited(count, tuple(each for each in chosen if each.obstacle is not None))


def _waiting(tx: Transaction, page: AppointmentPage) -> set[str]:
    """Return the keys of those to whom the last that was written is an invitation not yet sent."""
    last: dict[str, OutboxMessage] = {}
    for message in tx.outbox.of_appointment(page.id):
        if message.method in (REQUEST, CANCEL):
            last.setdefault(message.recipient_key, message)
    return {
        key
        for key, message in last.items()
        if (message.method, message.status, message.original) == (REQUEST, QUEUED, page.original)
    }

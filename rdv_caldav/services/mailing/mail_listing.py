"""The page *Courriels*: what is sent, what became of it, and beginning anew with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from rdv_caldav.db.mail_reading import ListedMail, ListedMessage, MailFilter, MailPlace
from rdv_caldav.db.outbox import AGAIN, QUEUED, OutboxMessage
from rdv_caldav.db.received_mails import ReceivedMail
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.control import Scope
from rdv_caldav.domain.errors import AccessRefused, ModuleOff, UnknownObject
from rdv_caldav.domain.events import SendingAsked
from rdv_caldav.mail.incoming import read_mail
from rdv_caldav.services import access
from rdv_caldav.services.access import Actor
from rdv_caldav.services.appointment_pages import AppointmentPage
from rdv_caldav.services.audit import record_events

PAGE_SIZE = 50
SMS = "sms"

Listed = TypeVar("Listed", ListedMessage, ListedMail)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPage(Generic[Listed]):
    """Some mails, the newest first, and where the pages before and after them are."""

    rows: Sequence[Listed]
    before: MailPlace | None = None
    after: MailPlace | None = None


def scope_for(tx: Transaction, actor: Actor) -> Scope:
    """Return whose mails the actor may read. Raises AccessRefused for all but staff, ModuleOff."""
    settings = tx.agency.settings()
    if not access.edits_by_role(actor):
        raise AccessRefused("mails are for staff")
    if not settings.module_enabled:
        raise ModuleOff("the module Rendez-vous is switched off")
    return access.scope_of(actor, settings)


def paged(
    read: Callable[[int], Sequence[Listed]],
    id_of: Callable[[Listed], int],
    place: MailPlace | None,
) -> MailPage[Listed]:
    """Return a page of what ``read`` lists, given how many are wanted."""
    backwards = place is not None and place.backwards
    # one more than asked for tells whether there is another page
    rows = read(PAGE_SIZE + 1)
    is_more = len(rows) > PAGE_SIZE
    rows = rows[-PAGE_SIZE:] if backwards else rows[:PAGE_SIZE]
    if not rows:
        return MailPage(rows=())
    has_before = is_more if backwards else place is not None
    return MailPage(
        rows=rows,
        before=MailPlace(id=id_of(rows[0]), backwards=True) if has_before else None,
        after=MailPlace(id=id_of(rows[-1])) if backwards or is_more else None,
    )


def messages(
    tx: Transaction, actor: Actor, wanted: MailFilter, place: MailPlace | None
) -> MailPage[ListedMessage]:
    """Return messages that the actor may see. Raises AccessRefused, ModuleOff."""
    scope = scope_for(tx, actor)
    return paged(
        lambda size: tx.mail_reading.messages(wanted, scope, place, size=size),
        lambda each: each.message.id,
        place,
    )


def counts(tx: Transaction, actor: Actor, wanted: MailFilter) -> Mapping[str, int]:
    """Return how many messages a filter finds in each state. Raises AccessRefused, ModuleOff."""
    return tx.mail_reading.statuses(wanted, scope_for(tx, actor))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedMessage:
    """A message with what it says: ``raw`` as it is sent, None before it is composed.

    ``subject`` and ``text`` are those of ``raw``, or what somebody wrote. ``can_begin_anew``: it
    was given up, or waits for its next attempt. ``can_hasten``: it waits for its time.
    """

    message: OutboxMessage
    objet: str
    raw: bytes | None
    subject: str
    text: str
    can_begin_anew: bool
    can_hasten: bool


def open_message(tx: Transaction, actor: Actor, message_id: int, *, now: datetime) -> OpenedMessage:
    """Return a message. Raises UnknownObject alike for what is hidden and what is not there."""
    message = _seen(tx, actor, message_id)
    stored = tx.appointments.get(message.appointment_id)
    raw = tx.outbox.raw(message.id)
    subject, text = message.subject, message.body
    if raw is not None and message.medium == SMS:
        text = raw.decode("utf-8", "replace")
    elif raw is not None:
        read = read_mail(raw, authserv_ids=())
        subject, text = read.subject, read.text
    return OpenedMessage(
        message=message,
        objet=stored.appointment.subject if stored is not None else "",
        raw=raw,
        subject=subject,
        text=text,
        can_begin_anew=message.status in AGAIN,
        can_hasten=_waits(message, now),
    )


def send_now(tx: Transaction, actor: Actor, message_id: int, *, now: datetime) -> bool:
    """Let a message leave now that was given up or waits; False where there is nothing to do.

    Whether it still makes sense is looked at when it is sent, as ever. Raises UnknownObject.
    """
    message = _seen(tx, actor, message_id)
    if _waits(message, now):
        # what was put before it for the same recipient goes first
        tx.outbox.hasten(message.appointment_id, message.recipient_key, now)
    elif not tx.outbox.requeue(message.id, now=now):
        return False
    asked = SendingAsked(original=message.original, recipient=message.recipient)
    record_events(tx, actor, [asked], appointment_id=message.appointment_id, now=now)
    return True


def _waits(message: OutboxMessage, now: datetime) -> bool:
    is_early = message.due_at is not None and message.due_at > now
    return message.status == QUEUED and is_early


def _seen(tx: Transaction, actor: Actor, message_id: int) -> OutboxMessage:
    scope = scope_for(tx, actor)
    message = tx.outbox.get(message_id)
    if message is None or not tx.mail_reading.sees(message.appointment_id, scope):
        raise UnknownObject(f"no message {message_id} for this account")
    return message


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondence:
    """What was written about one rendez-vous and what came in about it, the newest first."""

    sent: Sequence[OutboxMessage] = ()
    received: Sequence[ReceivedMail] = ()


def correspondence(tx: Transaction, page: AppointmentPage, *, most: int) -> Correspondence:
    """Return the mails about a rendez-vous, nothing to those who may not edit it."""
    if not page.may_edit:
        return Correspondence()
    return Correspondence(
        sent=tx.outbox.of_appointment(page.id)[:most],
        received=tx.received_mails.of_appointment(page.id)[:most],
    )

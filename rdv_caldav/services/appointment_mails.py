"""Messages that somebody writes to the participants of a rendez-vous: one to each (rule 13)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from rdv_caldav.db.mail_threads import recipient_key
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.errors import AlreadyOver, EditRefused, InvalidInput
from rdv_caldav.domain.events import MessageQueued
from rdv_caldav.domain.mail_times import due_at
from rdv_caldav.domain.mailing import next_start
from rdv_caldav.ical.recurrence import time_index
from rdv_caldav.services.access import Actor
from rdv_caldav.services.appointment_pages import AppointmentPage, is_over, open_page
from rdv_caldav.services.audit import record_events

MESSAGE = "MESSAGE"
"""The method of an outbox row that is no iTIP message."""

LONGEST_SUBJECT = 250
LONGEST_BODY = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A participant whom one may write to; ``address`` is empty where his fiche has none."""

    key: int | str
    name: str
    address: str
    presence: Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What one recipient is written."""

    subject: str
    body: str
    html: str = ""


def recipients(page: AppointmentPage) -> list[Recipient]:
    """Return all participants, with the preferred address of each fiche."""
    found = []
    for participant in page.details.participants:
        person = page.persons.get(participant.person_id or 0)
        address = participant.address
        if person is not None:
            address = person.addresses[0] if person.addresses else ""
        found.append(
            Recipient(
                key=participant.key,
                name=person.name if person else participant.name,
                address=address,
                presence=participant.presence,
            )
        )
    return found


def send(
    tx: Transaction,
    actor: Actor,
    appointment_id: int,
    keys: Collection[int | str],
    letter: Callable[[Recipient], Letter],
    *,
    now: datetime,
    original: datetime | None = None,
) -> int:
    """Queue a letter to each of these participants who has an address; return how many.

    Two who share an address get one each. In quiet hours they wait as all messages do. Raises
    UnknownObject, EditRefused, AlreadyOver, and InvalidInput for a letter without subject or
    text, or one that is too long.
    """
    page = open_page(tx, actor, appointment_id, original=original)
    if not page.may_edit or page.trashed_at is not None:
        raise EditRefused("this account may not write to the participants")
    if is_over(page, now=now):
        raise AlreadyOver("nobody is written to about what is over")
    chosen = [each for each in recipients(page) if each.key in keys and each.address]
    index = time_index(page.appointment, now=now)
    begins = next_start(original, (), page.appointment, [index], now=now) or now
    due = due_at(now, begins, tx.agency.settings())
    for recipient in chosen:
        written = letter(recipient)
        _check(written)
        tx.outbox.put(
            method=MESSAGE,
            appointment_id=page.id,
            original=original,
            recipient=recipient.address,
            recipient_name=recipient.name,
            recipient_key=recipient_key(recipient.key),
            due=due,
            sequence=page.appointment.sequence,
            now=now,
            subject=written.subject,
            body=written.body,
            html=written.html,
        )
        told = MessageQueued(
            original=original, recipient=recipient.address, subject=written.subject
        )
        record_events(tx, actor, [told], appointment_id=page.id, now=now)
    return len(chosen)


def _check(letter: Letter) -> None:
    if not letter.subject.strip() or not letter.body.strip():
        raise InvalidInput("a letter has a subject and a text")
    if "\n" in letter.subject or "\r" in letter.subject:
        raise InvalidInput("a subject is one line")
    if len(letter.subject) > LONGEST_SUBJECT or len(letter.body) > LONGEST_BODY:
        raise InvalidInput("the subject or the text is too long")

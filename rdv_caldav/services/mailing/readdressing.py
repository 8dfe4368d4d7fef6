"""Where a message goes that was queued to a person whose fiche may have changed since.

An address that was wrong is put right there, and what came back begun anew: then it goes to the
new one. Whoever was archived is written nothing more.
"""

from __future__ import annotations

from dataclasses import replace

from rdv_caldav.db.mail_threads import participant_key
from rdv_caldav.db.outbox import OutboxMessage
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.mailing import ContactBy, Medium
from rdv_caldav.services.appointment_mails import MESSAGE


def readdressed(tx: Transaction, message: OutboxMessage) -> OutboxMessage | None:
    """Return a message as it is addressed now; None for who is not to be written to any more.

    Guests are their addresses. What somebody wrote himself goes to whoever wants no messages of
    the agency's own.
    """
    key = participant_key(message.recipient_key) if message.recipient_key else ""
    if not isinstance(key, int):
        return message
    contact = tx.contacts.of({key}).get(key)
    if contact is None or not contact.is_active:
        return None
    if contact.contact_by == ContactBy.NONE and message.method != MESSAGE:
        return None
    numbers = (contact.phone,) if contact.phone else ()
    known = contact.addresses if message.medium == Medium.MAIL else numbers
    if message.recipient in known:
        return message
    if not known:
        return None
    tx.outbox.readdress(message.id, known[0])
    return replace(message, recipient=known[0])

"""Mails that come back: what became of a message that was sent, told where it is seen.

Whoever sends such a mail may be lying: it is believed only when it names a mail of ours, whose
Message-ID nobody can guess, or comes to the recipient's own answering address.
"""

from __future__ import annotations

from datetime import datetime

from rdv_caldav.db.outbox import BOUNCED, FAILED, SENT, OutboxMessage
from rdv_caldav.db.uow import Transaction
from rdv_caldav.ical.delivery_status import GIVEN_UP, NO_WAY
from rdv_caldav.mail.bounces import Bounce
from rdv_caldav.mail.incoming import ReceivedMail
from rdv_caldav.services.mailing.attribution import REFERENCE, TOKEN, thread_by_token
from rdv_caldav.services.mailing.outcomes import Finding, Reason, Result
from rdv_caldav.services.mailing.undelivered import note_undelivered

DEVICE = "courriel"
_LONGEST_PROBLEM = 500
_ARRIVED = frozenset({"delivered", "relayed", "expanded"})


def take_bounce(tx: Transaction, mail: ReceivedMail, bounce: Bounce, *, now: datetime) -> Finding:
    """Note what became of a message; ``now`` is aware."""
    message, by = _message_meant(tx, mail, bounce)
    reason = _reason(bounce)
    evidence = {
        "by": by,
        "recipient": bounce.recipient,
        "action": bounce.action,
        "status": bounce.status,
        "diagnostic": bounce.diagnostic,
        "outbox": message.id if message is not None else None,
    }
    if message is None:
        is_open = reason is Reason.FAILED
        reason = Reason.UNKNOWN_MAIL if is_open else reason
        return Finding(result=Result.BOUNCE, reason=reason, is_open=is_open, evidence=evidence)
    # what is on its way once more is left alone: what comes of that will show
    if reason is Reason.FAILED and message.status in (SENT, FAILED):
        note_undelivered(
            tx,
            message,
            fate=BOUNCED,
            problem=f"{bounce.status} {bounce.diagnostic}".strip()[:_LONGEST_PROBLEM],
            status=GIVEN_UP if bounce.status.startswith("4") else NO_WAY,
            device=DEVICE,
            now=now,
        )
    return Finding(
        result=Result.BOUNCE,
        reason=reason,
        appointment_id=message.appointment_id,
        recipient_key=message.recipient_key,
        evidence=evidence,
    )


def _reason(bounce: Bounce) -> Reason:
    if bounce.has_failed:
        return Reason.FAILED
    return Reason.DELIVERED if bounce.action in _ARRIVED else Reason.DELAYED


def _message_meant(
    tx: Transaction, mail: ReceivedMail, bounce: Bounce
) -> tuple[OutboxMessage | None, str]:
    """Return the message that came back, of a thread the last that was sent to the address."""
    # the envelope id is the Message-ID without its brackets
    for message_id in (bounce.message_id, f"<{bounce.envelope_id.strip('<>')}>"):
        message = tx.outbox.with_message_id(message_id) if message_id.strip("<>") else None
        if message is not None:
            return message, REFERENCE
    thread = thread_by_token(tx, mail.recipients)
    if thread is None:
        return None, ""
    written = tx.outbox.of_thread(thread.appointment_id, thread.recipient_key)
    sent = [each for each in written if each.status in (SENT, BOUNCED) and each.medium == "mail"]
    named = [each for each in sent if each.recipient.lower() == bounce.recipient]
    found = named or sent
    return (found[-1], TOKEN) if found else (None, TOKEN)

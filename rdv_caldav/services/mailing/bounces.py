"""Mails that come back: what became of a message that was sent, told where it is seen.

Whoever sends such a mail may be lying: it is believed only when it names a mail of ours, whose
Message-ID nobody can guess, or comes to the recipient's own answering address.
"""

from __future__ import annotations

from datetime import datetime

from rdv_caldav.db.mail_threads import participant_key
from rdv_caldav.db.outbox import BOUNCED, FAILED, SENT, OutboxMessage
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.events import MailFailed
from rdv_caldav.ical.delivery_status import GIVEN_UP, NO_WAY, put_status
from rdv_caldav.mail.bounces import Bounce
from rdv_caldav.mail.incoming import ReceivedMail
from rdv_caldav.services.access import mail_server
from rdv_caldav.services.audit import record_events
from rdv_caldav.services.inbox_delivery import addresses_in_objects
from rdv_caldav.services.mailing.attribution import REFERENCE, TOKEN, thread_by_token
from rdv_caldav.services.mailing.outcomes import Finding, Reason, Result
from rdv_caldav.services.recording import Recorder

DEVICE = "courriel"
_LONGEST_PROBLEM = 500
_ARRIVED = frozenset({"delivered", "relayed", "expanded"})


def take_bounce(
    tx: Transaction, mail: ReceivedMail, bounce: Bounce, settings: AgencySettings, *, now: datetime
) -> Finding:
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
    if reason is Reason.FAILED and message.status != BOUNCED:
        _note_failure(tx, message, bounce, settings, now)
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


def _note_failure(
    tx: Transaction,
    message: OutboxMessage,
    bounce: Bounce,
    settings: AgencySettings,
    now: datetime,
) -> None:
    problem = f"{bounce.status} {bounce.diagnostic}".strip()[:_LONGEST_PROBLEM]
    if message.status not in (SENT, FAILED):
        # it is on its way once more: what comes of that will show
        return
    tx.outbox.close(message.id, BOUNCED, problem=problem)
    key = participant_key(message.recipient_key) if message.recipient_key else message.recipient
    failed = MailFailed(original=message.original, recipient=message.recipient, problem=problem)
    actor = mail_server(device=DEVICE)
    stored = tx.appointments.lock(message.appointment_id)
    if stored is None:
        return
    if stored.trashed_at is None and stored.appointment.participant(key) is not None:
        status = GIVEN_UP if bounce.status.startswith("4") else NO_WAY
        text = put_status(stored.text, addresses_in_objects(tx, key, settings), status)
        recorder = Recorder(tx=tx, actor=actor, settings=settings, now=now)
        recorder.change(stored, stored.appointment, text=text, also=[failed], only_answers=True)
        return
    record_events(tx, actor, [failed], appointment_id=stored.id, now=now)

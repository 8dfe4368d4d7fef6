"""A message that does not reach its recipient: told in the history, and to calendar programs."""

from __future__ import annotations

from datetime import datetime

from rdv_caldav.db.mail_threads import participant_key
from rdv_caldav.db.outbox import OutboxMessage
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.events import MailFailed
from rdv_caldav.domain.mailing import CANCEL, REQUEST, Medium
from rdv_caldav.ical.delivery_status import put_status
from rdv_caldav.services.access import mail_server
from rdv_caldav.services.audit import record_events
from rdv_caldav.services.inbox_delivery import addresses_in_objects
from rdv_caldav.services.recording import Recorder


def note_undelivered(
    tx: Transaction,
    message: OutboxMessage,
    *,
    fate: str,
    problem: str,
    status: str,
    device: str = "",
    now: datetime,
) -> None:
    """Close a message with its ``fate``, failed or bounced; ``now`` is aware.

    ``problem`` is what a server said, ``status`` the SCHEDULE-STATUS that the recipient's line
    of the object gets where he was invited or called off by it.
    """
    # in the order in which other writers take them
    stored = tx.appointments.lock(message.appointment_id)
    tx.outbox.close(message.id, fate, problem=problem)
    actor = mail_server(device=device)
    failed = MailFailed(original=message.original, recipient=message.recipient, problem=problem)
    key = participant_key(message.recipient_key) if message.recipient_key else ""
    is_invitation = message.medium == Medium.MAIL and message.method in (REQUEST, CANCEL)
    if stored is None or stored.trashed_at is not None or not key or not is_invitation:
        record_events(tx, actor, [failed], appointment_id=message.appointment_id, now=now)
        return
    settings = tx.agency.settings()
    text = put_status(stored.text, addresses_in_objects(tx, key, settings), status)
    recorder = Recorder(tx=tx, actor=actor, settings=settings, now=now)
    recorder.change(stored, stored.appointment, text=text, also=[failed], only_answers=True)

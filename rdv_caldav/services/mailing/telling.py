"""What the mails of a thread said: remembered to say what changed, and to judge answers.

The record is plain JSON in the thread. Under ``""`` stands what was said of the whole, under the
ISO wall clock of its original start what was said of one date of a series. What a mail says that
is composed and not sent yet stands apart, under ``pending``: it may never leave.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rdv_caldav.db.mail_threads import MailThread
from rdv_caldav.db.outbox import OutboxMessage
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Appointment, Details, Span
from rdv_caldav.domain.mail_templates import Medium

_PENDING = "pending"
_WHOLE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a mail said of the whole, or of one date."""

    span: Span
    location: str
    subject: str


def told_of(thread: MailThread | None, original: datetime | None) -> Told | None:
    """Return what was last sent about the whole or a date, None if that was nothing.

    A date of which nothing was said by itself is where the series put it.
    """
    if thread is None:
        return None
    said = thread.told.get(_scope(original))
    if said is not None:
        return _told(said)
    series = thread.told.get(_WHOLE)
    if series is None or original is None:
        return None
    whole = _told(series)
    return Told(span=whole.span.moved_to(original), location=whole.location, subject=whole.subject)


def _told(said: Mapping[str, Any]) -> Told:
    span = Span(
        start=datetime.fromisoformat(said["start"]),
        end=datetime.fromisoformat(said["end"]),
        zone=said["zone"],
        all_day=said["all_day"],
    )
    return Told(span=span, location=said["location"], subject=said["subject"])


def is_news(
    thread: MailThread | None,
    original: datetime | None,
    appointment: Appointment,
    details: Details,
) -> bool:
    """Tell whether the whole or a date is otherwise than what was last sent about it."""
    told = told_of(thread, original)
    if thread is None or told is None:
        return True
    now = Told(span=details.span, location=details.location, subject=details.subject)
    return told != now or not repeats_as_told(thread, original, appointment)


def repeats_as_told(
    thread: MailThread, original: datetime | None, appointment: Appointment
) -> bool:
    """Tell whether a series repeats as it was last said to; a date of it by itself always does."""
    whole = thread.told.get(_WHOLE)
    if original is not None or whole is None:
        return True
    return bool(whole["rules"] == _rules(appointment))


def about_to_tell(
    tx: Transaction,
    thread: MailThread,
    message: OutboxMessage,
    appointment: Appointment,
    details: Details,
    *,
    sequence: int,
    message_id: str,
    covers: int,
) -> None:
    """Keep what an invitation says, until it is known to be sent.

    ``covers`` is the last message of the thread that was queued when it was composed: what the
    ones up to there wanted to say is said.
    """
    said = {_scope(message.original): _said(thread, details, message.original, sequence)}
    if message.original is None:
        said[_WHOLE]["covers"] = covers
        said[_WHOLE]["message"] = message.id
        said[_WHOLE]["rules"] = rules = _rules(appointment)
        if thread.told.get(_WHOLE, {}).get("rules", rules) != rules:
            said[_WHOLE]["time_sequence"] = sequence
        for date in appointment.occurrences:
            if date.participant(thread.participant_key) is not None:
                said[_scope(date.original)] = _said(thread, date, date.original, sequence)
    pending = {"message": message.id, "id": message_id, "sequence": sequence, "said": said}
    tx.mail_threads.tell(thread.id, {**thread.told, _PENDING: pending})


def about_to_cancel(
    tx: Transaction, thread: MailThread, message: OutboxMessage, *, sequence: int, message_id: str
) -> None:
    """Keep that a cancellation takes back what was said, until it is known to be sent."""
    pending = {
        "message": message.id,
        "id": message_id,
        "sequence": sequence,
        "takes_back": _scope(message.original),
    }
    tx.mail_threads.tell(thread.id, {**thread.told, _PENDING: pending})


def was_sent(tx: Transaction, message: OutboxMessage) -> None:
    """Note in the thread what a mail said that has left.

    A text message leaves no trace there: the thread goes on where mails went.
    """
    if message.medium != Medium.MAIL:
        return
    thread = tx.mail_threads.of_recipient(message.appointment_id, message.recipient_key)
    if thread is None:
        return
    told = dict(thread.told)
    pending = told.pop(_PENDING, {})
    sequence, time_sequence = thread.sequence, thread.time_sequence
    if pending.get("message") == message.id:
        sequence = pending["sequence"]
        said, back = pending.get("said", {}), pending.get("takes_back")
        if _WHOLE in said or back == _WHOLE:
            told = {}
        told.update(said)
        if back:
            told.pop(back, None)
        time_sequence = said.get(_WHOLE, {}).get("time_sequence", time_sequence)
    tx.mail_threads.mailed(
        thread,
        message_id=message.message_id,
        sequence=sequence,
        time_sequence=time_sequence,
        address=message.recipient,
        told=told,
    )


def is_told_already(thread: MailThread | None, message: OutboxMessage) -> bool:
    """Tell whether a mail about the whole said all that one about a date was queued to say."""
    whole = thread.told.get(_WHOLE, {}) if thread is not None else {}
    return message.original is not None and message.id <= whole.get("covers", 0)


def invitation_that_covers(thread: MailThread, message: OutboxMessage) -> int | None:
    """Return the mail about the whole that was composed after a message was queued, if any."""
    whole = thread.told.get(_WHOLE, {})
    number: int | None = whole.get("message")
    return number if message.id <= whole.get("covers", 0) else None


def _said(
    thread: MailThread, details: Details, original: datetime | None, sequence: int
) -> dict[str, Any]:
    before = told_of(thread, original)
    is_same_time = before is not None and before.span == details.span
    span = details.span
    return {
        "start": span.start.isoformat(),
        "end": span.end.isoformat(),
        "zone": span.zone,
        "all_day": span.all_day,
        "location": details.location,
        "subject": details.subject,
        "time_sequence": thread.time_sequence_of(original) if is_same_time else sequence,
    }


def _rules(appointment: Appointment) -> list[str]:
    return list(appointment.recurrence.rules) if appointment.recurrence else []


def _scope(original: datetime | None) -> str:
    return _WHOLE if original is None else original.isoformat()

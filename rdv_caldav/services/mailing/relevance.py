"""Whether a queued message still makes sense when it is about to be sent, and if not, why.

Hours may lie between: what it was to say may have been said, taken back or be over meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rdv_caldav.db.appointments import Stored
from rdv_caldav.db.mail_threads import MailThread, participant_key
from rdv_caldav.db.outbox import SENT, UNSENT, OutboxMessage
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Appointment, Details, Participant, Presence, State
from rdv_caldav.domain.diff import implied_occurrence
from rdv_caldav.domain.mailing import CANCEL, NOTICE, REMINDER, REQUEST
from rdv_caldav.ical.recurrence import occurs_at, time_index
from rdv_caldav.services.appointment_mails import MESSAGE
from rdv_caldav.services.mailing import telling
from rdv_caldav.services.template_filling import TEST

_INVITING = frozenset({REQUEST, CANCEL})


class Reason(StrEnum):
    """Why a message is not sent; kept as the problem of its row."""

    GONE = "gone"
    """The appointment, or the date of the series, does not exist any more."""

    STOPPED = "stopped"
    """The address wants no more mails."""

    SUPERSEDED = "superseded"
    """A later message to the same recipient says it better."""

    ALREADY_TOLD = "already-told"
    """A mail that was sent said it already."""

    NEVER_INVITED = "never-invited"
    """A cancellation of what the recipient never heard of."""

    CANCELLED = "cancelled"
    """The appointment is cancelled, or in the corbeille."""

    OVER = "over"
    """It has ended, or begun where it was to be reminded of."""

    NOT_TAKING_PART = "not-taking-part"
    """The recipient does not take part any more, or said so himself."""

    UNREACHABLE = "unreachable"
    """His fiche is archived, has no address any more, or says that he wants no messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A message with all that decides on it.

    ``written`` is all that was ever queued to its recipient about the appointment. ``details``
    is the date that it is about, or the appointment itself.
    """

    message: OutboxMessage
    written: Sequence[OutboxMessage]
    stored: Stored
    thread: MailThread | None
    details: Details
    now: datetime

    @property
    def participant(self) -> Participant | None:
        """The recipient as he takes part."""
        key = self.message.recipient_key
        return self.details.participant(participant_key(key)) if key else None

    @property
    def is_cancelled(self) -> bool:
        """Whether it does not take place."""
        is_off = State.CANCELLED in (self.details.state, self.stored.appointment.state)
        return is_off or self.stored.trashed_at is not None

    @property
    def was_invited(self) -> bool:
        """Whether an invitation reached the recipient, with no cancellation after it."""
        return _last_word(self) == REQUEST


def case_of(tx: Transaction, message: OutboxMessage, now: datetime) -> Case | None:
    """Return a message with what decides on it; None where the appointment is gone.

    What was queued is read before the appointment: what is queued between is not overlooked.
    """
    key = message.recipient_key
    written = tx.outbox.of_thread(message.appointment_id, key) if key else []
    stored = tx.appointments.get(message.appointment_id)
    if stored is None:
        return None
    return Case(
        message=message,
        written=[each for each in written if each.medium == message.medium],
        stored=stored,
        thread=tx.mail_threads.of_recipient(message.appointment_id, key) if key else None,
        details=details_at(stored.appointment, message.original),
        now=now,
    )


def details_at(appointment: Appointment, original: datetime | None) -> Details:
    """Return a date of a series, as the series has it where it is none of its own any more."""
    if original is None:
        return appointment
    return appointment.occurrence(original) or implied_occurrence(appointment, original)


def reason_to_skip(case: Case, *, is_stopped: bool) -> Reason | None:
    """Return why a message is not to be sent, None where it is.

    Somebody's own message is sent as long as the address takes mails; a test always.
    """
    method = case.message.method
    if method == TEST:
        return None
    if is_stopped:
        return Reason.STOPPED
    if method == MESSAGE:
        return None
    return next(_reasons(case, method), None)


def is_superseded(case: Case) -> bool:
    """Tell whether a later message that waits says all that this one was to say."""
    return any(_covers(each, case.message) for each in case.written if each.status in UNSENT)


def _reasons(case: Case, method: str) -> Iterator[Reason]:
    if is_superseded(case):
        yield Reason.SUPERSEDED
    if _is_over(case, begun=method == REMINDER):
        yield Reason.OVER
    if method == CANCEL:
        yield from _reasons_not_to_cancel(case)
    if method in (REQUEST, REMINDER):
        yield from _reasons_not_to_invite(case)
    if method == REQUEST and telling.is_told_already(case.thread, case.message):
        yield Reason.ALREADY_TOLD
    if method == REMINDER and _declines(case):
        yield Reason.NOT_TAKING_PART


def _covers(later: OutboxMessage, message: OutboxMessage) -> bool:
    """Tell whether a message leaves nothing of an earlier one to say."""
    alike = later.method in _INVITING if message.method in _INVITING else False
    alike |= later.method == message.method == NOTICE
    is_wider = later.original is None or later.original == message.original
    return later.id > message.id and alike and is_wider


def _is_over(case: Case, *, begun: bool) -> bool:
    appointment = case.stored.appointment
    if case.message.original is None and appointment.recurrence is not None:
        stops_at = time_index(appointment, now=case.now).stops_at
        # that a series was cut off in the past is said to those who had dates to come
        return stops_at is not None and case.message.created_at < stops_at <= case.now
    span = case.details.span
    return (span.starts_at if begun else span.ends_at) <= case.now


def _reasons_not_to_cancel(case: Case) -> Iterator[Reason]:
    last = _last_word(case)
    if last is None:
        yield Reason.NEVER_INVITED
    if last == CANCEL:
        yield Reason.ALREADY_TOLD
    if case.thread is not None and case.message.original is not None:
        # the only invitation was composed when the date was cancelled already
        number = telling.invitation_that_covers(case.thread, case.message)
        if number is not None and not any(each.id < number for each in _sent(case, REQUEST)):
            yield Reason.NEVER_INVITED


def _reasons_not_to_invite(case: Case) -> Iterator[Reason]:
    if case.is_cancelled:
        yield Reason.CANCELLED
    if case.message.original is not None and not _has_date(case, case.message.original):
        yield Reason.GONE
    if case.participant is None:
        yield Reason.NOT_TAKING_PART


def _has_date(case: Case, original: datetime) -> bool:
    appointment = case.stored.appointment
    if appointment.occurrence(original) is not None:
        return True
    return appointment.recurrence is not None and occurs_at(appointment, original)


def _declines(case: Case) -> bool:
    participant = case.participant
    return participant is not None and participant.presence is Presence.DECLINED


def _last_word(case: Case) -> str | None:
    """Return what the recipient heard last of the whole or the date: REQUEST, CANCEL or nothing.

    Of the whole he also heard by invitations to single dates of it.
    """
    original = case.message.original
    heard = [
        each.method
        for each in case.written
        if each.method in _INVITING
        and each.status == SENT
        and each.id != case.message.id
        and (each.original in (None, original) or (original is None and each.method == REQUEST))
    ]
    return heard[-1] if heard else None


def _sent(case: Case, method: str) -> list[OutboxMessage]:
    return [each for each in case.written if each.method == method and each.status == SENT]

"""Somebody asks for his invitation once more (REFRESH, RFC 5546 §3.2.6)."""

from __future__ import annotations

from datetime import timedelta

from rdv_caldav.db.mail_threads import MailThread
from rdv_caldav.db.outbox import UNSENT
from rdv_caldav.domain.mailing import REQUEST, Medium, Message, Way
from rdv_caldav.services.mailing.answer_case import AnswerCase
from rdv_caldav.services.mailing.deciding import NamedWay, Source, put_message
from rdv_caldav.services.mailing.outcomes import Finding, Reason, Result
from rdv_caldav.services.mailing.relevance import details_at

REFRESHED_AFTER = timedelta(hours=1)
"""How long nobody gets the same invitation again by asking for it."""

_NOTHING_TO_SEND = frozenset({Reason.OVER, Reason.ASKED_LATELY})


def refresh(case: AnswerCase, key: int | str) -> Finding:
    """Send the invitation again to a participant whom we invited, and to nobody else."""
    thread = case.own_thread
    if thread is None or thread.sequence < 0:
        return case.queued(Reason.OTHER_METHOD)
    original, problem = case.date(case.message.events[0], key)
    details = details_at(case.appointment, original)
    problem = problem or case.standing(original, details, key)
    if problem is None and _was_asked_lately(case, thread):
        problem = Reason.ASKED_LATELY
    participant = details.participant(key)
    if problem is not None or participant is None:
        reason = problem or Reason.NOT_TAKING_PART
        if reason in _NOTHING_TO_SEND:
            return case.found(Result.IGNORED, reason)
        return case.queued(reason)
    put_message(
        case.tx,
        Message(REQUEST, participant, original),
        NamedWay(Way(Medium.MAIL, thread.address), participant.name),
        Source(appointment_id=case.stored.id, sequence=case.appointment.sequence),
        case.settings,
        due=case.now,
        now=case.now,
    )
    return case.found(Result.REFRESH, case.sender.match.reason)


def _was_asked_lately(case: AnswerCase, thread: MailThread) -> bool:
    written = case.tx.outbox.of_thread(thread.appointment_id, thread.recipient_key)
    return any(
        each.method == REQUEST
        and (each.status in UNSENT or case.now - each.created_at < REFRESHED_AFTER)
        for each in written
    )

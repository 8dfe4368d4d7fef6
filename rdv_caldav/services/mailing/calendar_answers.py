"""What a mail with a calendar asks for: an answer, another time, the invitation once more.

Whatever an answer is not clear about is left to people: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from rdv_caldav.db.mail_threads import MailThread
from rdv_caldav.db.outbox import UNSENT
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.appointment import Appointment, Presence
from rdv_caldav.domain.errors import DomainError
from rdv_caldav.domain.mailing import REQUEST
from rdv_caldav.domain.replies import Answer, Verdict
from rdv_caldav.ical.itip_reading import (
    MessageEvent,
    SchedulingMessage,
    read_scheduling_message,
)
from rdv_caldav.mail.incoming import ReceivedMail
from rdv_caldav.services import appointments
from rdv_caldav.services.access import outside_actor
from rdv_caldav.services.appointments import GivenAnswer
from rdv_caldav.services.mailing import answer_order, telling, threads
from rdv_caldav.services.mailing.answer_case import (
    ANSWERS,
    COUNTER,
    LONGEST_KEPT,
    REFRESH,
    AnswerCase,
    Heard,
    says_something,
    wall_in,
)
from rdv_caldav.services.mailing.attribution import (
    TOKEN,
    UID,
    place_of,
    sender_of,
    thread_by_token,
)
from rdv_caldav.services.mailing.outcomes import Finding, Reason, Result
from rdv_caldav.services.mailing.refreshing import refresh
from rdv_caldav.services.mailing.relevance import details_at

DEVICE = "courriel"

_FOR_PEOPLE = frozenset(
    {
        Reason.MOVED_UNTOLD,
        Reason.UNKNOWN_DATE,
        Reason.WHICH_DATE,
        Reason.LATER_DATES,
        Reason.DELEGATED,
        Reason.NO_ANSWER,
    }
)
_IF_HE_COMES = frozenset({Reason.CANCELLED, Reason.NOT_TAKING_PART})
"""What somebody has to know only of who does not refuse."""

_SETTLED = frozenset({Reason.OLDER, Reason.REPLAYED, Reason.OVER})
"""What makes a proposal one that nobody has to decide on."""

_BY_WEIGHT = (
    Reason.MOVED_UNTOLD,
    Reason.CANCELLED,
    Reason.NOT_TAKING_PART,
    Reason.UNKNOWN_DATE,
    Reason.WHICH_DATE,
    Reason.LATER_DATES,
    Reason.DELEGATED,
    Reason.NO_ANSWER,
    Reason.MOVED,
    Reason.OVER,
    Reason.OLDER,
    Reason.REPLAYED,
)
"""Of several dates that do not count, the reason that is told."""

_RESULTS = {
    Reason.MOVED_UNTOLD: Result.OUTDATED,
    Reason.MOVED: Result.OUTDATED,
    Reason.OLDER: Result.OUT_OF_ORDER,
    Reason.REPLAYED: Result.DUPLICATE,
    Reason.OVER: Result.IGNORED,
}


def take_calendars(
    tx: Transaction, mail: ReceivedMail, settings: AgencySettings, *, now: datetime
) -> Finding:
    """Do what the calendars of a mail ask for, as far as that is clear; ``now`` is aware."""
    message = _message_of(mail, settings)
    if isinstance(message, Reason):
        place = place_of(tx, mail)
        return Finding(
            result=Result.QUEUED,
            reason=message,
            is_open=True,
            appointment_id=place.appointment_id,
            recipient_key=place.recipient_key,
            evidence={"by": place.by, "dmarc": mail.dmarc.value},
        )
    thread = thread_by_token(tx, mail.recipients, message.uid)
    appointment_id = thread.appointment_id if thread else tx.appointments.id_of_uid(message.uid)
    stored = None if appointment_id is None else tx.appointments.lock(appointment_id)
    if thread is not None:
        # another mail of his may have been taken while the lock was waited for
        thread = tx.mail_threads.get(thread.id)
    about = {
        "by": "" if stored is None else TOKEN if thread else UID,
        "dmarc": mail.dmarc.value,
        "method": message.method[:LONGEST_KEPT],
        "uid": message.uid,
        "summary": message.events[0].summary,
    }
    if stored is None:
        is_answer = message.method in ANSWERS
        reason = Reason.UNKNOWN_APPOINTMENT if is_answer else Reason.OTHER_METHOD
        return Finding(result=Result.QUEUED, reason=reason, is_open=True, evidence=about)
    sender = sender_of(
        tx, mail, message, appointment=stored.appointment, thread=thread, settings=settings
    )
    case = AnswerCase(
        tx=tx,
        message=message,
        thread=thread,
        stored=stored,
        sender=sender,
        settings=settings,
        about=about,
        now=now,
    )
    return _decided(case)


def _message_of(mail: ReceivedMail, settings: AgencySettings) -> SchedulingMessage | Reason:
    """Return what a mail says, once though it says it in several parts.

    Mail servers that rewrite texts do so in one of the parts only: it is what they mean that has
    to be the same.
    """
    found: dict[object, SchedulingMessage] = {}
    for text in mail.calendars:
        try:
            message = read_scheduling_message(text, zone=settings.time_zone)
        except DomainError:
            continue
        found.setdefault(_meaning(message), message)
    if not found:
        return Reason.UNREADABLE
    return next(iter(found.values())) if len(found) == 1 else Reason.SEVERAL


def _meaning(message: SchedulingMessage) -> object:
    answers = (
        (
            event.original,
            event.start if message.method == COUNTER else None,
            each.address,
            each.presence,
        )
        for event in message.events
        for each in event.attendees
    )
    return message.method, message.uid, frozenset(answers)


def _decided(case: AnswerCase) -> Finding:
    key, match = case.sender.key, case.sender.match
    if case.method not in ANSWERS:
        return case.queued(Reason.OTHER_METHOD)
    if case.message.uid != case.appointment.uid:
        return case.queued(Reason.OTHER_APPOINTMENT)
    if not match.is_taken or key is None:
        return case.queued(match.reason)
    if not case.settings.module_enabled:
        return case.queued(Reason.MODULE_OFF)
    return refresh(case, key) if case.method == REFRESH else _answered(case, key)


# -- answers ------------------------------------------------------------------------------


def _answered(case: AnswerCase, key: int | str) -> Finding:
    """Record what counts, and say what became of the rest."""
    heard = list(_heard(case, key))
    counting = [each.answer for each in heard if each.problem is None]
    proposal = case.proposal(heard)
    if counting:
        _record(case, key, counting)
        if proposal:
            return case.found(Result.PROPOSAL, Reason.NEW_TIME, heard, proposal, is_open=True)
        return case.found(Result.APPLIED, case.sender.match.reason, heard)
    problems = {each.problem for each in heard}
    reason = next((each for each in _BY_WEIGHT if each in problems), Reason.NO_ANSWER)
    is_open = reason in _FOR_PEOPLE or (bool(proposal) and reason not in _SETTLED)
    if reason in _IF_HE_COMES:
        is_open |= any(each.answer.presence is not Presence.DECLINED for each in heard)
    result = _RESULTS.get(reason, Result.QUEUED if is_open else Result.IGNORED)
    return case.found(result, reason, heard, proposal, is_open=is_open)


def _heard(case: AnswerCase, key: int | str) -> Iterator[Heard]:
    """Read the answer to the whole, then those to single dates."""
    respondent = case.sender.match.respondent
    assert respondent is not None, "who is recognised is named"
    is_counter = case.method == COUNTER
    lines = [
        (event, line)
        for event in sorted(case.message.events, key=lambda each: each.original is not None)
        for line in event.attendees
        if line.address == respondent.address
    ]
    saying = [each for each in lines if is_counter or says_something(each[1])]
    for event, line in saying or lines[:1]:
        original, problem = case.date(event, key)
        answer = Answer(
            original=original,
            presence=Presence.TENTATIVE if is_counter else line.presence,
            comment=line.comment,
            sequence=event.sequence,
            stamp=event.stamp,
        )
        if original is None and len(saying) > 1 and _is_known(case, key, answer):
            # a copy of the series, which says it again beside the dates that are answered
            continue
        if line.is_delegated:
            problem = Reason.DELEGATED
        elif answer.presence is Presence.NEEDS_ACTION:
            problem = Reason.NO_ANSWER
        yield Heard(event, answer, problem or _problem(case, key, event, answer))


def _is_known(case: AnswerCase, key: int | str, answer: Answer) -> bool:
    own = case.appointment.participant(key)
    return own is not None and own.presence is answer.presence


def _problem(
    case: AnswerCase, key: int | str, event: MessageEvent, answer: Answer
) -> Reason | None:
    """Return why an answer does not count, None where it does."""
    details = details_at(case.appointment, answer.original)
    problem, thread = case.standing(answer.original, details, key), case.own_thread
    if problem is not None or thread is None:
        return problem
    verdict = answer_order.verdict_on(thread, answer)
    if verdict is Verdict.REPLAYED:
        return Reason.REPLAYED
    if verdict is Verdict.OUT_OF_ORDER:
        return Reason.OLDER
    told = telling.told_of(thread, answer.original)
    is_newer = answer.sequence is not None and answer.sequence > thread.sequence
    is_told = told is not None and told.span == details.span
    is_told &= telling.repeats_as_told(thread, answer.original, case.appointment)
    is_now = is_newer or told is None or is_told
    if verdict.applies and is_now and not _names_another_time(case, event, answer):
        return None
    is_asked = is_told or _is_asked_again(case, thread, answer)
    return Reason.MOVED if is_asked else Reason.MOVED_UNTOLD


def _names_another_time(case: AnswerCase, event: MessageEvent, answer: Answer) -> bool:
    """Tell whether an answer without a SEQUENCE repeats a time that is no more.

    Of a whole series programs repeat any of its dates.
    """
    is_series = answer.original is None and case.appointment.recurrence is not None
    if answer.sequence is not None or event.start is None or is_series or case.method == COUNTER:
        return False
    span = details_at(case.appointment, answer.original).span
    wall = wall_in(event.start, span.zone)
    if event.start.is_date or span.all_day:
        return wall.date() != span.start.date()
    return wall != span.start


def _is_asked_again(case: AnswerCase, thread: MailThread, answer: Answer) -> bool:
    waiting = case.tx.outbox.of_thread(thread.appointment_id, thread.recipient_key)
    return any(
        each.method == REQUEST
        and each.status in UNSENT
        and each.original in (None, answer.original)
        for each in waiting
    )


def _record(case: AnswerCase, key: int | str, answers: Sequence[Answer]) -> None:
    respondent = case.sender.match.respondent
    assert respondent is not None, "who is recognised is named"
    thread = case.own_thread or threads.open_thread(
        case.tx, case.stored.id, case.sender.recipient_key, respondent.address, case.now
    )
    given: list[GivenAnswer] = []
    for answer in answers:
        given.append(_given(case.appointment, key, answer))
        if answer.original is None:
            given += _answered_since(case, thread, key, answer)
    actor = outside_actor(case.tx, key, device=DEVICE)
    appointments.record_answers(case.tx, actor, case.stored.id, key, given, now=case.now)
    answer_order.remember(case.tx, thread, answers, now=case.now)


def _given(appointment: Appointment, key: int | str, answer: Answer) -> GivenAnswer:
    """Return what is recorded: an old comment does not stand beside another answer."""
    own = details_at(appointment, answer.original).participant(key)
    is_same = own is not None and own.presence is answer.presence
    comment = answer.comment or (None if is_same else "")
    return GivenAnswer(presence=answer.presence, original=answer.original, comment=comment)


def _answered_since(
    case: AnswerCase, thread: MailThread, key: int | str, answer: Answer
) -> Iterator[GivenAnswer]:
    """Say again what he said of single dates after this answer to the whole."""
    for original in answer_order.dates_answered_since(thread, answer):
        date = case.appointment.occurrence(original)
        own = date.participant(key) if date is not None else None
        if own is not None:
            yield GivenAnswer(presence=own.presence, original=original, comment=own.comment)

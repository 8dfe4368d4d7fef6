"""In which order a guest answered: what his last answers are known again by (RFC 5546 §2.1.5).

A thread keeps SEQUENCE and DTSTAMP of the last answer to the whole, under ``""``, and to each
date, under its original wall clock. Answers by the page are kept there too, so that a mail which
was written before them, and comes later, does not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from rdv_caldav.db.mail_threads import MailThread
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.replies import Answer, LastAnswer, Verdict, judge

_WHOLE = ""
_FASTEST_CLOCK = timedelta(days=1)
"""How much later than it is a program may take it to be: zones are confounded."""


def verdict_on(thread: MailThread, answer: Answer) -> Verdict:
    """Tell whether an answer counts beside what the same guest answered before.

    A date is answered by an answer to the whole, too. Two answers of the same moment that say
    different things are no replay: some programs copy DTSTAMP from the invitation.
    """
    found = [_against(thread, answer, kept) for kept in _kept_for(thread, answer.original)]
    found = found or [_judged(thread, answer, None)]
    for verdict in (Verdict.OUT_OF_ORDER, Verdict.REPLAYED):
        if verdict in found:
            return verdict
    return found[0]


def dates_answered_since(thread: MailThread, answer: Answer) -> list[datetime]:
    """Return the dates that were answered after an answer to the whole: it leaves them alone."""
    return [
        datetime.fromisoformat(scope)
        for scope, kept in thread.answered.items()
        if scope != _WHOLE and not _against(thread, answer, kept).applies
    ]


def remember(
    tx: Transaction, thread: MailThread, answers: Iterable[Answer], *, now: datetime
) -> None:
    """Keep what the last answers are known again by; without a stamp it is ``now``.

    So it is with one by a clock that is wrong: until that day nothing else would count.
    """
    answered = dict(thread.answered)
    for answer in answers:
        if answer.original is None:
            since = {each.isoformat() for each in dates_answered_since(thread, answer)}
            answered = {scope: kept for scope, kept in answered.items() if scope in since}
        answered[_scope(answer.original)] = {
            "sequence": answer.sequence,
            "stamp": int(_stamp(answer, now).timestamp()),
            "presence": answer.presence.value,
        }
    tx.mail_threads.answered(thread.id, answered)


def _stamp(answer: Answer, now: datetime) -> datetime:
    if answer.stamp is None or answer.stamp > now + _FASTEST_CLOCK:
        return now
    return answer.stamp


def _kept_for(thread: MailThread, original: datetime | None) -> list[Mapping[str, Any]]:
    scopes = dict.fromkeys((_WHOLE, _scope(original)))
    return [thread.answered[scope] for scope in scopes if scope in thread.answered]


def _against(thread: MailThread, answer: Answer, kept: Mapping[str, Any]) -> Verdict:
    last = LastAnswer(sequence=kept["sequence"], stamp=datetime.fromtimestamp(kept["stamp"], UTC))
    verdict = _judged(thread, answer, last)
    if verdict is Verdict.REPLAYED and answer.presence is not Presence(kept["presence"]):
        return _judged(thread, answer, None)
    return verdict


def _judged(thread: MailThread, answer: Answer, last: LastAnswer | None) -> Verdict:
    return judge(
        answer,
        last,
        time_sequence=thread.time_sequence_of(answer.original),
        mailed_sequence=thread.sequence,
    )


def _scope(original: datetime | None) -> str:
    return _WHOLE if original is None else original.isoformat()

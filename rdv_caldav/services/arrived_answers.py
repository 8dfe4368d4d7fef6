"""Answers that others gave lately, in the rendez-vous that concern an account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rdv_caldav.db.answers_reading import AnswerEntry
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Presence
from rdv_caldav.services import access
from rdv_caldav.services.access import Actor

DAYS = 14
"""For how long an answer is told of."""

MOST = 10
"""So many are told of at most."""

_LOOKED_AT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody answered to a rendez-vous, or to the date of a series that ``original`` names.

    ``who`` is a person's name or a guest's address. ``presence`` is None where he only left a
    comment.
    """

    at: datetime
    appointment_id: int
    original: datetime | None
    subject: str
    who: str
    presence: Presence | None = None
    comment: str = ""


def read(
    tx: Transaction, actor: Actor, person_ids: frozenset[int], *, now: datetime
) -> Sequence[Answer]:
    """Return answers in what these persons take part in, the newest first.

    ``person_ids`` are persons whose calendars the actor may see. What the account did itself is
    left out. It takes three statements at most.
    """
    if not person_ids:
        return ()
    entries = tx.answers.of_others(
        actor.account.id, person_ids, since=now - timedelta(days=DAYS), size=_LOOKED_AT
    )
    if not entries:
        return ()
    told = _together(_concerning(tx, actor, entries, person_ids))[:MOST]
    persons = tx.people.by_ids({each.key for each in told if isinstance(each.key, int)})
    return [
        replace(each.answer, who=persons[each.key].name)
        if isinstance(each.key, int) and each.key in persons
        else each.answer
        for each in told
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keyed:
    """An answer, and whose it is: a person's id or a guest's address."""

    key: int | str
    answer: Answer


def _concerning(
    tx: Transaction, actor: Actor, entries: Sequence[AnswerEntry], person_ids: frozenset[int]
) -> Sequence[AnswerEntry]:
    """Leave out the dates of a series in which none of these persons takes part.

    Staff reads series as a whole.
    """
    if access.edits_by_role(actor):
        return entries
    there = tx.answers.attendance({entry.appointment_id for entry in entries})
    concerning = []
    for entry in entries:
        usual = there.get((entry.appointment_id, ""), set())
        attending = there.get((entry.appointment_id, entry.details.get("original", "")), usual)
        if attending & person_ids:
            concerning.append(entry)
    return concerning


def _together(entries: Sequence[AnswerEntry]) -> list[_Keyed]:
    """Return answers with the comments that were left with them."""
    answers: dict[tuple[datetime, int, str, int | str], Answer] = {}
    for entry in entries:
        key: int | str = entry.details["key"]
        original = entry.details.get("original", "")
        place = (entry.at, entry.appointment_id, original, key)
        answer = answers.get(place) or Answer(
            at=entry.at,
            appointment_id=entry.appointment_id,
            original=datetime.fromisoformat(original) if original else None,
            subject=entry.subject,
            who=str(key) if isinstance(key, str) else entry.login,
        )
        answers[place] = _with(answer, entry)
    return [_Keyed(key=place[-1], answer=answer) for place, answer in answers.items()]


def _with(answer: Answer, entry: AnswerEntry) -> Answer:
    if "after" in entry.details:
        return replace(answer, presence=Presence(entry.details["after"]))
    return replace(answer, comment=entry.details.get("comment", ""))

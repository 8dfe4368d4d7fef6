"""Who is told what of a change (RFC 5546 §3.2), as far as he takes part."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rdv_caldav.domain import events, rules
from rdv_caldav.domain.appointment import Appointment, Occurrence, Presence, Recurrence, State
from rdv_caldav.domain.diff import diff
from rdv_caldav.domain.inbox import InboxMessage, Method
from rdv_caldav.domain.notices import Notice, is_told_of, notice_for, persons_concerned
from support.agency import (
    ALICE,
    CLAIRE,
    GUEST,
    IVAN,
    JEAN,
    NOON,
    SECOND,
    THIRD,
    guest,
    owner,
    series,
    span,
    taking_part,
    visit,
)

OLD = visit()
SERIES = series(owner(CLAIRE), taking_part(IVAN))
INVITED = Notice(method=Method.REQUEST)
CANCELLED = Notice(method=Method.CANCEL)
LEFT = Notice(method=Method.CANCEL, of_before=True)


def _date(appointment: Appointment, *originals: object, **changes: object) -> Appointment:
    for original in originals:
        date = rules.occurrence_at(appointment, original)  # type: ignore[arg-type]
        changed: Occurrence = replace(date, **changes)  # type: ignore[arg-type]
        appointment = rules.with_occurrence(appointment, changed)
    return appointment


def _told(
    old: Appointment | None,
    new: Appointment,
    person_id: int = IVAN.id,
    *more: events.Event,
    edits: bool = False,
) -> Notice | None:
    return notice_for(person_id, (*diff(old, new), *more), new, edits=edits)


def test_who_is_invited() -> None:
    assert _told(None, OLD) == INVITED
    assert _told(visit(owner(CLAIRE)), OLD) == INVITED
    assert _told(visit(owner(CLAIRE)), OLD, CLAIRE.id) is None
    assert _told(None, replace(OLD, state=State.CANCELLED)) is None
    assert _told(None, OLD, JEAN.id) is None


@pytest.mark.parametrize(
    "new",
    [
        replace(OLD, span=span(hour=14)),
        replace(OLD, location="Ailleurs"),
        replace(OLD, subject="Autre"),
        replace(OLD, recurrence=Recurrence(rules=("FREQ=DAILY",))),
    ],
    ids=["time", "place", "subject", "dates"],
)
def test_an_update(new: Appointment) -> None:
    assert _told(OLD, new) == INVITED


@pytest.mark.parametrize(
    "new", [replace(OLD, notes="Autre"), replace(OLD, type_code="interne"), OLD]
)
def test_nothing_to_tell(new: Appointment) -> None:
    assert _told(OLD, new, edits=True) is None
    assert not is_told_of(diff(OLD, new))


def test_to_cancel_and_to_plan_again() -> None:
    cancelled = replace(OLD, state=State.CANCELLED)
    assert _told(OLD, cancelled) == CANCELLED
    assert _told(cancelled, replace(cancelled, subject="Autre")) is None
    assert _told(cancelled, OLD) == INVITED
    assert _told(OLD, replace(OLD, state=State.HELD)) is None
    assert _told(OLD, OLD, IVAN.id, events.Trashed()) == CANCELLED
    assert _told(OLD, OLD, IVAN.id, events.Restored()) == INVITED


def test_who_is_taken_out() -> None:
    new = visit(owner(CLAIRE))
    assert _told(OLD, new) == LEFT
    assert persons_concerned(diff(OLD, new), new) == {CLAIRE.id, ALICE.id, IVAN.id}
    refused = visit(owner(CLAIRE), taking_part(IVAN, Presence.DECLINED))
    assert _told(refused, new) is None
    assert persons_concerned(diff(visit(owner(CLAIRE), guest()), new), new) == {CLAIRE.id}


def test_who_refused_is_told_nothing_more() -> None:
    refused = visit(owner(CLAIRE), taking_part(IVAN, Presence.DECLINED))
    assert _told(refused, replace(refused, subject="Autre")) is None
    assert _told(refused, replace(refused, state=State.CANCELLED)) is None


def test_answers_are_told_to_who_may_edit() -> None:
    new = rules.record_presence(OLD, CLAIRE.id, Presence.TENTATIVE)
    reply = Notice(method=Method.REPLY, answering=CLAIRE.id)
    assert _told(OLD, new, edits=True) == reply
    assert _told(OLD, new) is None
    assert _told(OLD, new, CLAIRE.id, edits=True) is None
    asked = rules.record_presence(OLD, CLAIRE.id, Presence.NEEDS_ACTION)
    assert _told(OLD, asked, edits=True) is None


def test_comments_and_guests_answer_too() -> None:
    left = events.CommentLeft(key=GUEST, comment="Oui")
    with_guest = visit(owner(CLAIRE), taking_part(IVAN), guest())
    told = notice_for(IVAN.id, [left], with_guest, edits=True)
    assert told == Notice(method=Method.REPLY, answering=GUEST)
    taken_back = replace(left, comment="")
    assert notice_for(IVAN.id, [taken_back], with_guest, edits=True) is None


def test_an_answer_for_one_date() -> None:
    new = rules.record_presence(SERIES, CLAIRE.id, Presence.DECLINED, original=SECOND)
    reply = Notice(method=Method.REPLY, answering=CLAIRE.id, dates=(SECOND,))
    assert _told(SERIES, new, edits=True) == reply
    both = rules.record_presence(new, CLAIRE.id, Presence.TENTATIVE)
    assert _told(SERIES, both, edits=True) == replace(reply, dates=())


def test_a_cancelled_date() -> None:
    new = _date(SERIES, SECOND, THIRD, state=State.CANCELLED)
    told = Notice(method=Method.CANCEL, dates=(SECOND, THIRD), update=INVITED)
    assert _told(SERIES, new) == told
    # what else changed says it too
    moved = _date(new, SECOND, location="Ailleurs")
    assert _told(SERIES, moved) == INVITED


def test_who_is_taken_out_of_one_date() -> None:
    new = _date(SERIES, SECOND, participants=(owner(CLAIRE),))
    told = Notice(method=Method.CANCEL, dates=(SECOND,), of_before=True, update=INVITED)
    assert _told(SERIES, new) == told
    also = _date(new, THIRD, state=State.CANCELLED)
    told = Notice(method=Method.CANCEL, dates=(SECOND, THIRD), update=INVITED)
    assert _told(SERIES, also) == told


def test_who_takes_part_in_some_dates_only() -> None:
    people = (*SERIES.participants, taking_part(JEAN))
    new = _date(SERIES, SECOND, THIRD, participants=people)
    told = Notice(method=Method.REQUEST, dates=(SECOND, THIRD))
    assert _told(SERIES, new, JEAN.id) == told
    # other dates are no business of his, nor is the series itself
    assert _told(new, replace(new, subject="Autre"), JEAN.id) is None
    assert _told(new, _date(new, SECOND, subject="Autre"), JEAN.id) == told
    cancelled = replace(new, state=State.CANCELLED)
    assert _told(new, cancelled, JEAN.id) == replace(told, method=Method.CANCEL)
    gone = Notice(method=Method.CANCEL, dates=(SECOND, THIRD), of_before=True)
    assert _told(new, SERIES, JEAN.id) == gone


def test_a_message_is_named_by_its_number() -> None:
    message = InboxMessage(number=7, uid="a", method=Method.REQUEST, at=NOON)
    assert (message.href, message.etag) == ("7.ics", '"7"')

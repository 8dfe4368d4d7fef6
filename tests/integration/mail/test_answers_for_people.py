"""Answers that are left to people or to nobody, other times, and invitations asked for again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from rdv_caldav.domain.appointment import Participant, Presence, State
from rdv_caldav.services import appointments
from rdv_caldav.services.mailing.outcomes import Reason, Result
from support.agency import GUEST, span
from support.invitation_reading import read_invitation
from support.postroom import FIRST, SECOND, THIRD, WEEKLY, Postroom
from support.reply_shapes import Shape

ACCEPTED, TENTATIVE = Presence.ACCEPTED, Presence.TENTATIVE
DECLINED, OPEN = Presence.DECLINED, Presence.NEEDS_ACTION


def asked_again(postroom: Postroom, planned: int) -> int:
    return sum(row.method == "REQUEST" for row in postroom.mailroom.rows(planned))


# -- what is left to people, or to nobody -------------------------------------------------


def test_what_is_cancelled_is_told_to_people_only_if_somebody_means_to_come(
    postroom: Postroom,
) -> None:
    planned, invitation = postroom.invite()
    postroom.mailroom.set_state(planned, State.CANCELLED)
    no = postroom.answer(invitation, "DECLINED")
    assert (no.result, no.reason, no.is_open) == (Result.IGNORED, Reason.CANCELLED, False)
    yes = postroom.answer(invitation, "ACCEPTED")
    assert (yes.result, yes.reason, yes.is_open) == (Result.QUEUED, Reason.CANCELLED, True)
    assert postroom.presence(planned) is OPEN
    with postroom.mailroom.desk() as desk:
        appointments.trash(desk.tx, desk.actor("alice"), planned, now=desk.now)
    assert postroom.answer(invitation, "ACCEPTED").reason == Reason.CANCELLED


def test_what_is_over_is_noted_and_no_more(postroom: Postroom) -> None:
    planned, invitation = postroom.invite()
    postroom.mailroom.later(days=3)
    outcome = postroom.answer(invitation, "ACCEPTED")
    assert (outcome.result, outcome.reason, outcome.is_open) == (
        Result.IGNORED,
        Reason.OVER,
        False,
    )
    assert postroom.presence(planned) is OPEN


def test_a_series_is_answered_as_long_as_it_goes_on(postroom: Postroom) -> None:
    planned, invitation = postroom.invite(plan=WEEKLY)
    postroom.mailroom.later(days=10)
    assert postroom.answer(invitation, "DECLINED", dates=[FIRST]).reason == Reason.OVER
    assert postroom.answer(invitation, "ACCEPTED").result is Result.APPLIED
    assert postroom.presence(planned) is ACCEPTED


def test_who_does_not_take_part_any_more(postroom: Postroom) -> None:
    planned, invitation = postroom.invite()
    with postroom.mailroom.desk() as desk:
        alice = desk.actor("alice")
        appointments.remove_participant(desk.tx, alice, planned, GUEST, now=desk.now)
    assert not postroom.answer(invitation, "DECLINED").is_open
    outcome = postroom.answer(invitation, "ACCEPTED")
    assert (outcome.result, outcome.reason) == (Result.QUEUED, Reason.NOT_TAKING_PART)
    assert postroom.appointment(planned).participant(GUEST) is None


def test_a_date_that_the_series_does_not_have(postroom: Postroom) -> None:
    planned, invitation = postroom.invite(plan=WEEKLY)
    outcome = postroom.answer(invitation, "ACCEPTED", dates=[FIRST + timedelta(days=1)])
    assert (outcome.result, outcome.reason) == (Result.QUEUED, Reason.UNKNOWN_DATE)
    later = postroom.reply(invitation, "ACCEPTED", shape=Shape.ZIMBRA, dates=[SECOND])
    later = later.replace(b"RECURRENCE-ID;", b"RECURRENCE-ID;RANGE=THISANDFUTURE;")
    assert postroom.take(later).reason == Reason.LATER_DATES
    assert postroom.appointment(planned).occurrences == ()


def test_a_guest_of_some_dates_says_which_one_he_means(postroom: Postroom) -> None:
    planned = postroom.mailroom.plan(plan=replace(WEEKLY, participants=()))
    guest = Participant(address=GUEST, name="Invité")

    def asked(original: datetime) -> bytes:
        date = postroom.appointment(planned)
        participants = (*date.participants, guest)
        postroom.mailroom.revise_date(planned, original, participants=participants)
        return postroom.sent()

    invitation = asked(SECOND)
    recurrence = next(
        line for line in read_invitation(invitation).events[0] if line.startswith("RECURRENCE-ID")
    )
    without = postroom.reply(invitation, "ACCEPTED", shape=Shape.ZIMBRA)
    assert recurrence.encode() not in without
    assert postroom.take(without).result is Result.APPLIED
    assert postroom.presence(planned, SECOND) is ACCEPTED
    other = asked(THIRD)
    outcome = postroom.answer(other, "DECLINED", shape=Shape.ZIMBRA)
    assert (outcome.result, outcome.reason) == (Result.QUEUED, Reason.WHICH_DATE)
    outcome = postroom.answer(other, "DECLINED", shape=Shape.ZIMBRA, dates=[THIRD])
    assert outcome.result is Result.APPLIED
    assert postroom.presence(planned, THIRD) is DECLINED


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("PARTSTAT=NEEDS-ACTION", Reason.NO_ANSWER),
        ('PARTSTAT=DELEGATED;DELEGATED-TO="mailto:lui@ailleurs.example"', Reason.DELEGATED),
    ],
)
def test_neither_yes_nor_no(postroom: Postroom, written: str, reason: Reason) -> None:
    planned, invitation = postroom.invite()
    raw = postroom.reply(invitation, "ACCEPTED", shape=Shape.ZIMBRA)
    outcome = postroom.take(raw.replace(b"PARTSTAT=ACCEPTED", written.encode()))
    assert (outcome.result, outcome.reason) == (Result.QUEUED, reason)
    assert postroom.presence(planned) is OPEN


def test_what_is_left_to_people_is_kept_with_all_that_was_read(postroom: Postroom) -> None:
    planned, invitation = postroom.invite()
    raw = postroom.reply(invitation, "ACCEPTED", sender="claire@famille.example", comment="Oui")
    outcome = postroom.take(raw)
    assert (outcome.result, outcome.reason) == (Result.QUEUED, "another-participant")
    (mail,) = postroom.received(only_open=True)
    assert mail.appointment_id == planned
    assert mail.evidence["attendee"] == "claire@famille.example"
    assert mail.evidence["answers"][0]["comment"] == "Oui"
    with postroom.mailroom.desk() as desk:
        assert desk.tx.received_mails.raw(mail.id) == raw
    assert postroom.presence(planned) is OPEN


def test_two_calendars_that_say_different_things(postroom: Postroom) -> None:
    planned, invitation = postroom.invite()
    raw = postroom.reply(invitation, "ACCEPTED", shape=Shape.THUNDERBIRD)
    changed = raw.replace(b"SUMMARY:", b"SUMMARY:Externe : ", 1)
    assert postroom.take(changed).result is Result.APPLIED
    changed = raw.replace(b"UID:", b"UID:autre-", 1)
    outcome = postroom.take(changed)
    assert (outcome.result, outcome.reason) == (Result.QUEUED, Reason.SEVERAL)
    assert outcome.appointment_id == planned


def test_with_the_module_off_answers_wait(postroom: Postroom) -> None:
    planned, invitation = postroom.invite()
    postroom.mailroom.set(module_enabled=False)
    outcome = postroom.answer(invitation, "ACCEPTED")
    assert (outcome.result, outcome.reason) == (Result.QUEUED, Reason.MODULE_OFF)
    assert postroom.presence(planned) is OPEN


# -- another time, and once more ----------------------------------------------------------


@pytest.mark.parametrize("shape", [Shape.GMAIL, Shape.OUTLOOK])
def test_another_time_that_is_proposed_waits_for_people(postroom: Postroom, shape: Shape) -> None:
    planned, invitation = postroom.invite()
    proposed = (FIRST + timedelta(days=1, hours=2), FIRST + timedelta(days=1, hours=3))
    outcome = postroom.answer(
        invitation, "TENTATIVE", shape=shape, proposed=proposed, comment="Plutôt jeudi"
    )
    assert (outcome.result, outcome.reason) == (Result.PROPOSAL, Reason.NEW_TIME)
    assert outcome.is_open
    assert postroom.presence(planned) is TENTATIVE
    (mail,) = postroom.received(only_open=True)
    assert mail.proposal == {
        "original": "",
        "start": "2026-11-26T11:00:00",
        "end": "2026-11-26T12:00:00",
        "zone": "Europe/Paris",
        "all_day": False,
        "comment": "Plutôt jeudi",
    }
    assert postroom.appointment(planned).span == span()


def test_the_invitation_is_sent_once_more_but_not_on_and_on(postroom: Postroom) -> None:
    planned, invitation = postroom.invite()
    asks = postroom.reply(invitation, "NEEDS-ACTION", shape=Shape.APPLE, sender=GUEST)
    asks = asks.replace(b"METHOD:REPLY", b"METHOD:REFRESH")
    early = postroom.take(asks)
    assert (early.result, early.reason) == (Result.IGNORED, Reason.ASKED_LATELY)
    postroom.mailroom.later(hours=2)
    again = asks.replace(b"<2026", b"<12026")
    assert postroom.take(again).result is Result.REFRESH
    assert asked_again(postroom, planned) == 2
    postroom.sent()
    assert len(postroom.mailroom.sink.mails) == 2
    assert postroom.take(asks.replace(b"<2026", b"<22026")).reason == Reason.ASKED_LATELY
    assert postroom.presence(planned) is OPEN


@pytest.mark.parametrize("method", ["REQUEST", "PUBLISH", "CANCEL", "DECLINECOUNTER", "ADD"])
def test_nobody_from_outside_plans_or_cancels_anything(postroom: Postroom, method: str) -> None:
    planned, invitation = postroom.invite()
    before = postroom.appointment(planned)
    raw = postroom.reply(invitation, "ACCEPTED", shape=Shape.ZIMBRA)
    outcome = postroom.take(raw.replace(b"METHOD:REPLY", f"METHOD:{method}".encode()))
    assert (outcome.result, outcome.reason) == (Result.QUEUED, Reason.OTHER_METHOD)
    assert postroom.appointment(planned) == before

"""Answers that programs send to our invitations: each is recorded once, as its sender meant it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from rdv_caldav.db.received_mails import ReceivedMail
from rdv_caldav.domain.appointment import Participant, Presence, Recurrence, State
from rdv_caldav.services import appointments
from rdv_caldav.services.mailing.outcomes import Reason, Result
from support.agency import GUEST, span
from support.invitation_reading import read_invitation
from support.mailroom import INVITED
from support.postroom import Postroom
from support.reply_shapes import Shape

WEEKLY = replace(INVITED, recurrence=Recurrence(rules=("FREQ=WEEKLY;COUNT=4",)))
FIRST = span().start
SECOND, THIRD = FIRST + timedelta(weeks=1), FIRST + timedelta(weeks=2)
OTHER_GUEST = "autre@exterieur.example"
ACCEPTED, TENTATIVE = Presence.ACCEPTED, Presence.TENTATIVE
DECLINED, OPEN = Presence.DECLINED, Presence.NEEDS_ACTION


def last(postroom: Postroom) -> ReceivedMail:
    return postroom.received()[0]


def asked_again(postroom: Postroom, planned: int) -> int:
    return sum(row.method == "REQUEST" for row in postroom.mailroom.rows(planned))


# -- every program ------------------------------------------------------------------------


@pytest.mark.parametrize("shape", Shape)
def test_each_program_answers_and_changes_its_mind(postroom: Postroom, shape: Shape) -> None:
    planned, invitation = postroom.invite()
    for partstat in ("ACCEPTED", "TENTATIVE", "DECLINED"):
        outcome = postroom.answer(invitation, partstat, shape=shape, comment=f"Oui, {partstat}")
        assert (outcome.result, outcome.is_open) == (Result.APPLIED, False)
        guest = postroom.guest(planned)
        assert guest.presence == partstat
        if shape is not Shape.PROTON:
            assert guest.comment == f"Oui, {partstat}"
    assert f":mailto:{GUEST}" in next(
        line for line in postroom.object_of(planned) if "PARTSTAT=DECLINED" in line
    )
    recorded = postroom.journal(planned, "PresenceRecorded")
    assert [each[3]["after"] for each in recorded[-3:]] == ["ACCEPTED", "TENTATIVE", "DECLINED"]
    assert {each[:3] for each in recorded[-3:]} == {(GUEST, "mail", "courriel")}
    mail = last(postroom)
    alias = "token-alias" if shape is Shape.APPLE else "token"
    assert (mail.outcome, mail.reason, mail.recipient_key) == ("applied", alias, f"guest:{GUEST}")
    assert mail.evidence["by"] == "token"
    assert mail.evidence["answers"][0]["presence"] == "DECLINED"


@pytest.mark.parametrize("shape", Shape)
def test_each_program_answers_a_series_and_one_date_of_it(postroom: Postroom, shape: Shape) -> None:
    planned, invitation = postroom.invite(plan=WEEKLY)
    assert postroom.answer(invitation, "ACCEPTED", shape=shape).result is Result.APPLIED
    assert postroom.presence(planned) is ACCEPTED
    outcome = postroom.answer(invitation, "DECLINED", shape=shape, dates=[SECOND])
    assert outcome.result is Result.APPLIED
    assert (postroom.presence(planned), postroom.presence(planned, SECOND)) == (ACCEPTED, DECLINED)
    assert postroom.appointment(planned).occurrence(THIRD) is None
    lines = postroom.object_of(planned)
    assert sum("PARTSTAT=DECLINED" in line for line in lines) == 1
    assert sum(line.startswith("RECURRENCE-ID") for line in lines) == 1


def test_a_person_answers_by_mail_as_himself(postroom: Postroom) -> None:
    postroom.mailroom.set(invite_persons=True)
    planned, invitation = postroom.invite(plan=replace(INVITED, participants=()))
    assert read_invitation(invitation).attendee == "claire@famille.example"
    assert postroom.answer(invitation, "TENTATIVE").result is Result.APPLIED
    with postroom.mailroom.desk() as desk:
        claire = desk.person("claire").id
    assert postroom.guest(planned, who=claire).presence is TENTATIVE
    assert postroom.journal(planned, "PresenceRecorded")[-1][:3] == ("claire", "mail", "courriel")


def test_persons_without_an_account_answer_too_and_couples_are_told_apart(
    postroom: Postroom,
) -> None:
    postroom.mailroom.set(invite_persons=True)
    planned = postroom.mailroom.plan(
        "jean-dupont", "marie-dupont", plan=replace(INVITED, participants=())
    )
    postroom.sent()
    with postroom.mailroom.desk() as desk:
        jean, marie = desk.person("jean-dupont"), desk.person("marie-dupont")
    for_marie = next(
        mail.raw
        for mail in postroom.mailroom.sink.mails
        if b"Marie" in mail.raw.split(b"\r\n\r\n")[0]
    )
    assert postroom.answer(for_marie, "ACCEPTED").result is Result.APPLIED
    assert postroom.guest(planned, who=marie.id).presence is ACCEPTED
    assert postroom.guest(planned, who=jean.id).presence is OPEN
    assert postroom.journal(planned, "PresenceRecorded")[-1][0] == marie.name


# -- once, and in order -------------------------------------------------------------------


def test_the_same_mail_again_changes_nothing_whichever_way_it_comes(postroom: Postroom) -> None:
    planned, invitation = postroom.invite()
    raw = postroom.reply(invitation, "DECLINED")
    first = postroom.take(raw)
    postroom.answer(invitation, "ACCEPTED")
    copy = b"Received: by mx.agence.example\r\nDelivered-To: x@agence.example\r\n" + raw
    again = postroom.take(copy, "x@agence.example", source="lmtp")
    assert (again.result, again.reason) == (Result.DUPLICATE, Reason.KNOWN)
    assert again.appointment_id == first.appointment_id == planned
    assert postroom.presence(planned) is ACCEPTED
    assert [each.outcome for each in postroom.received()] == ["duplicate", "applied", "applied"]


def test_what_was_written_before_counts_no_more_when_it_comes_later(postroom: Postroom) -> None:
    planned, invitation = postroom.invite()
    early, late = postroom.reply(invitation, "ACCEPTED"), postroom.reply(invitation, "DECLINED")
    replayed = postroom.reply(invitation, "DECLINED", stamp=early_stamp(late), shape=Shape.ZIMBRA)
    assert postroom.take(late).result is Result.APPLIED
    outcome = postroom.take(early)
    assert (outcome.result, outcome.reason) == (Result.OUT_OF_ORDER, Reason.OLDER)
    outcome = postroom.take(replayed)
    assert (outcome.result, outcome.reason) == (Result.DUPLICATE, Reason.REPLAYED)
    assert postroom.presence(planned) is DECLINED
    # some programs copy DTSTAMP: another answer of the same moment is no replay
    changed = postroom.reply(invitation, "ACCEPTED", stamp=early_stamp(late), shape=Shape.ZIMBRA)
    assert postroom.take(changed).result is Result.APPLIED
    assert postroom.presence(planned) is ACCEPTED


def early_stamp(raw: bytes) -> datetime:
    """Return the moment at which an answer of ours was written."""
    (line,) = (line for line in raw.split(b"\r\n") if line.startswith(b"Message-ID: <"))
    written = line.removeprefix(b"Message-ID: <").split(b".")[0].decode()
    return datetime.strptime(f"{written}+0000", "%Y%m%d%H%M%S%z")


def test_an_older_answer_to_the_whole_leaves_alone_what_was_said_of_a_date(
    postroom: Postroom,
) -> None:
    planned, invitation = postroom.invite(plan=WEEKLY)
    whole = postroom.reply(invitation, "ACCEPTED")
    assert postroom.answer(invitation, "DECLINED", dates=[SECOND]).result is Result.APPLIED
    assert postroom.take(whole).result is Result.APPLIED
    assert (postroom.presence(planned), postroom.presence(planned, SECOND)) == (ACCEPTED, DECLINED)
    # while a newer one is about all of them
    assert postroom.answer(invitation, "TENTATIVE").result is Result.APPLIED
    assert postroom.presence(planned, SECOND) is TENTATIVE
    # and what was said of a date before that is over
    old = postroom.reply(invitation, "ACCEPTED", dates=[THIRD], stamp=postroom.mailroom.clock.now)
    assert postroom.take(old).result is Result.OUT_OF_ORDER


@pytest.mark.parametrize("is_sent", [True, False])
def test_an_answer_to_a_time_that_is_no_more_is_a_note(postroom: Postroom, is_sent: bool) -> None:
    planned, invitation = postroom.invite()
    postroom.mailroom.revise(planned, span=span(26))
    if is_sent:
        new = postroom.sent()
    late = postroom.answer(invitation, "ACCEPTED", shape=Shape.OUTLOOK, comment="Parfait")
    assert (late.result, late.reason, late.is_open) == (Result.OUTDATED, Reason.MOVED, False)
    assert postroom.presence(planned) is OPEN
    assert last(postroom).evidence["answers"][0]["comment"] == "Parfait"
    new = postroom.sent()
    assert postroom.answer(new, "DECLINED").result is Result.APPLIED
    assert postroom.presence(planned) is DECLINED


def test_who_was_not_told_of_the_new_time_is_left_to_people(postroom: Postroom) -> None:
    planned, invitation = postroom.invite()
    postroom.mailroom.set(invite_external_guests=False)
    postroom.mailroom.revise(planned, span=span(26))
    late = postroom.answer(invitation, "ACCEPTED")
    assert (late.result, late.reason, late.is_open) == (Result.OUTDATED, Reason.MOVED_UNTOLD, True)
    assert postroom.presence(planned) is OPEN


def test_notes_do_not_make_answers_late_nor_does_another_date_that_moves(
    postroom: Postroom,
) -> None:
    planned, invitation = postroom.invite(plan=WEEKLY)
    postroom.mailroom.revise(planned, notes="Autre note")
    postroom.mailroom.revise_date(planned, SECOND, span=span(26).moved_to(SECOND + timedelta(1)))
    postroom.sent()
    assert postroom.answer(invitation, "ACCEPTED", dates=[THIRD]).result is Result.APPLIED
    late = postroom.answer(invitation, "ACCEPTED", dates=[SECOND])
    assert (late.result, late.reason) == (Result.OUTDATED, Reason.MOVED)


def test_a_day_names_the_date_of_a_series_with_times(postroom: Postroom) -> None:
    planned, invitation = postroom.invite(plan=WEEKLY)
    raw = postroom.reply(invitation, "DECLINED", shape=Shape.ZIMBRA, dates=[SECOND])
    written = f"RECURRENCE-ID;TZID=Europe/Paris:{SECOND:%Y%m%dT%H%M%S}".encode()
    assert written in raw
    day = f"RECURRENCE-ID;VALUE=DATE:{SECOND:%Y%m%d}".encode()
    assert postroom.take(raw.replace(written, day)).result is Result.APPLIED
    assert postroom.presence(planned, SECOND) is DECLINED


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

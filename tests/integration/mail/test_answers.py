"""Answers that programs send to our invitations: each is recorded once, as its sender meant it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rdv_caldav.db.received_mails import ReceivedMail
from rdv_caldav.domain.appointment import Presence, Recurrence, Span
from rdv_caldav.services import home
from rdv_caldav.services.mailing.outcomes import Reason, Result
from rdv_radicale.application import create_app
from support.agency import GUEST, span
from support.dav import DavClient
from support.inbox import only, switch
from support.invitation_reading import read_invitation
from support.mailroom import INVITED
from support.postroom import FIRST, SECOND, THIRD, WEEKLY, Postroom
from support.reply_shapes import Shape

ACCEPTED, TENTATIVE = Presence.ACCEPTED, Presence.TENTATIVE
DECLINED, OPEN = Presence.DECLINED, Presence.NEEDS_ACTION


def last(postroom: Postroom) -> ReceivedMail:
    return postroom.received()[0]


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


def test_who_planned_it_is_told_where_answers_are_told(postroom: Postroom) -> None:
    switch(postroom.book, "alice")
    with postroom.mailroom.desk() as desk:
        planned = desk.plan(plan=INVITED, page="alice")
    assert postroom.answer(postroom.sent(), "DECLINED", comment="Pas là").result is Result.APPLIED
    text = only(DavClient(create_app(postroom.book), "alice")).replace("\r\n ", "")
    assert "METHOD:REPLY" in text
    assert "PARTSTAT=DECLINED" in text
    with postroom.mailroom.desk() as desk:
        (answer,) = home.read(desk.tx, desk.actor("alice"), now=desk.now).answers
    assert (answer.appointment_id, answer.who) == (planned, GUEST)
    assert (answer.presence, answer.comment) == (DECLINED, "Pas là")


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


@pytest.mark.parametrize(
    "wrong", [{"stamp": datetime(2099, 1, 1, tzinfo=UTC)}, {"sequence": 999_999_999}]
)
def test_a_clock_or_a_number_that_is_wrong_keeps_out_no_later_answer(
    postroom: Postroom, wrong: dict[str, Any]
) -> None:
    planned, invitation = postroom.invite()
    assert postroom.answer(invitation, **wrong).result is Result.APPLIED
    postroom.mailroom.later(hours=1)
    assert postroom.answer(invitation, "DECLINED").result is Result.APPLIED
    assert postroom.presence(planned) is DECLINED


def test_the_end_of_all_times_is_no_proposal(postroom: Postroom) -> None:
    planned, invitation = postroom.invite()
    raw = postroom.reply(invitation, shape=Shape.OUTLOOK, proposed=(FIRST, FIRST))
    text = re.sub(r"(?m)^DTEND.*\r\n", "", read_invitation(raw).raw_calendar)
    text = re.sub(r"(?m)^DTSTART.*\r\n", "DTSTART:99991231T235959Z\r\n", text)
    head = f"From: {GUEST}\r\nTo: {read_invitation(invitation).organizer}\r\n"
    head += "Content-Type: text/calendar; charset=utf-8\r\n\r\n"
    assert postroom.take(head.encode() + text.encode()).result is Result.APPLIED
    assert postroom.presence(planned) is TENTATIVE


@pytest.mark.parametrize("is_sent", [True, False])
def test_an_answer_to_a_series_that_repeated_otherwise_is_a_note(
    postroom: Postroom, is_sent: bool
) -> None:
    """Its first date is where it was: all the others are not."""
    planned, invitation = postroom.invite(plan=WEEKLY)
    rules = ("FREQ=WEEKLY;INTERVAL=3;COUNT=4",)
    postroom.mailroom.revise(planned, recurrence=Recurrence(rules=rules))
    if is_sent:
        postroom.mailroom.send()
    outcome = postroom.answer(invitation)
    assert (outcome.result, outcome.reason) == (Result.OUTDATED, Reason.MOVED)
    assert postroom.presence(planned) is OPEN


def test_without_a_number_the_time_that_is_repeated_tells(postroom: Postroom) -> None:
    planned, invitation = postroom.invite()
    early = postroom.answer(invitation, "TENTATIVE", shape=Shape.PROTON, sequence=None)
    assert early.result is Result.APPLIED
    postroom.mailroom.revise(planned, span=span(26))
    new = postroom.sent()
    late = postroom.answer(invitation, "ACCEPTED", shape=Shape.PROTON, sequence=None)
    assert (late.result, late.reason) == (Result.OUTDATED, Reason.MOVED)
    assert postroom.presence(planned) is OPEN
    answer = postroom.answer(new, "ACCEPTED", shape=Shape.PROTON, sequence=None)
    assert answer.result is Result.APPLIED
    assert postroom.presence(planned) is ACCEPTED


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


def test_a_copy_of_the_series_says_nothing_new_of_its_other_dates(postroom: Postroom) -> None:
    planned, invitation = postroom.invite(plan=WEEKLY)
    postroom.answer(invitation, "ACCEPTED", shape=Shape.ZIMBRA)
    postroom.answer(invitation, "DECLINED", shape=Shape.ZIMBRA, dates=[THIRD])
    copy = postroom.reply(invitation, "TENTATIVE", shape=Shape.ZIMBRA, dates=[SECOND])
    whole = postroom.reply(invitation, "ACCEPTED", shape=Shape.ZIMBRA)
    event = whole[whole.index(b"BEGIN:VEVENT") : whole.index(b"END:VCALENDAR")]
    both = copy.replace(b"BEGIN:VEVENT", event + b"BEGIN:VEVENT")
    assert both.count(b"BEGIN:VEVENT") == 2
    assert postroom.take(both).result is Result.APPLIED
    assert postroom.presence(planned) is ACCEPTED
    assert postroom.presence(planned, SECOND) is TENTATIVE
    assert postroom.presence(planned, THIRD) is DECLINED


def test_whole_days(postroom: Postroom) -> None:
    start = datetime(2026, 11, 25)
    days = Span(start=start, end=start + timedelta(days=1), zone="Europe/Paris", all_day=True)
    planned, invitation = postroom.invite(plan=replace(WEEKLY, span=days))
    second = start + timedelta(weeks=1)
    for shape in (Shape.GMAIL, Shape.OUTLOOK):
        outcome = postroom.answer(invitation, "DECLINED", shape=shape, dates=[second])
        assert outcome.result is Result.APPLIED
    proposed = (start + timedelta(days=2), start + timedelta(days=3))
    assert postroom.answer(invitation, "TENTATIVE", proposed=proposed).is_open
    assert postroom.presence(planned, second) is TENTATIVE
    (mail,) = postroom.received(only_open=True)
    assert (mail.proposal["start"], mail.proposal["all_day"]) == ("2026-11-27T00:00:00", True)


def test_a_day_names_the_date_of_a_series_with_times(postroom: Postroom) -> None:
    planned, invitation = postroom.invite(plan=WEEKLY)
    raw = postroom.reply(invitation, "DECLINED", shape=Shape.ZIMBRA, dates=[SECOND])
    written = f"RECURRENCE-ID;TZID=Europe/Paris:{SECOND:%Y%m%dT%H%M%S}".encode()
    assert written in raw
    day = f"RECURRENCE-ID;VALUE=DATE:{SECOND:%Y%m%d}".encode()
    assert postroom.take(raw.replace(written, day)).result is Result.APPLIED
    assert postroom.presence(planned, SECOND) is DECLINED

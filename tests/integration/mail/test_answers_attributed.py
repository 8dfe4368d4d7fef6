"""Whose a mail is: what is believed, what is not, and what people are asked about."""

from __future__ import annotations

import base64
import threading
from dataclasses import replace
from typing import Any

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import Participant, Presence
from rdv_caldav.domain.errors import LostRace
from rdv_caldav.mail.taking import NotNow
from rdv_caldav.services import appointments, home
from rdv_caldav.services.mailing import answers, fetching
from rdv_caldav.services.mailing.answers import apply_answer
from rdv_caldav.services.mailing.calendar_answers import take_calendars
from rdv_caldav.services.mailing.outcomes import Reason, Result
from rdv_caldav.services.mailing.threads import token_of
from support.agency import GUEST
from support.hostile_mails import forged_reply
from support.invitation_reading import read_invitation
from support.mailroom import INVITED, Mailroom
from support.postroom import DSN, Postroom
from support.reply_shapes import Shape
from support.scenario import Clock
from support.smtp_sink import SmtpSink

OTHER = "autre@exterieur.example"
SERVER = "mx.agence.example"
PASSED = f"{SERVER}; dmarc=pass header.from=exterieur.example"
BOTH = replace(
    INVITED, participants=(*INVITED.participants, Participant(address=OTHER, name="Autre"))
)
OPEN, ACCEPTED, DECLINED = Presence.NEEDS_ACTION, Presence.ACCEPTED, Presence.DECLINED


@pytest.fixture
def single(mailroom: Mailroom) -> Postroom:
    """An agency with one mailbox for all answers, and a mail server that checks DMARC."""
    settings = replace(mailroom.book.settings, authserv_id=SERVER)
    mailroom.book = replace(mailroom.book, settings=settings)
    return Postroom(mailroom, answers_domain="")


def results(value: str) -> list[tuple[str, str]]:
    return [("Authentication-Results", value)]


# -- by the answering address -------------------------------------------------------------


def test_the_token_in_any_case_from_the_envelope_or_any_field(postroom: Postroom) -> None:
    planned, invitation = postroom.invite()
    address = read_invitation(invitation).organizer
    assert token_of(address) is not None
    agency = "rdv@agence.example"
    loud = postroom.reply(invitation, "ACCEPTED", to=address.upper(), shape=Shape.ZIMBRA)
    assert postroom.take(loud).result is Result.APPLIED
    hidden = postroom.reply(invitation, "DECLINED", to=agency)
    assert postroom.take(hidden, f"<{address.upper()}>", source="pipe").result is Result.APPLIED
    headers = [("Delivered-To", "catchall@agence.example"), ("X-Original-To", address)]
    delivered = postroom.reply(invitation, "TENTATIVE", headers=headers, to=agency)
    assert postroom.take(delivered).result is Result.APPLIED
    nowhere = postroom.answer(invitation, "ACCEPTED", to=agency)
    assert (nowhere.result, nowhere.reason) == (Result.QUEUED, "not-authenticated")
    assert postroom.presence(planned) is Presence.TENTATIVE


def test_a_calendar_encoded_twice(postroom: Postroom) -> None:
    planned, invitation = postroom.invite()
    raw = postroom.reply(invitation, "DECLINED", shape=Shape.PROTON)
    head, _, body = raw.rpartition(b"\r\n\r\n")
    content = body.partition(b"\r\n--")[0].replace(b"\r\n", b"")
    twice = base64.encodebytes(base64.encodebytes(base64.b64decode(content)))
    raw = head + b"\r\n\r\n" + twice.replace(b"\n", b"\r\n") + b"--" + body.partition(b"\r\n--")[2]
    assert postroom.take(raw).result is Result.APPLIED
    assert postroom.presence(planned) is DECLINED


def test_no_method_at_all(postroom: Postroom) -> None:
    planned, invitation = postroom.invite()
    raw = postroom.reply(invitation, "DECLINED", shape=Shape.ZIMBRA)
    assert postroom.take(raw.replace(b"METHOD:REPLY\r\n", b"")).result is Result.APPLIED
    assert postroom.presence(planned) is DECLINED


@pytest.mark.parametrize("named", [OTHER, "alice@agence.example", "sophie@famille.example"])
def test_another_whom_we_know_does_not_answer_with_a_guests_address(
    postroom: Postroom, named: str
) -> None:
    planned = postroom.mailroom.plan(plan=BOTH)
    postroom.mailroom.send()
    mails = [mail.raw for mail in postroom.mailroom.sink.mails]
    invitation = next(raw for raw in mails if read_invitation(raw).attendee == GUEST)
    outcome = postroom.answer(invitation, "ACCEPTED", sender=named)
    assert (outcome.result, outcome.reason) == (Result.QUEUED, "another-participant")
    assert {postroom.guest(planned, who=who).presence for who in (GUEST, OTHER)} == {OPEN}


def test_an_answer_to_another_appointment(postroom: Postroom) -> None:
    one, invitation = postroom.invite()
    _, other = postroom.invite()
    crossed = postroom.reply(invitation, "ACCEPTED", to=read_invitation(other).organizer)
    outcome = postroom.take(crossed)
    assert (outcome.result, outcome.reason) == (Result.QUEUED, Reason.OTHER_APPOINTMENT)
    assert postroom.presence(one) is OPEN
    # who sends one mail to both addresses means the one that it names
    both = postroom.reply(invitation, "ACCEPTED")
    outcome = postroom.take(both, read_invitation(other).organizer)
    assert (outcome.result, outcome.appointment_id) == (Result.APPLIED, one)


# -- by UID, address and DMARC ------------------------------------------------------------


def test_one_mailbox_needs_dmarc(single: Postroom) -> None:
    planned, invitation = single.invite()
    assert read_invitation(invitation).organizer == "rdv@agence.example"
    for value in ("", f"{SERVER}; dmarc=fail", PASSED.replace(SERVER, "mx.ailleurs.example")):
        outcome = single.answer(invitation, "ACCEPTED", headers=results(value) if value else ())
        assert (outcome.result, outcome.reason) == (Result.QUEUED, "not-authenticated")
    assert single.presence(planned) is OPEN
    outcome = single.answer(invitation, "ACCEPTED", headers=results(PASSED))
    assert (outcome.result, outcome.reason) == (Result.APPLIED, "authenticated")
    assert single.presence(planned) is ACCEPTED
    assert single.received()[0].evidence["by"] == "uid"
    # and in order, as with addresses of their own
    late = single.reply(invitation, "DECLINED", headers=results(PASSED), stamp=single.book.clock())
    assert single.take(late).result is Result.OUT_OF_ORDER


def test_somebody_uninvited_is_left_to_people(single: Postroom) -> None:
    planned, invitation = single.invite()
    stranger = single.reply(
        invitation, "ACCEPTED", sender="lui@exterieur.example", headers=results(PASSED)
    )
    outcome = single.take(stranger)
    assert (outcome.result, outcome.reason, outcome.is_open) == (Result.QUEUED, "stranger", True)
    assert len(single.appointment(planned).participants) == 2


def test_an_answer_to_what_nobody_here_planned(single: Postroom) -> None:
    _, invitation = single.invite()
    uid = read_invitation(invitation).value("UID")
    raw = single.reply(invitation, "ACCEPTED", shape=Shape.ZIMBRA, headers=results(PASSED))
    outcome = single.take(raw.replace(uid.encode(), b"inconnu@ailleurs.example"))
    assert (outcome.result, outcome.reason) == (Result.QUEUED, Reason.UNKNOWN_APPOINTMENT)
    assert outcome.appointment_id is None


@pytest.mark.parametrize("value", ["", PASSED])
def test_a_forged_sender_sets_nothing(single: Postroom, value: str) -> None:
    # the agency's own server removes its name from what comes from outside, and adds it on top
    planned, invitation = single.invite()
    uid = read_invitation(invitation).value("UID")
    raw = forged_reply(uid, GUEST, to="rdv@agence.example", results=value)
    trusted = f"Authentication-Results: {SERVER}; dmarc=fail\r\n".encode()
    assert single.take(trusted + raw).reason == "not-authenticated"
    assert single.presence(planned) is OPEN


# -- words, machines, and mails that come back --------------------------------------------


def test_words_are_for_people_and_set_nothing(postroom: Postroom) -> None:
    planned, invitation = postroom.invite()
    read = read_invitation(invitation)
    by_token = postroom.write("J’accepte volontiers.", to=read.organizer)
    assert (by_token.result, by_token.reason) == (Result.QUEUED, Reason.PROSE)
    answering = postroom.write(
        "Oui !", to="rdv@agence.example", In_Reply_To=read.message_id, Subject="Re: Visite"
    )
    for outcome in (by_token, answering):
        assert (outcome.appointment_id, outcome.recipient_key) == (planned, f"guest:{GUEST}")
    stray = postroom.write("Bonjour", to="rdv@agence.example")
    assert (stray.is_open, stray.appointment_id) == (True, None)
    assert [each.text for each in postroom.received(only_open=True)] == [
        "Bonjour",
        "Oui !",
        "J’accepte volontiers.",
    ]
    assert postroom.presence(planned) is OPEN


@pytest.mark.parametrize(
    ("headers", "result", "reason"),
    [
        ({"Auto_Submitted": "auto-replied"}, Result.AUTO_REPLY, Reason.AWAY),
        ({"Subject": "Réponse automatique : absent"}, Result.AUTO_REPLY, Reason.AWAY),
        ({"List_Id": "<lettre.ailleurs.example>"}, Result.IGNORED, Reason.AUTOMATIC),
        ({"From": "rdv@agence.example"}, Result.IGNORED, Reason.OWN_MAIL),
    ],
)
def test_what_machines_write_bothers_nobody(
    postroom: Postroom, headers: dict[str, str], result: Result, reason: Reason
) -> None:
    _, invitation = postroom.invite()
    outcome = postroom.write("Absent", to=read_invitation(invitation).organizer, **headers)
    assert (outcome.result, outcome.reason, outcome.is_open) == (result, reason, False)


@pytest.mark.parametrize(("status", "shown"), [("5.1.1", "5.2"), ("4.4.7", "5.1")])
def test_a_mail_that_comes_back_is_seen_everywhere(
    postroom: Postroom, status: str, shown: str
) -> None:
    planned, invitation = postroom.invite()
    tag = [line for line in postroom.object_of(planned) if line.startswith("ATTENDEE")]
    outcome = postroom.bounce(invitation, status=status)
    assert (outcome.result, outcome.reason, outcome.is_open) == (
        Result.BOUNCE,
        Reason.FAILED,
        False,
    )
    (row,) = postroom.mailroom.rows(planned)
    assert (row.status, row.problem) == (
        "bounced",
        f"{status} 550 {status} Recipient address rejected",
    )
    ((_, channel, _, details),) = postroom.journal(planned, "MailFailed")
    assert (channel, details["recipient"]) == ("mail", GUEST)
    (line,) = (line for line in postroom.object_of(planned) if "SCHEDULE-STATUS" in line)
    assert f";SCHEDULE-STATUS={shown}" in line
    assert line.endswith(f":mailto:{GUEST}")
    assert line.replace(f";SCHEDULE-STATUS={shown}", "") in tag
    assert tag == [
        each for each in postroom.object_of(planned, login="claire") if each.startswith("ATTENDEE")
    ]
    with postroom.mailroom.desk() as desk:
        (told,) = home.read(desk.tx, desk.actor("alice"), now=desk.now).undelivered
        assert (told.appointment_id, told.recipient, told.problem) == (planned, GUEST, row.problem)
        assert not home.read(desk.tx, desk.actor("claire"), now=desk.now).undelivered
        claire = desk.actor("claire")
        assert claire.person_id is not None
        appointments.record_presence(
            desk.tx, claire, planned, claire.person_id, DECLINED, now=desk.now
        )
    assert any("SCHEDULE-STATUS" in text for text in postroom.object_of(planned))
    # once more, by the answering address alone: it is known already
    again = postroom.bounce(
        invitation, status=status, message_id="<autre@x.example>", own_id="<2@x>"
    )
    assert again.reason == Reason.FAILED
    assert len(postroom.journal(planned, "MailFailed")) == 1
    # he answers after all, and nothing of it goes into mails
    assert postroom.answer(invitation, "ACCEPTED").result is Result.APPLIED
    assert not any("SCHEDULE-STATUS" in line for line in postroom.object_of(planned))
    postroom.mailroom.revise(planned, location="Ailleurs")
    assert b"SCHEDULE-STATUS" not in postroom.sent()
    with postroom.mailroom.desk() as desk:
        assert not home.read(desk.tx, desk.actor("alice"), now=desk.now).undelivered


def test_a_mail_that_is_refused_at_once_is_seen_likewise(postroom: Postroom) -> None:
    postroom.mailroom.sink.reject(GUEST)
    planned = postroom.mailroom.plan()
    assert postroom.mailroom.send().failed == 1
    (line,) = (line for line in postroom.object_of(planned) if "SCHEDULE-STATUS" in line)
    assert "5.2" in line
    assert len(postroom.journal(planned, "MailFailed")) == 1
    with postroom.mailroom.desk() as desk:
        assert home.read(desk.tx, desk.actor("alice"), now=desk.now).undelivered
        appointments.trash(desk.tx, desk.actor("alice"), planned, now=desk.now)
    # it comes back, too, when all is over
    with postroom.mailroom.desk() as desk:
        (row,) = (each for each in desk.tx.outbox.of_appointment(planned) if each.message_id)
    raw = DSN.format(
        to="rdv@agence.example",
        recipient=GUEST,
        action="failed",
        status="5.1.1",
        message_id=row.message_id,
        own_id="<1@mx.exterieur.example>",
    )
    assert postroom.take(raw.encode()).reason == Reason.FAILED
    assert len(postroom.journal(planned, "MailFailed")) == 2


@pytest.mark.parametrize(
    ("action", "reason"), [("delayed", Reason.DELAYED), ("delivered", Reason.DELIVERED)]
)
def test_a_delay_is_only_noted(postroom: Postroom, action: str, reason: Reason) -> None:
    planned, invitation = postroom.invite()
    outcome = postroom.bounce(invitation, status="4.4.1", action=action)
    assert (outcome.reason, outcome.is_open) == (reason, False)
    assert [row.status for row in postroom.mailroom.rows(planned)] == ["sent"]
    assert not any("SCHEDULE-STATUS" in line for line in postroom.object_of(planned))


def test_a_mail_of_nobody_knows_what_comes_back(postroom: Postroom) -> None:
    planned, invitation = postroom.invite()
    outcome = postroom.bounce(invitation, to="rdv@agence.example", message_id="<x@y.example>")
    assert (outcome.reason, outcome.is_open) == (Reason.UNKNOWN_MAIL, True)
    assert [row.status for row in postroom.mailroom.rows(planned)] == ["sent"]


# -- at once ------------------------------------------------------------------------------


@pytest.mark.parametrize(("lost", "is_taken"), [(2, True), (3, False)])
def test_who_loses_a_race_tries_again(
    postroom: Postroom, monkeypatch: pytest.MonkeyPatch, lost: int, is_taken: bool
) -> None:
    planned, invitation = postroom.invite()
    left = iter(range(lost))

    def lose(*arguments: Any, **named: Any) -> Any:
        if next(left, None) is not None:
            raise LostRace("another was first")
        return take_calendars(*arguments, **named)

    monkeypatch.setattr(answers, "take_calendars", lose)
    raw = postroom.reply(invitation, "ACCEPTED")
    if is_taken:
        assert postroom.take(raw).result is Result.APPLIED
    else:
        with pytest.raises(NotNow):
            fetching.take(postroom.book, raw, source="imap")
    assert (postroom.presence(planned) is ACCEPTED) == is_taken
    assert len(postroom.received()) == is_taken


def test_one_mail_by_several_ways_at_once_is_taken_once(
    any_book: AppointmentBook, clock: Clock, sink: SmtpSink
) -> None:
    postroom = Postroom(Mailroom(any_book, clock, sink))
    planned, invitation = postroom.invite()
    raw = postroom.reply(invitation, "ACCEPTED")
    other = postroom.reply(invitation, "DECLINED")
    results: list[Result] = []

    def take(mail: bytes, way: str) -> None:
        results.append(apply_answer(postroom.book, mail, source=way).result)

    ways = [(raw, "imap"), (raw, "lmtp"), (other, "pipe"), (raw, "pipe"), (other, "imap")]
    threads = [threading.Thread(target=take, args=each) for each in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 5
    assert results.count(Result.DUPLICATE) == 3
    assert postroom.presence(planned) is DECLINED
    assert len(postroom.journal(planned, "PresenceRecorded")) == results.count(Result.APPLIED)

"""Many mails: what people look at stays as much as people can, and nothing is kept for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.taking import Disposition
from rdv_caldav.services.housekeeping import forget_mails
from rdv_caldav.services.mailing import answers
from rdv_caldav.services.mailing.fetching import disposition_of
from rdv_caldav.services.mailing.outcomes import Outcome, Reason, Result
from support.agency import GUEST, span
from support.invitation_reading import read_invitation
from support.mailroom import INVITED, Mailroom
from support.postroom import Postroom
from support.scenario import Clock
from support.smtp_sink import SmtpSink

AGENCY = "rdv@agence.example"


def junk(postroom: Postroom, number: int, sender: str = "pub@exterieur.example") -> Outcome:
    return postroom.write(
        f"Achetez {number}", to=AGENCY, From=sender, Message_ID=f"<{number}.{sender}>"
    )


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_OPEN_OF_ONE", 3)
    monkeypatch.setattr(answers, "MOST_OPEN_OF_STRANGERS", 5)


@pytest.mark.usefixtures("few")
def test_nobody_fills_the_queue_and_nothing_is_lost(postroom: Postroom) -> None:
    _planned, invitation = postroom.invite()
    got = [junk(postroom, number) for number in range(5)]
    assert [each.is_open for each in got] == [True] * 3 + [False] * 2
    assert (got[-1].result, got[-1].reason) == (Result.IGNORED, Reason.TOO_MANY)
    # it lies where mails for people lie
    assert disposition_of(got[-1]) is Disposition.FOR_PEOPLE
    others = [junk(postroom, number, f"pub{number}@exterieur.example") for number in range(5)]
    assert [each.is_open for each in others] == [True] * 2 + [False] * 3
    # what is about an appointment does not suffer from it, and is bounded for each participant
    to = read_invitation(invitation).organizer
    words = [
        postroom.write(f"Mot {number}", to=to, Message_ID=f"<{number}.mot@exterieur.example>")
        for number in range(4)
    ]
    assert [each.is_open for each in words] == [True] * 3 + [False]
    # an answer that is clear counts, whatever waits
    assert postroom.answer(invitation).result is Result.APPLIED
    with postroom.mailroom.desk() as desk:
        opened = desk.tx.received_mails.page(only_open=True)
        assert len(opened) == desk.tx.received_mails.open_count() == 8
        desk.tx.received_mails.close(
            opened[-1].id, outcome="ignored", reason="dismissed", login="alice", now=desk.now
        )
    # somebody looked at one: there is room for another
    assert junk(postroom, 99).is_open


def test_of_strangers_mails_less_is_kept(postroom: Postroom) -> None:
    _planned, invitation = postroom.invite()
    words = "x" * 2 * answers.KEPT_OF_STRANGERS
    strange = postroom.write(words, to=AGENCY)
    known = postroom.write(words, to=read_invitation(invitation).organizer)
    with postroom.mailroom.desk() as desk:
        raw = [desk.tx.received_mails.raw(each.mail) or b"" for each in (strange, known)]
    assert len(raw[0]) == answers.KEPT_OF_STRANGERS
    assert len(raw[1]) > len(words)


def test_the_same_words_in_mails_without_an_id_are_not_one_mail(postroom: Postroom) -> None:
    to = [read_invitation(postroom.invite()[1]).organizer for _ in range(2)]
    raw = "From: {}\r\nTo: {}\r\nSubject: Re: rendez-vous\r\n\r\nOui\r\n"
    outcomes = [postroom.take(raw.format(GUEST, each).encode()) for each in (*to, to[0])]
    assert [each.result for each in outcomes] == [Result.QUEUED, Result.QUEUED, Result.DUPLICATE]
    assert outcomes[0].appointment_id != outcomes[1].appointment_id


def test_what_mails_said_is_forgotten_and_what_became_of_them_is_not(
    any_book: AppointmentBook, clock: Clock, sink: SmtpSink
) -> None:
    mailroom = Mailroom(any_book, clock, sink)
    postroom = Postroom(mailroom)
    planned, invitation = postroom.invite()
    postroom.answer(invitation)
    waiting = postroom.write("À lire", to=AGENCY)
    read = postroom.write("Lu et fait", to=AGENCY, Message_ID="<lu@exterieur.example>")
    with mailroom.desk() as desk:
        desk.tx.received_mails.close(
            read.mail, outcome="ignored", reason="dismissed", login="alice", now=desk.now
        )
        with pytest.raises(InvalidInput):
            forget_mails(desk.tx, days=3, now=desk.now)
        assert forget_mails(desk.tx, days=10**9, now=desk.now) == 0
        assert forget_mails(desk.tx, days=30, now=desk.now + timedelta(days=29)) == 0
    mailroom.later(days=31)
    soon = span(28)
    soon = soon.moved_to(mailroom.clock.now.replace(tzinfo=None) + timedelta(days=2))
    late = mailroom.plan(plan=replace(INVITED, span=soon))
    with mailroom.desk() as desk:
        assert forget_mails(desk.tx, days=30, now=desk.now) > 0
        assert forget_mails(desk.tx, days=30, now=desk.now) == 0
        assert desk.tx.journal.latest(1)[0].event == "MailsForgotten"
        (sent,) = desk.tx.outbox.of_appointment(planned)
        assert (sent.status, sent.recipient, desk.tx.outbox.raw(sent.id)) == ("sent", GUEST, None)
        kept = {each.id: each for each in desk.tx.received_mails.page(only_open=False)}
        assert (kept[read.mail].text, kept[read.mail].sender) == ("", GUEST)
        assert kept[waiting.mail].text.strip() == "À lire"
        assert desk.tx.received_mails.raw(waiting.mail) is not None
        assert desk.tx.outbox.of_appointment(late)[0].status == "queued"
    # the same mail once more is known all the same, and what waited still leaves
    assert postroom.write("À lire", to=AGENCY).result is Result.DUPLICATE
    assert postroom.presence(planned) is Presence.ACCEPTED

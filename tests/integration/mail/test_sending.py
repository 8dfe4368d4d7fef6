"""What becomes of queued messages: sent once, in order, again after a fault, or given up."""

from __future__ import annotations

import json
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.cli import main
from rdv_caldav.cli.background import jobs_of
from rdv_caldav.db.outbox import OutboxMessage
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Participant, Span, State
from rdv_caldav.domain.clock import system_clock
from rdv_caldav.domain.errors import InvalidInput, LostRace
from rdv_caldav.domain.mailing import ContactBy
from rdv_caldav.mail.delivery import Deferred
from rdv_caldav.services import appointments
from rdv_caldav.services.mailing import composing, sending, telling
from rdv_caldav.services.mailing.composing import Composed, Skip
from rdv_caldav.services.mailing.delivering import Delivery
from rdv_caldav.services.mailing.sending import DELAYS, LEASE, MOST_ATTEMPTS, MailWorker, SentCount
from rdv_caldav.settings import Settings
from rdv_radicale.application import create_app
from support.agency import GUEST, span
from support.dav import DavClient
from support.desk import PLAN, Desk
from support.mail_checker import calendar_of, check_mail, lines_of
from support.mailroom import INVITED, Mailroom
from support.objects import event
from support.scenario import Clock
from support.scheduling import attendee, organizer
from support.server import free_port, running_server
from support.smtp_sink import Drop, SmtpSink, smtp_sink


def statuses(mailroom: Mailroom, planned: int) -> list[tuple[str, str]]:
    return [(row.method, row.status) for row in mailroom.rows(planned)]


def methods(sink: SmtpSink) -> list[str]:
    found = [lines_of(calendar_of(mail.raw), "METHOD")[0] for mail in sink.mails]
    return [each.removeprefix("METHOD:") for each in found]


# -- what servers say ---------------------------------------------------------------------


def test_put_off_and_then_taken(mailroom: Mailroom) -> None:
    mailroom.sink.defer(times=2)
    planned = mailroom.plan()
    assert mailroom.send() == SentCount(postponed=1)
    (row,) = mailroom.rows(planned)
    assert (row.status, row.attempts) == ("retry", 1)
    assert row.problem == "451 4.3.0 try again later"
    assert mailroom.send() == SentCount()
    mailroom.later(minutes=1)
    assert mailroom.send() == SentCount(postponed=1)
    mailroom.later(minutes=4)
    assert mailroom.send() == SentCount()
    mailroom.later(minutes=1)
    assert mailroom.send() == SentCount(sent=1)
    (row,) = mailroom.rows(planned)
    assert (row.status, row.problem, row.sent_at) == ("sent", "", mailroom.clock.now)
    check_mail(mailroom.sink.mails[0].raw)


def test_refused_for_good_is_told_in_the_history(mailroom: Mailroom) -> None:
    mailroom.sink.reject(GUEST)
    planned = mailroom.plan()
    assert mailroom.send() == SentCount(failed=1)
    (row,) = mailroom.rows(planned)
    assert row.status == "failed"
    assert row.problem.startswith("550 5.1.1")
    with mailroom.desk() as desk:
        (told,) = [e for e in desk.tx.journal.entries_for(planned) if e.event == "MailFailed"]
    assert (told.channel, told.details["recipient"]) == ("mail", GUEST)
    # of what never arrived nothing is taken back
    mailroom.set_state(planned, State.CANCELLED)
    assert mailroom.send() == SentCount(skipped=1)


def test_given_up_after_two_days(mailroom: Mailroom) -> None:
    mailroom.sink.defer(times=1000)
    planned = mailroom.plan(plan=replace(INVITED, span=span(30)))
    begun = mailroom.clock.now
    (row,) = mailroom.rows(planned)
    for _ in range(MOST_ATTEMPTS - 1):
        assert mailroom.send().postponed == 1
        (row,) = mailroom.rows(planned)
        assert row.due_at is not None
        mailroom.clock.now = row.due_at
    assert mailroom.send() == SentCount(failed=1)
    assert timedelta(hours=47) < mailroom.clock.now - begun < timedelta(hours=49)
    with mailroom.desk() as desk:
        desk.tx.outbox.requeue(row.id, now=desk.now)
    mailroom.sink.behave()
    assert mailroom.send() == SentCount(sent=1)


def test_a_lost_answer_sends_the_same_bytes_again(mailroom: Mailroom) -> None:
    mailroom.sink.drop(Drop.TAKEN)
    planned = mailroom.plan()
    assert mailroom.send() == SentCount(postponed=1)
    assert mailroom.rows(planned)[0].problem.startswith("unsure: ")
    # it was perhaps read already: what is new comes after it, not instead
    mailroom.revise(planned, location="Ailleurs")
    mailroom.later(minutes=2)
    assert mailroom.send() == SentCount(sent=2)
    first, again, update = mailroom.sink.mails
    assert first.raw == again.raw
    assert "Ailleurs" not in calendar_of(again.raw)
    assert "Ailleurs" in calendar_of(update.raw)
    assert [row.problem for row in mailroom.rows(planned)] == ["", ""]


def test_one_mail_that_breaks_the_connection_keeps_no_other_from_leaving(
    mailroom: Mailroom,
) -> None:
    mailroom.sink.drop(Drop.AT_DATA)
    planned = [mailroom.plan() for _ in range(3)]
    assert mailroom.send() == SentCount(postponed=1, sent=2)
    assert mailroom.rows(planned[0])[0].attempts == 1
    mailroom.later(minutes=1)
    assert mailroom.send() == SentCount(sent=1)
    assert Counter(mail.recipients[0] for mail in mailroom.sink.mails) == {GUEST: 3}


def test_an_hour_without_a_server(book: AppointmentBook, clock: Clock) -> None:
    port = free_port()
    with smtp_sink(port=port) as sink:
        mailroom = Mailroom(book, clock, sink)
    planned = [mailroom.plan() for _ in range(3)]
    for _ in range(60):
        count = mailroom.send()
        assert (count.postponed, count.sent) == (1, 0)
        assert "cannot be reached" in count.problem
        mailroom.later(minutes=1)
    assert [mailroom.rows(each)[0].attempts for each in planned] == [0, 0, 0]
    with smtp_sink(port=port) as sink:
        assert mailroom.send() == SentCount(sent=3)
        assert sink.connections == 1
    assert [mailroom.rows(each)[0].problem for each in planned] == ["", "", ""]
    assert mailroom.send() == SentCount()


def test_a_server_that_does_not_know_us_says_nothing_of_the_mail(
    book: AppointmentBook, clock: Clock
) -> None:
    with smtp_sink(scheme="smtp+starttls", login=("agence", "secret")) as sink:
        mailroom = Mailroom(book, clock, sink)
        sink.login = ("agence", "autre")
        planned = mailroom.plan()
        count = mailroom.send()
        assert (count.postponed, count.failed) == (1, 0)
        assert "535" in count.problem
        assert "secret" not in count.problem
        assert mailroom.rows(planned)[0].attempts == 0
        sink.login = ("agence", "secret")
        mailroom.later(minutes=1)
        assert mailroom.send() == SentCount(sent=1)


def test_an_address_that_is_none_is_given_up_at_once(mailroom: Mailroom) -> None:
    planned = mailroom.plan()
    with mailroom.desk() as desk:
        desk.tx.outbox.put(
            method="MESSAGE",
            appointment_id=planned,
            original=None,
            recipient="personne",
            recipient_name="",
            sequence=0,
            now=desk.now,
            subject="x",
            body="y",
        )
    assert mailroom.send() == SentCount(sent=1, failed=1)


def test_what_cannot_be_composed_stands_in_nobodys_way(
    mailroom: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = [mailroom.plan(), mailroom.plan()]
    compose = composing.compose

    def broken(tx: Transaction, message: OutboxMessage, now: datetime) -> Composed | Skip:
        if message.appointment_id == planned[0]:
            raise ZeroDivisionError
        return compose(tx, message, now)

    monkeypatch.setattr(composing, "compose", broken)
    assert mailroom.send() == SentCount(postponed=1, sent=1)
    (row,) = mailroom.rows(planned[0])
    assert (row.status, row.attempts) == ("retry", 1)
    assert row.due_at == mailroom.clock.now + DELAYS[0]


# -- order and sense ----------------------------------------------------------------------


def test_what_a_later_message_says_better_is_skipped(mailroom: Mailroom) -> None:
    planned = mailroom.plan()
    mailroom.revise(planned, location="Ailleurs")
    mailroom.revise(planned, span=span(26))
    assert mailroom.send() == SentCount(sent=1, skipped=2)
    (mail,) = mailroom.mails()
    assert str(mail["Subject"]).startswith("Invitation : Visite – jeudi 26")
    assert [row.problem for row in mailroom.rows(planned)] == ["superseded", "superseded", ""]


def test_no_cancellation_of_what_nobody_heard_of(mailroom: Mailroom) -> None:
    planned = mailroom.plan()
    mailroom.set_state(planned, State.CANCELLED)
    assert mailroom.send() == SentCount(skipped=2)
    assert [row.problem for row in mailroom.rows(planned)] == ["superseded", "never-invited"]
    mailroom.set_state(planned, State.PLANNED)
    assert mailroom.send() == SentCount(sent=1)
    assert str(mailroom.mails()[0]["Subject"]).startswith("Invitation")


def test_an_invitation_that_waits_is_taken_back_before_it_leaves(mailroom: Mailroom) -> None:
    mailroom.sink.defer()
    planned = mailroom.plan()
    mailroom.send()
    mailroom.set_state(planned, State.CANCELLED)
    mailroom.later(minutes=1)
    assert mailroom.send() == SentCount(skipped=2)
    assert mailroom.sink.mails == []


def test_messages_to_one_guest_keep_their_order(mailroom: Mailroom) -> None:
    planned = mailroom.plan()
    mailroom.sink.drop(Drop.TAKEN)
    mailroom.send()
    mailroom.set_state(planned, State.CANCELLED)
    # the cancellation is due, and waits for what was sent before it
    assert mailroom.send() == SentCount()
    mailroom.later(minutes=1)
    assert mailroom.send() == SentCount(sent=2)
    assert methods(mailroom.sink) == ["REQUEST", "REQUEST", "CANCEL"]
    with mailroom.desk() as desk:
        appointments.trash(desk.tx, desk.actor("alice"), planned, now=desk.now)
    assert mailroom.send().sent == 0


@pytest.mark.parametrize(
    ("reason", "hours"), [("over", 48), ("stopped", 0), ("cancelled", 0), ("not-taking-part", 0)]
)
def test_what_makes_no_sense_any_more_is_not_sent(
    mailroom: Mailroom, reason: str, hours: int
) -> None:
    planned = mailroom.plan()
    with mailroom.desk() as desk:
        stored = desk.tx.appointments.lock(planned)
        assert stored is not None
        if reason == "stopped":
            desk.tx.mail_threads.stop(GUEST, now=desk.now)
        if reason == "cancelled":
            desk.tx.appointments.trash(planned, desk.now)
    if reason == "not-taking-part":
        mailroom.set(invite_external_guests=False)
        with mailroom.desk() as desk:
            alice = desk.actor("alice")
            appointments.remove_participant(desk.tx, alice, planned, GUEST, now=desk.now)
    mailroom.later(hours=hours)
    assert mailroom.send() == SentCount(skipped=1)
    assert mailroom.rows(planned)[0].problem == reason
    assert mailroom.sink.mails == []


def test_nothing_leaves_while_the_module_is_off(mailroom: Mailroom) -> None:
    mailroom.plan()
    mailroom.set(module_enabled=False)
    assert mailroom.send() == SentCount()
    mailroom.set(module_enabled=True)
    assert mailroom.send() == SentCount(sent=1)


def test_without_a_server_messages_wait(book: AppointmentBook, sink: SmtpSink) -> None:
    mailroom = Mailroom(book, book.clock, sink)  # type: ignore[arg-type]
    planned = mailroom.plan()
    worker = MailWorker(replace(book, settings=Settings()))
    assert worker.media == ()
    assert worker.send_due() == SentCount()
    worker.run(threading.Event())
    assert statuses(mailroom, planned) == [("REQUEST", "queued")]


# -- the thread and the command -----------------------------------------------------------


def test_the_thread_sends_until_it_is_told_to_stop(
    mailroom: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "POLL", 0.05)
    monkeypatch.setattr(sending, "_SECONDS_AFTER_FAULT", 0.05)
    faults = iter([OSError("the database is away")])
    remind = mailroom.worker.remind

    def once_broken() -> int:
        for fault in faults:
            raise fault
        return remind()

    monkeypatch.setattr(mailroom.worker, "remind", once_broken)
    stop = threading.Event()
    thread = threading.Thread(target=mailroom.worker.run, args=(stop,))
    thread.start()
    try:
        mailroom.plan()
        mailroom.sink.wait_for(1)
        mailroom.plan()
        mailroom.sink.wait_for(2)
    finally:
        stop.set()
        thread.join(5)
    assert not thread.is_alive()


def far_off(days: int = 30) -> Span:
    """Return a time that is to come for processes that read the real clock."""
    start = datetime.now().replace(hour=9, minute=0, second=0, microsecond=0)
    return span().moved_to(start + timedelta(days=days))


def test_the_server_sends_by_itself(
    sqlite_url: str, book: AppointmentBook, sink: SmtpSink, tmp_path: Path
) -> None:
    mailroom = Mailroom(replace(book, clock=system_clock), Clock(), sink)
    mailroom.clock.now = system_clock()
    mailroom.plan(plan=replace(INVITED, span=far_off()))
    serving = {"RDV_SMTP_URL": sink.url}
    with running_server(sqlite_url, tmp_path / "log", workers=1, environ=serving) as server:
        sink.wait_for(1, seconds=20)
        assert server.stop() == 0
    check_mail(sink.mails[0].raw)
    silent = replace(mailroom.book.settings, mail_worker=0)
    assert not jobs_of(replace(mailroom.book, settings=silent))


def test_the_command_sends_and_says_why_it_cannot(
    sqlite_url: str,
    book: AppointmentBook,
    sink: SmtpSink,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RDV_DATABASE_URL", sqlite_url)
    assert main(["mail", "send"]) == 1
    assert "no mail server is configured" in capsys.readouterr().err
    with book.database.writing() as tx:
        Desk(tx, system_clock()).plan(plan=replace(INVITED, span=far_off()))
    monkeypatch.setenv("RDV_SMTP_URL", f"smtp://127.0.0.1:{free_port()}")
    assert main(["mail", "send"]) == 1
    said = capsys.readouterr()
    assert said.out == "sent 0, to be tried again 1, given up 0, left out 0\n"
    assert "cannot be reached" in said.err
    with book.database.writing() as tx:
        (row,) = tx.outbox.pending()
        tx.outbox.requeue(row.id, now=system_clock())
    monkeypatch.setenv("RDV_SMTP_URL", sink.url)
    assert main(["mail", "send"]) == 0
    assert capsys.readouterr().out.startswith("sent 1, ")
    monkeypatch.setenv("RDV_SMTP_URL", "smtp://a:secret@")
    assert main(["serve"]) == 1
    assert "secret" not in capsys.readouterr().err


# -- several workers ----------------------------------------------------------------------


def test_several_workers_send_each_message_once(
    any_book: AppointmentBook, clock: Clock, sink: SmtpSink
) -> None:
    mailroom = Mailroom(any_book, clock, sink)
    guests = [f"invite{number}@exterieur.example" for number in range(30)]
    people = tuple(Participant(address=each) for each in guests)
    planned = mailroom.plan(plan=replace(PLAN, participants=people))
    mailroom.revise(planned, location="Ailleurs")
    counts: list[SentCount] = []

    def work() -> None:
        counts.append(MailWorker(mailroom.book).send_due())

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    # a worker ends when all that is left is in the hands of another
    counts.append(mailroom.send())
    assert sum(count.sent for count in counts) == 30
    assert sum(count.skipped for count in counts) == 30
    assert Counter(mail.recipients[0] for mail in sink.mails) == Counter(guests)


def test_what_became_of_a_message_is_noted_though_another_writer_was_first(
    mailroom: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = mailroom.plan()
    races = iter(range(sending.MOST_RACES - 1))
    noted = telling.was_sent

    def raced(tx: Transaction, message: OutboxMessage) -> None:
        for _ in races:
            raise LostRace("another writer waited for this one")
        noted(tx, message)

    monkeypatch.setattr(telling, "was_sent", raced)
    assert mailroom.send() == SentCount(sent=1)
    assert statuses(mailroom, planned) == [("REQUEST", "sent")]


def test_reminders_are_queued_once_a_minute(mailroom: Mailroom) -> None:
    mailroom.set(remind_hours=24, invite_external_guests=False, invite_persons=True)
    mailroom.worker.remind()
    mailroom.plan("ivan", plan=replace(INVITED, span=span(26)))
    mailroom.later(days=1, hours=1)
    assert mailroom.worker.remind() > 0
    assert mailroom.worker.remind() == 0
    mailroom.later(minutes=1)
    assert mailroom.worker.remind() == 0
    assert mailroom.send().sent > 0
    for mail in mailroom.sink.mails:
        check_mail(mail.raw)


def test_what_a_worker_took_and_never_sent_is_free_again(mailroom: Mailroom) -> None:
    planned = mailroom.plan()
    with mailroom.desk() as desk:
        assert desk.tx.outbox.claim(now=desk.now, until=desk.now + LEASE) is not None
    assert mailroom.send() == SentCount()
    mailroom.clock.now += LEASE
    assert mailroom.send() == SentCount(sent=1)
    assert statuses(mailroom, planned) == [("REQUEST", "sent")]


def test_what_another_worker_made_of_a_message_stands(
    mailroom: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that takes longer than the lease: the message is sent by somebody else by then."""
    planned = mailroom.plan()
    send, slow = Delivery.mail, iter([True])

    def late(self: Delivery, raw: bytes, *, sender: str, recipient: str) -> None:
        if next(slow, False):
            mailroom.clock.now += LEASE
            assert MailWorker(mailroom.book).send_due() == SentCount(sent=1)
            raise Deferred("timed out")
        send(self, raw, sender=sender, recipient=recipient)

    monkeypatch.setattr(Delivery, "mail", late)
    mailroom.send()
    mailroom.later(hours=1)
    assert mailroom.send() == SentCount()
    assert statuses(mailroom, planned) == [("REQUEST", "sent")]
    assert len(mailroom.sink.mails) == 1


# -- from a calendar program --------------------------------------------------------------


def test_a_program_invites_and_only_the_server_mails(mailroom: Mailroom) -> None:
    mailroom.set(invite_persons=True)
    with mailroom.desk() as desk:
        desk.tx.contacts.note_synchronised("ivan", desk.now)
    alice = DavClient(create_app(mailroom.book), "alice")
    own = "medecin@cabinet.example"
    lines = (
        organizer("alice@agence.example", CN="Alice")
        + attendee("alice@agence.example", PARTSTAT="ACCEPTED")
        + attendee(GUEST, RSVP="TRUE", PARTSTAT="NEEDS-ACTION")
        + attendee(own, RSVP="TRUE", SCHEDULE_AGENT="CLIENT")
        + attendee("ivan@agence.example", RSVP="TRUE")
        + attendee("claire@famille.example", RSVP="TRUE")
    )
    alice.put("/alice/alice/a.ics", event("a", lines=lines), expect=201)
    mailroom.send()
    assert sorted(mail.recipients[0] for mail in mailroom.sink.mails) == [
        "claire@famille.example",
        GUEST,
    ]
    for mail in mailroom.sink.mails:
        check_mail(mail.raw)
        assert "cabinet.example" not in calendar_of(mail.raw)


def test_a_write_does_not_wait_for_the_mail_server(book: AppointmentBook, clock: Clock) -> None:
    port = free_port()
    with smtp_sink(port=port) as sink:
        mailroom = Mailroom(book, clock, sink)
    alice = DavClient(create_app(mailroom.book), "alice")
    lines = attendee("alice@agence.example", PARTSTAT="ACCEPTED") + attendee(GUEST)
    alice.put("/alice/alice/a.ics", event("a", lines=lines), expect=201)
    assert "cannot be reached" in mailroom.send().problem
    mailroom.later(hours=1)
    with smtp_sink(port=port) as sink:
        assert mailroom.send() == SentCount(sent=1)
        assert mailroom.send() == SentCount()
        assert methods(sink) == ["REQUEST"]


# -- text messages and signatures ---------------------------------------------------------


def test_mails_are_signed_where_there_is_a_key(mailroom: Mailroom, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "genrsa", "-out", str(path), "2048"], check=True, capture_output=True
    )
    settings = replace(
        mailroom.book.settings, dkim_domain="agence.example", dkim_key_file=str(path)
    )
    mailroom.plan()
    assert MailWorker(replace(mailroom.book, settings=settings)).send_due() == SentCount(sent=1)
    (mail,) = mailroom.mails()
    signed = " ".join(str(mail["DKIM-Signature"]).split())
    assert "d=agence.example;" in signed
    assert "s=rdv;" in signed
    with pytest.raises(InvalidInput):
        MailWorker(replace(mailroom.book, settings=replace(settings, dkim_key_file="/nulle/part")))


def test_a_text_message_leaves_the_thread_of_mails_alone(mailroom: Mailroom) -> None:
    """Who stops mails by an older one stops those to his address, not those to his telephone."""
    mailroom.set(invite_persons=True, invite_external_guests=False)
    planned = mailroom.plan()
    mailroom.send()
    with mailroom.desk() as desk:
        (before,) = desk.tx.mail_threads.of_appointment(planned)
        desk.tx.people.save_details(
            desk.person("claire").id,
            phone="06 12 34 56 78",
            notes="",
            language="",
            contact_by=ContactBy.SMS,
        )
    mailroom.revise(planned, location="Ailleurs")
    with gateway() as (url, taken):
        settings = replace(mailroom.book.settings, sms_url=url)
        assert MailWorker(replace(mailroom.book, settings=settings)).send_due().sent == 1
    assert len(taken) == 1
    with mailroom.desk() as desk:
        assert desk.tx.mail_threads.of_appointment(planned) == [before]


def test_text_messages_leave_by_the_gateway(mailroom: Mailroom) -> None:
    with gateway() as (url, taken):
        settings = replace(
            mailroom.book.settings, smtp_url="", sms_url=url, sms_headers="X-Key: abc\n\n"
        )
        planned = mailroom.plan()
        with mailroom.desk() as desk:
            desk.tx.people.save_details(
                desk.person("claire").id,
                phone="06 12 34 56 78",
                notes="",
                language="",
                contact_by=ContactBy.SMS,
            )
            desk.tx.outbox.put(
                method="REMINDER",
                medium="sms",
                appointment_id=planned,
                original=None,
                recipient="06 12 34 56 78",
                recipient_name="Claire Cliente",
                recipient_key=f"person:{desk.person('claire').id}",
                sequence=0,
                now=desk.now,
            )
        # without a gateway it waits, and the mail without a mail server
        assert mailroom.send() == SentCount(sent=1)
        assert MailWorker(replace(mailroom.book, settings=settings)).send_due() == SentCount(sent=1)
    ((headers, body),) = taken
    assert headers["X-Key"] == "abc"
    assert body["to"] == "+33612345678"
    assert body["message"].startswith("Agence de test : rappel de votre rendez-vous, mercredi 25")
    with pytest.raises(InvalidInput):
        MailWorker(replace(mailroom.book, settings=replace(settings, sms_headers="X-Key abc")))


@contextmanager
def gateway() -> Iterator[tuple[str, list[tuple[dict[str, str], dict[str, str]]]]]:
    """A gateway on loopback that takes all that it is given."""
    taken = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append((dict(self.headers), json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", taken
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

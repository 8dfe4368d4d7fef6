"""The whole way: out by SMTP, back by a real mailbox, by LMTP or a pipe, into every calendar."""

from __future__ import annotations

import smtplib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.cli import main
from rdv_caldav.cli.background import jobs_of
from rdv_caldav.db.leases import alone
from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.lmtp import Listen
from rdv_caldav.mail.taking import NotNow
from rdv_caldav.services.mailing import fetching
from rdv_caldav.services.mailing.outcomes import Result
from rdv_caldav.settings import Settings
from support.agency import GUEST
from support.dovecot import Dovecot, running_dovecot
from support.http_dav import HttpDav
from support.invitation_reading import read_invitation
from support.mailroom import Mailroom
from support.postroom import Postroom
from support.reply_shapes import Shape
from support.server import free_port, running_server

Command = Callable[..., int]
DECLINED, OPEN = Presence.DECLINED, Presence.NEEDS_ACTION


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    """A mail server with the agency's mailbox."""
    with running_dovecot() as server:
        yield server


@pytest.fixture
def mailbox(dovecot: Dovecot) -> Dovecot:
    """The same with all its mails put out of the way."""
    with dovecot.client() as client:
        for folder in dovecot.folders():
            client.select_folder(folder)
            client.delete_messages(client.search())
            client.expunge()
    return dovecot


def with_settings(mailroom: Mailroom, **settings: Any) -> Postroom:
    mailroom.book = replace(mailroom.book, settings=replace(mailroom.book.settings, **settings))
    return Postroom(mailroom)


def wait_until(is_so: Callable[[], bool], *, seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.05)


@contextmanager
def working(job: Callable[[threading.Event], None]) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=job, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(15)
        assert not thread.is_alive()


# -- a mailbox ----------------------------------------------------------------------------


def test_the_mailbox_is_read_once_and_put_away(mailroom: Mailroom, mailbox: Dovecot) -> None:
    postroom = with_settings(mailroom, imap_url=mailbox.url)
    planned, invitation = postroom.invite()
    answer = postroom.reply(invitation, "DECLINED", shape=Shape.APPLE)
    newsletter = b"From: a@b.example\r\nList-Id: <a.b.example>\r\nSubject: Promo\r\n\r\nAchetez\r\n"
    words = b"From: a@b.example\r\nSubject: Question\r\n\r\nQuand ?\r\n"
    mailbox.put(answer, newsletter, words, answer)
    tally = fetching.fetch_once(postroom.book)
    assert tally is not None
    assert tally.taken.total() == 4
    assert postroom.presence(planned) is DECLINED
    assert [len(mailbox.mails(each)) for each in ("INBOX", "rdv-traites", "rdv-a-verifier")] == [
        1,
        2,
        1,
    ]
    again = fetching.fetch_once(postroom.book)
    assert again is not None
    assert again.taken.total() == 0
    outcomes = [each.outcome for each in postroom.received()]
    assert outcomes == ["duplicate", "queued", "ignored", "applied"]


def test_what_arrives_is_taken_at_once_by_one_process(
    mailroom: Mailroom, mailbox: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "WAIT", 0.1)
    monkeypatch.setattr(fetching, "CHECK", 0.1)
    postroom = with_settings(mailroom, imap_url=mailbox.url)
    planned, invitation = postroom.invite()
    with working(fetching.mailbox_job(postroom.book)), working(fetching.mailbox_job(postroom.book)):
        wait_until(lambda: mailbox.connections() > 0)
        time.sleep(0.3)
        assert mailbox.connections() == 1
        assert fetching.fetch_once(postroom.book) is None
        mailbox.deliver(postroom.reply(invitation, "DECLINED", shape=Shape.OUTLOOK))
        wait_until(lambda: postroom.presence(planned) is DECLINED)
        wait_until(lambda: len(mailbox.mails("rdv-traites")) == 1)
    assert fetching.fetch_once(postroom.book) is not None


def test_the_place_of_one_who_is_gone_is_taken(
    any_book: AppointmentBook,
) -> None:
    database = any_book.database
    with alone(database, "a") as first, alone(database, "b") as other:
        assert first is not None
        assert first.holds()
        assert other is not None
        with alone(database, "a") as second:
            assert second is None
        if not database.is_sqlite:
            with database.engine.connect() as connection:
                connection.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                )
            assert not first.holds()
            with alone(database, "a") as third:
                assert third is not None
    with alone(database, "a") as fourth:
        assert fourth is not None


def test_a_fault_leaves_the_mail_where_it_is(
    mailroom: Mailroom, mailbox: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    postroom = with_settings(mailroom, imap_url=mailbox.url)
    planned, invitation = postroom.invite()
    mailbox.put(postroom.reply(invitation, "DECLINED"))
    path = str(postroom.book.database.engine.url.database)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("ALTER TABLE received_mail RENAME TO away")
        with pytest.raises(NotNow):
            fetching.fetch_once(postroom.book)
        connection.execute("ALTER TABLE away RENAME TO received_mail")
    assert postroom.presence(planned) is OPEN
    assert len(mailbox.mails()) == 1

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    with monkeypatch.context() as patch:
        patch.setattr(fetching, "apply_answer", fail)
        tally = fetching.fetch_once(postroom.book)
        assert tally is not None
        assert (tally.failed, tally.put_aside) == (1, 0)
    assert len(mailbox.mails()) == 1
    assert fetching.fetch_once(postroom.book) is not None
    assert postroom.presence(planned) is DECLINED


# -- LMTP ---------------------------------------------------------------------------------


def test_the_mail_server_hands_over_what_is_for_us(
    mailroom: Mailroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postroom = Postroom(mailroom)
    planned, invitation = postroom.invite()
    address = read_invitation(invitation).organizer
    answer = postroom.reply(invitation, "DECLINED", to="rdv@agence.example")
    listen = Listen.parse(f"127.0.0.1:{free_port()}")

    def hand_over(server: smtplib.LMTP, *recipients: str) -> dict[str, tuple[int, bytes]]:
        return server.sendmail(GUEST, recipients, answer)

    with (
        fetching.lmtp_server(postroom.book, listen),
        smtplib.LMTP("127.0.0.1", listen.port) as server,
    ):
        unknown = f"rdv-{'a' * 24}@reponses.agence.example"
        refused = hand_over(server, unknown, address.upper(), "alice@agence.example")
        assert {to: code for to, (code, _) in refused.items()} == {
            unknown: 550,
            "alice@agence.example": 550,
        }
        assert postroom.presence(planned) is DECLINED
        for recipient in ("RDV@agence.example", "postmaster@reponses.agence.example"):
            assert hand_over(server, recipient) == {}
        assert [each.outcome for each in postroom.received()] == [
            "duplicate",
            "duplicate",
            "applied",
        ]

        def fail(*_: object, **__: object) -> None:
            raise RuntimeError("a fault of ours")

        monkeypatch.setattr(fetching, "apply_answer", fail)
        with pytest.raises(smtplib.SMTPDataError) as failed:
            hand_over(server, address)
        assert failed.value.smtp_code == 451


def test_one_process_listens_and_another_takes_over(
    mailroom: Mailroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "WAIT", 0.1)
    for listen in (str(tmp_path / "lmtp.socket"), f"127.0.0.1:{free_port()}"):
        book = with_settings(mailroom, lmtp_listen=listen).book
        parsed = Listen.parse(listen)

        def greets(parsed: Listen = parsed, listen: str = listen) -> bool:
            host, port = (listen, 0) if parsed.path else (parsed.host, parsed.port)
            try:
                with smtplib.LMTP(host, port) as server:
                    return server.noop()[0] == 250
            except OSError:
                return False

        with working(fetching.lmtp_job(book)):
            with working(fetching.lmtp_job(book)):
                wait_until(greets)
            wait_until(greets)
        assert not greets()


# -- a pipe -------------------------------------------------------------------------------


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Command:
    """Run a command of the program, in this process."""

    def run(*arguments: str, stdin: bytes = b"", **environ: str) -> int:
        monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(stdin)))
        with monkeypatch.context() as patch:
            for name, value in {"RDV_DATABASE_URL": sqlite_url, **environ}.items():
                patch.setenv(name, value)
            try:
                return main(arguments)
            except SystemExit as done:
                return int(done.code or 0)

    return run


def test_a_pipe_keeps_what_cannot_be_taken_with_the_mail_server(
    postroom: Postroom, command: Command, capfd: pytest.CaptureFixture[str]
) -> None:
    planned, invitation = postroom.invite()
    address = read_invitation(invitation).organizer
    answer = postroom.reply(invitation, "DECLINED", to="rdv@agence.example")
    receive = ("mail", "receive", address)
    assert command(*receive, stdin=answer, RDV_DATABASE_URL="sqlite:////no/a") == 75
    said = capfd.readouterr()
    assert said.err.startswith("rdv-caldav: the mail cannot be taken now")
    assert said.out == ""
    assert command(*receive, stdin=answer, RDV_NO="1") == 75
    assert "unknown setting" in capfd.readouterr().err
    assert postroom.presence(planned) is OPEN
    assert command(*receive, stdin=answer) == 0
    assert capfd.readouterr() == ("", "")
    assert postroom.presence(planned) is DECLINED
    assert command("mail", "receive") == 0
    assert [each.source for each in postroom.received()] == ["pipe", "pipe"]


def test_the_mailbox_is_read_by_a_command(
    postroom: Postroom, command: Command, mailbox: Dovecot, capfd: pytest.CaptureFixture[str]
) -> None:
    planned, invitation = postroom.invite()
    mailbox.put(postroom.reply(invitation, "DECLINED"))
    assert command("mail", "fetch") == 1
    assert "imap_url" in capfd.readouterr().err
    with alone(postroom.book.database, fetching.TASK):
        assert command("mail", "fetch", RDV_IMAP_URL=mailbox.url) == 1
    assert "another process" in capfd.readouterr().err
    assert command("mail", "fetch", RDV_IMAP_URL=mailbox.url) == 0
    said = capfd.readouterr().out
    assert said == "taken 1, for people 0, to be tried again 0, put aside 0\n"
    assert postroom.presence(planned) is DECLINED
    assert command("mail", "fetch", RDV_IMAP_URL=f"imap://a:b@127.0.0.1:{free_port()}/") == 1
    assert "cannot be read" in capfd.readouterr().err


# -- serve --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "setting", [{"imap_url": "http://a:b@c/"}, {"lmtp_listen": "nowhere"}, {"imap_url": "imap://c"}]
)
def test_settings_that_cannot_be_used_are_refused(
    mailroom: Mailroom, setting: dict[str, Any]
) -> None:
    book = replace(mailroom.book, settings=Settings(**setting))
    with pytest.raises(InvalidInput):
        jobs_of(book)


def test_what_serve_sends_comes_back_to_it(
    postroom: Postroom, sqlite_url: str, mailbox: Dovecot, tmp_path: Path
) -> None:
    lmtp = tmp_path / "lmtp.socket"
    environ = {
        "RDV_SMTP_URL": postroom.mailroom.sink.url,
        "RDV_IMAP_URL": mailbox.url,
        "RDV_LMTP_LISTEN": str(lmtp),
    }
    with running_server(sqlite_url, tmp_path / "log", environ=environ) as server:
        planned = postroom.mailroom.plan()
        (sent,) = postroom.mailroom.sink.wait_for(1, seconds=20)
        uid = postroom.appointment(planned).uid

        def read(partstat: str) -> bool:
            with HttpDav(server.dav, "alice") as alice:
                _, _, text = alice.request("GET", f"/alice/claire/{uid}.ics")
            return f"PARTSTAT={partstat}" in text.replace("\r\n ", "")

        assert not read("TENTATIVE")
        mailbox.deliver(postroom.reply(sent.raw, "TENTATIVE", shape=Shape.THUNDERBIRD))
        wait_until(lambda: read("TENTATIVE"))
        with smtplib.LMTP(str(lmtp)) as client:
            client.sendmail(
                "", [read_invitation(sent.raw).organizer], postroom.reply(sent.raw, "DECLINED")
            )
        wait_until(lambda: read("DECLINED"))
        assert mailbox.connections() == 1
        assert server.stop() == 0
    assert [each.outcome for each in postroom.received()] == [Result.APPLIED] * 2

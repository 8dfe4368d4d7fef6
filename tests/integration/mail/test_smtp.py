"""Giving mails to a real server, which misbehaves in every way that servers do."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.delivery import Deferred, DeliveryFailed, NotAccepted, Refused, Unsure
from rdv_caldav.mail.message import build
from rdv_caldav.mail.smtp import SmtpServer, SmtpSession, open_session
from support.mail_checker import check_mail
from support.mails import RECIPIENT, SENDER, mail, plain_mail
from support.server import free_port
from support.smtp_sink import Drop, SmtpSink, sink_process, smtp_sink

RAW = build(mail())
LOGIN = ("rdv@agence.example", "p:a/s@s%é?#")
HUGE = build(plain_mail(text="ligne\n" * 1_500_000))


def send(session: SmtpSession, raw: bytes = RAW, *, to: str = RECIPIENT) -> str:
    return session.send(raw, sender=SENDER, recipient=to)


# -- a mail that is taken -----------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["smtp", "smtps", "smtp+starttls"])
def test_mails_arrive_to_the_letter_over_one_connection(scheme: str) -> None:
    raws = [RAW, build(plain_mail(text=".\n..\n.fin\n")), b".\r\n" + RAW, RAW.rstrip(b"\r\n")]
    with smtp_sink(scheme=scheme, login=LOGIN) as sink:
        user, password = "rdv%40agence.example", "p%3Aa%2Fs%40s%25%C3%A9%3F%23"
        url = sink.url.replace("{}:{}@".format(*LOGIN), f"{user}:{password}@")
        with open_session(SmtpServer.parse(url), timeout=5) as session:
            answers = [send(session, raw) for raw in raws]
        assert answers == [f"250 2.0.0 ok, kept as {number}" for number in range(1, 5)]
        assert [each.raw for each in sink.mails] == [*raws[:3], RAW]
        assert {(each.sender, *each.recipients) for each in sink.mails} == {(SENDER, RECIPIENT)}
        assert {each.connection for each in sink.mails} == {sink.connections} == {1}
        assert {each.user for each in sink.mails} == {LOGIN[0]}
        assert {each.tls for each in sink.mails} == {scheme != "smtp"}


def test_a_login_in_ascii_is_let_in_too() -> None:
    with smtp_sink(login=("rdv", "mot-de-passe")) as sink:
        with open_session(SmtpServer.parse(sink.url)) as session:
            send(session)
        assert sink.mails[0].user == "rdv"


def test_failures_and_delays_are_asked_to_be_reported() -> None:
    with smtp_sink() as sink, open_session(SmtpServer.parse(sink.url)) as session:
        send(session, to="claire+x=1@famille.example")
        (sunk,) = sink.mails
    assert sunk.mail_options == ["RET=HDRS", "ENVID=VISITE.1@AGENCE.EXAMPLE"]
    assert sunk.rcpt_options == [
        "NOTIFY=FAILURE,DELAY",
        "ORCPT=RFC822;CLAIRE+2BX+3D1@FAMILLE.EXAMPLE",
    ]


def test_nothing_is_asked_of_a_server_that_offers_nothing() -> None:
    with smtp_sink(dsn=False, smtputf8=False) as sink:
        with open_session(SmtpServer.parse(sink.url)) as session:
            send(session)
            with pytest.raises(Refused):
                send(
                    session,
                    build(plain_mail(recipient="zoë@famille.example")),
                    to="zoë@famille.example",
                )
            send(session)
        assert [each.mail_options + each.rcpt_options for each in sink.mails] == [[], []]


def test_addresses_beyond_ascii_are_sent_where_the_server_takes_them() -> None:
    raw = build(plain_mail(recipient="zoë@Été.example"))
    with smtp_sink() as sink, open_session(SmtpServer.parse(sink.url)) as session:
        send(session, raw, to="zoë@Été.example")
        (sunk,) = sink.mails
    check_mail(sunk.raw)
    assert sunk.recipients == ["zoë@xn--t-9fab.example"]
    assert "SMTPUTF8" in sunk.mail_options
    assert sunk.rcpt_options == ["NOTIFY=FAILURE,DELAY"]


def test_a_mail_that_is_not_ascii_says_so() -> None:
    raw = RAW.replace(b"\r\n\r\n", "\r\n\r\né".encode(), 1)
    with smtp_sink() as sink, open_session(SmtpServer.parse(sink.url)) as session:
        send(session, raw)
        assert "BODY=8BITMIME" in sink.mails[0].mail_options
    with smtp_sink() as sink:
        sink.say("EHLO", "250 nothing")
        with open_session(SmtpServer.parse(sink.url)) as session:
            with pytest.raises(Refused):
                send(session, raw)
            assert send(session)


# -- a mail that is not -------------------------------------------------------------------


def _reject(sink: SmtpSink) -> None:
    sink.reject(RECIPIENT)


@pytest.mark.parametrize(
    ("misbehave", "expected", "code"),
    [
        (_reject, Refused, 550),
        (lambda sink: sink.defer(), Deferred, 451),
        (lambda sink: sink.say("MAIL", "421 4.3.2 closing", times=1), Deferred, 421),
        (lambda sink: sink.say("MAIL", "530 5.7.0 log in", times=1), NotAccepted, 530),
        (lambda sink: sink.say("MAIL", "550 5.7.1 not from here", times=1), NotAccepted, 550),
        (lambda sink: sink.say("MAIL", "552 5.3.4 too large", times=1), Refused, 552),
        (lambda sink: sink.say("MAIL", "250 ok"), None, 0),
        (lambda sink: sink.say("RCPT", "251 will forward"), None, 0),
        (lambda sink: sink.say("RCPT", "999 what", times=1), Deferred, 999),
        (lambda sink: sink.say("DATA", "554 5.5.1 no", times=1), Refused, 554),
        (lambda sink: sink.say("DATA", "451 4.3.0 later", times=1), Deferred, 451),
        (lambda sink: sink.say(".", "554 5.7.1 spam", times=1), Refused, 554),
        (lambda sink: sink.say(".", "452 4.2.2 full", times=1), Deferred, 452),
        (lambda sink: sink.say(".", "421 4.3.2 closing", times=1), Deferred, 421),
        (lambda sink: sink.say(".", "334 what", times=1), Unsure, 334),
        (lambda sink: sink.say(".", "what", times=1), Unsure, 0),
        (lambda sink: sink.drop(Drop.AT_MAIL), Deferred, 0),
        (lambda sink: sink.drop(Drop.AT_DATA), Deferred, 0),
        (lambda sink: sink.drop(Drop.LOST), Unsure, 0),
    ],
)
def test_each_misfortune_has_its_name_and_the_next_mail_goes(
    misbehave: Callable[[SmtpSink], None], expected: type[DeliveryFailed] | None, code: int
) -> None:
    with smtp_sink() as sink, open_session(SmtpServer.parse(sink.url), timeout=5) as session:
        send(session)
        misbehave(sink)
        if expected is None:
            send(session)
        else:
            with pytest.raises(DeliveryFailed) as failed:
                send(session)
            assert (type(failed.value), failed.value.code) == (expected, code)
            assert "@" not in str(failed.value)
        sink.behave()
        send(session)
        assert {each.raw for each in sink.mails} == {RAW}
        assert len(sink.mails) == 2 + (expected is None)


def test_a_mail_whose_answer_is_lost_was_taken_or_not() -> None:
    with smtp_sink() as sink, open_session(SmtpServer.parse(sink.url)) as session:
        for drop, taken in ((Drop.TAKEN, 1), (Drop.LOST, 1)):
            sink.drop(drop)
            with pytest.raises(Unsure):
                send(session)
            assert len(sink.mails) == taken


def test_a_connection_lost_within_a_long_mail_means_that_it_was_not_sent() -> None:
    with smtp_sink() as sink, open_session(SmtpServer.parse(sink.url)) as session:
        sink.drop(Drop.WITHIN)
        with pytest.raises(Deferred):
            send(session, HUGE)
        assert not sink.mails


def test_a_mail_that_is_too_large_is_not_even_sent() -> None:
    with smtp_sink(size_limit=100_000) as sink, open_session(SmtpServer.parse(sink.url)) as session:
        with pytest.raises(Refused) as refused:
            send(session, HUGE)
        send(session)
        assert refused.value.code == 552
        assert f"SIZE={len(RAW)}" in sink.mails[0].mail_options


def test_a_server_that_closed_meanwhile_is_asked_again() -> None:
    with smtp_sink() as sink, open_session(SmtpServer.parse(sink.url)) as session:
        send(session)
        sink.say("RSET", "421 4.4.2 idle for too long", times=1)
        send(session)
        assert [each.connection for each in sink.mails] == [1, 2]


def test_a_connection_that_is_cut_while_tls_begins_is_tried_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def cut() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)

        thread = threading.Thread(target=cut)
        thread.start()
        failed = _fails(f"smtps://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()
    assert type(failed) is Deferred


def test_a_server_that_is_greylisting_takes_it_later() -> None:
    with smtp_sink() as sink, open_session(SmtpServer.parse(sink.url)) as session:
        sink.greylisting = True
        with pytest.raises(Deferred):
            send(session)
        assert send(session)


def test_an_answer_that_does_not_come_is_waited_for_no_longer_than_said() -> None:
    with smtp_sink() as sink:
        sink.delay = 0.7
        server = SmtpServer.parse(sink.url)
        with open_session(server, timeout=0.3, answer_timeout=0.3) as session:
            begun = time.monotonic()
            with pytest.raises(Unsure):
                send(session)
            assert time.monotonic() - begun < 0.6
        with open_session(server, timeout=0.3, answer_timeout=5) as session:
            assert send(session)


@pytest.mark.parametrize(
    ("raw", "to"),
    [
        (RAW.replace(b"\r\n", b"\n"), RECIPIENT),
        (RAW + b"\n.\r\n", RECIPIENT),
        (RAW + b"\r.\r", RECIPIENT),
        (RAW, "claire@famille.example>\r\nRCPT TO:<x@autre.example"),
    ],
)
def test_nothing_is_sent_that_could_be_read_as_two_mails(raw: bytes, to: str) -> None:
    with smtp_sink() as sink, open_session(SmtpServer.parse(sink.url)) as session:
        with pytest.raises(InvalidInput):
            send(session, raw, to=to)
        assert not sink.mails


# -- a server that takes nothing ----------------------------------------------------------


def _fails(url: str) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failed, open_session(SmtpServer.parse(url), timeout=0.4):
        pytest.fail("it was let in")
    assert "secret" not in str(failed.value)
    return failed.value


def test_nobody_listens() -> None:
    failed = _fails(f"smtp://127.0.0.1:{free_port()}")
    assert (type(failed), failed.code) == (Deferred, 0)
    assert type(_fails("smtp://rdv.invalid")) is Deferred


def test_somebody_listens_and_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for scheme in ("smtp", "smtps"):
            assert type(_fails(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}")) is Deferred


@pytest.mark.parametrize(
    ("greeting", "expected", "code"),
    [
        (b"421 4.3.2 busy\r\n", Deferred, 421),
        (b"554 5.7.1 go away, x@autre.example\r\n", NotAccepted, 554),
        (b"220 hello\r\n503 no\r\n503 no\r\n", NotAccepted, 503),
        (b"220 hello\r\n", Deferred, 0),
        (b"SSH-2.0-x\r\n", NotAccepted, -1),
        (b"", Deferred, 0),
    ],
)
def test_a_server_does_not_greet(
    greeting: bytes, expected: type[DeliveryFailed], code: int
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(greeting)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1000):
                    pass

        thread = threading.Thread(target=greet)
        thread.start()
        failed = _fails(f"smtp://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()
    assert (type(failed), failed.code) == (expected, code)
    assert "@" not in str(failed)


@pytest.mark.parametrize(
    ("scheme", "login", "change", "expected"),
    [
        ("smtp", LOGIN, ("secrets", "secret"), 535),
        ("smtp", LOGIN, ("secrets", "secret%C3%A9"), 535),
        ("smtp", None, ("://", "://a:secret@"), 0),  # no login is offered
        ("smtp", None, ("smtp:", "smtp+starttls:"), 0),  # no TLS is offered
        ("smtp", None, ("smtp:", "smtps:"), 0),
        ("smtps", None, (re.compile(r"\?ca=.*"), ""), 0),  # nobody knows the certificate
        ("smtp+starttls", None, (re.compile(r"\?ca=.*"), ""), 0),
        ("smtps", None, (re.compile(r"\?ca=.*"), "?ca=/nowhere"), 0),
        ("smtps", None, (re.compile(r"\?ca=.*"), f"?ca={__file__}"), 0),
    ],
)
def test_who_is_not_let_in_is_told_apart_from_a_mail_that_is_refused(
    scheme: str, login: tuple[str, str] | None, change: tuple[Any, str], expected: int
) -> None:
    with smtp_sink(scheme=scheme, login=("rdv", "secrets") if login else None) as sink:
        old, new = change
        url = re.sub(old, new, sink.url, count=1)
        failed = _fails(url)
        assert (type(failed), failed.code) == (NotAccepted, expected)
        assert not sink.mails


def test_a_certificate_of_another_name_is_not_accepted() -> None:
    with smtp_sink(scheme="smtps", host="127.0.0.2") as sink:
        assert type(_fails(sink.url)) is NotAccepted


def test_a_certificate_is_not_asked_for_where_that_was_said() -> None:
    with smtp_sink(scheme="smtps") as sink:
        url = re.sub(r"\?ca=.*", "?verify=no", sink.url)
        with open_session(SmtpServer.parse(url)) as session:
            assert send(session)


# -- the sink as a process ----------------------------------------------------------------


def test_what_a_process_took_is_in_its_folder(tmp_path: Path) -> None:
    with (
        sink_process(tmp_path, "--drop", "taken", "--reject", "ivan@agence.example") as (
            url,
            process,
        ),
        open_session(SmtpServer.parse(url), timeout=5) as session,
    ):
        with pytest.raises(Unsure):
            send(session)
        with pytest.raises(Refused):
            send(session, to="ivan@agence.example")
        send(session)
        process.kill()
        process.wait()
        with pytest.raises(Deferred):
            send(session)
    assert [each.read_bytes() for each in sorted(tmp_path.glob("*.eml"))] == [RAW, RAW]
    around = [json.loads(each.read_text()) for each in tmp_path.glob("*.json")]
    assert [each["recipients"] for each in around] == [[RECIPIENT]] * 2

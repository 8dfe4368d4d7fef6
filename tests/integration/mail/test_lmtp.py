"""Mails that come by LMTP: real connections, answers for each recipient, limits."""

from __future__ import annotations

import re
import smtplib
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.lmtp import Limits, Listen, LmtpServer
from rdv_caldav.mail.taking import Disposition, NotNow

HOST = "127.0.0.1"
MAIL = b"From: claire@famille.example\r\nSubject: Oui\r\n\r\n.\r\nbis bald \xc3\xa9\r\n"
OURS = ("rdv-a@agence.example", "rdv-b@agence.example", "rdv-c@agence.example")


class Desk:
    """What was taken, and what happens then."""

    def __init__(self) -> None:
        self.taken: list[tuple[bytes, str, str]] = []
        self.before: Callable[[str], object] = lambda recipient: None
        self.before_accepting: Callable[[], object] = lambda: None

    def take(self, raw: bytes, recipient: str, sender: str) -> Disposition:
        self.before(recipient)
        self.taken.append((raw, recipient, sender))
        return Disposition.DONE

    def accepts(self, recipient: str) -> bool:
        self.before_accepting()
        return recipient.startswith("rdv-")


class Client:
    """The mail server's side, line by line."""

    def __init__(self, address: int | Path, *, is_greeted: bool = True) -> None:
        if isinstance(address, Path):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(str(address))
        else:
            self.socket = socket.create_connection((HOST, address))
        self.socket.settimeout(10)
        self.lines = self.socket.makefile("rb")
        if is_greeted:
            assert self.answer().startswith("220 ")
            assert self.ask("LHLO mx.agence.example").startswith("250")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.lines.close()
        self.socket.close()

    def answer(self) -> str:
        """One answer, whole; empty when the connection ended."""
        text = ""
        while line := self.lines.readline().decode():
            text += line
            if line[3:4] != "-":
                break
        return text.strip()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def ask(self, command: str | bytes) -> str:
        self.send((command.encode() if isinstance(command, str) else command) + b"\r\n")
        return self.answer()

    def envelope(self, *recipients: str, sender: str = "claire@famille.example") -> list[str]:
        """MAIL and RCPT; the answers to the latter."""
        assert self.ask(f"MAIL FROM:<{sender}>").startswith("250 2.1.0")
        return [self.ask(f"RCPT TO:<{recipient}>") for recipient in recipients]

    def data(self, mail: bytes, answers: int = 1) -> list[str]:
        """DATA with its dots; one answer for each recipient."""
        assert self.ask("DATA").startswith("354")
        self.send(as_data(mail))
        return [self.answer() for _ in range(answers)]


def as_data(mail: bytes) -> bytes:
    """A mail as it is sent after DATA, its dots doubled (RFC 5321 §4.5.2)."""
    return re.sub(rb"(?m)^\.", b"..", mail) + b".\r\n"


@pytest.fixture
def desk() -> Desk:
    return Desk()


@contextmanager
def serving(desk: Desk, listen: str = f"{HOST}:0", **options: Any) -> Iterator[LmtpServer]:
    with LmtpServer(Listen.parse(listen), desk.take, accepts=desk.accepts, **options) as server:
        yield server
    assert not [one for one in threading.enumerate() if one.name.startswith("lmtp")]


@pytest.fixture(autouse=True)
def nothing_private_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level("DEBUG")
    yield
    assert "famille.example" not in caplog.text
    assert "rdv-" not in caplog.text.replace("rdv-caldav", "")


def fail(error: BaseException) -> None:
    raise error


# -- where it listens ---------------------------------------------------------------------


def test_where_it_listens() -> None:
    assert Listen.parse("127.0.0.1:24") == Listen(host=HOST, port=24)
    assert Listen.parse("[::1]:24") == Listen(host="::1", port=24)
    assert Listen.parse("/run/rdv/lmtp") == Listen(path=Path("/run/rdv/lmtp"))


@pytest.mark.parametrize(
    "wrong", ["", "24", ":24", "localhost", "h:x", "h:99999", "run/lmtp", "h:²"]
)
def test_where_it_cannot_listen(wrong: str) -> None:
    with pytest.raises(InvalidInput):
        Listen.parse(wrong)


def test_a_socket_in_the_file_system(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "lmtp"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))  # what a server leaves that was killed
    with serving(desk, str(path), socket_mode=0o600):
        assert path.stat().st_mode & 0o777 == 0o600
        with smtplib.LMTP(str(path)) as client:
            client.sendmail("claire@famille.example", [OURS[0]], MAIL)
        assert desk.taken[0][1] == OURS[0]
        with pytest.raises(FileExistsError, match="somebody listens"):
            LmtpServer(Listen(path=path), desk.take, accepts=desk.accepts).start()
    assert not path.exists()
    path.write_text("somebody's", "utf-8")
    with pytest.raises(FileExistsError, match="no socket"):
        LmtpServer(Listen(path=path), desk.take, accepts=desk.accepts).start()
    assert path.read_text("utf-8") == "somebody's"


def test_a_port_that_is_taken(desk: Desk) -> None:
    with serving(desk) as server, pytest.raises(OSError, match="in use"):
        LmtpServer(Listen(host=HOST, port=server.port), desk.take, accepts=desk.accepts).start()


# -- what it answers ----------------------------------------------------------------------


def test_a_mail_comes_with_its_envelope(desk: Desk) -> None:
    with serving(desk) as server, Client(server.port) as client:
        assert client.envelope(OURS[0])[0].startswith("250 2.1.5")
        assert client.data(MAIL)[0].startswith("250 2.0.0")
        assert client.envelope(OURS[1], sender="")[0].startswith("250")
        assert client.data(MAIL)[0].startswith("250 2.0.0")
        assert client.ask("QUIT").startswith("221")
    (raw, recipient, sender), (bounce, _, nobody) = desk.taken
    head = b"Return-Path: <claire@famille.example>\r\nDelivered-To: rdv-a@agence.example\r\n"
    assert raw == head + MAIL
    assert (recipient, sender) == (OURS[0], "claire@famille.example")
    assert nobody == ""
    assert bounce.startswith(b"Return-Path: <>\r\nDelivered-To: rdv-b@agence.example\r\n")


def test_it_offers_what_rfc_2033_asks_for(desk: Desk) -> None:
    limits = Limits(size=12345)
    with serving(desk, limits=limits) as server, Client(server.port, is_greeted=False) as client:
        assert client.answer().startswith("220")
        assert client.ask("EHLO mx").startswith("500")
        assert client.ask("HELO mx").startswith("500")
        assert client.ask("MAIL FROM:<a@b.example>").startswith("503")
        offered = client.ask("LHLO mx").split()
        for name in ("PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8", "SIZE"):
            assert f"250-{name}" in offered
        assert "12345" in offered
        client.envelope("personne@agence.example")
        assert client.ask("DATA").startswith("503"), "no recipient is left (RFC 2033 §4.2)"
        assert client.ask("RSET").startswith("250")
        client.envelope(*OURS)
        assert client.ask("DATA now").startswith("501")
        assert client.ask("NOOP").startswith("250"), "the refusal came once"


def test_each_recipient_has_an_answer_in_order(desk: Desk) -> None:
    desk.before = lambda recipient: fail(ValueError(recipient)) if recipient == OURS[1] else None
    with serving(desk) as server, Client(server.port) as client:
        asked = [OURS[0], "personne@agence.example", OURS[1], OURS[2], OURS[0]]
        codes = [answer[:9] for answer in client.envelope(*asked)]
        assert codes == ["250 2.1.5", "550 5.1.1", "250 2.1.5", "250 2.1.5", "250 2.1.5"]
        answers = client.data(MAIL, answers=4)
        assert [answer[:9] for answer in answers] == [
            "250 2.0.0",
            "451 4.3.0",
            "250 2.0.0",
            "250 2.0.0",
        ]
        assert client.ask("NOOP").startswith("250"), "there was no fifth answer"
    assert [recipient for _, recipient, _ in desk.taken] == [OURS[0], OURS[2], OURS[0]]


def test_an_answer_comes_after_what_it_says_is_committed(desk: Desk) -> None:
    is_committed = threading.Event()
    desk.before = lambda recipient: is_committed.wait(10)
    with serving(desk) as server, Client(server.port) as client:
        client.envelope(OURS[0])
        client.ask("DATA")
        client.send(as_data(MAIL))
        client.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.socket.recv(1)
        assert desk.taken == []
        is_committed.set()
        client.socket.settimeout(10)
        assert client.socket.recv(3) == b"250"
        assert len(desk.taken) == 1


@pytest.mark.parametrize("error", [NotNow(), OSError("famille.example")])
def test_what_cannot_be_taken_now_comes_again(desk: Desk, error: Exception) -> None:
    desk.before = lambda recipient: fail(error)
    with serving(desk) as server, Client(server.port) as client:
        client.envelope(OURS[0])
        assert client.data(MAIL)[0].startswith("451 4.3.0")
        desk.before = lambda recipient: None
        client.envelope(OURS[0])
        assert client.data(MAIL)[0].startswith("250")


def test_nobody_is_refused_while_one_cannot_look(desk: Desk) -> None:
    desk.before_accepting = lambda: fail(OSError())
    with serving(desk) as server, Client(server.port) as client:
        assert client.envelope(OURS[0])[0].startswith("451")


def test_commands_may_come_all_at_once(desk: Desk) -> None:
    with serving(desk) as server, Client(server.port) as client:
        mail = b"MAIL FROM:<a@b.example> BODY=8BITMIME SIZE=99\r\n"
        client.send(mail + b"RCPT TO:<rdv-a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n")
        assert [client.answer()[:3] for _ in range(4)] == ["250", "250", "550", "354"]
        client.send(b"Subject: a\r\n\r\nb\r\n.\r\nQUIT\r\n")
        assert [client.answer()[:3] for _ in range(2)] == ["250", "221"]
    assert len(desk.taken) == 1


@pytest.mark.parametrize(
    "address",
    [
        b"rdv-a\rX-Forged: yes@agence.example",
        b"rdv-a\x00@agence.example",
        b"rdv-a\x0b@agence.example",
        "rdv-a\u2028@agence.example".encode(),
        b"rdv-\xff@agence.example",
        b'"rdv- a"@agence.example',
        b"rdv-" + b"a" * 400 + b"@agence.example",
    ],
)
def test_no_address_writes_a_header(desk: Desk, address: bytes) -> None:
    with serving(desk) as server, Client(server.port) as client:
        assert client.ask(b"MAIL FROM:<" + address + b">")[0] == "5"
        client.ask("MAIL FROM:<a@b.example>")
        assert client.ask(b"RCPT TO:<" + address + b">")[0] == "5"
        assert client.ask("RCPT TO:<>")[0] == "5"
    assert desk.taken == []


# -- limits -------------------------------------------------------------------------------


def test_what_is_too_large_is_refused_for_each_recipient(desk: Desk) -> None:
    with serving(desk, limits=Limits(size=1_000_000)) as server, Client(server.port) as client:
        assert client.ask("MAIL FROM:<a@b.example> SIZE=1000001").startswith("552")
        client.envelope(*OURS)
        answers = client.data(b"Subject: a\r\n\r\n" + b"x" * 70 + b"\r\n" * 500_000, answers=3)
        assert [answer[:3] for answer in answers] == ["552"] * 3
        client.envelope(OURS[0])
        assert client.data(MAIL)[0].startswith("250"), "the connection goes on"
        client.envelope(OURS[0])
        long_line = b"Subject: a\r\n\r\n" + b"x" * 60_000 + b"\r\n"
        assert client.data(long_line)[0].startswith("250"), "some servers don't fold"
    assert [len(raw) < 70_000 for raw, _, _ in desk.taken] == [True, True]


@pytest.mark.parametrize("piece", [b"x" * 65_536, b"x" * 70 + b"\r\n"], ids=["one line", "lines"])
def test_who_sends_on_and_on_is_cut_off(desk: Desk, piece: bytes) -> None:
    with serving(desk, limits=Limits(size=1_000_000)) as server, Client(server.port) as client:
        client.envelope(OURS[0])
        client.ask("DATA")
        tracemalloc.start()
        try:
            sent, block = 0, piece * (65_536 // len(piece))
            with suppress(ConnectionError):
                while sent < 200_000_000:
                    client.send(block)
                    sent += len(block)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert sent < 50_000_000
        assert peak < 8_000_000
    assert desk.taken == []


def test_too_many_recipients_come_later(desk: Desk) -> None:
    with serving(desk, limits=Limits(recipients=2)) as server, Client(server.port) as client:
        assert [answer[:9] for answer in client.envelope(*OURS)] == ["250 2.1.5"] * 2 + [
            "452 4.5.3"
        ]
        assert [answer[:3] for answer in client.data(MAIL, answers=2)] == ["250"] * 2


def test_too_many_connections(desk: Desk) -> None:
    with serving(desk, limits=Limits(connections=2)) as server:
        with (
            Client(server.port),
            Client(server.port),
            Client(server.port, is_greeted=False) as third,
        ):
            assert third.answer().startswith("421 4.3.2")
            assert third.answer() == ""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            with Client(server.port, is_greeted=False) as again:
                if again.answer().startswith("220"):
                    break
        else:
            pytest.fail("places of those who left are free again")


@pytest.mark.parametrize("sends", [b"", b"LHLO mx\r\nMAIL FROM:<a@b.example>\r\n", b"DATA"])
def test_who_says_nothing_is_cut_off(desk: Desk, sends: bytes) -> None:
    limits = Limits(timeout=0.3)
    with serving(desk, limits=limits) as server, Client(server.port, is_greeted=False) as client:
        client.send(sends)
        asked = time.monotonic()
        while client.lines.readline():
            pass
        assert time.monotonic() - asked < 3


def test_stopping_lets_what_is_being_taken_be_answered(desk: Desk) -> None:
    has_begun, may_end = threading.Event(), threading.Event()

    def slowly(recipient: str) -> None:
        has_begun.set()
        may_end.wait(10)

    desk.before = slowly
    with serving(desk) as server, Client(server.port) as client, Client(server.port) as idle:
        client.envelope(OURS[0])
        client.ask("DATA")
        client.send(as_data(MAIL))
        assert has_begun.wait(10)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        time.sleep(0.2)
        with pytest.raises(ConnectionRefusedError):
            Client(server.port)
        may_end.set()
        assert client.answer().startswith("250 2.0.0")
        assert client.answer().startswith("421 4.3.2")
        assert idle.answer().startswith("421 4.3.2")
        stopping.join(10)
    assert len(desk.taken) == 1


def test_a_client_that_leaves_in_the_middle(desk: Desk) -> None:
    with serving(desk) as server:
        with Client(server.port) as client:
            client.envelope(OURS[0])
            client.ask("DATA")
            client.send(b"Subject: half\r\n")
        with Client(server.port) as client:
            client.envelope(OURS[0])
            assert client.data(MAIL)[0].startswith("250")
    assert len(desk.taken) == 1


def test_several_at_once(desk: Desk) -> None:
    def deliver(port: int) -> None:
        with Client(port) as client:
            for _ in range(10):
                client.envelope(*OURS)
                assert [answer[:3] for answer in client.data(MAIL, answers=3)] == ["250"] * 3

    with serving(desk) as server:
        threads = [threading.Thread(target=deliver, args=(server.port,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert len(desk.taken) == 120

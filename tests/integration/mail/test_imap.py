"""One mailbox on a real Dovecot: its address, its mails, waiting, and servers that are away."""

from __future__ import annotations

import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator

import pytest

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail import imap
from rdv_caldav.mail.imap import (
    BEGINNING,
    CommandRefused,
    LoginRefused,
    Mailbox,
    Place,
    Unreachable,
)
from rdv_caldav.mail.imap_server import ImapServer, Security
from support.dovecot import Dovecot, running_dovecot
from support.mailbox import PRIVATE, Book, eventually, mail, named, names, watching

NOWHERE = "127.0.0.1"


@pytest.fixture(autouse=True)
def nothing_private_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level("DEBUG")
    yield
    for private in PRIVATE:
        assert private not in caplog.text


@pytest.fixture
def server() -> Iterator[Dovecot]:
    with running_dovecot() as running:
        yield running


# -- where a mailbox is -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "port", "security", "user", "password", "folder"),
    [
        ("imap+starttls://u:p@h.example", 143, Security.STARTTLS, "u", "p", "INBOX"),
        ("imaps://u%40x:p%2F%3A%25@h.example/", 993, Security.TLS, "u@x", "p/:%", "INBOX"),
        ("imap+starttls://u:%C3%A9@h.example:9/A%2FB", 9, Security.STARTTLS, "u", "é", "A/B"),
        ("IMAPS://u:p@H.example:1/R%C3%A9ponses", 1, Security.TLS, "u", "p", "Réponses"),
    ],
)
def test_a_url_says_where(
    url: str, port: int, security: Security, user: str, password: str, folder: str
) -> None:
    server = ImapServer.parse(url)
    assert (server.host, server.port, server.security) == ("h.example", port, security)
    assert (server.user, server.password, server.folder) == (user, password, folder)
    assert server.name == f"{user}@h.example/{folder}"
    assert password not in repr(server) or password == "p"


def test_an_address_of_ipv6() -> None:
    server = ImapServer.parse("imap://u:p@[::1]")
    assert (server.host, server.port, server.security) == ("::1", 143, Security.NONE)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "pop3://u:secret@h.example",
        "imap://u:secret@h.example",
        "imaps://u:secret@h.example:port",
        "imaps://u:secret@h.example:99999",
        "imaps://u:se/secret@h.example",
        "imaps://u:se#secret@h.example",
        "imaps://u:secret?@h.example",
        "imaps://u:secret@[h.example",
        "imaps://u:secret\u2100@h.example",
        "imaps://u:secret@",
        "imaps://secret@h.example",
        "imaps://:secret@h.example",
        "imaps://h.example",
        "imaps://u:secret%0d%0a@h.example",
        "imaps://u:secret@h.example/IN%00BOX",
    ],
)
def test_a_wrong_url_is_not_repeated(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ImapServer.parse(url)
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


# -- waiting ----------------------------------------------------------


def test_mail_that_came_between_the_look_and_the_wait(server: Dovecot) -> None:
    with Mailbox(ImapServer.parse(server.url)) as mailbox:
        assert mailbox.announces
        assert mailbox.new_uids(None) == []
        server.deliver(mail("a"))
        mailbox.mark_tried(1, 1)  # whose answer tells of it, and nobody listens
        asked = time.monotonic()
        assert mailbox.wait(60, threading.Event())
        assert time.monotonic() - asked < 0.2
        assert mailbox.new_uids(None) == [1]
        assert not mailbox.wait(0.3, threading.Event())
        assert mailbox.new_uids(Place(uid_validity=mailbox.uid_validity, last_uid=1)) == []


def test_a_wait_hears_of_mail_only(server: Dovecot) -> None:
    server.put(mail("a"))
    with Mailbox(ImapServer.parse(server.url)) as mailbox:
        mailbox.new_uids(None)
        with server.client() as client:
            client.select_folder("INBOX")
            change = threading.Timer(0.2, client.add_flags, ([1], [b"\\Flagged"]))
            change.start()
            assert not mailbox.wait(0.8, threading.Event())
            change.join()
            stop = threading.Event()
            threading.Timer(0.2, stop.set).start()
            asked = time.monotonic()
            assert not mailbox.wait(60, stop)
            assert time.monotonic() - asked < 0.8


def test_many_mails_are_listed_in_pieces(server: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "_LISTED_AT_ONCE", 2)
    server.put(*(mail(str(number)) for number in range(7)))
    with Mailbox(ImapServer.parse(server.url)) as mailbox:
        assert mailbox.new_uids(None) == [1, 2, 3, 4, 5, 6, 7]
        place = Place(uid_validity=mailbox.uid_validity, last_uid=3)
        assert mailbox.new_uids(place) == [4, 5, 6, 7]


# -- servers that are away, slow or strangers ---------------------------------------------


def test_a_wrong_password(server: Dovecot, caplog: pytest.LogCaptureFixture) -> None:
    url = f"imap://rdv%40agence.example:geheim@127.0.0.1:{server.imap_port}"
    book = Book()
    with pytest.raises(LoginRefused) as refused:
        book.fetcher(server, url=url).fetch_once()
    assert "geheim" not in str(refused.value)
    with watching(book.fetcher(server, url=url, reconnect_pauses=(0.01, 3600.0))):
        eventually(lambda: "3600 s" in caplog.text)
        time.sleep(0.3)
    assert caplog.text.count("refuses user and password") == 1
    assert "geheim" not in caplog.text


def test_a_server_that_takes_no_plain_password() -> None:
    with (
        running_dovecot(mechanisms="login") as server,
        pytest.raises(LoginRefused, match="takes no password"),
    ):
        Book().fetcher(server).fetch_once()


@pytest.mark.parametrize(
    ("user", "password", "login", "answer", "error"),
    [
        ("a%20%22b%5C", "p%22", rb'LOGIN "a \"b\\" "p\""', b"NO no", LoginRefused),
        ("a", "%C3%A9", None, b"", LoginRefused),  # it is ASCII only
        ("a", "p", b'LOGIN "a" "p"', b"NO [UNAVAILABLE] later", Unreachable),
        ("a", "p", b'LOGIN "a" "p"', None, Unreachable),
    ],
)
def test_a_server_that_knows_login_only(
    user: str, password: str, login: bytes | None, answer: bytes | None, error: type[Exception]
) -> None:
    heard: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"* OK hello\r\n")
            for line in lines:
                tag, _, command = line.rstrip().partition(b" ")
                if command == b"CAPABILITY":
                    connection.sendall(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")
                    continue
                heard.append(command)
                if answer is None:
                    return
                connection.sendall(tag + b" " + answer + b"\r\n")

    with socket.create_server((NOWHERE, 0)) as listener:
        thread = threading.Thread(target=lambda: talk(listener.accept()[0]))
        thread.start()
        url = f"imap://{user}:{password}@{NOWHERE}:{listener.getsockname()[1]}"
        with pytest.raises(error), Mailbox(ImapServer.parse(url), timeout=5):
            raise AssertionError("it was refused")
        thread.join()
    assert heard == ([login] if login else [])


def test_encrypted_connections() -> None:
    with running_dovecot(tls=True) as server:
        book, tls = Book(), server.trusting()
        urls = [
            server.url_of("imaps", server.imaps_port),
            server.url_of("imap+starttls", server.imap_port),
        ]
        for number, url in enumerate(urls):
            with watching(book.fetcher(server, url=url, tls=tls)):
                eventually(lambda: server.connections() == 1)
                time.sleep(0.2)
                book.arrived.clear()
                server.deliver(mail(str(number)))
                assert book.arrived.wait(1)
                eventually(lambda: names(server) == [])
            with pytest.raises(Unreachable, match="certificate"):
                book.fetcher(server, url=url).fetch_once()
        assert book.taken == ["0", "1"]


def test_no_password_is_sent_where_encryption_is_asked_for_and_not_there(server: Dovecot) -> None:
    with pytest.raises(CommandRefused):
        url = server.url_of("imap+starttls", server.imap_port)
        Book().fetcher(server, url=url).fetch_once()
    with pytest.raises(Unreachable):
        Book().fetcher(server, url=server.url_of("imaps", server.imap_port)).fetch_once()
    assert "Login:" not in server.log()
    assert "method=" not in server.log()


@pytest.mark.parametrize("says", [b"", b"* OK hello\r\n", b"HTTP/1.1 400\r\n\r\n", b"* OK [CAP"])
def test_a_server_that_says_nothing_more(says: bytes) -> None:
    with socket.create_server((NOWHERE, 0)) as listener:
        port = listener.getsockname()[1]
        accepted: list[socket.socket] = []

        def greet() -> None:
            connection, _ = listener.accept()
            connection.sendall(says)
            accepted.append(connection)

        thread = threading.Thread(target=greet)
        thread.start()
        asked = time.monotonic()
        with pytest.raises(Unreachable):
            url = f"imap://u:p@{NOWHERE}:{port}"
            with Mailbox(ImapServer.parse(url), timeout=0.3):
                raise AssertionError("nobody is there")
        assert time.monotonic() - asked < 3
        thread.join()
        accepted[0].close()


def test_a_server_that_is_not_there() -> None:
    with socket.create_server((NOWHERE, 0)) as listener:
        port = listener.getsockname()[1]
    with (
        pytest.raises(Unreachable, match="refused"),
        Mailbox(ImapServer.parse(f"imap://u:p@{NOWHERE}:{port}")),
    ):
        raise AssertionError("nobody is there")


# -- size ---------------------------------------------------------------------------------


def test_of_a_large_mail_the_beginning_is_read(server: Dovecot) -> None:
    line = b"x" * 76 + b"\r\n"
    server.put(mail("large") + line * (60_000_000 // len(line)), mail("b"))
    with Mailbox(ImapServer.parse(server.url)) as mailbox:
        tracemalloc.start()
        try:
            large = mailbox.fetch(1)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert large is not None
        assert (len(large.raw), large.is_whole) == (BEGINNING, False)
        assert large.size > 59_000_000
        assert named(large.raw) == "large"
        assert peak < 8 * BEGINNING
        whole = mailbox.fetch(2)
        assert whole is not None
        assert (whole.raw, whole.is_whole) == (mail("b"), True)
    book = Book()
    book.fetcher(server).fetch_once()
    assert book.taken == ["large", "b"]
    assert max(len(raw) for raw in server.mails("rdv-traites")) > 59_000_000


def test_the_largest_mail_that_is_read_whole(server: Dovecot) -> None:
    exact, more = mail("exact"), mail("one more", "oui!")
    server.put(exact, more)
    address = ImapServer.parse(server.url)
    with Mailbox(address, whole_up_to=len(exact)) as mailbox:
        first, second = mailbox.fetch(1), mailbox.fetch(2)
        assert first is not None
        assert second is not None
        assert first.is_whole
        assert not second.is_whole
        assert mailbox.fetch(3) is None

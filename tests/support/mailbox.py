"""Mails to be fetched, somebody who takes them, and watching over a mailbox."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from typing import Any

from rdv_caldav.mail.fetching import Fetcher
from rdv_caldav.mail.imap import Place
from rdv_caldav.mail.imap_server import ImapServer
from rdv_caldav.mail.taking import Disposition
from support.dovecot import PASSWORD, USER, Dovecot

DONE, FOR_PEOPLE, NOT_OURS = Disposition.DONE, Disposition.FOR_PEOPLE, Disposition.NOT_OURS
SUBJECT = "Accepté : visite"
PRIVATE = (USER, "famille.example", SUBJECT, PASSWORD, "mot%20de")
"""What no log may hold."""


def mail(name: str, text: str = "oui") -> bytes:
    return (
        f"From: claire@famille.example\r\nTo: {USER}\r\nSubject: {SUBJECT}\r\n"
        f"Message-ID: <{name}@famille.example>\r\n\r\n{text}\r\n"
    ).encode()


class Book:
    """What was taken: names of mails in order, as a database would have committed them."""

    def __init__(self, becomes: Callable[[str], Disposition] | None = None) -> None:
        self.taken: list[str] = []
        self.became = becomes or (lambda name: DONE)
        self.place: Place | None = None
        self.arrived = threading.Event()

    def take(self, raw: bytes) -> Disposition:
        name = named(raw)
        disposition = self.became(name)
        self.taken.append(name)
        self.arrived.set()
        return disposition

    def load(self) -> Place | None:
        return self.place

    def save(self, place: Place) -> None:
        self.place = place

    def fetcher(self, server: Dovecot, **options: Any) -> Fetcher:
        options.setdefault("reconnect_pauses", (0.05,))
        options.setdefault("timeout", 10.0)
        address = ImapServer.parse(options.pop("url", server.url))
        return Fetcher(address, self.take, place_kept=self, **options)


def named(raw: bytes) -> str:
    return str(message_from_bytes(raw)["Message-ID"]).strip("<>").partition("@")[0]


def names(server: Dovecot, folder: str = "INBOX") -> list[str]:
    return [named(raw) for raw in server.mails(folder)]


def fail(error: BaseException) -> Disposition:
    raise error


@contextmanager
def watching(fetcher: Fetcher, **options: Any) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=fetcher.watch, args=(stop,), kwargs=options)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        asked = time.monotonic()
        thread.join(10)
        assert not thread.is_alive()
        assert time.monotonic() - asked < 1


def eventually(is_so: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)

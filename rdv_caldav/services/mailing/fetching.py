"""Where mails come in: a mailbox, the agency's mail server by LMTP, a pipe.

Each way takes a mail by the same function and tells its sender only after that was committed.
What cannot be taken now stays where it is.
"""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from errno import EADDRINUSE
from threading import Event, Thread

from rdv_caldav.db.leases import Lease, alone, is_fault_of_database
from rdv_caldav.domain.errors import LostRace
from rdv_caldav.mail.fetching import Fetcher, Tally
from rdv_caldav.mail.imap import Place
from rdv_caldav.mail.imap_server import ImapServer
from rdv_caldav.mail.lmtp import Listen, LmtpServer
from rdv_caldav.mail.taking import Disposition, NotNow
from rdv_caldav.services.mailing.answers import apply_answer
from rdv_caldav.services.mailing.book import Book
from rdv_caldav.services.mailing.outcomes import Outcome, Reason
from rdv_caldav.services.mailing.threads import token_of

IMAP, LMTP, PIPE = "imap", "lmtp", "pipe"
TASK = "mailbox"
"""What one process of the installation does at a time."""

WAIT = 10.0
"""Seconds until a process that is not the one looks whether it may be."""

CHECK = 5.0
"""Seconds between looks whether it still is."""

_SECONDS_AFTER_FAULT = 30.0
log = logging.getLogger(__name__)


def take(book: Book, raw: bytes, *, source: str, envelope: Sequence[str] = ()) -> Outcome:
    """Take a mail. Raises NotNow where no mail at all can be taken, else what is wrong with it."""
    try:
        return apply_answer(book, raw, source=source, envelope=envelope)
    except LostRace as error:
        raise NotNow("other writers were first") from error
    except Exception as error:
        if is_fault_of_database(error):
            raise NotNow("the database cannot take it now") from error
        raise


def disposition_of(outcome: Outcome) -> Disposition:
    """Say where a mail that was taken belongs."""
    if outcome.is_open or outcome.reason == Reason.TOO_MANY:
        return Disposition.FOR_PEOPLE
    is_ours = outcome.appointment_id is not None
    if outcome.reason in (Reason.AUTOMATIC, Reason.AWAY, Reason.EMPTY) and not is_ours:
        return Disposition.NOT_OURS
    return Disposition.DONE


# -- a mailbox ----------------------------------------------------------------------------


def fetch_once(book: Book, *, stop: Event | None = None) -> Tally | None:
    """Take what lies in the mailbox; None where another process is at it.

    Raises MailboxError, NotNow, InvalidInput.
    """
    fetcher = _fetcher(book)
    with alone(book.database, TASK) as lease:
        return None if lease is None else fetcher.fetch_once(stop=stop)


def mailbox_job(book: Book) -> Callable[[Event], None]:
    """Return what takes mails as they arrive, in one process at a time. Raises InvalidInput."""
    ImapServer.parse(book.settings.imap_url)

    def run(stop: Event) -> None:
        while not stop.is_set():
            wait = WAIT
            try:
                with alone(book.database, TASK) as lease:
                    if lease is not None:
                        _watch(book, lease, stop)
            except Exception:
                # a thread that ends would leave the mailbox to itself without a word
                log.exception("the mailbox is not read; it goes on in a moment")
                wait = _SECONDS_AFTER_FAULT
            stop.wait(wait)

    return run


def _watch(book: Book, lease: Lease, stop: Event) -> None:
    """Watch the mailbox until ``stop`` is set, or another process may be the one."""
    ended = Event()

    def check() -> None:
        while not (stop.wait(CHECK) or ended.is_set()) and lease.holds():
            pass
        ended.set()

    checking = Thread(target=check, name="mailbox-lease", daemon=True)
    checking.start()
    try:
        _fetcher(book).watch(ended, poll_seconds=float(book.settings.imap_poll))
    finally:
        ended.set()


def _fetcher(book: Book) -> Fetcher:
    server = ImapServer.parse(book.settings.imap_url)

    def take_one(raw: bytes) -> Disposition:
        return disposition_of(take(book, raw, source=IMAP))

    return Fetcher(server, take_one, place_kept=_PlaceKept(book, server.name))


class _PlaceKept:
    """Keeps how far the mailbox was read in the database."""

    def __init__(self, book: Book, mailbox: str) -> None:
        self._book, self._mailbox = book, mailbox[:300]

    def load(self) -> Place | None:
        with self._book.database.reading() as tx:
            found = tx.received_mails.place(self._mailbox)
        return None if found is None else Place(uid_validity=found[0], last_uid=found[1])

    def save(self, place: Place, /) -> None:
        with self._book.database.writing() as tx:
            tx.received_mails.keep_place(self._mailbox, place.uid_validity, place.last_uid)


# -- the agency's mail server -------------------------------------------------------------


def lmtp_job(book: Book) -> Callable[[Event], None]:
    """Return what takes mails by LMTP, in one process of a machine. Raises InvalidInput."""
    listen = Listen.parse(book.settings.lmtp_listen)

    def run(stop: Event) -> None:
        while not stop.is_set():
            try:
                with _only_here(listen), lmtp_server(book, listen):
                    stop.wait()
            except OSError as error:
                is_taken = error.errno == EADDRINUSE
                if not isinstance(error, BlockingIOError | FileExistsError) and not is_taken:
                    log.warning("nothing listens for LMTP: %s", error.strerror or error)
            except Exception:
                log.exception("nothing listens for LMTP; it goes on in a moment")
            stop.wait(WAIT)

    return run


def lmtp_server(book: Book, listen: Listen) -> LmtpServer:
    """Return a server that takes what is for us, and refuses the rest."""

    def take_one(raw: bytes, recipient: str, _sender: str) -> Disposition:
        return disposition_of(take(book, raw, source=LMTP, envelope=(recipient,)))

    return LmtpServer(listen, take_one, accepts=lambda recipient: accepts(book, recipient))


@contextmanager
def _only_here(listen: Listen) -> Iterator[None]:
    """Let no two processes take over an abandoned socket at once. Raises BlockingIOError."""
    if listen.path is None:
        # nobody else can listen on the port meanwhile
        yield
        return
    with listen.path.with_name(f"{listen.path.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def accepts(book: Book, recipient: str) -> bool:
    """Tell whether mails to an address are taken.

    The answering address of somebody who was written to, the agency's own one, and the
    postmaster of either domain, whom everybody may write to (RFC 5321 §4.5.1).
    """
    address = recipient.strip().strip("<>").lower()
    token = token_of(address)
    with book.database.reading() as tx:
        if token is not None and tx.mail_threads.by_token(token) is not None:
            return True
        settings = tx.agency.settings()
    own = settings.scheduling_address.lower()
    domains = {own.rpartition("@")[2], settings.answers_domain.lower()} - {""}
    return address in {own, "postmaster", *(f"postmaster@{each}" for each in domains)} - {""}

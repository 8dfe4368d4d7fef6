"""Takes each mail of a mailbox once, and puts it away when that is committed.

A mail is moved only after ``take`` has returned. A crash between the two means that it is
taken again, which whoever takes it has to recognise.
"""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from rdv_caldav.mail.imap import (
    CommandRefused,
    Fetched,
    LoginRefused,
    Mailbox,
    MailboxError,
    Place,
)
from rdv_caldav.mail.imap_server import ImapServer
from rdv_caldav.mail.taking import Disposition, NotNow, fault_of

log = logging.getLogger(__name__)

TRIES = 6
RETRY_PAUSES = (60.0, 300.0, 900.0, 3600.0, 4 * 3600.0)
"""Seconds until a mail that could not be taken is tried again."""
RECONNECT_PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0)
"""Seconds until a server that is away is tried again. Refused logins wait the longest."""


class PlaceKept(Protocol):
    """Where the place in a mailbox is kept, across runs."""

    def load(self) -> Place | None:
        """Return the place, or None before the first run."""

    def save(self, place: Place, /) -> None:
        """Keep the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where mails are put away; an empty name leaves them where they are."""

    done: str = "rdv-traites"
    for_people: str = "rdv-a-verifier"
    failed: str = "rdv-erreurs"

    def of(self, disposition: Disposition) -> str:
        """Return the folder for what was taken."""
        match disposition:
            case Disposition.DONE:
                return self.done
            case Disposition.FOR_PEOPLE:
                return self.for_people
            case Disposition.NOT_OURS:
                return ""


@dataclass(slots=True)
class Tally:
    """What a look into the mailbox came to, in mails."""

    taken: Counter[Disposition] = field(default_factory=Counter)
    failed: int = 0
    put_aside: int = 0


@dataclass(slots=True)
class _Trial:
    tries: int
    due: float


class Fetcher:
    """Reads one mailbox: once, or for as long as a process lives."""

    def __init__(
        self,
        server: ImapServer,
        take: Callable[[bytes], Disposition],
        *,
        place_kept: PlaceKept,
        folders: Folders = Folders(),
        tls: ssl.SSLContext | None = None,
        timeout: float = 60.0,
        tries: int = TRIES,
        retry_pauses: Sequence[float] = RETRY_PAUSES,
        reconnect_pauses: Sequence[float] = RECONNECT_PAUSES,
    ) -> None:
        """Connect to nothing yet.

        Args:
            server: the mailbox.
            take: does what a mail asks for and commits it. It gets the beginning of a mail
                that is too large, and a mail it had before if this program was killed. It
                raises NotNow when nothing can be taken; whatever else it raises is held to
                be about that mail, which then stays and is tried again later.
            place_kept: how far the mailbox was read.
            folders: where mails are put away.
            tls: whom to trust; by default what the machine trusts.
            timeout: seconds that the server may take for anything.
            tries: how often a mail is taken in vain before it is put aside.
            retry_pauses: seconds between these tries; the last one for all further ones.
            reconnect_pauses: the same between connections.
        """
        self._server = server
        self._take = take
        self._kept = place_kept
        self._folders = folders
        self._tls = tls
        self._timeout = timeout
        self._tries = tries
        self._retry_pauses = retry_pauses
        self._reconnect_pauses = reconnect_pauses
        self._place: Place | None = None
        self._saved: Place | None = None
        self._waiting: dict[int, _Trial] = {}
        self._settled: set[int] = set()
        self._tally = Tally()

    def fetch_once(self, *, stop: threading.Event | None = None) -> Tally:
        """Take what there is. Raises MailboxError, and NotNow as ``take`` does."""
        with self._mailbox() as mailbox:
            return self._take_new(mailbox, stop or threading.Event())

    def watch(self, stop: threading.Event, *, poll_seconds: float = 60.0) -> None:
        """Take what arrives until ``stop`` is set, whatever becomes of the server meanwhile.

        ``poll_seconds`` is how long mail may lie where the server does not announce it.
        """
        failures = 0
        while not stop.is_set():
            try:
                with self._mailbox() as mailbox:
                    while not stop.is_set():
                        self._take_new(mailbox, stop)
                        failures = 0
                        pause = float("inf") if mailbox.announces else poll_seconds
                        mailbox.wait(min(pause, self._until_retry()), stop)
            except Exception as error:  # noqa: BLE001 - nobody else would begin again
                is_known = isinstance(error, MailboxError | NotNow)
                reason = (str(error) or "not now") if is_known else fault_of(error)
                pause = _nth(self._reconnect_pauses, failures)
                if isinstance(error, LoginRefused):
                    pause = self._reconnect_pauses[-1]
                failures += 1
                log.warning("mailbox: %s; next try in %g s", reason, pause)
                stop.wait(pause)

    def _mailbox(self) -> Mailbox:
        return Mailbox(self._server, tls=self._tls, timeout=self._timeout)

    # -- one look into the mailbox --------------------------------------------------------

    def _take_new(self, mailbox: Mailbox, stop: threading.Event) -> Tally:
        self._tally = Tally()
        if self._place is None:
            with _as_not_now():
                self._place = self._saved = self._kept.load()
        uids = mailbox.new_uids(self._place)
        start = Place(uid_validity=mailbox.uid_validity, last_uid=0)
        if self._place is None or self._place.uid_validity != start.uid_validity:
            self._place = start
            self._waiting.clear()
            self._settled.clear()
        try:
            for uid in uids:
                if stop.is_set():
                    break
                if self._is_due(uid):
                    self._take_one(mailbox, uid)
        finally:
            self._move_on(uids)
        return self._tally

    def _is_due(self, uid: int) -> bool:
        trial = self._waiting.get(uid)
        return uid not in self._settled and (trial is None or trial.due <= time.monotonic())

    def _take_one(self, mailbox: Mailbox, uid: int) -> None:
        mail = mailbox.fetch(uid)
        if mail is None:  # somebody else has moved it
            self._settle(uid)
            return
        try:
            disposition = self._take(mail.raw)
        except NotNow:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the mail must not be lost
            self._keep_for_later(mailbox, mail, error)
            return
        self._put_away(mailbox, uid, self._folders.of(disposition))
        self._tally.taken[disposition] += 1

    def _keep_for_later(self, mailbox: Mailbox, mail: Fetched, error: Exception) -> None:
        before = self._waiting.get(mail.uid)
        tries = max(mail.tries, before.tries if before else 0) + 1
        fault = fault_of(error)
        log.error("mail %d not taken (try %d of %d): %s", mail.uid, tries, self._tries, fault)
        self._tally.failed += 1
        if tries < self._tries:
            mailbox.mark_tried(mail.uid, tries)
            due = time.monotonic() + _nth(self._retry_pauses, tries - 1)
            self._waiting[mail.uid] = _Trial(tries, due)
            return
        log.error("mail %d is put aside into the folder %s", mail.uid, self._folders.failed)
        self._put_away(mailbox, mail.uid, self._folders.failed)
        self._tally.put_aside += 1

    def _put_away(self, mailbox: Mailbox, uid: int, folder: str) -> None:
        if folder:
            try:
                mailbox.put_away(uid, folder)
            except CommandRefused as error:  # a full mailbox, a folder that may not be made
                log.warning("mail %d cannot be moved into %s, and stays: %s", uid, folder, error)
        self._settle(uid)

    # -- how far it was read --------------------------------------------------------------

    def _settle(self, uid: int) -> None:
        self._waiting.pop(uid, None)
        self._settled.add(uid)

    def _move_on(self, uids: Sequence[int]) -> None:
        """Keep the place before the first mail that is not settled yet."""
        assert self._place is not None, "it was set before"
        for uid in self._waiting.keys() - set(uids):  # somebody else has moved it
            self._settle(uid)
        last = self._place.last_uid
        for uid in uids:
            if uid not in self._settled:
                break
            last = uid
        self._place = replace(self._place, last_uid=last)
        self._settled = {uid for uid in self._settled if uid > last}
        if self._place != self._saved:
            with _as_not_now():
                self._kept.save(self._place)
            self._saved = self._place

    def _until_retry(self) -> float:
        due = min((trial.due for trial in self._waiting.values()), default=float("inf"))
        return max(0.0, due - time.monotonic())


@contextmanager
def _as_not_now() -> Iterator[None]:
    """Hold trouble with the place to be trouble with all mails, as it is."""
    try:
        yield
    except Exception as error:
        raise NotNow(f"the place is not kept ({type(error).__name__})") from error


def _nth(pauses: Sequence[float], number: int) -> float:
    return pauses[min(number, len(pauses) - 1)]

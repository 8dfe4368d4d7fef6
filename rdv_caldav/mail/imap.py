"""A mailbox, read over IMAP (RFC 3501): what is new in it, and where it is put away.

Nothing is ever deleted, and no mail is marked as read by being fetched.
"""

from __future__ import annotations

import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from rdv_caldav.mail.imap_server import ImapServer, Security

IDLE_AT_MOST: Final = 9 * 60.0
"""Seconds of one IDLE: servers end it after 29 minutes (RFC 2177), many routers before."""
BEGINNING: Final = 256 * 1024
"""Bytes that are read of a mail that is too large."""
_SLICE: Final = 0.2  # how long a wait takes to notice that it shall stop
_LISTED_AT_ONCE: Final = 50_000  # imaplib refuses lines of a megabyte
_TRIED: Final = "RdvEssai"
_CODE: Final = re.compile(r"\[([A-Z-]+)\]")  # of RFC 5530; what stands behind may be a name
_TRIED_FLAG: Final = re.compile(rb"RdvEssai(\d{1,4})", re.IGNORECASE)

# both would write addresses and passwords into a log of level DEBUG
logging.getLogger("imapclient").setLevel(logging.WARNING)


class MailboxError(Exception):
    """A mailbox cannot be read; ``str()`` is a sentence in English without any address."""


class Unreachable(MailboxError):
    """The server does not answer, the connection is gone, or its certificate is bad."""


class LoginRefused(MailboxError):
    """The server does not let us in; trying on at once may lock the account."""


class CommandRefused(MailboxError):
    """The server is there, and will not do what it was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where we are in a mailbox: all up to ``last_uid`` was seen (RFC 3501 §2.3.1.1)."""

    uid_validity: int
    last_uid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A mail. Of one that is too large ``raw`` is the beginning: its headers and some more.

    ``size`` is what the server says, in bytes. ``tries`` counts how often it was taken in
    vain, as far as the mailbox remembers.
    """

    uid: int
    raw: bytes = field(repr=False)
    size: int
    is_whole: bool
    tries: int = 0


class Mailbox:
    """One connection, logged in, with the folder selected; closed at the end of ``with``.

    Every method raises MailboxError. After Unreachable the connection is of no more use.
    """

    def __init__(
        self,
        server: ImapServer,
        *,
        tls: ssl.SSLContext | None = None,
        timeout: float = 60.0,
        whole_up_to: int = 10_000_000,
    ) -> None:
        """Connect to nothing yet.

        Args:
            server: where the mailbox is.
            tls: whom to trust; by default what the machine trusts, TLS 1.2 or later.
            timeout: seconds that the server may take for anything.
            whole_up_to: bytes of a mail that are read at most.
        """
        self.server = server
        self.uid_validity = 0
        self._tls = tls or ssl.create_default_context()
        self._timeout = timeout
        self._whole_up_to = whole_up_to
        self._client: IMAPClient
        self._uid_next = 0
        self._count = 0
        self._seen: tuple[int, int, int] | None = None
        self._folders: dict[str, str] = {}

    def __enter__(self) -> Self:
        with _errors():
            self._client = IMAPClient(
                self.server.host,
                self.server.port,
                ssl=self.server.security is Security.TLS,
                ssl_context=self._tls,
                timeout=self._timeout,
            )
        try:
            self._keep_alive()
            self._log_in()
            self._select()
        except BaseException:
            self._drop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            try:
                self._client.logout()
            except (IMAPClientError, OSError):
                self._drop()
        else:  # a server that is gone would not answer a LOGOUT either
            self._drop()

    @property
    def announces(self) -> bool:
        """Whether the server says itself that a mail arrived (RFC 2177)."""
        return self._offers("IDLE")

    @property
    def puts_away(self) -> bool:
        """Whether the server moves a single mail, or expunges one (RFC 6851, RFC 4315)."""
        return self._offers("MOVE") or self._offers("UIDPLUS")

    # -- reading --------------------------------------------------------------------------

    def new_uids(self, place: Place | None) -> list[int]:
        r"""Return the UIDs of all mails behind a place, in order of their arrival.

        All of the folder are new without a place, and after the server has given out new
        UIDs (UIDVALIDITY). What is marked ``\Deleted`` is left out: people did that, or
        ``put_away`` on a server that cannot expunge a single mail.
        """
        self._select()
        self._seen = self._standing()
        is_known = place is not None and place.uid_validity == self.uid_validity
        first = place.last_uid + 1 if place is not None and is_known else 1
        last = self._uid_next - 1
        if not self._count or (self._uid_next and last < first):
            return []
        if self._count <= _LISTED_AT_ONCE or not self._uid_next:
            windows = [(first, str(last) if self._uid_next else "*")]
        else:
            starts = range(first, last + 1, _LISTED_AT_ONCE)
            windows = [(start, str(min(start + _LISTED_AT_ONCE - 1, last))) for start in starts]
        found: set[int] = set()
        with _errors():
            for start, end in windows:
                found.update(self._client.search(["UNDELETED", "UID", f"{start}:{end}"]))
        # n:* gives the last mail even where that is an earlier one (RFC 3501 §6.4.8)
        return sorted(uid for uid in found if uid >= first)

    def fetch(self, uid: int) -> Fetched | None:
        """Return a mail, or None if it is gone. It does not count as read by that."""
        with _errors():
            about = self._client.fetch([uid], ["RFC822.SIZE", "FLAGS"]).get(uid)
            if about is None:
                return None
            size = int(about.get(b"RFC822.SIZE", 0))
            # sizes that servers say are not always true, so what is read is bounded as well
            wanted = self._whole_up_to + 1 if size <= self._whole_up_to else BEGINNING
            found = self._client.fetch([uid], [f"BODY.PEEK[]<0.{wanted}>"]).get(uid, {})
        raw = next((text for key, text in found.items() if key.startswith(b"BODY[]")), None)
        if raw is None:
            return None
        return Fetched(
            uid=uid,
            raw=raw[: self._whole_up_to],
            size=size,
            is_whole=max(size, len(raw)) <= self._whole_up_to,
            tries=_tries(about.get(b"FLAGS", ())),
        )

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Wait until mail may have arrived, and return whether that is so.

        The server tells it (IDLE, RFC 2177) if it can, otherwise one looks after
        ``seconds``. Returns at once when ``stop`` is set, and after nine minutes in any
        case: then ask again.
        """
        if self._has_changed():
            return True
        if not self.announces:
            stop.wait(seconds)
            return not stop.is_set() and self._has_changed()
        with _errors():
            self._client.idle()
            is_told = self._listen(time.monotonic() + min(seconds, IDLE_AT_MOST), stop)
            _, said = self._client.idle_done()
        return is_told or _announces_mail(said)

    def _listen(self, deadline: float, stop: threading.Event) -> bool:
        while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
            asked = time.monotonic()
            said = self._client.idle_check(timeout=min(_SLICE, left))
            if _announces_mail(said):
                return True
            if not said and time.monotonic() - asked < min(_SLICE, left) / 2:
                return True  # woken without a word: idle_done says whether the server is gone
        return False

    # -- putting away ---------------------------------------------------------------------

    def put_away(self, uid: int, folder: str) -> None:
        r"""Move a mail into a folder, which is made if need be.

        MOVE (RFC 6851), else COPY, ``\Deleted`` and UID EXPUNGE (RFC 4315) of this mail
        alone. A server that has neither keeps it, marked, until somebody expunges.
        """
        name = self._ready_folder(folder)
        with _errors():
            if self._offers("MOVE"):
                self._client.move([uid], name)
                return
            self._client.copy([uid], name)
            self._client.add_flags([uid], [b"\\Deleted"], silent=True)
            if self._offers("UIDPLUS"):
                self._client.uid_expunge([uid])

    def mark_tried(self, uid: int, tries: int) -> None:
        """Remember at the mail itself how often it was taken in vain, where it can be."""
        with suppress(CommandRefused), _errors():
            self._client.add_flags([uid], [f"{_TRIED}{tries}"], silent=True)

    def _ready_folder(self, folder: str) -> str:
        if folder in self._folders:
            return self._folders[folder]
        with _errors():
            name = self._prefix() + folder
            if not self._client.folder_exists(name):
                # somebody else may make it at the same moment; the move says what is wrong
                with suppress(IMAPClientError):
                    self._client.create_folder(name)
                with suppress(IMAPClientError):  # programs show it, or do not
                    self._client.subscribe_folder(name)
        self._folders[folder] = name
        return name

    def _prefix(self) -> str:
        """What names of one's own folders begin with, as ``INBOX.`` (RFC 2342)."""
        if not self._offers("NAMESPACE"):
            return ""
        personal = self._client.namespace().personal
        return str(personal[0][0]) if personal else ""

    # -- the connection -------------------------------------------------------------------

    def _log_in(self) -> None:
        server = self.server
        with _errors():
            if server.security is Security.STARTTLS:
                self._client.starttls(self._tls)
            if self._offers("AUTH=PLAIN"):  # in UTF-8, as LOGIN is not
                self._client.plain_login(server.user, server.password)
            elif self._offers("LOGINDISABLED"):
                raise LoginRefused("the mailbox takes no password on this connection")
            else:
                user = server.user.replace("\\", "\\\\").replace('"', '\\"')
                self._client.login(f'"{user}"', server.password)

    def _keep_alive(self) -> None:
        connection = self._client.socket()
        with suppress(OSError, AttributeError):  # not every system has these options
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 120)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 30)

    def _select(self) -> None:
        try:
            with _errors():
                found = self._client.select_folder(self.server.folder)
        except CommandRefused:
            raise CommandRefused("the folder cannot be opened to be read and written") from None
        self.uid_validity = int(found.get(b"UIDVALIDITY", 0))
        self._uid_next = int(found.get(b"UIDNEXT", 0))
        self._count = int(found.get(b"EXISTS", 0))
        if not self.uid_validity:
            raise CommandRefused("the mailbox has no UIDs that last")

    def _standing(self) -> tuple[int, int, int]:
        # without UIDNEXT, which old servers don't tell, the count has to do
        return self.uid_validity, self._uid_next, 0 if self._uid_next else self._count

    def _has_changed(self) -> bool:
        # Asked by a SELECT of its own, since what any other command says by the way is not
        # heard: mail that arrived during the last one would wait for the next.
        self._select()
        return self._standing() != self._seen

    def _offers(self, capability: str) -> bool:
        with _errors():
            return bool(self._client.has_capability(capability))

    def _drop(self) -> None:
        with suppress(OSError, IMAPClientError):
            self._client.shutdown()


@contextmanager
def _errors() -> Iterator[None]:
    """Turn what the library raises into errors of ours, without what the server wrote."""
    try:
        yield
    except LoginError as error:
        if isinstance(error.__context__, IMAPClientAbortError):
            raise Unreachable("the connection to the mail server is gone") from None
        if "UNAVAILABLE" in str(error).upper():  # RFC 5530 §3
            raise Unreachable("the mail server cannot check passwords now") from None
        raise LoginRefused("the mailbox refuses user and password") from None
    except IMAPClientAbortError:
        raise Unreachable("the connection to the mail server is gone") from None
    except IMAPClientError as error:
        code = _CODE.search(str(error))
        reason = f" ({code[1]})" if code else ""
        raise CommandRefused(f"the mail server refuses a command{reason}") from None
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(f"bad certificate: {error.verify_message}") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Unreachable(f"the mail server cannot be reached: {reason}") from None
    except UnicodeEncodeError:  # LOGIN is ASCII only
        raise LoginRefused("this mail server takes no such user or password") from None


def _announces_mail(said: list[tuple[object, ...]]) -> bool:
    return any(b"EXISTS" in answer[1:2] for answer in said)


def _tries(flags: tuple[bytes, ...]) -> int:
    counts = [int(found[1]) for flag in flags if (found := _TRIED_FLAG.fullmatch(flag))]
    return max(counts, default=0)

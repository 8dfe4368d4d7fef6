"""Mails handed over by the agency's own mail server, over LMTP (RFC 2033).

The mail server keeps a mail until it was taken, so nothing is kept here: what was answered
with 250 is committed, and everything else comes again or goes back.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.taking import Disposition, NotNow, fault_of

log = logging.getLogger(__name__)

# it would log every address, and every line, at INFO and DEBUG
logging.getLogger("mail.log").setLevel(logging.ERROR)

_DONE: Final = "250 2.0.0 Taken"
_LATER: Final = "451 4.3.0 Cannot be taken now, try again later"
_STOPPING: Final = "421 4.3.2 Going down"
_CROWDED: Final = b"421 4.3.2 Too many connections\r\n"
_TOO_MANY: Final = "452 4.5.3 Too many recipients"
_UNKNOWN: Final = "550 5.1.1 No such recipient here"
_MALFORMED: Final = "553 5.1.3 Malformed address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where to listen: a host and port, or a socket in the file system."""

    host: str = ""
    port: int = 0
    path: Path | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``host:port``, ``[::1]:port`` or the absolute path of a socket.

        LMTP knows no password: a port should be one that only the mail server can reach.
        Raises InvalidInput.
        """
        if text.startswith("/"):
            return cls(path=Path(text))
        host, colon, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not (colon and host and port.isascii() and port.isdigit() and int(port) < 65536):
            raise InvalidInput("LMTP needs host:port or the absolute path of a socket")
        return cls(host=host, port=int(port))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one may ask of the server. It holds ``connections`` mails at once, each thrice."""

    size: int = 25_000_000
    recipients: int = 100
    connections: int = 8
    timeout: float = 300.0
    takers: int = 2


class LmtpServer:
    """Takes mails in threads of its own between ``start`` and ``stop``."""

    def __init__(
        self,
        listen: Listen,
        take: Callable[[bytes, str, str], Disposition],
        *,
        accepts: Callable[[str], bool],
        limits: Limits = Limits(),
        hostname: str = "localhost",
        socket_mode: int = 0o660,
    ) -> None:
        """Listen to nothing yet.

        Args:
            listen: where.
            take: gets the mail, with Return-Path and Delivered-To in front, the recipient
                and the sender (empty for bounces), does what it asks for and commits it.
                Whatever it raises means that the mail comes again, for this recipient.
            accepts: whether a recipient is one of ours; others are refused for good.
            limits: of size, number and time.
            hostname: what the server calls itself.
            socket_mode: who may use a socket in the file system.
        """
        self.port = 0
        """The port that it listens on, once it does; also where any was asked for."""
        self._listen = listen
        self._take = take
        self._accepts = accepts
        self.limits = limits
        self._hostname = hostname
        self._socket_mode = socket_mode
        self._loop: asyncio.AbstractEventLoop
        self._socket: socket.socket
        self._arriving: set[asyncio.Task[object]] = set()
        self._thread: threading.Thread | None = None
        self._pool: ThreadPoolExecutor
        self._connections: set[_Connection] = set()

    def start(self) -> None:
        """Listen, and take mails from now on. Raises OSError where one cannot listen."""
        self._socket = _listening(self._listen, self._socket_mode)
        if self._listen.path is None:
            self.port = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._pool = ThreadPoolExecutor(self.limits.takers, thread_name_prefix="lmtp-take")
        self._thread = threading.Thread(target=self._run, name="lmtp", daemon=True)
        self._thread.start()

    def stop(self, *, patience: float = 30.0) -> None:
        """Take no more, but answer first for mails that are being taken."""
        if self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._close(patience), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._thread = None
        self._pool.shutdown()
        if self._listen.path is not None:
            self._listen.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.add_reader(self._socket, self._accept)
        self._loop.run_forever()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    def _accept(self) -> None:
        # not by a server of asyncio, which loses who comes while it is being closed
        try:
            connection, _ = self._socket.accept()
        except (BlockingIOError, ConnectionAbortedError):  # who came has left
            return
        except OSError as error:  # no more files
            log.warning("a connection was not accepted: %s", fault_of(error))
            self._loop.remove_reader(self._socket)
            self._loop.call_later(1.0, self._accept_again)
            return
        connection.setblocking(False)
        task = self._loop.create_task(self._loop.connect_accepted_socket(self._connect, connection))
        self._arriving.add(task)
        task.add_done_callback(self._arriving.discard)

    def _accept_again(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.add_reader(self._socket, self._accept)

    def _connect(self) -> asyncio.Protocol:
        if len(self._connections) >= self.limits.connections:
            return _Crowded()
        return _Connection(self._connections, _Handler(self), self.limits, self._hostname)

    async def _close(self, patience: float) -> None:
        self._loop.remove_reader(self._socket)
        self._socket.close()
        if self._arriving:
            await asyncio.wait(self._arriving)
        deadline = self._loop.time() + patience
        while any(one.is_taking for one in self._connections) and self._loop.time() < deadline:
            await asyncio.sleep(0.02)
        while self._connections and self._loop.time() < deadline:
            for one in list(self._connections):
                one.hang_up()
            await asyncio.sleep(0.01)

    # -- what the mail server asks for ----------------------------------------------------

    async def accepts(self, recipient: str) -> str:
        """Answer for one recipient."""
        try:
            is_ours = await self._loop.run_in_executor(self._pool, self._accepts, recipient)
        except Exception as error:  # noqa: BLE001 - a refusal would bounce the mail
            log.warning("a recipient cannot be looked up now: %s", fault_of(error))
            return _LATER
        return "250 2.1.5 OK" if is_ours else _UNKNOWN

    async def take(self, mail: bytes, recipient: str, sender: str) -> str:
        """Take a mail for one recipient and answer for it."""
        envelope = f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n".encode()
        try:
            await self._loop.run_in_executor(
                self._pool, self._take, envelope + mail, recipient, sender
            )
        except NotNow:
            return _LATER
        except Exception as error:  # noqa: BLE001 - whatever it is, the mail must come again
            log.warning("a mail could not be taken: %s", fault_of(error))
            return _LATER
        return _DONE


class _Handler:
    """What aiosmtpd asks at each command."""

    def __init__(self, server: LmtpServer) -> None:
        self._server = server

    async def handle_EHLO(  # noqa: N802
        self, _: SMTP, session: Session, _envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        session.host_name = hostname
        # both are a must in LMTP (RFC 2033 §5)
        return [*answers[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", answers[-1]]

    async def handle_MAIL(  # noqa: N802
        self, _: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not _is_clean(address):
            return _MALFORMED
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, _: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if not _is_clean(address) or address == "<>":
            return _MALFORMED
        if len(envelope.rcpt_tos) >= self._server.limits.recipients:
            return _TOO_MANY
        answer = await self._server.accepts(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802
        self, _: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes), "nothing is decoded"
        sender = (envelope.mail_from or "").strip("<>")
        takes = [self._server.take(envelope.content, to, sender) for to in envelope.rcpt_tos]
        return "\r\n".join([await one for one in takes])

    async def handle_exception(self, error: Exception) -> str:
        log.error("an LMTP session failed: %s", fault_of(error))
        return _LATER


class _Connection(LMTP):
    """One connection."""

    line_length_limit = 65_536  # some mail servers hand over what they got, however long

    def __init__(
        self, others: set[_Connection], handler: _Handler, limits: Limits, hostname: str
    ) -> None:
        super().__init__(
            handler,
            data_size_limit=limits.size,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="LMTP",
            timeout=limits.timeout,
            loop=asyncio.get_running_loop(),
        )
        self.is_taking = False
        self._others = others
        self._size = limits.size
        self._received = 0
        self._awaiting = 0
        others.add(self)  # before it is made: more must not come meanwhile

    def connection_lost(self, error: Exception | None) -> None:
        self._others.discard(self)
        super().connection_lost(error)

    def hang_up(self) -> None:
        """Close, with a word that lets the mail server try again soon."""
        if self.transport is not None and not self.transport.is_closing():
            assert isinstance(self.transport, asyncio.Transport)
            self.transport.write(f"{_STOPPING}\r\n".encode())
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Cut off who sends on and on: a line without an end is kept whole by the library."""
        if self._awaiting:
            self._received += len(data)
            if self._received > 2 * self._size:
                log.warning("an LMTP client sends more than any mail may have")
                self.hang_up()
                return
        super().data_received(data)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """Take a mail for each of its recipients."""
        self.is_taking = True
        try:
            await super().smtp_DATA(arg)
        finally:
            self.is_taking = False
            self._awaiting = self._received = 0

    async def push(self, status: str | bytes) -> None:
        """Send an answer; after the mail it is said for each recipient (RFC 2033 §4.2)."""
        text = status if isinstance(status, str) else status.decode()
        if self._awaiting and "\r\n" not in text:  # else it is one for each already
            text = "\r\n".join([text] * self._awaiting)
        elif text.startswith("354"):
            assert self.envelope is not None
            self._awaiting = len(self.envelope.rcpt_tos)
        await super().push(text)


class _Crowded(asyncio.Protocol):
    """Turns away who comes while there are too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(_CROWDED)
        transport.close()


def _is_clean(address: str) -> bool:
    # a bare CR is no line end in SMTP, but would be one in the header Delivered-To
    try:
        address.encode()
    except UnicodeEncodeError:
        return False
    return address.isprintable() and " " not in address and len(address) <= 320


def _listening(listen: Listen, mode: int) -> socket.socket:
    if listen.path is None:
        family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
        server = socket.create_server((listen.host, listen.port), family=family)
    else:
        _remove_abandoned(listen.path)
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(listen.path))
        listen.path.chmod(mode)  # before anybody can connect
        server.listen()
    server.setblocking(False)
    return server


def _remove_abandoned(path: Path) -> None:
    """Remove the socket of a server that was killed, but not of one that is alive."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise FileExistsError(f"{path} is no socket")
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()
            else:
                raise FileExistsError(f"somebody listens at {path}")

"""A real SMTP server on loopback that keeps what it is sent, and misbehaves on demand.

In a test: ``with smtp_sink() as sink``. As a process of its own, so that one can be killed and
the other goes on: ``python -m support.smtp_sink --port 2525 --log FOLDER``, where each mail
becomes a file ``NUMBER.eml`` beside a ``NUMBER.json`` of what was said around it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from support.certificates import self_signed
from support.server import free_port
from support.sunk_mails import Drop, SmtpSink, SunkMail

__all__ = ["Drop", "SmtpSink", "SunkMail", "sink_process", "smtp_sink"]

_DSN = ("RET", "ENVID", "NOTIFY", "ORCPT")
logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of what it does itself


class _Server(SMTP):
    """The server, taught DSN (RFC 3461) and to hang up."""

    sink: SmtpSink
    number = 0
    is_encrypted: bool = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not self.number:  # STARTTLS makes the connection a second time
            self.sink.connections += 1
            self.number = self.sink.connections
        super().connection_made(transport)

    def _getparams(self, params: list[str]) -> dict[str, str | bool] | None:  # type: ignore[override]
        ours = [each for each in params if self.sink.dsn and each.partition("=")[0] in _DSN]
        return super()._getparams([each for each in params if each not in ours])

    def hang_up(self) -> None:
        assert self.transport is not None
        self.transport.abort()  # type: ignore[attr-defined]

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        answer = self.sink.answer_to("DATA")
        if answer is not None:
            await self.push(answer)
        elif self.sink.is_dropped(Drop.AT_DATA):
            self.hang_up()
        elif self.sink.is_dropped(Drop.WITHIN):
            await self.push("354 go on")
            await self._reader.readline()
            self.hang_up()
        else:
            await super().smtp_DATA(arg)


class _Handler:
    """What the sink is asked at each step."""

    def __init__(self, sink: SmtpSink) -> None:
        self._sink = sink

    async def handle_EHLO(  # noqa: N802
        self,
        server: _Server,
        session: Session,
        envelope: Envelope,
        hostname: str,
        offers: list[str],
    ) -> list[str]:
        session.host_name = hostname
        answer = self._sink.answer_to("EHLO")
        if answer is not None:
            return [answer]
        hidden = () if self._sink.login else ("250-AUTH",)
        kept = [each for each in offers if not each.startswith(hidden)]
        return [*kept[:-1], "250-DSN", kept[-1]] if self._sink.dsn else kept

    async def handle_RSET(  # noqa: N802
        self, server: _Server, session: Session, envelope: Envelope
    ) -> str:
        return self._sink.answer_to("RSET") or "250 2.0.0 ok"

    async def handle_MAIL(  # noqa: N802
        self,
        server: _Server,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if self._sink.is_dropped(Drop.AT_MAIL):
            server.hang_up()
        if self._sink.login and not session.authenticated:
            return "530 5.7.0 authentication required"
        answer = self._sink.answer_to("MAIL")
        if answer is None or answer.startswith("2"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer or "250 2.1.0 ok"

    async def handle_RCPT(  # noqa: N802
        self,
        server: _Server,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        answer = self._sink.answer_to("RCPT", address)
        if answer is None and self._sink.is_greylisted(str(envelope.mail_from), address):
            answer = "451 4.7.1 greylisted, come back in a second"
        if answer is None or answer.startswith("2"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer or "250 2.1.5 ok"

    async def handle_DATA(  # noqa: N802
        self, server: _Server, session: Session, envelope: Envelope
    ) -> str:
        await asyncio.sleep(self._sink.delay)
        answer = self._sink.answer_to(".", envelope.rcpt_tos[0])
        lost = self._sink.is_dropped(Drop.LOST)
        if not lost and (answer is None or answer.startswith("2")):
            self._sink.take(_sunk(server, session, envelope))
        if lost or self._sink.is_dropped(Drop.TAKEN):
            server.hang_up()
        return answer or f"250 2.0.0 ok, kept as {len(self._sink.mails)}"


def _sunk(server: _Server, session: Session, envelope: Envelope) -> SunkMail:
    assert isinstance(envelope.content, bytes)
    return SunkMail(
        raw=envelope.content,
        sender=str(envelope.mail_from),
        recipients=list(envelope.rcpt_tos),
        mail_options=list(envelope.mail_options),
        rcpt_options=list(envelope.rcpt_options),
        user=str(session.auth_data) if session.authenticated else "",
        tls=server.is_encrypted or session.ssl is not None,
        connection=server.number,
    )


class _Controller(Controller):
    """Runs the server in a thread."""

    def __init__(
        self, make: Callable[[], SMTP], sink: SmtpSink, tls: ssl.SSLContext | None
    ) -> None:
        self._make = make
        super().__init__(object(), hostname=sink.host, port=sink.port, ssl_context=tls)

    def factory(self) -> SMTP:
        return self._make()


@contextmanager
def smtp_sink(
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    scheme: str = "smtp",
    login: tuple[str, str] | None = None,
    size_limit: int = 0,
    dsn: bool = True,
    smtputf8: bool = True,
    log: Path | None = None,
) -> Iterator[SmtpSink]:
    """Listen until the end of the block. ``scheme`` is smtp, smtps or smtp+starttls."""
    sink = SmtpSink(
        port or free_port(),
        host=host,
        scheme=scheme,
        login=login,
        dsn=dsn,
        smtputf8=smtputf8,
        log=log,
    )
    tls = None
    if scheme != "smtp":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self_signed())
    implicit = scheme == "smtps"

    def authenticate(*arguments: object) -> AuthResult:
        given = arguments[-1]
        assert isinstance(given, LoginPassword)
        pair = (given.login.decode(), given.password.decode())
        return AuthResult(success=pair == sink.login, handled=False, auth_data=pair[0])

    def make() -> SMTP:
        server = _Server(
            _Handler(sink),
            hostname="sink.example",
            data_size_limit=size_limit or None,
            enable_SMTPUTF8=smtputf8,
            tls_context=tls if scheme == "smtp+starttls" else None,
            require_starttls=scheme == "smtp+starttls",
            authenticator=authenticate,
            auth_require_tls=scheme == "smtp+starttls",
            loop=asyncio.get_running_loop(),
        )
        server.sink = sink
        server.is_encrypted = implicit
        server.command_size_limits["MAIL"] = server.command_size_limits["RCPT"] = 2048
        return server

    controller = _Controller(make, sink, tls if implicit else None)
    controller.start()
    sink.connections = 0  # the controller tries whether it can be reached
    try:
        yield sink
    finally:
        controller.stop()


@contextmanager
def sink_process(log: Path, *arguments: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run the server as a process of its own; give its URL, and the process."""
    port = free_port()
    command = [sys.executable, "-m", "support.smtp_sink", "--port", str(port), "--log", str(log)]
    tests = Path(__file__).parents[1]
    process = subprocess.Popen([*command, *arguments], cwd=tests, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"ready\n", "the mail server did not start"
        yield f"smtp://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def main() -> None:
    """Listen until the process is told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--drop", type=Drop, help="end the connection of the first mails")
    parser.add_argument("--defer", action="store_true", help="put the first mails off")
    parser.add_argument(
        "--times", type=int, default=1, help="how many mails are dropped or put off"
    )
    parser.add_argument("--reject", action="append", default=[], help="refuse a recipient")
    given = parser.parse_args()
    given.log.mkdir(parents=True, exist_ok=True)
    with smtp_sink(port=given.port, log=given.log) as sink:
        sink.delay = given.delay
        if given.drop:
            sink.drop(given.drop, times=given.times)
        if given.defer:
            sink.defer(times=given.times)
        for recipient in given.reject:
            sink.reject(recipient)
        stopped = threading.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: stopped.set())
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        stopped.wait()


if __name__ == "__main__":
    main()

"""A mail server that keeps what it is sent, to see whether anything is."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class MailSink:
    """Where it listens, and the mails that came."""

    port: int
    mails: list[str] = field(default_factory=list)


class _Session(socketserver.StreamRequestHandler):
    """Enough of SMTP (RFC 5321) for a program that sends a mail without login."""

    def handle(self) -> None:
        self._say("220 localhost")
        while line := self.rfile.readline():
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                self._say("354 go on")
                self.server.mails.append(self._mail())  # type: ignore[attr-defined]
            self._say("221 bye" if verb == b"QUIT" else "250 localhost")
            if verb == b"QUIT":
                return

    def _mail(self) -> str:
        lines = iter(self.rfile.readline, b".\r\n")
        return b"".join(lines).decode(errors="replace")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mail_sink() -> Iterator[MailSink]:
    """Listen on loopback until the end of the block."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session) as server:
        server.daemon_threads = True
        sink = MailSink(server.server_address[1])
        server.mails = sink.mails  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield sink
        server.shutdown()

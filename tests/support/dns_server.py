"""A name server on loopback that knows what a test tells it."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset


@dataclass
class DnsServer:
    """What it knows, by name and type: ``{("agence.example", "MX"): ["10 mx.agence.example."]}``.

    A name with no record of any type does not exist. ``fails`` makes it say SERVFAIL to all.
    """

    port: int = 0
    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    fails: bool = False

    @property
    def address(self) -> str:
        """Where it listens, as ``IP:PORT``."""
        return f"127.0.0.1:{self.port}"

    def text(self, name: str, *texts: str) -> None:
        """Let a name have these TXT records, in pieces of 255 octets, as zones have them."""
        self.records[name, "TXT"] = [
            " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))
            for text in texts
        ]

    def answer(self, asked: bytes) -> bytes:
        """Return the answer to one question."""
        query = dns.message.from_wire(asked)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        (question,) = query.question
        name, kind = question.name.to_text(omit_final_dot=True), question.rdtype
        found = self.records.get((name, dns.rdatatype.to_text(kind)), [])
        if self.fails:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif found:
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
        elif not any(known == name for known, _ in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire()


@contextmanager
def dns_server() -> Iterator[DnsServer]:
    """Answer until the end of the block."""
    server = DnsServer()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked, connection = self.request
            connection.sendto(server.answer(asked), self.client_address)

    with socketserver.UDPServer(("127.0.0.1", 0), Handler) as listener:
        server.port = listener.server_address[1]
        thread = threading.Thread(target=listener.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()

"""What a verb answers, and refusals that belong to the protocol alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import chain

from rdv_radicale.names import NAMESPACES, dav, element, escaped, text_element

XML_TYPE = "application/xml; charset=utf-8"
CALENDAR_TYPE = "text/calendar; charset=utf-8"

_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'
_DESCRIPTION = "{http://twistedmatrix.com/xml_namespace/dav/}error-description"
_PIECE = 65_536
"""Characters that are gathered before a piece of an answer is sent."""

_WHOLE = 262_144
"""Bytes up to which an answer is sent whole, with its length."""


@dataclass(slots=True)
class Answer:
    """A status, headers, and a body that is whole or comes in pieces."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Iterator[bytes] = b""

    def begin(self) -> None:
        """Make the first pieces of the body, all of a short one.

        What goes wrong with them can still be answered; a short body can be sent whole.
        """
        if isinstance(self.body, bytes):
            return
        first: list[bytes] = []
        length = 0
        for piece in self.body:
            first.append(piece)
            length += len(piece)
            if length > _WHOLE:
                self.body = chain(first, self.body)
                return
        self.body = b"".join(first)


class DavRefused(Exception):
    """A request that the protocol's own rules refuse, with the precondition that fails."""

    def __init__(
        self, precondition: str, sentence: str, *, status: int = HTTPStatus.FORBIDDEN
    ) -> None:
        """Name the precondition in Clark notation."""
        super().__init__(sentence)
        self.precondition = precondition
        self.status = status


def sentence(status: int, text: str, headers: dict[str, str] | None = None) -> Answer:
    """Return an answer of one sentence."""
    content_type = {"Content-Type": "text/plain; charset=utf-8"}
    return Answer(status, {**content_type, **(headers or {})}, f"{text}\n".encode())


def xml_answer(status: int, root: str, inner: str) -> Answer:
    """Return a small XML document whose outermost element has the Clark name ``root``."""
    return Answer(status, {"Content-Type": XML_TYPE}, document(root, inner))


def document(root: str, inner: str) -> bytes:
    """Return an XML document."""
    start, _, end = element(root, "|").partition("|")
    text = f"{_DECLARATION}{start[:-1]}{NAMESPACES}>{inner}{end}"
    return text.encode("utf-8", "replace")


def error_answer(status: int, precondition: str, text: str, inner: str = "") -> Answer:
    """Return a DAV:error (RFC 4918 §16); ``inner`` is the content of the precondition.

    The sentence stands in the element that Calendar Server introduced for it: strict clients
    take anything else for a second precondition.
    """
    described = text_element(_DESCRIPTION, text)
    return xml_answer(status, dav("error"), element(precondition, inner) + described)


def multistatus(responses: Iterable[str], *, last: str = "") -> Answer:
    """Return a 207 whose responses are written as they are made; ``last`` ends the document."""
    return Answer(
        HTTPStatus.MULTI_STATUS, {"Content-Type": XML_TYPE}, _multistatus(responses, last)
    )


def _multistatus(responses: Iterable[str], last: str) -> Iterator[bytes]:
    gathered = [f"{_DECLARATION}<D:multistatus{NAMESPACES}>"]
    length = 0
    for response in responses:
        gathered.append(response)
        length += len(response)
        if length > _PIECE:
            yield "".join(gathered).encode("utf-8", "replace")
            gathered, length = [], 0
    gathered.append(f"{last}</D:multistatus>")
    yield "".join(gathered).encode("utf-8", "replace")


def status_line(status: int) -> str:
    """Return a DAV:status element."""
    return f"<D:status>HTTP/1.1 {int(status)} {HTTPStatus(status).phrase}</D:status>"


def status_response(href: str, status: int, *, error: str = "") -> str:
    """Return a response without properties; ``error`` is a precondition element."""
    inner = f"<D:error>{error}</D:error>" if error else ""
    return f"<D:response><D:href>{escaped(href)}</D:href>{status_line(status)}{inner}</D:response>"


def propstat(props: str, status: int, *, error: str = "") -> str:
    """Return a propstat with properties that are elements already."""
    inner = f"<D:error>{error}</D:error>" if error else ""
    return f"<D:propstat><D:prop>{props}</D:prop>{status_line(status)}{inner}</D:propstat>"


_FOUND = status_line(HTTPStatus.OK)
_MISSING = status_line(HTTPStatus.NOT_FOUND)


def prop_response(href: str, found: str, missing: str = "") -> str:
    """Return the properties of one resource; ``href`` is escaped already (it is in a URL)."""
    parts = [f"<D:response><D:href>{href}</D:href>"]
    if found or not missing:
        parts.append(f"<D:propstat><D:prop>{found}</D:prop>{_FOUND}</D:propstat>")
    if missing:
        parts.append(f"<D:propstat><D:prop>{missing}</D:prop>{_MISSING}</D:propstat>")
    parts.append("</D:response>")
    return "".join(parts)

"""Sending answers: whole ones with their length, long ones piece by piece, packed if asked.

A long answer is written while the database is read: the transaction stays open until the
last piece was taken, and no more than a few pieces are in memory.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from http import HTTPStatus

from rdv_radicale.answers import Answer
from rdv_radicale.requests import Environ

GZIP_FROM = 1_400
"""Bytes from which compressing an answer saves a packet."""

_GZIP_LEVEL = 1
_GZIP_FORMAT = 31
_NO_WEIGHT = re.compile(r"q=0(\.0*)?")

WsgiAnswer = tuple[str, list[tuple[str, str]], Iterable[bytes]]


class _Body:
    """The pieces of an answer, and what is closed after the last one."""

    def __init__(self, pieces: Iterator[bytes], resources: ExitStack) -> None:
        self._pieces = pieces
        self._resources = resources

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        """End the transaction; WSGI servers call it, whatever happened."""
        self._resources.close()


def delivered(environ: Environ, answer: Answer, stack: ExitStack) -> WsgiAnswer:
    """Return an answer as WSGI wants it; a streamed one takes over what ``stack`` holds."""
    headers = answer.headers
    packs = _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")) and _is_text(headers)
    body = answer.body
    if isinstance(body, bytes):
        if packs and len(body) > GZIP_FROM and environ["REQUEST_METHOD"] != "HEAD":
            body = gzip.compress(body, compresslevel=_GZIP_LEVEL)
            _announce_gzip(headers)
        if answer.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            headers["Content-Length"] = str(len(body))
        return _status(answer), list(headers.items()), [body]
    pieces = body
    if packs:
        pieces = _packed(body)
        _announce_gzip(headers)
    return _status(answer), list(headers.items()), _Body(pieces, stack.pop_all())


def _status(answer: Answer) -> str:
    return f"{int(answer.status)} {HTTPStatus(answer.status).phrase}"


def _takes_gzip(accepted: str) -> bool:
    """Tell whether gzip is named, and not with a weight of nothing (RFC 9110 §12.5.3)."""
    for each in accepted.lower().split(","):
        name, _, weight = each.replace(" ", "").partition(";")
        if name in ("gzip", "x-gzip"):
            return not _NO_WEIGHT.fullmatch(weight)
    return False


def _is_text(headers: dict[str, str]) -> bool:
    return headers.get("Content-Type", "").startswith(("text/", "application/xml"))


def _announce_gzip(headers: dict[str, str]) -> None:
    vary = headers.get("Vary")
    headers["Vary"] = f"{vary}, Accept-Encoding" if vary else "Accept-Encoding"
    headers["Content-Encoding"] = "gzip"


def _packed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_FORMAT)
    for piece in pieces:
        packed = packer.compress(piece)
        if packed:
            yield packed
    yield packer.flush()

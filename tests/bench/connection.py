"""HTTP over one kept connection, at less cost than ``http.client``.

The driver shares the machine with the servers that it measures.
"""

from __future__ import annotations

import base64
import gzip
import socket
from dataclasses import dataclass
from io import BufferedReader
from typing import Self
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent; ``headers`` are whole lines, each with its end."""

    method: str
    path: str
    body: bytes = b""
    headers: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """What came back; header names in lower case."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> bytes:
        """The content, unpacked."""
        if self.headers.get("content-encoding") == "gzip":
            return gzip.decompress(self.raw)
        return self.raw


class Connection:
    """One connection of one account, made when needed and again after the server closed it."""

    def __init__(self, url: str, user: str, password: str, *, packed: bool = False) -> None:
        parts = urlsplit(url)
        assert parts.hostname in ("127.0.0.1", "localhost", "::1"), "this machine only"
        self._address = (parts.hostname, parts.port or 80)
        credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
        login = f"Authorization: Basic {credentials}\r\n" if user else ""
        gzipped = "Accept-Encoding: gzip\r\n" if packed else ""
        self._head = f"Host: {parts.netloc}\r\nUser-Agent: rdv-bench\r\n{login}{gzipped}"
        self._socket: socket.socket | None = None
        self._file: BufferedReader | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._file is not None:
            self._file.close()
        if self._socket is not None:
            self._socket.close()
        self._file = self._socket = None

    def send(self, request: Request) -> Response:
        """Return the answer to a request, sent again where a kept connection was closed."""
        length = f"Content-Length: {len(request.body)}\r\n" if _may_have_body(request) else ""
        head = f"{request.method} {request.path} HTTP/1.1\r\n{self._head}{request.headers}{length}"
        message = f"{head}\r\n".encode() + request.body
        is_kept = self._socket is not None
        try:
            return self._exchange(message, request.method)
        except ConnectionError:
            self.close()
            if not is_kept:
                raise
            return self._exchange(message, request.method)

    def _exchange(self, message: bytes, method: str) -> Response:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, TIMEOUT_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._file = self._socket.makefile("rb")
        assert self._file is not None
        self._socket.sendall(message)
        # acknowledge at once: some servers write an answer in pieces and wait for that, 40 ms
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        version, status, headers = self._read_head(self._file)
        while status == 100:
            version, status, headers = self._read_head(self._file)
        is_empty = method == "HEAD" or status in (204, 304)
        raw = b"" if is_empty else _read_body(self._file, headers)
        says = headers.get("connection", "").lower()
        has_end = is_empty or "content-length" in headers or "transfer-encoding" in headers
        if says == "close" or not has_end or (version == b"HTTP/1.0" and says != "keep-alive"):
            self.close()
        return Response(status, headers, raw)

    def _read_head(self, file: BufferedReader) -> tuple[bytes, int, dict[str, str]]:
        version, _, rest = file.readline().partition(b" ")
        if not rest:
            raise ConnectionResetError("closed by the server")
        headers = {}
        while line := file.readline().rstrip(b"\r\n"):
            name, _, value = line.partition(b":")
            headers[name.decode("latin-1").lower()] = value.strip().decode("latin-1")
        return version, int(rest[:3]), headers


def _may_have_body(request: Request) -> bool:
    return bool(request.body) or request.method not in ("GET", "HEAD", "DELETE")


def _read_body(file: BufferedReader, headers: dict[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        pieces = []
        while size := int(file.readline().partition(b";")[0], 16):
            pieces.append(_exactly(file, size))
            file.readline()
        while file.readline().strip():
            pass
        return b"".join(pieces)
    if "content-length" in headers:
        return _exactly(file, int(headers["content-length"]))
    return file.read()


def _exactly(file: BufferedReader, size: int) -> bytes:
    found = file.read(size)
    if len(found) < size:
        raise ConnectionResetError("closed within a body")
    return found

"""Taking HTTP requests apart: credentials, bodies, conditions and targets, without surprises."""

from __future__ import annotations

import base64
import binascii
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.errors import TooLarge
from rdv_caldav.services.calendar_objects.standing import Condition
from rdv_radicale.malformed import BadRequest
from rdv_radicale.paths import decode_path, segments_of, write_path
from rdv_radicale.proof import Proof

Environ = Mapping[str, Any]

_ETAG = re.compile(r'(W/)?("[^"]*")|(\*)')
_BLOCK = 65_536


_DEEPEST_XML = 60
"""How deep elements nest; filters need some ten levels, and writers of XML recurse."""

INFINITY = -1
"""``Depth: infinity``."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client says it is."""

    login: str
    password: str


def credentials_of(environ: Mapping[str, Any]) -> Credentials | None:
    """Return the Basic credentials (RFC 7617), always UTF-8, None where there are none.

    Radicale decodes them with the charset of the *body*, and fails on malformed ones.
    """
    scheme, _, encoded = environ.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    login, separator, password = decoded.partition(":")
    return Credentials(login, password) if separator and login else None


def read_body(environ: Environ, *, limit: int) -> bytes:
    """Return the body.

    macOS and curl's pipes send chunked bodies, which come without CONTENT_LENGTH. Raises
    TooLarge beyond ``limit`` bytes, BadRequest when it is cut short.
    """
    stated = environ.get("CONTENT_LENGTH") or ""
    if stated and not (stated.isascii() and stated.isdecimal()):
        raise BadRequest("Content-Length is not a number")
    if stated and int(stated) > limit:
        raise TooLarge(f"a request body has at most {limit} bytes")
    if stated:
        body: bytes = environ["wsgi.input"].read(int(stated))
        if len(body) < int(stated):
            raise BadRequest("the body is shorter than Content-Length")
        return body
    return _read_all(environ, limit) if environ.get("wsgi.input_terminated") else b""


def _read_all(environ: Environ, limit: int) -> bytes:
    pieces: list[bytes] = []
    length = 0
    while block := environ["wsgi.input"].read(_BLOCK):
        length += len(block)
        if length > limit:
            raise TooLarge(f"a request body has at most {limit} bytes")
        pieces.append(block)
    return b"".join(pieces)


def _etags(header: str, *, weak_too: bool) -> frozenset[str] | None:
    """Return the entity tags of a list; weak ones only where these may match (§8.8.3.2)."""
    if not header:
        return None
    found = _ETAG.findall(header)
    return frozenset(quoted or star for weak, quoted, star in found if weak_too or not weak)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request of a logged-in account (``login`` is empty for OPTIONS without one).

    ``base`` is the URL path at which the tree is mounted; ``path`` the decoded rest.
    """

    book: AppointmentBook
    environ: Environ
    method: str
    path: str
    login: str
    body: bytes = field(repr=False)
    proof: Proof | None = None

    @property
    def base(self) -> str:
        """The URL path of the root, without a slash at its end."""
        return str(self.environ.get("SCRIPT_NAME", "")).rstrip("/")

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The parts of the path."""
        return segments_of(self.path)

    @property
    def device(self) -> str:
        """What the device is called whose password it gave, else its own name; for the journal."""
        if self.proof is not None and self.proof.device is not None:
            return self.proof.device.label
        return str(self.environ.get("HTTP_USER_AGENT", ""))[:200]

    def url(self, *segments: str, is_collection: bool) -> str:
        """Return the URL path of a place in the tree, percent-encoded."""
        return write_path(self.base, *segments, is_collection=is_collection)

    def header(self, name: str) -> str:
        """Return a header's value, empty if it was not sent."""
        return str(self.environ.get(f"HTTP_{name.upper().replace('-', '_')}", "")).strip()

    @property
    def condition(self) -> Condition:
        """If-Match, If-None-Match (RFC 9110 §13.1) and If-Schedule-Tag-Match (RFC 6638 §8.3)."""
        return Condition(
            if_match=_etags(self.header("If-Match"), weak_too=False),
            if_none_match=_etags(self.header("If-None-Match"), weak_too=True),
            schedule_tag=self.header("If-Schedule-Tag-Match") or None,
        )

    @property
    def overwrites(self) -> bool:
        """Whether COPY and MOVE may replace what stands at the target (RFC 4918 §10.6)."""
        wish = self.header("Overwrite").upper()
        if wish not in ("", "T", "F"):
            raise BadRequest("Overwrite is T or F")
        return wish != "F"

    @property
    def preferences(self) -> dict[str, str]:
        """What the client prefers (RFC 7240), by lower-case name."""
        wishes = (wish.partition(";")[0].strip() for wish in self.header("Prefer").split(","))
        pairs = (wish.partition("=")[::2] for wish in wishes if wish)
        found: dict[str, str] = {}
        for name, value in pairs:
            found.setdefault(name.strip().lower(), value.strip().strip('"').lower())
        return found

    @property
    def prefers_minimal(self) -> bool:
        """Whether properties that are not there need not be listed (RFC 8144 §2.1)."""
        # Brief is what Microsoft's and Apple's programs sent before there was Prefer
        return self.preferences.get("return") == "minimal" or self.header("Brief").lower() == "t"

    def depth(self, default: int) -> int:
        """Return Depth: 0, 1 or INFINITY (RFC 4918 §10.2). Raises BadRequest."""
        depth = self.header("Depth").lower()
        if depth not in ("", "0", "1", "infinity"):
            raise BadRequest("Depth is 0, 1 or infinity")
        if not depth:
            return default
        return INFINITY if depth == "infinity" else int(depth)

    @cached_property
    def xml(self) -> ET.Element | None:
        """The body as XML, None for an empty one. Raises BadRequest."""
        return parse_xml(self.body)

    @cached_property
    def destination(self) -> tuple[str, ...]:
        """The place in the tree that Destination names (RFC 4918 §10.3). Raises BadRequest."""
        try:
            parts = urlsplit(self.header("Destination"))
        except ValueError as error:
            raise BadRequest("Destination is no URL") from error
        if not parts.path:
            raise BadRequest("Destination is missing")
        host = self.header("Host")
        if parts.netloc and host and parts.netloc.rpartition("@")[2].lower() != host.lower():
            # 502 would fit as well, but nothing is wrong with any server
            raise BadRequest("Destination is on another server", status=HTTPStatus.FORBIDDEN)
        try:
            return self.segments_of_url(parts.path)
        except BadRequest as error:
            raise BadRequest(str(error), status=HTTPStatus.FORBIDDEN) from error

    def segments_of_url(self, url_path: str) -> tuple[str, ...]:
        """Return the place that a URL path names. Raises BadRequest, BadPath."""
        path = unquote(url_path, encoding="latin-1")
        if not f"{path}/".startswith(f"{self.base}/"):
            raise BadRequest("the URL is outside of the calendars")
        return segments_of(decode_path(path.removeprefix(self.base)))


def parse_xml(body: bytes) -> ET.Element | None:
    """Return a body as XML, None for an empty one.

    Entities are refused (billion laughs, external files). Raises BadRequest.
    """
    if not body.strip():
        return None
    try:
        root: ET.Element = fromstring(body)
    except (ET.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise BadRequest("the body is not readable as XML") from error
    level = [root]
    for _ in range(_DEEPEST_XML):
        level = [child for element in level for child in element]
        if not level:
            return root
    raise BadRequest("the body's elements are nested too deeply")

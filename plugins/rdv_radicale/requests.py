"""Taking HTTP requests apart: credentials, bodies and conditions, without surprises."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from rdv_caldav.domain.errors import TooLarge
from rdv_caldav.services.calendar_objects.standing import Condition

Environ = Mapping[str, Any]

_ETAG = re.compile(r'(?:W/)?("[^"]*")|(\*)')
_BLOCK = 65_536


class BadRequest(Exception):
    """The request itself is malformed; answered with 400 and the sentence."""


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


def with_spooled_body(environ: Environ, *, limit: int) -> Environ:
    """Return the request with its body in memory and its length stated.

    macOS and curl's pipes send chunked bodies, which come without CONTENT_LENGTH. Raises
    TooLarge beyond ``limit`` bytes, BadRequest when it is cut short.
    """
    stated = environ.get("CONTENT_LENGTH") or ""
    if stated and not stated.isdecimal():
        raise BadRequest("Content-Length is not a number")
    if stated and int(stated) > limit:
        raise TooLarge(f"a request body has at most {limit} bytes")
    if stated:
        body = environ["wsgi.input"].read(int(stated))
        if len(body) < int(stated):
            raise BadRequest("the body is shorter than Content-Length")
    elif environ.get("wsgi.input_terminated"):
        body = _read_all(environ, limit)
    else:
        body = b""
    return {**environ, "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}


def _read_all(environ: Environ, limit: int) -> bytes:
    pieces: list[bytes] = []
    length = 0
    while block := environ["wsgi.input"].read(_BLOCK):
        length += len(block)
        if length > limit:
            raise TooLarge(f"a request body has at most {limit} bytes")
        pieces.append(block)
    return b"".join(pieces)


def condition_of(environ: Mapping[str, Any]) -> Condition:
    """Return If-Match and If-None-Match, lists and ``*`` included (RFC 9110 §13.1)."""
    return Condition(
        if_match=_etags(environ.get("HTTP_IF_MATCH")),
        if_none_match=_etags(environ.get("HTTP_IF_NONE_MATCH")),
    )


def _etags(header: str | None) -> frozenset[str] | None:
    if header is None or not header.strip():
        return None
    return frozenset(quoted or star for quoted, star in _ETAG.findall(header))

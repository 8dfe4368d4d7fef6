"""Header fields of mails that arrived: whatever is in them, reading them is bounded and quiet.

The standard library's reader of structured fields takes quadratic time for some, and raises a
dozen kinds of errors for others.
"""

from __future__ import annotations

import re
from binascii import Error as BinasciiError
from binascii import a2b_base64, a2b_qp
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime
from itertools import islice
from urllib.parse import unquote_to_bytes

from rdv_caldav.domain.directory import normalise_address
from rdv_caldav.mail.headers import one_line
from rdv_caldav.mail.received_text import decoded

MOST_FIELDS = 1_000
LONGEST_VALUE = 16_000
"""Octets of a field that are read."""

LONGEST_ADDRESS = 320
_MOST_PARAMETERS = 50
_LONGEST_ID = 250
_MOST_IDS = 50

_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:(.*)", re.DOTALL)
_WORD = re.compile(r"=\?([^?*\s]{1,40})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?\r\n]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?)")
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,60})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')
_SECTION = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?")
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"\\\x00-\x1f]+@[^\s@<>()\[\],;:\"\\\x00-\x1f]+")
_MESSAGE_ID = re.compile(rf"<([^<>\s\x00-\x1f\x7f]{{1,{_LONGEST_ID}}})>")


class Fields:
    """The header fields of a mail or a part, in order; names are in lower case."""

    def __init__(self, block: bytes) -> None:
        """Read the lines of ``block``; what is no field is left out."""
        lines = _FOLD.sub(b"", block).split(b"\n", MOST_FIELDS)
        self.has_more = len(lines) > MOST_FIELDS
        found = (_FIELD.match(line) for line in lines[:MOST_FIELDS])
        self.items = [
            (field[1].decode().lower(), decoded(field[2][:LONGEST_VALUE].strip(), ""))
            for field in found
            if field is not None
        ]

    def all(self, name: str) -> list[str]:
        """Return the values of all fields of that name, as they are written."""
        return [value for each, value in self.items if each == name]

    def first(self, name: str) -> str:
        """Return the value of the first field of that name, empty if there is none."""
        return next(iter(self.all(name)), "")


def readable(value: str) -> str:
    """Return a text as it is read, on one line: encoded words (RFC 2047) decoded."""
    return one_line(_with_words_decoded(value))


def _with_words_decoded(value: str) -> str:
    """Decode runs of words together, since some programs cut in the middle of a character."""
    value = _BETWEEN_WORDS.sub(r"\1", value)
    pieces: list[str] = []
    run, charset, place = b"", "", 0
    for word in _WORD.finditer(value):
        if word.start() != place or word[1].lower() != charset:
            pieces += (decoded(run, charset), value[place : word.start()])
            run, charset = b"", word[1].lower()
        run += _octets(word[2].lower(), word[3])
        place = word.end()
    return "".join((*pieces, decoded(run, charset), value[place:]))


def _octets(encoding: str, written: str) -> bytes:
    raw = written.encode(errors="replace")
    if encoding == "q":
        return a2b_qp(raw, header=True)
    return base64_octets(raw)


def base64_octets(raw: bytes) -> bytes:
    """Return what base64 stands for; characters that are none of it, and a torn end, are lost."""
    try:
        return a2b_base64(raw)
    except BinasciiError:
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
        torn = len(letters) % 4
        whole = letters + b"=" * (4 - torn) if torn > 1 else letters[: len(letters) - torn]
        return a2b_base64(whole)


# -- addresses, ids, dates ----------------------------------------------------------------


def addresses(value: str, most: int = 100) -> list[tuple[str, str]]:
    """Return names and normalised addresses of a field; what is no plain address is left out."""
    try:
        found = getaddresses([value])
    except (RecursionError, IndexError, ValueError):
        return []
    normal = ((readable(name), normalise_address(address)) for name, address in found)
    valid = (
        each
        for each in normal
        if len(each[1]) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(each[1]) is not None
    )
    return list(islice(valid, most))


def message_ids(value: str) -> tuple[str, ...]:
    """Return the message ids of a field, with their angle brackets (RFC 5322 §3.6.4)."""
    return tuple(match[0] for match in islice(_MESSAGE_ID.finditer(value), _MOST_IDS))


def moment(value: str) -> datetime | None:
    """Return a date, aware, in UTC; None if it cannot be read."""
    try:
        found = parsedate_to_datetime(value[:100])
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


# -- parameters ---------------------------------------------------------------------------


def parameters(value: str) -> Mapping[str, str]:
    """Return the parameters of a Content-Type or Content-Disposition, names in lower case.

    Continued and encoded ones (RFC 2231) are put together, encoded words decoded though no
    standard has them here.
    """
    sections: dict[str, list[tuple[int, bool, str]]] = {}
    for name, number, is_encoded, written in islice(_sections(value), _MOST_PARAMETERS):
        sections.setdefault(name, []).append((number, is_encoded, written))
    return {name: _joined(sorted(parts)) for name, parts in sections.items()}


def _sections(value: str) -> Iterator[tuple[str, int, bool, str]]:
    for match in _PARAMETER.finditer(value):
        section = _SECTION.fullmatch(match[1].lower())
        if section is None:
            continue
        quoted = match[2]
        written = match[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        yield section[1], int(section[2] or 0), section[3] is not None, written


def _joined(parts: list[tuple[int, bool, str]]) -> str:
    is_encoded = any(encoded for _, encoded, _ in parts)
    if not is_encoded:
        return readable("".join(written for _, _, written in parts))
    charset, _, rest = parts[0][2].partition("'")
    _, quote, first = rest.partition("'")
    written = [part[2] for part in parts]
    if quote:
        written[0] = first
    octets = b"".join(unquote_to_bytes(text) for text in written)
    return one_line(decoded(octets, charset if quote else ""))

"""Octets of mails as text: by their charset where it is told truly, by what they are otherwise."""

from __future__ import annotations

import codecs
import re

_NOT_OF_TEXTS = frozenset(
    {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7"}
)
"""Python's codecs that take minutes for a megabyte, or make markup of what shows none."""

_SAID_CARELESSLY = frozenset({"", "ascii", "iso8859-1", "iso8859-15", "cp1252"})
"""Names that programs write without looking: what reads as UTF-8 is UTF-8 whatever they say."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MISREAD = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013\u2014\u2018-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]{1,3}"
)


def decoded(octets: bytes, charset: str) -> str:
    """Return the text that octets stand for; never fails."""
    for mark, name in _MARKS:
        if octets.startswith(mark):
            return octets[len(mark) :].decode(name, "replace")
    declared = _codec(charset)
    order = ("utf-8", declared) if declared in _SAID_CARELESSLY else (declared, "utf-8")
    for name in (*order, "cp1252"):
        try:
            return octets.decode(name or "cp1252")
        except ValueError:
            continue
    return octets.decode("latin-1")


def _codec(charset: str) -> str:
    """Return Python's name of a charset of texts, empty for anything else."""
    try:
        name = codecs.lookup(charset.strip().strip("'\"")).name
        b"A".decode(name, "ignore")
    except (LookupError, ValueError):
        return ""
    return "" if name in _NOT_OF_TEXTS else name


def repaired(text: str) -> str:
    """Undo that a program took UTF-8 for Windows' or Latin letters: ``Ã©`` is ``é`` again."""
    return _MISREAD.sub(_reread, text)


def _reread(run: re.Match[str]) -> str:
    octets = b"".join(_octet(character) for character in run[0])
    try:
        return octets.decode()
    except ValueError:
        return run[0]


def _octet(character: str) -> bytes:
    return character.encode("cp1252" if ord(character) > 0xFF else "latin-1")

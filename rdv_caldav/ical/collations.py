"""Comparing texts as a text-match asks for (RFC 4791 §7.5, §9.7.5; RFC 4790; RFC 5051)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache

from rdv_caldav.ical.filters import TextMatch

_ENCODING = "utf-8"


def _ascii_casemap(text: str) -> str:
    """Fold the letters of ASCII, no others (RFC 4790 §9.2)."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


_ASCII_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def _unicode_casemap(text: str) -> str:
    """Return a text in title case, decomposed (RFC 5051 §2)."""
    if text.isascii():
        return text.upper()
    return unicodedata.normalize("NFKD", "".join(map(_title, text)))


def _title(letter: str) -> str:
    """Only mappings to one letter count: ``ß`` stays."""
    mapped = letter.title()
    return mapped if len(mapped) == 1 else letter


_FOLDED: Mapping[str, Callable[[str], str]] = {
    "i;ascii-casemap": _ascii_casemap,
    "i;octet": str,
    "i;unicode-casemap": _unicode_casemap,
}
COLLATIONS = tuple(_FOLDED)

_COMPARED: Mapping[str, Callable[[str, str], bool]] = {
    "contains": str.__contains__,
    "equals": str.__eq__,
    "starts-with": str.startswith,
    "ends-with": str.endswith,
}


@lru_cache(maxsize=128)
def _wanted(condition: TextMatch) -> str:
    return _FOLDED[condition.collation](condition.text)


def text_matches(value: str, condition: TextMatch) -> bool:
    """Tell whether a value meets a text-match; its collation is one of COLLATIONS."""
    folded = _FOLDED[condition.collation](value)
    return _COMPARED[condition.match_type](folded, _wanted(condition)) != condition.negated

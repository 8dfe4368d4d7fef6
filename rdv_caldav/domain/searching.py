"""Searching as people type: neither case, accents nor spacing decide."""

from __future__ import annotations

import unicodedata

KEPT_OF_EACH = 300
"""Characters of the objet and of the lieu that a search looks into: an index holds them."""

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "\0": None})


def folded(text: str) -> str:
    """Return the letters of a text without case and accents, with single blanks.

    >>> folded("  Bilan à  l'Œuvre ")
    "bilan a l'oeuvre"
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    letters = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    return " ".join(letters.split())


def search_key(subject: str, location: str) -> str:
    """Return what is searched of a rendez-vous: folded objet and lieu, on a line each."""
    return f"{folded(subject)[:KEPT_OF_EACH]}\n{folded(location)[:KEPT_OF_EACH]}"

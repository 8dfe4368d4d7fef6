"""Colours of types: what can be read on them (WCAG 2.2)."""

from __future__ import annotations

from coloraide import Color

ENOUGH = 4.5
"""The contrast that text of usual size needs (WCAG 2.2, 1.4.3)."""

BLACK, WHITE = "#000000", "#ffffff"


def contrast(colour: str, other: str) -> float:
    """Return the contrast of two ``#rrggbb`` colours, from 1 to 21."""
    return float(Color(colour).contrast(other, method="wcag21"))


def readable_on(colour: str) -> str:
    """Return black or white, whichever reads better on a colour."""
    return WHITE if contrast(colour, WHITE) >= contrast(colour, BLACK) else BLACK

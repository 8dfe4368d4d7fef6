"""What a check comes to: a sentence, and how to mend what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    GOOD = "ok"
    WARNING = "warning"
    """It works, and some of it not as well as it could."""
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``fix`` says what to do where it is not good.

    Neither holds a password or a URL that may have one.
    """

    level: Level
    subject: str
    text: str
    fix: str = ""


def good(subject: str, text: str) -> Finding:
    """Return that something is as it shall be."""
    return Finding(Level.GOOD, subject, text)


def warning(subject: str, text: str, fix: str) -> Finding:
    """Return that something could be better."""
    return Finding(Level.WARNING, subject, text, fix)


def broken(subject: str, text: str, fix: str) -> Finding:
    """Return that something does not work."""
    return Finding(Level.BROKEN, subject, text, fix)

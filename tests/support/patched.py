"""Patching a stored text, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rdv_caldav.domain.appointment import Appointment
from rdv_caldav.ical.contentlines import ContentLine, unfold
from rdv_caldav.ical.writer import patch
from support.lens import NOW, WORDS, settled

Change = Callable[[Appointment], Appointment]


def changed(text: str, old: Appointment, change: Change) -> str:
    """Patch, and hold that the text says what it should."""
    new = change(old)
    after = patch(text, new, WORDS, said=old, stamp=NOW)
    assert replace(settled(after, new), sequence=new.sequence) == new
    assert patch(after, new, WORDS, said=new, stamp=NOW) == after
    return after


def named(text: str, *names: str) -> list[str]:
    """Return the logical lines with these names in the events of a text."""
    inner = text.partition("BEGIN:VEVENT")[2]
    return [line for line in unfold(inner) if ContentLine(line).name in names]


def differences(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return the logical lines that went, and those that came."""
    old, new = unfold(before), unfold(after)
    return [line for line in old if line not in new], [line for line in new if line not in old]

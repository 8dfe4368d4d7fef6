"""Splitting iCalendar files of many events into objects as a calendar holds them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_BEGIN = re.compile(rb"BEGIN:([A-Z-]+)[ \t]*", re.IGNORECASE)
_END = re.compile(rb"END:([A-Z-]+)[ \t]*", re.IGNORECASE)
_UID = re.compile(rb"^UID(?:;[^:\n]*)?:([^\n]*)", re.MULTILINE | re.IGNORECASE)


class _OddFile(Exception):
    """Not a sequence of whole calendars."""


def split(content: bytes) -> list[bytes]:
    """Return the objects of a file, one for each UID, with all its zones and their own letters.

    A METHOD, which a stored object never has, is left out. A file that is no sequence of whole
    calendars is returned as it is.
    """
    reading = _Reading()
    try:
        for line in content.splitlines(keepends=True):
            reading.take(line)
    except _OddFile:
        return [content]
    return reading.found if reading.found and not reading.stack else [content]


@dataclass
class _Reading:
    """The calendar that is being read: its own lines, its zones, and the rest by UID."""

    stack: list[bytes] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    zones: list[bytes] = field(default_factory=list)
    objects: dict[bytes, list[bytes]] = field(default_factory=dict)
    block: list[bytes] = field(default_factory=list)
    found: list[bytes] = field(default_factory=list)

    def take(self, line: bytes) -> None:
        """Read on by one line."""
        if begin := _BEGIN.fullmatch(line.strip()):
            self.stack.append(begin[1].upper())
            if len(self.stack) == 1:
                return
        if not self.stack:
            if line.strip():
                raise _OddFile
        elif end := _END.fullmatch(line.strip()):
            self._end(line, end[1].upper())
        elif len(self.stack) > 1:
            self.block.append(line)
        elif not line.upper().startswith(b"METHOD:"):
            self.lines.append(line)

    def _end(self, line: bytes, kind: bytes) -> None:
        if self.stack.pop() != kind:
            raise _OddFile
        if self.stack:
            self.block.append(line)
        if len(self.stack) == 1:
            self._sort_in(kind)
        elif not self.stack:
            self._end_calendar()

    def _sort_in(self, kind: bytes) -> None:
        block, self.block = self.block, []
        if kind == b"VTIMEZONE":
            self.zones.extend(block)
            return
        uid = _UID.search(b"".join(block).replace(b"\r\n ", b"").replace(b"\n ", b""))
        self.objects.setdefault(kind + (uid[1].strip() if uid else b""), []).extend(block)

    def _end_calendar(self) -> None:
        for lines in self.objects.values():
            inner = b"".join((*self.lines, *self.zones, *lines))
            self.found.append(b"BEGIN:VCALENDAR\r\n" + inner + b"END:VCALENDAR\r\n")
        self.lines, self.zones, self.objects = [], [], {}

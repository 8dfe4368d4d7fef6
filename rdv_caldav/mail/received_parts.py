"""The parts of a mail that arrived, found within limits (RFC 2046).

Python's own parser compares each line with the boundaries of all levels around it, and builds
objects for as many parts as somebody cares to write: a small mail can keep it busy for minutes.
"""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import islice

from rdv_caldav.mail.received_fields import Fields, base64_octets, parameters

LARGEST = 25_000_000
"""Octets of a mail that are looked at."""

MOST_PARTS = 200
DEEPEST = 20
_LONGEST_HEAD = 256_000
_LONGEST_BOUNDARY = 200
_MOST_SCANNED = 3 * LARGEST
"""Octets that are searched for boundaries, over all levels."""

_BLANK_LINE = re.compile(rb"(?:\A|\n)\r?\n")
_TYPE = re.compile(r"\s*([a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+)", re.IGNORECASE)


class Fault(StrEnum):
    """What of a mail could not be looked at, or says that it is not what it seems."""

    TOO_LARGE = "too-large"
    TOO_MANY_FIELDS = "too-many-fields"
    TOO_MANY_PARTS = "too-many-parts"
    TOO_DEEP = "too-deep"
    NO_BOUNDARY = "no-boundary"
    TOO_MUCH_CALENDAR = "too-much-calendar"
    ENCRYPTED = "encrypted"
    NO_SENDER = "no-sender"
    SEVERAL_SENDERS = "several-senders"


@dataclass(frozen=True)
class Part:
    """One part; ``body`` is what stands between its head and its end, not decoded."""

    fields: Fields
    body: bytes = field(repr=False)

    @cached_property
    def content_type(self) -> str:
        """Type and subtype in lower case, ``text/plain`` where nothing is said."""
        match = _TYPE.match(self.fields.first("content-type"))
        return match[1].lower() if match else "text/plain"

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The parameters of Content-Type."""
        return dict(parameters(self.fields.first("content-type")))

    @cached_property
    def is_attachment(self) -> bool:
        """Whether it says so itself."""
        return self.fields.first("content-disposition").lower().lstrip().startswith("attachment")

    @cached_property
    def file_name(self) -> str:
        """Its name in lower case, empty if it has none."""
        named = parameters(self.fields.first("content-disposition")).get("filename", "")
        return (named or self.parameters.get("name", "")).lower()

    def content(self, most: int) -> bytes:
        """Return what it holds, decoded; ``most`` octets of its body at most are looked at."""
        body = self.body[:most]
        encoding = self.fields.first("content-transfer-encoding").lower()
        if encoding == "base64":
            return base64_octets(body)
        if encoding == "quoted-printable":
            return a2b_qp(body)
        return body


@dataclass(slots=True)
class Parts:
    """What a mail consists of: its own fields, and its parts without those that hold others."""

    fields: Fields
    content_type: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    leaves: list[Part] = field(default_factory=list)
    faults: set[Fault] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Where a part lies, and how deep."""

    start: int
    stop: int
    depth: int


def read_parts(raw: bytes) -> Parts:
    """Return the parts of a mail. What lies beyond the limits is left out and said as a fault."""
    stretch = _Stretch(0, min(len(raw), LARGEST), 0)
    fields, _ = _head(raw, stretch)
    found = Parts(fields)
    if len(raw) > LARGEST:
        found.faults.add(Fault.TOO_LARGE)
    if fields.has_more:
        found.faults.add(Fault.TOO_MANY_FIELDS)
    waiting, seen, scanned = [stretch], 0, 0
    while waiting:
        stretch = waiting.pop()
        seen += 1
        part, body = _part(raw, stretch)
        if seen == 1:
            found.content_type, found.parameters = part.content_type, part.parameters
        if not part.content_type.startswith("multipart/"):
            found.leaves.append(part)
            continue
        scanned += body.stop - body.start
        problem = _problem(part, body, scanned)
        if problem is not None:
            found.faults.add(problem)
            continue
        room = max(0, MOST_PARTS - seen - len(waiting))
        inner = list(islice(_stretches(raw, body, part.parameters["boundary"]), room + 1))
        if len(inner) > room:
            found.faults.add(Fault.TOO_MANY_PARTS)
        waiting += reversed(inner[:room])
    return found


def _problem(part: Part, body: _Stretch, scanned: int) -> Fault | None:
    if not 0 < len(part.parameters.get("boundary", "")) <= _LONGEST_BOUNDARY:
        return Fault.NO_BOUNDARY
    if body.depth >= DEEPEST or scanned > _MOST_SCANNED:
        return Fault.TOO_DEEP
    return None


def _part(raw: bytes, stretch: _Stretch) -> tuple[Part, _Stretch]:
    fields, start = _head(raw, stretch)
    part = Part(fields, b"")
    body = _Stretch(start, stretch.stop, stretch.depth)
    if part.content_type.startswith("multipart/"):
        return part, body
    return Part(fields, raw[start : stretch.stop]), body


def _head(raw: bytes, stretch: _Stretch) -> tuple[Fields, int]:
    """Return the fields of a part, and where its body starts.

    The end of a mail's own head is found however long it is, since it has but one.
    """
    end = min(stretch.stop, stretch.start + _LONGEST_HEAD)
    head = raw[stretch.start : end]
    blank = _BLANK_LINE.search(head)
    if blank is not None:
        return Fields(head[: blank.start() + 1]), stretch.start + blank.end()
    beyond = None if stretch.depth else _BLANK_LINE.search(raw, max(end - 3, 1), stretch.stop)
    return Fields(head), end if beyond is None else beyond.end()


def _stretches(raw: bytes, body: _Stretch, boundary: str) -> Iterator[_Stretch]:
    """Yield the parts between the lines of a boundary (RFC 2046 §5.1.1)."""
    name = re.escape(boundary.rstrip().encode(errors="replace"))
    delimiter = re.compile(rb"(?:\A|\r?\n)--" + name + rb"(--)?[ \t]*(?:\r?\n|\Z)")
    start: int | None = None
    # the line end before a boundary is the boundary's: the blank head of a part must stay
    place = max(body.start - 1, 0)
    while (found := delimiter.search(raw, place, body.stop)) is not None:
        if start is not None:
            yield _Stretch(start, max(start, found.start()), body.depth + 1)
        if found[1] is not None:
            return
        start = found.end()
        place = max(start - 1, found.start() + 1)
    if start is not None:
        yield _Stretch(start, body.stop, body.depth + 1)

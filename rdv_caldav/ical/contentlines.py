"""An iCalendar text as components and raw content lines, giving back exactly what it took.

Nothing here fails on odd text: what cannot be split into name, parameters and value is
carried along as it is. Lines end with CRLF or LF and nothing else: ``str.splitlines`` would
also split at U+2028 and U+0085, which are ordinary text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from icalendar import vText
from icalendar.parser import Contentline, Parameters

_FOLD = re.compile(r"\r?\n[ \t]")
_RAW_LINE = re.compile(r"[^\n]*\n(?:[ \t][^\n]*\n)*|[^\n]+\Z")
_NAME = re.compile(r"[^;:\r\n]*")
_STAMPS = frozenset({"DTSTAMP", "LAST-MODIFIED", "CREATED"})


class ContentLine:
    """One content line; ``raw`` is its folded text with its line end."""

    def __init__(self, raw: str) -> None:
        """Keep ``raw`` to the letter."""
        self.raw = raw

    @cached_property
    def unfolded(self) -> str:
        """The logical line without line end."""
        return _FOLD.sub("", self.raw).rstrip("\r\n")

    @cached_property
    def name(self) -> str:
        """The property name in upper case."""
        match = _NAME.match(self.raw)
        assert match is not None
        return match[0].upper()

    @cached_property
    def _parts(self) -> tuple[Mapping[str, object], str]:
        try:
            _, params, value = Contentline(self.unfolded).raw_parts()
        except ValueError:
            return {}, self.unfolded.partition(":")[2]
        return params, value

    @property
    def value(self) -> str:
        """The value as written, escapes and all."""
        return self._parts[1]

    @property
    def params(self) -> dict[str, str]:
        """The parameters by upper-case name, several values joined by commas."""
        return {
            name.upper(): ",".join(value) if isinstance(value, list) else str(value)
            for name, value in self._parts[0].items()
        }

    def with_params(
        self, changes: Mapping[str, str | None], value: str | None = None
    ) -> ContentLine:
        """Return the line with some parameters set, or removed where None."""
        params = {**self.params, **changes}
        kept = {name: setting for name, setting in params.items() if setting is not None}
        return make_line(self.name, self.value if value is None else value, kept)


def make_line(name: str, value: str, params: Mapping[str, str] | None = None) -> ContentLine:
    """Return a folded line; ``value`` is written as it is, parameters are quoted as needed."""
    written = ""
    if params:
        written = ";" + Parameters(params).to_ical(sorted=False).decode()
    folded = Contentline(f"{name}{written}:{value}").to_ical().decode()
    return ContentLine(f"{folded}\r\n")


def text_value(text: str) -> str:
    """Escape a text for use as a TEXT value (RFC 5545 §3.3.11)."""
    return vText(text).to_ical().decode()


@dataclass(slots=True)
class Component:
    """A component with its lines and inner components in order.

    The outermost one has no name, and neither BEGIN nor END.
    """

    name: str = ""
    begin: str = ""
    items: list[ContentLine | Component] = field(default_factory=list)
    end: str = ""

    def text(self) -> str:
        """Return the text it stands for."""
        inner = (item.text() if isinstance(item, Component) else item.raw for item in self.items)
        return f"{self.begin}{''.join(inner)}{self.end}"

    def copy(self) -> Component:
        """Return a copy that can be changed by itself; lines are never changed in place."""
        items = [item.copy() if isinstance(item, Component) else item for item in self.items]
        return Component(self.name, self.begin, items, self.end)

    def components(self, name: str) -> list[Component]:
        """Return the inner components of that name."""
        return [i for i in self.items if isinstance(i, Component) and i.name == name]

    def lines(self, *names: str) -> list[ContentLine]:
        """Return the lines with one of these property names."""
        return [i for i in self.items if isinstance(i, ContentLine) and i.name in names]

    def line(self, name: str) -> ContentLine | None:
        """Return the first line with that property name."""
        return next(iter(self.lines(name)), None)

    def replace(self, old: ContentLine, new: ContentLine | None) -> None:
        """Put a line in the place of another, or take it out."""
        place = next(n for n, item in enumerate(self.items) if item is old)
        self.items[place : place + 1] = [new] if new is not None else []

    def add(self, line: ContentLine) -> None:
        """Add a line after the last one, before inner components."""
        last = max(
            (n for n, item in enumerate(self.items) if isinstance(item, ContentLine)), default=-1
        )
        self.items.insert(last + 1, line)

    def put(self, line: ContentLine) -> bool:
        """Make ``line`` the only one of its name; False when it says so already."""
        standing = self.lines(line.name)
        if standing and standing[0].unfolded == line.unfolded and len(standing) == 1:
            return False
        if standing:
            self.replace(standing[0], line)
            for superfluous in standing[1:]:
                self.replace(superfluous, None)
        else:
            self.add(line)
        return True

    def drop(self, *names: str) -> bool:
        """Take out all lines of these names; False when there were none."""
        found = self.lines(*names)
        for line in found:
            self.replace(line, None)
        return bool(found)


def parse_components(text: str) -> Component:
    """Return the nameless outermost component of a text; never fails."""
    root = Component()
    stack = [root]
    for raw in _RAW_LINE.findall(text):
        line = ContentLine(raw)
        if line.name == "BEGIN":
            inner = Component(line.value.strip().upper(), raw)
            stack[-1].items.append(inner)
            stack.append(inner)
        elif line.name == "END" and stack[-1].name == line.value.strip().upper() and stack[-1].name:
            stack.pop().end = raw
        else:
            stack[-1].items.append(line)
    return root


def events_of(root: Component) -> Iterator[Component]:
    """Yield the VEVENTs of a calendar object, in order."""
    for calendar in root.components("VCALENDAR"):
        yield from calendar.components("VEVENT")


def to_crlf(text: str) -> str:
    """Return the text with CRLF line ends, without a BOM, ending with a line end."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").rstrip("\n").replace("\n", "\r\n")
    return f"{text}\r\n"


def unfold(text: str) -> list[str]:
    """Return the logical lines of a text."""
    return [ContentLine(raw).unfolded for raw in _RAW_LINE.findall(text)]


def same_but_stamps(one: str, other: str) -> bool:
    """Tell whether two texts differ in nothing but when they were written."""

    def substance(text: str) -> list[str]:
        lines = unfold(text)
        return [line for line in lines if ContentLine(line).name not in _STAMPS]

    return one == other or substance(one) == substance(other)

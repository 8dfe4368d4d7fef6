"""An iCalendar text as components and raw content lines, giving back exactly what it took.

Nothing here fails on odd text: what cannot be split into name, parameters and value is
carried along as it is. Lines end with CRLF or LF and nothing else: ``str.splitlines`` would
also split at U+2028 and U+0085, which are ordinary text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from icalendar.parser import Contentline, param_value, rfc_6868_unescape

_FOLD = re.compile(r"\r?\n[ \t]")
_RAW_LINE = re.compile(r"[^\n]*\n(?:[ \t][^\n]*(?:\n|\Z))*|[^\n]+\Z")
_ZONE_OR_LINE = re.compile(
    r"BEGIN:VTIMEZONE\r?\n(?:(?!END:VTIMEZONE|BEGIN:V)[^\n]*\n)*+END:VTIMEZONE\r?\n(?![ \t])|"
    + _RAW_LINE.pattern
)
_NAME = re.compile(r"([A-Za-z0-9-]+)[;:]")
_BLANK_LINES = re.compile(r"\n{2,}")
_PARAM = re.compile(r';([A-Za-z0-9-]+)=((?:"[^"\\]*"|[^",;:\\]*)(?:,(?:"[^"\\]*"|[^",;:\\]*))*)')
_HEAD = re.compile(rf"[A-Za-z0-9-]+((?:{_PARAM.pattern})*):")
_PARAM_VALUE = re.compile(r'"([^"]*)"|([^",]+)')
_UNWRITABLE = re.compile("[^\t\x20-\x7e\x80-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNWRITABLE_IN_PARAM = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ANSWER = ("PARTSTAT", "RSVP", "X-RESPONSE-COMMENT")
_STAMPS = frozenset({"DTSTAMP", "LAST-MODIFIED", "CREATED", "X-RDV-CONFLIT"})
"""What is written beside what is said: when, and whom it does not suit."""

_STAMP_LINE = re.compile(
    rf"^(?:{'|'.join(_STAMPS)})[;:].*\n?(?:[ \t].*\n?)*", re.MULTILINE | re.IGNORECASE
)
_Said = tuple[str, list[tuple[str, str]], str]
_DEEPEST = 16
"""How deep components nest: three levels are known to RFC 5545, two more to its extensions."""

_LARGEST_KEPT = 30_000
"""Characters of a text or a VTIMEZONE that is remembered; the longest of these has 20 000."""

_LONGEST = 74
"""Octets of a line that is not folded; RFC 5545 §3.1 allows one more."""


class ContentLine:
    """One content line; ``raw`` is its folded text with its line end.

    ``name`` is the property name in upper case.
    """

    __slots__ = ("_split", "_unfolded", "name", "raw")

    def __init__(self, raw: str) -> None:
        """Keep ``raw`` to the letter."""
        self.raw = raw
        self._unfolded: str | None = None
        self._split: tuple[list[tuple[str, str]], str] | None = None
        match = _NAME.match(raw)
        self.name = _odd_name(self.unfolded) if match is None else match[1].upper()

    @property
    def unfolded(self) -> str:
        """The logical line without line end."""
        if self._unfolded is None:
            raw = self.raw
            self._unfolded = (_FOLD.sub("", raw) if "\n" in raw[:-1] else raw).rstrip("\r\n")
        return self._unfolded

    @property
    def is_well_formed(self) -> bool:
        """Whether it is a name, parameters and a value, with nothing that readers differ on."""
        return _HEAD.match(self.unfolded) is not None

    @property
    def _parts(self) -> tuple[list[tuple[str, str]], str]:
        """Upper-case names of the parameters with their values as written, and the value."""
        if self._split is None:
            self._split = _split(self.unfolded)
        return self._split

    @property
    def value(self) -> str:
        """The value as written, escapes and all."""
        return self._parts[1]

    @property
    def params(self) -> dict[str, str]:
        """The parameters by upper-case name, several values joined by commas."""
        return {name: _read(written) for name, written in self._parts[0]}

    def with_params(
        self, changes: Mapping[str, str | list[str] | None], value: str | None = None
    ) -> ContentLine:
        """Return the line with some parameters set, or removed where None; the rest stays."""
        params = dict(self._parts[0])
        for name, setting in changes.items():
            if setting is None:
                params.pop(name, None)
            else:
                params[name] = _written(setting)
        written = "".join(f";{name}={setting}" for name, setting in params.items())
        return _folded(f"{self.name}{written}:{self.value if value is None else value}")


def _odd_name(line: str) -> str:
    """Return the name of a line with a fold or blanks in it, which icalendar overlooks too."""
    return re.split("[;:]", line, maxsplit=1)[0].replace(" ", "").replace("\t", "").upper()


def _split(line: str) -> tuple[list[tuple[str, str]], str]:
    head = _HEAD.match(line)
    if head is not None:
        found = _PARAM.findall(head[1])
        return [(name.upper(), written) for name, written in found], line[head.end() :]
    try:
        _, params, value = Contentline(line).raw_parts()
    except ValueError:
        return [], line.partition(":")[2]
    return [(name.upper(), _written(setting)) for name, setting in params.items()], value


def make_line(name: str, value: str, params: Mapping[str, str] | None = None) -> ContentLine:
    """Return a folded line; ``value`` is written as it is, parameters are quoted as needed."""
    written = "".join(f";{key}={_written(text)}" for key, text in (params or {}).items())
    return _folded(f"{name}{written}:{value}")


def text_value(text: str) -> str:
    """Escape a text for use as a TEXT value (RFC 5545 §3.3.11).

    icalendar's own writer takes a backslash before a capital N for a line break.
    """
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def _folded(line: str) -> ContentLine:
    """Fold a line; what neither iCalendar nor XML can carry is left out of it."""
    line = _UNWRITABLE.sub("", line)
    if not line.isascii() or len(line) > _LONGEST:
        line = Contentline(line).to_ical().decode()
    return ContentLine(f"{line}\r\n")


def _written(setting: str | list[str]) -> str:
    """Return a parameter's value as it is written (RFC 5545 §3.2, RFC 6868)."""
    values = [setting] if isinstance(setting, str) else setting
    return ",".join(
        param_value(_UNWRITABLE_IN_PARAM.sub("", text), always_quote=" " in text or "'" in text)
        for text in values
    )


def _read(written: str) -> str:
    if '"' not in written:
        return rfc_6868_unescape(written.strip(" \t"))
    values = (quoted or plain for quoted, plain in _PARAM_VALUE.findall(written))
    return ",".join(rfc_6868_unescape(value) for value in values)


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

    def insert(self, line: ContentLine, *, after: ContentLine | None) -> None:
        """Add a line after another; before the first one of its name where that is None."""
        beside = self.line(line.name) if after is None else after
        if beside is None:
            self.add(line)
            return
        place = next(n for n, item in enumerate(self.items) if item is beside)
        self.items.insert(place if after is None else place + 1, line)

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
    """Return the nameless outermost component of a text; never fails.

    What is nested deeper than anybody means it is kept as mere lines. VTIMEZONEs are shared
    with other trees: they are replaced, never changed.
    """
    return _tree(_known_pieces(text) if len(text) <= _LARGEST_KEPT else _pieces(text))


@lru_cache(maxsize=16)
def _known_pieces(text: str) -> tuple[ContentLine | Component, ...]:
    """Return the pieces of a text that is looked at several times, while it is written."""
    return tuple(_pieces(text))


def _pieces(text: str) -> Iterator[ContentLine | Component]:
    """Yield lines, and whole VTIMEZONEs: programs send the same long one with each object."""
    for raw in _ZONE_OR_LINE.findall(text):
        is_block = raw.startswith("BEGIN:VTIMEZONE") and len(raw) <= _LARGEST_KEPT
        zone = _definition(raw) if is_block else None
        if zone is not None:
            yield zone
        elif is_block or len(raw) > _LARGEST_KEPT:
            yield from map(ContentLine, _RAW_LINE.findall(raw))
        else:
            yield ContentLine(raw)


@lru_cache(maxsize=64)
def _definition(block: str) -> Component | None:
    """Return the VTIMEZONE that a text is, None if it is not well-formed."""
    items = _tree(map(ContentLine, _RAW_LINE.findall(block))).items
    whole = items[0] if len(items) == 1 else None
    return whole if isinstance(whole, Component) and whole.end else None


def _tree(pieces: Iterable[ContentLine | Component]) -> Component:
    root = Component()
    stack = [root]
    buried = 0
    for piece in pieces:
        name = piece.name
        if isinstance(piece, Component):
            pass
        elif name == "BEGIN" and (buried or len(stack) > _DEEPEST):
            buried += 1
        elif name == "BEGIN":
            inner = Component(piece.value.strip().upper(), piece.raw)
            stack[-1].items.append(inner)
            stack.append(inner)
            continue
        elif name == "END" and buried:
            buried -= 1
        elif name == "END" and len(stack) > 1 and stack[-1].name == piece.value.strip().upper():
            stack.pop().end = piece.raw
            continue
        stack[-1].items.append(piece)
    return root


def events_of(root: Component) -> Iterator[Component]:
    """Yield the VEVENTs of a calendar object, in order."""
    return components_of(root, ("VEVENT",))


def components_of(root: Component, names: Collection[str]) -> Iterator[Component]:
    """Yield the components of these names in a calendar object, in order."""
    for calendar in root.components("VCALENDAR"):
        for item in calendar.items:
            if isinstance(item, Component) and item.name in names:
                yield item


def to_crlf(text: str) -> str:
    """Return the text with CRLF line ends, without BOM and blank lines, ending with a line end.

    A blank line means nothing; readers differ in whether what follows it may still be a fold.
    A lone CR is none of iCalendar's line ends, but XML makes a line end of it: it is left out.
    """
    if _is_crlf(text):
        return text
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "")
    return _BLANK_LINES.sub("\n", text).strip("\n").replace("\n", "\r\n") + "\r\n"


def _is_crlf(text: str) -> bool:
    """Tell whether a text is as :func:`to_crlf` leaves it, as most are."""
    lines = text.count("\r\n")
    return (
        lines == text.count("\n") == text.count("\r")
        and text.endswith("\r\n")
        and "\r\n\r\n" not in text
        and not text.startswith(("\r\n", "\ufeff"))
    )


def unfold(text: str) -> list[str]:
    """Return the logical lines of a text."""
    return [ContentLine(raw).unfolded for raw in _RAW_LINE.findall(text)]


def same_but_answers(one: str, other: str) -> bool:
    """Tell whether two texts differ in nothing but who answered what, and when.

    The order of lines and of parameters says nothing: some libraries sort both on writing.
    """
    return _substance(one) == _substance(other)


def _substance(text: str) -> list[list[_Said]]:
    """Return what is said between each BEGIN or END and the next, without answers."""
    runs: list[list[_Said]] = [[]]
    for line in map(ContentLine, unfold(text)):
        if line.name in ("BEGIN", "END"):
            runs += [[_said(line)], []]
        elif line.name not in _STAMPS:
            runs[-1].append(_said(line))
    return [sorted(run) for run in runs]


def _said(line: ContentLine) -> _Said:
    kept = line.params
    if line.name in ("ATTENDEE", "ORGANIZER"):
        kept = {name: value for name, value in kept.items() if name not in _ANSWER}
    return line.name, sorted(kept.items()), line.value


def same_but_stamps(one: str, other: str) -> bool:
    """Tell whether two texts differ in nothing but when they were written."""
    return one == other or _without_stamps(one) == _without_stamps(other)


def _without_stamps(text: str) -> str:
    return _FOLD.sub("", _STAMP_LINE.sub("", text))

"""What somebody wrote in a mail, as plain text: without markup, and without what he quotes."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from rdv_caldav.mail.received_parts import Part
from rdv_caldav.mail.received_text import decoded

LONGEST_TEXT = 20_000
_LONGEST_SOURCE = 400_000
_TOKEN = re.compile(r"<!--|<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})([^<>]{0,2000})>|<[!?][^<>]{0,2000}>")
_NOT_SHOWN = frozenset(
    {"script", "style", "head", "title", "template", "noscript", "svg", "object"}
)
_NEW_LINE = frozenset({"br", "div", "p", "li", "tr", "h1", "h2", "h3", "table", "ul", "ol", "hr"})
_QUOTING = re.compile(r"gmail_quote|yahoo_quoted|moz-cite-prefix|protonmail_quote", re.IGNORECASE)
_FROM_HERE_ON = re.compile(r"divRplyFwdMsg|appendonsend|OLK_SRC_BODY", re.IGNORECASE)
_SEPARATOR = re.compile(
    r"-{2,}\s*(?:original message|message d'origine|message original|message transféré"
    r"|ursprüngliche nachricht|forwarded message)\s*-{2,}|_{20,}\Z",
    re.IGNORECASE,
)
_OUTLOOK_HEAD = re.compile(r"\*?(?:de|from|von)\s?:\*?\s.{1,300}", re.IGNORECASE)
_OUTLOOK_NEXT = re.compile(r"\*?(?:envoyé|sent|gesendet|date|à|to|an)\s?:", re.IGNORECASE)
_ATTRIBUTION = re.compile(
    r"(?:le|on|am|il|el)\s.{5,300}(?:a écrit|wrote|schrieb|ha scritto|escribió)\s?:\s*",
    re.IGNORECASE,
)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


def written_text(parts: Iterable[Part], *, most: int = LONGEST_TEXT) -> str:
    """Return what was written, at most ``most`` characters; quoted lines are left out."""
    return _own(_body(list(parts)))[:most].strip()


def whole_text(parts: Iterable[Part]) -> str:
    """Return the body as plain text, with what is quoted in it."""
    return "\n".join(_body(list(parts)))


def _body(parts: list[Part]) -> list[str]:
    """Return the lines of the first part that says something, plain ones first."""
    for content_type in ("text/plain", "text/html"):
        for part in parts:
            if part.content_type != content_type or part.is_attachment:
                continue
            text = decoded(part.content(_LONGEST_SOURCE), part.parameters.get("charset", ""))
            if content_type == "text/html":
                text = _stripped(text)
            elif text.lstrip()[:15].upper() == "BEGIN:VCALENDAR":
                continue
            lines = [each.rstrip() for each in _CONTROLS.sub("", text).split("\n")]
            if any(lines):
                return lines
    return []


def _own(lines: list[str]) -> str:
    kept: list[str] = []
    for place, line in enumerate(lines):
        if _is_end(line.strip(), lines[place + 1 : place + 4]):
            break
        if line.startswith(">"):
            while kept and not kept[-1]:
                kept.pop()
            _drop_attribution(kept)
        elif line or (kept and kept[-1]):
            kept.append(line)
    _drop_attribution(kept)
    return "\n".join(kept)


def _is_end(line: str, following: list[str]) -> bool:
    """Tell whether the rest is the mail that is answered."""
    if _SEPARATOR.fullmatch(line):
        return True
    is_head = _OUTLOOK_HEAD.fullmatch(line) is not None
    return is_head and any(_OUTLOOK_NEXT.match(each.strip()) for each in following)


def _drop_attribution(kept: list[str]) -> None:
    """Take out the line, or the two lines, that say whose words follow."""
    for length in (1, 2):
        if len(kept) >= length and _ATTRIBUTION.fullmatch(" ".join(kept[-length:]).strip()):
            del kept[-length:]
            return


def _stripped(source: str) -> str:
    """Return the text of an HTML document; nothing of it is fetched, run or kept as markup."""
    page = _Page()
    place = 0
    while not page.is_over and (token := _TOKEN.search(source, place)) is not None:
        page.add(source[place : token.start()])
        place = token.end()
        if token[0] == "<!--":
            end = source.find("-->", place)
            place = end + len("-->") if end >= 0 else len(source)
        elif token[2]:
            page.tag(token[2].lower(), token[3], is_end=token[1] == "/")
    if not page.is_over:
        page.add(source[place:])
    text = html.unescape("".join(page.pieces)).replace("\xa0", " ")
    return "\n".join(" ".join(line.split()) for line in text.split("\n"))


class _Page:
    """What a browser would show of a document, as far as somebody wrote it himself."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.is_over = False
        self._hidden = ""
        self._quoted = 0

    def add(self, text: str) -> None:
        """Take a text; line ends of the source mean no more than blanks."""
        if not self._hidden and not self._quoted:
            self.pieces.append(text.replace("\n", " ").replace("\r", " "))

    def tag(self, name: str, attributes: str, *, is_end: bool) -> None:
        """Take the start or the end of an element."""
        if self._hidden:
            self._hidden = "" if is_end and name == self._hidden else self._hidden
        elif name in _NOT_SHOWN and not is_end:
            self._hidden = name
        elif _FROM_HERE_ON.search(attributes):
            self.is_over = True
        elif self._quoted or name == "blockquote" or _QUOTING.search(attributes):
            self._count(name, is_end=is_end)
        elif name in _NEW_LINE:
            self.pieces.append("\n")

    def _count(self, name: str, *, is_end: bool) -> None:
        """Keep how deep one is in what is quoted; only elements that must be closed count."""
        if not self._quoted:
            self.pieces.append("\n")
        if name in ("blockquote", "div"):
            self._quoted = max(0, self._quoted - 1) if is_end else self._quoted + 1

"""Header fields of mails, written whole: folded, encoded (RFC 2047), and without surprises.

The standard library's own folding of names changed from release to release and lost quotes
around commas in some; a name that turns into two addresses is no small fault.
"""

from __future__ import annotations

import re
import unicodedata
from email import base64mime, quoprimime
from email.header import Header

from rdv_caldav.mail.addresses import wire_address

EOL = "\r\n"
LONGEST_LINE = 76
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_LONGEST_PLAIN_NAME = 60
_LONGEST_WORD = 60
# they reorder what is around them, which serves those who pose as somebody else
_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")


def one_line(text: str) -> str:
    """Return a text without controls, line ends, stray surrogates and direction overrides."""
    spaced = "".join(_plain(each) for each in _OVERRIDES.sub("", text))
    return " ".join(spaced.split())


def _plain(character: str) -> str:
    kind = unicodedata.category(character)
    return " " if kind in ("Cc", "Zl", "Zp") else "" if kind == "Cs" else character


def text_field(name: str, text: str) -> str:
    """Return an unstructured field, such as a subject."""
    return f"{name}: {_encoded(one_line(text), name)}{EOL}"


def address_field(name: str, display: str, address: str) -> str:
    """Return a field of one address. Raises InvalidInput.

    Only an address with letters beyond ASCII before its ``@`` is not ASCII (RFC 6532).
    """
    angled = f"<{wire_address(address)}>"
    shown = _phrase(one_line(display), name)
    if not shown:
        return f"{name}: {angled}{EOL}"
    last = shown.rpartition(EOL)[2]
    used = len(last) + (len(name) + 2 if EOL not in shown else 0)
    gap = " " if used + 1 + len(angled) <= LONGEST_LINE else f"{EOL} "
    return f"{name}: {shown}{gap}{angled}{EOL}"


def token_field(name: str, *tokens: str) -> str:
    """Return a field of parts that cannot be broken, folded between them."""
    lines = [f"{name}:"]
    for token in tokens:
        # a first line of nothing but the name is what some readers stumble over
        is_first = lines == [f"{name}:"]
        if is_first or len(lines[-1]) + 1 + len(token) <= LONGEST_LINE:
            lines[-1] += f" {token}"
        else:
            lines.append(f" {token}")
    return EOL.join(lines) + EOL


def _phrase(display: str, name: str) -> str:
    """Return a display name: as it is, quoted, or encoded."""
    plain = display.isascii() and len(display) <= _LONGEST_PLAIN_NAME and "=?" not in display
    if not plain:
        return _words(display, name)
    if _ATOMS.fullmatch(display):
        return display
    return '"' + re.sub(r'(["\\])', r"\\\1", display) + '"'


def _encoded(text: str, name: str) -> str:
    """Return a text as it is where that is possible, else as encoded words."""
    long_word = any(len(word) > _LONGEST_WORD for word in text.split())
    if not text.isascii() or "=?" in text or long_word:
        return _words(text, name)
    header = Header(text, "us-ascii", maxlinelen=LONGEST_LINE, header_name=name)
    return header.encode(splitchars=" ", linesep=EOL)


def _words(text: str, name: str) -> str:
    """Return encoded words, each of whole characters (RFC 2047 §5), in the shorter encoding."""
    raw = text.encode()
    encode = _quoted if quoprimime.header_length(raw) <= base64mime.header_length(raw) else _base64
    words, word, room = [], "", LONGEST_LINE - len(f"{name}: ")
    for character in text:
        if word and len(encode(word + character)) > room:
            words.append(encode(word))
            word, room = "", LONGEST_LINE - 1
        word += character
    return f"{EOL} ".join([*words, encode(word)])


def _quoted(text: str) -> str:
    """Return an encoded word of letters and ``=XX``, as phrases may hold, too."""
    return quoprimime.header_encode(text.encode(), "utf-8")


def _base64(text: str) -> str:
    """Return an encoded word that is short whatever the script."""
    return base64mime.header_encode(text.encode(), "utf-8")

"""The calendar texts of a mail, whatever programs and gateways made of them on the way.

Standard is one part text/calendar with a method (RFC 6047 §2.4). Proton's bridge loses the
method, Google sends the text a second time as application/ics, gateways make an
application/octet-stream of it, encode it twice, or say another charset than it has.
"""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Iterable

from rdv_caldav.mail.received_fields import base64_octets
from rdv_caldav.mail.received_parts import Fault, Part
from rdv_caldav.mail.received_text import decoded, repaired

MOST_CALENDAR = 2_000_000
"""Characters of calendar texts that are taken from one mail."""

_MOST_ENCODED = 2 * MOST_CALENDAR
_SNIFFED = 4_000
_CALENDAR_TYPES = frozenset(
    {"text/calendar", "text/x-vcalendar", "application/ics", "application/calendar", "text/ics"}
)
_ANYTHING = frozenset({"application/octet-stream", "text/plain"})
_TNEF_TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_ARCHIVES = re.compile(
    r"application/(?:x-)?(?:zip|zip-compressed|gzip|tar|7z-compressed|rar|rar-compressed|bzip2)"
)
_ARCHIVE_NAMES = (".zip", ".7z", ".rar", ".gz", ".tgz", ".tar", ".bz2", ".xz")
_BEGIN = re.compile(r"\s*\ufeff?\s*BEGIN\s*:\s*VCALENDAR", re.IGNORECASE)
_ENCODED_BEGIN = re.compile(r"\s*(?:QkVHSU46VkNBTEVOREFS|77u/QkVHSU46VkNBTEVOREFS)")
_QUOTED_BEGIN = re.compile(r"\s*BEGIN:VCALENDAR=(?:0D|0A|\r?\n)", re.IGNORECASE)


def calendar_texts(parts: Iterable[Part], faults: set[Fault]) -> tuple[str, ...]:
    """Return the different calendar texts, in order. ``faults`` says what was too much."""
    found: dict[str, None] = {}
    room = MOST_CALENDAR
    for part in parts:
        if not _is_calendar(part):
            continue
        text = _calendar_text(part) if len(part.body) <= _MOST_ENCODED else None
        if text is None or len(text) > room:
            faults.add(Fault.TOO_MUCH_CALENDAR)
        elif text.strip() and text not in found:
            found[text] = None
            room -= len(text)
    return tuple(found)


def has_tnef(parts: Iterable[Part]) -> bool:
    """Tell whether Outlook sent its own format (winmail.dat), which nobody else reads."""
    return any(
        part.content_type in _TNEF_TYPES or part.file_name == "winmail.dat" for part in parts
    )


def has_archive(parts: Iterable[Part]) -> bool:
    """Tell whether there is something packed; nothing is ever unpacked."""
    return any(
        _ARCHIVES.fullmatch(part.content_type) or part.file_name.endswith(_ARCHIVE_NAMES)
        for part in parts
    )


def _is_calendar(part: Part) -> bool:
    if part.content_type in _CALENDAR_TYPES:
        return True
    if part.content_type.startswith(("message/", "image/", "multipart/")):
        return False
    if part.file_name.endswith((".ics", ".ical", ".vcs")):
        return True
    if part.content_type not in _ANYTHING:
        return False
    return bool(_BEGIN.match(decoded(part.content(_SNIFFED), part.parameters.get("charset", ""))))


def _calendar_text(part: Part) -> str:
    """Return the text, with what was done to it once too often undone."""
    charset = part.parameters.get("charset", "")
    text = decoded(part.content(_MOST_ENCODED), charset)
    if _ENCODED_BEGIN.match(text):
        text = decoded(base64_octets(text.encode()), charset)
    elif _QUOTED_BEGIN.match(text):
        text = decoded(a2b_qp(text.encode()), charset)
    return repaired(text)

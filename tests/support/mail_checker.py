"""Says everything that is wrong with a mail of ours, as bytes: RFC 5322, 2045, 6047, 5546.

It shares no code with what builds mails, and reads them with a parser of another language; only
where the bytes themselves matter (line ends, transfer encodings) it looks at these.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterator

from fast_mail_parser import PyMimePart, parse_email, parse_email_tree

LONGEST, USUAL = 998, 78
_ONCE = ("From", "To", "Date", "Message-ID", "Subject", "MIME-Version", "Content-Type")
_AT_MOST_ONCE = ("Sender", "Reply-To", "In-Reply-To", "References", "Auto-Submitted")
_NEVER = ("Cc", "Bcc", "Return-Path", "Delivered-To", "Received")
_CALENDAR, _ATTACHED = "text/calendar", "application/ics"
_TREES = (
    re.compile(r"text/plain"),
    re.compile(r"alternative\(text/plain PAGE\)"),
    re.compile(r"mixed\(alternative\(text/plain (PAGE )?text/calendar\) application/ics\)"),
)
_OF_TRANSPORT = ("SCHEDULE-AGENT", "SCHEDULE-STATUS", "SCHEDULE-FORCE-SEND")
_EVENT_ONCE = ("UID", "DTSTAMP", "ORGANIZER", "ATTENDEE", "SEQUENCE", "SUMMARY")
_FILE = ("attachment", "invitation.ics")
_FROM_OUTSIDE = re.compile(
    r"""(src|background)\s*=\s*["']?(https?:|//)|url\(|<link|<script|@import""", re.IGNORECASE
)
_METHODS = ("REQUEST", "CANCEL", "DECLINECOUNTER")


def check_mail(raw: bytes, *, automatic: bool = True, all_attendees: bool = False) -> None:
    """Raise an AssertionError that names all faults of a mail.

    ``automatic`` is false for what a person wrote, ``all_attendees`` lets the calendar name
    others than the recipient.
    """
    faults = list(_faults_of_bytes(raw))
    if not faults:
        root = parse_email_tree(raw)
        faults += _faults_of_headers(root, automatic=automatic)
        faults += _faults_of_addresses(raw)
        faults += _faults_of_tree(root)
        faults += _faults_of_parts(raw, root)
        faults += _faults_of_calendar(raw, root, all_attendees=all_attendees)
    assert not faults, "\n".join(faults)


def calendar_of(raw: bytes) -> str:
    """Return the iCalendar text that programs answer."""
    parts = [each for each in _leaves(parse_email_tree(raw)) if each.content_type == _CALENDAR]
    assert len(parts) == 1, f"{len(parts)} parts are text/calendar"
    return (parts[0].content or b"").decode()


def lines_of(calendar: str, name: str) -> list[str]:
    """Return the unfolded lines of a property, name and all."""
    unfolded = re.sub(r"\r\n[ \t]", "", calendar)
    return re.findall(rf"^({name}[;:].*)$", unfolded.replace("\r\n", "\n"), re.MULTILINE)


# -- bytes --------------------------------------------------------------------------------


def _faults_of_bytes(raw: bytes) -> Iterator[str]:
    if re.search(rb"\r(?!\n)|(?<!\r)\n", raw):
        yield "a line does not end with CRLF"
    if b"\0" in raw:
        yield "there is a NUL"
    lines = raw.split(b"\r\n")
    if lines[-1]:
        yield "the last line has no end"
    longest = max(map(len, lines))
    if longest > LONGEST:
        yield f"a line has {longest} octets"
    header, _, body = raw.partition(b"\r\n\r\n")
    if not body.isascii():
        yield "the body is not ASCII"
    for line in header.split(b"\r\n"):
        if line[:1] in b" \t" and not line.strip():
            yield "a folded line is blank"
        can_fold = b" " in line.strip().partition(b": ")[2].strip()
        if len(line) > USUAL and can_fold:
            yield f"a header line of {len(line)} octets could be folded"


# -- header -------------------------------------------------------------------------------


def _faults_of_headers(root: PyMimePart, *, automatic: bool) -> Iterator[str]:
    number = Counter[str]()
    for name, values in root.headers.items():
        number[name.lower()] += len(values)
    yield from (
        f"{name}: {number[name.lower()]} times" for name in _ONCE if number[name.lower()] != 1
    )
    yield from (f"{name}: several" for name in _AT_MOST_ONCE if number[name.lower()] > 1)
    yield from (f"{name} is there" for name in _NEVER if number[name.lower()])
    marked = _header(root, "Auto-Submitted")
    if marked != ("auto-generated" if automatic else ""):
        yield f"Auto-Submitted: {marked}"
    message_id = _header(root, "Message-ID")
    if not re.fullmatch(r"<[^\s<>@]+@[^\s<>@]+>", message_id):
        yield f"Message-ID: {message_id}"
    references = _header(root, "References").split()
    follows = _header(root, "In-Reply-To")
    if (references[-1:] or [""]) != [follows] or message_id in references:
        yield "In-Reply-To is not the last of References"
    if not re.search(r" (\+\d{4}|-(?!0000)\d{4})$", _header(root, "Date")):
        yield "Date has no zone"
    unsubscribe = _header(root, "List-Unsubscribe")
    if unsubscribe and not re.fullmatch(r"<https://[^\s<>]+>", unsubscribe):
        yield f"List-Unsubscribe: {unsubscribe}"
    if bool(unsubscribe) != (
        _header(root, "List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
    ):
        yield "List-Unsubscribe and List-Unsubscribe-Post do not go together"


def _faults_of_addresses(raw: bytes) -> Iterator[str]:
    mail = parse_email(raw)
    if mail.date_parsed is None:
        yield f"Date: {mail.date}"
    if mail.from_ is None or len(mail.to) != 1:
        yield f"there is not exactly one sender and one recipient, but {len(mail.to)}"


def _header(part: PyMimePart, name: str) -> str:
    found = [values for each, values in part.headers.items() if each.lower() == name.lower()]
    return found[0][0].strip() if found else ""


# -- tree ---------------------------------------------------------------------------------


def _shape(part: PyMimePart) -> str:
    kind = part.content_type.removeprefix("multipart/")
    inner = " ".join(_shape(each) for each in part.children)
    return f"{kind}({inner})" if part.children else kind


def _faults_of_tree(root: PyMimePart) -> Iterator[str]:
    shape = re.sub(r"related\(text/html( image/\w+)+\)|text/html", "PAGE", _shape(root))
    if not any(tree.fullmatch(shape) for tree in _TREES):
        yield f"the tree is {_shape(root)}"


def _leaves(part: PyMimePart) -> Iterator[PyMimePart]:
    if not part.children:
        yield part
    for each in part.children:
        yield from _leaves(each)


def _faults_of_parts(raw: bytes, root: PyMimePart) -> Iterator[str]:
    for part in _leaves(root):
        kind, encoding = part.content_type, _header(part, "Content-Transfer-Encoding")
        if not part.content:
            yield f"{kind} is empty"
        if kind.startswith("text/") and 'charset="utf-8"' not in _header(part, "Content-Type"):
            yield f"{kind} does not say utf-8"
        if kind in (_CALENDAR, _ATTACHED) and encoding != "base64":
            yield f"{kind} is not base64"
        if kind == _CALENDAR and _header(part, "Content-Disposition"):
            yield f"{kind} has a Content-Disposition"
        if kind == _ATTACHED and (part.disposition, part.filename) != _FILE:
            yield f"{kind} is no attachment with a name"
        if kind == "text/html":
            yield from _faults_of_page((part.content or b"").decode(), root)
    repaired = [each.kind for each in parse_email(raw).warnings]
    if repaired:
        yield f"another program has to repair the mail: {repaired}"


def _faults_of_page(page: str, root: PyMimePart) -> Iterator[str]:
    pictures = [each for each in _leaves(root) if each.content_type.startswith("image/")]
    there = {each.content_id for each in pictures}
    shown = set(re.findall(r"""["']cid:([^"']+)["']""", page))
    if shown != there or len(there) != len(pictures):
        yield f"pictures shown {shown}, pictures there {there}"
    if _FROM_OUTSIDE.search(page):
        yield "the page loads something from outside"


# -- calendar -----------------------------------------------------------------------------


def _faults_of_calendar(raw: bytes, root: PyMimePart, *, all_attendees: bool) -> Iterator[str]:
    parts = {part.content_type: part for part in _leaves(root)}
    if _CALENDAR not in parts:
        return
    content = parts[_CALENDAR].content or b""
    if parts[_ATTACHED].content != content:
        yield "what is attached is not what is answered"
    if not _is_clean_base64(raw, content):
        yield "the base64 of the calendar is not in lines of 76"
    if re.search(rb"\r(?!\n)|(?<!\r)\n", content) or not content.endswith(b"END:VCALENDAR\r\n"):
        yield "a line of the calendar does not end with CRLF"
    if any(len(line) > 75 for line in content.split(b"\r\n")):
        yield "a line of the calendar has more than 75 octets"
    text = content.decode()
    said = re.search(r'method="?([A-Z]+)', _header(parts[_CALENDAR], "Content-Type"))
    method = said[1] if said else ""
    if lines_of(text, "METHOD") != [f"METHOD:{method}"] or method not in _METHODS:
        yield f"METHOD is {method} outside, {lines_of(text, 'METHOD')} inside"
    for name in ("BEGIN:VALARM", "X-RDV-PRIVATE", "X-RDV-NOTES", "X-MOZ-", *_OF_TRANSPORT):
        if name in text.upper():
            yield f"{name} is in the calendar"
    yield from _faults_of_zones(text)
    yield from _faults_of_events(text, method, _addresses(raw), all_attendees=all_attendees)


def _is_clean_base64(raw: bytes, content: bytes) -> bool:
    return base64.encodebytes(content).replace(b"\n", b"\r\n") in raw


def _addresses(raw: bytes) -> tuple[str, str]:
    mail = parse_email(raw)
    recipients = [each.address.lower() for each in mail.to]
    return mail.from_.address.lower() if mail.from_ else "", " ".join(recipients)


def _faults_of_zones(text: str) -> Iterator[str]:
    used = set(re.findall(r";TZID=\"?([^\":;\r]+)", re.sub(r"\r\n[ \t]", "", text)))
    defined = {line.partition(":")[2] for line in lines_of(text, "TZID")}
    if used != defined:
        yield f"zones used {sorted(used)}, zones defined {sorted(defined)}"


def _faults_of_events(
    text: str, method: str, addresses: tuple[str, str], *, all_attendees: bool
) -> Iterator[str]:
    events = re.findall(r"^BEGIN:VEVENT\r\n.*?^END:VEVENT\r\n", text, re.MULTILINE | re.DOTALL)
    if not events or len({tuple(lines_of(each, "UID")) for each in events}) != 1:
        yield "the calendar is not about one UID"
    sender, recipient = addresses
    for event in events:
        for name in _EVENT_ONCE:
            found = len(lines_of(event, name))
            if found != 1 and not (name == "ATTENDEE" and all_attendees and found):
                yield f"{name}: {found} times in an event"
        if not all(
            re.fullmatch(r"DTSTAMP:\d{8}T\d{6}Z", each) for each in lines_of(event, "DTSTAMP")
        ):
            yield "DTSTAMP is not in UTC"
        organizer = "".join(lines_of(event, "ORGANIZER"))
        if not organizer.lower().endswith(f":mailto:{sender}"):
            yield f"the sender is {sender}, the {organizer}"
        yield from _faults_of_attendee(event, method, recipient)


def _faults_of_attendee(event: str, method: str, recipient: str) -> Iterator[str]:
    own = [
        each
        for each in lines_of(event, "ATTENDEE")
        if each.lower().endswith(f":mailto:{recipient}")
    ]
    if len(own) != 1:
        yield f"the recipient is {recipient}, the attendees are {lines_of(event, 'ATTENDEE')}"
    elif method == "REQUEST" and not (";PARTSTAT=" in own[0] and ";RSVP=TRUE" in own[0]):
        yield f"PARTSTAT or RSVP is missing: {own[0]}"
    status = lines_of(event, "STATUS")
    if (method == "CANCEL") != (status == ["STATUS:CANCELLED"]):
        yield f"{method} with {status}"
    if not lines_of(event, "DTSTART"):
        yield "DTSTART is missing"

"""Mails that say that a mail could not be delivered (RFC 3464), and some that say it their way."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rdv_caldav.mail.received_fields import Fields, addresses, message_ids, readable
from rdv_caldav.mail.received_parts import Part, Parts

_STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_ORIGINAL_TYPES = frozenset(
    {
        "message/rfc822",
        "message/global",
        "text/rfc822-headers",
        "message/rfc822-headers",
        "message/global-headers",
    }
)
_LONGEST_REPORT = 64_000
_MOST_BLOCKS = 50
_LONGEST_DIAGNOSTIC = 500
_BLANK_LINES = re.compile(rb"\r?\n(?:[ \t]*\r?\n)+")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.])([45])\d\d[ -]")
_MACHINES = re.compile(r"(?:mailer-daemon|postmaster|mail-daemon)@", re.IGNORECASE)
_QMAIL = re.compile(r"This is the [\w-]+ program at|I'm afraid I wasn't able to deliver", re.ASCII)
_QMAIL_ADDRESS = re.compile(r"^<([^<>\s@]{1,100}@[^<>\s@]{1,200})>:\s*$", re.MULTILINE)
_STILL_TRYING = re.compile(r"delay|warning|retar|verzöger", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """What became of a mail that was sent, as somebody says who may be lying.

    ``recipient`` is the normalised address that it was sent to; ``action`` (failed, delayed,
    delivered, relayed, expanded) and ``status`` (5.1.1) are as in RFC 3464 §2.3, empty if not
    said. ``message_id`` is that of the mail sent, with its brackets, ``envelope_id`` the ENVID
    that it was sent with.
    """

    recipient: str = ""
    action: str = ""
    status: str = ""
    diagnostic: str = ""
    message_id: str = ""
    envelope_id: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether nobody tries any more."""
        return self.action == "failed" or (not self.action and self.status.startswith("5"))


def read_bounce(parts: Parts, *, sender: str, text: str) -> Bounce | None:
    """Return what a mail says of another one, None if it is no such mail.

    ``sender`` is its address in From, ``text`` its body as plain text.
    """
    report = next((part for part in parts.leaves if part.content_type in _STATUS_TYPES), None)
    original = next((part for part in parts.leaves if part.content_type in _ORIGINAL_TYPES), None)
    if report is not None:
        return _from_report(report, original, parts.fields)
    return _from_words(parts.fields, original, sender, text)


def _from_report(report: Part, original: Part | None, fields: Fields) -> Bounce | None:
    body = report.content(_LONGEST_REPORT)
    blocks = [Fields(block) for block in _BLANK_LINES.split(body)[:_MOST_BLOCKS]]
    recipients = [block for block in blocks if _typed(block.first("final-recipient"))]
    recipients = recipients or [block for block in blocks if block.first("action")]
    if not recipients:
        return None
    told = next((each for each in recipients if _action(each) == "failed"), recipients[0])
    diagnostic = readable(_typed(told.first("diagnostic-code")))
    named = _typed(told.first("original-recipient")) or _typed(told.first("final-recipient"))
    status = _STATUS.search(told.first("status")) or _STATUS.search(diagnostic)
    return Bounce(
        recipient=_address(named),
        action=_action(told),
        status=status[1] if status else "",
        diagnostic=diagnostic[:_LONGEST_DIAGNOSTIC],
        message_id=_original_id(original, fields),
        envelope_id=readable(blocks[0].first("original-envelope-id"))[:_LONGEST_DIAGNOSTIC],
    )


def _action(block: Fields) -> str:
    words = block.first("action").lower().split()
    return words[0][:20] if words else ""


def _typed(value: str) -> str:
    """Return what follows the type of an address or a code (``rfc822;``, ``smtp;``)."""
    kind, separator, rest = value.partition(";")
    return (rest if separator else kind).strip()


def _address(written: str) -> str:
    return next((address for _, address in addresses(written, most=1)), "")


def _original_id(original: Part | None, fields: Fields) -> str:
    """Return the id of the mail sent: from the copy of it, else from what the bounce refers to."""
    copied = _copied(original).first("message-id")
    for value in (copied, fields.first("in-reply-to"), fields.first("references")):
        ids = message_ids(value)
        if ids:
            return ids[-1]
    return ""


def _copied(original: Part | None) -> Fields:
    content = b"" if original is None else original.content(_LONGEST_REPORT)
    return Fields(_BLANK_LINES.split(content.lstrip(), maxsplit=1)[0])


def _from_words(fields: Fields, original: Part | None, sender: str, text: str) -> Bounce | None:
    """Read what Exim, qmail and others write, where it is clear that it is a bounce.

    Exim names the addresses in a field of its own. qmail writes a text, with addresses and
    reasons in it. Others at least send from a machine, with a code and a copy.
    """
    failed = addresses(fields.first("x-failed-recipients"), most=1)
    by_qmail = _QMAIL_ADDRESS.search(text) if _QMAIL.search(text) else None
    code = _STATUS.search(text) or _REPLY_CODE.search(text)
    if failed:
        recipient = failed[0][1]
    elif by_qmail is not None:
        recipient = _address(by_qmail[1])
    elif original is not None and code is not None and _MACHINES.match(sender):
        recipient = _address(_copied(original).first("to"))
    else:
        return None
    status = _STATUS.search(text)
    is_trying = _STILL_TRYING.search(readable(fields.first("subject")))
    return Bounce(
        recipient=recipient,
        action="delayed" if is_trying else "failed",
        status=status[1] if status else "",
        diagnostic=_reason(text, recipient, code)[:_LONGEST_DIAGNOSTIC],
        message_id=_original_id(original, fields) or _id_in(text),
    )


def _reason(text: str, recipient: str, code: re.Match[str] | None) -> str:
    """Return the line with the code, else the one after the address."""
    lines = text.splitlines()
    if code is not None:
        return next((line.strip() for line in lines if code[0] in line), "")
    place = next((n for n, line in enumerate(lines) if recipient in line.lower()), len(lines))
    return " ".join(line.strip() for line in lines[place + 1 : place + 3]).strip()


def _id_in(text: str) -> str:
    """Return the id from a copy of the mail within the text."""
    match = re.search(r"^message-id:[ \t]*(<[^<>\s]{1,250}>)", text, re.IGNORECASE | re.MULTILINE)
    return match[1] if match else ""

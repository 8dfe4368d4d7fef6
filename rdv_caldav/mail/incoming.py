"""Reading a mail that arrived: who sent it to which address, and what it holds.

Everything in it is somebody's claim. Reading takes bounded time and memory and never fails; what
could not be looked at is said by ``faults``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rdv_caldav.domain.replies import Authentication
from rdv_caldav.mail.authentication import dmarc_result
from rdv_caldav.mail.bounces import Bounce, read_bounce
from rdv_caldav.mail.received_calendars import calendar_texts, has_archive, has_tnef
from rdv_caldav.mail.received_fields import Fields, addresses, message_ids, moment, readable
from rdv_caldav.mail.received_parts import Fault, Parts, read_parts
from rdv_caldav.mail.received_words import whole_text, written_text

LONGEST_SUBJECT = 250
_LONGEST_NAME = 250
_MOST_RECIPIENTS = 200
_RECIPIENT_FIELDS = (
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-delivered-to",
    "to",
    "cc",
)
_ENCRYPTED_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_ANSWERING_MACHINES = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-mail-autoreply")
_AWAY = re.compile(
    r"(?:automatic reply|auto(?:matic)? ?response|auto ?reply|out of (?:the )?office|réponse"
    r" automatique|absence du bureau|automatische antwort|abwesenheitsnotiz)\b",
    re.IGNORECASE,
)


class Automatic(StrEnum):
    """Whether a person sent it, as far as it says so (RFC 3834 §5)."""

    NO = "no"
    AUTO_REPLY = "auto-reply"
    AUTO_GENERATED = "auto-generated"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMail:
    """A mail that arrived.

    Addresses are normalised, texts are decoded. ``sender`` is From, empty where that is not one
    plain address. ``recipients`` are those of delivery first, which the own server wrote, then To
    and Cc. Message ids keep their brackets. ``date`` is in UTC. ``automatic`` is NO wherever there
    is a calendar: Google says Auto-Submitted of the answers that people give. ``calendars`` are
    not those of mails within the mail: an invitation that is forwarded is no answer. ``text`` is
    what was written, without what is quoted. ``size`` is in octets.
    """

    message_id: str
    date: datetime | None
    sender: str
    sender_name: str
    reply_to: str
    subject: str
    recipients: tuple[str, ...]
    in_reply_to: str
    references: tuple[str, ...]
    automatic: Automatic
    calendars: tuple[str, ...]
    has_tnef: bool
    has_archive: bool
    text: str
    bounce: Bounce | None
    dmarc: Authentication
    size: int
    faults: frozenset[Fault]


def read_mail(raw: bytes, *, authserv_ids: Collection[str] = ()) -> ReceivedMail:
    """Read a mail as it came.

    ``authserv_ids`` are the names of the agency's mail servers in Authentication-Results, see
    :mod:`rdv_caldav.mail.authentication`.
    """
    parts = read_parts(raw)
    fields = parts.fields
    sender, sender_name = _sender(parts)
    subject = readable(fields.first("subject"))[:LONGEST_SUBJECT]
    calendars = calendar_texts(parts.leaves, parts.faults)
    bounce = read_bounce(parts, sender=sender, text=whole_text(parts.leaves))
    if _is_encrypted(parts):
        parts.faults.add(Fault.ENCRYPTED)
    is_doubtful = Fault.SEVERAL_SENDERS in parts.faults or not sender
    return ReceivedMail(
        message_id=_first_id(fields, "message-id"),
        date=moment(fields.first("date")),
        sender=sender,
        sender_name=sender_name,
        reply_to=next((each for _, each in addresses(fields.first("reply-to"), most=1)), ""),
        subject=subject,
        recipients=_recipients(fields),
        in_reply_to=_first_id(fields, "in-reply-to"),
        references=message_ids(fields.first("references")),
        automatic=Automatic.NO if calendars else _automatic(fields, subject, bounce),
        calendars=calendars,
        has_tnef=has_tnef(parts.leaves),
        has_archive=has_archive(parts.leaves),
        text=written_text(parts.leaves),
        bounce=bounce,
        dmarc=Authentication.NONE if is_doubtful else dmarc_result(fields, authserv_ids, sender),
        size=len(raw),
        faults=frozenset(parts.faults),
    )


def _sender(parts: Parts) -> tuple[str, str]:
    """Return the address and the name of From.

    With several of them programs show one and servers check another (RFC 7489 §6.6.1): the first
    is told, and the fault.
    """
    written = parts.fields.all("from")
    found = [each for value in written for each in addresses(value, most=10)]
    if not found:
        parts.faults.add(Fault.NO_SENDER)
        return "", ""
    if len(written) > 1 or len(found) > 1:
        parts.faults.add(Fault.SEVERAL_SENDERS)
    name, address = found[0]
    return address, name[:_LONGEST_NAME]


def _recipients(fields: Fields) -> tuple[str, ...]:
    found = (
        address
        for name in _RECIPIENT_FIELDS
        for value in fields.all(name)
        for _, address in addresses(value)
    )
    return tuple(dict.fromkeys(found))[:_MOST_RECIPIENTS]


def _first_id(fields: Fields, name: str) -> str:
    return next(iter(message_ids(fields.first(name))), "")


def _automatic(fields: Fields, subject: str, bounce: Bounce | None) -> Automatic:
    """Tell what sent it.

    X-Auto-Response-Suppress says nothing of that: Exchange writes it into people's mails. What
    Exchange itself answers for somebody who is away is auto-generated, so the subject decides.
    """
    submitted = fields.first("auto-submitted").lower().partition(";")[0].strip()
    precedence = fields.first("precedence").lower() or fields.first("x-precedence").lower()
    says_reply = submitted.startswith("auto-replied") or precedence.startswith("auto_reply")
    if says_reply or any(fields.first(name) for name in _ANSWERING_MACHINES):
        return Automatic.AUTO_REPLY
    is_generated = submitted not in ("", "no") or precedence in ("bulk", "junk", "list")
    is_generated = is_generated or fields.first("return-path").strip() == "<>"
    if _AWAY.match(subject):
        return Automatic.AUTO_REPLY
    if is_generated or bounce is not None or fields.first("list-id"):
        return Automatic.AUTO_GENERATED
    return Automatic.NO


def _is_encrypted(parts: Parts) -> bool:
    """Tell whether a program would have to decrypt it (PGP, S/MIME that is not merely signed)."""
    types = {part.content_type for part in parts.leaves} | {parts.content_type}
    return "multipart/encrypted" in types or not types.isdisjoint(_ENCRYPTED_TYPES)

"""Mails as bytes: what is said, for people and for calendar programs (RFC 6047).

Equal mails become equal bytes: what is sent again after a fault is what was sent before.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import MIMEPart
from email.policy import SMTP
from email.utils import format_datetime

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.addresses import ascii_domain
from rdv_caldav.mail.headers import address_field, text_field, token_field

CALENDAR_FILE = "invitation.ics"
MOST_REFERENCES = 20
_MESSAGE_ID = re.compile(r"<[^\s<>@]{1,120}@[^\s<>@]{1,120}>", re.ASCII)
_METHOD = re.compile(r"^METHOD:[ ]*([A-Z-]+)[ ]*$", re.MULTILINE | re.IGNORECASE)
_ANY_METHOD = re.compile(r"^METHOD[;:]", re.MULTILINE | re.IGNORECASE)
_URL = re.compile(r"https://[!-;=?-~]{1,800}", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}")
_IMAGE_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineImage:
    """A picture within the mail, shown where the html says ``<img src="cid:NAME">``."""

    name: str
    content: bytes
    subtype: str = "png"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    """One mail to one person.

    ``calendar`` is an iCalendar text whose METHOD is ``method``; both are empty for a plain mail.
    ``references`` are the Message-IDs of the thread, the mail that this one follows being the
    last. ``date`` is aware. ``unsubscribe`` is an https URL that takes a POST (RFC 8058).
    ``automatic`` is false for what a person wrote by himself (RFC 3834).
    """

    sender: str
    sender_name: str
    recipient: str
    recipient_name: str
    subject: str
    text: str
    html: str = ""
    calendar: str = ""
    method: str = ""
    images: tuple[InlineImage, ...] = ()
    message_id: str
    references: tuple[str, ...] = ()
    date: datetime
    language: str = "fr"
    unsubscribe: str = ""
    automatic: bool = True


def new_message_id(domain: str, key: str = "") -> str:
    """Return a Message-ID: that of a ``key``, the same each time, or a random one.

    It is read by all who get the mail, so that a key should say nothing, and nobody should be
    able to guess it from the outside. Raises InvalidInput for a domain that is none.
    """
    stem = hashlib.sha256(key.encode()).digest()[:20] if key else secrets.token_bytes(20)
    return f"<{b32encode(stem).decode().lower()}@{ascii_domain(domain)}>"


def may_unsubscribe_by(url: str) -> bool:
    """Tell whether a URL can stand in a header field: https, and ASCII alone."""
    return _URL.fullmatch(url) is not None


def build(mail: OutgoingMail) -> bytes:
    """Return a mail as it is sent: CRLF, lines of 998 octets at most, all ASCII save addresses.

    Line ends within names and subjects become spaces, so that no header can be smuggled in.
    Raises InvalidInput for addresses, Message-IDs, URLs and calendars that cannot be sent.
    """
    _check(mail)
    fields = "".join(_fields(mail)).encode()
    return fields + _tree(mail).as_bytes(policy=SMTP)


# -- what is refused ----------------------------------------------------------------------


def _check(mail: OutgoingMail) -> None:
    if mail.date.utcoffset() is None:
        raise InvalidInput("the date of a mail needs a time zone")
    if not _MESSAGE_ID.fullmatch(mail.message_id):
        raise InvalidInput("the Message-ID of a mail is not valid")
    if not _LANGUAGE.fullmatch(mail.language):
        raise InvalidInput("the language of a mail is not valid")
    if mail.unsubscribe and not may_unsubscribe_by(mail.unsubscribe):
        raise InvalidInput("the link to unsubscribe must be an https URL")
    for image in mail.images:
        if not _IMAGE_NAME.fullmatch(image.name) or not _IMAGE_NAME.fullmatch(image.subtype):
            raise InvalidInput("the name of a picture is not valid")
    _check_method(mail)


def _check_method(mail: OutgoingMail) -> None:
    """Programs believe one METHOD or the other: both must be the same (RFC 6047 §2.4)."""
    unfolded = _normal(mail.calendar).replace("\n ", "").replace("\n\t", "")
    inside = _METHOD.findall(unfolded) if len(_ANY_METHOD.findall(unfolded)) == 1 else []
    if mail.calendar and inside != [mail.method]:
        raise InvalidInput("the METHOD of a mail is not that of its calendar")
    if mail.method and not mail.calendar:
        raise InvalidInput("a mail with a METHOD needs a calendar")


# -- header -------------------------------------------------------------------------------


def _fields(mail: OutgoingMail) -> Iterator[str]:
    yield address_field("From", mail.sender_name, mail.sender)
    yield address_field("To", mail.recipient_name, mail.recipient)
    yield text_field("Subject", mail.subject)
    yield token_field("Date", format_datetime(mail.date))
    yield token_field("Message-ID", mail.message_id)
    # they come from mails of other programs, which write all sorts of things
    thread = [each for each in mail.references if _MESSAGE_ID.fullmatch(each)]
    if thread:
        yield token_field("In-Reply-To", thread[-1])
        kept = thread if len(thread) <= MOST_REFERENCES else [thread[0], *thread[-9:]]
        yield token_field("References", *kept)
    if mail.automatic:
        yield token_field("Auto-Submitted", "auto-generated")
        # Exchange looks at nothing else before it says that somebody is away
        yield token_field("X-Auto-Response-Suppress", "OOF")
    if mail.unsubscribe:
        yield token_field("List-Unsubscribe", f"<{mail.unsubscribe}>")
        yield token_field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
    yield token_field("Content-Language", mail.language)
    yield token_field("MIME-Version", "1.0")


# -- body ---------------------------------------------------------------------------------


def _tree(mail: OutgoingMail) -> MIMEPart:
    shown = [_text(mail.text, "plain")]
    if mail.html:
        shown.append(_page(mail))
    if not mail.calendar:
        return _multipart(mail, "alternative", *shown) if mail.html else shown[0]
    ics = _normal(mail.calendar).replace("\n", "\r\n")
    answerable = MIMEPart(policy=SMTP)
    answerable.set_content(
        ics,
        subtype="calendar",
        charset="utf-8",
        cte="base64",
        params={"method": mail.method},
    )
    attached = MIMEPart(policy=SMTP)
    attached.set_content(
        ics.encode(),
        maintype="application",
        subtype="ics",
        params={"name": CALENDAR_FILE},
        disposition="attachment",
        filename=CALENDAR_FILE,
    )
    return _multipart(mail, "mixed", _multipart(mail, "alternative", *shown, answerable), attached)


def _page(mail: OutgoingMail) -> MIMEPart:
    """Return the html, with the pictures that it shows."""
    if not mail.images:
        return _text(mail.html, "html")
    # a Content-ID is unique in the world, as a Message-ID is (RFC 2392)
    ids = {image.name: f"{image.name}.{mail.message_id[1:-1]}" for image in mail.images}
    page = re.sub(
        r"""(?<=["'(])cid:([A-Za-z0-9_-]+)(?=["')])""",
        lambda found: f"cid:{ids.get(found[1], found[1])}",
        mail.html,
    )
    pictures = []
    for image in mail.images:
        picture = MIMEPart(policy=SMTP)
        picture.set_content(
            image.content,
            maintype="image",
            subtype=image.subtype,
            disposition="inline",
            filename=f"{image.name}.{image.subtype}",
            cid=f"<{ids[image.name]}>",
        )
        pictures.append(picture)
    related = _multipart(mail, "related", _text(page, "html"), *pictures)
    related.set_param("type", "text/html")
    return related


def _text(text: str, subtype: str) -> MIMEPart:
    """Return a text in ASCII: servers on the way change anything else, and void signatures."""
    part = MIMEPart(policy=SMTP)
    part.set_content(_normal(text), subtype=subtype, charset="utf-8", cte="quoted-printable")
    return part


def _normal(text: str) -> str:
    """Return a text without controls, in lines that end with LF, and nothing else ends one."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", lines).rstrip("\n") + "\n"


def _multipart(mail: OutgoingMail, subtype: str, *parts: MIMEPart) -> MIMEPart:
    whole = MIMEPart(policy=SMTP)
    # neither quoted-printable nor base64 can hold "=_"
    stem = hashlib.sha256(f"{subtype} {mail.message_id}".encode()).hexdigest()[:20]
    whole["Content-Type"] = f'multipart/{subtype}; boundary="=_{stem}"'
    for part in parts:
        whole.attach(part)
    return whole

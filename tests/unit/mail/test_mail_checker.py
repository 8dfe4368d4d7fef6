"""The checker of mails finds each fault that it names: a mail is spoilt in one way at a time."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

import pytest

from rdv_caldav.mail.message import InlineImage, build
from support.mail_checker import check_mail
from support.mails import invitation_text, mail

RAW = build(
    mail(
        html='<img src="cid:qr">',
        images=(InlineImage(name="qr", content=b"\x89PNG"),),
        references=("<visite.0@agence.example>",),
        unsubscribe="https://agence.example/x",
    )
)


def swap(before: str, after: str) -> Callable[[bytes], bytes]:
    return lambda raw: raw.replace(before.encode(), after.encode(), 1)


def header(line: str) -> Callable[[bytes], bytes]:
    return lambda raw: f"{line}\r\n".encode() + raw


def without(name: str) -> Callable[[bytes], bytes]:
    return lambda raw: re.sub(rf"^{name}:.*\r\n".encode(), b"", raw, count=1, flags=re.MULTILINE)


def calendar(before: str, after: str) -> Callable[[bytes], bytes]:
    """Change the calendar, in both places."""
    return lambda raw: _rewritten(raw, lambda text: text.replace(before, after))


def _rewritten(raw: bytes, change: Callable[[str], str]) -> bytes:
    text = invitation_text().replace("\n", "\r\n")

    def encoded(each: str) -> bytes:
        return base64.encodebytes(each.encode()).replace(b"\n", b"\r\n")

    assert raw.count(encoded(text)) == 2
    assert change(text) != text
    return raw.replace(encoded(text), encoded(change(text)))


def only_attached(raw: bytes) -> bytes:
    before, _, after = raw.rpartition(b"Content-Type: application/ics")
    return before + b"Content-Type: application/ics" + _of_another(after)


def _of_another(part: bytes) -> bytes:
    head, _, _ = part.partition(b"\r\n\r\n")
    other = base64.encodebytes(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n").replace(b"\n", b"\r\n")
    return head + b"\r\n\r\n" + other + b"\r\n" + part[part.rindex(b"--=_") :]


FAULTS: list[tuple[Callable[[bytes], bytes], str]] = [
    (swap("Subject:", "X: a\nSubject:"), "does not end with CRLF"),
    (swap("Bonjour", "Bon\0jour"), "NUL"),
    (lambda raw: raw + b"x", "last line"),
    (header("X: " + "a" * 1000), "octets"),
    (header("X: " + "a " * 50), "could be folded"),
    (header("X: a\r\n \r\n b"), "blank"),
    (swap("Bonjour", "Bonjoür"), "not ASCII"),
    (header("From: x <x@autre.example>"), "From: 2 times"),
    (header("To: x <x@autre.example>"), "To: 2 times"),
    (header("Cc: x@autre.example"), "Cc is there"),
    (header("Bcc: x@autre.example"), "Bcc is there"),
    (without("Date"), "Date: 0 times"),
    (without("Message-ID"), "Message-ID: 0 times"),
    (without("MIME-Version"), "MIME-Version: 0 times"),
    (header("Reply-To: a@b.example\r\nReply-To: c@d.example"), "Reply-To: several"),
    (swap("claire@", "ivan@famille.example>, <claire@"), "one sender and one recipient"),
    (swap("auto-generated", "no"), "Auto-Submitted: no"),
    (without("Auto-Submitted"), "Auto-Submitted"),
    (swap("Message-ID: <visite.1@", "Message-ID: <visite.1"), "Message-ID: <"),
    (without("In-Reply-To"), "not the last of References"),
    (swap(" +0000", " -0000"), "no zone"),
    (swap("Tue, 24 Nov", "Tue, 34 Nov"), "Date: Tue"),
    (swap("<https://", "<http://"), "List-Unsubscribe: "),
    (without("List-Unsubscribe-Post"), "do not go together"),
    (swap("multipart/mixed", "multipart/related"), "the tree is"),
    (swap("text/plain", "text/rtf"), "the tree is"),
    (swap('charset="utf-8"', 'charset="us-ascii"'), "does not say utf-8"),
    (
        swap(
            "Content-Type: text/calendar",
            "Content-Disposition: inline\r\nContent-Type: text/calendar",
        ),
        "has a Content-Disposition",
    ),
    (swap("attachment; filename", "inline; filename"), "no attachment"),
    (swap('src=3D"cid:qr', 'src=3D"cid:x'), "pictures shown"),
    (swap('<img src=3D"', '<img src=3D"https://x.example/a.png"><img src=3D"'), "from outside"),
    (swap('method="REQUEST"', 'method="CANCEL"'), "METHOD is CANCEL"),
    (swap('; method="REQUEST"', ""), "METHOD is  outside"),
    (calendar("METHOD:REQUEST", "METHOD:PUBLISH"), "METHOD is"),
    (only_attached, "what is attached"),
    (calendar("SUMMARY:", "X-A:" + "a" * 90 + "\r\nSUMMARY:"), "more than 75"),
    (calendar("SEQUENCE:2\r\n", "SEQUENCE:2\n"), "a line of the calendar does not end"),
    (calendar("END:VEVENT", "BEGIN:VALARM\r\nEND:VALARM\r\nEND:VEVENT"), "BEGIN:VALARM"),
    (calendar("RSVP=TRUE", "RSVP=TRUE;SCHEDULE-STATUS=1.1"), "SCHEDULE-STATUS"),
    (calendar("SEQUENCE", "X-RDV-NOTES:a\r\nSEQUENCE"), "X-RDV-NOTES"),
    (calendar("SEQUENCE", "X-MOZ-LASTACK:a\r\nSEQUENCE"), "X-MOZ-"),
    (calendar("TZID:Europe/Paris", "TZID:Paris"), "zones used"),
    (calendar("TZID=Europe/Paris", "TZID=Paris"), "zones used"),
    (
        calendar("END:VEVENT", "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:autre\r\nEND:VEVENT"),
        "not about one UID",
    ),
    (calendar("DTSTAMP:20261124T190000Z", "DTSTAMP:20261124T190000"), "DTSTAMP is not in UTC"),
    (calendar("SEQUENCE:2\r\n", ""), "SEQUENCE: 0 times"),
    (calendar("mailto:rdv@", "mailto:alice@"), "the sender is"),
    (calendar("claire@", "ivan@"), "the recipient is"),
    (calendar("PARTSTAT=NEEDS-ACTION;", ""), "PARTSTAT or RSVP"),
    (calendar("STATUS:CONFIRMED", "STATUS:CANCELLED"), "REQUEST with"),
    (calendar("DTSTART;TZID=Europe/Paris:20261126T140000", "X:1"), "DTSTART is missing"),
    (
        calendar("END:VEVENT", "ATTENDEE:mailto:ivan@agence.example\r\nEND:VEVENT"),
        "ATTENDEE: 2 times",
    ),
]


def test_a_sound_mail_passes() -> None:
    check_mail(RAW)


@pytest.mark.parametrize(("spoil", "fault"), FAULTS)
def test_a_fault_is_found(spoil: Callable[[bytes], bytes], fault: str) -> None:
    spoilt = spoil(RAW)
    assert spoilt != RAW
    with pytest.raises(AssertionError) as found:
        check_mail(spoilt)
    assert fault in str(found.value)

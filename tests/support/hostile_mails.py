"""Mails that somebody sends to do harm, or that programs send without meaning any.

Each is made when it is asked for: some are large.
"""

from __future__ import annotations

import base64
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO

EVIL = "mallory@ailleurs.example"
REPLY = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Ailleurs//FR\r\nMETHOD:REPLY\r\n"
    "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20261124T120000Z\r\n"
    "ATTENDEE;PARTSTAT=DECLINED:mailto:{attendee}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def _mail(to: str, body: bytes, content_type: str, **fields: str) -> bytes:
    head = {
        "From": EVIL,
        "To": to,
        "Subject": "Bonjour",
        "Message-ID": "<1@ailleurs.example>",
        "MIME-Version": "1.0",
        "Content-Type": content_type,
    }
    head |= {name.replace("_", "-"): value for name, value in fields.items()}
    return "".join(f"{k}: {v}\r\n" for k, v in head.items()).encode() + b"\r\n" + body


def _mixed(*parts: tuple[str, bytes]) -> bytes:
    written = (b"--b\r\n" + head.encode() + b"\r\n\r\n" + body + b"\r\n" for head, body in parts)
    return b"".join(written) + b"--b--\r\n"


_MIXED = 'multipart/mixed; boundary="b"'


def _fifty_megabytes(to: str) -> bytes:
    line = base64.b64encode(b"x" * 57) + b"\r\n"
    large = ("Content-Type: image/png\r\nContent-Transfer-Encoding: base64", line * 660_000)
    return _mail(to, _mixed(("Content-Type: text/plain", b"Voici"), large), _MIXED)


def _ten_thousand_parts(to: str) -> bytes:
    return _mail(to, _mixed(*[("Content-Type: text/plain", b"x")] * 10_000), _MIXED)


def _million_boundaries(to: str) -> bytes:
    return _mail(to, b"\n--b" * 5_000_000, _MIXED)


def _nested(to: str) -> bytes:
    heads = (
        b"--n%d\r\nContent-Type: multipart/mixed; boundary=n%d\r\n\r\n" % (n, n + 1)
        for n in range(2_000)
    )
    body = b"".join(heads) + b"--n2000\r\n\r\nfond\r\n" * 10
    return _mail(to, body, "multipart/mixed; boundary=n0")


def _same_boundary_nested(to: str) -> bytes:
    head = b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    return _mail(to, head * 200_000, _MIXED)


def _many_fields(to: str) -> bytes:
    return b"X-A: b\r\n" * 300_000 + _mail(to, b"texte", "text/plain")


def _endless_field(to: str) -> bytes:
    return b"Subject: " + b"=?utf-8?q?=41?= " * 500_000 + b"\r\n" + _mail(to, b"", "text/plain")


def _comments(to: str) -> bytes:
    return b"From: " + b"(" * 100_000 + b"\r\n" + _mail(to, b"", "text/plain")


def _addresses(to: str) -> bytes:
    many = ", ".join(f"n{n}@ailleurs.example" for n in range(20_000))
    return _mail(to, b"", "text/plain", Cc=many)


def _tnef(to: str) -> bytes:
    head = (
        'Content-Type: application/ms-tnef; name="winmail.dat"\r\nContent-Transfer-Encoding: base64'
    )
    return _mail(to, _mixed((head, base64.b64encode(b"\x78\x9f\x3e\x22" * 50))), _MIXED)


def _forwarded(to: str) -> bytes:
    inner = _mail(to, REPLY.format(uid="u", attendee=EVIL).encode(), "text/calendar; method=REPLY")
    parts = (("Content-Type: text/plain", b"Pour info"), ("Content-Type: message/rfc822", inner))
    return _mail(to, _mixed(*parts), _MIXED)


def _zip(to: str) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("invite.ics", REPLY.format(uid="u", attendee=EVIL) + " " * 10_000_000)
    head = 'Content-Type: application/zip; name="invite.zip"\r\nContent-Transfer-Encoding: base64'
    return _mail(to, _mixed((head, base64.b64encode(packed.getvalue()))), _MIXED)


def _script(to: str) -> bytes:
    page = (
        b"<html><head><title>t</title><style>p{color:red}</style></head><body>"
        b"<script>alert('perdu')</script><img src=x onerror=alert(1)><p>Je viens &lt;volontiers&gt;"
        b"</p><!-- cache --><svg><script>alert(2)</script></svg>"
        b'<a href="javascript:alert(3)">ici</a></body></html>'
    )
    return _mail(to, page, "text/html; charset=utf-8")


def _unclosed_tags(to: str) -> bytes:
    return _mail(to, b"<script <!-- <a " * 200_000, "text/html")


def _header_injection(to: str) -> bytes:
    subject = "=?utf-8?q?Bonjour=0D=0ABcc:_victime@famille.example=00?="
    return _mail(
        to,
        b"texte",
        "text/plain",
        Subject=subject,
        From='"=?utf-8?q?A=0D=0AX-B:_c?=" <mallory@ailleurs.example>',
    )


def _odd_charsets(to: str) -> bytes:
    names = ("idna", "punycode", "utf-7", "zlib", "unicode_escape", "undefined", "\x00", "x" * 500)
    text = REPLY.format(uid="u", attendee=EVIL).encode()
    parts = ((f"Content-Type: text/calendar; charset={name}", text) for name in names)
    return _mail(to, _mixed(*parts), _MIXED)


def _calendar_bomb(to: str) -> bytes:
    line = b"X-A:" + b"b" * 60 + b"\r\n"
    body = b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n" + line * 300_000 + b"END:VCALENDAR\r\n"
    return _mail(to, body, "text/calendar; method=REPLY")


def _empty(to: str) -> bytes:
    return b""


def _noise(to: str) -> bytes:
    return bytes(range(256)) * 2_000


HOSTILE: Mapping[str, Callable[[str], bytes]] = {
    "fifty-megabytes": _fifty_megabytes,
    "ten-thousand-parts": _ten_thousand_parts,
    "million-boundaries": _million_boundaries,
    "nested": _nested,
    "same-boundary-nested": _same_boundary_nested,
    "many-fields": _many_fields,
    "endless-field": _endless_field,
    "comments": _comments,
    "addresses": _addresses,
    "tnef": _tnef,
    "forwarded": _forwarded,
    "zip": _zip,
    "script": _script,
    "unclosed-tags": _unclosed_tags,
    "header-injection": _header_injection,
    "odd-charsets": _odd_charsets,
    "calendar-bomb": _calendar_bomb,
    "empty": _empty,
    "noise": _noise,
}
"""By name, mails for the address that they are given."""


def forged_reply(uid: str, attendee: str, *, to: str, results: str = "") -> bytes:
    """Return an answer in somebody else's name: From is forged, and what a server found out.

    ``results`` is put into Authentication-Results by the forger himself.
    """
    text = REPLY.format(uid=uid, attendee=attendee).encode()
    mail = _mail(to, text, "text/calendar; method=REPLY; charset=utf-8", From=attendee)
    return (f"Authentication-Results: {results}\r\n".encode() if results else b"") + mail

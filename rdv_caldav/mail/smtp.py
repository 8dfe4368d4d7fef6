"""Giving mails to a server (RFC 5321), and knowing afterwards what became of each.

What counts is the final dot: before it nothing was taken, whatever happened; after it only the
server's answer tells, and where the answer is lost, nobody knows.
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.addresses import wire_address
from rdv_caldav.mail.delivery import Deferred, DeliveryFailed, NotAccepted, Refused, Unsure, clean
from rdv_caldav.mail.smtp_server import SmtpServer, connect

__all__ = ["SmtpServer", "SmtpSession", "open_session"]

TIMEOUT = 60.0
ANSWER_TIMEOUT = 600.0  # RFC 5321 §4.5.3.2.6
_BARE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*<([^>\r\n]+)>", re.IGNORECASE | re.MULTILINE)
# RFC 4954: nothing can be sent before somebody changes how we log in
_LOGIN_CODES = frozenset({530, 534, 535, 538})
# the size and the options of one mail (RFC 1870, RFC 5321); what else refuses MAIL, refuses us
_OF_THE_MAIL = frozenset({552, 555})
_OK, _GO_ON, _CLOSING = 250, 354, 421
_LONGEST_ENVELOPE_ID = 100  # RFC 3461 §4.4


@contextmanager
def open_session(
    server: SmtpServer, *, timeout: float = TIMEOUT, answer_timeout: float = ANSWER_TIMEOUT
) -> Iterator[SmtpSession]:
    """Connect and log in, for as many mails as are there. Raises Deferred, NotAccepted.

    ``timeout`` (seconds) is for each step, ``answer_timeout`` for a mail's text and its answer.
    """
    session = SmtpSession(server, timeout=timeout, answer_timeout=answer_timeout)
    session.connect()
    try:
        yield session
    finally:
        session.close()


class SmtpSession:
    """A connection that is made anew when the server ends it between two mails."""

    def __init__(self, server: SmtpServer, *, timeout: float, answer_timeout: float) -> None:
        self._server = server
        self._timeout = timeout
        self._answer_timeout = answer_timeout
        self._smtp: smtplib.SMTP | None = None

    def connect(self) -> smtplib.SMTP:
        """Connect and log in. Raises Deferred, NotAccepted."""
        self._smtp = connect(self._server, self._timeout)
        return self._smtp

    def close(self) -> None:
        """Say goodbye, if anybody is there."""
        if self._smtp is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._smtp.quit()
        self._drop()

    def send(self, raw: bytes, *, sender: str, recipient: str) -> str:
        """Give one mail to the server and return its answer, without addresses.

        The server is asked to report failures and delays, where it can (RFC 3461). Raises
        Deferred, Refused, Unsure; NotAccepted, where it is the sender who is refused, too;
        InvalidInput for addresses and bytes that cannot be sent at all. After each of them the
        session can go on with the next mail.
        """
        if _BARE_END.search(raw):
            raise InvalidInput("a mail has line ends that are not CRLF")
        sender, recipient = wire_address(sender), wire_address(recipient)
        smtp = self._ready()
        try:
            _introduce(smtp, raw, sender, recipient)
            return self._transmit(smtp, raw)
        except smtplib.SMTPServerDisconnected as error:
            self._drop()
            raise Deferred("the connection was lost before the mail was sent") from error
        except smtplib.SMTPResponseException as error:
            if error.smtp_code == _CLOSING:
                self._drop()
            raise _failure(error.smtp_code, error.smtp_error) from error

    def _ready(self) -> smtplib.SMTP:
        """Return a connection that answers, with nothing left of a mail before.

        Servers end those that were idle, or have carried many mails.
        """
        if self._smtp is None:
            return self.connect()
        with suppress(smtplib.SMTPException):
            code, _ = self._smtp.rset()
            if code == _OK:
                return self._smtp
        self._drop()
        return self.connect()

    def _transmit(self, smtp: smtplib.SMTP, raw: bytes) -> str:
        """Send what DATA is followed by; the dot apart, to know on which side of it one is."""
        code, reply = smtp.docmd("DATA")
        if code != _GO_ON:
            raise smtplib.SMTPResponseException(code, reply)
        assert smtp.sock is not None
        smtp.sock.settimeout(self._answer_timeout)
        smtp.send(_stuffed(raw))
        try:
            smtp.send(b".\r\n")
            code, reply = smtp.getreply()
        except smtplib.SMTPException as error:
            self._drop()
            raise Unsure("the connection was lost after the mail, before the answer") from error
        smtp.sock.settimeout(self._timeout)
        if 400 <= code < 600:
            raise smtplib.SMTPResponseException(code, reply)
        if not 200 <= code < 300:
            self._drop()
            raise Unsure("the answer to the mail makes no sense", code=max(code, 0))
        return f"{code} {clean(reply)}"

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None


def _stuffed(raw: bytes) -> bytes:
    """Double the dots that lines begin with (RFC 5321 §4.5.2)."""
    ended = raw if raw.endswith(b"\r\n") else raw + b"\r\n"
    return (b"\r\n" + ended).replace(b"\r\n.", b"\r\n..")[2:]


def _introduce(smtp: smtplib.SMTP, raw: bytes, sender: str, recipient: str) -> None:
    """Say from whom and to whom a mail is (MAIL and RCPT)."""
    options = _mail_options(smtp, raw, sender + recipient)
    code, reply = smtp.mail(sender, options)
    if 500 <= code < 600 and code not in _OF_THE_MAIL and "SMTPUTF8" not in options:
        # it would refuse all that we send: somebody has to put the server right, or the setting
        raise NotAccepted(clean(reply), code=code)
    _said(code, reply)
    options = []
    if smtp.has_extn("dsn"):
        options.append("NOTIFY=FAILURE,DELAY")
        if recipient.isascii():
            options.append(f"ORCPT=rfc822;{_xtext(recipient)}")
    _said(*smtp.rcpt(recipient, options))


def _mail_options(smtp: smtplib.SMTP, raw: bytes, addresses: str) -> list[str]:
    options = []
    header = raw.partition(b"\r\n\r\n")[0]
    if smtp.has_extn("size"):
        offered = smtp.esmtp_features["size"].strip()
        if offered.isdecimal() and 0 < int(offered) < len(raw):
            raise Refused("the mail is larger than the server takes", code=552)
        options.append(f"SIZE={len(raw)}")
    if not addresses.isascii() or not header.isascii():
        if not smtp.has_extn("smtputf8"):
            raise Refused("the server does not take addresses beyond ASCII", code=553)
        options.append("SMTPUTF8")
    if not raw.isascii():
        if not smtp.has_extn("8bitmime"):
            raise Refused("the server takes mails in ASCII only", code=554)
        options.append("BODY=8BITMIME")
    if smtp.has_extn("dsn"):
        found = _MESSAGE_ID.search(header)
        envelope = _xtext(found[1].decode(errors="replace")) if found else ""
        named = 0 < len(envelope) <= _LONGEST_ENVELOPE_ID
        options += ["RET=HDRS", f"ENVID={envelope}"] if named else ["RET=HDRS"]
    return options


def _said(code: int, reply: bytes) -> None:
    if not 200 <= code < 300:
        raise smtplib.SMTPResponseException(code, reply)


def _failure(code: int, reply: bytes | str) -> DeliveryFailed:
    """Return what an answer other than yes means."""
    if code in _LOGIN_CODES:
        return NotAccepted(clean(reply), code=code)
    kind = Refused if 500 <= code < 600 else Deferred
    return kind(clean(reply), code=max(code, 0))


def _xtext(text: str) -> str:
    """Write what a parameter may not hold as ``+XX`` (RFC 3461 §4)."""
    return "".join(
        chr(octet) if 0x21 <= octet <= 0x7E and octet not in b"+=" else f"+{octet:02X}"
        for octet in text.encode()
    )

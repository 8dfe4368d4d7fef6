"""Whether mail servers answer as they shall, without giving them a mail."""

from __future__ import annotations

import secrets
import smtplib
from base64 import b32encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from rdv_caldav.mail.addresses import wire_address
from rdv_caldav.mail.delivery import Deferred, clean
from rdv_caldav.mail.lmtp import Listen
from rdv_caldav.mail.smtp_server import SmtpServer, connect

_LOOK = 5.0  # seconds that a server on the same machine may take


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpProbe:
    """What a mail server offers. ``refused`` is what it says of each sender it takes nothing of."""

    reports_failures: bool
    refused: dict[str, str]


def probe_smtp(server: SmtpServer, senders: Sequence[str], *, timeout: float) -> SmtpProbe:
    """Connect, log in, name each sender, and leave. Raises Deferred, NotAccepted, InvalidInput."""
    smtp = connect(server, timeout)
    refused = {}
    try:
        for sender in senders:
            code, reply = smtp.mail(wire_address(sender))
            if not 200 <= code < 300:
                refused[sender] = f"{code} {clean(reply)}"
            smtp.rset()
        offers = smtp.has_extn("dsn")
    except smtplib.SMTPException as error:
        raise Deferred("the mail server ended the connection") from error
    finally:
        _leave(smtp)
    return SmtpProbe(reports_failures=offers, refused=refused)


@dataclass(frozen=True, slots=True, kw_only=True)
class LmtpProbe:
    """Whether what listens takes mails for an address of ours, and refuses one of nobody."""

    takes_own: bool
    refuses_others: bool


def probe_lmtp(listen: Listen, domain: str) -> LmtpProbe | None:
    """Ask who listens whether he takes what is for a domain; None where nobody does."""
    host = str(listen.path) if listen.path is not None else listen.host
    try:
        lmtp = smtplib.LMTP(host, listen.port, timeout=_LOOK)
    except (OSError, smtplib.SMTPException):
        return None
    nobody = b32encode(secrets.token_bytes(15)).decode().lower()
    try:
        lmtp.ehlo_or_helo_if_needed()
        lmtp.mail("")
        own, _ = lmtp.rcpt(f"postmaster@{domain}")
        other, _ = lmtp.rcpt(f"rdv-{nobody}@{domain}")
        lmtp.rset()
    except (OSError, smtplib.SMTPException):
        return LmtpProbe(takes_own=False, refuses_others=False)
    finally:
        _leave(lmtp)
    return LmtpProbe(takes_own=200 <= own < 300, refuses_others=500 <= other < 600)


def _leave(smtp: smtplib.SMTP) -> None:
    with suppress(OSError, smtplib.SMTPException):
        smtp.quit()
    smtp.close()

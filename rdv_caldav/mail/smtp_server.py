"""The mail server: what its URL says, and how it is reached."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.addresses import is_loopback
from rdv_caldav.mail.delivery import Deferred, NotAccepted, clean

_OPTIONS = frozenset({"verify", "ca", "hello"})
_HELLO = re.compile(r"[A-Za-z0-9.:\[\]-]{1,250}")


class Security(StrEnum):
    """How the connection is kept from being read."""

    NONE = "smtp"
    TLS = "smtps"
    STARTTLS = "smtp+starttls"


_PORTS = {Security.NONE: 25, Security.TLS: 465, Security.STARTTLS: 587}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where mails are given to. ``ca`` is a file of certificates to trust instead of the system's.

    ``hello`` is the name that we say we have; empty: this machine's.
    """

    host: str
    port: int
    security: Security = Security.NONE
    user: str = ""
    password: str = field(default="", repr=False)
    verify: bool = True
    ca: str = ""
    hello: str = ""

    @classmethod
    def parse(cls, url: str) -> SmtpServer:
        """Read ``smtp://host``, ``smtps://…`` or ``smtp+starttls://user:password@host:port``.

        User and password are percent-decoded. Options: ``?ca=FILE`` trusts the certificates of a
        file, ``?hello=NAME`` is what we say in EHLO, ``?verify=no`` trusts any certificate and is
        for loopback only, as are passwords without TLS. Raises InvalidInput, whose sentence never
        repeats the URL.
        """
        read = _read(url)
        if read is None:
            raise _invalid("is not like smtp+starttls://user:password@host:port")
        parts, security, options = read
        host, port = parts.hostname or "", parts.port
        _check(parts, host, options)
        server = cls(
            host=host,
            port=port or _PORTS[security],
            security=security,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            verify=options.get("verify", "yes") == "yes",
            ca=options.get("ca", ""),
            hello=options.get("hello", ""),
        )
        server._check_secrecy()
        return server

    def _check_secrecy(self) -> None:
        if is_loopback(self.host):
            return
        if not self.verify:
            raise _invalid(
                "says verify=no, which is for loopback only; ca=FILE trusts one of yours"
            )
        if self.user and self.security is Security.NONE:
            raise _invalid("has a password without TLS: use smtps:// or smtp+starttls://")

    def tls_context(self) -> ssl.SSLContext:
        """Return what certificates are checked with; TLS 1.2 at least. Raises NotAccepted."""
        try:
            context = ssl.create_default_context(cafile=self.ca or None)
        except OSError as error:
            raise NotAccepted("the file of certificates (ca) cannot be read") from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def _read(url: str) -> tuple[SplitResult, Security, dict[str, str]] | None:
    """Take a URL apart, or return None.

    What the library raises repeats what it could not read, be it a password; so no error of ours
    comes from one of its.
    """
    with suppress(ValueError):
        parts = urlsplit(url.strip())
        _ = parts.port  # raises for one that is no number
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
        return parts, Security(parts.scheme), options
    return None


def _check(parts: SplitResult, host: str, options: dict[str, str]) -> None:
    if not host or parts.path not in ("", "/") or parts.fragment:
        raise _invalid("is not like smtp+starttls://user:password@host:port")
    if bool(parts.username) != bool(parts.password):
        raise _invalid("has a user without a password, or a password without a user")
    if not options.keys() <= _OPTIONS or options.get("verify", "yes") not in ("yes", "no"):
        raise _invalid(f"has unknown options; there are: {', '.join(sorted(_OPTIONS))}")
    if not _HELLO.fullmatch(options.get("hello", "localhost")):
        raise _invalid("has an option hello that is no name")


def _invalid(what: str) -> InvalidInput:
    return InvalidInput(f"the URL of the SMTP server {what}")


# -- connecting ---------------------------------------------------------------------------


def connect(server: SmtpServer, timeout: float) -> smtplib.SMTP:
    """Return a connection, logged in where that is wanted. Raises Deferred, NotAccepted."""
    try:
        smtp = _dialled(server, timeout)
        try:
            _greet(smtp, server)
        except BaseException:
            smtp.close()
            raise
    except ssl.SSLEOFError as error:
        raise Deferred("the mail server ended the connection while TLS began") from error
    except ssl.SSLError as error:
        raise NotAccepted(f"TLS with the mail server failed: {error.reason}") from error
    except smtplib.SMTPResponseException as error:
        kind = Deferred if 400 <= error.smtp_code < 500 else NotAccepted
        raise kind(clean(error.smtp_error), code=error.smtp_code) from error
    except smtplib.SMTPServerDisconnected as error:
        raise Deferred("the mail server ended the connection") from error
    except smtplib.SMTPException as error:
        raise NotAccepted("the mail server does not offer the TLS or login we need") from error
    except OSError as error:
        raise Deferred(f"the mail server cannot be reached: {_reason(error)}") from error
    return smtp


def _dialled(server: SmtpServer, timeout: float) -> smtplib.SMTP:
    smtp: smtplib.SMTP
    place = (server.host, server.port, server.hello or None)
    if server.security is Security.TLS:
        smtp = smtplib.SMTP_SSL(*place, timeout=timeout, context=server.tls_context())
    else:
        smtp = smtplib.SMTP(*place, timeout=timeout)
    assert smtp.sock is not None
    # the final dot goes in a packet of its own, and is not to wait for the one before
    smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return smtp


def _greet(smtp: smtplib.SMTP, server: SmtpServer) -> None:
    smtp.ehlo_or_helo_if_needed()
    if server.security is Security.STARTTLS:
        smtp.starttls(context=server.tls_context())
        smtp.ehlo()
    if server.user:
        _log_in(smtp, server.user, server.password)


def _log_in(smtp: smtplib.SMTP, user: str, password: str) -> None:
    if (user + password).isascii():
        smtp.login(user, password)
        return
    # the library knows ASCII only, PLAIN knows UTF-8 (RFC 4616)
    secret = b64encode(f"\0{user}\0{password}".encode()).decode()
    code, reply = smtp.docmd("AUTH", f"PLAIN {secret}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, reply)


def _reason(error: OSError) -> str:
    return "timed out" if isinstance(error, TimeoutError) else error.strerror or "unknown error"

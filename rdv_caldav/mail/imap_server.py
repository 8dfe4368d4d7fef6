"""Where a mailbox is, as a setting says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self
from urllib.parse import unquote, urlsplit

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.addresses import is_loopback

_SCHEMES: Final = "imap://, imaps:// or imap+starttls://"


class Security(StrEnum):
    """How a connection is encrypted; the value is the scheme of the URL."""

    NONE = "imap"
    TLS = "imaps"
    STARTTLS = "imap+starttls"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapServer:
    """Where a mailbox is. ``repr()`` shows no password."""

    host: str
    port: int
    security: Security
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read ``imaps://user:password@host:port/FOLDER``, its parts percent-encoded.

        Schemes are ``imap`` (port 143, not encrypted), ``imaps`` (993) and
        ``imap+starttls`` (143). Without a folder it is INBOX. A password without TLS is for
        loopback only. Raises InvalidInput, whose sentence repeats nothing of the URL, since
        that holds a password.
        """
        try:
            parts = urlsplit(url)
            security = Security(parts.scheme)
            host, port = parts.hostname, parts.port
        except ValueError:  # its text may hold the password
            raise InvalidInput(f"the mailbox's URL must begin with {_SCHEMES}") from None
        if parts.query or parts.fragment:
            raise InvalidInput("? and # in the mailbox's URL must be written as %3F and %23")
        if not host or not parts.username or not parts.password:
            raise InvalidInput("the mailbox's URL needs a user, a password and a host")
        user, password = unquote(parts.username), unquote(parts.password)
        folder = unquote(parts.path.removeprefix("/")) or "INBOX"
        if not all(text.isprintable() for text in (host, user, password, folder)):
            raise InvalidInput("the mailbox's URL holds control characters")
        if security is Security.NONE and not is_loopback(host):
            raise InvalidInput("the mailbox's URL sends a password without TLS: use imaps://")
        default = 993 if security is Security.TLS else 143
        return cls(
            host=host,
            port=port or default,
            security=security,
            user=user,
            password=password,
            folder=folder,
        )

    @property
    def name(self) -> str:
        """What tells this mailbox from others: user, host and folder."""
        return f"{self.user}@{self.host}/{self.folder}"

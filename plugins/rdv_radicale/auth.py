"""Radicale's auth plugin: the agency's accounts.

A password check is made to be slow; a good answer is remembered for a minute, under a key
that this process alone knows.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time
import unicodedata
from datetime import date
from threading import Lock
from urllib.parse import unquote

from radicale import auth
from radicale.config import Configuration

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.services.accounts import verify
from rdv_radicale.session import default_book

logger = logging.getLogger(__name__)

REMEMBERED_SECONDS = 60


class Auth(auth.BaseAuth):
    """Logs accounts in by login and password."""

    def __init__(self, configuration: Configuration, book: AppointmentBook | None = None) -> None:
        """Check passwords against ``book``, or the one that the environment names."""
        super().__init__(configuration)
        self._book = book or default_book()
        self._key = secrets.token_bytes(32)
        self._remembered: dict[bytes, tuple[str, float]] = {}
        self._remembering = Lock()
        self._noted: dict[str, date] = {}

    def _login(self, login: str, password: str) -> str:
        return self.authenticate(login, password)

    def authenticate(self, login: str, password: str) -> str:
        """Return the account's login, empty for wrong credentials.

        A user name may come percent-encoded (Apple writes ``@`` as ``%40``).
        """
        for candidate in dict.fromkeys((login, unquote(login))):
            name = unicodedata.normalize("NFC", candidate.strip())
            digest = hmac.digest(self._key, f"{name}\0{password}".encode(), hashlib.sha256)
            found = self._recall(digest) or self._check(name, password, digest)
            if found:
                return found
        return ""

    def note_reading(self, login: str) -> None:
        """Note that a program reads calendars with an account, which spares its person mails.

        Once a day and process, in a transaction of its own. No answer depends on it.
        """
        now = self._book.clock()
        if self._noted.get(login) == now.date():
            return
        self._noted[login] = now.date()
        try:
            with self._book.database.writing() as tx:
                tx.contacts.note_synchronised(login, now)
        except Exception as error:  # noqa: BLE001 - the reading goes on whatever it was
            logger.warning("that calendars were read could not be noted: %s", type(error).__name__)

    def _recall(self, digest: bytes) -> str:
        login, until = self._remembered.get(digest, ("", 0.0))
        return login if time.monotonic() < until else ""

    def _check(self, login: str, password: str, digest: bytes) -> str:
        with self._book.database.reading() as tx:
            account = verify(tx, login, password)
        if account is None:
            return ""
        with self._remembering:
            now = time.monotonic()
            standing = {k: v for k, v in self._remembered.items() if v[1] > now}
            self._remembered = {**standing, digest: (account.login, now + REMEMBERED_SECONDS)}
        return account.login

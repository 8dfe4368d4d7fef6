"""Radicale's auth plugin: passwords of devices, and the agency's accounts.

Looking at a password is slow, or at least a statement; a right one is remembered by each process
under a key that it alone knows, together with the account's credentials mark. Each request reads
that mark with the account anyway: what was changed or revoked is void with the next one.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from urllib.parse import unquote

from radicale import auth
from radicale.config import Configuration

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.devices import DevicePassword, typed_secret
from rdv_caldav.domain.errors import TooManyAttempts
from rdv_caldav.services import devices
from rdv_caldav.services.devices import NOTED_EVERY
from rdv_caldav.services.remembering import Remembering
from rdv_caldav.services.throttling import LoginGate
from rdv_radicale.proof import Proof, ProofVoid
from rdv_radicale.session import default_book, opened

logger = logging.getLogger(__name__)


class Auth(auth.BaseAuth):
    """Logs accounts in by login and password."""

    def __init__(self, configuration: Configuration, book: AppointmentBook | None = None) -> None:
        """Check passwords against ``book``, or the one that the environment names."""
        super().__init__(configuration)
        self._book = book or default_book()
        self._gate = LoginGate(self._book.database, self._book.clock)
        self._key = secrets.token_bytes(32)
        self._remembered: Remembering[Proof] = Remembering()
        self._noted: dict[str, date] = {}
        self._used: dict[int, datetime] = {}

    def _login(self, login: str, password: str) -> str:
        """Serve the plain ``radicale`` command, whose requests do not look at proofs."""
        for _ in range(2):
            try:
                proof = self.authenticate(login, password)
            except TooManyAttempts:
                return ""
            if proof is None:
                return ""
            try:
                with opened(self._book, proof.login, proof=proof):
                    return proof.login
            except ProofVoid:
                self.forget(proof)
        return ""

    def authenticate(
        self, login: str, password: str, *, address: str = "", program: str = ""
    ) -> Proof | None:
        """Return what shows whose password it is, None for wrong credentials.

        A user name may come percent-encoded (Apple writes ``@`` as ``%40``); no login has a
        percent sign. ``program`` is the User-Agent. Raises TooManyAttempts; never for the password
        of a device, nor for one that is remembered.
        """
        name = unicodedata.normalize("NFC", unquote(login.strip()))
        text = f"{name}\0{password}".encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._key, text, hashlib.sha256)
        proof = self._remembered.get(digest)
        if proof is None:
            proof = self._of_device(name, password) or self._of_account(name, password, address)
            if proof is None:
                return None
            self._remembered.keep(digest, proof)
        if proof.device is not None:
            self._note_use(proof.device, program)
        return proof

    def forget(self, proof: Proof) -> None:
        """Look at a password anew next time, and at the account's others."""
        self._remembered.forget(lambda each: each.login == proof.login)

    def note_reading(self, login: str) -> None:
        """Note that a program reads calendars with an account, which spares its person mails.

        Once a day and process, in a transaction of its own. No answer depends on it.
        """
        now = self._book.clock()
        if self._noted.get(login) != now.date():
            self._noted[login] = now.date()
            self._write(lambda tx: tx.contacts.note_synchronised(login, now))

    def _note_use(self, device: DevicePassword, program: str) -> None:
        now = self._book.clock()
        last = self._used.get(device.id)
        if last is None or now - last >= NOTED_EVERY:
            self._used[device.id] = now
            self._write(lambda tx: devices.note_use(tx, device, program, now=now))

    def _write(self, change: Callable[[Transaction], None]) -> None:
        try:
            with self._book.database.writing() as tx:
                change(tx)
        except Exception as error:  # noqa: BLE001 - the request goes on whatever it was
            logger.warning("a use could not be noted: %s", type(error).__name__)

    def _of_device(self, name: str, password: str) -> Proof | None:
        if typed_secret(password) is None:
            return None
        with self._book.database.reading() as tx:
            found = devices.find(tx, name, password)
        if found is None:
            return None
        device, mark = found
        return Proof(login=name, mark=mark, device=device)

    def _of_account(self, name: str, password: str, address: str) -> Proof | None:
        account = self._gate.log_in(name, password, address=address, is_program=True)
        if account is None:
            return None
        return Proof(login=account.login, mark=account.credentials_mark)

"""Accounts: making them, and checking passwords.

A check is made to be slow and takes 64 MiB. A process makes few at once, so that whoever guesses
passwords takes neither all its processors nor, by waiting, all its threads.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Account, Role
from rdv_caldav.domain.errors import InvalidInput, TooManyAttempts, WeakPassword
from rdv_caldav.services.access import Actor
from rdv_caldav.services.audit import record_change

_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash("nobody has this password")
MAX_LOGIN = 200
MIN_PASSWORD = 10
"""Characters of a password that somebody chooses for himself."""

MOST_CHECKS = 2
"""Checks of passwords at once, in one process."""

MOST_WAITING = 2
"""Checks that wait for their turn, of those whom nobody knows."""

_BUSY_SECONDS = 2
_CHECKS = BoundedSemaphore(MOST_CHECKS)
_ROOM = BoundedSemaphore(MOST_CHECKS + MOST_WAITING)

_UNPRINTABLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})


def add_account(
    tx: Transaction,
    *,
    login: str,
    role: Role,
    password: str,
    person_slug: str | None = None,
    sector_ids: Iterable[int] = (),
    now: datetime,
    actor: Actor | None = None,
) -> Account:
    """Add an account, linked to a person where one is named.

    ``@`` and accents are welcome in a login. A command has no ``actor``. Raises InvalidInput,
    LoginTaken.
    """
    person = None
    if person_slug is not None:
        person = tx.people.by_slug(person_slug)
        if person is None:
            raise InvalidInput(f"there is no person {person_slug!r}")
    if not password:
        raise InvalidInput("an account needs a password")
    known_sectors = {sector.id for sector in tx.people.sectors()}
    sector_ids = set(sector_ids)
    if not sector_ids <= known_sectors:
        raise InvalidInput("there is no such secteur")
    account = tx.accounts.add(
        login=normalised_login(login),
        role=role,
        password_hash=_HASHER.hash(_secret(password)),
        person_id=person.id if person else None,
        sector_ids=sector_ids,
    )
    told = {"login": account.login, "role": role, "person": account.person_id}
    record_change(tx, actor, "AccountAdded", told, now=now)
    return account


def set_password(tx: Transaction, account: Account, password: str) -> None:
    """Give an account another password. Raises WeakPassword."""
    if len(password) < MIN_PASSWORD or password.casefold() == account.login.casefold():
        raise WeakPassword(f"a password has {MIN_PASSWORD} characters and is not the login")
    tx.accounts.set_password(account.id, _HASHER.hash(_secret(password)))


def normalised_login(login: str) -> str:
    """Return a login as it is kept (NFC). Raises InvalidInput for one that fits no URL."""
    login = unicodedata.normalize("NFC", login)
    if not login or login != login.strip() or len(login) > MAX_LOGIN:
        raise InvalidInput(f"a login has 1 to {MAX_LOGIN} characters, no blank at its ends")
    if login in (".", "..") or any(
        c in "/\\:%" or unicodedata.category(c) in _UNPRINTABLE for c in login
    ):
        raise InvalidInput("a login has no slash, colon, percent sign or control character")
    return login


def verify(tx: Transaction, login: str, password: str) -> Account | None:
    """Return the account of right credentials; a wrong login takes as long as a wrong password.

    Programs spell accents in one way or another: both login and password are compared in NFC.
    """
    try:
        found = tx.accounts.credentials(normalised_login(login))
    except InvalidInput:
        found = None
    account, stored = found or (None, None)
    is_right = matches(stored, password, patiently=True)
    return account if is_right and account is not None and account.active else None


def matches(stored: str | None, password: str, *, patiently: bool) -> bool:
    """Tell whether a password is the one of a hash; none takes as long, and is never right.

    Raises TooManyAttempts when many are checked already, unless ``patiently``.
    """
    if patiently:
        with _CHECKS:
            return _matches(stored, password)
    if not _ROOM.acquire(blocking=False):
        raise TooManyAttempts("many passwords are being checked", retry_after=_BUSY_SECONDS)
    try:
        with _CHECKS:
            return _matches(stored, password)
    finally:
        _ROOM.release()


def _matches(stored: str | None, password: str) -> bool:
    try:
        _HASHER.verify(stored or _NOBODY, _secret(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def _secret(password: str) -> bytes:
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")

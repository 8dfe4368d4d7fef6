"""Logging in by an account's own password, of which nobody tries many.

Wrong passwords count against the login together with the address they come from, and against
the address. Against a login alone they count softly: whoever guesses it from many addresses gets
two tries from each, but cannot keep its owner out, who is known by the address from which he
logged in before. Nobody waits in a thread: too many are refused with the time of the next try.

A program that goes on trying a password which was changed is answered from memory: that is no
guessing, and neither costs a check nor counts again.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rdv_caldav.db.engine import Database
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Account
from rdv_caldav.domain.clock import Clock
from rdv_caldav.domain.errors import InvalidInput, LostRace, TooManyAttempts
from rdv_caldav.domain.throttling import ADDRESS, LOGIN, PAIR, SUSPECT_PAIR, Budget
from rdv_caldav.services.accounts import matches, normalised_login
from rdv_caldav.services.remembering import Remembering

logger = logging.getLogger(__name__)

KNOWN_SECONDS = 30 * 86_400
"""How long an account is known at an address after it logged in there."""

_KNOWN_RENEWED = 29 * 86_400
"""It is written down again once a day at most."""

_KEY = "login-budgets"
_FACTOR = 2
"""How many times a budget can be overdrawn, by tries that are looked at at the same moment."""


@dataclass(frozen=True, slots=True)
class _Keys:
    """Under which keys it is kept what one try counts against."""

    pair: str
    address: str
    login: str
    known: str

    @property
    def all(self) -> tuple[str, ...]:
        return self.pair, self.address, self.login, self.known


class LoginGate:
    """Lets accounts in by their own passwords. One for each application of a process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Remember nothing."""
        self._database = database
        self._clock = clock
        self._memory_key = secrets.token_bytes(32)
        self._budget_key = b""
        self._wrong: Remembering[bool] = Remembering()
        self._refused: Remembering[int] = Remembering()

    def log_in(
        self,
        login: str,
        password: str,
        *,
        address: str,
        is_program: bool = False,
    ) -> Account | None:
        """Return the account of right credentials; None is all that is told of wrong ones.

        ``address`` is as :func:`rdv_caldav.domain.throttling.client_address` has it. A program is
        let in only where the agency takes the account's own password from one. Raises
        TooManyAttempts, with the seconds to wait, whatever the password.
        """
        now = int(self._clock().timestamp())
        name = unicodedata.normalize("NFC", login)
        keys = self._keys(name, address)
        self._check_not_refused(keys, now)
        with self._database.reading() as tx:
            spent = tx.login_attempts.until(keys.all)
            self._check(keys, spent, now)
            account, stored = _credentials(tx, name)
            is_taken = not is_program or (account is not None and _takes_programs(tx, account))
        mark = account.credentials_mark if account else ""
        guess = self._digest(name, password, mark, str(is_taken))
        if self._wrong.get(guess):
            return None
        patiently = keys.known in spent or keys.address not in spent
        is_right = matches(stored, password, patiently=patiently)
        if not is_right or not is_taken or account is None or not account.active:
            self._wrong.keep(guess, True)
            self._write(lambda tx: _count(tx, keys, now))
            return None
        if keys.pair in spent or spent.get(keys.known, 0) < now + _KNOWN_RENEWED:
            self._write(lambda tx: _welcome(tx, keys, now))
        return account

    def _check_not_refused(self, keys: _Keys, now: int) -> None:
        """Refuse again without asking the database, as long as it would say the same."""
        until = self._refused.get(keys.pair.encode()) or 0
        if until > now:
            raise _too_many(until - now)

    def _check(self, keys: _Keys, spent: Mapping[str, int], now: int) -> None:
        is_known = spent.get(keys.known, 0) > now
        is_guessed = LOGIN.wait(spent.get(keys.login, 0), now=now) > 0
        pair = SUSPECT_PAIR if is_guessed and not is_known else PAIR
        wait = pair.wait(spent.get(keys.pair, 0), now=now)
        if wait:
            self._refused.keep(keys.pair.encode(), now + wait)
        elif not is_known:
            wait = ADDRESS.wait(spent.get(keys.address, 0), now=now)
        if wait:
            raise _too_many(wait)

    def _keys(self, name: str, address: str) -> _Keys:
        if not self._budget_key:
            self._budget_key = self._shared_key()
        digests = (
            hmac.new(
                self._budget_key, "\0".join(words).encode("utf-8", "surrogatepass"), hashlib.sha256
            ).hexdigest()
            for words in (
                ("pair", name, address),
                ("address", address),
                ("login", name),
                ("known", name, address),
            )
        )
        return _Keys(*digests)

    def _shared_key(self) -> bytes:
        """Return the key of all processes: the table tells nobody's address."""
        with self._database.reading() as tx:
            known = tx.web_sessions.secret(_KEY)
        if known is None:
            made = secrets.token_bytes(32)
            try:
                with self._database.writing() as tx:
                    tx.web_sessions.keep_secret(_KEY, made)
            except LostRace:
                return self._shared_key()
            known = made
        return known

    def _digest(self, *words: str) -> bytes:
        text = "\0".join(words).encode("utf-8", "surrogatepass")
        return hmac.digest(self._memory_key, text, hashlib.sha256)

    def _write(self, change: Callable[[Transaction], None]) -> None:
        """Write down what came of it; no answer depends on it."""
        try:
            with self._database.writing() as tx:
                change(tx)
        except LostRace:
            logger.info("a login was counted by another process at the same time")


def _credentials(tx: Transaction, name: str) -> tuple[Account | None, str | None]:
    try:
        found = tx.accounts.credentials(normalised_login(name))
    except InvalidInput:
        found = None
    return found or (None, None)


def _takes_programs(tx: Transaction, account: Account) -> bool:
    has_had = tx.devices.has_had(account.id)
    return tx.agency.settings().account_password_on_caldav.takes(has_had_device=has_had)


def _count(tx: Transaction, keys: _Keys, now: int) -> None:
    budgets: dict[str, Budget] = {keys.pair: PAIR, keys.address: ADDRESS, keys.login: LOGIN}
    # in one order, so that no two writers wait for each other
    for key, budget in sorted(budgets.items(), key=lambda each: each[0]):
        tx.login_attempts.spend(key, budget.cost, at_most=_FACTOR * budget.full, now=now)


def _welcome(tx: Transaction, keys: _Keys, now: int) -> None:
    tx.login_attempts.forget(keys.pair)
    tx.login_attempts.set_until(keys.known, now + KNOWN_SECONDS)


def _too_many(wait: int) -> TooManyAttempts:
    return TooManyAttempts(f"too many wrong passwords: try in {wait} seconds", retry_after=wait)

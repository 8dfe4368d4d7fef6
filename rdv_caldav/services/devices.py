"""Passwords of devices: one for each telephone or program, shown once and revocable alone.

They are long and random, so a keyed hash that is looked up is enough: a leaked database gives
nothing to guess at, and each costs one statement. They open calendars, and never the panel.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Account, Role
from rdv_caldav.domain.devices import (
    LONGEST_LABEL,
    MOST_DEVICES,
    DevicePassword,
    program_family,
    secret_of,
    spelled,
    typed_secret,
)
from rdv_caldav.domain.errors import AccessRefused, InvalidInput, UnknownObject
from rdv_caldav.services.access import Actor
from rdv_caldav.services.audit import record_change

NOTED_EVERY = timedelta(hours=1)
"""How exactly the last use is remembered."""

_KEY = "devices"
_OCTETS = 20


def make(tx: Transaction, actor: Actor, label: str, *, now: datetime) -> str:
    """Make a password for a device of the actor's, and return it as it is shown, this once.

    Raises InvalidInput for a label that is empty, too long or unprintable, or one device too many.
    """
    label = unicodedata.normalize("NFC", label).strip()
    if not 0 < len(label) <= LONGEST_LABEL or not label.isprintable():
        raise InvalidInput(f"a device's name has 1 to {LONGEST_LABEL} characters")
    if len(tx.devices.of_account(actor.account.id)) >= MOST_DEVICES:
        raise InvalidInput(f"an account has {MOST_DEVICES} devices at most")
    key = tx.web_sessions.secret(_KEY)
    if key is None:
        key = secrets.token_bytes(32)
        tx.web_sessions.keep_secret(_KEY, key)
    secret = secret_of(secrets.token_bytes(_OCTETS))
    made = tx.devices.add(actor.account.id, secret_hash=_hash(key, secret), label=label, now=now)
    record_change(tx, actor, "DevicePasswordMade", {"device": made, "label": label}, now=now)
    return spelled(secret)


def listed(tx: Transaction, account: Account) -> Sequence[DevicePassword]:
    """Return the devices of an account, the newest first."""
    return tx.devices.of_account(account.id)


def of_login(tx: Transaction, actor: Actor | None, login: str) -> Account:
    """Return the account whose devices an administrateur, or a command, looks at.

    Raises AccessRefused, UnknownObject.
    """
    if actor is not None and actor.account.role is not Role.ADMINISTRATEUR:
        raise AccessRefused("only an administrateur looks after others' devices")
    account = tx.accounts.by_login(login)
    if account is None:
        raise UnknownObject(f"no account {login!r}")
    return account


def counts(tx: Transaction, actor: Actor) -> Sequence[tuple[str, str, int]]:
    """Return login, role and number of devices of the other active accounts, by login."""
    return [each for each in tx.devices.counts() if each[0] != actor.account.login]


def revoke(
    tx: Transaction, actor: Actor | None, account: Account, device_id: int, *, now: datetime
) -> DevicePassword:
    """Make a device's password void at once. Raises UnknownObject, AccessRefused."""
    if actor is not None and actor.account.id != account.id:
        of_login(tx, actor, account.login)
    device = device_of(tx, account, device_id)
    tx.devices.revoke(device)
    told = {"device": device.id, "label": device.label, "login": account.login}
    record_change(tx, actor, "DevicePasswordRevoked", told, now=now)
    return device


def device_of(tx: Transaction, account: Account, device_id: int) -> DevicePassword:
    """Return one of the devices of an account. Raises UnknownObject."""
    for device in tx.devices.of_account(account.id):
        if device.id == device_id:
            return device
    raise UnknownObject("no such device of this account")


def find(tx: Transaction, login: str, password: str) -> tuple[DevicePassword, str] | None:
    """Return the device of an active account whose password this is, and the account's mark.

    What cannot be one costs nothing, whatever else it may be.
    """
    secret = typed_secret(password)
    key = None if secret is None else tx.web_sessions.secret(_KEY)
    if secret is None or key is None:
        return None
    found = tx.devices.find(_hash(key, secret))
    if found is None or found[1] != login:
        return None
    device, _login, mark = found
    return device, mark


def note_use(tx: Transaction, device: DevicePassword, user_agent: str, *, now: datetime) -> None:
    """Remember that a device was used, and by which program, once an hour."""
    since = int((now - NOTED_EVERY).timestamp())
    tx.devices.note_use(device.id, program_family(user_agent), now=now, unless_since=since + 1)


def _hash(key: bytes, secret: str) -> str:
    return hmac.new(key, secret.encode("ascii"), hashlib.sha256).hexdigest()

"""The inbox of an account: switched on or off, filled, read by its programs, emptied by them.

Messages only tell programs what is in the calendars already (RFC 6638 §4), so that losing one
loses nothing. At most one of each UID is kept, and none for ever. While the module is switched off
nobody is shown any, and an inbox stands as if it had never been filled.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import InvalidInput, SyncTokenExpired, UnknownObject
from rdv_caldav.domain.inbox import Inbox, InboxMessage, Method
from rdv_caldav.domain.sync import Changes, numbers_of
from rdv_caldav.services.access import Actor
from rdv_caldav.services.accounts import normalised_login
from rdv_caldav.services.audit import record_change

MOST_MESSAGES = 100
LONGEST_KEPT = timedelta(days=30)
"""How long a message lies there that no program takes away."""

DELETIONS_REMEMBERED = timedelta(days=90)


def switch(
    tx: Transaction, login: str, *, on: bool, now: datetime, actor: Actor | None = None
) -> None:
    """Have an account's inbox filled from now on, or no longer, which empties it.

    A command has no ``actor``. Raises InvalidInput when there is no such account.
    """
    account = tx.accounts.by_login(normalised_login(login))
    if account is None:
        raise InvalidInput(f"there is no account {login!r}")
    if tx.inbox.of(account.id).is_on != on:
        record_change(tx, actor, "InboxSwitched", {"login": account.login, "on": on}, now=now)
    tx.inbox.switch(account.id, on=on)
    if not on:
        left = [message.number for message in tx.inbox.messages(account.id, with_text=False)]
        _bury(tx, account.id, left, now=now)


def is_on(tx: Transaction, actor: Actor) -> bool:
    """Tell whether the account's inbox is filled."""
    return tx.inbox.of(actor.account.id).is_on


def standing(tx: Transaction, actor: Actor) -> Inbox:
    """Return where the account's messages lie, as its programs may know."""
    found = tx.inbox.of(actor.account.id)
    return found if _is_shown(tx) else Inbox(is_on=found.is_on)


def messages(
    tx: Transaction,
    actor: Actor,
    *,
    numbers: Sequence[int] | None = None,
    with_text: bool = True,
) -> Iterable[InboxMessage]:
    """Return the messages that the account's programs are shown, all or those of some numbers."""
    if not _is_shown(tx):
        return ()
    return tx.inbox.messages(actor.account.id, numbers=numbers, with_text=with_text)


def of_uid(tx: Transaction, actor: Actor, uid: str) -> InboxMessage | None:
    """Return the message about an object that the account's programs are shown."""
    return tx.inbox.of_uid(actor.account.id, uid) if _is_shown(tx) else None


def _is_shown(tx: Transaction) -> bool:
    return tx.agency.settings().module_enabled


def put(
    tx: Transaction, account_id: int, *, uid: str, method: Method, text: str, now: datetime
) -> None:
    """Put a message there, in the place of an older one of the same UID.

    What is too old, and the oldest of too many, goes.
    """
    standing = list(tx.inbox.messages(account_id, with_text=False))
    kept = [each for each in standing if each.uid != uid and each.at > now - LONGEST_KEPT]
    kept = kept[-MOST_MESSAGES + 1 :]
    _bury(tx, account_id, [each.number for each in standing if each not in kept], now=now)
    number = tx.inbox.take(account_id, 1)
    tx.inbox.put(account_id, number=number, uid=uid, method=method, text=text, now=now)
    tx.inbox.forget(account_id, now - DELETIONS_REMEMBERED)


def _bury(tx: Transaction, account_id: int, numbers: Sequence[int], *, now: datetime) -> None:
    if numbers:
        last = tx.inbox.take(account_id, len(numbers))
        tx.inbox.bury(account_id, numbers, last=last, now=now)


def delete(tx: Transaction, actor: Actor, number: int, *, now: datetime) -> None:
    """Take a message away, which changes nothing else. Raises UnknownObject."""
    account_id = actor.account.id
    tx.inbox.lock(account_id)
    for message in messages(tx, actor, numbers=[number], with_text=False):
        _bury(tx, account_id, [message.number], now=now)
        return
    raise UnknownObject("no such message")


# -- RFC 6578 -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Position:
    """How far a program has been told, and where the inbox stood when it began."""

    counter: int
    began: int

    @property
    def deletions_known(self) -> int:
        """The change number up to which deletions are of no interest."""
        return max(self.counter, self.began)


def changes(
    tx: Transaction, actor: Actor, inbox: Inbox, token: str, *, limit: int | None = None
) -> Changes:
    """Return what changed since ``token``; all messages for an empty one (RFC 6578 §3.4).

    At most ``limit`` of it, oldest change first. Raises SyncTokenExpired.
    """
    since, account_id = _position(inbox, token), actor.account.id
    if since.counter >= inbox.counter:
        return Changes(token=str(inbox.counter), changed=(), gone=())
    found: list[tuple[int, int, InboxMessage | None]] = [
        (message.number, message.number, message)
        for message in tx.inbox.since(account_id, since.counter)
    ]
    found += [
        (changed, number, None)
        for number, changed in tx.inbox.gone(account_id, since=since.deletions_known)
        # what came and went meanwhile was never told
        if number <= since.deletions_known
    ]
    found.sort(key=lambda change: change[0])
    told = found if limit is None else found[:limit]
    is_truncated = len(told) < len(found)
    reached = told[-1][0] if is_truncated else inbox.counter
    is_whole = reached >= since.began
    return Changes(
        token=str(reached) if is_whole else f"{reached}-{since.began}",
        changed=[(message.href, message.etag) for _, _, message in told if message is not None],
        gone=[f"{number}.ics" for _, number, message in told if message is None],
        is_truncated=is_truncated,
    )


def _position(inbox: Inbox, token: str) -> _Position:
    if not token:
        return _Position(0, inbox.counter)
    numbers = numbers_of(token, least=1, most=2)
    since = _Position(numbers[0], numbers[-1])
    if not inbox.floor <= since.deletions_known <= inbox.counter:
        raise SyncTokenExpired("this sync token is out of reach")
    return since

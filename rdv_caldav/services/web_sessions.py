"""Being logged in with a browser: sessions that every process knows and that can be ended.

A session is a random token in the browser's cookie; the database keeps its hash, so that
whoever reads a backup cannot use it. It ends when it is not used for :data:`IDLE`, when the
person logs out, and when it is revoked.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from rdv_caldav.db.uow import Transaction
from rdv_caldav.db.web_sessions import WebSession
from rdv_caldav.domain.agency import Account
from rdv_caldav.domain.errors import AccessRefused
from rdv_caldav.services.access import Actor, Channel, actor_for

IDLE = timedelta(hours=12)
"""How long a session lives without being used."""

SEEN_EVERY = timedelta(minutes=5)
"""How exactly the last use is remembered: reading a page must not write each time."""

_TOKEN_BYTES = 32


def begin(tx: Transaction, account: Account, *, browser: str, now: datetime) -> str:
    """Open a session and return its token; ``now`` is aware, ``browser`` its User-Agent."""
    tx.web_sessions.prune(_seconds(now - IDLE))
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    tx.web_sessions.add(_hash(token), account.id, browser=browser[:500], at=_seconds(now))
    return token


def resume(tx: Transaction, token: str, *, now: datetime) -> tuple[Actor, WebSession] | None:
    """Return who is logged in by this token, None when the session has ended."""
    session = tx.web_sessions.find(_hash(token))
    if session is None or session.seen_at < _seconds(now - IDLE):
        return None
    try:
        actor = actor_for(tx, session.login, channel=Channel.WEB, device=session.browser)
    except AccessRefused:
        return None
    return actor, session


def is_stale(session: WebSession, *, now: datetime) -> bool:
    """Tell whether the last use of a session is to be written down again."""
    return session.seen_at < _seconds(now - SEEN_EVERY)


def touch(tx: Transaction, session: WebSession, *, now: datetime) -> None:
    """Write down that a session is used."""
    tx.web_sessions.seen(session.token_hash, _seconds(now))


def sessions(tx: Transaction, account: Account) -> Sequence[WebSession]:
    """Return the account's sessions, the one used last first."""
    return tx.web_sessions.of_account(account.id)


def end(tx: Transaction, session: WebSession) -> None:
    """Log out."""
    tx.web_sessions.end(session.token_hash)


def end_others(tx: Transaction, account: Account, session: WebSession) -> None:
    """End all sessions of an account save this one."""
    tx.web_sessions.end_of_account(account.id, but=session.token_hash)


def signing_key(tx: Transaction) -> bytes:
    """Return the key that cookies and links are signed with, making it if there is none.

    Raises LostRace at the end of the transaction when another process made it meanwhile.
    """
    known = tx.web_sessions.secret("signing")
    if known is None:
        known = secrets.token_bytes(_TOKEN_BYTES)
        tx.web_sessions.keep_secret("signing", known)
    return known


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())

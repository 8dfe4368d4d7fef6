"""Sessions of the web panel, and the keys that it signs with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from rdv_caldav.db.panel_schema import SecretRow, WebSessionRow
from rdv_caldav.db.schema import AccountRow


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSession:
    """A session as it is kept. Times are instants in seconds since 1970, UTC."""

    token_hash: str
    login: str
    language: str
    created_at: int
    seen_at: int
    browser: str


_COLUMNS = (
    WebSessionRow.token_hash,
    AccountRow.login,
    AccountRow.language,
    WebSessionRow.created_at,
    WebSessionRow.seen_at,
    WebSessionRow.browser,
)
_SESSIONS = select(*_COLUMNS).join(AccountRow, AccountRow.id == WebSessionRow.account_id)
_BY_TOKEN = _SESSIONS.where(WebSessionRow.token_hash == bindparam("token_hash"))
_OF_ACCOUNT = _SESSIONS.where(WebSessionRow.account_id == bindparam("account_id")).order_by(
    WebSessionRow.seen_at.desc()
)


class WebSessions:
    """Reads and writes sessions by the hashes of their tokens."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def add(self, token_hash: str, account_id: int, *, browser: str, at: int) -> None:
        """Remember a new session."""
        self._connection.execute(
            insert(WebSessionRow).values(
                token_hash=token_hash,
                account_id=account_id,
                created_at=at,
                seen_at=at,
                browser=browser,
            )
        )

    def find(self, token_hash: str) -> WebSession | None:
        """Return the session with this token."""
        row = self._connection.execute(_BY_TOKEN, {"token_hash": token_hash}).one_or_none()
        return None if row is None else _session(row)

    def of_account(self, account_id: int) -> Sequence[WebSession]:
        """Return an account's sessions, the one used last first."""
        rows = self._connection.execute(_OF_ACCOUNT, {"account_id": account_id})
        return [_session(row) for row in rows]

    def seen(self, token_hash: str, at: int) -> None:
        """Remember when a session was last used."""
        self._connection.execute(
            update(WebSessionRow).where(WebSessionRow.token_hash == token_hash).values(seen_at=at)
        )

    def end(self, token_hash: str) -> None:
        """Forget a session."""
        self._connection.execute(
            delete(WebSessionRow).where(WebSessionRow.token_hash == token_hash)
        )

    def end_of_account(self, account_id: int, *, but: str = "") -> None:
        """Forget an account's sessions, save the one with the token hash ``but``."""
        self._connection.execute(
            delete(WebSessionRow).where(
                WebSessionRow.account_id == account_id, WebSessionRow.token_hash != but
            )
        )

    def prune(self, before: int) -> None:
        """Forget the sessions that were not used since ``before``."""
        self._connection.execute(delete(WebSessionRow).where(WebSessionRow.seen_at < before))

    def secret(self, name: str) -> bytes | None:
        """Return a key, None before it was made."""
        return self._connection.execute(
            select(SecretRow.value).where(SecretRow.name == name)
        ).scalar_one_or_none()

    def keep_secret(self, name: str, value: bytes) -> None:
        """Keep a key; another process that does so at the same time makes this one lose."""
        self._connection.execute(insert(SecretRow).values(name=name, value=value))


def _session(row: Any) -> WebSession:  # noqa: ANN401 - a row's type lists its columns' types
    return WebSession(
        token_hash=row.token_hash,
        login=row.login,
        language=row.language,
        created_at=row.created_at,
        seen_at=row.seen_at,
        browser=row.browser,
    )

"""Filters that accounts keep under a name."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from rdv_caldav.db.control_schema import SavedFilterRow
from rdv_caldav.domain.control import SavedFilter

_OF_ACCOUNT = (
    select(SavedFilterRow.id, SavedFilterRow.name, SavedFilterRow.query)
    .where(SavedFilterRow.account_id == bindparam("account_id"))
    .order_by(func.lower(SavedFilterRow.name), SavedFilterRow.id)
)


class SavedFilters:
    """Reads and writes an account's own filters; nobody sees those of others."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def of_account(self, account_id: int) -> list[SavedFilter]:
        """Return an account's filters by name."""
        rows = self._connection.execute(_OF_ACCOUNT, {"account_id": account_id})
        return [SavedFilter(id=row.id, name=row.name, query=row.query) for row in rows]

    def save(self, account_id: int, name: str, query: str) -> None:
        """Keep a filter under a name, in place of the one that had it."""
        replaced = self._connection.execute(
            update(SavedFilterRow)
            .where(SavedFilterRow.account_id == account_id, SavedFilterRow.name == name)
            .values(query=query)
        )
        if replaced.rowcount == 0:
            self._connection.execute(
                insert(SavedFilterRow).values(account_id=account_id, name=name, query=query)
            )

    def forget(self, account_id: int, filter_id: int) -> bool:
        """Forget a filter and tell whether the account had it."""
        gone = self._connection.execute(
            delete(SavedFilterRow).where(
                SavedFilterRow.account_id == account_id, SavedFilterRow.id == filter_id
            )
        )
        return gone.rowcount > 0

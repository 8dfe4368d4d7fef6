"""Budgets of wrong passwords, which all processes of all machines share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    bindparam,
    case,
    delete,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from rdv_caldav.db.login_schema import LoginBudgetRow

_BY_KEYS = select(LoginBudgetRow.key, LoginBudgetRow.until).where(
    LoginBudgetRow.key.in_(bindparam("keys", expanding=True))
)


class LoginAttempts:
    """Reads and writes the second at which each budget will be whole again."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def until(self, keys: Iterable[str]) -> Mapping[str, int]:
        """Return what is known of some budgets."""
        rows = self._connection.execute(_BY_KEYS, {"keys": sorted(keys)})
        return {row.key: row.until for row in rows}

    def spend(self, key: str, cost: int, *, at_most: int, now: int) -> None:
        """Spend of a budget, whoever else does at the same time; never beyond ``at_most``."""
        moment = literal(now, BigInteger)
        whole = case((LoginBudgetRow.until > moment, LoginBudgetRow.until), else_=moment)
        most = literal(now + at_most, BigInteger)
        grown = case((whole + cost < most, whole + cost), else_=most)
        self._keep(key, now + cost, grown)

    def set_until(self, key: str, until: int) -> None:
        """Keep a key until some second."""
        self._keep(key, until, literal(until, BigInteger))

    def forget(self, key: str) -> None:
        """Make a budget whole again."""
        self._connection.execute(delete(LoginBudgetRow).where(LoginBudgetRow.key == key))

    def prune(self, now: int) -> int:
        """Forget the budgets that are whole again; return how many."""
        return self._connection.execute(
            delete(LoginBudgetRow).where(LoginBudgetRow.until <= now)
        ).rowcount

    def _keep(self, key: str, until: int, grown: ColumnElement[int]) -> None:
        is_sqlite = self._connection.dialect.name == "sqlite"
        insert = sqlite.insert if is_sqlite else postgresql.insert
        self._connection.execute(
            insert(LoginBudgetRow)
            .values(key=key, until=until)
            .on_conflict_do_update(index_elements=[LoginBudgetRow.key], set_={"until": grown})
        )

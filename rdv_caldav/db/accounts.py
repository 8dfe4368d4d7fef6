"""Accounts, their secteurs and the calendars they follow."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace

from sqlalchemy import Connection, bindparam, insert, select, update

from rdv_caldav.db import mapping
from rdv_caldav.db.schema import (
    PERSON_COLUMNS,
    AccountRow,
    AccountSectorRow,
    PersonAddressRow,
    PersonRow,
)
from rdv_caldav.domain.agency import Account, Person, Role
from rdv_caldav.domain.errors import LoginTaken

_OWN_COLUMNS = [column.label(f"own_{column.name}") for column in PERSON_COLUMNS]
_ACTING = (
    select(
        AccountRow.__table__,
        *_OWN_COLUMNS,
        PersonAddressRow.address,
        AccountSectorRow.sector_id,
    )
    .outerjoin(PersonRow, PersonRow.id == AccountRow.person_id)
    .outerjoin(PersonAddressRow, PersonAddressRow.person_id == PersonRow.id)
    .outerjoin(AccountSectorRow, AccountSectorRow.account_id == AccountRow.id)
    .where(AccountRow.login == bindparam("login"))
    .order_by(PersonAddressRow.position)
)
"""An account with its person, as often as there are addresses and secteurs: one statement."""

_BY_LOGIN = select(AccountRow.__table__).where(AccountRow.login == bindparam("login"))
_SECTORS = select(AccountSectorRow.sector_id).where(
    AccountSectorRow.account_id == bindparam("account_id")
)

_OF_PERSONS = (
    select(AccountRow.id)
    .where(AccountRow.person_id.in_(bindparam("ids", expanding=True)), AccountRow.active)
    .order_by(AccountRow.id)
)


class AccountRepository:
    """Reads and writes accounts as domain values."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def by_login(self, login: str) -> Account | None:
        """Return the account with this login."""
        found = self.credentials(login)
        return found[0] if found else None

    def acting(self, login: str) -> tuple[Account, Person | None] | None:
        """Return the account with this login and its person: what every request begins with."""
        rows = self._connection.execute(_ACTING, {"login": login}).all()
        if not rows:
            return None
        first = rows[0]
        sectors = (row.sector_id for row in rows if row.sector_id is not None)
        account = mapping.account_of(first, sectors)
        if first.person_id is None:
            return account, None
        columns = {label.name: getattr(first, label.name) for label in _OWN_COLUMNS}
        person_row = SimpleNamespace(
            **{name.removeprefix("own_"): value for name, value in columns.items()}
        )
        addresses = dict.fromkeys(row.address for row in rows if row.address is not None)
        return account, mapping.person_of(person_row, list(addresses))

    def credentials(self, login: str) -> tuple[Account, str] | None:
        """Return the account with this login and the hash of its password."""
        row = self._connection.execute(_BY_LOGIN, {"login": login}).one_or_none()
        if row is None:
            return None
        sectors = self._connection.execute(_SECTORS, {"account_id": row.id}).scalars()
        return mapping.account_of(row, sectors), row.password_hash

    def add(
        self,
        *,
        login: str,
        role: Role,
        password_hash: str,
        person_id: int | None = None,
        sector_ids: Iterable[int] = (),
    ) -> Account:
        """Add an account. Raises LoginTaken."""
        if self.by_login(login) is not None:
            raise LoginTaken(f"there is an account {login!r} already")
        account_id = self._connection.execute(
            insert(AccountRow)
            .values(login=login, role=role.value, password_hash=password_hash, person_id=person_id)
            .returning(AccountRow.id)
        ).scalar_one()
        sectors = [{"account_id": account_id, "sector_id": sector} for sector in sector_ids]
        if sectors:
            self._connection.execute(insert(AccountSectorRow), sectors)
        account = self.by_login(login)
        assert account is not None
        return account

    def ids_of_persons(self, person_ids: Iterable[int]) -> list[int]:
        """Return the active accounts of some persons, in order of their ids."""
        found = self._connection.scalars(_OF_PERSONS, {"ids": sorted(person_ids)})
        return list(found)

    def set_password(self, account_id: int, password_hash: str) -> None:
        """Replace the hash of an account's password."""
        self._connection.execute(
            update(AccountRow)
            .where(AccountRow.id == account_id)
            .values(password_hash=password_hash)
        )

    def set_language(self, account_id: int, language: str) -> None:
        """Remember the language that an account is spoken to in; empty for no choice."""
        self._connection.execute(
            update(AccountRow).where(AccountRow.id == account_id).values(language=language)
        )

    def void_sync_tokens(self, account_id: int) -> None:
        """Make every sync token of the account invalid, after a change of its rights."""
        grown = AccountRow.view_counter + 1
        self._connection.execute(
            update(AccountRow)
            .where(AccountRow.id == account_id)
            .values(view_counter=grown, view_floor=grown)
        )

    def void_sync_tokens_of_role(self, role: Role) -> None:
        """Do the same for all accounts of a role, after a change of what these may read or edit."""
        grown = AccountRow.view_counter + 1
        self._connection.execute(
            update(AccountRow)
            .where(AccountRow.role == role.value)
            .values(view_counter=grown, view_floor=grown)
        )

    def void_sync_tokens_of(self, person_id: int) -> None:
        """Do the same for the accounts of a person, after a change of his first address."""
        grown = AccountRow.view_counter + 1
        self._connection.execute(
            update(AccountRow)
            .where(AccountRow.person_id == person_id)
            .values(view_counter=grown, view_floor=grown)
        )

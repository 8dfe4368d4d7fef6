"""Accounts, their secteurs and the calendars they follow."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, insert, select, update

from rdv_caldav.db import mapping
from rdv_caldav.db.device_passwords import renew_mark
from rdv_caldav.db.kept import REVISION, Kept
from rdv_caldav.db.people import PeopleRepository
from rdv_caldav.db.schema import AccountRow, AccountSectorRow
from rdv_caldav.domain.agency import Account, Person, Role
from rdv_caldav.domain.errors import LoginTaken

_ACTING = (
    select(
        AccountRow.id,
        AccountRow.login,
        AccountRow.role,
        AccountRow.person_id,
        AccountRow.active,
        AccountRow.credentials_mark,
        AccountSectorRow.sector_id,
        REVISION,
    )
    .outerjoin(AccountSectorRow, AccountSectorRow.account_id == AccountRow.id)
    .where(AccountRow.login == bindparam("login"))
)
"""An account as often as there are secteurs, and the revision."""

_BY_LOGIN = select(AccountRow.__table__).where(AccountRow.login == bindparam("login"))
_SECTORS = select(AccountSectorRow.sector_id).where(
    AccountSectorRow.account_id == bindparam("account_id")
)

_LOGIN_OF_PERSON = (
    select(AccountRow.login)
    .where(AccountRow.person_id == bindparam("person"), AccountRow.active)
    .order_by(AccountRow.id)
    .limit(1)
)
_OF_PERSONS = (
    select(AccountRow.id)
    .where(AccountRow.person_id.in_(bindparam("ids", expanding=True)), AccountRow.active)
    .order_by(AccountRow.id)
)


class AccountRepository:
    """Reads and writes accounts as domain values."""

    def __init__(self, connection: Connection, kept: Kept, people: PeopleRepository) -> None:
        """Work in the transaction of ``connection``; who acts opens what is kept."""
        self._connection = connection
        self._kept = kept
        self._people = people

    def by_login(self, login: str) -> Account | None:
        """Return the account with this login."""
        found = self.credentials(login)
        return found[0] if found else None

    def acting(self, login: str) -> tuple[Account, Person | None] | None:
        """Return the account with this login and its person: what every request begins with."""
        rows = self._connection.execute(_ACTING, {"login": login}).all()
        if not rows:
            return None
        self._kept.open(rows[0].revision)
        sectors = (row.sector_id for row in rows if row.sector_id is not None)
        account = mapping.account_of(rows[0], sectors)
        return account, None if account.person_id is None else self._people.by_id(account.person_id)

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
        renew_mark(self._connection, account_id)
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

    def login_of(self, person_id: int) -> str | None:
        """Return the login of a person's active account, the first where he has several."""
        return self._connection.scalar(_LOGIN_OF_PERSON, {"person": person_id})

    def set_password(self, account_id: int, password_hash: str) -> None:
        """Replace the hash of an account's password."""
        self._connection.execute(
            update(AccountRow)
            .where(AccountRow.id == account_id)
            .values(password_hash=password_hash)
        )
        renew_mark(self._connection, account_id)

    def renew_marks(self) -> None:
        """Make void what processes remember of the passwords of all accounts."""
        for account_id in self._connection.scalars(select(AccountRow.id)).all():
            renew_mark(self._connection, account_id)

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

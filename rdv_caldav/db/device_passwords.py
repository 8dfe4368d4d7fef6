"""Passwords of devices, by their keyed hashes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, func, insert, or_, select, update

from rdv_caldav.db.login_schema import DevicePasswordRow
from rdv_caldav.db.mapping import Row, instant, seconds
from rdv_caldav.db.schema import AccountRow
from rdv_caldav.domain.devices import DevicePassword

_STANDING = select(DevicePasswordRow.__table__).where(DevicePasswordRow.secret_hash.is_not(None))
_BY_HASH = (
    select(DevicePasswordRow.__table__, AccountRow.login, AccountRow.credentials_mark)
    .join(AccountRow, AccountRow.id == DevicePasswordRow.account_id)
    .where(DevicePasswordRow.secret_hash == bindparam("secret_hash"), AccountRow.active)
)
_OF_ACCOUNT = _STANDING.where(DevicePasswordRow.account_id == bindparam("account_id")).order_by(
    DevicePasswordRow.id.desc()
)
_HAS_HAD = select(exists().where(DevicePasswordRow.account_id == bindparam("account_id")))


class DevicePasswords:
    """Reads and writes them. Each change makes what processes remember of the account void."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def add(self, account_id: int, *, secret_hash: str, label: str, now: datetime) -> int:
        """Keep a new one and return its id."""
        added = self._connection.execute(
            insert(DevicePasswordRow)
            .values(
                account_id=account_id,
                secret_hash=secret_hash,
                label=label,
                created_at=seconds(now),
                program="",
            )
            .returning(DevicePasswordRow.id)
        ).scalar_one()
        renew_mark(self._connection, account_id)
        return added

    def revoke(self, device: DevicePassword) -> None:
        """Forget the secret; that there was one is kept."""
        self._connection.execute(
            update(DevicePasswordRow)
            .where(DevicePasswordRow.id == device.id)
            .values(secret_hash=None)
        )
        renew_mark(self._connection, device.account_id)

    def find(self, secret_hash: str) -> tuple[DevicePassword, str, str] | None:
        """Return a standing one, with the login and the credentials mark of its active account."""
        row = self._connection.execute(_BY_HASH, {"secret_hash": secret_hash}).one_or_none()
        return None if row is None else (_device(row), row.login, row.credentials_mark)

    def of_account(self, account_id: int) -> Sequence[DevicePassword]:
        """Return an account's standing ones, the newest first."""
        return [_device(row) for row in self._connection.execute(_OF_ACCOUNT, _one(account_id))]

    def has_had(self, account_id: int) -> bool:
        """Tell whether the account ever had one."""
        return bool(self._connection.scalar(_HAS_HAD, _one(account_id)))

    def counts(self) -> Sequence[tuple[str, str, int]]:
        """Return login, role and number of standing ones of each active account, by login."""
        rows = self._connection.execute(
            select(AccountRow.login, AccountRow.role, func.count(DevicePasswordRow.secret_hash))
            .outerjoin(DevicePasswordRow, DevicePasswordRow.account_id == AccountRow.id)
            .where(AccountRow.active)
            .group_by(AccountRow.id, AccountRow.login, AccountRow.role)
            .order_by(AccountRow.login)
        )
        return [(login, role, number) for login, role, number in rows]

    def note_use(self, device_id: int, program: str, *, now: datetime, unless_since: int) -> None:
        """Remember when and by which program one was last used, unless that is known already."""
        self._connection.execute(
            update(DevicePasswordRow)
            .where(
                DevicePasswordRow.id == device_id,
                or_(DevicePasswordRow.used_at.is_(None), DevicePasswordRow.used_at < unless_since),
            )
            .values(used_at=seconds(now), program=program)
        )


def renew_mark(connection: Connection, account_id: int) -> None:
    """Make void what processes remember of an account's passwords.

    The mark is a word by chance, for the reason that :mod:`rdv_caldav.db.kept` gives.
    """
    connection.execute(
        update(AccountRow)
        .where(AccountRow.id == account_id)
        .values(credentials_mark=secrets.token_hex(16))
    )


def _one(account_id: int) -> dict[str, int]:
    return {"account_id": account_id}


def _device(row: Row) -> DevicePassword:
    return DevicePassword(
        id=row.id,
        account_id=row.account_id,
        label=row.label,
        created_at=instant(row.created_at),
        used_at=None if row.used_at is None else instant(row.used_at),
        program=row.program,
    )

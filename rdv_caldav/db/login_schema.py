"""Rows of logins: passwords of devices, and wrong passwords; see :mod:`rdv_caldav.db.schema`."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from rdv_caldav.db.schema import Base


class DevicePasswordRow(Base):
    """The password of one device. Only a keyed hash of it is kept, and none once it is revoked.

    A row stays after that: it tells that the account has had a device.
    """

    __tablename__ = "device_password"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), index=True
    )
    secret_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    label: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[int | None] = mapped_column(BigInteger)
    program: Mapped[str] = mapped_column(String(40))


class LoginBudgetRow(Base):
    """What is left of a budget of wrong passwords, by a keyed hash of whose it is.

    At ``until`` nothing is left to tell, and the row may go.
    """

    __tablename__ = "login_budget"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[int] = mapped_column(BigInteger, index=True)

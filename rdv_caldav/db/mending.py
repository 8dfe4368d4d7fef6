"""Puts right what :mod:`rdv_caldav.db.verifying_reading` finds wrong in whole tables."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from rdv_caldav.db.mapping import seconds
from rdv_caldav.db.schema import AccountRow, CalendarRow, MemberRow, OverlayRow, TombstoneRow


class Mending:
    """Raises numbers and takes away what contradicts; whoever calls it writes the journal."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def add_calendars(self, person_ids: Collection[int]) -> None:
        """Give persons their calendar."""
        for person_id in sorted(person_ids):
            self._connection.execute(insert(CalendarRow).values(person_id=person_id))

    def raise_counters(self, person_ids: Collection[int], now: datetime) -> None:
        """Let calendars count on from above all numbers that they gave out; tokens are void."""
        for person_id in sorted(person_ids):
            numbers = [
                self._connection.scalar(
                    select(func.max(column)).where(table.person_id == person_id)
                )
                for table, column in (
                    (MemberRow, MemberRow.changed),
                    (MemberRow, MemberRow.settled),
                    (TombstoneRow, TombstoneRow.changed),
                    (CalendarRow, CalendarRow.floor),
                    (CalendarRow, CalendarRow.counter),
                )
            ]
            number = max(found or 0 for found in numbers) + 1
            self._connection.execute(
                update(CalendarRow)
                .where(CalendarRow.person_id == person_id)
                .values(counter=number, floor=number, updated_at=seconds(now))
            )

    def raise_view_counters(self, account_ids: Collection[int]) -> None:
        """Do the same for what only an account sees."""
        for account_id in sorted(account_ids):
            last = self._connection.scalar(
                select(func.max(OverlayRow.changed)).where(OverlayRow.account_id == account_id)
            )
            row = AccountRow.__table__
            kept = self._connection.execute(
                select(row.c.view_counter, row.c.view_floor).where(row.c.id == account_id)
            ).one()
            number = max(last or 0, *kept) + 1
            self._connection.execute(
                update(AccountRow)
                .where(AccountRow.id == account_id)
                .values(view_counter=number, view_floor=number)
            )

    def withdraw(self, appointment_id: int) -> None:
        """Forget an appointment of the corbeille in calendars, whose counters are raised then."""
        self._connection.execute(
            delete(MemberRow).where(MemberRow.appointment_id == appointment_id)
        )

    def forget_tombstone(self, person_id: int, href: str) -> None:
        """Forget that something is gone that is there."""
        self._connection.execute(
            delete(TombstoneRow).where(
                TombstoneRow.person_id == person_id, TombstoneRow.href == href
            )
        )

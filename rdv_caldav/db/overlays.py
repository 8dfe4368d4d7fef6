"""What accounts keep with appointments for themselves alone, numbered by their own views."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import BindParameter, Connection, bindparam, insert, select, update

from rdv_caldav.db.schema import AccountRow, OverlayRow

_APPOINTMENT: BindParameter[int] = bindparam("appointment")
_ACCOUNT: BindParameter[int] = bindparam("account")

_OVERLAYS_OF = (
    select(OverlayRow.account_id, OverlayRow.private)
    .where(OverlayRow.appointment_id == _APPOINTMENT)
    .order_by(OverlayRow.account_id)
)
_OVERLAY = select(OverlayRow.private).where(
    OverlayRow.account_id == _ACCOUNT, OverlayRow.appointment_id == _APPOINTMENT
)
_TAKE_VIEW_COUNTER = (
    update(AccountRow)
    .where(AccountRow.id == _ACCOUNT)
    .values(view_counter=AccountRow.view_counter + 1)
    .returning(AccountRow.view_counter)
)


class OverlayRepository:
    """Reads and writes overlays."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def overlays_of(self, appointment_id: int) -> list[tuple[int, dict[str, str]]]:
        """Return what each account keeps with an appointment, in order of accounts."""
        found = self._connection.execute(_OVERLAYS_OF, {"appointment": appointment_id})
        return [(row.account_id, row.private) for row in found]

    def overlay(self, account_id: int, appointment_id: int) -> Mapping[str, str] | None:
        """Return what an account keeps with an appointment, None where it never kept anything."""
        which = {"account": account_id, "appointment": appointment_id}
        standing = self._connection.execute(_OVERLAY, which).one_or_none()
        return None if standing is None else standing.private

    def save_overlay(
        self,
        account_id: int,
        appointment_id: int,
        private: dict[str, str],
        *,
        even_none: bool = False,
    ) -> None:
        """Keep an account's own lines with an appointment; no-op when they are the same.

        An emptied overlay stays, since its change number still tells the account's programs.
        ``even_none`` keeps it that there are none where nothing was ever kept.
        """
        before = self.overlay(account_id, appointment_id)
        self.replace_overlay(account_id, appointment_id, before, private, even_none=even_none)

    def replace_overlay(
        self,
        account_id: int,
        appointment_id: int,
        before: Mapping[str, str] | None,
        private: dict[str, str],
        *,
        even_none: bool = False,
    ) -> int | None:
        """Do the same as :meth:`save_overlay` where it is known what was kept ``before``.

        Returns the number of the change, None where there was none to write.
        """
        if before == private or not (before or private or even_none):
            return None
        changed: int = self._connection.execute(
            _TAKE_VIEW_COUNTER, {"account": account_id}
        ).scalar_one()
        if before is None:
            self._connection.execute(
                insert(OverlayRow).values(
                    account_id=account_id,
                    appointment_id=appointment_id,
                    private=private,
                    changed=changed,
                )
            )
        else:
            self._connection.execute(
                update(OverlayRow)
                .where(
                    OverlayRow.account_id == account_id,
                    OverlayRow.appointment_id == appointment_id,
                )
                .values(private=private, changed=changed)
            )
        return changed

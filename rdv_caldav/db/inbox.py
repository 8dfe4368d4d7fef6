"""Scheduling inboxes of the accounts that have one filled.

Whoever writes takes the account's change numbers first, and holds them until it commits: no
number is handed out before every lower one is visible.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, func, insert, select, update

from rdv_caldav.db.inbox_schema import InboxMessageRow, InboxRow, InboxTombstoneRow
from rdv_caldav.db.mapping import instant, seconds
from rdv_caldav.db.schema import AccountRow
from rdv_caldav.domain.inbox import Inbox, InboxMessage, Method

_ACCOUNT: BindParameter[int] = bindparam("account")
_NUMBERS: BindParameter[int] = bindparam("numbers", expanding=True)

_INBOX = select(InboxRow.is_on, InboxRow.counter, InboxRow.floor).where(
    InboxRow.account_id == _ACCOUNT
)
_LISTENING = (
    select(AccountRow.id, AccountRow.login, AccountRow.person_id)
    .join(InboxRow, InboxRow.account_id == AccountRow.id)
    .where(
        InboxRow.is_on,
        AccountRow.active,
        AccountRow.id != bindparam("acting"),
        AccountRow.person_id.in_(bindparam("persons", expanding=True)),
    )
    .order_by(AccountRow.id)
)
_TAKE = (
    update(InboxRow)
    .where(InboxRow.account_id == _ACCOUNT)
    .values(counter=InboxRow.counter + bindparam("count"))
    .returning(InboxRow.counter)
)
_LOCK = (
    update(InboxRow)
    .where(InboxRow.account_id == _ACCOUNT)
    .values(counter=InboxRow.counter)
    .returning(InboxRow.is_on, InboxRow.counter, InboxRow.floor)
)
_OUTSIDE = (
    InboxMessageRow.number,
    InboxMessageRow.uid,
    InboxMessageRow.method,
    InboxMessageRow.at,
)
_OF_ACCOUNT = InboxMessageRow.account_id == _ACCOUNT
_LISTED = select(*_OUTSIDE).where(_OF_ACCOUNT).order_by(InboxMessageRow.number)
_READ = _LISTED.add_columns(InboxMessageRow.text)
_AT = InboxMessageRow.number.in_(_NUMBERS)
_OF_UID = select(*_OUTSIDE).where(_OF_ACCOUNT, InboxMessageRow.uid == bindparam("uid"))
_SINCE = _LISTED.where(InboxMessageRow.number > bindparam("since"))
_GONE = (
    select(InboxTombstoneRow.number, InboxTombstoneRow.changed)
    .where(InboxTombstoneRow.account_id == _ACCOUNT, InboxTombstoneRow.changed > bindparam("since"))
    .order_by(InboxTombstoneRow.changed)
)


class InboxRepository:
    """Reads and writes messages; nobody else does."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def of(self, account_id: int) -> Inbox:
        """Return the inbox of an account, off and untouched where it never had one."""
        row = self._connection.execute(_INBOX, {"account": account_id}).one_or_none()
        return Inbox() if row is None else Inbox(is_on=row[0], counter=row[1], floor=row[2])

    def switch(self, account_id: int, *, on: bool) -> None:
        """Let an inbox be filled from now on, or no longer."""
        switched = (
            update(InboxRow)
            .where(InboxRow.account_id == account_id)
            .values(is_on=on)
            .returning(InboxRow.account_id)
        )
        if self._connection.scalar(switched) is None:
            self._connection.execute(insert(InboxRow).values(account_id=account_id, is_on=on))

    def listening(self, person_ids: Collection[int], *, acting: int) -> list[tuple[int, str, int]]:
        """Return id, login and person of these persons' accounts with a filled inbox.

        In order of ids, without the ``acting`` account.
        """
        which = {"persons": sorted(person_ids), "acting": acting}
        rows = self._connection.execute(_LISTENING, which)
        return [(row.id, row.login, row.person_id) for row in rows]

    def lock(self, account_id: int) -> Inbox:
        """Let nobody else write to an inbox until the end of the transaction; return it."""
        row = self._connection.execute(_LOCK, {"account": account_id}).one_or_none()
        return Inbox() if row is None else Inbox(is_on=row[0], counter=row[1], floor=row[2])

    def take(self, account_id: int, count: int) -> int:
        """Take change numbers and return the last of them."""
        which = {"account": account_id, "count": count}
        return self._connection.execute(_TAKE, which).scalar_one()

    def put(
        self, account_id: int, *, number: int, uid: str, method: Method, text: str, now: datetime
    ) -> None:
        """Put a message there under a number that was taken; none of its UID may be there."""
        self._connection.execute(
            insert(InboxMessageRow).values(
                account_id=account_id,
                number=number,
                uid=uid,
                method=method.value,
                at=seconds(now),
                text=text,
            )
        )

    def bury(self, account_id: int, messages: Sequence[int], *, last: int, now: datetime) -> None:
        """Take messages away; the last of them at the change number ``last``."""
        self._connection.execute(
            delete(InboxMessageRow).where(_OF_ACCOUNT, _AT),
            {"account": account_id, "numbers": list(messages)},
        )
        rows = [
            {"account_id": account_id, "number": number, "changed": changed, "at": seconds(now)}
            for changed, number in enumerate(messages, start=last - len(messages) + 1)
        ]
        self._connection.execute(insert(InboxTombstoneRow), rows)

    def forget(self, account_id: int, before: datetime) -> None:
        """Forget what was deleted before an instant: older sync tokens are void."""
        old = (InboxTombstoneRow.account_id == account_id, InboxTombstoneRow.at < seconds(before))
        floor = self._connection.scalar(select(func.max(InboxTombstoneRow.changed)).where(*old))
        if floor is not None:
            self._connection.execute(
                update(InboxRow).where(InboxRow.account_id == account_id).values(floor=floor)
            )
            self._connection.execute(delete(InboxTombstoneRow).where(*old))

    def messages(
        self, account_id: int, *, numbers: Collection[int] | None = None, with_text: bool = True
    ) -> Iterator[InboxMessage]:
        """Yield the messages, all or those with these numbers, oldest first."""
        query = _READ if with_text else _LISTED
        which: dict[str, Any] = {"account": account_id}
        if numbers is not None:
            query, which["numbers"] = query.where(_AT), sorted(numbers)
        return (_message(row, with_text) for row in self._connection.execute(query, which))

    def of_uid(self, account_id: int, uid: str) -> InboxMessage | None:
        """Return the outside of the message with this UID."""
        row = self._connection.execute(_OF_UID, {"account": account_id, "uid": uid}).one_or_none()
        return None if row is None else _message(row, with_text=False)

    def since(self, account_id: int, number: int) -> list[InboxMessage]:
        """Return the outside of what came since a change number, oldest first."""
        rows = self._connection.execute(_SINCE, {"account": account_id, "since": number})
        return [_message(row, with_text=False) for row in rows]

    def gone(self, account_id: int, *, since: int) -> list[tuple[int, int]]:
        """Return messages that are gone since a change number, with theirs, oldest first."""
        rows = self._connection.execute(_GONE, {"account": account_id, "since": since})
        return [(row.number, row.changed) for row in rows]


def _message(row: Any, with_text: bool) -> InboxMessage:  # noqa: ANN401 - a row of SQLAlchemy Core
    return InboxMessage(
        number=row.number,
        uid=row.uid,
        method=Method(row.method),
        at=instant(row.at),
        text=row.text if with_text else "",
    )

"""Persons' calendars as accounts see them: which there are, and what is kept with them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    and_,
    bindparam,
    or_,
    select,
)

from rdv_caldav.db import mapping
from rdv_caldav.db.mapping import instant
from rdv_caldav.db.schema import (
    PERSON_COLUMNS,
    AccountRow,
    CalendarRow,
    CalendarViewRow,
    PersonAddressRow,
    PersonRow,
)
from rdv_caldav.domain.agency import Account, Person

_ACCOUNT: BindParameter[int] = bindparam("account")
_VIEWER: BindParameter[int] = bindparam("viewer")

_view = and_(CalendarViewRow.account_id == _ACCOUNT, CalendarViewRow.person_id == PersonRow.id)
_SNAPSHOTS = (
    select(
        *PERSON_COLUMNS,
        PersonAddressRow.address,
        CalendarRow.counter,
        CalendarRow.floor,
        CalendarRow.updated_at,
        AccountRow.view_counter,
        AccountRow.view_floor,
        CalendarViewRow.followed,
        CalendarViewRow.position,
        CalendarViewRow.properties,
    )
    .join(CalendarRow, CalendarRow.person_id == PersonRow.id)
    .join(AccountRow, AccountRow.id == _ACCOUNT)
    .outerjoin(CalendarViewRow, _view)
    # a person comes as often as he has addresses: one statement for both
    .outerjoin(PersonAddressRow, PersonAddressRow.person_id == PersonRow.id)
    .order_by(PersonAddressRow.position)
)
_SNAPSHOT = _SNAPSHOTS.where(PersonRow.slug == bindparam("slug"))
_HOME = _SNAPSHOTS.where(PersonRow.active, or_(PersonRow.id == _VIEWER, CalendarViewRow.followed))


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarSnapshot:
    """A person's calendar as one account has it, at one moment."""

    person: Person
    counter: int
    floor: int
    updated_at: datetime
    view_counter: int
    view_floor: int
    followed: bool
    position: int
    properties: dict[str, str]


class CalendarReading:
    """What CalDAV and pages read of calendars."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def snapshot(self, account: Account, slug: str) -> CalendarSnapshot | None:
        """Return the calendar of the person with this slug."""
        found = self._snapshots(_SNAPSHOT, {"account": account.id, "slug": slug})
        return found[0] if found else None

    def home(self, account: Account) -> list[CalendarSnapshot]:
        """Return an account's own calendar and then those it follows, in its order."""
        viewer = account.person_id
        found = self._snapshots(_HOME, {"account": account.id, "viewer": viewer})
        return sorted(
            found, key=lambda s: (s.person.id != viewer, s.position, s.person.name, s.person.id)
        )

    def _snapshots(self, query: Select[Any], values: dict[str, Any]) -> list[CalendarSnapshot]:
        rows: dict[int, Any] = {}
        addresses: dict[int, list[str]] = defaultdict(list)
        for row in self._connection.execute(query, values):
            rows.setdefault(row.id, row)
            if row.address is not None:
                addresses[row.id].append(row.address)
        return [
            CalendarSnapshot(
                person=mapping.person_of(row, addresses[row.id]),
                counter=row.counter,
                floor=row.floor,
                updated_at=instant(row.updated_at),
                view_counter=row.view_counter,
                view_floor=row.view_floor,
                followed=bool(row.followed),
                position=row.position or 0,
                properties=row.properties or {},
            )
            for row in rows.values()
        ]

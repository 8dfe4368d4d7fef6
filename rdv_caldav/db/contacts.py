"""How persons can be told something: their addresses, what they prefer, and who synchronises."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, Connection, bindparam, func, select, update

from rdv_caldav.db.mapping import instant, seconds
from rdv_caldav.db.schema import AccountRow, PersonAddressRow, PersonRow
from rdv_caldav.domain.agency import PersonKind

_PERSONS: BindParameter[int] = bindparam("persons", expanding=True)
_CONTACTS = (
    select(
        PersonRow.id,
        PersonRow.kind,
        PersonRow.first_name,
        PersonRow.last_name,
        PersonRow.phone,
        PersonRow.language,
        PersonRow.contact_by,
        PersonRow.active,
        func.max(AccountRow.synchronised_at).label("synchronised_at"),
        func.max(AccountRow.language).label("account_language"),
    )
    .outerjoin(AccountRow, (AccountRow.person_id == PersonRow.id) & AccountRow.active)
    .where(PersonRow.id.in_(_PERSONS))
    .group_by(PersonRow.id)
)
_ADDRESSES = (
    select(PersonAddressRow.person_id, PersonAddressRow.address)
    .where(PersonAddressRow.person_id.in_(_PERSONS))
    .order_by(PersonAddressRow.position)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person as somebody to be written to.

    ``language`` is his fiche's, else his account's, else empty. ``contact_by`` is ``mail``,
    ``sms``, ``none``, or empty where the agency decides. ``synchronised_at`` is the last day on
    which a program of his read calendars, None if none ever did.
    """

    person_id: int
    kind: PersonKind
    first_name: str
    last_name: str
    addresses: tuple[str, ...]
    phone: str
    language: str
    contact_by: str
    is_active: bool
    synchronised_at: datetime | None

    @property
    def name(self) -> str:
        """First name then last name."""
        return f"{self.first_name} {self.last_name}".strip()


class Contacts:
    """Reads how persons can be reached."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def of(self, person_ids: Collection[int]) -> dict[int, Contact]:
        """Return these persons, by id."""
        if not person_ids:
            return {}
        bound = {"persons": sorted(person_ids)}
        addresses: defaultdict[int, list[str]] = defaultdict(list)
        for row in self._connection.execute(_ADDRESSES, bound):
            addresses[row.person_id].append(row.address)
        return {
            row.id: Contact(
                person_id=row.id,
                kind=PersonKind(row.kind),
                first_name=row.first_name,
                last_name=row.last_name,
                addresses=tuple(addresses[row.id]),
                phone=row.phone,
                language=row.language or row.account_language or "",
                contact_by=row.contact_by,
                is_active=row.active,
                synchronised_at=(
                    None if row.synchronised_at is None else instant(row.synchronised_at)
                ),
            )
            for row in self._connection.execute(_CONTACTS, bound)
        }

    def note_synchronised(self, login: str, now: datetime) -> None:
        """Note that a program read calendars with an account."""
        self._connection.execute(
            update(AccountRow).where(AccountRow.login == login).values(synchronised_at=seconds(now))
        )

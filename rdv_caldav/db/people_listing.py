"""Lists of fiches: searched, narrowed and told page by page, ten thousand as fast as ten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from rdv_caldav.db import mapping
from rdv_caldav.db.schema import (
    PERSON_COLUMNS,
    AccountRow,
    AccountSectorRow,
    PersonAddressRow,
    PersonRow,
    SectorRow,
)
from rdv_caldav.domain.agency import Person, PersonKind, Role
from rdv_caldav.domain.fiches import (
    Fiche,
    FicheFilter,
    FichePlace,
    FicheScope,
    LinkedAccount,
    ListedFiche,
)
from rdv_caldav.domain.mailing import ContactBy
from rdv_caldav.domain.searching import folded

_AT_ONCE = 1_000
_FEWEST_DIGITS = 3
"""Digits that are looked for in telephone numbers."""
_MOST_SEARCHED = 200
"""Characters of a search that are looked for: no database takes a statement of any length."""

_IDS: BindParameter[Sequence[int]] = bindparam("ids", expanding=True)
_ADDRESSES = (
    select(PersonAddressRow.person_id, PersonAddressRow.address)
    .where(PersonAddressRow.person_id.in_(_IDS))
    .order_by(PersonAddressRow.position)
)
_LINES = select(*PERSON_COLUMNS, PersonRow.phone, PersonRow.name_key)
_ALL_OF_IT = select(
    *PERSON_COLUMNS,
    PersonRow.phone,
    PersonRow.notes,
    PersonRow.availability,
    PersonRow.language,
    PersonRow.contact_by,
)
_FICHE = _ALL_OF_IT.where(PersonRow.slug == bindparam("slug"))
_HOMONYMS = select(PersonRow.slug, PersonRow.id).where(
    PersonRow.kind == bindparam("kind"), PersonRow.name_key == bindparam("name_key")
)
_ACCOUNTS = (
    select(AccountRow.login, AccountRow.role, AccountRow.active, SectorRow.name)
    .outerjoin(AccountSectorRow, AccountSectorRow.account_id == AccountRow.id)
    .outerjoin(SectorRow, SectorRow.id == AccountSectorRow.sector_id)
    .where(AccountRow.person_id == bindparam("person_id"))
    .order_by(AccountRow.login, SectorRow.name)
)


class PeopleListing:
    """Reads fiches for pages and files."""

    def __init__(self, connection: Connection) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection

    def page(
        self, wanted: FicheFilter, scope: FicheScope, place: FichePlace | None, *, size: int
    ) -> list[ListedFiche]:
        """Return at most ``size`` lines beyond a place (or before it), by name."""
        backwards = place is not None and place.backwards
        ordered = [PersonRow.name_key, PersonRow.id]
        query = _LINES.where(*_conditions(wanted, scope))
        if place is not None:
            row = tuple_(*ordered)
            there = tuple_(literal(place.name_key), literal(place.person_id))
            query = query.where(row < there if backwards else row > there)
        query = query.order_by(*(each.desc() if backwards else each for each in ordered))
        rows = list(self._connection.execute(query.limit(size)))
        if backwards:
            rows.reverse()
        return [
            ListedFiche(person=person, phone=row.phone, name_key=row.name_key)
            for row, person in self._with_persons(rows)
        ]

    def count(self, wanted: FicheFilter, scope: FicheScope) -> int:
        """Return how many fiches there are."""
        counted = select(func.count()).select_from(PersonRow)
        found = self._connection.scalar(counted.where(*_conditions(wanted, scope)))
        return found or 0

    def everything(self, wanted: FicheFilter, scope: FicheScope) -> list[Fiche]:
        """Return all of them, whole, by name."""
        query = _ALL_OF_IT.where(*_conditions(wanted, scope)).order_by(
            PersonRow.name_key, PersonRow.id
        )
        return self._fiches(query, {})

    def everyone(self) -> list[Fiche]:
        """Return all fiches there are, archived ones too, by name."""
        return self._fiches(_ALL_OF_IT.order_by(PersonRow.name_key, PersonRow.id), {})

    def fiche(self, slug: str) -> Fiche | None:
        """Return the fiche under a slug."""
        # PostgreSQL refuses texts with a NUL
        return next(iter(self._fiches(_FICHE, {"slug": slug.replace("\0", "")})), None)

    def homonyms(self, kind: PersonKind, name_key: str) -> dict[int, str]:
        """Return the slugs of persons of one kind and name, by id."""
        which = {"kind": kind.value, "name_key": name_key}
        return {row.id: row.slug for row in self._connection.execute(_HOMONYMS, which)}

    def accounts_of(self, person_id: int) -> list[LinkedAccount]:
        """Return the accounts of a person, by login."""
        rows: dict[str, Any] = {}
        sectors: dict[str, list[str]] = defaultdict(list)
        for row in self._connection.execute(_ACCOUNTS, {"person_id": person_id}):
            rows[row.login] = row
            if row.name is not None:
                sectors[row.login].append(row.name)
        return [
            LinkedAccount(
                login=login,
                role=Role(row.role),
                active=row.active,
                sectors=tuple(sectors[login]),
            )
            for login, row in rows.items()
        ]

    def _fiches(self, query: Select[Any], values: dict[str, object]) -> list[Fiche]:
        rows = list(self._connection.execute(query, values))
        return [
            Fiche(
                person=person,
                phone=row.phone,
                notes=row.notes,
                availability=row.availability,
                language=row.language,
                contact_by=ContactBy(row.contact_by),
            )
            for row, person in self._with_persons(rows)
        ]

    def _with_persons(self, rows: Sequence[Any]) -> Iterator[tuple[Any, Person]]:
        addresses: dict[int, list[str]] = defaultdict(list)
        for first in range(0, len(rows), _AT_ONCE):
            which = {"ids": [row.id for row in rows[first : first + _AT_ONCE]]}
            for row in self._connection.execute(_ADDRESSES, which):
                addresses[row.person_id].append(row.address)
        for row in rows:
            yield row, mapping.person_of(row, addresses[row.id])


def _conditions(wanted: FicheFilter, scope: FicheScope) -> Iterator[ColumnElement[bool]]:
    yield PersonRow.active.is_(not wanted.archived)
    if wanted.kind is not None:
        yield PersonRow.kind == wanted.kind.value
    if wanted.kinds:
        yield PersonRow.kind.in_(sorted(wanted.kinds))
    if wanted.sector_id is not None:
        yield PersonRow.sector_id == wanted.sector_id
    if wanted.without_sector:
        yield PersonRow.sector_id.is_(None)
    if wanted.without_address:
        yield ~exists().where(PersonAddressRow.person_id == PersonRow.id)
    if not scope.everybody:
        theirs = PersonRow.sector_id.in_(sorted(scope.sector_ids))
        own = PersonRow.id == (-1 if scope.person_id is None else scope.person_id)
        yield or_(theirs, PersonRow.sector_id.is_(None), own)
    for word in folded(wanted.text)[:_MOST_SEARCHED].split():
        yield _contains(word)


def _contains(word: str) -> ColumnElement[bool]:
    found = PersonRow.search_key.contains(word, autoescape=True)
    digits = "".join(c for c in word if c.isdecimal())
    is_number = len(digits) >= _FEWEST_DIGITS and not word.strip("+.-0123456789")
    if not is_number:
        return found
    phone: Any = PersonRow.phone
    for separator in (" ", ".", "-"):
        phone = func.replace(phone, separator, "")
    return or_(found, phone.contains(digits))

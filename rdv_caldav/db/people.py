"""Persons, their addresses and secteurs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    bindparam,
    delete,
    insert,
    select,
    union,
    update,
)
from sqlalchemy.orm import aliased

from rdv_caldav.db import mapping
from rdv_caldav.db.kept import Kept
from rdv_caldav.db.personal_schema import PersonalCollectionRow
from rdv_caldav.db.schema import (
    PERSON_COLUMNS,
    CalendarRow,
    PersonAddressRow,
    PersonRow,
    SectorRow,
)
from rdv_caldav.domain.agency import AgencySettings, Person, PersonKind, Sector
from rdv_caldav.domain.directory import Directory, normalise_address
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.domain.fiches import fiche_search_key, name_key
from rdv_caldav.domain.mailing import ContactBy

# a person comes as often as he has addresses: one statement for both
_PERSONS = (
    select(*PERSON_COLUMNS, PersonAddressRow.address)
    .outerjoin(PersonAddressRow, PersonAddressRow.person_id == PersonRow.id)
    .order_by(PersonAddressRow.position)
)
_BY_IDS = _PERSONS.where(PersonRow.id.in_(bindparam("ids", expanding=True)))
_BY_SLUG = _PERSONS.where(PersonRow.slug == bindparam("slug"))
_WANTED: BindParameter[str] = bindparam("wanted")
_TAKEN = union(
    select(PersonRow.slug).where(PersonRow.slug == _WANTED),
    select(PersonalCollectionRow.path).where(PersonalCollectionRow.path == _WANTED),
)
_AVAILABILITY = select(PersonRow.availability).where(PersonRow.id == bindparam("person_id"))
_theirs, _others = aliased(PersonAddressRow), aliased(PersonAddressRow)
_named, _meant = aliased(PersonAddressRow), aliased(PersonRow)
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_ids_meant = union(
    select(_meant.id).where(_meant.id.in_(_IDS)),
    select(_named.person_id).where(_named.address.in_(bindparam("addresses", expanding=True))),
).subquery()
_ids_sharing = (
    select(_others.person_id)
    .join(_theirs, _theirs.address == _others.address)
    .join(_ids_meant, _ids_meant.c.id == _theirs.person_id)
)
_AROUND = _PERSONS.where(PersonRow.id.in_(union(select(_ids_meant.c.id), _ids_sharing)))
"""Persons by id or address, and whoever shares an address with one of them."""


class PeopleRepository:
    """Reads and writes persons as domain values."""

    def __init__(self, connection: Connection, kept: Kept) -> None:
        """Work in the transaction of ``connection``."""
        self._connection = connection
        self._kept = kept

    # -- reading --------------------------------------------------------------------------

    def by_id(self, person_id: int) -> Person | None:
        """Return the person with this id."""
        return self.by_ids([person_id]).get(person_id)

    def by_ids(self, person_ids: Iterable[int]) -> dict[int, Person]:
        """Return persons by id; unknown ids are left out."""
        ids = tuple(sorted(set(person_ids)))
        found = self._known("ids", _BY_IDS, {"ids": ids}) if ids else ()
        return {person.id: person for person in found}

    def by_slug(self, slug: str) -> Person | None:
        """Return the person whose calendar is found under this slug."""
        return next(iter(self._known("slug", _BY_SLUG, {"slug": slug})), None)

    def availability_of(self, person_id: int) -> str:
        """Return a person's working hours as a calendar (RFC 7953), empty for none."""
        found = self._connection.execute(_AVAILABILITY, {"person_id": person_id})
        return found.scalar_one_or_none() or ""

    def everyone(
        self,
        *,
        kind: PersonKind | None = None,
        sector_ids: Collection[int] | None = None,
        active_only: bool = True,
    ) -> list[Person]:
        """Return persons by name, all or of one kind or some secteurs."""
        names = (PersonRow.last_name, PersonRow.first_name, PersonRow.id)
        query = _PERSONS.order_by(None).order_by(*names, PersonAddressRow.position)
        if kind is not None:
            query = query.where(PersonRow.kind == kind.value)
        if sector_ids is not None:
            query = query.where(PersonRow.sector_id.in_(sector_ids))
        if active_only:
            query = query.where(PersonRow.active)
        return self._load(query, {})

    def directory(
        self,
        settings: AgencySettings,
        *,
        addresses: Collection[str] = (),
        person_ids: Iterable[int] = (),
    ) -> Directory:
        """Return a directory of the persons who have one of these addresses or ids.

        Whoever shares an address with one of them is in it too, since that decides how
        they are shown.
        """
        ids = set(person_ids)
        named = Directory((), settings)
        ids.update(filter(None, (named.placeholder_id(address) for address in addresses)))
        meant = {"ids": tuple(sorted(ids)), "addresses": tuple(sorted(addresses))}
        return Directory(self._known("around", _AROUND, meant), settings)

    def _known(
        self, question: str, query: Select[Any], values: Mapping[str, Hashable]
    ) -> Sequence[Person]:
        """Return persons who are asked for again and again."""
        key = (question, *values.values())
        return self._kept.get(key, lambda: self._load(query, values))

    def _load(self, query: Select[Any], values: Mapping[str, object]) -> list[Person]:
        rows: dict[int, Any] = {}
        addresses: dict[int, list[str]] = defaultdict(list)
        for row in self._connection.execute(query, values):
            rows.setdefault(row.id, row)
            if row.address is not None:
                addresses[row.id].append(row.address)
        return [mapping.person_of(row, addresses[key]) for key, row in rows.items()]

    # -- writing --------------------------------------------------------------------------

    def add(
        self,
        *,
        slug: str,
        kind: PersonKind,
        last_name: str,
        first_name: str = "",
        addresses: Sequence[str] = (),
        home_address: str = "",
        sector_id: int | None = None,
    ) -> Person:
        """Add a person with an empty calendar. Raises InvalidInput when the slug is taken."""
        if self.by_slug(slug) is not None:
            raise InvalidInput(f"there is a person {slug!r} already")
        person = Person(
            id=0,
            slug=slug,
            kind=kind,
            last_name=last_name,
            first_name=first_name,
            addresses=tuple(dict.fromkeys(map(normalise_address, addresses))),
            home_address=home_address,
            sector_id=sector_id,
        )
        person_id = self._connection.execute(
            insert(PersonRow).values(_values_of(person)).returning(PersonRow.id)
        ).scalar_one()
        self._connection.execute(insert(CalendarRow).values(person_id=person_id))
        self._save_addresses(person_id, person.addresses)
        return replace(person, id=person_id)

    def update(self, person: Person) -> None:
        """Store the next state of a known person."""
        self._connection.execute(
            update(PersonRow).where(PersonRow.id == person.id).values(_values_of(person))
        )
        self._connection.execute(
            delete(PersonAddressRow).where(PersonAddressRow.person_id == person.id)
        )
        self._save_addresses(person.id, person.addresses)

    def _save_addresses(self, person_id: int, addresses: Sequence[str]) -> None:
        normalised = dict.fromkeys(normalise_address(address) for address in addresses)
        rows = [
            {"person_id": person_id, "address": address, "position": position}
            for position, address in enumerate(normalised)
        ]
        if rows:
            self._connection.execute(insert(PersonAddressRow), rows)

    def save_availability(self, person_id: int, text: str) -> None:
        """Store a person's working hours (RFC 7953), empty for always available."""
        self._connection.execute(
            update(PersonRow).where(PersonRow.id == person_id).values(availability=text)
        )

    def save_details(
        self, person_id: int, *, phone: str, notes: str, language: str, contact_by: ContactBy
    ) -> None:
        """Store what only fiches show."""
        self._connection.execute(
            update(PersonRow)
            .where(PersonRow.id == person_id)
            .values(phone=phone, notes=notes, language=language, contact_by=contact_by.value)
        )

    def free_slug(self, wanted: str) -> str:
        """Return ``wanted``, or with the first number that makes it unique.

        Accounts' own calendars stand beside those of persons: their names are taken too.
        """
        if self._connection.execute(_TAKEN, {"wanted": wanted}).first() is None:
            return wanted
        persons = select(PersonRow.slug).where(PersonRow.slug.startswith(wanted, autoescape=True))
        own = select(PersonalCollectionRow.path).where(
            PersonalCollectionRow.path.startswith(wanted, autoescape=True)
        )
        taken = {*self._connection.scalars(persons), *self._connection.scalars(own)}
        slug, number = wanted, 1
        while slug in taken:
            number += 1
            slug = f"{wanted}-{number}"
        return slug

    # -- secteurs -------------------------------------------------------------------------

    def add_sector(self, name: str) -> Sector:
        """Add a secteur."""
        sector_id = self._connection.execute(
            insert(SectorRow).values(name=name).returning(SectorRow.id)
        ).scalar_one()
        return Sector(id=sector_id, name=name)

    def rename_sector(self, sector: Sector) -> None:
        """Give a secteur another name."""
        self._connection.execute(
            update(SectorRow).where(SectorRow.id == sector.id).values(name=sector.name)
        )

    def sectors(self) -> list[Sector]:
        """Return all secteurs by name."""
        rows = self._connection.execute(select(SectorRow.__table__).order_by(SectorRow.name))
        return [Sector(id=row.id, name=row.name) for row in rows]


def _values_of(person: Person) -> dict[str, object]:
    """Return the columns of a person, with what lists sort and search by."""
    return {
        "slug": person.slug,
        "kind": person.kind.value,
        "last_name": person.last_name,
        "first_name": person.first_name,
        "home_address": person.home_address,
        "sector_id": person.sector_id,
        "active": person.active,
        "name_key": name_key(person),
        "search_key": fiche_search_key(person),
    }

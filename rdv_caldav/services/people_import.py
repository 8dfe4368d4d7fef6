"""Persons from a CSV file: all rows or none, each refusal with its line and reason.

Nothing is mailed, and a person who is known by his identifier, or by kind and name, is
brought up to date instead of being added twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings, Person, PersonKind
from rdv_caldav.domain.directory import Directory, normalise_address
from rdv_caldav.ical.availability import weekly_availability
from rdv_caldav.services.people_csv import PersonRow, RejectedRow, plain, read_rows, slug_of


@dataclass(slots=True)
class ImportReport:
    """What an import did, or would do; lines of the file begin at 1, with the header."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    rejected: list[tuple[int, str]] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Yield the report as sentences."""
        yield f"{len(self.created)} created: {', '.join(self.created)}"
        yield f"{len(self.updated)} updated: {', '.join(self.updated)}"
        yield f"{len(self.unchanged)} unchanged"
        for line, reason in self.rejected:
            yield f"line {line}: {reason}"


def import_people(tx: Transaction, text: str, *, dry_run: bool) -> ImportReport:
    """Add and update persons; nothing at all is written if a row is rejected, or on a dry run.

    Empty cells say nothing. A new address comes before those that are known and takes none
    of them away, so that people go on being recognised in what programs kept. Raises
    InvalidInput when the file has no usable header or is no CSV.
    """
    report = ImportReport()
    plan = list(_plan(tx, _usable(read_rows(text), report), report))
    report.rejected.sort()
    if dry_run or report.rejected:
        return report
    sectors, hours = _Sectors(tx), _WorkingHours(tx)
    # an Identifiant that the file gives is not to be taken by somebody without one
    for row, known in sorted(plan, key=lambda pair: not pair[0].slug):
        sector_id = sectors.id_of(row.sector)
        person = known or _add(tx, row, sector_id)
        if known is not None and not _says_nothing_new(row, known, sectors):
            tx.people.update(replace(_merged(row, known), sector_id=sector_id or known.sector_id))
        if hours.are_new(row, person):
            tx.people.save_availability(person.id, hours.said_by(row))
    return report


class _Sectors:
    """The secteurs by name, added where a row names a new one."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._ids = {plain(sector.name): sector.id for sector in tx.people.sectors()}

    def known(self, name: str) -> int | None:
        return self._ids.get(plain(name))

    def id_of(self, name: str) -> int | None:
        if not name:
            return None
        if plain(name) not in self._ids:
            self._ids[plain(name)] = self._tx.people.add_sector(name).id
        return self._ids[plain(name)]


class _WorkingHours:
    """What rows say of working hours, and whether that is kept already."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._zone = tx.agency.settings().time_zone

    def said_by(self, row: PersonRow) -> str:
        return weekly_availability(row.hours, zone=self._zone) if row.hours else ""

    def are_new(self, row: PersonRow, known: Person) -> bool:
        if row.hours is None:
            return False
        return self._tx.people.availability_of(known.id) != self.said_by(row)


class _KnownPersons:
    """Whom a row means: by identifier, else by kind and name."""

    def __init__(self, persons: Iterable[Person]) -> None:
        self._by_slug: dict[str, Person] = {}
        self._by_name: dict[tuple[PersonKind, str, str], list[Person]] = {}
        for person in persons:
            self._by_slug[person.slug] = person
            key = (person.kind, plain(person.last_name), plain(person.first_name))
            self._by_name.setdefault(key, []).append(person)

    def meant_by(self, row: PersonRow) -> list[Person]:
        if row.slug:
            return [self._by_slug[row.slug]] if row.slug in self._by_slug else []
        return self._by_name.get((row.kind, plain(row.last_name), plain(row.first_name)), [])


def _usable(rows: Iterable[PersonRow | RejectedRow], report: ImportReport) -> Iterator[PersonRow]:
    for row in rows:
        if isinstance(row, RejectedRow):
            report.rejected.append((row.line, row.reason))
        else:
            yield row


def _plan(
    tx: Transaction, rows: Iterable[PersonRow], report: ImportReport
) -> Iterator[tuple[PersonRow, Person | None]]:
    settings = tx.agency.settings()
    persons = _KnownPersons(tx.people.everyone(active_only=False))
    sectors, hours = _Sectors(tx), _WorkingHours(tx)
    lines: dict[object, int] = {}
    for row in rows:
        meant = persons.meant_by(row)
        identity = meant[0].id if meant else _identity(row)
        first_line = lines.setdefault(identity, row.line)
        reason = ""
        if len(meant) > 1:
            reason = f"several persons are called {row.name}: Identifiant has to say who"
        elif first_line != row.line:
            reason = f"the same person as in line {first_line}: homonyms need an Identifiant"
        elif any(_is_the_agencys(address, settings) for address in row.addresses):
            reason = "an address of the agency's own is nobody's"
        if reason:
            report.rejected.append((row.line, reason))
            continue
        known = meant[0] if meant else None
        if known is None:
            report.created.append(row.name)
        elif _says_nothing_new(row, known, sectors) and not hours.are_new(row, known):
            report.unchanged.append(row.name)
        else:
            report.updated.append(row.name)
        yield row, known


def _identity(row: PersonRow) -> object:
    return row.slug or (row.kind, plain(row.last_name), plain(row.first_name))


def _is_the_agencys(address: str, settings: AgencySettings) -> bool:
    is_placeholder = Directory((), settings).placeholder_id(address) is not None
    return is_placeholder or address == normalise_address(settings.scheduling_address)


def _says_nothing_new(row: PersonRow, known: Person, sectors: _Sectors) -> bool:
    stays = not row.sector or sectors.known(row.sector) == known.sector_id is not None
    return stays and _merged(row, known) == known


def _add(tx: Transaction, row: PersonRow, sector_id: int | None) -> Person:
    return tx.people.add(
        slug=tx.people.free_slug(row.slug or slug_of(row.name)),
        kind=row.kind,
        last_name=row.last_name,
        first_name=row.first_name,
        addresses=row.addresses,
        home_address=row.home_address,
        sector_id=sector_id,
    )


def _merged(row: PersonRow, known: Person) -> Person:
    """Return the person as the row has him, save the secteur."""
    return replace(
        known,
        kind=row.kind,
        last_name=row.last_name,
        first_name=row.first_name or known.first_name,
        addresses=tuple(dict.fromkeys((*row.addresses, *known.addresses))),
        home_address=row.home_address or known.home_address,
    )

"""Persons from a CSV file: all rows or none, each refusal with its line and reason.

Nothing is mailed, and a person who is known by his identifier, or by kind and name, is
brought up to date instead of being added twice.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Person, PersonKind
from rdv_caldav.domain.directory import normalise_address
from rdv_caldav.domain.errors import InvalidInput

_COLUMNS: Mapping[str, str] = {
    "nom": "last_name",
    "last name": "last_name",
    "prenom": "first_name",
    "first name": "first_name",
    "type": "kind",
    "genre": "kind",
    "kind": "kind",
    "e-mail": "addresses",
    "email": "addresses",
    "mail": "addresses",
    "adresse": "home_address",
    "address": "home_address",
    "secteur": "sector",
    "sector": "sector",
    "identifiant": "slug",
    "identifier": "slug",
}
_REQUIRED = ("last_name", "kind")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    line: int
    kind: PersonKind
    last_name: str
    first_name: str
    addresses: tuple[str, ...]
    home_address: str
    sector: str
    slug: str


def import_people(tx: Transaction, text: str, *, dry_run: bool) -> ImportReport:
    """Add and update persons; nothing at all is written if a row is rejected, or on a dry run.

    Columns are found by their headers, in French or English, whatever their case and
    accents; several addresses are separated by a space or ``|``. Raises InvalidInput when
    the file has no usable header.
    """
    report = ImportReport()
    rows = list(_rows(text, report))
    plan = [(row, _known(tx, row)) for row in rows]
    for row, known in plan:
        name = f"{row.first_name} {row.last_name}".strip()
        if known is None:
            report.created.append(name)
        elif _merged(known, row, known.sector_id) == known and not row.sector:
            report.unchanged.append(name)
        else:
            report.updated.append(name)
    if dry_run or report.rejected:
        return report
    sectors = {sector.name.casefold(): sector.id for sector in tx.people.sectors()}
    for row, known in plan:
        if row.sector and row.sector.casefold() not in sectors:
            sectors[row.sector.casefold()] = tx.people.add_sector(row.sector).id
        sector_id = sectors.get(row.sector.casefold())
        if known is not None:
            tx.people.update(_merged(known, row, sector_id or known.sector_id))
        else:
            _add(tx, row, sector_id)
    return report


def _add(tx: Transaction, row: _Row, sector_id: int | None) -> None:
    wanted = row.slug or slug_of(f"{row.first_name} {row.last_name}")
    tx.people.add(
        slug=tx.people.free_slug(wanted),
        kind=row.kind,
        last_name=row.last_name,
        first_name=row.first_name,
        addresses=row.addresses,
        home_address=row.home_address,
        sector_id=sector_id,
    )


def slug_of(name: str) -> str:
    """Return a name as a part of a URL: lower-case letters, digits and hyphens."""
    return "-".join(re.findall(r"[a-z0-9]+", _plain(name))) or "personne"


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold().strip()


def _known(tx: Transaction, row: _Row) -> Person | None:
    if row.slug:
        return tx.people.by_slug(row.slug)
    for person in tx.people.everyone(kind=row.kind, active_only=False):
        if (person.last_name, person.first_name) == (row.last_name, row.first_name):
            return person
    return None


def _merged(person: Person, row: _Row, sector_id: int | None) -> Person:
    """Return the person as the row has him; empty cells say nothing."""
    return replace(
        person,
        kind=row.kind,
        last_name=row.last_name,
        first_name=row.first_name or person.first_name,
        addresses=row.addresses or person.addresses,
        home_address=row.home_address or person.home_address,
        sector_id=sector_id,
    )


def _rows(text: str, report: ImportReport) -> Iterator[_Row]:
    text = text.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") >= first.count(",") else ","
    reader = csv.reader(text.splitlines(), delimiter=delimiter)
    header = [_COLUMNS.get(_plain(cell)) for cell in next(reader, [])]
    missing = [name for name in _REQUIRED if name not in header]
    if missing:
        raise InvalidInput("the first line must name the columns Nom and Type")
    for cells in reader:
        values = {
            column: cell.strip() for column, cell in zip(header, cells, strict=False) if column
        }
        if any(values.values()):
            row = _row(reader.line_num, values, report)
            if row is not None:
                yield row


def _row(line: int, values: Mapping[str, str], report: ImportReport) -> _Row | None:
    addresses = tuple(
        normalise_address(address)
        for address in re.split(r"[|\s]+", values.get("addresses", ""))
        if address
    )
    kind = _plain(values.get("kind", ""))
    reasons = []
    if kind not in {known.value for known in PersonKind}:
        reasons.append("Type is client, intervenant or gestionnaire")
    if not values.get("last_name"):
        reasons.append("Nom is missing")
    reasons += [f"{a} is no address" for a in addresses if not _ADDRESS.fullmatch(a)]
    slug = values.get("slug", "")
    if slug and slug_of(slug) != slug:
        reasons.append("Identifiant is lower-case letters, digits and hyphens")
    if reasons:
        report.rejected.append((line, "; ".join(reasons)))
        return None
    return _Row(
        line=line,
        kind=PersonKind(kind),
        last_name=values["last_name"],
        first_name=values.get("first_name", ""),
        addresses=addresses,
        home_address=values.get("home_address", ""),
        sector=values.get("sector", ""),
        slug=slug,
    )

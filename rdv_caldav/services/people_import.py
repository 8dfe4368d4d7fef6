"""Persons from a CSV file: nothing of it where a row is refused, each with line and reason.

Nothing is mailed, and a person who is known by his identifier, or by kind and name, is
brought up to date instead of being added twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings, Person, PersonKind
from rdv_caldav.domain.directory import Directory, normalise_address
from rdv_caldav.domain.errors import DomainError
from rdv_caldav.domain.fiches import Complaint, Fiche, Problem
from rdv_caldav.ical.availability import weekly_availability
from rdv_caldav.services.people_csv import (
    MAX_NAME,
    PersonRow,
    RejectedRow,
    plain,
    read_rows,
    slug_of,
)

_WORDS = {
    Problem.MISSING: "Nom is missing",
    Problem.TOO_LONG: f"a name has more than {MAX_NAME} characters, or a text is far too long",
    Problem.UNPRINTABLE: "control characters cannot be kept",
    Problem.ADDRESS: "{} is no address",
    Problem.AGENCY_ADDRESS: "an address of the agency's own is nobody's",
    Problem.HOURS: "{}",
    Problem.KIND: "Type is client, intervenant or gestionnaire",
    Problem.SLUG: ("Identifiant is lower-case letters, digits and hyphens, and no reserved word"),
    Problem.LANGUAGE: "Langue is fr or en",
    Problem.CONTACT_BY: "Joindre par is e-mail, SMS, ne pas écrire or agence",
    Problem.SURPLUS: "more cells than the first line has columns",
    Problem.SEVERAL: "several persons are called {}: Identifiant has to say who",
    Problem.TWICE: "the same person as in line {}: homonyms need an Identifiant",
}


ROWS_OF_TURN = 500
"""Rows that are written in one transaction: half a second of it."""


@dataclass(slots=True)
class ImportReport:
    """What an import did, or would do; lines of the file begin at 1, with the header.

    ``slugs`` are of those whom it created or brought up to date. ``left`` counts the rows that
    it did not come to, since it stopped half-way.
    """

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refusals: list[tuple[int, tuple[Complaint, ...]]] = field(default_factory=list)
    slugs: list[str] = field(default_factory=list)
    added: set[int] = field(default_factory=set)
    left: int = 0

    @property
    def rejected(self) -> list[tuple[int, str]]:
        """The refused lines with their reasons in English."""
        return [
            (line, "; ".join(_WORDS[each.problem].format(each.about) for each in complaints))
            for line, complaints in self.refusals
        ]

    def lines(self) -> Iterator[str]:
        """Yield the report as sentences."""
        yield f"{len(self.created)} created: {', '.join(self.created)}"
        yield f"{len(self.updated)} updated: {', '.join(self.updated)}"
        yield f"{len(self.unchanged)} unchanged"
        for line, reason in self.rejected:
            yield f"line {line}: {reason}"
        if self.left:
            yield f"{self.left} rows are left: import the same file again to go on"

    def take(self, turn: ImportReport) -> None:
        """Add what another turn did."""
        self.created += turn.created
        self.updated += turn.updated
        self.unchanged += turn.unchanged
        self.slugs += turn.slugs
        self.added |= turn.added


Run = Callable[[Callable[[Transaction], ImportReport]], ImportReport]
"""Runs something in a transaction."""


def import_people(
    tx: Transaction,
    text: str,
    *,
    dry_run: bool,
    meanings: Sequence[str | None] | None = None,
    kind: PersonKind | None = None,
) -> ImportReport:
    """Add and update persons; nothing at all is written if a row is rejected, or on a dry run.

    Empty cells say nothing. A new address comes before those that are known and takes none
    of them away, so that people go on being recognised in what programs kept. ``meanings`` and
    ``kind`` are those of :func:`read_rows`. Raises InvalidInput when the file has no usable
    header or is no CSV.
    """
    report = ImportReport()
    rows = list(_usable(read_rows(text, meanings=meanings, kind=kind), report))
    return _import(tx, rows, report, dry_run=dry_run)


def import_in_turns(
    read: Run,
    write: Run,
    text: str,
    *,
    meanings: Sequence[str | None] | None = None,
    kind: PersonKind | None = None,
) -> ImportReport:
    """Do the same in transactions of some rows each, so that other writers have their turns too.

    ``read`` and ``write`` run something in a transaction of that kind. Every row is looked at
    before the first one is written; should a later one be refused all the same, since somebody
    else wrote meanwhile, the import stops there and says how much is left. Importing the file
    once more then goes on with it. Raises InvalidInput.
    """
    report = ImportReport()
    rows = list(_usable(read_rows(text, meanings=meanings, kind=kind), report))
    todo: list[PersonRow] = []
    read(partial(_import, rows=rows, report=report, dry_run=True, todo=todo))
    if report.refusals:
        return report
    total = ImportReport(unchanged=report.unchanged)
    # an Identifiant that the file gives is not to be taken by somebody without one
    todo.sort(key=lambda row: not row.slug)
    for first in range(0, len(todo), ROWS_OF_TURN):
        turn = partial(_turn, rows=todo[first : first + ROWS_OF_TURN], ours=frozenset(total.added))
        try:
            done = write(turn)
        except DomainError:
            total.left = len(todo) - first
            return total
        if done.refusals:
            total.refusals, total.left = done.refusals, len(todo) - first
            return total
        total.take(done)
    return total


def _turn(tx: Transaction, *, rows: Sequence[PersonRow], ours: frozenset[int]) -> ImportReport:
    return _import(tx, rows, ImportReport(), dry_run=False, ours=ours)


def _import(
    tx: Transaction,
    rows: Sequence[PersonRow],
    report: ImportReport,
    *,
    dry_run: bool,
    ours: frozenset[int] = frozenset(),
    todo: list[PersonRow] | None = None,
) -> ImportReport:
    """Import rows, and note in ``report`` what was done.

    ``ours`` are persons of the same file: no other row of it means them. Rows that say
    something new are added to ``todo``.
    """
    plan = list(_plan(tx, rows, report, ours))
    report.refusals.sort(key=lambda refusal: refusal[0])
    if todo is not None:
        todo += (row for row, _ in plan)
    if dry_run or report.refusals:
        return report
    sectors, hours = _Sectors(tx), _WorkingHours(tx)
    # an Identifiant that the file gives is not to be taken by somebody without one
    for row, known in sorted(plan, key=lambda pair: not pair[0].slug):
        sector_id = sectors.id_of(row.sector)
        person = known.person if known else _add(tx, row, sector_id)
        if known is None:
            report.added.add(person.id)
        if known is not None and not _says_nothing_new(row, person, sectors):
            after = replace(_merged(row, person), sector_id=sector_id or person.sector_id)
            store_person(tx, person, after)
        fiche = known or Fiche(person=person)
        if hours.are_new(row, fiche):
            tx.people.save_availability(person.id, hours.said_by(row))
        if _has_new_details(row, fiche):
            _save_details(tx, row, fiche)
        report.slugs.append(person.slug)
    return report


def _save_details(tx: Transaction, row: PersonRow, standing: Fiche) -> None:
    tx.people.save_details(
        standing.person.id,
        phone=row.phone or standing.phone,
        notes=row.notes or standing.notes,
        language=row.language or standing.language,
        contact_by=standing.contact_by if row.contact_by is None else row.contact_by,
    )


def store_person(tx: Transaction, before: Person, after: Person) -> None:
    """Store the next state of a person.

    Whoever edits is the organizer by his first address (:mod:`rdv_caldav.ical.views`): after
    a change of it, his programs have to read everything anew.
    """
    tx.people.update(after)
    if before.addresses[:1] != after.addresses[:1]:
        tx.accounts.void_sync_tokens_of(after.id)


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
        self._zone = tx.agency.settings().time_zone

    def said_by(self, row: PersonRow) -> str:
        return weekly_availability(row.hours, zone=self._zone) if row.hours else ""

    def are_new(self, row: PersonRow, known: Fiche) -> bool:
        return row.hours is not None and known.availability != self.said_by(row)


class _KnownPersons:
    """Whom a row means: by identifier, else by kind and name."""

    def __init__(self, fiches: Iterable[Fiche]) -> None:
        self._by_slug: dict[str, Fiche] = {}
        self._by_name: dict[tuple[PersonKind, str, str], list[Fiche]] = {}
        for fiche in fiches:
            person = fiche.person
            self._by_slug[person.slug] = fiche
            key = (person.kind, plain(person.last_name), plain(person.first_name))
            self._by_name.setdefault(key, []).append(fiche)

    def meant_by(self, row: PersonRow) -> list[Fiche]:
        if row.slug:
            return [self._by_slug[row.slug]] if row.slug in self._by_slug else []
        return self._by_name.get((row.kind, plain(row.last_name), plain(row.first_name)), [])


def _usable(rows: Iterable[PersonRow | RejectedRow], report: ImportReport) -> Iterator[PersonRow]:
    for row in rows:
        if isinstance(row, RejectedRow):
            report.refusals.append((row.line, row.complaints))
        else:
            yield row


def _plan(
    tx: Transaction, rows: Iterable[PersonRow], report: ImportReport, ours: frozenset[int]
) -> Iterator[tuple[PersonRow, Fiche | None]]:
    settings = tx.agency.settings()
    everyone = tx.people_listing.everyone()
    persons = _KnownPersons(fiche for fiche in everyone if fiche.person.id not in ours)
    sectors, hours = _Sectors(tx), _WorkingHours(tx)
    lines: dict[object, int] = {}
    for row in rows:
        meant = persons.meant_by(row)
        identity = meant[0].person.id if meant else _identity(row)
        first_line = lines.setdefault(identity, row.line)
        complaint = None
        if len(meant) > 1:
            complaint = Complaint(problem=Problem.SEVERAL, about=row.name)
        elif first_line != row.line:
            complaint = Complaint(problem=Problem.TWICE, about=str(first_line))
        elif any(is_the_agencys(address, settings) for address in row.addresses):
            complaint = Complaint(problem=Problem.AGENCY_ADDRESS)
        if complaint:
            report.refusals.append((row.line, (complaint,)))
            continue
        known = meant[0] if meant else None
        if known is None:
            report.created.append(row.name)
        elif _has_nothing_new(row, known, sectors, hours):
            report.unchanged.append(row.name)
            continue
        else:
            report.updated.append(row.name)
        yield row, known


def _identity(row: PersonRow) -> object:
    return row.slug or (row.kind, plain(row.last_name), plain(row.first_name))


def _has_nothing_new(row: PersonRow, known: Fiche, sectors: _Sectors, hours: _WorkingHours) -> bool:
    stays = _says_nothing_new(row, known.person, sectors)
    return stays and not hours.are_new(row, known) and not _has_new_details(row, known)


def _has_new_details(row: PersonRow, known: Fiche) -> bool:
    said = ((row.phone, known.phone), (row.notes, known.notes), (row.language, known.language))
    is_reached_otherwise = row.contact_by is not None and row.contact_by is not known.contact_by
    return is_reached_otherwise or any(new and new != old for new, old in said)


def is_the_agencys(address: str, settings: AgencySettings) -> bool:
    """Tell whether an address is the agency's own, or stands for somebody without one."""
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

"""Fiches as CSV files for pages: sent out, and taken in with an entry in the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import PersonKind
from rdv_caldav.domain.errors import AccessRefused
from rdv_caldav.domain.fiches import Fiche, FicheFilter
from rdv_caldav.exports.csv_file import csv_pieces
from rdv_caldav.exports.sheets import Cell, Sheet, SheetColumn
from rdv_caldav.ical.availability import weekly_hours
from rdv_caldav.services import access, people
from rdv_caldav.services.access import Actor
from rdv_caldav.services.audit import record_change
from rdv_caldav.services.people_csv import WRITTEN_CONTACTS
from rdv_caldav.services.people_import import ImportReport, Run, import_in_turns, import_people
from rdv_caldav.services.working_hours import written_hours

_HEADINGS = (
    *("Nom", "Prénom", "Type", "E-mail", "Téléphone", "Adresse", "Secteur", "Horaires"),
    *("Identifiant", "Notes", "Langue", "Joindre par"),
)
"""What an import takes these columns for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOrder:
    """A file, what its columns mean, and of which kind rows are that name none."""

    text: str
    meanings: Sequence[str | None] | None = None
    kind: PersonKind | None = None


def export(tx: Transaction, actor: Actor, wanted: FicheFilter) -> Iterator[bytes]:
    """Return the fiches that a filter lists as a CSV file, in pieces. Raises AccessRefused."""
    sectors = {sector.id: sector.name for sector in tx.people.sectors()}
    fiches = people.everything(tx, actor, wanted)
    return csv_pieces(
        Sheet(
            title="Fiches",
            columns=[SheetColumn(heading=heading) for heading in _HEADINGS],
            rows=(_row(fiche, sectors) for fiche in fiches),
        )
    )


def try_import(tx: Transaction, actor: Actor, order: ImportOrder) -> ImportReport:
    """Return what an import would do. Raises AccessRefused, InvalidInput."""
    _check(actor)
    return import_people(tx, order.text, dry_run=True, meanings=order.meanings, kind=order.kind)


def do_import(
    read: Run, write: Run, actor: Actor, order: ImportOrder, *, now: datetime
) -> ImportReport:
    """Import a file turn by turn, each with its entry in the journal. Nobody is mailed.

    Raises AccessRefused, InvalidInput.
    """
    _check(actor)

    def write_and_record(turn: Callable[[Transaction], ImportReport]) -> ImportReport:
        return write(lambda tx: recorded(tx, actor, turn(tx), now=now))

    return import_in_turns(
        read, write_and_record, order.text, meanings=order.meanings, kind=order.kind
    )


def recorded(
    tx: Transaction, actor: Actor | None, report: ImportReport, *, now: datetime
) -> ImportReport:
    """Return the report of a turn that was written, now in the journal. A command has no actor."""
    if report.slugs:
        details = {
            "created": len(report.created),
            "updated": len(report.updated),
            "slugs": report.slugs,
        }
        record_change(tx, actor, "FichesImported", details, now=now)
    return report


def _check(actor: Actor) -> None:
    # a file may be about anybody, and names secteurs
    if not access.sees_all_sectors(actor):
        raise AccessRefused("files of persons are taken from those who see all secteurs")


def _row(fiche: Fiche, sectors: dict[int, str]) -> Sequence[Cell]:
    person = fiche.person
    hours = weekly_hours(fiche.availability) if fiche.availability else None
    return (
        person.last_name,
        person.first_name,
        person.kind.value,
        " ".join(person.addresses),
        fiche.phone,
        person.home_address,
        sectors.get(person.sector_id or 0, ""),
        "" if hours is None else written_hours(hours),
        person.slug,
        fiche.notes,
        fiche.language,
        WRITTEN_CONTACTS[fiche.contact_by],
    )

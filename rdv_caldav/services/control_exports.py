"""Exports of the control table: exactly what a filter lists, in any of the formats.

Rows are read and written in pieces. CSV, XML and iCalendar go out as they are made; workbooks
are made in a file first, which is gone when it has been read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain
from tempfile import TemporaryFile
from typing import BinaryIO
from zoneinfo import ZoneInfo

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.control import ControlQuery, ControlRow
from rdv_caldav.domain.errors import InvalidInput, TooManyInstances
from rdv_caldav.exports.control_sheet import control_sheet
from rdv_caldav.exports.csv_file import csv_pieces
from rdv_caldav.exports.pdf_file import MOST_ROWS as MOST_PDF_ROWS
from rdv_caldav.exports.pdf_file import TooManyRows, pdf_bytes
from rdv_caldav.exports.sheets import Sheet
from rdv_caldav.exports.wording import Wording
from rdv_caldav.exports.xls_file import write_xls
from rdv_caldav.exports.xlsx_file import write_xlsx
from rdv_caldav.exports.xml_file import xml_pieces
from rdv_caldav.ical.merging import merged
from rdv_caldav.ical.single_dates import single_dates
from rdv_caldav.ical.views import View, render
from rdv_caldav.services import access
from rdv_caldav.services.access import Actor
from rdv_caldav.services.control import everything

__all__ = ["MOST_PDF_ROWS", "ExportFormat", "export", "media_type"]

_PIECE = 65_536


class ExportFormat(StrEnum):
    """The formats; the values are the endings of file names."""

    CSV = "csv"
    XLS = "xls"
    XLSX = "xlsx"
    XML = "xml"
    ICS = "ics"
    PDF = "pdf"


_MEDIA_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.XLS: "application/vnd.ms-excel",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.XML: "application/xml; charset=utf-8",
    ExportFormat.ICS: "text/calendar; charset=utf-8",
    ExportFormat.PDF: "application/pdf",
}


def media_type(wanted: ExportFormat) -> str:
    """Return the Content-Type of a format."""
    return _MEDIA_TYPES[wanted]


def _unobserved(_rows: int) -> None:
    """Nobody asks how far it is."""


def export(
    tx: Transaction,
    actor: Actor,
    query: ControlQuery,
    wanted: ExportFormat,
    *,
    wording: Wording,
    now: datetime,
    on_rows: Callable[[int], None] = _unobserved,
) -> Iterator[bytes]:
    """Return the pieces of a file with what a query lists; ``now`` is aware.

    ``on_rows`` is told how many rows more were taken in, again and again. The transaction must
    stay open until the last piece. Raises ModuleOff at once, and InvalidInput at once for more
    rows than a PDF takes.
    """
    wish = _Export(tx=tx, actor=actor, query=query, wording=wording, now=now, on_rows=on_rows)
    return wish.pieces(wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Export:
    """One export under way."""

    tx: Transaction
    actor: Actor
    query: ControlQuery
    wording: Wording
    now: datetime
    on_rows: Callable[[int], None]

    def pieces(self, wanted: ExportFormat) -> Iterator[bytes]:
        """Return the pieces of the file."""
        parts = self._counted(everything(self.tx, self.actor, self.query))
        rows = chain.from_iterable(parts)
        match wanted:
            case ExportFormat.CSV:
                return csv_pieces(self._sheet(rows))
            case ExportFormat.XLS:
                return _of_file(self._sheet(rows), write_xls)
            case ExportFormat.XLSX:
                return _of_file(self._sheet(rows), write_xlsx)
            case ExportFormat.XML:
                agency = self.tx.agency.settings().name
                return xml_pieces(rows, agency=agency, types=self._types, now=self.now)
            case ExportFormat.ICS:
                return self._calendar(parts)
            case ExportFormat.PDF:
                return iter([self._pdf(rows)])

    def _counted(
        self, parts: Generator[Sequence[ControlRow], None, None]
    ) -> Iterator[Sequence[ControlRow]]:
        with closing(parts):
            for rows in parts:
                yield rows
                self.on_rows(len(rows))

    @property
    def _types(self) -> dict[str, str]:
        return {each.code: each.label for each in self.tx.agency.types()}

    def _sheet(self, rows: Iterable[ControlRow]) -> Sheet:
        return control_sheet(
            rows, columns=self.query.columns, types=self._types, wording=self.wording
        )

    def _pdf(self, rows: Iterable[ControlRow]) -> bytes:
        settings = self.tx.agency.settings()
        local = self.now.astimezone(ZoneInfo(settings.time_zone))
        subtitle = f"{settings.name} · {local:%d/%m/%Y %H:%M}"
        try:
            return pdf_bytes(
                self._sheet(rows),
                subtitle=subtitle,
                language=self.wording.language,
                most_rows=MOST_PDF_ROWS,
            )
        except TooManyRows as error:
            raise InvalidInput(f"a PDF takes {MOST_PDF_ROWS} rows at most") from error

    def _calendar(self, parts: Iterable[Sequence[ControlRow]]) -> Iterator[bytes]:
        settings = self.tx.agency.settings()
        hidden = access.notes_are_hidden(self.actor, settings)
        view = View(notes_hidden=hidden, conflicts_hidden=True)
        texts = (text for rows in parts for text in self._objects(rows, view))
        return (piece.encode() for piece in merged(texts, name=settings.name))

    def _objects(self, rows: Sequence[ControlRow], view: View) -> Iterator[str]:
        """Yield an object for each rendez-vous, with those of its dates that are listed."""
        by_appointment: dict[int, list[ControlRow]] = defaultdict(list)
        for row in rows:
            by_appointment[row.key.appointment_id].append(row)
        texts = self.tx.control.texts(list(by_appointment))
        for appointment_id, dates in by_appointment.items():
            text = render(*texts[appointment_id], view)
            if dates[0].is_series:
                yield from _with_dates(text, dates)
            else:
                yield text


def _with_dates(text: str, dates: Sequence[ControlRow]) -> Iterator[str]:
    try:
        yield _told(text, dates)
    except TooManyInstances:
        # a long text and many dates: one by one each of them is short enough
        for date in dates:
            yield _told(text, [date])


def _told(text: str, dates: Sequence[ControlRow]) -> str:
    return single_dates(
        text,
        [row.key.original for row in dates if row.key.original is not None],
        zone=dates[0].zone,
        start=min(row.starts_at for row in dates),
        end=max(row.stops_at for row in dates),
    )


def _of_file(sheet: Sheet, write: Callable[[Sheet, BinaryIO], None]) -> Iterator[bytes]:
    with TemporaryFile() as file:
        write(sheet, file)
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece

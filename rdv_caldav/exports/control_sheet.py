"""Rows of the control table as a sheet: the chosen columns, and always the reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from rdv_caldav.domain.appointment import Span
from rdv_caldav.domain.control import Column, ControlRow, ListedParticipant
from rdv_caldav.exports.sheets import Cell, Sheet, SheetColumn
from rdv_caldav.exports.wording import Wording

_WIDTHS = {
    Column.DATE: 11,
    Column.START: 8,
    Column.END: 11,
    Column.TYPE: 20,
    Column.SUBJECT: 30,
    Column.LOCATION: 30,
    Column.STATE: 10,
    Column.OWNER: 20,
    Column.PARTICIPANTS: 45,
    Column.NOTES: 40,
    Column.SERIES: 7,
    Column.TRASH: 11,
}
_WIDTH_OF_REFERENCE = 24

Shown = Callable[[ControlRow], Cell]


def control_sheet(
    rows: Iterable[ControlRow],
    *,
    columns: Sequence[Column],
    types: Mapping[str, str],
    wording: Wording,
) -> Sheet:
    """Return a sheet of rows; ``types`` are the labels of types by code."""
    shown = _shown(types, wording)
    chosen = [shown[column] for column in columns]
    return Sheet(
        title=wording.title,
        columns=[
            *(
                SheetColumn(
                    heading=wording.columns[column],
                    width=_WIDTHS[column],
                )
                for column in columns
            ),
            SheetColumn(heading=wording.reference, width=_WIDTH_OF_REFERENCE),
        ],
        rows=([*(show(row) for show in chosen), str(row.key)] for row in rows),
    )


def _shown(types: Mapping[str, str], wording: Wording) -> dict[Column, Shown]:
    return {
        Column.DATE: lambda row: row.span.start.date(),
        Column.START: lambda row: wording.all_day if row.span.all_day else row.span.start.time(),
        Column.END: lambda row: _end(row.span),
        Column.TYPE: lambda row: types.get(row.type_code, row.type_code),
        Column.SUBJECT: lambda row: row.subject,
        Column.LOCATION: lambda row: row.location,
        Column.STATE: lambda row: wording.states[row.state],
        Column.OWNER: lambda row: row.owner,
        Column.PARTICIPANTS: lambda row: participants_text(row.participants, wording),
        Column.NOTES: lambda row: row.notes,
        Column.SERIES: lambda row: wording.yes if row.is_series else wording.no,
        Column.TRASH: lambda row: row.trashed_at.date() if row.trashed_at else None,
    }


def participants_text(participants: Iterable[ListedParticipant], wording: Wording) -> str:
    """Return everybody with his answer, the owner with a star."""
    return ", ".join(
        f"{'★ ' if each.is_owner else ''}{each.name} ({wording.presences[each.presence]})"
        for each in participants
    )


def _end(span: Span) -> Cell:
    """Return the end: its time, or its day where that is another one than the start's."""
    if span.last_day != span.start.date():
        return span.last_day
    return None if span.all_day else span.end.time()

"""CSV as French spreadsheet programs open it by a double click: semicolons, UTF-8 with BOM."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from rdv_caldav.exports.sheets import Cell, Sheet, plain

_BOM = "\ufeff"
_AT_ONCE = 200
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_pieces(sheet: Sheet) -> Iterator[bytes]:
    """Yield the file piece by piece (RFC 4180, with semicolons)."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    buffer.write(_BOM)
    writer.writerow([column.heading for column in sheet.columns])
    for number, row in enumerate(sheet.rows, start=1):
        writer.writerow([_written(value) for value in row])
        if number % _AT_ONCE == 0:
            yield _emptied(buffer)
    yield _emptied(buffer)


def _emptied(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode("utf-8", "replace")


def _written(value: Cell) -> str:
    """Return a value that no program takes for a formula: an apostrophe makes it text."""
    text = plain(value)
    is_formula = isinstance(value, str) and text.lstrip(" \u00a0").startswith(_FORMULA_SIGNS)
    return f"'{text}" if is_formula else text

"""The pages of a PDF: kept apart, since what draws them takes 30 MiB of every process."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date

from fpdf import FPDF
from fpdf.enums import MethodReturnValue

from rdv_caldav.exports.sheets import Cell, Sheet, SheetColumn, plain

_ENCODING = "cp1252"
_INSTEAD = {"★": "*"}
"""What is written for signs that the fonts lack."""

_MARGIN = 10.0
_SIZE, _HEADING_SIZE, _TITLE_SIZE = 7, 7, 12
_LINE = 3.4
_MOST_LINES = 4
_PADDING = 1.0


class Document(FPDF):
    """Pages of one list."""

    def __init__(self, sheet: Sheet, subtitle: str) -> None:
        """Begin with no page; ``subtitle`` stands at the head of each."""
        super().__init__(orientation="landscape", unit="mm", format="A4")
        self.core_fonts_encoding = _ENCODING
        self.set_margin(_MARGIN)
        self.set_auto_page_break(auto=False)
        self.set_title(_letters(sheet.title))
        self._sheet = sheet
        self._subtitle = subtitle
        self._widths = _widths(sheet.columns, self.epw)

    def header(self) -> None:
        """Write what stands at the head of each page."""
        self.set_font("helvetica", style="B", size=_TITLE_SIZE)
        self.cell(0, 6, _letters(self._sheet.title), new_x="LMARGIN", new_y="NEXT")
        self.set_font("helvetica", size=_SIZE)
        self.cell(0, 5, _letters(self._subtitle), new_x="LMARGIN", new_y="NEXT")
        self.set_font("helvetica", style="B", size=_HEADING_SIZE)
        self.set_fill_color(225, 230, 238)
        for column, width in zip(self._sheet.columns, self._widths, strict=True):
            self.cell(width, 5, _letters(column.heading), fill=True)
        self.ln(5)
        self.set_font("helvetica", size=_SIZE)

    def footer(self) -> None:
        """Write the number of the page."""
        self.set_y(-_MARGIN)
        self.set_font("helvetica", size=_SIZE)
        self.cell(0, 5, f"{self.page_no()} / {{nb}}", align="R")

    def write_row(self, row: Sequence[Cell], *, is_even: bool) -> None:
        """Write one row, which never breaks across pages."""
        cells = [
            self._lines(_shown(value), width)
            for value, width in zip(row, self._widths, strict=True)
        ]
        height = max(map(len, cells), default=1) * _LINE + _PADDING
        if self.get_y() + height > self.h - 2 * _MARGIN:
            self.add_page()
        left, top = self.l_margin, self.get_y()
        if is_even:
            self.set_fill_color(246, 247, 249)
            self.rect(left, top, self.epw, height, style="F")
        for lines, width in zip(cells, self._widths, strict=True):
            for number, line in enumerate(lines):
                self.set_xy(left, top + _PADDING / 2 + number * _LINE)
                self.cell(width, _LINE, line)
            left += width
        self.set_xy(self.l_margin, top + height)

    def _lines(self, text: str, width: float) -> list[str]:
        room = width - 2 * self.c_margin
        if "\n" not in text and self.get_string_width(text) <= room:
            return [text]
        lines = self.multi_cell(
            width, _LINE, text, align="L", dry_run=True, output=MethodReturnValue.LINES
        )
        assert isinstance(lines, list)
        if len(lines) > _MOST_LINES:
            return [*lines[: _MOST_LINES - 1], f"{lines[_MOST_LINES - 1][:-1]}…"]
        return lines


def _shown(value: Cell) -> str:
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    return _letters(plain(value))


def _letters(text: str) -> str:
    """Return a text in the letters that the font has."""
    return "".join(map(_letter, text))


def _letter(letter: str) -> str:
    letter = _INSTEAD.get(letter, letter)
    for candidate in (letter, unicodedata.normalize("NFKD", letter)[:1]):
        try:
            candidate.encode(_ENCODING)
        except UnicodeEncodeError:
            continue
        return candidate if candidate.isprintable() or candidate == "\n" else " "
    return "?"


def _widths(columns: Sequence[SheetColumn], room: float) -> list[float]:
    total = sum(column.width for column in columns)
    return [room * column.width / total for column in columns]

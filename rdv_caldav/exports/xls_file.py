"""Workbooks of Excel 97 to 2003 (.xls), for offices that still need them: xlwt is used here only.

Rows are written through a temporary file; only distinct texts are kept in memory.
"""

from __future__ import annotations

from datetime import date, time
from typing import BinaryIO

import xlwt

from rdv_caldav.exports.sheets import FIRST_YEAR, Cell, Sheet, plain, shortened
from rdv_caldav.exports.splitting import numbered_title

MOST_ROWS = 65_536
"""Rows of one sheet, the headings among them: the format ends there, further sheets follow."""

_AT_ONCE = 1_000
_WIDTH_OF_CHARACTER = 256


def write_xls(sheet: Sheet, file: BinaryIO, *, most_rows: int = MOST_ROWS) -> None:
    """Write a workbook; text stays text, whatever it looks like."""
    workbook = xlwt.Workbook(encoding="utf-8")
    pages: list[xlwt.Worksheet] = []
    try:
        _write_pages(workbook, pages, sheet, most_rows)
        workbook.save(file)
    finally:
        for page in pages:
            if page.row_tempfile is not None:
                page.row_tempfile.close()


def _write_pages(
    workbook: xlwt.Workbook, pages: list[xlwt.Worksheet], sheet: Sheet, most_rows: int
) -> None:
    day, clock = xlwt.easyxf(num_format_str="DD/MM/YYYY"), xlwt.easyxf(num_format_str="HH:MM")
    text = xlwt.easyxf()
    page, line = _new_page(workbook, sheet, 1), 1
    pages.append(page)
    for row in sheet.rows:
        if line == most_rows:
            page.flush_row_data()
            page, line = _new_page(workbook, sheet, len(pages) + 1), 1
            pages.append(page)
        for place, value in enumerate(row):
            style = clock if isinstance(value, time) else day if isinstance(value, date) else text
            _write(page, line, place, value, style)
        line += 1
        if line % _AT_ONCE == 0:
            page.flush_row_data()


def _new_page(workbook: xlwt.Workbook, sheet: Sheet, number: int) -> xlwt.Worksheet:
    page = workbook.add_sheet(numbered_title(sheet.title, number))
    bold = xlwt.easyxf("font: bold on")
    page.set_panes_frozen(True)
    page.set_horz_split_pos(1)
    for place, column in enumerate(sheet.columns):
        page.col(place).width = column.width * _WIDTH_OF_CHARACTER
        page.write(0, place, column.heading, bold)
    return page


def _write(page: xlwt.Worksheet, line: int, place: int, value: Cell, style: xlwt.XFStyle) -> None:
    if isinstance(value, date) and value.year < FIRST_YEAR:
        value = plain(value)
    if isinstance(value, str):
        value = shortened(value)
    if isinstance(value, int | date | time) or value:
        page.write(line, place, value, style)

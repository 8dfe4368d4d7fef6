"""Excel workbooks (.xlsx), row by row through temporary files: memory does not grow with rows."""

from __future__ import annotations

from datetime import date, time
from tempfile import TemporaryDirectory
from typing import BinaryIO

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from rdv_caldav.exports.sheets import FIRST_YEAR, Cell, Sheet, plain, shortened
from rdv_caldav.exports.splitting import numbered_title

MOST_ROWS = 1_048_576
"""Rows of one sheet, the headings among them; further sheets follow."""


def write_xlsx(sheet: Sheet, file: BinaryIO, *, most_rows: int = MOST_ROWS) -> None:
    """Write a workbook; text is never taken for a formula, a number or a link.

    Where its rows end in an exception nothing is left behind.
    """
    with TemporaryDirectory() as folder:
        workbook = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": folder})
        try:
            _write_pages(workbook, sheet, most_rows)
            workbook.close()
        except BaseException:
            for page in workbook.worksheets():
                page.row_data_fh.close()
            raise


def _write_pages(workbook: Workbook, sheet: Sheet, most_rows: int) -> None:
    day = workbook.add_format({"num_format": "dd/mm/yyyy", "align": "left"})
    clock = workbook.add_format({"num_format": "hh:mm", "align": "left"})
    page, line = _new_page(workbook, sheet, 1), 1
    pages = 1
    for row in sheet.rows:
        if line == most_rows:
            pages += 1
            page, line = _new_page(workbook, sheet, pages), 1
        for place, value in enumerate(row):
            _write(page, line, place, value, clock if isinstance(value, time) else day)
        line += 1


def _new_page(workbook: Workbook, sheet: Sheet, number: int) -> Worksheet:
    page = workbook.add_worksheet(numbered_title(sheet.title, number))
    bold = workbook.add_format({"bold": True})
    page.freeze_panes(1, 0)
    for place, column in enumerate(sheet.columns):
        page.set_column(place, place, column.width)
    for place, column in enumerate(sheet.columns):
        page.write_string(0, place, column.heading, bold)
    return page


def _write(page: Worksheet, line: int, place: int, value: Cell, style: Format) -> None:
    if isinstance(value, int):
        page.write_number(line, place, value)
    elif isinstance(value, time) or (isinstance(value, date) and value.year >= FIRST_YEAR):
        page.write_datetime(line, place, value, style)
    elif value is not None and value != "":
        page.write_string(line, place, shortened(plain(value)))

"""Spreadsheets, CSV and PDF from plain rows: limits of the formats, and text that stays text."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from re import DOTALL, findall
from typing import BinaryIO

import pytest
import xlrd
from openpyxl import load_workbook

from rdv_caldav.exports.csv_file import csv_pieces
from rdv_caldav.exports.pdf_file import TooManyRows, pdf_bytes
from rdv_caldav.exports.sheets import LONGEST_TEXT, Cell, Sheet, SheetColumn
from rdv_caldav.exports.splitting import numbered_title
from rdv_caldav.exports.xls_file import write_xls
from rdv_caldav.exports.xlsx_file import write_xlsx
from rdv_caldav.exports.xml_file import xml_pieces

COLUMNS = (SheetColumn(heading="Numéro", width=8), SheetColumn(heading="Texte"))


def sheet(*rows: tuple[Cell, Cell], title: str = "Rendez-vous") -> Sheet:
    return Sheet(title=title, columns=COLUMNS, rows=rows)


def numbered(count: int) -> Sheet:
    return Sheet(title="Liste", columns=COLUMNS, rows=((n, f"n° {n}") for n in range(count)))


def xls(of: Sheet, most_rows: int = 65_536) -> xlrd.book.Book:
    file = io.BytesIO()
    write_xls(of, file, most_rows=most_rows)
    return xlrd.open_workbook(file_contents=file.getvalue())


def xlsx(of: Sheet, most_rows: int = 1_048_576) -> list[list[list[object]]]:
    file = io.BytesIO()
    write_xlsx(of, file, most_rows=most_rows)
    book = load_workbook(io.BytesIO(file.getvalue()))
    return [[list(row) for row in page.iter_rows(values_only=True)] for page in book]


@pytest.mark.parametrize(("count", "sizes"), [(0, [1]), (4, [5]), (5, [5, 2]), (12, [5, 5, 5])])
def test_lists_go_on_in_the_next_sheet(count: int, sizes: list[int]) -> None:
    old, new = xls(numbered(count), 5), xlsx(numbered(count), 5)
    assert [page.nrows for page in old.sheets()] == [len(page) for page in new] == sizes
    assert old.sheet_names() == ["Liste", "Liste (2)", "Liste (3)"][: len(sizes)]
    values = [n for page in old.sheets() for n in page.col_values(0)[1:]]
    assert values == [row[0] for page in new for row in page[1:]] == list(range(count))
    assert {tuple(page.row_values(0)) for page in old.sheets()} == {("Numéro", "Texte")}


@pytest.mark.parametrize("write", [write_xls, write_xlsx])
def test_a_list_that_breaks_off_leaves_nothing_behind(
    write: Callable[[Sheet, BinaryIO], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows() -> Iterator[tuple[Cell, Cell]]:
        yield from ((number, "x") for number in range(2_000))
        raise ZeroDivisionError

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ZeroDivisionError):
        write(Sheet(title="Liste", columns=COLUMNS, rows=rows()), io.BytesIO())
    assert list(tmp_path.iterdir()) == []


def test_the_end_of_the_old_format_is_no_end() -> None:
    book = xls(numbered(65_540))
    assert [page.nrows for page in book.sheets()] == [65_536, 6]


@pytest.mark.parametrize(
    "text", ["=1+1", "+33 1", "-1", "@x", "\tx", "  =x", "http://x.example", "0123", "1e9", "a\nb"]
)
def test_text_stays_text(text: str) -> None:
    cell = xls(sheet((1, text))).sheet_by_index(0).cell(1, 1)
    assert (cell.ctype, cell.value) == (xlrd.XL_CELL_TEXT, text)
    assert xlsx(sheet((1, text)))[0][1] == [1, text]


@pytest.mark.parametrize("text", ["=1+1", "+33 1", "-1", "@x", "\tx", "\r=x", "  =x"])
def test_no_cell_of_a_csv_is_a_formula(text: str) -> None:
    content = b"".join(csv_pieces(sheet((-1, text)))).decode("utf-8-sig")
    assert content.splitlines()[1].startswith("-1;")
    assert f"'{text[:2].rstrip()}" in content.replace('"', "")


def test_a_csv_comes_in_pieces() -> None:
    pieces = list(csv_pieces(numbered(450)))
    assert len(pieces) == 3
    assert b"".join(pieces).count(b"\r\n") == 451


def test_what_no_spreadsheet_can_hold() -> None:
    long = "x" * (LONGEST_TEXT + 1)
    rows = sheet((date(1789, 7, 14), long), (None, ""), (1, "fin"))
    expected = ["1789-07-14", long[: LONGEST_TEXT - 1] + "…"]
    old = xls(rows).sheet_by_index(0)
    assert [old.row_values(line) for line in (1, 2, 3)] == [expected, ["", ""], [1, "fin"]]
    assert xlsx(rows)[0][1:] == [expected, [None, None], [1, "fin"]]


def test_days_and_times_of_day_are_real_ones() -> None:
    day, clock = date(2026, 11, 25), time(9, 30)
    row = xls(sheet((day, clock))).sheet_by_index(0).row(1)
    assert [cell.ctype for cell in row] == [xlrd.XL_CELL_DATE] * 2
    assert xlrd.xldate_as_datetime(row[0].value, 0) == datetime(2026, 11, 25)
    assert xlsx(sheet((day, clock)))[0][1] == [datetime(2026, 11, 25), clock]
    assert b"2026-11-25;09:30" in b"".join(csv_pieces(sheet((day, clock))))


@pytest.mark.parametrize(
    ("title", "number", "name"),
    [
        ("Rendez-vous", 1, "Rendez-vous"),
        ("a/b:c", 2, "a b c (2)"),
        ("x" * 40, 12, "x" * 26 + " (12)"),
        ("[]", 1, "1"),
    ],
)
def test_names_of_sheets(title: str, number: int, name: str) -> None:
    assert numbered_title(title, number) == name


# -- PDF ----------------------------------------------------------------------------------


def drawn(content: bytes) -> bytes:
    """Return what the pages draw."""
    streams = findall(rb"stream\n(.*?)\nendstream", content, DOTALL)
    found = []
    for stream in streams:
        try:
            found.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return b"\n".join(found)


def test_accents_and_what_the_font_lacks() -> None:
    content = pdf_bytes(
        sheet((date(2026, 11, 25), "★ Œuvre, été – 5 € Łódź 日")), subtitle="", language="fr"
    )
    text = drawn(content)
    assert "* Œuvre, été – 5 € ?ódz ?".encode("cp1252") in text
    assert b"25/11/2026" in text
    assert b"/Lang (fr)" in content


def test_long_cells_are_wrapped_and_long_lists_fill_pages() -> None:
    rows = [(n, "mot " * 200 if n % 10 == 0 else f"n° {n}") for n in range(120)]
    content = pdf_bytes(sheet(*rows), subtitle="x", language="en")
    assert content.count(b"/Type /Page\n") > 2
    assert "…".encode("cp1252") in drawn(content)


def test_no_more_rows_than_stated() -> None:
    with pytest.raises(TooManyRows):
        pdf_bytes(numbered(4), subtitle="", language="fr", most_rows=3)
    assert pdf_bytes(numbered(3), subtitle="", language="fr", most_rows=3)


# -- XML ----------------------------------------------------------------------------------


def test_an_empty_list_is_a_document() -> None:
    now = datetime(2026, 11, 24, 8, tzinfo=UTC)
    content = b"".join(xml_pieces([], agency='A "& <B>\x07', types={}, now=now))
    assert b"agence='A \"&amp; &lt;B&gt;\xef\xbf\xbd'" in content
    assert content.endswith(b"</liste>\n")

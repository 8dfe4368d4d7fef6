"""Lists as PDF, to print or to hand out: landscape A4, headings on every page.

The fonts are those that every reader has (Helvetica), in Western European letters: all of
French. What they lack is written without its accents, else as a question mark.
"""

from __future__ import annotations

from itertools import islice

from rdv_caldav.exports.sheets import Sheet

MOST_ROWS = 2_000
"""Rows of one file, about a hundred pages: nobody reads more, and each takes time."""


class TooManyRows(ValueError):
    """There are more rows than a PDF takes."""


def pdf_bytes(sheet: Sheet, *, subtitle: str, language: str, most_rows: int = MOST_ROWS) -> bytes:
    """Return the file. Raises TooManyRows; ``subtitle`` says what was asked for and when."""
    rows = list(islice(sheet.rows, most_rows + 1))
    if len(rows) > most_rows:
        raise TooManyRows(f"more than {most_rows} rows")
    # few processes ever draw a page, and what draws it takes 30 MiB
    from rdv_caldav.exports.pdf_pages import Document  # noqa: PLC0415

    pdf = Document(sheet, subtitle)
    pdf.set_lang(language)
    pdf.add_page()
    for number, row in enumerate(rows):
        pdf.write_row(row, is_even=number % 2 == 0)
    return bytes(pdf.output())

"""A list as every format takes it: columns, and rows of plain values that come one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

Cell = str | int | date | time | None
"""A value: text, a number, a day, a time of day, or nothing."""

LONGEST_TEXT = 32_767
"""Characters of a cell that spreadsheet programs take."""

FIRST_YEAR = 1900
"""Spreadsheet programs know no earlier day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetColumn:
    """A column; ``width`` is about the number of characters to show."""

    heading: str
    width: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A list with its title. Rows are iterated over once."""

    title: str
    columns: Sequence[SheetColumn]
    rows: Iterable[Sequence[Cell]]


def shortened(text: str) -> str:
    """Return as much of a text as a cell can hold."""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def plain(value: Cell) -> str:
    """Return a value as text: ISO days, times of day to the minute."""
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value)

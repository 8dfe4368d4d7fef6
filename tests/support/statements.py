"""Counting the statements that something takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from rdv_caldav.bootstrap import AppointmentBook


@contextmanager
def counted(book: AppointmentBook) -> Iterator[list[str]]:
    """Collect the statements that are run."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(book.database.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(book.database.engine, "before_cursor_execute", note)

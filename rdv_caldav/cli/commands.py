"""What the modules of commands share: adding one, and opening the book it works on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from rdv_caldav.bootstrap import AppointmentBook, open_book
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.services import parts
from rdv_caldav.settings import load_settings

Run = Callable[[argparse.Namespace], None]


def add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    shared: argparse.ArgumentParser,
    name: str,
    run: Run,
    summary: str,
) -> argparse.ArgumentParser:
    """Add a command that ``run`` carries out, with the shared options."""
    command = commands.add_parser(
        name, parents=[shared], help=summary, description=summary, epilog=shared.epilog
    )
    command.set_defaults(run=run)
    return command


def book_of(options: argparse.Namespace) -> AppointmentBook:
    """Open the appointment book that the options and the environment name."""
    return open_book(load_settings(options.config))


def checked_book(options: argparse.Namespace) -> AppointmentBook:
    """Open the book and make sure of its schema. Raises SchemaMismatch."""
    book = book_of(options)
    book.database.check_schema()
    return book


def read_text(path: str, *, encodings: tuple[str, ...] = ("utf-8-sig",)) -> str:
    """Return the text of a file, or of standard input for ``-``. Raises InvalidInput."""
    try:
        content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}") from error
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput(f"{path} is not text in UTF-8")


def positive(value: str) -> int:
    """Return the whole number above 0 that an option gives (a type for argparse)."""
    if value.isdecimal() and int(value) > 0:
        return int(value)
    raise argparse.ArgumentTypeError("a whole number above 0 is wanted")


def bring_forward(book: AppointmentBook) -> None:
    """Make what older versions did not keep, and migrations cannot: it needs the texts read."""
    last: int | None = 0
    while last is not None:
        with book.database.writing() as tx:
            last = parts.make_missing(tx, now=book.clock(), after=last)

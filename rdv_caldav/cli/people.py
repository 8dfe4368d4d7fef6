"""``people import``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from rdv_caldav.cli.commands import add_command, checked_book, read_text
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.services.people_files import recorded
from rdv_caldav.services.people_import import ImportReport, import_in_turns, import_people


def add_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    shared: argparse.ArgumentParser,
) -> None:
    """Add the commands of this module."""
    subject = commands.add_parser("people", help="clients, intervenants, gestionnaires")
    actions = subject.add_subparsers(metavar="ACTION", required=True)
    imports = add_command(actions, shared, "import", _import, "import persons from a CSV file")
    imports.add_argument("file", metavar="FILE", help="a CSV file, - for standard input")
    imports.add_argument("--dry-run", action="store_true", help="only say what would be done")


def _import(options: argparse.Namespace) -> None:
    book = checked_book(options)
    # spreadsheets in French often write the code page of Windows
    text = read_text(options.file, encodings=("utf-8-sig", "cp1252"))
    if options.dry_run:
        with book.database.reading() as tx:
            report = import_people(tx, text, dry_run=True)
    else:

        def write_and_record(turn: Callable[[Transaction], ImportReport]) -> ImportReport:
            with book.database.writing() as tx:
                return recorded(tx, None, turn(tx), now=book.clock())

        report = import_in_turns(partial(_run, book.database.reading), write_and_record, text)
    for line in report.lines():
        print(line)
    if report.left:
        raise InvalidInput("the import stopped half-way")
    if report.rejected:
        raise InvalidInput("nothing was imported: every row has to be right")


def _run(
    opened: Callable[[], AbstractContextManager[Transaction]],
    turn: Callable[[Transaction], ImportReport],
) -> ImportReport:
    with opened() as tx:
        return turn(tx)

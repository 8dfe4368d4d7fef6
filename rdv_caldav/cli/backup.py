"""``backup``, ``restore`` and ``move``: an agency's data as one file, and in another database."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from rdv_caldav.bootstrap import AppointmentBook, open_book
from rdv_caldav.cli.commands import add_command, book_of, bring_forward, checked_book
from rdv_caldav.db.backup import Restored, move, restore_backup, write_backup
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.services.verifying import verify
from rdv_caldav.settings import DATABASES, Settings


def add_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    shared: argparse.ArgumentParser,
) -> None:
    """Add the commands of this module."""
    backup = add_command(
        commands, shared, "backup", _backup, "write all data into a file, while the server runs"
    )
    backup.add_argument("file", type=Path, metavar="FILE", help="written whole, then named so")
    backup.add_argument(
        "--rehearse", action="store_true", help="restore it into a throw-away database and verify"
    )
    restore = add_command(
        commands, shared, "restore", _restore, "fill the database from a backup; nobody is mailed"
    )
    restore.add_argument("file", type=Path, metavar="FILE", help="a file of backup")
    restore.add_argument(
        "--replace", action="store_true", help="though the database holds an agency: it is lost"
    )
    restore.add_argument(
        "--rehearse", action="store_true", help="only try it, in a throw-away database"
    )
    moving = add_command(
        commands, shared, "move", _move, "copy all data into another database, of either kind"
    )
    moving.add_argument("target", metavar="TARGET_URL", help="SQLAlchemy URL of the new database")
    moving.add_argument(
        "--replace", action="store_true", help="though the target holds an agency: it is lost"
    )


def _backup(options: argparse.Namespace) -> None:
    book = checked_book(options)
    manifest = write_backup(book.database, options.file, now=book.clock())
    print(f"{options.file}: {manifest.rows} rows of schema {manifest.schema}")
    if options.rehearse:
        _rehearse(book, options.file)


def _restore(options: argparse.Namespace) -> None:
    book = book_of(options)
    if options.rehearse:
        _rehearse(book, options.file)
        return
    restored = restore_backup(
        book.database, options.file, now=book.clock(), replace=options.replace
    )
    bring_forward(book)
    _tell(restored)
    print("programs synchronise anew; check with rdv-caldav verify")


def _tell(restored: Restored) -> None:
    print(f"{restored.rows} rows restored, as of {restored.manifest.made_at}")
    if restored.skipped:
        print(f"{restored.skipped} waiting messages will not be sent")


def _rehearse(book: AppointmentBook, file: Path) -> None:
    """Restore a backup where it disturbs nobody. Raises InvalidInput when it does not verify."""
    # beside the backup: what is in it should not be copied to where others may look
    with tempfile.TemporaryDirectory(prefix=".rehearsal-", dir=file.absolute().parent) as folder:
        settings = Settings(database_url=f"sqlite:///{folder}/rehearsal.sqlite")
        copy = open_book(settings, clock=book.clock)
        try:
            _tell(restore_backup(copy.database, file, now=book.clock()))
            bring_forward(copy)
            findings = list(verify(copy.database))
        finally:
            copy.database.dispose()
    if findings:
        raise InvalidInput(f"the restored copy has {len(findings)} faults: see rdv-caldav verify")
    print("the rehearsal went well: everything restored and verified")


def _move(options: argparse.Namespace) -> None:
    if options.target.partition(":")[0] not in DATABASES:
        raise InvalidInput(f"TARGET_URL must begin with one of {', '.join(DATABASES)}")
    book = checked_book(options)
    target = open_book(Settings(database_url=options.target), clock=book.clock)
    rows = move(book.database, target.database, replace=options.replace)
    target.database.dispose()
    print(f"{rows} rows moved: set database_url to the new one before the server starts again")

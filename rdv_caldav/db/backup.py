"""Backups of either kind of database, which either kind can be restored from, and moves.

A backup is one snapshot: writers go on meanwhile, and nobody waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rdv_caldav.db import backup_file, backup_loading, backup_reading
from rdv_caldav.db.backup_file import BackupRefused, Manifest, TableStream
from rdv_caldav.db.backup_settling import settle
from rdv_caldav.db.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restoration did: rows loaded, and messages that are no longer sent."""

    manifest: Manifest
    rows: int
    skipped: int


def write_backup(database: Database, path: Path, *, now: datetime) -> Manifest:
    """Write all of a database into a file; ``now`` is aware.

    Raises SchemaMismatch unless the schema is this program's, Unreachable, OSError.
    """
    schema = database.check_schema()
    with database.snapshot() as connection:
        return backup_file.write(
            path,
            backup_reading.streams(connection),
            program=version("rdv-caldav"),
            schema=schema,
            made_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        )


def restore_backup(
    database: Database, path: Path, *, now: datetime, replace: bool = False
) -> Restored:
    """Fill a database from a backup, or leave it as it was; ``now`` is aware.

    Raises BackupRefused for a damaged file and for a database that is in use, unless
    ``replace`` says that it goes; SchemaMismatch for a backup of a newer program.
    """
    with backup_file.opened(path) as backup, database.rebuilding() as connection:
        if not replace and not backup_loading.is_empty(connection):
            raise BackupRefused("the database holds an agency already: --replace would replace it")
        streams = (
            TableStream(name=table.name, columns=table.columns, lines=backup.lines(table))
            for table in backup.manifest.tables
        )
        rows = backup_loading.rebuild(connection, backup.manifest.schema, streams)
        return Restored(manifest=backup.manifest, rows=rows, skipped=settle(connection, now))


def move(source: Database, target: Database, *, replace: bool = False) -> int:
    """Copy a database into another one, of whichever kind, as it is; return the number of rows.

    Raises BackupRefused for a target that is in use, unless ``replace`` says that it goes.
    """
    schema = source.check_schema()
    with source.snapshot() as reading, target.rebuilding() as connection:
        if not replace and not backup_loading.is_empty(connection):
            raise BackupRefused("the target holds an agency already: --replace would replace it")
        return backup_loading.rebuild(connection, schema, backup_reading.streams(reading))

"""The file of a backup: a zip of one stream of JSON lines for each table, and a manifest.

Each line of a stream is a row, as an array in the order of the columns that the manifest names.
Octets are base64, JSON columns the text that the database keeps. The manifest has the number of
rows and the SHA-256 of each stream: a file is read whole and compared before anything is loaded.
Rows are written and read one by one, so that no backup has to fit into memory.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rdv_caldav.domain.errors import InvalidInput

FORMAT = 1
"""Of the file; a program refuses those that it does not know."""

_MANIFEST = "manifest.json"
_LARGEST_MANIFEST = 1_000_000
_COMPRESSION = 1
"""The fastest level: texts shrink to a fifth already, and more costs a lot of time."""


class BackupRefused(InvalidInput):
    """A backup that cannot be used, or not here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSummary:
    """What the manifest says of a table."""

    name: str
    columns: tuple[str, ...]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is in a backup: ``made_at`` is ISO 8601 in UTC, ``schema`` the revision."""

    program: str
    schema: str
    made_at: str
    tables: tuple[TableSummary, ...]

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(table.rows for table in self.tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableStream:
    """A table to be written: its rows are lines, without their ends."""

    name: str
    columns: tuple[str, ...]
    lines: Iterable[bytes]


def write(
    path: Path, streams: Iterable[TableStream], *, program: str, schema: str, made_at: str
) -> Manifest:
    """Write a backup that only its owner may read; it has its name once it is complete.

    What stood there before is replaced. Raises OSError.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with zipfile.ZipFile(
                file, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION
            ) as archive:
                tables = tuple(_write_table(archive, stream) for stream in streams)
                manifest = Manifest(program=program, schema=schema, made_at=made_at, tables=tables)
                content = {"format": FORMAT, **asdict(manifest)}
                archive.writestr(_MANIFEST, json.dumps(content, indent=1))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


def _write_table(archive: zipfile.ZipFile, stream: TableStream) -> TableSummary:
    digest, rows = hashlib.sha256(), 0
    with archive.open(_member(stream.name), "w", force_zip64=True) as member:
        for line in stream.lines:
            whole = line + b"\n"
            digest.update(whole)
            member.write(whole)
            rows += 1
    return TableSummary(
        name=stream.name, columns=stream.columns, rows=rows, sha256=digest.hexdigest()
    )


class BackupFile:
    """A backup that is whole: opening it has read and compared all of it."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        """Read the manifest and compare each stream with it. Raises BackupRefused."""
        self._archive = archive
        self.manifest = _manifest_of(archive)
        for table in self.manifest.tables:
            self._check(table)

    def lines(self, table: TableSummary) -> Iterator[bytes]:
        """Yield the rows of a table as lines."""
        with self._archive.open(_member(table.name)) as member:
            yield from member

    def _check(self, table: TableSummary) -> None:
        digest, rows = hashlib.sha256(), 0
        for line in self.lines(table):
            digest.update(line)
            rows += 1
        if digest.hexdigest() != table.sha256 or rows != table.rows:
            raise BackupRefused(f"the backup is damaged: {table.name} is not what was written")


@contextmanager
def opened(path: Path) -> Iterator[BackupFile]:
    """Open a backup after reading all of it. Raises BackupRefused when it is damaged, OSError."""
    with path.open("rb") as file:
        try:
            archive = zipfile.ZipFile(file)
            backup = BackupFile(archive)
        except (zipfile.BadZipFile, EOFError, KeyError, NotImplementedError, zlib.error) as error:
            raise BackupRefused(f"{path} is damaged, or no backup") from error
        with archive:
            yield backup


def _manifest_of(archive: zipfile.ZipFile) -> Manifest:
    if archive.getinfo(_MANIFEST).file_size > _LARGEST_MANIFEST:
        raise BackupRefused("the backup's manifest is too large")
    try:
        content: dict[str, Any] = json.loads(archive.read(_MANIFEST))
        if content.pop("format") != FORMAT:
            raise BackupRefused("the backup is of a newer program")
        tables = tuple(
            TableSummary(**{**table, "columns": tuple(table["columns"])})
            for table in content.pop("tables")
        )
        return Manifest(**content, tables=tables)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BackupRefused("the backup's manifest cannot be read") from error


def _member(table: str) -> str:
    return f"{table}.jsonl"

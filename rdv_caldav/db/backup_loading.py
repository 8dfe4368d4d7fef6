"""Loads lines of a backup into a database that is made for them.

The schema is made at the backup's own revision, filled, and then brought forward by the same
migrations as any database: all of it in one transaction.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    LargeBinary,
    MetaData,
    Table,
    bindparam,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)

from rdv_caldav.db import schema_version
from rdv_caldav.db.backup_file import BackupRefused, TableStream
from rdv_caldav.db.schema import AccountRow, AppointmentTypeRow, Base, PersonRow

_ROWS_AT_ONCE = 500
_OCTETS_AT_ONCE = 4_000_000
_VERSION_TABLE = "alembic_version"


def is_empty(connection: Connection) -> bool:
    """Tell whether there is no agency yet: no tables, or nothing that somebody put into them."""
    there = set(inspect(connection).get_table_names())
    return not any(
        row.__tablename__ in there and connection.scalar(select(func.count()).select_from(row))
        for row in (AccountRow, PersonRow, AppointmentTypeRow)
    )


def rebuild(connection: Connection, schema: str, streams: Iterable[TableStream]) -> int:
    """Replace whatever is there by what the streams hold; return the number of rows.

    Raises BackupRefused for streams that do not fit their schema, SchemaMismatch for a schema
    that is newer than this program.
    """
    Base.metadata.drop_all(connection)
    connection.execute(text(f"DROP TABLE IF EXISTS {_VERSION_TABLE}"))
    schema_version.upgrade_to(connection, schema)
    there = MetaData()
    there.reflect(connection)
    # migrations put rows into new tables, which stand in the backup too
    ours = [table for table in reversed(there.sorted_tables) if table.name in _names()]
    for table in ours:
        connection.execute(delete(table))
    rows = sum(_load(connection, there, stream) for stream in streams)
    if connection.dialect.name == "postgresql":
        for table in ours:
            _set_sequence(connection, table)
    schema_version.upgrade_to(connection, "head")
    return rows


def _names() -> frozenset[str]:
    return frozenset(Base.metadata.tables)


def _load(connection: Connection, there: MetaData, stream: TableStream) -> int:
    table = there.tables.get(stream.name) if stream.name in _names() else None
    if table is None or not set(stream.columns) <= set(table.columns.keys()):
        raise BackupRefused(f"{stream.name} of the backup does not fit its schema")
    columns = [table.columns[name] for name in stream.columns]
    for column in columns:
        if isinstance(column.type, JSON):
            column.type = JSON(none_as_null=True)
    read = [_reader_of(column) for column in columns]
    later = _refers_to_itself(table)
    postponed: list[dict[str, Any]] = []
    rows = 0
    for lines in _batches(stream.lines):
        values = [_values(line, stream.columns, read) for line in lines]
        if later is not None:
            postponed += _postpone(values, later)
        connection.execute(insert(table), values)
        rows += len(values)
    if later is not None and postponed:
        refer = update(table).where(table.c.id == bindparam("row_id"))
        connection.execute(refer.values({later: bindparam("refers_to")}), postponed)
    return rows


def _values(
    line: bytes, names: Sequence[str], read: Sequence[Callable[[Any], Any]]
) -> dict[str, Any]:
    found = json.loads(line)
    return {name: to(value) for name, to, value in zip(names, read, found, strict=True)}


def _reader_of(column: Column[Any]) -> Callable[[Any], Any]:
    if isinstance(column.type, JSON):
        return _json
    if isinstance(column.type, LargeBinary):
        return _octets
    return _same


def _same(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    return value


def _octets(value: str | None) -> bytes | None:
    return None if value is None else base64.b64decode(value)


def _json(value: str | None) -> Any:  # noqa: ANN401 - any JSON
    if value is None:
        return None
    found = json.loads(value)
    return JSON.NULL if found is None else found


def _refers_to_itself(table: Table) -> str | None:
    """Return the column whose row may come later in the same table."""
    names = (key.parent.name for key in table.foreign_keys if key.column.table is table)
    return next(names, None)


def _postpone(values: Sequence[dict[str, Any]], column: str) -> list[dict[str, Any]]:
    referring = []
    for row in values:
        if row[column] is not None:
            referring.append({"row_id": row["id"], "refers_to": row[column]})
            row[column] = None
    return referring


def _batches(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += len(line)
        if len(batch) >= _ROWS_AT_ONCE or size >= _OCTETS_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _set_sequence(connection: Connection, table: Table) -> None:
    """Let numbers go on after the highest that was loaded."""
    if "id" not in table.columns:
        return
    sequence = connection.scalar(select(func.pg_get_serial_sequence(table.name, "id")))
    highest = connection.scalar(select(func.max(table.c.id)))
    if sequence is not None and highest is not None:
        connection.execute(select(func.setval(sequence, highest)))

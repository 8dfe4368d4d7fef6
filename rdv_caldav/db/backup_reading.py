"""All rows of all tables of one snapshot, as lines of a backup."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from sqlalchemy import JSON, Connection, LargeBinary, Table, Text, cast, select

from rdv_caldav.db.backup_file import TableStream
from rdv_caldav.db.schema import Base

_AT_ONCE = 200
"""Rows that are fetched together; one may have some megabytes."""


def streams(connection: Connection) -> Iterator[TableStream]:
    """Yield the tables of a snapshot, those that are referred to first."""
    for table in Base.metadata.sorted_tables:
        yield stream_of(connection, table)


def stream_of(connection: Connection, table: Table) -> TableStream:
    """Return a table, which is read while its lines are taken."""
    columns = tuple(column.name for column in table.columns)
    return TableStream(name=table.name, columns=columns, lines=_lines(connection, table))


def _lines(connection: Connection, table: Table) -> Iterator[bytes]:
    # the text of JSON as it is kept: an absent value and a JSON null are not the same
    wanted = [
        cast(column, Text) if isinstance(column.type, JSON) else column for column in table.columns
    ]
    octets = [isinstance(column.type, LargeBinary) for column in table.columns]
    query = select(*wanted).order_by(*table.primary_key.columns)
    # only this statement: as an option of the connection it would hold for whatever follows
    result = connection.execute(query, execution_options={"yield_per": _AT_ONCE})
    for row in result:
        values = [
            base64.b64encode(value).decode("ascii") if is_octets and value is not None else value
            for value, is_octets in zip(row, octets, strict=True)
        ]
        yield json.dumps(values, separators=(",", ":")).encode("ascii")

"""The database: opening it, and its reading and writing transactions.

SQLite: a writer holds a file lock and then BEGIN IMMEDIATE. A deferred BEGIN gave tens of
thousands of "database is locked" under load, and SQLite's own busy handler is unfair: the
file lock serves writers in turn. PostgreSQL: writers lock the rows they compare; readers get
one snapshot (REPEATABLE READ), since token, ETags and texts are read by several statements.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from rdv_caldav.db import kept, schema_version
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import LostRace

POOL_SIZE = 32
"""At least as many connections as a worker has threads."""

BUSY_TIMEOUT_MS = 30_000

MAPPED_BYTES = 268_435_456
"""Of an SQLite file, read in place: whenever another process wrote, all pages are read anew."""

_DEADLOCK = "40P01"
"""PostgreSQL's code for the writer that it stopped, of two that waited for each other."""


class Unreachable(RuntimeError):
    """The database does not answer."""


class Database:
    """One database and its pool of connections. Open one per process, after any fork."""

    def __init__(self, url: str) -> None:
        """Open the database at an SQLAlchemy URL (``sqlite`` or ``postgresql+psycopg``)."""
        self._url = make_url(url)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self.engine: Engine = _sqlite_engine(url) if self.is_sqlite else _postgresql_engine(url)
        self._keeping = kept.Keeping()
        kept.watch(self.engine)
        lock_file = f"{self._url.database}.lock" if self.is_sqlite else None
        self._lock_file = Path(lock_file) if lock_file else None

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open a transaction that sees one snapshot and writes nothing."""
        with self.snapshot() as connection:
            yield Transaction(connection, kept.Kept(self._keeping))

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open the same for those who read tables rather than subjects."""
        with self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                yield connection

    @contextmanager
    def rebuilding(self) -> Iterator[Connection]:
        """Open a transaction that makes all tables anew, or leaves them as they were.

        Raises Unreachable without an answer. What processes keep of the database is void after it.
        """
        found = kept.Kept(self._keeping)
        found.is_renewed = True  # not by each row that is loaded: once, at the end
        options: dict[str, object] = {kept.OPTION: found, "rdv_begin": "BEGIN IMMEDIATE"}
        with self._turn(), self._connectable(), self.engine.connect() as connection:
            connection.execution_options(**options)
            with connection.begin():
                if self.is_sqlite:
                    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
                yield connection
                kept.renew(connection)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Open a transaction that commits on a clean exit and rolls back on an exception.

        A doomed one rolls back whatever happens, and says so with an exception. Raises
        LostRace when another writer took first what has to be unique, or when each of two
        writers waited for the other: one request takes its counters at once and in order, but
        an import writes many objects in one transaction.
        """
        found = kept.Kept(self._keeping)
        with self._turn(), self.engine.connect() as connection:
            options: dict[str, object] = {kept.OPTION: found}
            if self.is_sqlite:
                options["rdv_begin"] = "BEGIN IMMEDIATE"
            connection.execution_options(**options)
            try:
                with connection.begin():
                    tx = Transaction(connection, found)
                    yield tx
                    tx.check_not_doomed()
            except IntegrityError as error:
                raise LostRace("another writer was first") from error
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", None) != _DEADLOCK:
                    raise
                raise LostRace("another writer waited for this one") from error

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for this process's and thread's turn to write (SQLite only)."""
        if self._lock_file is None:
            yield
            return
        with self._lock_file.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def upgrade(self) -> None:
        """Bring the schema up to this program's. Raises SchemaMismatch when it is newer.

        Several may be told to at once: one does it, the others find it done. Raises
        Unreachable without an answer.
        """
        with self._turn(), self._connectable():
            schema_version.upgrade(self.engine)

    def check_schema(self) -> str:
        """Return the schema's revision.

        Raises SchemaMismatch unless it is this program's, Unreachable without an answer.
        """
        with self._connectable(), self.engine.connect() as connection:
            return schema_version.check(connection)

    @contextmanager
    def _connectable(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            raise Unreachable("the database does not answer") from error

    def connections_in_use(self) -> int:
        """Return how many connections of this process somebody works on."""
        pool = self.engine.pool
        return pool.checkedout() if isinstance(pool, QueuePool) else 0

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _postgresql_engine(url: str) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=POOL_SIZE,
        pool_pre_ping=True,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _configure_postgresql)
    return engine


def _configure_postgresql(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # compiling a statement takes half a second, and none of ours runs as long
    cursor = connection.cursor()
    cursor.execute("SET jit = off")
    cursor.close()
    connection.commit()


def _sqlite_engine(url: str) -> Engine:
    # the connection that was used last knows the statements and has the pages
    engine = create_engine(
        url, poolclass=QueuePool, pool_size=POOL_SIZE, pool_use_lifo=True, hide_parameters=True
    )
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    # the driver's own BEGIN comes too late (before the first write): we say it ourselves
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "synchronous=FULL",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        f"mmap_size={MAPPED_BYTES}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    begin = connection.get_execution_options().get("rdv_begin", "BEGIN")
    connection.exec_driver_sql(begin)

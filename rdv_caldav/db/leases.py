"""Being the only process of an installation that does a task, and faults that are no one's."""

from __future__ import annotations

import fcntl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from rdv_caldav.db.engine import Database, Unreachable

_TAKE = select(func.pg_try_advisory_lock(bindparam("key")))


class Lease:
    """That one is alone with a task."""

    def __init__(self, connection: Connection | None) -> None:
        """Hold it by a connection, or by a file where None."""
        self._connection = connection

    def holds(self) -> bool:
        """Tell whether it still does; ask now and then, which also keeps the connection alive."""
        if self._connection is None:
            return True
        try:
            self._connection.scalar(select(1))
        except DBAPIError:
            return False
        return True


@contextmanager
def alone(database: Database, task: str) -> Iterator[Lease | None]:
    """Be the only process that does a task; None where another one does it already.

    SQLite: a lock on a file beside the database. PostgreSQL: an advisory lock of one connection,
    which is lost with it.
    """
    if database.is_sqlite:
        with Path(f"{database.engine.url.database}.{task}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
            else:
                yield Lease(None)
        return
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        if not connection.scalar(_TAKE, {"key": zlib.crc32(f"rdv-caldav {task}".encode())}):
            yield None
            return
        try:
            yield Lease(connection)
        finally:
            # given back to the pool, it would go on to hold the lock
            connection.invalidate()


def is_fault_of_database(error: BaseException) -> bool:
    """Tell whether an error says that nothing can be written now, whatever it was to be."""
    return isinstance(error, OperationalError | InterfaceError | PoolTimeout | Unreachable)

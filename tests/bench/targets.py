"""The servers that are measured: ours, started here, and any others that run already."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import text

from bench.connection import Connection, Request
from bench.filling import LOGIN, PERSON, fill
from bench.processes import tree
from rdv_caldav.bootstrap import open_book
from rdv_caldav.settings import Settings
from support.postgresql import Cluster
from support.server import running_server
from support.small_agency import PASSWORD, found_agency


@dataclass(slots=True, kw_only=True)
class Target:
    """One server with a calendar of a known number of events.

    ``start`` is where programs begin to look, ``calendar`` the path of the calendar, ``pids``
    the processes whose use counts, with their descendants; ``skip`` the operations that it is
    not asked for. ``hrefs`` are the paths of the events, in no particular order.
    """

    name: str
    url: str
    start: str
    user: str
    password: str
    calendar: str
    pids: tuple[int, ...] = ()
    skip: frozenset[str] = frozenset()
    packed: bool = False
    hrefs: list[str] = field(default_factory=list)
    complaints: dict[str, int] = field(default_factory=dict)

    def connect(self) -> Connection:
        """Return a connection of its own."""
        return Connection(self.url, self.user, self.password, packed=self.packed)

    def processes(self) -> list[int]:
        """Return the server's processes, as they are now."""
        return tree(self.pids)

    def complain(self, operation: str, what: str) -> None:
        """Note that an answer was not what it should be."""
        key = f"{operation}: {what}"
        self.complaints[key] = self.complaints.get(key, 0) + 1

    def look(self, connection: Connection) -> None:
        """Find what the calendar holds."""
        body = b'<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>'
        headers = "Depth: 1\r\nContent-Type: application/xml\r\n"
        answer = connection.send(Request("PROPFIND", self.calendar, body, headers))
        assert answer.status == 207, f"{self.name}: PROPFIND {self.calendar} {answer.status}"
        found = re.findall(r"<(?:\w+:)?href[^>]*>\s*([^<]+?)\s*</", answer.body.decode())
        paths = {urlsplit(href).path for href in found}
        self.hrefs = sorted(path for path in paths if not path.endswith("/"))


@contextmanager
def our_own(name: str, database_url: str, *, size: int, workers: int) -> Iterator[Target]:
    """Serve a small agency, one of whose calendars holds ``size`` events."""
    book = open_book(Settings(database_url=database_url))
    book.database.upgrade()
    found_agency(book)
    fill(book, size)
    pids = () if book.database.is_sqlite else (_postmaster(book.database.engine.connect()),)
    book.database.dispose()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(database_url, Path(folder) / "log", workers=workers) as server,
    ):
        yield Target(
            name=name,
            url=server.url,
            start="/dav/",
            user=LOGIN,
            password=PASSWORD,
            calendar=f"/dav/{LOGIN}/{PERSON}/",
            pids=(server.process.pid, *pids),
        )


def _postmaster(connection: Any) -> int:
    with connection:
        folder = connection.scalar(text("SHOW data_directory"))
    return int((Path(folder) / "postmaster.pid").read_text().splitlines()[0])


def empty_database(kind: str, folder: Path, cluster: Cluster | None) -> str:
    """Return the URL of a new database, ``sqlite`` in a folder or ``postgresql``."""
    if kind == "postgresql":
        assert cluster is not None
        return cluster.new_database()
    return f"sqlite:///{folder / 'rdv.sqlite'}"

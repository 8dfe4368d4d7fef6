"""A PostgreSQL server for one test run: its own folder, its own port, nothing to set up."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from rdv_caldav.db.engine import Database

VARIABLE = "RDV_TEST_POSTGRESQL_URL"


@dataclass
class Cluster:
    """A server whose databases are copies of one migrated template."""

    url: str
    _numbers: Iterator[int] = field(default_factory=count)

    def new_database(self) -> str:
        """Make a migrated, empty database and return its URL."""
        name = f"rdv_{os.getpid()}_{next(self._numbers)}"
        self._create(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}"')
        return f"{self.url}/{name}"

    @property
    def template(self) -> str:
        """The migrated template's name."""
        return f"rdv_template_{os.getpid()}"

    def prepare(self) -> None:
        """Make the template."""
        self._create(f'CREATE DATABASE "{self.template}"')
        database = Database(f"{self.url}/{self.template}")
        database.upgrade()
        database.dispose()

    def _create(self, statement: str) -> None:
        engine = create_engine(f"{self.url}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Use the server that the environment names, or start one.

    Without any PostgreSQL a test that wants it is skipped, except in CI, where it fails.
    """
    named = os.environ.get(VARIABLE)
    if named:
        cluster = Cluster(named.rstrip("/"))
        cluster.prepare()
        yield cluster
        return
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = shutil.which("initdb") or (str(folders[-1]) if folders else None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("there is no PostgreSQL server to test with")
        pytest.skip(f"no PostgreSQL server is installed, and {VARIABLE} names none")
    with tempfile.TemporaryDirectory(prefix="rdv-pg-") as folder:
        yield from _started(Path(found).parent, Path(folder))


def _started(programs: Path, folder: Path) -> Iterator[Cluster]:
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() == 0:
        shutil.chown(folder, user, user)
    data, port = folder / "data", _free_port()
    _run(user, programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N")
    options = f"-F -c listen_addresses=127.0.0.1 -p {port} -k {folder} -c max_connections=200"
    _run(user, programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
    try:
        cluster = Cluster(f"postgresql+psycopg://postgres@127.0.0.1:{port}")
        cluster.prepare()
        yield cluster
    finally:
        _run(user, programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


def _run(user: str, *command: str | Path) -> None:
    arguments = [str(part) for part in command]
    if os.geteuid() == 0:
        arguments = ["runuser", "-u", user, "--", *arguments]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, cwd="/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

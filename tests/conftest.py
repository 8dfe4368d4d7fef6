"""What most tests start from: a database of each kind, and a small agency in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.engine import Database
from rdv_caldav.settings import Settings
from support.postgresql import Cluster, running_cluster
from support.scenario import Clock
from support.small_agency import found_agency

# what is tried in CI is tried the same each time; elsewhere it is something new
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "empty.sqlite"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.dispose()
    return path


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of this test run's own."""
    with running_cluster() as found:
        yield found


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a migrated, empty SQLite database."""
    path = tmp_path / "rdv.sqlite"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated, empty database of each kind."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    server: Cluster = request.getfixturevalue("cluster")
    return server.new_database()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated, empty database of each kind."""
    opened = Database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def clock() -> Clock:
    """A time that stands still until a test moves it."""
    return Clock()


@pytest.fixture
def any_book(database: Database, clock: Clock) -> AppointmentBook:
    """The small agency on each kind of database."""
    book = AppointmentBook(settings=Settings(), database=database, clock=clock)
    found_agency(book)
    return book


@pytest.fixture
def book(sqlite_url: str, clock: Clock) -> Iterator[AppointmentBook]:
    """The small agency on SQLite."""
    opened = Database(sqlite_url)
    book = AppointmentBook(settings=Settings(), database=opened, clock=clock)
    found_agency(book)
    yield book
    opened.dispose()

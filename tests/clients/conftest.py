"""A real server with the small agency or the demo in it, for real programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.engine import Database
from rdv_caldav.domain.clock import system_clock
from rdv_caldav.services.demo import load_demo
from rdv_caldav.settings import Settings
from support.scenario import Clock
from support.server import RunningServer, running_server
from support.small_agency import found_agency


@pytest.fixture
def server(sqlite_url: str, tmp_path: Path) -> Iterator[RunningServer]:
    """A server of two workers over SQLite."""
    database = Database(sqlite_url)
    found_agency(AppointmentBook(settings=Settings(), database=database, clock=Clock()))
    database.dispose()
    with running_server(sqlite_url, tmp_path / "server.log") as running:
        yield running


@pytest.fixture
def demo_server(sqlite_url: str, tmp_path: Path) -> Iterator[RunningServer]:
    """The demo agency, whose user01 to user03 are there for suites."""
    database = Database(sqlite_url)
    with database.writing() as tx:
        load_demo(tx, appointments=20, now=system_clock())
    database.dispose()
    with running_server(sqlite_url, tmp_path / "server.log") as running:
        yield running

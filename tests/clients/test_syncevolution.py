"""SyncEvolution's command line, which has a CalDAV client of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.http_dav import HttpDav
from support.objects import event
from support.server import RunningServer

pytestmark = pytest.mark.skipif(
    shutil.which("syncevolution") is None, reason="SyncEvolution is not installed"
)


class SyncEvolution:
    """The program with files of its own."""

    def __init__(self, server: RunningServer, folder: Path) -> None:
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
        self._server = server

    def databases(self) -> str:
        """Find the account's calendars from the root of CalDAV."""
        return self._run("--print-databases", "backend=caldav", f"syncURL={self._server.dav}")

    def items(self) -> str:
        """List a calendar."""
        return self._run("--print-items", *self._calendar)

    def add(self, file: Path) -> None:
        """Put a file into the calendar."""
        self._run("--import", str(file), *self._calendar)

    @property
    def _calendar(self) -> tuple[str, str]:
        return "backend=caldav", f"database={self._server.dav}alice/claire/"

    def _run(self, verb: str, *arguments: str) -> str:
        account = ["username=alice", "password=demo", "keyring=no"]
        done = subprocess.run(
            ["syncevolution", "--daemon=no", *account, verb, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def test_discovery_writing_and_listing(server: RunningServer, tmp_path: Path) -> None:
    program = SyncEvolution(server, tmp_path)
    found = program.databases()
    for name in ("Client : Claire Cliente", "Alice Gestion", "Intervenant : Ivan Intervenant"):
        assert name in found

    written = tmp_path / "essai.ics"
    written.write_bytes(event(summary="De SyncEvolution").encode())
    program.add(written)
    with HttpDav(server.dav, "alice") as client:
        assert "De SyncEvolution" in client.request("GET", "/alice/claire/essai.ics")[2]
        client.request("PUT", "/alice/claire/autre.ics", event("autre", summary="D'ailleurs"))
        items = program.items()
        assert "De SyncEvolution" in items
        assert "D'ailleurs" in items

"""calcurse with its CalDAV script: pushes, pulls, and edits as it does (a new UID, a deletion)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.http_dav import HttpDav
from support.objects import event
from support.server import RunningServer

SYSTEM_PYTHON = "/usr/bin/python3"
"""The one that Debian's python3-httplib2 belongs to."""
SCRIPT = shutil.which("calcurse-caldav") or ""
CONFIG = """
[General]
Hostname = {host}
Path = /dav/alice/claire/
HTTPS = No
InsecureSSL = Yes
SyncFilter = cal
DryRun = No
AuthMethod = basic
[Auth]
Username = alice
Password = demo
"""


def _usable() -> bool:
    tried = [SYSTEM_PYTHON, "-c", "import httplib2"]
    return bool(SCRIPT) and subprocess.run(tried, capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(
    not _usable(), reason="calcurse-caldav or its python3-httplib2 is not installed"
)


class Calcurse:
    """A folder of calcurse's, kept in step with Claire's calendar."""

    def __init__(self, server: RunningServer, folder: Path) -> None:
        self._folder = folder
        (folder / "config").write_text(CONFIG.format(host=urlsplit(server.url).netloc))
        self.synchronise("--init", "keep-remote")

    @property
    def appointments(self) -> str:
        """The file that calcurse keeps them in."""
        return (self._folder / "data" / "apts").read_text()

    @appointments.setter
    def appointments(self, text: str) -> None:
        (self._folder / "data" / "apts").write_text(text)

    def synchronise(self, *options: str) -> None:
        """Push and pull."""
        files = {"config": "config", "datadir": "data", "lockfile": "lock", "syncdb": "sync.db"}
        paths = [f"--{name}={self._folder / file}" for name, file in files.items()]
        done = subprocess.run(
            [SYSTEM_PYTHON, SCRIPT, *paths, *options], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "error" not in done.stdout + done.stderr


def _titles(client: HttpDav) -> list[str]:
    _, changed, _ = client.sync("/alice/claire/", "")
    texts = (client.request("GET", href.removeprefix("/dav"))[2] for href in changed)
    lines = (line for text in texts for line in text.splitlines())
    return sorted(line.partition(":")[2] for line in lines if line.startswith("SUMMARY"))


def test_both_ways(server: RunningServer, tmp_path: Path) -> None:
    with HttpDav(server.dav, "alice") as client:
        client.request("PUT", "/alice/claire/serveur.ics", event("serveur", summary="Du serveur"))
        calcurse = Calcurse(server, tmp_path)
        assert "|Du serveur" in calcurse.appointments

        calcurse.appointments += "11/30/2026 @ 10:00 -> 11/30/2026 @ 11:00|Du poste\n"
        calcurse.synchronise()
        assert _titles(client) == ["Du poste", "Du serveur"]

        calcurse.appointments = calcurse.appointments.replace("|Du poste", "|Du poste bis")
        calcurse.synchronise()
        assert _titles(client) == ["Du poste bis", "Du serveur"]

        client.request("DELETE", "/alice/claire/serveur.ics")
        calcurse.synchronise()
        assert "Du serveur" not in calcurse.appointments
        assert "Du poste bis" in calcurse.appointments

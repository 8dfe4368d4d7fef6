"""vdirsyncer and khal as a pair of real programs: both ways, conflicts, and a listing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.objects import event
from support.server import RunningServer

pytestmark = pytest.mark.skipif(
    shutil.which("vdirsyncer") is None and not os.environ.get("CI"),
    reason="vdirsyncer is not installed",
)

VDIRSYNCER = """
[general]
status_path = "{folder}/status/"

[pair agenda]
a = "local"
b = "remote"
collections = ["claire"]
conflict_resolution = "{conflict}"

[storage local]
type = "filesystem"
path = "{folder}/agendas/"
fileext = ".ics"

[storage remote]
type = "caldav"
url = "{url}"
username = "alice"
password = "demo"
"""
KHAL = """
[calendars]
[[claire]]
path = {folder}/agendas/claire
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
default_timezone = Europe/Paris
local_timezone = Europe/Paris
"""


class Desktop:
    """A folder of .ics files that vdirsyncer keeps in step with the server."""

    def __init__(self, server: RunningServer, folder: Path) -> None:
        self.folder, self.server = folder, server
        self.configure("b wins")

    def configure(self, conflict: str) -> None:
        config = VDIRSYNCER.format(folder=self.folder, url=self.server.dav, conflict=conflict)
        (self.folder / "vdirsyncer.conf").write_text(config)

    def run(self, *command: str) -> str:
        environ = {**os.environ, "HOME": str(self.folder)}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, input="y\n")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def vdirsyncer(self, verb: str) -> str:
        return self.run("vdirsyncer", "-c", str(self.folder / "vdirsyncer.conf"), verb)

    @property
    def files(self) -> dict[str, str]:
        found = (self.folder / "agendas" / "claire").glob("*.ics")
        return {path.name: path.read_bytes().decode() for path in found}


@pytest.fixture
def desktop(server: RunningServer, tmp_path: Path) -> Desktop:
    made = Desktop(server, tmp_path)
    (tmp_path / "agendas" / "claire").mkdir(parents=True)
    made.vdirsyncer("discover")
    return made


@pytest.fixture
def remote(server: RunningServer) -> HttpClient:
    return HttpClient(server)


class HttpClient:
    """Writes on the server as another of the account's programs would."""

    def __init__(self, server: RunningServer) -> None:
        self.base = f"{server.dav}alice/claire/"

    def curl(self, *arguments: str, href: str) -> str:
        command = ["curl", "-sS", "-f", "-u", "alice:demo", *arguments, f"{self.base}{href}"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def put(self, href: str, text: str) -> None:
        kind = "Content-Type: text/calendar; charset=utf-8"
        self.curl("-X", "PUT", "-H", kind, "--data-binary", text, href=href)


def test_both_ways(desktop: Desktop, remote: HttpClient) -> None:
    remote.put("serveur.ics", event("serveur", summary="Du serveur"))
    local = desktop.folder / "agendas" / "claire" / "local.ics"
    local.write_bytes(event("local", summary="Du poste").encode())
    desktop.vdirsyncer("sync")
    desktop.vdirsyncer("sync")
    assert any("Du serveur" in text for text in desktop.files.values())
    assert "Du poste" in remote.curl(href="local.ics")
    # what the server added comes back, and the two then agree
    assert "X-RDV-ETAT:PLANIFIE" in desktop.files["local.ics"]
    before = desktop.files
    desktop.vdirsyncer("sync")
    assert desktop.files == before

    local.write_bytes(local.read_bytes().replace(b"Du poste", b"Du poste, bis"))
    remote.curl("-X", "DELETE", href="serveur.ics")
    desktop.vdirsyncer("sync")
    desktop.vdirsyncer("sync")
    assert "Du poste, bis" in remote.curl(href="local.ics")
    assert len(desktop.files) == 1

    listing = _khal(desktop)
    assert "Du poste, bis" in listing
    assert "09:00" in listing


def test_a_conflict_is_settled_as_configured(desktop: Desktop, remote: HttpClient) -> None:
    remote.put("c.ics", event("c", summary="Ancien"))
    desktop.vdirsyncer("sync")
    (name,) = desktop.files
    local = desktop.folder / "agendas" / "claire" / name
    local.write_bytes(local.read_bytes().replace(b"Ancien", b"Du poste"))
    remote.put("c.ics", remote.curl(href="c.ics").replace("Ancien", "Du serveur"))
    desktop.vdirsyncer("sync")
    assert "Du serveur" in desktop.files[name]
    assert "Du serveur" in remote.curl(href="c.ics")


def _khal(desktop: Desktop) -> str:
    config = desktop.folder / "khal.conf"
    config.write_text(KHAL.format(folder=desktop.folder))
    return desktop.run("khal", "-c", str(config), "list", "2026-11-25", "1d")

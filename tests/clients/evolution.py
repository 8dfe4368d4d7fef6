"""evolution-data-server in a desktop session of its own, with one calendar of the server in it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

SYSTEM_PYTHON = "/usr/bin/python3"
"""The one that Debian's python3-gi belongs to."""

_AGENT = Path(__file__).with_name("evolution_agent.py")
_SERVICES = Path("/usr/share/dbus-1/services")
# only Evolution's services: the desktop's keyring would ask for a password on a screen
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/>
  </policy>
</busconfig>
"""
_TYPELIBS = "import gi; gi.require_version('ECal', '2.0'); gi.require_version('EDataServer', '1.2')"


def missing() -> str:
    """Return what this machine lacks for Evolution, empty when it has all."""
    if shutil.which("dbus-run-session") is None:
        return "dbus-run-session is not installed"
    if not list(_SERVICES.glob("org.gnome.evolution.dataserver.Calendar*")):
        return "evolution-data-server is not installed"
    tried = subprocess.run([SYSTEM_PYTHON, "-c", _TYPELIBS], capture_output=True)
    return "Python has no typelibs of evolution-data-server" if tried.returncode else ""


class EvolutionCalendar:
    """One calendar as Evolution holds it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert self._answer() == "ready"

    def titles(self) -> dict[str, str]:
        """Return UID to title."""
        found: dict[str, str] = self._tell("titles")
        return found

    def text(self, uid: str) -> str:
        """Return an event as Evolution would write it."""
        return str(self._tell("text", uid=uid))

    def add(self, text: str) -> None:
        """Create an event from a VEVENT."""
        self._tell("add", text=text)

    def rename(self, uid: str, title: str) -> None:
        """Change an event's title."""
        self._tell("rename", uid=uid, title=title)

    def leaves_mailing_to_the_server(self) -> bool:
        """Tell whether Evolution leaves invitations and answers to the server."""
        return bool(self._tell("leaves_mailing_to_the_server"))

    def postpone(self, uid: str, *, days: int) -> None:
        """Move an event."""
        self._tell("postpone", uid=uid, days=days)

    def answer(self, uid: str, address: str, presence: str, original: str = "") -> None:
        """Set an attendee's PARTSTAT.

        ``original`` is one date of a series, as UTC like 20261124T080000Z.
        """
        self._tell("answer", uid=uid, address=address, presence=presence, original=original)

    def remove(self, uid: str) -> None:
        """Delete an event."""
        self._tell("remove", uid=uid)

    def synchronise(self, until: Callable[[], bool]) -> None:
        """Ask the server for news, and wait until something holds."""
        self._tell("refresh")
        end = time.monotonic() + 90
        while not until():
            assert time.monotonic() < end, "Evolution never saw it"
            time.sleep(0.1)

    def _tell(self, name: str, **parameters: str | int) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, parameters]) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "Evolution's session has ended: see its log"
        return json.loads(line)


@contextmanager
def evolution_calendar(url: str, login: str, folder: Path) -> Iterator[EvolutionCalendar]:
    """Open a calendar in a session whose files are all in a new folder."""
    services, home = folder / "services", folder / "home"
    for made in (services, home):
        made.mkdir(parents=True)
    for service in _SERVICES.glob("org.gnome.evolution.dataserver.*"):
        shutil.copy(service, services)
    bus = folder / "bus.conf"
    bus.write_text(_BUS.format(services=services))
    command = ["dbus-run-session", f"--config-file={bus}", "--", SYSTEM_PYTHON, str(_AGENT)]
    with (folder / "evolution.log").open("w") as log:
        process = subprocess.Popen(
            [*command, url, login],
            env=_environment(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
        try:
            yield EvolutionCalendar(process)
            process.communicate(timeout=30)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def _environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {
        **kept,
        "GSETTINGS_BACKEND": "memory",
        "HOME": str(home),
        "TZ": "Europe/Paris",
        "XDG_RUNTIME_DIR": str(home),
    }

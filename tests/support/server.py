"""The real server as a process of its own, on a free port of loopback."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

COMMAND = [sys.executable, "-c", "import sys; from rdv_caldav.cli import main; sys.exit(main())"]


def free_port() -> int:
    """Return a port that nobody listens on, of those that no system gives to whoever wants any.

    A server takes seconds until it listens; meanwhile others that ask for any would be given it.
    """
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("a hundred ports are taken")


def clean_environ(environ: dict[str, str]) -> dict[str, str]:
    """Return this process's environment with no settings of ours but those of ``environ``."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("RDV_")}
    return {**ours, **environ}


def rdv_caldav(
    *arguments: str, environ: dict[str, str], stdin: str = "", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command of the program and return what it said."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=clean_environ(environ),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
    )


@dataclass
class RunningServer:
    """A server that answers."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def dav(self) -> str:
        """The root of CalDAV."""
        return f"{self.url}/dav/"

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop it and return its exit code."""
        self.process.send_signal(how)
        return self.process.wait(timeout=40)


@contextmanager
def running_server(
    database_url: str,
    log: Path,
    *,
    workers: int = 2,
    threads: int = 8,
    environ: Mapping[str, str] | None = None,
) -> Iterator[RunningServer]:
    """Serve a prepared database until the end of the block; ``environ`` has further settings."""
    bind = f"127.0.0.1:{free_port()}"
    variables = clean_environ({"RDV_DATABASE_URL": database_url, **(environ or {})})
    options = ["--bind", bind, "--workers", str(workers), "--threads", str(threads)]
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*COMMAND, "serve", *options], env=variables, stdout=out, stderr=out
        )
    server = RunningServer(f"http://{bind}", process, log)
    try:
        _wait_for(server)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=40)


def _wait_for(server: RunningServer) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{server.url}/healthz", timeout=5):
                return
        except OSError:  # not there yet, or too busy to answer
            assert server.process.poll() is None, server.log.read_text()
            time.sleep(0.1)
    raise AssertionError(server.log.read_text())

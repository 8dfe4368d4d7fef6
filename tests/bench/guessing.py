"""What programs that are in notice while somebody guesses passwords.

``python -m bench.guessing [--seconds N] [--rate N]``: demo users poll, first alone, then while
one address sends wrong passwords, each another one, to calendars and to the login page.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from bench.measuring import milliseconds, percentile
from support.server import rdv_caldav, running_server

_BODY = '<propfind xmlns="DAV:"><prop><resourcetype/></prop></propfind>'
_GUESSER = "198.51.100.7"
_HONEST = ("alice", "ivan", "claire")
_POLLS_PER_SECOND = 10
_CONNECTIONS = 8


class Asker:
    """One program with a connection of its own, seen at an address."""

    def __init__(self, url: str, address: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._address = address

    def ask(self, login: str, password: str) -> int:
        """Return the status of one request."""
        credentials = b64encode(f"{login}:{password}".encode()).decode()
        headers = {
            "Authorization": f"Basic {credentials}",
            "X-Forwarded-For": self._address,
            "Depth": "0",
        }
        self._connection.request("PROPFIND", f"/dav/{login}/", _BODY, headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status


def _honest(url: str, login: str, seconds: float) -> tuple[list[float], Counter[int]]:
    asker, walls, statuses = Asker(url, f"192.0.2.{_HONEST.index(login)}"), [], Counter[int]()
    end = time.monotonic() + seconds
    while (started := time.monotonic()) < end:
        statuses[asker.ask(login, "demo")] += 1
        walls.append(time.monotonic() - started)
        time.sleep(max(0.0, 1 / _POLLS_PER_SECOND - walls[-1]))
    return walls, statuses


def _guessing(url: str, number: int, rate: float, stop: threading.Event) -> Counter[int]:
    asker, statuses, guesses, begun = Asker(url, _GUESSER), Counter[int](), 0, time.monotonic()
    while not stop.is_set():
        guesses += 1
        login = "alice" if guesses % 2 else f"user-{number}-{guesses}"
        statuses[asker.ask(login, f"guess {number} {guesses}")] += 1
        time.sleep(max(0.0, begun + guesses / rate - time.monotonic()))
    return statuses


def _polled(url: str, seconds: float) -> dict[str, object]:
    with ThreadPoolExecutor(len(_HONEST)) as pool:
        found = list(pool.map(lambda login: _honest(url, login, seconds), _HONEST))
    walls = [wall for some, _ in found for wall in some]
    return {
        "median_ms": milliseconds(percentile(walls, 50)),
        "p95_ms": milliseconds(percentile(walls, 95)),
        "p99_ms": milliseconds(percentile(walls, 99)),
        "statuses": dict(sum((statuses for _, statuses in found), Counter[int]())),
    }


def main() -> int:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{folder}/rdv.sqlite"
        for command in ("upgrade", "demo"):
            rdv_caldav(command, environ={"RDV_DATABASE_URL": database})
        environ = {"RDV_TRUSTED_PROXIES": "1"}
        with running_server(database, Path(folder) / "log", environ=environ) as server:
            alone = _polled(server.url, options.seconds / 3)
            stop = threading.Event()
            with ThreadPoolExecutor(_CONNECTIONS) as pool:
                guessers = [
                    pool.submit(_guessing, server.url, number, options.rate / _CONNECTIONS, stop)
                    for number in range(_CONNECTIONS)
                ]
                beside = _polled(server.url, options.seconds)
                stop.set()
                guesses = sum((each.result() for each in guessers), Counter[int]())
    found = {"alone": alone, "beside guesses": beside, "guesses": dict(guesses)}
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

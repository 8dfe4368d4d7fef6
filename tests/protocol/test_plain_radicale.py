"""The plugins under the plain ``radicale`` command: a basic service, with known limits."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from support.http_dav import HttpDav
from support.objects import event
from support.server import free_port

CONFIG = Path(__file__).parents[2] / "config" / "radicale.ini"


@pytest.fixture
def radicale(book: AppointmentBook, sqlite_url: str, tmp_path: Path) -> Iterator[str]:
    port = free_port()
    environ = {**os.environ, "RDV_DATABASE_URL": sqlite_url}
    command = [sys.executable, "-m", "radicale", "--config", str(CONFIG)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--hosts", f"127.0.0.1:{port}"], env=environ, stdout=log, stderr=log
        )
    try:
        _wait_for(port, process, tmp_path / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/.web/", timeout=5):
                return
        except urllib.error.HTTPError as error:
            error.close()
            return
        except (urllib.error.URLError, ConnectionError):
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
    raise AssertionError(log.read_text())


def test_a_life_of_an_appointment(radicale: str) -> None:
    with HttpDav(radicale, "alice") as client:
        path = "/alice/claire/essai.ics"
        status, _, body = client.request("PUT", path, event())
        assert status == 201, body
        status, _, text = client.request("GET", path)
        assert status == 200
        assert "X-RDV-ETAT:PLANIFIE" in text
        token, changed, _ = client.sync("/alice/claire/", "")
        assert list(changed) == [path]
        status, _, _ = client.request("MOVE", path, Destination=f"{radicale}/alice/ivan/essai.ics")
        assert status in (201, 204)
        _, changed, gone = client.sync("/alice/claire/", token)
        assert gone == {path}
        status, _, _ = client.request("DELETE", "/alice/ivan/essai.ics")
        assert status in (200, 204)
        assert client.request("GET", path)[0] == 404


def test_what_it_refuses(radicale: str) -> None:
    with HttpDav(radicale, "alice") as client:
        assert client.request("MKCALENDAR", "/alice/neuf/")[0] >= 400
        assert client.request("PUT", "/alice/claire/x.ics", "rien")[0] == 400
        assert client.request("DELETE", "/alice/claire/")[0] >= 400
    with HttpDav(radicale, "claire") as client:
        assert client.request("PUT", "/claire/claire/x.ics", event())[0] == 403
        assert client.request("GET", "/alice/claire/x.ics")[0] == 403

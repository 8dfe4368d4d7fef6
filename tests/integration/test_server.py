"""The real server: one process for web and CalDAV, several workers, and its end."""

from __future__ import annotations

import http.client
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.cli.serve import (
    Environ,
    StartResponse,
    WsgiApp,
    application,
    is_loopback,
    logged,
)
from support.dav import DavClient
from support.http_dav import HttpDav
from support.objects import event
from support.server import running_server


@pytest.fixture
def served(book: AppointmentBook) -> DavClient:
    """Web and CalDAV in process; paths are those of the whole server."""
    return DavClient(_unmounted(logged(application(book))), "alice")


def _unmounted(app: WsgiApp) -> WsgiApp:
    def serve(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return app({**environ, "SCRIPT_NAME": ""}, start_response)

    return serve


def test_dispatching(served: DavClient) -> None:
    assert b"CalDAV" in served.request("GET", "/", expect=200).body
    for method in ("GET", "PROPFIND", "REPORT"):
        found = served.request(method, "/.well-known/caldav", expect=301)
        assert found.headers["location"] == "/dav/"
    assert served.request("PROPFIND", "/", expect=301).headers["location"] == "/dav/"
    assert "calendar-access" in served.request("OPTIONS", "/", expect=200).headers["dav"]
    assert "/dav/alice/" in served.propfind("/dav/alice/", depth=0)
    assert "calendar-access" in served.request("OPTIONS", "/x", expect=200).headers["dav"]
    served.request("PROPFIND", "/dav", expect=207, depth="0")
    for method in ("PROPFIND", "REPORT", "PUT", "MKCALENDAR", "DELETE"):
        served.request(method, "/alice/claire/", expect=404)
    served.get("/dav/alice/claire/none.ics", expect=404)


@pytest.mark.parametrize(
    ("bind", "is_local"),
    [
        ("127.0.0.1:1", True),
        ("[::1]:1", True),
        ("localhost:1", True),
        ("0.0.0.0:1", False),
        ("[::]:1", False),
        ("example.org:1", False),
        ("127.0.0.1.example.org:1", False),
    ],
)
def test_loopback(bind: str, is_local: bool) -> None:
    assert is_loopback(bind) == is_local


def test_a_server_of_two_workers(book: AppointmentBook, sqlite_url: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running_server(sqlite_url, log, workers=2) as server:
        host = urlsplit(server.url).netloc
        _check_chunked_body(host)
        _check_keep_alive(server.dav)
        status = _check_graceful_stop(host, server.stop)
        assert status == 0
    said = log.read_text()
    access = [line for line in said.splitlines() if "rdv_caldav.access" in line]
    assert any(re.search(r"PUT object 201 \d+ bytes [\d.]+ ms$", line) for line in access)
    for word in ("claire", "alice", "chunked", "sqlite:", "alembic"):
        assert word not in said.lower()


def _check_chunked_body(host: str) -> None:
    connection = http.client.HTTPConnection(host, timeout=10)
    body = iter([event("chunked")[:50].encode(), event("chunked")[50:].encode()])
    headers = {"Content-Type": "text/calendar", "Authorization": "Basic YWxpY2U6ZGVtbw=="}
    path = "/dav/alice/claire/chunked.ics"
    connection.request("PUT", path, body, headers, encode_chunked=True)
    response = connection.getresponse()
    response.read()
    assert response.status == 201
    connection.close()


def _check_keep_alive(dav: str) -> None:
    with HttpDav(dav, "alice") as client:
        client.request("GET", "/alice/claire/chunked.ics")
        used = client._connection.sock
        client.request("GET", "/alice/claire/chunked.ics")
        assert client._connection.sock is used


def _check_graceful_stop(host: str, stop: Callable[[], int]) -> int:
    """A request that is being sent when the server is told to stop is still answered."""
    body = event("dernier").encode()
    head = (
        f"PUT /dav/alice/claire/dernier.ics HTTP/1.1\r\nHost: {host}\r\n"
        "Authorization: Basic YWxpY2U6ZGVtbw==\r\nContent-Type: text/calendar\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    name, port = host.split(":")
    codes: list[int] = []
    with socket.create_connection((name, int(port)), timeout=20) as connection:
        connection.sendall(head.encode() + body[:100])
        time.sleep(0.5)
        stopping = threading.Thread(target=lambda: codes.append(stop()))
        stopping.start()
        time.sleep(0.5)
        connection.sendall(body[100:])
        assert b" 201 " in connection.recv(1000)
    stopping.join()
    return codes[0]

"""What a running server tells of itself: numbers of all its processes, and lines of its log."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from support.server import running_server

TOKEN = "un-jeton-d-essai"


def _get(url: str, token: str = "") -> str:
    request = urllib.request.Request(url)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())


def test_numbers_are_those_of_all_processes(book: AppointmentBook, tmp_path: Path) -> None:
    url, log = str(book.database.engine.url), tmp_path / "log"
    environ = {"RDV_METRICS_TOKEN": TOKEN, "RDV_LOG_FORMAT": "json"}
    with running_server(url, log, workers=2, threads=2, environ=environ) as server:
        text = ""
        for _ in range(20):
            # a connection each: either process gets some
            with pytest.raises(urllib.error.HTTPError):
                _get(f"{server.url}/dav/alice/")
        for token in ("", "another"):
            with pytest.raises(urllib.error.HTTPError, match="401"):
                _get(f"{server.url}/metrics", token)
        for _ in range(4):
            text = _get(f"{server.url}/metrics", TOKEN)
            series = '^rdv_requests_total{kind="home",method="GET",status="401"}'
            counted = re.search(rf"{series} (\S+)", text, re.MULTILINE)
            assert counted is not None, text
            assert float(counted[1]) == 20
    assert 'rdv_request_seconds_count{kind="home"} 20.0' in text
    assert 'rdv_outbox_messages{state="queued"} 0.0' in text
    for name in ("rdv_sessions", "rdv_open_answers", "rdv_outbox_overdue_seconds"):
        assert f"\n{name} 0.0" in text
    assert "rdv_database_connections" in text
    assert "alice" not in text
    lines = [line for line in log.read_text().splitlines() if line.startswith("{")]
    requests = [json.loads(line).get("request") for line in lines]
    homes = [each for each in requests if each and each["kind"] == "home"]
    assert len(homes) == 20
    assert {each["status"] for each in homes} == {"401"}
    assert "alice" not in log.read_text()


def test_there_are_none_unless_wanted(book: AppointmentBook, tmp_path: Path) -> None:
    url = str(book.database.engine.url)
    with (
        running_server(url, tmp_path / "log", workers=1) as server,
        pytest.raises(urllib.error.HTTPError, match="404"),
    ):
        _get(f"{server.url}/metrics", TOKEN)

"""caldav-server-tester's findings are those that docs/en/compatibility.md shows."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from clients.server_features import PEERS, expected_of, table_levels
from support.server import RunningServer, rdv_caldav

PROGRAM = Path(__file__).with_name("server_features.py")
PAGE = Path(__file__).parents[2] / "docs" / "en" / "compatibility.md"
FAULTS = {"broken", "fragile", "ungraceful", "quirk"}
UNSEEN = {"http.multiplexing", "url.encode-at.literal.principal"}
"""Features that no check looks at here; the page says why."""

INVITED = "user02"
"""The account that is invited: its inbox is filled, which is not so by default."""


@pytest.fixture
def shown() -> dict[str, str]:
    return table_levels(PAGE.read_text())


@pytest.mark.skipif(
    find_spec("caldav_server_tester") is None, reason="caldav-server-tester is not installed"
)
def test_the_page_tells_the_truth(
    demo_server: RunningServer, sqlite_url: str, shown: dict[str, str]
) -> None:
    switched = ("account", "inbox", INVITED, "on")
    assert rdv_caldav(*switched, environ={"RDV_DATABASE_URL": sqlite_url}).returncode == 0
    # a process of its own: the program changes the library it is built on
    done = subprocess.run(
        [sys.executable, PROGRAM, demo_server.dav], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == shown


def test_nothing_is_at_fault(shown: dict[str, str]) -> None:
    assert not {name for name, level in shown.items() if level in FAULTS} - UNSEEN


def test_nothing_is_missing_that_another_server_has(shown: dict[str, str]) -> None:
    theirs = {
        name for peer in PEERS for name, level in expected_of(peer).items() if level == "full"
    }
    assert {name for name in theirs if shown[name] != "full"} - UNSEEN == set()

"""caldav-server-tester's findings are those that docs/en/compatibility.md shows."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from clients import server_features
from support.server import RunningServer

pytestmark = pytest.mark.skipif(
    find_spec("caldav_server_tester") is None, reason="caldav-server-tester is not installed"
)
PAGE = Path(__file__).parents[2] / "docs" / "en" / "compatibility.md"
FAULTS = {"broken", "fragile", "ungraceful"}
HINTS = {"http.multiplexing"}
"""Features of the client's connection that no check looks at."""


@pytest.fixture
def found(demo_server: RunningServer) -> dict[str, str]:
    # a process of its own: the program changes the library it is built on
    done = subprocess.run(
        [sys.executable, server_features.__file__, demo_server.dav, "--json"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    levels: dict[str, str] = json.loads(done.stdout)
    return levels


def test_the_page_tells_the_truth(found: dict[str, str]) -> None:
    assert found == server_features.table_levels(PAGE.read_text())
    assert not {name for name, level in found.items() if level in FAULTS} - HINTS

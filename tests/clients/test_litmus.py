"""litmus against an account's own place: folders, files, copies, properties."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from clients.litmus import run_litmus
from support.server import RunningServer

pytestmark = pytest.mark.skipif(shutil.which("litmus") is None, reason="litmus is not installed")

TESTS = {"basic": 16, "copymove": 13, "props": 30, "http": 4}
EXCEPTIONS: dict[tuple[str, str], str] = {}
"""Tests that do not pass, by suite and name, each with our reason."""


@pytest.mark.parametrize("suite", TESTS)
def test_a_suite_passes(suite: str, server: RunningServer, tmp_path: Path) -> None:
    found = run_litmus(f"{server.dav}alice/", "alice", suite, tmp_path)
    assert Counter(verdict.suite for verdict in found) == {suite: TESTS[suite]}
    refused = {(one.suite, one.name): one.reason for one in found if one.outcome != "pass"}
    assert set(refused) == {name for name in EXCEPTIONS if name[0] == suite}, refused

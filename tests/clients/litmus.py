"""litmus, the WebDAV conformance suite, and what it says in its report."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TEST = re.compile(r" ?(?P<number>\d+)\. (?P<name>\w+)\.* ?(?P<rest>.*)")
_VERDICT = re.compile(r"(?P<verdict>pass|FAIL|SKIPPED)\b(?: \((?P<reason>.*))?")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one test of a suite; ``reason`` is litmus's own words."""

    suite: str
    number: int
    name: str
    outcome: str
    reason: str


def run_litmus(url: str, login: str, suites: str, folder: Path) -> list[Verdict]:
    """Run suites under a collection that may hold others; its logs are left in ``folder``."""
    done = subprocess.run(
        ["litmus", "-k", url, login, "demo"],
        env={**os.environ, "TESTS": suites},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return list(verdicts(done.stdout))


def verdicts(report: str) -> Iterator[Verdict]:
    """Read a report: a test's verdict may follow its warnings, some lines below its name."""
    suite, name, number = "", "", 0
    for line in re.split(r"[\r\n]+", report):
        if line.startswith("-> running"):
            suite = line.split("`")[1].split("'")[0]
            continue
        rest = line
        if test := _TEST.fullmatch(line):
            name, number, rest = test["name"], int(test["number"]), test["rest"]
        if name and (found := _VERDICT.match(rest.lstrip(" ."))):
            yield Verdict(suite, number, name, found["verdict"], found["reason"] or "")
            name = ""

"""Measures CalDAV servers: see README.md in this folder."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.events import FREE, TAKEN
from bench.holding import memory_use
from bench.load import mixed
from bench.measuring import measure, measure_new
from bench.operations import operations
from bench.others import prepared, read_description
from bench.report import tables
from bench.soak import soak
from bench.targets import Target, empty_database, our_own
from support.postgresql import Cluster, running_cluster

_RATES = (
    ("new_1", "PUT new, 1 connection", 1, FREE),
    ("new_8", "PUT new, 8 connections", 8, FREE),
    ("new_conflict", "PUT new, in conflict", 1, TAKEN),
)


def main() -> int:
    """Measure what the command line asks for; 1 if a soak found a fault."""
    options = _options()
    if options.show:
        sys.stdout.write(f"{tables(json.loads(options.show.read_text()))}\n")
        return 0
    results: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "options": {name: str(value) for name, value in vars(options).items()},
    }
    with ExitStack() as stack:
        cluster = stack.enter_context(running_cluster()) if "postgresql" in options.ours else None
        if options.mode == "soak":
            results["soak"] = _soak(options, cluster)
            text = json.dumps(results["soak"], indent=1)
        else:
            results["sizes"] = {size: _measured(options, cluster, size) for size in options.sizes}
            text = tables(results)
    sys.stdout.write(f"{text}\n")
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(results, indent=1, ensure_ascii=False))
    return int(any(found["faults"] for found in results.get("soak", {}).values()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    add = parser.add_argument
    add("mode", nargs="?", choices=("measure", "soak"), default="measure")
    add("--sizes", type=_numbers, default=[10_000], help="events in the calendar: 1000,10000")
    add("--ours", type=_names, default=["sqlite"], help="sqlite,postgresql, or none")
    add("--server", action="append", type=read_description, default=[], help="see README.md")
    add(
        "--only",
        type=_names,
        default=[],
        help="names of operations, new_1, new_8, new_conflict, mixed, memory",
    )
    add("--rounds", type=int, default=5, help="turns of each server")
    add("--cap", type=float, default=6.0, help="seconds after which a server has no more turns")
    add("--clients", type=int, default=16, help="programs at once, in soak and mixed load")
    add("--seconds", type=float, help="of a turn of mixed load (5) or of a soak (60)")
    add("--workers", type=int, default=2, help="processes of our own server")
    add("--gzip", action="store_true", help="ask for gzip, as real programs do")
    add("--folder", type=Path, help="where our SQLite database is made; default: temporary")
    add("--out", type=Path, help="write all results here, as JSON")
    add("--show", type=Path, help="print the tables of results that were written, nothing else")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _names(text: str) -> list[str]:
    return [part for part in text.split(",") if part != "none"]


@contextmanager
def _targets(
    options: argparse.Namespace, cluster: Cluster | None, size: int
) -> Iterator[list[Target]]:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir=options.folder))
        found = [prepared(said, size) for said in options.server]
        for kind in options.ours:
            url = empty_database(kind, Path(folder), cluster)
            own = our_own(f"ours, {kind}", url, size=size, workers=options.workers)
            found.append(stack.enter_context(own))
        for target in found:
            target.packed = options.gzip
            with target.connect() as connection:
                target.look(connection)
        yield found


def _measured(options: argparse.Namespace, cluster: Cluster | None, size: int) -> dict[str, Any]:
    def is_wanted(name: str) -> bool:
        return not options.only or name in options.only

    rows: list[dict[str, Any]] = []

    def add(name: str, title: str, found: dict[str, Any]) -> None:
        rows.append({"name": name, "title": title, "results": found})
        sys.stderr.write(f"{size} {name} {_short(found)}\n")

    turns = {"rounds": options.rounds, "cap": options.cap}
    with _targets(options, cluster, size) as targets:
        use = {target.name: memory_use(target) for target in targets if is_wanted("memory")}
        sys.stderr.write(f"{size} memory\n")
        for operation in operations(size, options.rounds):
            if is_wanted(operation.name):
                add(operation.name, operation.title, measure(operation, targets, **turns))
        for name, title, connections, series in _RATES:
            if is_wanted(name):
                found = measure_new(
                    targets, name=name, connections=connections, series=series, **turns
                )
                add(name, title, found)
        if is_wanted("mixed"):
            seconds = options.seconds or 5
            found = mixed(targets, clients=options.clients, seconds=seconds, rounds=2)
            add("mixed", f"mixed, {options.clients} clients", found)
        complaints = {
            f"{target.name}, {what}": count
            for target in targets
            for what, count in target.complaints.items()
        }
        names = [target.name for target in targets]
    return {"servers": names, "operations": rows, "memory": use, "complaints": complaints}


def _short(found: dict[str, Any]) -> str:
    return " ".join(
        f"{name}={result.get('median_ms')}/{result.get('cpu_ms')}" for name, result in found.items()
    )


def _soak(options: argparse.Namespace, cluster: Cluster | None) -> dict[str, Any]:
    with _targets(options, cluster, options.sizes[0]) as targets:
        seconds = options.seconds or 60
        return {
            target.name: soak(target, clients=options.clients, seconds=seconds)
            for target in targets
        }


if __name__ == "__main__":
    sys.exit(main())

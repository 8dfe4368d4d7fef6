"""Many programs at once: most poll, some look at a week, a few write."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from bench.connection import Connection, Request
from bench.events import marked, weeks
from bench.measuring import Result, milliseconds, percentile
from bench.operations import CALENDAR, some, sync, token_in, week_query
from bench.processes import cpu_seconds
from bench.targets import Target

POLLS, LOOKS = 0.80, 0.15
"""Shares of sync-collection and of week queries; the rest are PUTs."""

_BODIES = 64


@dataclass(slots=True)
class Load:
    """What all clients together had: times of good answers by kind, and other answers."""

    walls: dict[str, list[float]] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    cpu: float = 0.0

    def take(self, other: Load) -> None:
        """Add what one client had."""
        for kind, walls in other.walls.items():
            self.walls.setdefault(kind, []).extend(walls)
        self.failures += other.failures

    def result(self) -> Result:
        """Return it as it is reported."""
        walls = [wall for some in self.walls.values() for wall in some]
        if not walls:
            return {"failures": dict(self.failures)}
        return {
            "trials": len(walls),
            "per_second": round(len(walls) / self.seconds, 1),
            "median_ms": milliseconds(percentile(walls, 50)),
            "p95_ms": milliseconds(percentile(walls, 95)),
            "p99_ms": milliseconds(percentile(walls, 99)),
            "cpu_ms": milliseconds(self.cpu / len(walls)),
            "median_ms_by_kind": {
                kind: milliseconds(percentile(some, 50)) for kind, some in self.walls.items()
            },
            "failures": dict(self.failures),
        }


def mixed(
    targets: Sequence[Target], *, clients: int, seconds: float, rounds: int
) -> dict[str, Result]:
    """Return what each server does under a mixed load, in turns."""
    loads = {target.name: Load() for target in targets}
    for _ in range(rounds):
        for target in targets:
            if "mixed" not in target.skip:
                _turn(target, loads[target.name], clients, seconds)
    return {name: load.result() for name, load in loads.items()}


def _turn(target: Target, load: Load, clients: int, seconds: float) -> None:
    with target.connect() as connection:
        token = token_in(connection.send(sync(target, "")))
        bodies = [
            (href, connection.send(Request("GET", href)).body)
            for href in some(target, "mixed", 0, _BODIES)
        ]
    barrier = threading.Barrier(clients + 1)
    members = [
        _Client(target, random.Random(number), token, bodies[number::clients] or bodies)
        for number in range(clients)
    ]
    with ThreadPoolExecutor(clients) as pool:
        jobs = [pool.submit(member.work, barrier, seconds) for member in members]
        pids = target.processes()
        cpu, started = cpu_seconds(pids), time.perf_counter()
        barrier.wait()
        for job in jobs:
            load.take(job.result())
    load.cpu += cpu_seconds(pids) - cpu
    load.seconds += time.perf_counter() - started


class _Client:
    """One program with a connection and a sync token of its own."""

    def __init__(
        self, target: Target, chance: random.Random, token: str, bodies: list[tuple[str, bytes]]
    ) -> None:
        self._target, self._chance, self._token, self._bodies = target, chance, token, bodies
        self._weeks: list[datetime] = weeks(20)

    def work(self, barrier: threading.Barrier, seconds: float) -> Load:
        """Send requests until the time is over."""
        load = Load()
        with self._target.connect() as connection:
            barrier.wait()
            until = time.perf_counter() + seconds
            while time.perf_counter() < until:
                self._once(connection, load)
        return load

    def _once(self, connection: Connection, load: Load) -> None:
        dice = self._chance.random()
        kind = "sync" if dice < POLLS else "week" if dice < POLLS + LOOKS else "put"
        request = self._request(kind)
        started = time.perf_counter()
        try:
            answer = connection.send(request)
        except OSError as error:
            load.failures[f"{kind}: {type(error).__name__}"] += 1
            connection.close()
            return
        wall = time.perf_counter() - started
        if answer.status not in (207, 201, 204):
            load.failures[f"{kind}: status {answer.status}"] += 1
            return
        load.walls.setdefault(kind, []).append(wall)
        if kind == "sync":
            self._token = token_in(answer)

    def _request(self, kind: str) -> Request:
        if kind == "sync":
            return sync(self._target, self._token)
        if kind == "week":
            return week_query(self._target, self._chance.choice(self._weeks))
        href, body = self._chance.choice(self._bodies)
        number = self._chance.randrange(1, 999_999)
        return Request("PUT", href, marked(body, number), CALENDAR)

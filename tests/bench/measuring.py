"""Timing operations on several servers in turn: they share the machine's good and bad moments."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from bench.connection import Connection, Request
from bench.events import FREE, Event
from bench.operations import CALENDAR, Operation, Trial
from bench.processes import cpu_seconds
from bench.targets import Target

_ROUND_SECONDS = 0.3
"""How long one server's turn takes where an operation is quick: many repetitions, since
processor time is counted in hundredths of a second."""

_MOST_REPETITIONS = 200
NEW_EACH_ROUND = 100
Result = dict[str, Any]


@dataclass(slots=True)
class Measured:
    """Wall times of trials in seconds, and the processor time of the server over all of them."""

    walls: list[float] = field(default_factory=list)
    cpu: float = 0.0
    size: int = 0

    def result(self) -> Result:
        """Return it as it is reported, in milliseconds."""
        if not self.walls:
            return {}
        return {
            "trials": len(self.walls),
            "median_ms": milliseconds(statistics.median(self.walls)),
            "p95_ms": milliseconds(percentile(self.walls, 95)),
            "cpu_ms": milliseconds(self.cpu / len(self.walls)),
            "bytes": self.size,
        }


def milliseconds(seconds: float) -> float:
    """Return milliseconds with as many digits as mean something."""
    return round(seconds * 1000, 2)


def percentile(values: Iterable[float], rank: int) -> float:
    """Return the value that ``rank`` per cent do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * rank // 100)]


def measure(
    operation: Operation, targets: Sequence[Target], *, rounds: int, cap: float
) -> dict[str, Result]:
    """Return one operation's results by server.

    A server that needed ``cap`` seconds in all has no further turn.
    """
    measured = {target.name: Measured() for target in targets}
    connections = {target.name: target.connect() for target in targets}
    repetitions: dict[str, int] = {}
    for round_ in range(rounds):
        for target in targets:
            found, connection = measured[target.name], connections[target.name]
            if operation.name in target.skip or sum(found.walls) > cap:
                continue
            if target.name not in repetitions:
                repetitions[target.name] = _warm_up(operation, target, connection)
            count = repetitions[target.name]
            trials = operation.prepare(target, connection, round_, count)
            _run(operation.name, target, connection, trials, found)
    for connection in connections.values():
        connection.close()
    return {name: found.result() for name, found in measured.items()}


def _warm_up(operation: Operation, target: Target, connection: Connection) -> int:
    """Try an operation, and return how often it is to be repeated in each round."""
    walls = []
    for _ in range(2):
        (trial,) = operation.prepare(target, connection, -1, 1)
        started = time.perf_counter()
        for request in trial.requests:
            connection.send(request)
        walls.append(time.perf_counter() - started)
    return max(1, min(_MOST_REPETITIONS, int(_ROUND_SECONDS / min(walls))))


def _run(
    name: str, target: Target, connection: Connection, trials: list[Trial], found: Measured
) -> None:
    """Time some trials; they count only if every answer is right."""
    pids = target.processes()
    answers, walls = [], []
    cpu = cpu_seconds(pids)
    for trial in trials:
        started = time.perf_counter()
        answers.append([connection.send(request) for request in trial.requests])
        walls.append(time.perf_counter() - started)
    cpu = cpu_seconds(pids) - cpu
    complaints = [
        complaint
        for trial, answer in zip(trials, answers, strict=True)
        if (complaint := trial.complaint(answer))
    ]
    for complaint in complaints:
        target.complain(name, complaint)
    if not complaints:
        found.walls += walls
        found.cpu += cpu
        found.size = sum(len(part.raw) for part in answers[-1])


def measure_new(
    targets: Sequence[Target],
    *,
    connections: int,
    rounds: int,
    cap: float,
    name: str = "new",
    series: str = FREE,
) -> dict[str, Result]:
    """Return how many new objects of a series a server takes a second, over so many connections.

    They are removed again, outside of what is measured.
    """
    measured = {target.name: Measured() for target in targets}
    walls = dict.fromkeys(measured, 0.0)
    for round_ in range(rounds):
        for target in targets:
            if name in target.skip or walls[target.name] > cap:
                continue
            first = round_ * NEW_EACH_ROUND
            events = [Event(first + number, series) for number in range(NEW_EACH_ROUND)]
            parts = [events[part::connections] for part in range(connections)]
            pids = target.processes()
            cpu, started = cpu_seconds(pids), time.perf_counter()
            with ThreadPoolExecutor(connections) as pool:
                jobs = [pool.submit(_put_new, target, name, part, cap) for part in parts]
            taken = [wall for job in jobs for wall in job.result()]
            walls[target.name] += time.perf_counter() - started
            measured[target.name].cpu += cpu_seconds(pids) - cpu
            measured[target.name].walls += taken
            _remove(target, events)
    return {
        name: found.result() | {"per_second": round(len(found.walls) / walls[name], 1)}
        for name, found in measured.items()
        if found.walls
    }


def _put_new(target: Target, name: str, events: list[Event], cap: float) -> list[float]:
    walls: list[float] = []
    bodies = [(event.href, event.text.encode()) for event in events]
    headers = f"If-None-Match: *\r\n{CALENDAR}"
    with target.connect() as connection:
        for href, body in bodies:
            if sum(walls) > cap:
                break
            started = time.perf_counter()
            answer = connection.send(Request("PUT", target.calendar + href, body, headers))
            walls.append(time.perf_counter() - started)
            if answer.status != 201:
                target.complain(name, f"status {answer.status}")
    return walls


def _remove(target: Target, events: list[Event]) -> None:
    with target.connect() as connection:
        for event in events:
            connection.send(Request("DELETE", target.calendar + event.href))

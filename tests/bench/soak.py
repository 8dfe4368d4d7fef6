"""Many programs read and write one calendar for a minute; afterwards nothing may be missing.

Each object counts its own writes: a program reads the number, and writes one more under the
condition that nobody else wrote. So the acknowledged writes of an object are the links of a
chain, and a lost one shows.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from bench.connection import Connection, Request, Response
from bench.events import Event, mark_of, marked, weeks
from bench.measuring import milliseconds, percentile
from bench.operations import CALENDAR, multiget, propfind, sync, token_in, week_query
from bench.targets import Target

SHARED_OBJECTS = 24
"""So few that writers meet often."""

_MEMBER = re.compile(r"<(?:\w+:)?response\b.*?</(?:\w+:)?response>", re.DOTALL)
_HREF = re.compile(r"<(?:\w+:)?href[^>]*>\s*([^<]+?)\s*</")
_ETAG = re.compile(r"<(?:\w+:)?getetag[^>]*>\s*([^<]+?)\s*</")
_KINDS = ("sync", "week", "read", "write", "make", "remove")
_SHARES = (40, 10, 10, 30, 6, 4)


@dataclass(slots=True)
class Account:
    """What happened: answers by kind and status, acknowledged writes as (object, from, to)."""

    answers: Counter[str] = field(default_factory=Counter)
    walls: list[float] = field(default_factory=list)
    writes: list[tuple[str, int, int]] = field(default_factory=list)
    made: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)

    def take(self, other: Account) -> None:
        """Add what one client saw."""
        self.answers += other.answers
        self.walls += other.walls
        self.writes += other.writes
        self.made |= other.made
        self.removed |= other.removed


class Client:
    """A program that keeps a copy of the calendar by sync-collection alone."""

    def __init__(self, target: Target, number: int, shared: list[str]) -> None:
        self._target, self._number, self._shared = target, number, shared
        self._chance = random.Random(number)
        self._weeks = weeks(20)
        self._token = ""
        self._own: list[str] = []
        self._next = number * 100_000
        self.etags: dict[str, str] = {}
        self.account = Account()

    def work(self, seconds: float) -> None:
        """Do this and that until the time is over, and synchronise a last time."""
        until = time.perf_counter() + seconds
        with self._target.connect() as connection:
            self.synchronise(connection)
            while time.perf_counter() < until:
                (kind,) = self._chance.choices(_KINDS, _SHARES)
                self._do(kind, connection)

    def _do(self, kind: str, connection: Connection) -> None:
        if kind == "sync":
            self.synchronise(connection)
        elif kind == "week":
            self._send(connection, kind, week_query(self._target, self._chance.choice(self._weeks)))
        elif kind == "read":
            hrefs = self._chance.sample(sorted(self._shared), 5)
            self._send(connection, kind, multiget(self._target, hrefs))
        elif kind == "write":
            self._write(connection)
        elif kind == "make":
            self._make(connection)
        elif self._own:
            self._remove(connection)

    def _send(self, connection: Connection, kind: str, request: Request) -> Response:
        started = time.perf_counter()
        answer = connection.send(request)
        self.account.walls.append(time.perf_counter() - started)
        self.account.answers[f"{kind} {answer.status}"] += 1
        return answer

    def synchronise(self, connection: Connection) -> None:
        """Take over what changed since the last time."""
        answer = self._send(connection, "sync", sync(self._target, self._token))
        if answer.status != 207:
            return
        self._token = token_in(answer)
        for href, etag in members(answer):
            if etag:
                self.etags[href] = etag
            else:
                self.etags.pop(href, None)

    def _write(self, connection: Connection) -> None:
        href = self._chance.choice(self._shared)
        standing = self._send(connection, "get", Request("GET", href))
        if standing.status != 200:
            return
        number = mark_of(standing.body)
        condition = f"If-Match: {standing.headers['etag']}\r\n{CALENDAR}"
        body = marked(standing.body, number + 1)
        answer = self._send(connection, "put", Request("PUT", href, body, condition))
        if answer.status == 204:
            self.account.writes.append((href, number, number + 1))

    def _make(self, connection: Connection) -> None:
        event = Event(self._next, "s")
        self._next += 1
        href = self._target.calendar + event.href
        request = Request("PUT", href, event.text.encode(), f"If-None-Match: *\r\n{CALENDAR}")
        if self._send(connection, "make", request).status == 201:
            self._own.append(href)
            self.account.made.add(href)

    def _remove(self, connection: Connection) -> None:
        href = self._own.pop(self._chance.randrange(len(self._own)))
        if self._send(connection, "remove", Request("DELETE", href)).status == 204:
            self.account.removed.add(href)


def members(answer: Response) -> list[tuple[str, str]]:
    """Return path and ETag of each response, an empty ETag where the object is gone."""
    found = []
    for part in _MEMBER.findall(answer.body.decode()):
        href, etag = _HREF.search(part), _ETAG.search(part)
        if href is not None and not href[1].endswith("/"):
            found.append((href[1], etag[1] if etag else ""))
    return found


def soak(target: Target, *, clients: int, seconds: float) -> dict[str, Any]:
    """Return what happened, with ``faults``: empty if the server lost nothing."""
    shared = random.Random("shared").sample(target.hrefs, min(SHARED_OBJECTS, len(target.hrefs)))
    programs = [Client(target, number, shared) for number in range(clients)]
    with target.connect() as connection:
        before = {
            href: mark_of(connection.send(Request("GET", href)).body) for href in sorted(shared)
        }
    with ThreadPoolExecutor(clients) as pool:
        for job in [pool.submit(program.work, seconds) for program in programs]:
            job.result()
    account = Account()
    for program in programs:
        account.take(program.account)
    with target.connect() as connection:
        faults = [
            *_failures(account),
            *lost_updates(account, before, connection),
            *_missed_changes(target, account, programs, connection),
        ]
    return {
        "clients": clients,
        "seconds": seconds,
        "requests": len(account.walls),
        "acknowledged_writes": len(account.writes),
        "median_ms": milliseconds(percentile(account.walls, 50)),
        "p99_ms": milliseconds(percentile(account.walls, 99)),
        "slowest_ms": milliseconds(max(account.walls)),
        "answers": dict(sorted(account.answers.items())),
        "faults": faults,
    }


_EXPECTED = frozenset(
    {"sync 207", "week 207", "read 207", "get 200", "put 204", "put 412", "make 201", "remove 204"}
)


def _failures(account: Account) -> list[str]:
    unexpected = {key: count for key, count in account.answers.items() if key not in _EXPECTED}
    return [f"answered {key}: {count} times" for key, count in sorted(unexpected.items())]


def lost_updates(account: Account, before: dict[str, int], connection: Connection) -> list[str]:
    """Compare the acknowledged writes of each object with a chain from its first number."""
    links: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for href, old, new in account.writes:
        links[href].append((old, new))
    faults = []
    for href, first in before.items():
        chain = [(first + step, first + step + 1) for step in range(len(links[href]))]
        if sorted(links[href]) != chain:
            faults.append(f"{href}: the acknowledged writes are no chain")
        last = mark_of(connection.send(Request("GET", href)).body)
        if last != first + len(links[href]):
            faults.append(f"{href}: {last} is not what was written last")
    return faults


def _missed_changes(
    target: Target, account: Account, programs: list[Client], connection: Connection
) -> list[str]:
    """Compare each program's copy with what the calendar lists."""
    listing = propfind(target.calendar, "<D:getetag/>", depth=1)
    listed = {href: etag for href, etag in members(connection.send(listing)) if etag}
    expected = {*target.hrefs, *account.made} - account.removed
    faults = []
    if listed.keys() != expected:
        faults.append(f"{len(listed.keys() ^ expected)} objects are there or not against the word")
    for number, program in enumerate(programs):
        program.synchronise(connection)
        if program.etags != listed:
            wrong = len(program.etags.items() ^ listed.items())
            faults.append(f"program {number} missed changes: {wrong} differences")
    return faults

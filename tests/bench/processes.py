"""What a server's processes use, from ``/proc`` (Linux only)."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_MIB = 1024
_EVERY_SECONDS = 0.005


def tree(roots: Iterable[int]) -> list[int]:
    """Return the processes with all that descend from them."""
    children: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                children[int(_stat(int(folder.name))[1])].append(int(folder.name))
    found: list[int] = []
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found and Path(f"/proc/{pid}").exists():
            found.append(pid)
            waiting += children[pid]
    return found


def _stat(pid: int) -> list[str]:
    """Return the fields after the program's name: state, parent, …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the processor time used so far, by ended children that were waited for too."""
    ticks = 0
    for pid in pids:
        with suppress(OSError):
            ticks += sum(int(value) for value in _stat(pid)[11:15])
    return ticks / _TICKS


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB, resident and proportional."""

    rss: float
    pss: float


def memory(pid: int) -> Memory:
    """Return what one process holds now."""
    rollup = _kilobytes(Path(f"/proc/{pid}/smaps_rollup"))
    return Memory(rss=rollup.get("Rss", 0) / _MIB, pss=rollup.get("Pss", 0) / _MIB)


def own_memory(pid: int) -> float:
    """Return the MiB of a process that are no file's.

    Whoever maps a database into memory has its pages among what is resident: they are the
    system's cache, and go when it needs them.
    """
    return _kilobytes(Path(f"/proc/{pid}/status")).get("RssAnon", 0) / _MIB


def _kilobytes(path: Path) -> dict[str, int]:
    found = {}
    with suppress(OSError):
        for line in path.read_text().splitlines():
            name, _, value = line.partition(":")
            if value.endswith(" kB"):
                found[name] = int(value.split()[0])
    return found


@dataclass(slots=True)
class Peaks:
    """The most that was seen of each process's own memory, in MiB."""

    own: dict[int, float] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    def watch(self, pids: list[int]) -> None:
        """Look again and again until told to stop."""
        while not self._stop.wait(_EVERY_SECONDS):
            for pid in pids:
                self.own[pid] = max(self.own.get(pid, 0.0), own_memory(pid))

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()


@contextmanager
def peaks(pids: list[int]) -> Iterator[Peaks]:
    """Watch the own memory of some processes for the length of the block."""
    found = Peaks()
    watcher = threading.Thread(target=found.watch, args=(pids,))
    watcher.start()
    try:
        yield found
    finally:
        found.stop()
        watcher.join()

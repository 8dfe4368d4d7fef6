"""How much memory a server holds: idle, and at most while it answers with a whole calendar."""

from __future__ import annotations

import time
from typing import Any

from bench.connection import Request, Response
from bench.operations import multiget, sync, week_query
from bench.processes import memory, own_memory, peaks
from bench.targets import Target

_WARM_UPS = 20


def memory_use(target: Target) -> dict[str, Any]:
    """Return MiB of all processes idle, and what each kind of great answer adds at most."""
    for _ in range(_WARM_UPS):
        # a connection each, so that every worker has answered something
        with target.connect() as connection:
            connection.send(multiget(target, target.hrefs[:10]))
    idle = [memory(pid) for pid in target.processes()]
    # a process keeps what it once had: after the greatest, the others would seem to need nothing
    requests = {
        "sync_all": sync(target, ""),
        "query_all": week_query(target, None),
        "multiget_all": multiget(target, target.hrefs),
    }
    return {
        "processes": len(idle),
        "idle_rss_mib": round(sum(one.rss for one in idle), 1),
        "idle_pss_mib": round(sum(one.pss for one in idle), 1),
        **{
            name: _answering(target, request)
            for name, request in requests.items()
            if name not in target.skip
        },
    }


def _answering(target: Target, request: Request) -> dict[str, Any]:
    pids = target.processes()
    before = {pid: own_memory(pid) for pid in pids}
    with peaks(pids) as found, target.connect() as connection:
        started = time.perf_counter()
        answer: Response = connection.send(request)
        wall = time.perf_counter() - started
    if answer.status != 207:
        target.complain("memory", f"status {answer.status}")
    added = [most - before[pid] for pid, most in found.own.items()]
    return {
        "status": answer.status,
        "answer_mib": round(len(answer.raw) / 2**20, 1),
        "seconds": round(wall, 2),
        "added_mib": round(max(added, default=0.0), 1),
    }

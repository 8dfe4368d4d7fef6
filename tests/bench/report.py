"""Results as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bench.measuring import Result

_RATES = ("new_1", "new_8", "new_conflict", "mixed")


def tables(results: dict[str, Any]) -> str:
    """Return everything measured as tables, one for each size of the calendar."""
    return "\n".join(_lines(results))


def _lines(results: dict[str, Any]) -> Iterator[str]:
    for size, found in results["sizes"].items():
        names = found["servers"]
        yield f"\n### {int(size):,} events".replace(",", " ")
        yield "\nWall time, median and (p95), then processor time of the server; milliseconds.\n"
        yield from _table(found, names)
        yield "\nMemory, MiB.\n"
        yield from _memory(found["memory"])
        if found["complaints"]:
            yield "\nAnswers that were not right, and so do not count:\n"
        for complaint, count in found["complaints"].items():
            yield f"- {complaint}: {count} times"


def _table(found: dict[str, Any], names: list[str]) -> Iterator[str]:
    yield f"| operation | {' | '.join(names)} |"
    yield f"|---|{'---:|' * len(names)}"
    for row in found["operations"]:
        cells = [_cell(row["name"], row["results"].get(name) or {}) for name in names]
        yield f"| {row['title']} | {' | '.join(cells)} |"


def _cell(name: str, result: Result) -> str:
    if "median_ms" not in result:
        return "–"
    if name in _RATES:
        failed = sum(result.get("failures", {}).values())
        faults = f", {failed} failed" if failed else ""
        return f"{result['per_second']:g}/s ({result['p95_ms']:g}{faults}) / {result['cpu_ms']:g}"
    return f"{result['median_ms']:g} ({result['p95_ms']:g}) / {result['cpu_ms']:g}"


def _memory(servers: dict[str, Any]) -> Iterator[str]:
    yield (
        "| server | processes | idle, resident (proportional) | added by initial sync | "
        "by query of all | by multiget of all |"
    )
    yield "|---|---:|---:|---:|---:|---:|"
    for name, found in servers.items():
        cells = [_added(found.get(kind)) for kind in ("sync_all", "query_all", "multiget_all")]
        idle = f"{found['idle_rss_mib']:g} ({found['idle_pss_mib']:g})"
        yield f"| {name} | {found['processes']} | {idle} | {' | '.join(cells)} |"


def _added(found: dict[str, Any] | None) -> str:
    if found is None or found["status"] != 207:
        return "–"
    return f"{found['added_mib']:g} of {found['answer_mib']:g} sent in {found['seconds']:g} s"

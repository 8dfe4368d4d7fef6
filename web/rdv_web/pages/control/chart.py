"""A bar of how many there are of each: drawn by the server, as SVG without styles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A part of a bar; ``start`` and ``width`` are percentages of its length."""

    key: str
    label: str
    count: int
    start: float
    width: float


def bar(counts: Iterable[tuple[str, str, int]]) -> list[Segment]:
    """Return the segments for keys, labels and counts, without those of nothing."""
    some = [(key, label, count) for key, label, count in counts if count]
    total = sum(count for _, _, count in some)
    segments = []
    before = 0
    for key, label, count in some:
        segments.append(
            Segment(
                key=key,
                label=label,
                count=count,
                start=round(before * 100 / total, 3),
                width=round(count * 100 / total, 3),
            )
        )
        before += count
    return segments

"""Taking property values out of icalendar's components, whose types promise little."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from icalendar.cal import Component


def values_of(component: Component, name: str) -> list[Any]:
    """Return all values of a property, none if it is absent."""
    found: Any = component.get(name, [])
    return found if isinstance(found, list) else [found]


def value_of(component: Component, name: str) -> Any:
    """Return the first value of a property, None if it is absent."""
    return next(iter(values_of(component, name)), None)


def moments_of(line: Any) -> Iterator[Any]:
    """Yield the dates of an RDATE or EXDATE line, of a period its start."""
    for entry in line.dts:
        yield entry.dt[0] if isinstance(entry.dt, tuple) else entry.dt

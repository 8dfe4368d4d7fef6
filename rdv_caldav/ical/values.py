"""Taking property values out of icalendar's components, whose types promise little."""

from __future__ import annotations

from typing import Any

from icalendar.cal import Component


def values_of(component: Component, name: str) -> list[Any]:
    """Return all values of a property, none if it is absent."""
    found: Any = component.get(name, [])
    return found if isinstance(found, list) else [found]


def value_of(component: Component, name: str) -> Any:
    """Return the first value of a property, None if it is absent."""
    return next(iter(values_of(component, name)), None)

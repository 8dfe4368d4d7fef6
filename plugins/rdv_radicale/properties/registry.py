"""What a property is, and the set of those that the server knows.

A live property has a getter, which returns its content as XML, None where it is not there.
Whatever is not registered is dead: kept as it was sent, if the resource keeps anything.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from rdv_radicale.names import element, escaped
from rdv_radicale.resources.base import CalendarResource, Kind, Resource

Getter = Callable[[Resource, str], str | None]
"""From a resource and the URL path of the tree to the content of the property."""

Setter = Callable[[ET.Element], str]
"""From an element to what is kept of it; raises DavRefused."""

COLLECTIONS = frozenset({Kind.HOME, Kind.CALENDAR, Kind.FOLDER})
EVERYWHERE = frozenset(Kind)


def _never(_calendar: CalendarResource) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One live property: its Clark name, where it lives, and how it is read and set.

    Without ``setter`` it is protected. ``is_shared`` tells whether all objects of a calendar
    have the same value, so that it is asked for once.
    """

    name: str
    kinds: frozenset[Kind]
    get: Getter
    setter: Setter | None = None
    in_allprop: bool = False
    is_shared: Callable[[CalendarResource], bool] = _never


class Registry:
    """The live properties by name."""

    def __init__(self, properties: Iterable[Property]) -> None:
        """Know these."""
        self._properties = {each.name: each for each in properties}

    def find(self, name: str, kind: Kind) -> Property | None:
        """Return the live property of that name that such a resource has."""
        found = self._properties.get(name)
        return found if found is not None and kind in found.kinds else None

    def is_live(self, name: str) -> bool:
        """Tell whether a name is the server's own."""
        return name in self._properties

    def setter(self, name: str) -> Setter | None:
        """Return what sets a live property, None for protected ones."""
        return self._properties[name].setter

    def of(self, kind: Kind) -> list[Property]:
        """Return the live properties that such a resource may have."""
        return [each for each in self._properties.values() if kind in each.kinds]

    def names_of(self, resource: Resource, base: str) -> list[str]:
        """Return the names of all properties that are there (RFC 4918 §9.1.4)."""
        live = [
            each.name for each in self.of(resource.kind) if each.get(resource, base) is not None
        ]
        return [*live, *(name for name in resource.kept if not self.is_live(name))]

    def value(self, resource: Resource, name: str, base: str) -> str | None:
        """Return a property as an element, None where it is not there."""
        live = self.find(name, resource.kind)
        if live is not None and (
            live.setter is None or not is_element(resource.kept.get(name, ""))
        ):
            inner = live.get(resource, base)
            return None if inner is None else element(name, inner)
        return dead_element(name, resource.kept)


def dead_element(name: str, kept: Mapping[str, str]) -> str | None:
    """Return a dead property as it was sent, attributes and all."""
    if name not in kept:
        return None
    value = kept[name]
    return value if is_element(value) else element(name, escaped(value))


def is_element(value: str) -> bool:
    """Tell whether what is kept is a whole element, not a mere text."""
    return value.startswith("<")


def dead_setter(sent: ET.Element) -> str:
    """Keep a dead property as a whole element."""
    sent.tail = None
    return ET.tostring(sent, encoding="unicode")

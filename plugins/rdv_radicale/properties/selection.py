"""Which properties a request wants, and writing those of each resource."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rdv_radicale.answers import prop_response
from rdv_radicale.malformed import BadRequest
from rdv_radicale.names import dav, element, escaped
from rdv_radicale.paths import encoded, write_path
from rdv_radicale.properties.live import REGISTRY
from rdv_radicale.resources.base import (
    EPOCH,
    CalendarObject,
    CalendarResource,
    Kind,
    Member,
    Resource,
)

GETETAG = dav("getetag")

MOST_NAMES = 500
"""Properties of one request: each is looked for, and answered, at every resource."""

_PLACE, _MARK = "\0", "\1"
"""Where href and ETag go in the response that is alike for all objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a client wants to know: named properties, all (with some more), or just names.

    ``minimal`` leaves out what is not there (RFC 8144 §2.1).
    """

    names: tuple[str, ...] = ()
    all_props: bool = False
    names_only: bool = False
    minimal: bool = False

    @classmethod
    def read(cls, asked: ET.Element | None, *, minimal: bool = False) -> Selection:
        """Read the children of a request: prop, allprop (with include) or propname.

        No body at all means allprop (RFC 4918 §9.1). Raises BadRequest for what means nothing.
        """
        if asked is None:
            return cls(all_props=True, minimal=minimal)
        found = {child.tag: child for child in asked}
        kinds = found.keys() & {dav("prop"), dav("allprop"), dav("propname")}
        if len(kinds) != 1:
            raise BadRequest("one of prop, allprop and propname is expected")
        wanted = found.get(dav("prop"), found.get(dav("include")))
        if wanted is not None and dav("propname") in kinds:
            raise BadRequest("include has no place beside propname")
        names = dict.fromkeys(child.tag for child in (wanted if wanted is not None else ()))
        if len(names) > MOST_NAMES:
            raise BadRequest(f"at most {MOST_NAMES} properties can be asked for")
        return cls(
            names=tuple(names),
            all_props=dav("allprop") in kinds,
            names_only=dav("propname") in kinds,
            minimal=minimal,
        )

    def without(self, name: str) -> Selection:
        """Return the same without a property that is written otherwise."""
        return replace(self, names=tuple(each for each in self.names if each != name))

    def response(self, resource: Resource, base: str, *, more: str = "") -> str:
        """Return the DAV:response of a resource; ``more`` are elements that were found too."""
        href = write_path(base, *resource.segments, is_collection=resource.is_collection)
        found, missing = self.elements(resource, base)
        return prop_response(escaped(href), found + more, missing)

    def elements(self, resource: Resource, base: str) -> tuple[str, str]:
        """Return the elements of what is there, and the empty ones of what is not."""
        if self.names_only:
            names = REGISTRY.names_of(resource, base)
            return "".join(map(element, names)), ""
        found, missing = [], []
        for name in self._wanted(resource):
            value = REGISTRY.value(resource, name, base)
            if value is not None:
                found.append(value)
            elif name in self.names and not self.minimal:
                missing.append(element(name))
        return "".join(found), "".join(missing)

    def _wanted(self, resource: Resource) -> tuple[str, ...]:
        if not self.all_props:
            return self.names
        usual = [each.name for each in REGISTRY.of(resource.kind) if each.in_allprop]
        dead = [name for name in resource.kept if not REGISTRY.is_live(name)]
        return tuple(dict.fromkeys((*usual, *dead, *self.names)))

    def is_swift(self, calendar: CalendarResource) -> bool:
        """Tell whether all objects of a calendar answer alike, save for their ETags."""
        if self.all_props or self.names_only:
            return False
        for name in self.names:
            live = REGISTRY.find(name, Kind.OBJECT)
            is_alike = REGISTRY.is_live(name) if live is None else live.is_shared(calendar)
            if name != GETETAG and not is_alike:
                return False
        return True

    def listed(
        self, calendar: CalendarResource, base: str, pairs: Iterable[tuple[str, str]]
    ) -> Iterator[str]:
        """Yield the responses of objects of which only href and ETag are known.

        For selections that are swift: programs that poll ask for the ETags of everything, and
        this is a microsecond or two for each.
        """
        unknown = Member(href="", uid="", etag=_MARK, last_modified=EPOCH)
        found, missing = self.elements(CalendarObject(calendar, unknown), base)
        prefix = write_path(base, *calendar.segments, is_collection=True)
        start, _, rest = prop_response(f"{prefix}{_PLACE}", found, missing).partition(_PLACE)
        before, mark, after = rest.partition(_MARK)
        if not mark:
            for href, _ in pairs:
                yield f"{start}{encoded(href)}{before}"
            return
        for href, etag in pairs:
            yield f"{start}{encoded(href)}{before}{etag}{after}"

"""Setting properties: what a body asks for, what of it is refused, and the answer to it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from rdv_radicale.answers import DavRefused, propstat
from rdv_radicale.names import dav, element, escaped, text_element
from rdv_radicale.properties.live import FOREIGN, REGISTRY
from rdv_radicale.properties.registry import dead_setter
from rdv_radicale.properties.settable import LONGEST_VALUE, SUPERSEDES

MOST_PROPERTIES = 200
"""Dead properties of one resource."""

MOST_KEPT = 400_000
"""Characters of all properties of one resource: they are read whenever it is looked at."""

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class PropertyChanges:
    """What is set, by Clark name in the order of the body, and None for what is removed."""

    wanted: Mapping[str, ET.Element | None]

    @classmethod
    def read(cls, update: ET.Element) -> PropertyChanges:
        """Read a propertyupdate, or the set elements of MKCALENDAR and MKCOL."""
        wanted: dict[str, ET.Element | None] = {}
        for instruction in update:
            if instruction.tag not in (dav("set"), dav("remove")):
                continue
            for prop in instruction.iterfind(dav("prop")):
                language = prop.get(_LANGUAGE)
                for each in prop:
                    if language and _LANGUAGE not in each.attrib:
                        each.set(_LANGUAGE, language)
                    # the last instruction counts (RFC 4918 §9.2)
                    wanted.pop(each.tag, None)
                    wanted[each.tag] = each if instruction.tag == dav("set") else None
        return cls(wanted)

    def without(self, *names: str) -> PropertyChanges:
        """Return the changes without those of some names."""
        return PropertyChanges({k: v for k, v in self.wanted.items() if k not in names})

    def refusals(self) -> dict[str, DavRefused]:
        """Return what may not be set, by name, with the reason."""
        found: dict[str, DavRefused] = {}
        for name, sent in self.wanted.items():
            try:
                _check(name, sent)
            except DavRefused as refused:
                found[name] = refused
        return found

    def applied(self, kept: Mapping[str, str]) -> dict[str, str]:
        """Return what is kept after the changes, which were not refused.

        Raises DavRefused when that is too much.
        """
        new = dict(kept)
        for name, sent in self.wanted.items():
            new.pop(name, None)
            if sent is not None:
                new.pop(SUPERSEDES.get(name, ""), None)
                new[name] = _value(name, sent)
        if len(new) > MOST_PROPERTIES or sum(map(len, new.values())) > MOST_KEPT:
            raise DavRefused(
                dav("quota-not-exceeded"),
                f"at most {MOST_PROPERTIES} properties are kept, of {MOST_KEPT} characters",
                status=HTTPStatus.INSUFFICIENT_STORAGE,
            )
        return new

    def response(self, href: str, refusals: Mapping[str, DavRefused]) -> str:
        """Return the DAV:response: all set, or some refused and the others failed with them."""
        return element(
            dav("response"),
            f"<D:href>{escaped(href)}</D:href>{self.propstats(refusals)}",
        )

    def propstats(self, refusals: Mapping[str, DavRefused]) -> str:
        """Return the propstats of the response."""
        others = "".join(element(name) for name in self.wanted if name not in refusals)
        status = HTTPStatus.FAILED_DEPENDENCY if refusals else HTTPStatus.OK
        parts = [propstat(others, status)] if others else []
        for name, refused in refusals.items():
            why = element(refused.precondition)
            described = text_element(dav("responsedescription"), str(refused))
            stat = propstat(element(name), refused.status, error=why)
            parts.append(stat.replace("</D:propstat>", f"{described}</D:propstat>"))
        return "".join(parts)


def _check(name: str, sent: ET.Element | None) -> None:
    """Raises DavRefused."""
    if name in FOREIGN or (REGISTRY.is_live(name) and REGISTRY.setter(name) is None):
        raise DavRefused(dav("cannot-modify-protected-property"), "the server's own property")
    if sent is not None:
        _value(name, sent)


def _value(name: str, sent: ET.Element) -> str:
    setter = REGISTRY.setter(name) if REGISTRY.is_live(name) else None
    value = (setter or dead_setter)(sent)
    if len(value) > LONGEST_VALUE:
        raise DavRefused(
            dav("quota-not-exceeded"),
            f"a property has at most {LONGEST_VALUE} characters",
            status=HTTPStatus.INSUFFICIENT_STORAGE,
        )
    return value

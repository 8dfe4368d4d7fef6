"""Reports about principals (RFC 3744 §9.3 to §9.5)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import chain, islice
from xml.sax.saxutils import unescape

from rdv_radicale.answers import Answer, multistatus, xml_answer
from rdv_radicale.malformed import BadRequest
from rdv_radicale.names import caldav, calendarserver, dav, element
from rdv_radicale.properties.live import REGISTRY
from rdv_radicale.properties.selection import Selection
from rdv_radicale.requests import Request
from rdv_radicale.resources.base import Kind, Resource
from rdv_radicale.resources.scheduling import known_principals
from rdv_radicale.resources.tree import Home

_MARKUP = re.compile("<[^>]*>")
_MOST_FOUND = 500
_SEARCHED = {
    dav("displayname"): "name",
    caldav("calendar-user-address-set"): "calendar address",
    calendarserver("email-address-set"): "e-mail address",
}


def principal_search_property_set(
    _request: Request, _xml: ET.Element, _resource: Resource
) -> Answer:
    """Answer by which properties principals are found (RFC 3744 §9.5)."""
    inner = "".join(
        element(
            dav("principal-search-property"),
            element(dav("prop"), element(name))
            + f'<D:description xml:lang="en">{description}</D:description>',
        )
        for name, description in _SEARCHED.items()
    )
    return xml_answer(200, dav("principal-search-property-set"), inner)


def principal_property_search(request: Request, xml: ET.Element, resource: Resource) -> Answer:
    """Answer the principals that match (RFC 3744 §9.4), of whom the account may know of.

    Without any condition, as some programs ask, all of them match.
    """
    searches = [_search(each) for each in xml.findall(dav("property-search"))]
    selection = _selection(request, xml)
    is_any = xml.get("test") == "anyof" and bool(searches)

    def matches(principal: Resource) -> bool:
        met = (
            all(text in _plain(REGISTRY.value(principal, name, request.base)) for name in names)
            for names, text in searches
        )
        return any(met) if is_any else all(met)

    principals: Iterator[Resource] = chain((Home(resource.now),), known_principals(resource.now))
    found = islice(filter(matches, principals), _MOST_FOUND)
    return multistatus(selection.response(each, request.base) for each in found)


def _search(sent: ET.Element) -> tuple[list[str], str]:
    prop, match = sent.find(dav("prop")), sent.find(dav("match"))
    if prop is None or match is None:
        raise BadRequest("a property-search has a prop and a match")
    return [each.tag for each in prop], (match.text or "").casefold()


def _plain(value: str | None) -> str:
    """Return the text of an element, without its markup; of none, what no search has in it."""
    return "\0" if value is None else unescape(_MARKUP.sub("", value)).casefold()


def principal_match(request: Request, xml: ET.Element, resource: Resource) -> Answer:
    """Answer what is the user, or names him in a property (RFC 3744 §9.3)."""
    named = xml.find(dav("principal-property"))
    if named is None and xml.find(dav("self")) is None:
        raise BadRequest("self or principal-property is expected")
    selection = _selection(request, xml)
    own = f"<D:href>{request.url(request.login, is_collection=True)}</D:href>"
    names = [each.tag for each in named] if named is not None else []

    def found() -> Iterator[str]:
        for each in _near(resource):
            values = (REGISTRY.value(each, name, request.base) or "" for name in names)
            if (named is None and each.kind is Kind.HOME) or any(own in v for v in values):
                yield selection.response(each, request.base)

    return multistatus(found())


def _near(resource: Resource) -> Iterator[Resource]:
    yield resource
    if resource.is_collection:
        yield from resource.members()


def _selection(request: Request, xml: ET.Element) -> Selection:
    prop = xml.find(dav("prop"))
    if prop is None:
        return Selection(minimal=request.prefers_minimal)
    if not len(prop):
        # python-caldav names the properties beside an empty prop
        return Selection(
            names=(dav("displayname"), caldav("calendar-home-set")),
            minimal=request.prefers_minimal,
        )
    return Selection.read(xml, minimal=request.prefers_minimal)

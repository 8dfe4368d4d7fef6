"""expand-property: properties of what properties point to (RFC 3253 §3.8)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from urllib.parse import urlsplit
from xml.sax.saxutils import unescape

from rdv_caldav.domain.errors import DomainError
from rdv_radicale.answers import Answer, multistatus, prop_response
from rdv_radicale.malformed import BadRequest
from rdv_radicale.names import DAV_NS, dav, element, escaped
from rdv_radicale.paths import BadPath
from rdv_radicale.properties.live import REGISTRY
from rdv_radicale.requests import Request
from rdv_radicale.resources.base import Resource
from rdv_radicale.resources.tree import find

_DEEPEST = 4
_MOST = 500
"""Properties of one request, all levels together: each may cost a look into the database."""

_HREF = re.compile("<D:href>([^<]*)</D:href>")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,100}")
_XMLNS = "http://www.w3.org/2000/xmlns/"
"""The one namespace that no element can be in."""


def expand_property(request: Request, xml: ET.Element, resource: Resource) -> Answer:
    """Answer properties, the hrefs in them replaced by what stands there."""
    if sum(1 for _ in xml.iter(dav("property"))) > _MOST:
        raise BadRequest(f"at most {_MOST} properties can be asked for")
    resources = [resource]
    if request.depth(default=0) == 1:
        resources += resource.members()
    return multistatus(_response(request, each, xml, _DEEPEST) for each in resources)


def _response(request: Request, resource: Resource, asked: ET.Element, levels: int) -> str:
    found, missing = [], []
    for sent in asked.findall(dav("property")):
        name = _name(sent)
        value = REGISTRY.value(resource, name, request.base)
        if value is None:
            missing.append(element(name))
        elif len(sent) and levels:
            found.append(_expanded(request, resource, value, sent, levels))
        else:
            found.append(value)
    href = request.url(*resource.segments, is_collection=resource.is_collection)
    return prop_response(escaped(href), "".join(found), "".join(missing))


def _expanded(
    request: Request, resource: Resource, value: str, asked: ET.Element, levels: int
) -> str:
    def expand(match: re.Match[str]) -> str:
        try:
            url = unescape(match[1])
            target = find(resource.now, request.segments_of_url(urlsplit(url).path))
        except (DomainError, BadRequest, BadPath, ValueError):
            return match[0]
        return _response(request, target, asked, levels - 1)

    return _HREF.sub(expand, value)


def _name(sent: ET.Element) -> str:
    name = sent.get("name", "")
    namespace = sent.get("namespace", DAV_NS)
    if not _NAME.fullmatch(name) or namespace == _XMLNS:
        raise BadRequest("a property has a name")
    return f"{{{namespace}}}{name}"

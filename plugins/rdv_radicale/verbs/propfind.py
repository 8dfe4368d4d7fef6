"""PROPFIND: properties of a resource and of its members (RFC 4918 §9.1)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator

from rdv_radicale.answers import Answer, DavRefused, multistatus
from rdv_radicale.malformed import BadRequest
from rdv_radicale.names import dav
from rdv_radicale.properties.selection import Selection
from rdv_radicale.requests import INFINITY, Request
from rdv_radicale.resources.base import CalendarResource, Resource
from rdv_radicale.resources.tree import find
from rdv_radicale.session import Session


def propfind(request: Request, now: Session) -> Answer:
    """Answer the properties that are asked for; raises DavRefused for ``Depth: infinity``."""
    selection = Selection.read(_asked(request.xml), minimal=request.prefers_minimal)
    depth = request.depth(default=INFINITY)
    resource = find(now, request.segments)
    if depth == INFINITY and resource.is_collection:
        raise DavRefused(dav("propfind-finite-depth"), "Depth is 0 or 1 here")
    without_root = depth != 0 and "depth-noroot" in request.preferences
    headers = {}
    if without_root or request.preferences.get("return") == "minimal":
        headers["Preference-Applied"] = "depth-noroot" if without_root else "return=minimal"
    answer = multistatus(_responses(request, resource, selection, depth, without_root=without_root))
    answer.headers |= headers
    return answer


def _asked(xml: ET.Element | None) -> ET.Element | None:
    if xml is not None and xml.tag != dav("propfind"):
        raise BadRequest("the body is no DAV:propfind")
    return xml


def _responses(
    request: Request, resource: Resource, selection: Selection, depth: int, *, without_root: bool
) -> Iterator[str]:
    if not without_root:
        yield selection.response(resource, request.base)
    if depth:
        yield from members(request, resource, selection)


def members(request: Request, resource: Resource, selection: Selection) -> Iterable[str]:
    """Return the responses of a collection's members."""
    if isinstance(resource, CalendarResource) and selection.is_swift(resource):
        return selection.listed(resource, request.base, resource.listing())
    return (selection.response(member, request.base) for member in resource.members())

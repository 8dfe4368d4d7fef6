"""PROPPATCH: what an account keeps with a calendar, all of it or nothing (RFC 4918 §9.2).

Radicale answers 400 to a protected property and loses the calendar's metadata for good.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from http import HTTPStatus
from typing import Any

from radicale import xmlutils
from radicale.app import Application as RadicaleApplication

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.errors import CalendarFixed
from rdv_caldav.services import calendars
from rdv_radicale.paths import locate
from rdv_radicale.requests import BadRequest, Environ
from rdv_radicale.session import session
from rdv_radicale.xml_bodies import XML_TYPE, read_xml

_PROTECTED = frozenset(
    xmlutils.make_clark(name)
    for name in (
        "D:resourcetype",
        "D:getetag",
        "D:getcontenttype",
        "D:getcontentlength",
        "D:getlastmodified",
        "D:creationdate",
        "D:owner",
        "D:sync-token",
        "D:current-user-principal",
        "D:current-user-privilege-set",
        "D:supported-report-set",
        "D:principal-collection-set",
        "D:principal-URL",
        "CS:getctag",
        "C:supported-calendar-component-set",
        "C:calendar-home-set",
        "C:calendar-user-address-set",
        "C:max-resource-size",
    )
)


class PropertyMethods(RadicaleApplication):
    """PROPPATCH in place of Radicale's."""

    book: AppointmentBook

    def do_PROPPATCH(
        self,
        environ: Environ,
        base_prefix: str,
        path: str,
        user: str,
        user_groups: set[str],
        request_info: dict[str, Any],
    ) -> Any:
        """Keep an account's properties of a calendar, all of them or none (RFC 4918 §9.2)."""
        xml = read_xml(environ)
        if xml is None or xml.tag != xmlutils.make_clark("D:propertyupdate"):
            raise BadRequest("the body is no DAV:propertyupdate")
        place = locate(path)
        if place is None or place.login != user or not place.is_calendar:
            raise CalendarFixed("properties are kept with calendars only")
        changes = _property_changes(xml)
        with session(self.book, user, writes=True) as now:
            seen = calendars.calendar(now.tx, now.actor, place.slug)
            refused = changes.keys() & _PROTECTED
            if not refused:
                kept = {**seen.properties, **changes}
                calendars.keep_properties(
                    now.tx, seen, {k: v for k, v in kept.items() if v is not None}
                )
        body = _property_answer(xmlutils.make_href(base_prefix, path), changes, refused)
        return HTTPStatus.MULTI_STATUS, {"Content-Type": XML_TYPE}, body, None


def _property_changes(xml: ET.Element) -> dict[str, str | None]:
    """Return what a propertyupdate sets, and removes as None, in its order."""
    changes: dict[str, str | None] = {}
    for instruction in xml:
        removes = instruction.tag == xmlutils.make_clark("D:remove")
        for prop in instruction.iterfind(xmlutils.make_clark("D:prop")):
            for element in prop:
                changes[element.tag] = None if removes else _content(element)
    return changes


def _content(element: ET.Element) -> str:
    if not len(element):
        return element.text or ""
    return "".join(ET.tostring(child, encoding="unicode") for child in element)


def _property_answer(href: str, changes: dict[str, str | None], refused: Any) -> bytes:
    multistatus = ET.Element(xmlutils.make_clark("D:multistatus"))
    response = ET.SubElement(multistatus, xmlutils.make_clark("D:response"))
    ET.SubElement(response, xmlutils.make_clark("D:href")).text = href
    for name in changes:
        propstat = ET.SubElement(response, xmlutils.make_clark("D:propstat"))
        ET.SubElement(ET.SubElement(propstat, xmlutils.make_clark("D:prop")), name)
        status = HTTPStatus.OK
        if refused:
            status = HTTPStatus.FORBIDDEN if name in refused else HTTPStatus.FAILED_DEPENDENCY
        line = ET.SubElement(propstat, xmlutils.make_clark("D:status"))
        line.text = f"HTTP/1.1 {int(status)} {status.phrase}"
        if name in refused:
            error = ET.SubElement(propstat, xmlutils.make_clark("D:error"))
            ET.SubElement(error, xmlutils.make_clark("D:cannot-modify-protected-property"))
    body: bytes = ET.tostring(multistatus, encoding="utf-8", xml_declaration=True)
    return body

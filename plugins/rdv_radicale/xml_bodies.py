"""XML in and out: bodies read without harm, and small answers."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from radicale import xmlutils

from rdv_radicale.requests import BadRequest, Environ

XML_TYPE = "application/xml; charset=utf-8"


def read_xml(environ: Environ) -> ET.Element | None:
    """Return the parsed body, None for an empty one, and leave it to be read again.

    Entities are refused (billion laughs, external files). Raises BadRequest.
    """
    content = environ["wsgi.input"].read()
    environ["wsgi.input"].seek(0)
    if not content.strip():
        return None
    try:
        root: ET.Element = fromstring(content)
    except (ET.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise BadRequest("the body is not readable as XML") from error
    return root


def error_xml(precondition: str) -> bytes:
    """Return a DAV:error with one precondition, in Radicale's notation."""
    body: bytes = ET.tostring(xmlutils.webdav_error(precondition), encoding="utf-8")
    return body

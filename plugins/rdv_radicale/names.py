"""XML names of the protocols, in Clark notation, and how they are written in answers."""

from __future__ import annotations

from functools import lru_cache
from xml.sax.saxutils import quoteattr

DAV_NS = "DAV:"
CALDAV_NS = "urn:ietf:params:xml:ns:caldav"
CALENDARSERVER_NS = "http://calendarserver.org/ns/"
APPLE_NS = "http://apple.com/ns/ical/"

_XML_NS = "http://www.w3.org/XML/1998/namespace"
"""Bound to ``xml`` for ever: no other prefix may be (Namespaces in XML §3)."""

_PREFIXES = {DAV_NS: "D", CALDAV_NS: "C", CALENDARSERVER_NS: "CS", APPLE_NS: "A"}
NAMESPACES = "".join(f' xmlns:{prefix}="{uri}"' for uri, prefix in _PREFIXES.items())
"""The declarations that every answer's outermost element carries."""


def dav(name: str) -> str:
    """Return the Clark name of WebDAV's own vocabulary (RFC 4918)."""
    return f"{{{DAV_NS}}}{name}"


def caldav(name: str) -> str:
    """Return the Clark name of CalDAV's vocabulary (RFC 4791)."""
    return f"{{{CALDAV_NS}}}{name}"


def calendarserver(name: str) -> str:
    """Return the Clark name of the extensions that began with Apple's Calendar Server."""
    return f"{{{CALENDARSERVER_NS}}}{name}"


def apple(name: str) -> str:
    """Return the Clark name of Apple's calendar properties."""
    return f"{{{APPLE_NS}}}{name}"


def local_name(name: str) -> str:
    """Return a Clark name without its namespace."""
    return name.rpartition("}")[2]


@lru_cache(maxsize=1024)
def _tag(name: str) -> tuple[str, str]:
    """Return what stands between the angle brackets of the start tag and of the end tag."""
    namespace, _, local = name.rpartition("}")
    namespace = namespace.removeprefix("{")
    if not namespace:
        return local, local
    prefix = "xml" if namespace == _XML_NS else _PREFIXES.get(namespace)
    if prefix is None:
        return f"X:{local} xmlns:X={quoteattr(namespace)}", f"X:{local}"
    return f"{prefix}:{local}", f"{prefix}:{local}"


def element(name: str, inner: str = "") -> str:
    """Return an element with ``inner``, which is XML already, as its content."""
    start, end = _tag(name)
    return f"<{start}>{inner}</{end}>" if inner else f"<{start}/>"


def escaped(text: str) -> str:
    """Return a text as it stands in XML."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    return text.replace(">", "&gt;") if ">" in text else text


def text_element(name: str, text: str) -> str:
    """Return an element with a text as its content."""
    return element(name, escaped(text))


def href_element(url: str) -> str:
    """Return a DAV:href; ``url`` is percent-encoded already."""
    return f"<D:href>{escaped(url)}</D:href>"

"""Paths of the calendar tree: taking them apart strictly, and writing them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\\ufffe\uffff]")
"""What has no place in a path, or could not be said in XML."""

_PLAIN = re.compile(r"[A-Za-z0-9._~@-]+")
MAX_COMPONENT = 255


class BadPath(Exception):
    """A path that names nothing and never will; answered with 400."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place in the tree: the root, a home, a person's calendar or an object in it."""

    login: str = ""
    slug: str = ""
    href: str = ""

    @property
    def is_object(self) -> bool:
        """Whether it is an object in a calendar."""
        return bool(self.href)

    @property
    def is_calendar(self) -> bool:
        """Whether it is a calendar."""
        return bool(self.slug) and not self.href


def decode_path(path_info: str) -> str:
    """Return the path that a WSGI server hands over as latin-1, read as UTF-8.

    Raises BadPath for bad UTF-8, control characters, empty or dotted components, and blanks
    at the ends of a component.
    """
    try:
        path = path_info.encode("latin-1").decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise BadPath("the path is not UTF-8") from error
    if _UNSAFE.search(path):
        raise BadPath("control characters and backslashes have no place in a path")
    path = path or "/"
    if not path.startswith("/"):
        raise BadPath("a path begins with a slash")
    for component in path.strip("/").split("/"):
        if component in (".", "..") or component != component.strip():
            raise BadPath("dots alone and blanks at the ends have no place in a path")
        if len(component) > MAX_COMPONENT:
            raise BadPath("a part of the path is too long")
    if "//" in path:
        raise BadPath("a part of the path is empty")
    return path


def check_raw_uri(uri: str) -> None:
    """Refuse what a WSGI server hides of a request's target. Raises BadPath."""
    if "#" in uri:
        # taken for the resource without it, which a DELETE would then hit
        raise BadPath("a fragment has no place in a request")
    if "%2f" in uri.partition("?")[0].lower():
        raise BadPath("an encoded slash has no place in a path")


def segments_of(path: str) -> tuple[str, ...]:
    """Return the parts of a decoded path, none for the root."""
    inner = path.strip("/")
    return tuple(inner.split("/")) if inner else ()


def locate(path: str) -> Location | None:
    """Return the place that a decoded path names, None for deeper ones."""
    components = path.strip("/").split("/")
    if len(components) > 3:
        return None
    login, slug, href = (*components, "", "")[:3]
    return Location(login=login, slug=slug, href=href)


def encoded(segment: str) -> str:
    """Return a part of a path, percent-encoded; most need nothing, and quote() is slow."""
    return segment if _PLAIN.fullmatch(segment) else quote(segment, safe="@")


def write_path(base_prefix: str, *components: str, is_collection: bool) -> str:
    """Return the URL path of a place, percent-encoded."""
    inner = "/".join(map(encoded, components))
    ending = "/" if is_collection and inner else ""
    return f"{base_prefix}/{inner}{ending}"

"""The If header of WebDAV (RFC 4918 §10.4): lists of ETags and state tokens, one of which holds.

There are no locks here: the only state tokens are the sync tokens of collections (RFC 6578 §5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from rdv_caldav.domain.errors import DomainError, PreconditionFailed
from rdv_radicale.malformed import BadRequest
from rdv_radicale.paths import BadPath
from rdv_radicale.requests import Request
from rdv_radicale.resources.base import CalendarResource
from rdv_radicale.resources.personal import Folder
from rdv_radicale.resources.tree import find
from rdv_radicale.session import Session

_LISTS = re.compile(
    r"""\s* (?: < (?P<tag> [^<>]* ) > \s* )?
    \( \s* (?P<inner> (?: (?:Not\s*)? (?: <[^<>]*> | \[[^\[\]]*\] ) \s* )+ ) \)""",
    re.IGNORECASE | re.VERBOSE,
)
"""A blank is taken by one part of it alone: else each would double the ways to read a header."""
_CONDITION = re.compile(r"(Not\s*)?(?:<([^<>]*)>|\[([^\[\]]*)\])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _List:
    """Conditions about one resource that hold together; an untagged one is about the target."""

    tag: str | None
    conditions: tuple[tuple[bool, str], ...]


def check_if(request: Request, now: Session) -> None:
    """Hold the If header, if there is one. Raises PreconditionFailed, BadRequest."""
    header = request.header("If")
    known: dict[str | None, set[str]] = {}
    if header and not any(_holds(request, now, each, known) for each in _lists(header)):
        raise PreconditionFailed("no list of the If header holds")


def _lists(header: str) -> Iterator[_List]:
    position, tag = 0, None
    while position < len(header):
        found = _LISTS.match(header, position)
        if found is None:
            raise BadRequest("the If header cannot be read")
        position = found.end()
        # a tag counts until the next one
        tag = found["tag"] if found["tag"] is not None else tag
        conditions = _CONDITION.findall(found["inner"])
        yield _List(tag, tuple((not negated, token or etag) for negated, token, etag in conditions))


def _holds(
    request: Request, now: Session, wanted: _List, known: dict[str | None, set[str]]
) -> bool:
    """Tell whether a list holds; each resource is looked at once, and then ``known``."""
    if wanted.tag not in known:
        known[wanted.tag] = _states(request, now, wanted.tag)
    states = known[wanted.tag]
    return all((state.strip() in states) is expected for expected, state in wanted.conditions)


def _states(request: Request, now: Session, tag: str | None) -> set[str]:
    """Return ETag and sync token of a resource, nothing for what is not there."""
    try:
        segments = request.segments
        if tag is not None:
            segments = request.segments_of_url(urlsplit(tag).path)
        resource = find(now, segments)
    except (DomainError, BadRequest, BadPath, ValueError):
        return set()
    states = {resource.etag} if resource.etag is not None else set()
    if isinstance(resource, CalendarResource | Folder):
        states.add(resource.sync_token)
    return states

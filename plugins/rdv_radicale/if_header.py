"""The If header of WebDAV (RFC 4918 §10.4): lists of ETags and state tokens.

There are no locks here, so that no state token holds; programs send the header with ETags, or
with the tokens of locks that other servers gave them.
"""

from __future__ import annotations

import re

from rdv_caldav.services.calendar_objects.standing import StateCondition, StateList
from rdv_radicale.malformed import BadRequest

_PART = re.compile(r"\s*(?:<([^<>]*)>|(\()|(\))|\[([^\[\]]*)\]|(Not)\b)", re.IGNORECASE)


def read_if(header: str, url: str) -> tuple[StateList, ...] | None:
    """Return the lists that speak of the resource at ``url``, None without any header.

    Lists tagged with other resources are true of nothing here. Raises BadRequest.
    """
    if not header.strip():
        return None
    lists: list[StateList] = []
    inner: list[StateCondition] | None = None
    tag, negated, position = "", False, 0
    header = header.rstrip()
    while position < len(header):
        part = _PART.match(header, position)
        if part is None:
            raise BadRequest("the If header cannot be read")
        position = part.end()
        token, opens, closes, etag, negates = part.groups()
        if opens is not None and inner is None:
            inner = []
        elif closes is not None and inner and not negated:
            lists.append(StateList(tuple(inner), is_elsewhere=bool(tag) and not _same(tag, url)))
            inner = None
        elif negates is not None and inner is not None and not negated:
            negated = True
        elif token is not None and inner is None:
            tag = token
        elif (token is not None or etag is not None) and inner is not None:
            inner.append(StateCondition(etag=etag, negated=negated))
            negated = False
        else:
            raise BadRequest("the If header cannot be read")
    if inner is not None or not lists:
        raise BadRequest("the If header cannot be read")
    return tuple(lists)


def _same(tag: str, url: str) -> bool:
    path = re.sub(r"^https?://[^/]*", "", tag, flags=re.IGNORECASE)
    return path.rstrip("/") == url.rstrip("/")

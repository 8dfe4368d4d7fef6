"""What the agency's own mail server found out about who sent a mail (RFC 8601).

Anybody can write Authentication-Results into his mail. Only a field with the name of the own
server counts (§5), and of these only the uppermost run: servers put theirs on top, and a field
below a further Received was there before.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from rdv_caldav.domain.replies import Authentication
from rdv_caldav.mail.received_fields import Fields

_RESULT = re.compile(r"\s*dmarc\s*(?:/\s*\d+\s*)?=\s*([a-z]+)(?![a-z])", re.IGNORECASE)
_FROM = re.compile(r"\bheader\.from\s*=\s*(?:[^\s@]*@)?([^\s@]+)", re.IGNORECASE)


def dmarc_result(fields: Fields, authserv_ids: Collection[str], sender: str) -> Authentication:
    """Return what DMARC says of ``sender``, the address in From.

    ``authserv_ids`` are the names by which the agency's servers call themselves in
    Authentication-Results; without any, nothing is believed. FAIL wins over PASS where both are
    said, and a PASS for another domain than that of ``sender`` is none.
    """
    trusted = {name.strip().lower() for name in authserv_ids}
    domain = sender.rpartition("@")[2]
    results = {
        _result_for(domain, statement)
        for statements in _uppermost(fields, trusted)
        for statement in statements
    }
    if Authentication.FAIL in results:
        return Authentication.FAIL
    return Authentication.PASS if Authentication.PASS in results else Authentication.NONE


def _uppermost(fields: Fields, trusted: Collection[str]) -> Iterator[list[str]]:
    """Yield what the trusted fields that one server wrote state."""
    has_begun = False
    for name, value in fields.items:
        if name == "received" and has_begun:
            return
        if name == "authentication-results":
            server, *statements = _statements(value)
            if _name(server) in trusted:
                has_begun = True
                yield statements


def _statements(value: str) -> list[str]:
    """Cut a value at its semicolons, without comments and quotes (RFC 8601 §2.2).

    Senders have a say in what is quoted, such as the local part of an envelope's address: what
    is in there cuts nothing and opens no comment.
    """
    pieces, depth, is_quoted, is_escaped = [""], 0, False, False
    for character in value:
        if is_escaped or character == "\\":
            is_escaped = not is_escaped
        elif character == '"' and not depth:
            is_quoted = not is_quoted
        elif is_quoted:
            pieces[-1] += character
        elif character in "()":
            depth = max(0, depth + (1 if character == "(" else -1))
        elif depth:
            continue
        elif character == ";":
            pieces.append("")
        else:
            pieces[-1] += character
    return pieces[:1] if is_quoted or depth else pieces


def _name(server: str) -> str:
    """Return the authserv-id: the first word, before a version number."""
    return next(iter(server.lower().split()), "")


def _result_for(domain: str, statement: str) -> Authentication:
    match = _RESULT.match(statement)
    if match is None:
        return Authentication.NONE
    word = match[1].lower()
    if word == "fail":
        return Authentication.FAIL
    is_about_him = all(about.lower().rstrip(".") == domain for about in _FROM.findall(statement))
    return Authentication.PASS if word == "pass" and is_about_him else Authentication.NONE

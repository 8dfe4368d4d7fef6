"""Sync tokens as URIs (RFC 6578 §3.2)."""

from __future__ import annotations

from rdv_caldav.domain.errors import SyncTokenExpired

SYNC_PREFIX = "urn:x-rdv:sync:"


def written_token(numbers: str) -> str:
    """Return the URI of change numbers."""
    return SYNC_PREFIX + numbers


def token_of(uri: str) -> str:
    """Return the change numbers of a URI, nothing for nothing. Raises SyncTokenExpired."""
    if uri and not uri.startswith(SYNC_PREFIX):
        raise SyncTokenExpired("no sync token of this server")
    return uri.removeprefix(SYNC_PREFIX)

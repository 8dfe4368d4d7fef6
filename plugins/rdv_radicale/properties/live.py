"""All live properties."""

from __future__ import annotations

from rdv_radicale.names import dav
from rdv_radicale.properties import calendaring, scheduling, settable, webdav
from rdv_radicale.properties.registry import Registry

REGISTRY = Registry(
    (
        *webdav.PROPERTIES,
        *settable.PROPERTIES,
        *calendaring.PROPERTIES,
        *scheduling.PROPERTIES,
    )
)

FOREIGN = frozenset({dav("lockdiscovery"), dav("supportedlock"), dav("group")})
"""Live in other servers: nobody may set them here as if they were dead."""

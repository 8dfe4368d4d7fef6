"""What an account may do, as RFC 3744 says it, so that programs grey out the rest.

A calendar that is only read says so by lacking every privilege of writing: programs take any
of them, write-properties included, for a calendar that can be written.
"""

from __future__ import annotations

from rdv_radicale.names import caldav, dav, element, href_element, text_element
from rdv_radicale.paths import write_path
from rdv_radicale.resources.base import Kind, Resource

_READ = (dav("read"), dav("read-acl"), dav("read-current-user-privilege-set"))
_BUSY = caldav("read-free-busy")
_SCHEDULING = {
    Kind.INBOX: (
        "schedule-deliver",
        "schedule-deliver-invite",
        "schedule-deliver-reply",
        "schedule-query-freebusy",
    ),
    Kind.OUTBOX: (
        "schedule-send",
        "schedule-send-invite",
        "schedule-send-reply",
        "schedule-send-freebusy",
    ),
}
_WRITE = ("write", "write-properties", "write-content", "bind", "unbind")


def granted(resource: Resource) -> list[str]:
    """Return the Clark names of the privileges that the account has."""
    privileges = list(_READ)
    if resource.kind in (Kind.HOME, Kind.CALENDAR):
        privileges.append(_BUSY)
    privileges += map(caldav, _SCHEDULING.get(resource.kind, ()))
    if resource.kind is Kind.INBOX:
        # programs take away what they have read
        privileges.append(dav("unbind"))
    if resource.is_writable:
        privileges += map(dav, _WRITE)
    return privileges


def current_user_privileges(resource: Resource, _base: str) -> str:
    """Return current-user-privilege-set (RFC 3744 §5.4)."""
    return "".join(element(dav("privilege"), element(name)) for name in granted(resource))


def acl(resource: Resource, base: str) -> str:
    """Return acl (RFC 3744 §5.5): what the account has, and nobody can change by WebDAV."""
    principal = href_element(write_path(base, resource.now.login, is_collection=True))
    return element(
        dav("ace"),
        element(dav("principal"), principal)
        + element(dav("grant"), current_user_privileges(resource, base))
        + element(dav("protected")),
    )


def _supported(name: str, description: str, *inner: str) -> str:
    return element(
        dav("supported-privilege"),
        element(dav("privilege"), element(name))
        + text_element(dav("description"), description)
        + "".join(inner),
    )


_READING = _supported(
    dav("read"),
    "read",
    _supported(_BUSY, "see when somebody is busy"),
    _supported(dav("read-acl"), "see who may do what"),
    _supported(dav("read-current-user-privilege-set"), "see what one may do"),
)
_WRITING = _supported(
    dav("write"),
    "write",
    _supported(dav("write-properties"), "set properties"),
    _supported(dav("write-content"), "change objects"),
    _supported(dav("bind"), "add objects"),
    _supported(dav("unbind"), "delete objects"),
)


def _scheduling(kind: Kind) -> str:
    """One privilege that aggregates the others (RFC 6638 §6.3)."""
    whole, *parts = _SCHEDULING.get(kind, ("",))
    if not whole:
        return ""
    inner = (_supported(caldav(part), part.replace("-", " ")) for part in parts)
    return _supported(caldav(whole), whole.replace("-", " "), *inner)


_SUPPORTED = {
    kind: _supported(dav("all"), "everything", _READING, _WRITING, _scheduling(kind))
    for kind in Kind
}


def supported_privileges(resource: Resource, _base: str) -> str:
    """Return supported-privilege-set (RFC 3744 §5.3)."""
    return _SUPPORTED[resource.kind]

"""Mail addresses as they are written into headers and said to servers (RFC 5321 §4.1.2)."""

from __future__ import annotations

import re
from ipaddress import ip_address

import idna

from rdv_caldav.domain.errors import InvalidInput

LONGEST_LOCAL = 64
LONGEST_ADDRESS = 254
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
_LOCAL = re.compile(rf"{_ATEXT}(?:\.{_ATEXT})*")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")


def ascii_domain(domain: str) -> str:
    """Return a domain with its labels as the DNS has them (RFC 5891), lower-case.

    Not with the standard library's codec, which is of 2003 and writes to other people where
    ``ß`` is concerned. Raises InvalidInput.
    """
    try:
        found = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except UnicodeError as error:  # what idna raises is one
        raise InvalidInput("the domain of a mail address is not valid") from error
    if len(found) > LONGEST_ADDRESS or not all(map(_is_label, found.split("."))):
        raise InvalidInput("the domain of a mail address is not valid")
    return found


def wire_address(address: str) -> str:
    """Return an address with an ASCII domain; its local part is kept to the letter.

    Quoted local parts, comments and address literals are refused, though RFC 5322 knows them:
    nobody has such an address, and much software takes them for something else. The sentence
    does not repeat the address, since it goes into logs. Raises InvalidInput.
    """
    local, at, domain = address.strip().rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or not local.isprintable():
        raise InvalidInput("a mail address is not valid")
    found = f"{local}@{ascii_domain(domain)}"
    too_long = len(local.encode()) > LONGEST_LOCAL or len(found.encode()) > LONGEST_ADDRESS
    if too_long:
        raise InvalidInput("a mail address is too long")
    return found


def is_loopback(host: str) -> bool:
    """Tell whether a name or IP address is of this machine itself: nobody listens on the way."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_label(label: str) -> bool:
    return len(label) <= 63 and _LABEL.fullmatch(label) is not None  # RFC 1035

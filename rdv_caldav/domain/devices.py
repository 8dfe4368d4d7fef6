"""Passwords of devices: how they are spelled, and where an account's own password is taken."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
"""Base32 (RFC 4648 §6) in lower case: what a telephone's keyboard gives without shifting."""

SECRET_LENGTH = 28
"""Characters of a secret, of five bits each: 140 bits by chance."""

_GROUP = 4
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015]+")
# digits that are none of the alphabet, as they are misread
_MISREAD = str.maketrans({"0": "o", "1": "l", "8": "b"})

LONGEST_LABEL = 60
MOST_DEVICES = 50

_PROGRAMS = (
    # what is found first counts: many programs name others, too
    ("davx5", "DAVx⁵"),
    ("icsx5", "ICSx⁵"),
    ("caldavsynchronizer", "Outlook CalDav Synchronizer"),
    ("thunderbird", "Thunderbird"),
    ("evolution", "Evolution"),
    ("gnome", "GNOME"),
    ("vdirsyncer", "vdirsyncer"),
    ("calcurse", "calcurse"),
    ("python-caldav", "python-caldav"),
    ("dataaccess", "iPhone, iPad"),
    ("accountsd", "iPhone, iPad, Mac"),
    ("remindd", "iPhone, iPad, Mac"),
    ("ios/", "iPhone, iPad"),
    ("calendaragent", "Mac"),
    ("macos/", "Mac"),
    ("mac os x", "Mac"),
)
_LONGEST_PROGRAM = 40


class AccountPasswordOnCaldav(StrEnum):
    """Whether programs may log in with the account's own password.

    ``UNTIL_DEVICE``: until the account has had its first device password.
    """

    UNTIL_DEVICE = "until_device"
    ALWAYS = "always"
    NEVER = "never"

    def takes(self, *, has_had_device: bool) -> bool:
        """Tell whether the account's own password is taken from a program."""
        if self is AccountPasswordOnCaldav.UNTIL_DEVICE:
            return not has_had_device
        return self is AccountPasswordOnCaldav.ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePassword:
    """The password of one device, as far as it is known after it was shown. Times are aware."""

    id: int
    account_id: int
    label: str
    created_at: datetime
    used_at: datetime | None = None
    program: str = ""


def secret_of(octets: bytes) -> str:
    """Return the secret that random octets make, as it is kept and compared."""
    number = int.from_bytes(octets)
    return "".join(ALPHABET[(number >> 5 * place) % 32] for place in range(SECRET_LENGTH))


def spelled(secret: str) -> str:
    """Return a secret in groups, as it is shown."""
    groups = (secret[start : start + _GROUP] for start in range(0, len(secret), _GROUP))
    return "-".join(groups)


def typed_secret(password: str) -> str | None:
    """Return the secret that somebody typed, None when it cannot be one.

    Case, blanks and dashes do not count, and 0, 1, 8 are read as o, l, b.
    """
    typed = _SEPARATORS.sub("", password).lower().translate(_MISREAD)
    is_one = len(typed) == SECRET_LENGTH and all(letter in ALPHABET for letter in typed)
    return typed if is_one else None


def program_family(user_agent: str) -> str:
    """Return the name by which people know a program, else the first word that it says."""
    lowered = user_agent.lower()
    for mark, name in _PROGRAMS:
        if mark in lowered:
            return name
    return re.split(r"[/\s(]", user_agent.strip(), maxsplit=1)[0][:_LONGEST_PROGRAM]

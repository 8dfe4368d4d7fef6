"""What accounts keep for themselves: calendars and folders of their own, and what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

COMPONENTS = ("VEVENT", "VTODO", "VJOURNAL")
"""What personal calendars can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalCollection:
    """A calendar or folder of an account.

    ``path`` is its place below the account's home, decoded and without slashes at its ends.
    ``properties`` are what programs set, by Clark name. ``counter`` is the number of the last
    change of its members; sync tokens from before ``floor`` are void.
    """

    id: int
    account_id: int
    path: str
    is_calendar: bool
    components: tuple[str, ...]
    properties: dict[str, str]
    counter: int
    floor: int
    created_at: datetime
    updated_at: datetime

    @property
    def tag(self) -> str:
        """What changes with every change of its members, and is never used again."""
        return str(self.counter)

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    @property
    def parent_path(self) -> str:
        """The place that it stands in, empty for the home."""
        return self.path.rpartition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalObject:
    """An object in a personal calendar, or a file in a folder.

    ``uid`` and ``component`` are empty for files, ``content`` where it was not asked for.
    ``certain`` is false when a time range may or may not meet it.
    """

    href: str
    uid: str
    component: str
    content: bytes = field(default=b"", repr=False)
    content_type: str
    etag: str
    size: int
    created_at: datetime
    last_modified: datetime
    properties: dict[str, str]
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How many octets an account keeps, and how many it may: contents and properties."""

    used: int
    quota: int


def entity_tag(changed: int) -> str:
    """Return the ETag of what was last changed by this number, which no other change has."""
    return f'"{changed}"'


def weight_of(properties: Mapping[str, str]) -> int:
    """Return how many octets properties count for."""
    return sum(len(name.encode()) + len(value.encode()) for name, value in properties.items())


def is_within(path: str, outer: str) -> bool:
    """Tell whether a path is another one or lies beneath it."""
    return path == outer or path.startswith(f"{outer}/")

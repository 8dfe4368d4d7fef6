"""Resources as verbs and properties see them, whatever they are made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from typing import ClassVar

from rdv_caldav.domain.sync import Changes
from rdv_radicale.session import Session

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Kind(Enum):
    """What a resource is to a client program."""

    ROOT = auto()
    HOME = auto()
    CALENDAR = auto()
    FOLDER = auto()
    OBJECT = auto()
    FILE = auto()
    INBOX = auto()
    OUTBOX = auto()
    PRINCIPAL = auto()


class Resource(ABC):
    """Something at a place: what WebDAV asks of anything.

    ``kept`` are the properties that programs set, by Clark name.
    """

    kind: ClassVar[Kind]

    def __init__(self, now: Session, segments: tuple[str, ...]) -> None:
        """Stand at ``segments`` for the account that the session acts for."""
        self.now = now
        self.segments = segments

    @property
    def is_collection(self) -> bool:
        """Whether it has members."""
        return self.kind not in (Kind.OBJECT, Kind.FILE)

    @property
    def etag(self) -> str | None:
        """Its entity tag, quoted."""
        return None

    @property
    def display_name(self) -> str | None:
        """A name for people."""
        return None

    @property
    def last_modified(self) -> datetime | None:
        """When it was changed, in UTC."""
        return None

    @property
    def created_at(self) -> datetime | None:
        """When it was made, in UTC."""
        return None

    @property
    def kept(self) -> Mapping[str, str]:
        """What programs keep with it, by Clark name."""
        return {}

    @property
    def is_writable(self) -> bool:
        """Whether the account may write here: new members, or this object."""
        return False

    def members(self) -> Iterable[Resource]:
        """Return what it lists at ``Depth: 1``."""
        return ()


# not frozen: setting the fields of a frozen one takes as long as all else about it
@dataclass(slots=True, kw_only=True)
class Member:
    """One object of a calendar, as its reader sees it.

    ``text`` is empty when only the outside was asked for. ``is_certain`` is false when a time
    range may or may not meet it. ``starts_at`` and ``stops_at`` are the bounds in UTC where they
    are known. ``schedule_tag`` does not change with others' answers (RFC 6638 §3.2.10).
    """

    href: str
    uid: str
    etag: str
    last_modified: datetime
    created_at: datetime | None = None
    component: str = "VEVENT"
    text: str = field(default="", repr=False)
    is_certain: bool = True
    is_writable: bool = True
    starts_at: datetime | None = None
    stops_at: datetime | None = None
    schedule_tag: str | None = None
    kept: Mapping[str, str] = field(default_factory=dict)


class CalendarResource(Resource):
    """A calendar, of a person or the account's own."""

    kind = Kind.CALENDAR

    @property
    @abstractmethod
    def components(self) -> tuple[str, ...]:
        """The components that it takes."""

    @property
    @abstractmethod
    def tag(self) -> str:
        """What changes with every change of the calendar: ctag and base of its ETag."""

    @property
    def etag(self) -> str:
        return f'"{self.tag}"'

    @property
    @abstractmethod
    def sync_token(self) -> str:
        """The token of now."""

    @property
    @abstractmethod
    def zone(self) -> str:
        """The IANA zone of floating times and whole days (RFC 4791 §5.2.2)."""

    @property
    def index_zone(self) -> str:
        """The zone that floating times and whole days have in the index: the agency's."""
        return self.now.tx.agency.settings().time_zone

    @property
    def colour(self) -> str | None:
        """The colour to propose, ``#rrggbb``."""
        return None

    @abstractmethod
    def listing(self) -> Iterable[tuple[str, str]]:
        """Return href and ETag of each object: the fast way to all of them."""

    @abstractmethod
    def objects(
        self, hrefs: Sequence[str] | None = None, *, with_text: bool = True
    ) -> Iterator[Member]:
        """Yield the objects, all or those at ``hrefs``."""

    @abstractmethod
    def of_component(self, component: str) -> Iterator[Member]:
        """Yield the objects of a component."""

    @abstractmethod
    def in_range(
        self, component: str, start: datetime | None, end: datetime | None
    ) -> Iterator[Member]:
        """Yield the objects of a component that may meet a range of aware instants."""

    @abstractmethod
    def changes(self, token: str, limit: int | None) -> Changes:
        """Return what changed since a token, everything for an empty one.

        Raises SyncTokenExpired.
        """

    @abstractmethod
    def place_of(self, uid: str) -> str | None:
        """Return the href of the object with this UID."""

    def members(self) -> Iterator[Resource]:
        """Yield the objects, without their texts."""
        return (CalendarObject(self, found) for found in self.objects(with_text=False))


class CalendarObject(Resource):
    """One object in a calendar."""

    kind = Kind.OBJECT

    def __init__(self, calendar: CalendarResource, found: Member) -> None:
        """Stand in ``calendar`` as it was ``found`` there."""
        super().__init__(calendar.now, (*calendar.segments, found.href))
        self.calendar = calendar
        self.found = found

    @property
    def etag(self) -> str:
        return self.found.etag

    @property
    def last_modified(self) -> datetime:
        return self.found.last_modified

    @property
    def created_at(self) -> datetime | None:
        return self.found.created_at

    @property
    def kept(self) -> Mapping[str, str]:
        return self.found.kept

    @property
    def is_writable(self) -> bool:
        return self.found.is_writable

    @property
    def text(self) -> str:
        """The object as its reader sees it, read now if only the outside was loaded."""
        if not self.found.text:
            for found in self.calendar.objects([self.found.href]):
                self.found = found
        return self.found.text

"""The control table: all rendez-vous, one row per date, by filters that everything shares.

One filter serves list, counts, bulk actions, print and every export; how it is written into a
URL says :mod:`rdv_caldav.domain.control_query`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from rdv_caldav.domain.agency import TypeCategory
from rdv_caldav.domain.appointment import Presence, Span, State
from rdv_caldav.domain.errors import UnknownObject

# -- what is asked for --------------------------------------------------------------------


class Trash(StrEnum):
    """What becomes of the corbeille; the values are those of URLs."""

    LEFT_OUT = "sans"
    INCLUDED = "avec"
    ONLY = "seule"


class Sort(StrEnum):
    """What rows are sorted by, then by date; the values are those of URLs."""

    DATE = "date"
    TYPE = "type"
    STATE = "etat"
    OWNER = "proprietaire"
    SUBJECT = "objet"


class Column(StrEnum):
    """What can be shown of a row, in this order; the values are those of URLs."""

    DATE = "date"
    START = "debut"
    END = "fin"
    TYPE = "type"
    SUBJECT = "objet"
    LOCATION = "lieu"
    STATE = "etat"
    OWNER = "proprietaire"
    PARTICIPANTS = "participants"
    NOTES = "notes"
    SERIES = "serie"
    TRASH = "corbeille"


DEFAULT_COLUMNS = (
    Column.DATE,
    Column.START,
    Column.END,
    Column.TYPE,
    Column.SUBJECT,
    Column.LOCATION,
    Column.STATE,
    Column.OWNER,
    Column.PARTICIPANTS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlFilter:
    """Which dates are listed; what is empty or None does not restrict.

    ``first_day`` and ``last_day`` are days in the agency's zone on which a date begins, both
    inclusive. ``participants`` are persons of whom one takes part at least, ``sectors`` those
    of whom somebody who takes part is. ``presences`` are answers of ``presence_of``, of one
    of ``participants`` without it, of anybody without either. ``text`` is searched in objet and
    lieu, and in the notes if ``in_notes``, letters as :func:`rdv_caldav.domain.searching.folded`
    has them; ``location`` in the lieu alone. ``guests`` asks for external ones or none.
    """

    first_day: date | None = None
    last_day: date | None = None
    types: frozenset[str] = frozenset()
    categories: frozenset[TypeCategory] = frozenset()
    states: frozenset[State] = frozenset()
    participants: frozenset[int] = frozenset()
    owners: frozenset[int] = frozenset()
    presences: frozenset[Presence] = frozenset()
    presence_of: int | None = None
    sectors: frozenset[int] = frozenset()
    location: str = ""
    text: str = ""
    in_notes: bool = False
    guests: bool | None = None
    series: bool | None = None
    trash: Trash = Trash.LEFT_OUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page begins: beyond one row, or before it.

    ``value`` is what the row is sorted by, empty when that is the date; ``starts_at`` is an
    instant in seconds, ``original`` ISO text, empty for what is no series.
    """

    starts_at: int
    appointment_id: int
    original: str = ""
    value: str = ""
    backwards: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlQuery:
    """A filter with how its rows are to be shown."""

    filter: ControlFilter = field(default_factory=ControlFilter)
    sort: Sort = Sort.DATE
    descending: bool = False
    columns: tuple[Column, ...] = DEFAULT_COLUMNS
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose rendez-vous somebody may list at all.

    Everybody's; or those in which one takes part who is in ``sector_ids``, in no secteur (with
    ``without_sector``), or the person ``person_id``. Without any secteur it is that person's
    own: of a series the dates in which he takes part. ``with_trash`` opens the corbeille,
    ``with_notes`` the notes.
    """

    everybody: bool = False
    sector_ids: frozenset[int] = frozenset()
    without_sector: bool = False
    person_id: int | None = None
    with_trash: bool = False
    with_notes: bool = False

    @property
    def is_own(self) -> bool:
        """Whether nothing but one person's own dates is listed."""
        return not (self.everybody or self.sector_ids or self.without_sector)


# -- what is found ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RowKey:
    """Names a row: the rendez-vous, and the date of a series by its original start."""

    appointment_id: int
    original: datetime | None = None

    def __str__(self) -> str:
        """Return the reference that pages and exports write: ``12``, ``12/2026-11-25T09:00``."""
        if self.original is None:
            return str(self.appointment_id)
        return f"{self.appointment_id}/{self.original.isoformat()}"

    @classmethod
    def read(cls, reference: str) -> RowKey:
        """Return the key that a reference names. Raises UnknownObject for any other text."""
        number, _, original = reference.partition("/")
        try:
            if not (number.isascii() and number.isdigit() and len(number) < len(str(2**31))):
                raise UnknownObject(f"no reference of a rendez-vous: {reference[:50]!r}")
            moment = datetime.fromisoformat(original) if original else None
        except ValueError as error:
            raise UnknownObject(f"no reference of a rendez-vous: {reference[:50]!r}") from error
        if moment is not None and moment.tzinfo is not None:
            raise UnknownObject("the dates of a series are named by wall clock")
        return cls(appointment_id=int(number), original=moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedParticipant:
    """Somebody who takes part in one date; ``slug`` is empty for external guests."""

    name: str
    presence: Presence
    is_owner: bool = False
    person_id: int | None = None
    slug: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRow:
    """One date, as it takes place.

    ``starts_at`` and ``stops_at`` are aware, in UTC, ``span`` is the same as it was said;
    ``zone`` is that of the series, in which its dates are named.
    ``sort_value`` is what a :class:`Place` needs. ``trashed_at`` is set in the corbeille.
    """

    key: RowKey
    uid: str
    type_code: str
    state: State
    starts_at: datetime
    stops_at: datetime
    span: Span
    zone: str
    subject: str
    location: str
    notes: str
    participants: tuple[ListedParticipant, ...]
    is_series: bool
    trashed_at: datetime | None
    sort_value: str = ""

    @property
    def owner(self) -> str:
        """The name of the owner."""
        return next((each.name for each in self.participants if each.is_owner), "")

    def place(self, *, backwards: bool = False) -> Place:
        """Return where the page beyond this row begins, or the one before it ends."""
        return Place(
            starts_at=int(self.starts_at.timestamp()),
            appointment_id=self.key.appointment_id,
            original=self.key.original.isoformat() if self.key.original else "",
            value=self.sort_value,
            backwards=backwards,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlCounts:
    """How many dates a filter lists, by état and by type code."""

    by_state: Mapping[State, int]
    by_type: Mapping[str, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_state.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFilter:
    """A filter that an account keeps under a name; ``query`` is that of its URL."""

    id: int
    name: str
    query: str

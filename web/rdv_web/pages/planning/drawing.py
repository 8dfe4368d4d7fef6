"""What plannings are drawn of: blocks for dates, where they stand, and what they say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rdv_caldav.domain.agency import Person
from rdv_caldav.domain.appointment import Span, State
from rdv_caldav.services.conflict_finding import Period as Stretch
from rdv_caldav.services.planning import Entry, Planning
from rdv_caldav.services.planning_moves import shown_in
from rdv_web.formats import PRESENCE_MARKS, hour
from rdv_web.pages.planning.layout import Hours, Lane, Piece, hours_around, lanes, pieces, wall_of

_SHORT = 2
"""Quarters of an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of a date on one day, in the agency's zone.

    ``when`` is what it says of its time, in two parts of which the first one matters more;
    nothing for all of the day. ``place`` is its first quarter of an hour and how many it takes,
    ``lane`` its own among others; both are None for what is drawn beside the clock.
    """

    entry: Entry
    span: Span
    piece: Piece
    when: tuple[str, str]
    href: str
    place: tuple[int, int] | None = None
    lane: Lane | None = None

    @property
    def seen(self) -> tuple[str, str]:
        """Start and end as forms carry them: days for what lasts all day, else times."""
        length = len("2026-11-24" if self.span.all_day else "2026-11-24T09:00")
        return self.span.start.isoformat()[:length], self.span.end.isoformat()[:length]

    @property
    def classes(self) -> str:
        """The classes that tell its place."""
        if self.place is None or self.lane is None:
            return ""
        begin, length = self.place
        at = f" from-{begin} for-{length} lane-{self.lane.number} lanes-{self.lane.count}"
        return at if self.lane.width == 1 else f"{at} wide-{self.lane.width}"

    @property
    def looks(self) -> str:
        """The classes that tell how it is drawn."""
        looks = {
            " short": self.is_short,
            " off": self.entry.is_off,
            " before": self.piece.before,
            " after": self.piece.after,
        }
        return "".join(look for look, is_so in looks.items() if is_so)

    @property
    def is_short(self) -> bool:
        """Whether it is drawn so small that all of it goes into a line or two."""
        return self.place is not None and self.place[1] <= _SHORT

    @property
    def is_roomy(self) -> bool:
        """Whether there is room for where it is, and for who else comes."""
        return self.place is not None and not self.is_short

    @property
    def is_movable(self) -> bool:
        """Whether the reader may move it: what is cancelled stays where it was to be."""
        return self.entry.may_edit and self.entry.row.state is not State.CANCELLED

    @property
    def has_handle(self) -> bool:
        """Whether its end can be pulled."""
        return self.is_movable and self.place is not None and not self.piece.after

    @property
    def others(self) -> str:
        """Who else takes part, each with his answer."""
        return ", ".join(
            f"{PRESENCE_MARKS[each.presence]} {each.name}"
            for each in self.entry.row.participants
            if each.person_id is None or each.person_id != self.entry.person_id
        )

    @property
    def tip(self) -> str:
        """All of it in a line, for what is drawn too small to be read."""
        row = self.entry.row
        return " · ".join(
            filter(None, ("".join(self.when), row.subject, row.location, self.others))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupied:
    """A piece of what keeps somebody busy in a calendar of his own."""

    when: str
    place: tuple[int, int] | None


@dataclass(slots=True, kw_only=True)
class Day:
    """One day of one person."""

    date: date
    is_today: bool
    whole: list[Block] = field(default_factory=list)
    timed: list[Block] = field(default_factory=list)
    occupied: list[Occupied] = field(default_factory=list)
    lanes: int = 1
    now: int | None = None

    @property
    def blocks(self) -> list[Block]:
        """All of them, what lasts all day first."""
        return [*self.whole, *self.timed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one person has, day by day."""

    person: Person
    days: tuple[Day, ...]
    may_create: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A whole planning, with the hours that its days show."""

    rows: tuple[Row, ...]
    hours: Hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Artist:
    """Draws plannings in the agency's ``zone`` at ``now`` (aware).

    ``link`` gives the address of an entry's page.
    """

    zone: str
    now: datetime
    link: Callable[[Entry], str]

    def draw(self, planning: Planning, days: Sequence[date]) -> Drawing:
        """Return a planning for these days, which follow each other."""
        here = self.now.astimezone(ZoneInfo(self.zone))
        blocks = {
            person.id: self._blocks(planning.entries.get(person.id, ()), days)
            for person in planning.persons
        }
        timed = (b.piece for found in blocks.values() for b in found if not self._is_whole(b))
        hours = hours_around(timed)
        rows = tuple(
            Row(
                person=person,
                days=self._days(
                    blocks[person.id],
                    planning.occupied.get(person.id, ()),
                    days,
                    hours,
                    here,
                ),
                may_create=person.id in planning.creates_in,
            )
            for person in planning.persons
        )
        return Drawing(rows=rows, hours=hours)

    def _blocks(self, entries: Iterable[Entry], days: Sequence[date]) -> list[Block]:
        found = []
        for entry in entries:
            span = shown_in(self.zone, entry.row.span)
            href = self.link(entry)
            found += [
                Block(entry=entry, span=span, piece=piece, when=_when(span, piece), href=href)
                for piece in pieces(span.start, span.end, days)
            ]
        return found

    @staticmethod
    def _is_whole(block: Block) -> bool:
        return block.span.all_day or block.piece.is_whole_day

    def _days(
        self,
        blocks: Iterable[Block],
        occupied: Iterable[Stretch],
        days: Sequence[date],
        hours: Hours,
        here: datetime,
    ) -> tuple[Day, ...]:
        by_day: Mapping[date, Day] = {
            each: Day(date=each, is_today=each == here.date()) for each in days
        }
        timed: dict[date, list[Block]] = defaultdict(list)
        for block in blocks:
            if self._is_whole(block):
                by_day[block.piece.day].whole.append(block)
            else:
                timed[block.piece.day].append(block)
        for day, found in timed.items():
            by_day[day].timed, by_day[day].lanes = _placed(found, hours)
        for stretch in occupied:
            for day, piece in self._busy(stretch, days, hours):
                by_day[day].occupied.append(piece)
        if (today := by_day.get(here.date())) is not None:
            place = hours.place(here.hour * 60 + here.minute, here.hour * 60 + here.minute + 1)
            today.now = place[0] if place else None
        return tuple(by_day.values())

    def _busy(
        self, stretch: Stretch, days: Sequence[date], hours: Hours
    ) -> Iterable[tuple[date, Occupied]]:
        start, end = (each.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None) for each in stretch)
        for piece in pieces(start, end, days):
            when = "" if piece.is_whole_day else _hours_of(piece)
            yield piece.day, Occupied(when=when, place=hours.place(piece.first, piece.last))


def _placed(blocks: list[Block], hours: Hours) -> tuple[list[Block], int]:
    """Return blocks at their places, and how many lanes the day needs."""
    places = [hours.place(each.piece.first, each.piece.last) or (0, 1) for each in blocks]
    shared = lanes([(begin, begin + length) for begin, length in places])
    placed = [
        Block(
            entry=block.entry,
            span=block.span,
            piece=block.piece,
            when=block.when,
            href=block.href,
            place=place,
            lane=lane,
        )
        for block, place, lane in zip(blocks, places, shared, strict=True)
    ]
    return placed, max(lane.number for lane in shared)


def _when(span: Span, piece: Piece) -> tuple[str, str]:
    if span.all_day or piece.is_whole_day:
        return "", ""
    if piece.before:
        return f"→ {hour(span.end)}", ""
    if piece.after:
        return f"{hour(span.start)} →", ""
    return hour(span.start), f"–{hour(span.end)}"


def _hours_of(piece: Piece) -> str:
    start, end = wall_of(piece.day, piece.first), wall_of(piece.day, piece.last)
    return f"{hour(start)}–{hour(end)}"

"""Where things stand in a day: pieces by quarters of an hour, and lanes for what overlaps.

Days are told by the clock on the wall: the hour that a night lacks stays empty, and what lies
in the hour that comes twice is drawn once over the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

QUARTER = 15
HOUR = 60
MINUTES = 24 * HOUR
MOST_LANES = 8
"""Beside one another; what comes on top of that shares the last one."""

DAYTIME = (7, 20)
"""The hours that a planning shows in any case."""

_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What a stretch of time takes of one day: minutes since midnight, by the clock.

    ``before`` and ``after`` tell whether it goes on in the days around.
    """

    day: date
    first: int
    last: int
    before: bool = False
    after: bool = False

    @property
    def is_whole_day(self) -> bool:
        """Whether it leaves nothing of the day."""
        return self.first == 0 and self.last == MINUTES


def pieces(start: datetime, end: datetime, days: Sequence[date]) -> Iterator[Piece]:
    """Yield the pieces of a stretch between two wall-clock times on consecutive days."""
    # an end at midnight belongs to the day before, and the clock may go back meanwhile
    last_day = max(start, end - _TICK).date()
    for day in days:
        if not start.date() <= day <= last_day:
            continue
        first = _minutes(start) if start.date() == day else 0
        last = _minutes(end) if end.date() == day else MINUTES
        if last_day == start.date():
            last = max(last, first + QUARTER)
        yield Piece(
            day=day,
            first=min(first, MINUTES - QUARTER),
            last=min(last, MINUTES),
            before=day > start.date(),
            after=day < last_day,
        )


def _minutes(moment: datetime) -> int:
    return moment.hour * HOUR + moment.minute


@dataclass(frozen=True, slots=True)
class Lane:
    """A stretch's lane among how many, counted from 1, and how many it takes of those beside."""

    number: int
    count: int
    width: int = 1


def lanes(stretches: Sequence[tuple[int, int]]) -> list[Lane]:
    """Return for each stretch its lane.

    Stretches that overlap directly or through others divide the place alike; where nothing
    stands beside one, it is as wide as there is room.
    """
    found = [Lane(1, 1)] * len(stretches)
    order = sorted(range(len(stretches)), key=lambda n: (stretches[n][0], -stretches[n][1]))
    group: dict[int, int] = {}
    ends: list[int] = []
    for number in order:
        first, last = stretches[number]
        if ends and first >= max(ends):
            _share(found, stretches, group, len(ends))
            group, ends = {}, []
        lane = next((n for n, end in enumerate(ends) if end <= first), len(ends))
        if lane < len(ends):
            ends[lane] = last
        else:
            ends.append(last)
        group[number] = min(lane + 1, MOST_LANES)
    _share(found, stretches, group, len(ends))
    return found


def _share(
    found: list[Lane], stretches: Sequence[tuple[int, int]], group: Mapping[int, int], count: int
) -> None:
    """Note the lanes of stretches that divide the place, given by number."""
    count = min(count, MOST_LANES)
    for number, lane in group.items():
        first, last = stretches[number]
        beside = [
            its_lane
            for other, its_lane in group.items()
            if its_lane > lane and stretches[other][0] < last and stretches[other][1] > first
        ]
        found[number] = Lane(lane, count, min(beside, default=count + 1) - lane)


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours that a planning shows, the last one not included."""

    first: int
    last: int

    def __len__(self) -> int:
        """Return how many they are."""
        return self.last - self.first

    @property
    def all(self) -> range:
        """Each of them."""
        return range(self.first, self.last)

    def place(self, first: int, last: int) -> tuple[int, int] | None:
        """Return at which quarter minutes of a day begin and how many they take, None for none."""
        begin = max(first, self.first * HOUR) // QUARTER - self.first * HOUR // QUARTER
        end = -(-min(last, self.last * HOUR) // QUARTER) - self.first * HOUR // QUARTER
        return (begin, end - begin) if end > begin else None


def hours_around(shown: Iterable[Piece]) -> Hours:
    """Return the hours of a day's work, and more where pieces need more."""
    first, last = DAYTIME
    for piece in shown:
        first = min(first, piece.first // HOUR)
        last = max(last, -(-piece.last // HOUR))
    return Hours(first, last)


def wall_of(day: date, minutes: int) -> datetime:
    """Return the wall-clock time of minutes since midnight; 24 hours are the next midnight."""
    return datetime.combine(day, time()) + minutes * timedelta(minutes=1)

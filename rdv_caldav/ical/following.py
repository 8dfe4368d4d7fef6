"""What the dates of a series make of a change to its master, where they were like it.

Programs change the master to change all dates. Who takes part in single dates is shown a
master that stands for nothing but these, so what changes in it is theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from rdv_caldav.domain.directory import normalise_address
from rdv_caldav.ical.contentlines import Component, ContentLine
from rdv_caldav.ical.views import is_private

_OF_EACH_DATE = frozenset(
    {
        "UID",
        "DTSTAMP",
        "CREATED",
        "LAST-MODIFIED",
        "SEQUENCE",
        "RRULE",
        "RDATE",
        "EXDATE",
        "RECURRENCE-ID",
        "DTSTART",
        "DTEND",
        "DURATION",
        "ORGANIZER",
    }
)
_ANSWER = ("PARTSTAT", "X-RESPONSE-COMMENT")
_TIMES = ("DTSTART", "DTEND")
_DATE, _TIME = "%Y%m%d", "%Y%m%dT%H%M%S"
_LENGTH = {_DATE: len("YYYYMMDD"), _TIME: len("YYYYMMDDTHHMMSS")}


class Following:
    """A master as it was sent, against the one that was shown."""

    def __init__(self, sent: Component, seen: Component) -> None:
        """Find out by how much it was moved, and what else became of it."""
        self._sent, self._seen = _by_key(sent), _by_key(seen)
        new, old = wall_of_start(sent), wall_of_start(seen)
        same_zone = _start_params(sent) == _start_params(seen)
        can_tell = new is not None and old is not None and same_zone
        self.moved = new - old if can_tell and new and old else timedelta(0)

    def apply(self, date: Component, seen: Component) -> None:
        """Change a date alike in what was like the master, and was not changed by itself.

        ``seen`` is the date as it was shown.
        """
        before, now = _by_key(seen), _by_key(date)
        for key in {**self._sent, **self._seen}:
            sent, was = self._sent.get(key, []), self._seen.get(key, [])
            was_alike = _substance(before.get(key, [])) == _substance(was)
            is_itself = _substance(now.get(key, [])) == _substance(before.get(key, []))
            if _substance(sent) != _substance(was) and was_alike and is_itself:
                _put(date, now.get(key, []), sent)
        if self.moved and wall_of_start(date) == wall_of_start(seen):
            move_times(date, self.moved)


def move_times(event: Component, by: timedelta) -> None:
    """Move start and end of an event by some wall-clock time."""
    for line in event.lines(*_TIMES):
        event.replace(line, _moved(line, by))


def wall_of_start(event: Component) -> datetime | None:
    """Return the DTSTART of an event as it is written, without its zone."""
    line = event.line("DTSTART")
    return None if line is None else _wall(line)


def _wall(line: ContentLine) -> datetime:
    value = line.value.strip()
    return datetime.strptime(value[: _LENGTH[_form(value)]], _form(value))  # noqa: DTZ007


def _form(value: str) -> str:
    return _DATE if len(value) == len("YYYYMMDD") else _TIME


def _moved(line: ContentLine, by: timedelta) -> ContentLine:
    value = line.value.strip()
    utc = value[len("YYYYMMDDTHHMMSS") :]
    return line.with_params({}, f"{_wall(line) + by:{_form(value)}}{utc}")


def _start_params(event: Component) -> dict[str, str]:
    line = event.line("DTSTART")
    return line.params if line is not None else {}


def _by_key(event: Component) -> dict[str, list[ContentLine]]:
    """Return the lines of an event by name, those of attendees by name and address."""
    found: dict[str, list[ContentLine]] = {}
    for item in event.items:
        if isinstance(item, ContentLine) and not (item.name in _OF_EACH_DATE or is_private(item)):
            is_attendee = item.name == "ATTENDEE"
            key = f"{item.name}|{normalise_address(item.value)}" if is_attendee else item.name
            found.setdefault(key, []).append(item)
    return found


def _substance(lines: Iterable[ContentLine]) -> list[str | tuple[str, ...]]:
    """Return what lines say; of attendees how they answer, and who is the owner."""
    return [_answer_of(line) if line.name == "ATTENDEE" else line.unfolded for line in lines]


def _answer_of(line: ContentLine) -> tuple[str, ...]:
    params = line.params
    return tuple(params.get(name, "").upper() for name in (*_ANSWER, "ROLE"))


def _put(date: Component, standing: list[ContentLine], wanted: list[ContentLine]) -> None:
    if standing and wanted and wanted[0].name == "ATTENDEE":
        answer = {name: wanted[0].params.get(name) for name in _ANSWER}
        date.replace(standing[0], standing[0].with_params(answer))
        return
    for line in standing:
        date.replace(line, None)
    for line in wanted:
        date.add(line)

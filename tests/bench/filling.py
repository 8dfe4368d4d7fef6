"""Filling our own database with many appointments in a few seconds.

The first ones go through the service that a PUT uses; the others are copies of their rows, in
which only identity and times differ. Those marks have one length each, so what is stored
about places in a text stays true.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update

from bench.events import VARIANTS, ZONE, Event, compact
from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.schema import Base, CalendarRow
from rdv_caldav.ical.objects import parse
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.calendar_objects.put import put_object

LOGIN, PERSON = "alice", "claire"
_AT_ONCE = 1_000
_Rows = list[dict[str, Any]]
_TABLES = Base.metadata.tables
_NUMBERED = ("appointment", "participant", "audit")
_PARTS = ("participant", "member", "audit")
_COPIED = ("appointment", *_PARTS)


def fill(book: AppointmentBook, size: int) -> None:
    """Put the first ``size`` events into the calendar of :data:`PERSON`."""
    with book.database.writing() as tx:
        actor = actor_for(tx, LOGIN, channel=Channel.IMPORT)
        for event in map(Event, range(min(size, VARIANTS))):
            put_object(tx, actor, PERSON, event.href, parse(event.text), now=book.clock())
    with book.database.engine.connect() as connection, connection.begin():
        _copy(connection, size)
    if not book.database.is_sqlite:
        with book.database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text("VACUUM ANALYZE"))


def _copy(connection: Connection, size: int) -> None:
    patterns = [_Pattern(connection, Event(number)) for number in range(min(size, VARIANTS))]
    calendars = connection.execute(select(CalendarRow.person_id, CalendarRow.counter))
    counters = {row.person_id: row.counter for row in calendars}
    next_ids = {name: _next_id(connection, name) for name in _NUMBERED}
    numbers = iter(range(VARIANTS, size))
    while some := list(islice(numbers, _AT_ONCE)):
        rows: dict[str, _Rows] = {name: [] for name in _COPIED}
        for number in some:
            pattern = patterns[number % VARIANTS]
            pattern.copy(Event(number), next_ids["appointment"], rows, counters)
            next_ids["appointment"] += 1
        for name in ("participant", "audit"):
            for row in rows[name]:
                row["id"] = next_ids[name]
                next_ids[name] += 1
        for name in _COPIED:
            connection.execute(insert(_TABLES[name]), rows[name])
    for person_id, counter in counters.items():
        where = CalendarRow.person_id == person_id
        connection.execute(update(CalendarRow).where(where).values(counter=counter))
    if connection.dialect.name == "postgresql":
        for name, following in next_ids.items():
            sequence = f"pg_get_serial_sequence('{name}', 'id')"
            connection.execute(text(f"SELECT setval({sequence}, :last)"), {"last": following - 1})


def _next_id(connection: Connection, name: str) -> int:
    return (connection.scalar(select(func.max(_TABLES[name].c.id))) or 0) + 1


class _Pattern:
    """The rows of one appointment, to be copied."""

    def __init__(self, connection: Connection, event: Event) -> None:
        self._event = event
        self._row = _rows(connection, "appointment", uid=event.uid)[0]
        self._parts = {
            name: _rows(connection, name, appointment_id=self._row["id"]) for name in _PARTS
        }

    def copy(
        self,
        event: Event,
        appointment_id: int,
        rows: Mapping[str, _Rows],
        counters: dict[int, int],
    ) -> None:
        """Add the rows of ``event``; each calendar that shows it counts one more."""
        bounds = {"starts_at": _seconds(event.start), "stops_at": _seconds(event.end)}
        identity = {"id": appointment_id, "uid": event.uid, "href": event.href}
        walls = {"start_wall": event.start.isoformat(), "end_wall": event.end.isoformat()}
        stored = {"text": self._text(event)}
        rows["appointment"].append({**self._row, **bounds, **identity, **walls, **stored})
        for name, part in self._parts.items():
            rows[name] += [{**row, "appointment_id": appointment_id} for row in part]
        for member in rows["member"][-len(self._parts["member"]) :]:
            counters[member["person_id"]] += 1
            member |= {**bounds, "href": event.href, "changed": counters[member["person_id"]]}

    def _text(self, event: Event) -> str:
        written: str = self._row["text"]
        for old, new in _marks(self._event, event):
            assert old in written
            assert len(old) == len(new)
            written = written.replace(old, new)
        return written


def _marks(old: Event, new: Event) -> Iterator[tuple[str, str]]:
    yield old.uid, new.uid
    for name in ("start", "end"):
        prefix = f"DT{name.upper()};TZID=Europe/Paris:"
        yield prefix + compact(getattr(old, name)), prefix + compact(getattr(new, name))


def _rows(connection: Connection, name: str, **values: object) -> _Rows:
    found = connection.execute(select(_TABLES[name]).filter_by(**values)).mappings()
    return [dict(row) for row in found]


def _seconds(wall: datetime) -> int:
    return int(wall.replace(tzinfo=ZONE).timestamp())

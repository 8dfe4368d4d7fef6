"""A calendar program that works on what it has fetched, and what it makes of an object.

It learns of changes by sync-collection alone, when it is told to synchronise, and writes under
the entity tags it has: between two synchronisations its copies grow stale.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from support.caldav import sync_collection
from support.dav import CALDAV, DAV, Answer, DavClient, resources

PARIS = ZoneInfo("Europe/Paris")
_KEPT = "<getetag/><C:schedule-tag/><C:calendar-data/>"


@dataclass(frozen=True, slots=True)
class Copy:
    """An object as a program has it: its tags and its text."""

    name: str
    etag: str
    schedule_tag: str
    text: str


@dataclass
class Program:
    """One account's program with one person's calendar in it."""

    client: DavClient
    slug: str
    copies: dict[str, Copy] = field(default_factory=dict)
    _token: str = ""

    @property
    def login(self) -> str:
        """The account that it works for."""
        assert self.client.login is not None
        return self.client.login

    @property
    def calendar(self) -> str:
        """The path of its calendar."""
        return f"/{self.login}/{self.slug}/"

    def path(self, name: str) -> str:
        """The path of an object."""
        return self.calendar + name

    def sorted(self) -> list[Copy]:
        """Return what it has, by name."""
        return [self.copies[name] for name in sorted(self.copies)]

    def now(self, name: str) -> Copy | None:
        """Return what the server has, without keeping it."""
        answer = self.client.request("GET", self.path(name))
        if answer.status == 404:
            return None
        assert answer.status == 200, answer.body
        return Copy(name, answer.headers["etag"], answer.headers["schedule-tag"], answer.text)

    def synchronise(self) -> None:
        """Take over what changed since the last time."""
        body = sync_collection(self._token, props=_KEPT)
        answer = self.client.request("REPORT", self.calendar, body, expect=207, depth="1")
        for href, found in resources(answer).items():
            name = href.rpartition("/")[2]
            if found.status == 404:
                self.copies.pop(name, None)
                continue
            tags = (found.text(f"{DAV}getetag"), found.text(f"{CALDAV}schedule-tag"))
            # XML has no line ends but LF; what is written back has those of iCalendar
            text = found.text(f"{CALDAV}calendar-data").replace("\n", "\r\n")
            self.copies[name] = Copy(name, *tags, text)
        self._token = answer.xml.findtext(f"{DAV}sync-token") or ""

    def put(self, name: str, text: str, **conditions: str) -> Answer:
        """Write an object, and take over what the server made of it."""
        answer = self.client.put(self.path(name), text, expect=None, **conditions)
        if answer.status in (201, 204):
            self._take(name)
            if answer.etag is not None:
                # an ETag says that what is stored is what was sent (RFC 4791 §5.3.4)
                assert self.copies[name].etag == answer.etag
                assert self.copies[name].text == text
        return answer

    def _take(self, name: str) -> None:
        current = self.now(name)
        if current is None:
            self.copies.pop(name, None)
        else:
            self.copies[name] = current


# -- what a program makes of an object ----------------------------------------------------


def new_object(uid: str, start: datetime, *, days: int, attendees: list[tuple[str, str]]) -> str:
    """Return an object of an hour in Paris, daily for some days, with (address, name) invited."""
    calendar, event = icalendar.Calendar(), icalendar.Event()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", "-//Essai//Programme//FR")
    event.add("UID", uid)
    event.add("DTSTAMP", start.replace(tzinfo=PARIS))
    event.add("SUMMARY", "Essai")
    _set_times(event, start, start + timedelta(hours=1))
    if days > 1:
        event.add("RRULE", {"FREQ": "DAILY", "COUNT": days})
    for address, name in attendees:
        _invite(event, address, name)
    calendar.add_component(event)
    return _written(calendar)


def renamed(text: str, subject: str) -> str:
    """Return the object with another subject, on all dates."""
    calendar = _read(text)
    for event in _events(calendar):
        event.pop("SUMMARY", None)
        event.add("SUMMARY", subject)
    return _written(calendar)


def moved(text: str, days: int) -> str:
    """Return the object some days later; for one that does not repeat."""
    calendar = _read(text)
    _move(_master(calendar), days)
    return _written(calendar)


def with_date_moved(text: str, original: datetime, days: int) -> str:
    """Return the series with one date some days later."""
    calendar = _read(text)
    _move(_date(calendar, original), days)
    return _written(calendar)


def answered(text: str, address: str, presence: str, original: datetime | None = None) -> str:
    """Return the object with somebody's answer, for the series or for one date."""
    calendar = _read(text)
    event = _master(calendar) if original is None else _date(calendar, original)
    for line in _attendees(event):
        if _address(line) == address:
            line.params["PARTSTAT"] = presence
    return _written(calendar)


def joined(text: str, address: str, name: str) -> str:
    """Return the object with somebody more, on all dates."""
    calendar = _read(text)
    for event in _events(calendar):
        if address not in map(_address, _attendees(event)):
            _invite(event, address, name)
    return _written(calendar)


def left(text: str, address: str) -> str:
    """Return the object without somebody, on all dates."""
    calendar = _read(text)
    for event in _events(calendar):
        event["ATTENDEE"] = [each for each in _attendees(event) if _address(each) != address]
    return _written(calendar)


def crowned(text: str, address: str) -> str:
    """Return the object with somebody marked as its chair, beside whoever was."""
    calendar = _read(text)
    for line in _attendees(_master(calendar)):
        if _address(line) == address:
            line.params["ROLE"] = "CHAIR"
    return _written(calendar)


def reminded(text: str, minutes: int) -> str:
    """Return the object with an alarm in the place of those it has, and else to the letter."""
    alarm = f"ACTION:DISPLAY\r\nDESCRIPTION:Rappel\r\nTRIGGER:-PT{minutes}M\r\n"
    bare = re.sub(r"BEGIN:VALARM\r\n.*?END:VALARM\r\n", "", text, flags=re.DOTALL)
    end = "END:VEVENT\r\n"
    return bare.replace(end, f"BEGIN:VALARM\r\n{alarm}END:VALARM\r\n{end}", 1)


def split(text: str, uid: str, original: datetime) -> tuple[str, str]:
    """Return the dates before one of a series, and those from it on as a series of its own."""
    before, after = _read(text), _read(text)
    start, left_over = _wall(_master(before)["DTSTART"]), _master(before)["RRULE"]["COUNT"][0]
    done = (original - start).days
    _keep(before, done, dates=lambda each: each < original)
    _keep(after, left_over - done, dates=lambda each: each >= original)
    master = _master(after)
    _set_times(master, original, original + timedelta(hours=1))
    master.add("RELATED-TO", str(master["UID"]))
    for event in _events(after):
        event["UID"] = icalendar.vText(uid)
    return _written(before), _written(after)


def _keep(calendar: Any, days: int, *, dates: Any) -> None:
    master = _master(calendar)
    master.pop("RRULE")
    master.add("RRULE", {"FREQ": "DAILY", "COUNT": days})
    calendar.subcomponents = [
        each
        for each in calendar.subcomponents
        if "RECURRENCE-ID" not in each or dates(_wall(each["RECURRENCE-ID"]))
    ]


# -- what an object says ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """What an object, or one date of a series, says: wall-clock start, subject, answers."""

    start: datetime
    subject: str
    answers: dict[str, str]
    """PARTSTAT by address."""

    chairs: tuple[str, ...]
    days: int
    has_alarm: bool


@lru_cache(maxsize=2000)
def said(text: str) -> tuple[Said, dict[datetime, Said]]:
    """Return what an object says, and what its differing dates say; neither is to be changed."""
    calendar = _read(text)
    dates = {_wall(e["RECURRENCE-ID"]): _said(e) for e in _events(calendar) if "RECURRENCE-ID" in e}
    return _said(_master(calendar)), dates


def _said(event: Any) -> Said:
    lines = _attendees(event)
    return Said(
        start=_wall(event["DTSTART"]),
        subject=str(event.get("SUMMARY", "")),
        answers={_address(line): line.params.get("PARTSTAT", "NEEDS-ACTION") for line in lines},
        chairs=tuple(_address(line) for line in lines if line.params.get("ROLE") == "CHAIR"),
        days=event["RRULE"]["COUNT"][0] if "RRULE" in event else 1,
        has_alarm=any(each.name == "VALARM" for each in event.subcomponents),
    )


# -- iCalendar ----------------------------------------------------------------------------


def _read(text: str) -> Any:
    return icalendar.Calendar.from_ical(text)


def _written(calendar: Any) -> str:
    return str(calendar.to_ical(sorted=False).decode())


def _events(calendar: Any) -> Iterator[Any]:
    return (each for each in calendar.subcomponents if each.name == "VEVENT")


def _master(calendar: Any) -> Any:
    return next(each for each in _events(calendar) if "RECURRENCE-ID" not in each)


def _date(calendar: Any, original: datetime) -> Any:
    """Find a date of its own, or make one as programs do: a copy of the series."""
    for event in _events(calendar):
        if "RECURRENCE-ID" in event and _wall(event["RECURRENCE-ID"]) == original:
            return event
    event = icalendar.Event.from_ical(_master(calendar).to_ical(sorted=False))
    event.pop("RRULE")
    event.subcomponents = []
    _set_times(event, original, original + timedelta(hours=1))
    event.add("RECURRENCE-ID", original.replace(tzinfo=PARIS))
    calendar.add_component(event)
    return event


def _move(event: Any, days: int) -> None:
    start, end = _wall(event["DTSTART"]), _wall(event["DTEND"])
    _set_times(event, start + timedelta(days=days), end + timedelta(days=days))


def _set_times(event: Any, start: datetime, end: datetime) -> None:
    for name, moment in (("DTSTART", start), ("DTEND", end)):
        event.pop(name, None)
        event.add(name, moment.replace(tzinfo=PARIS))


def _wall(line: Any) -> datetime:
    moment: datetime = line.dt.astimezone(PARIS).replace(tzinfo=None)
    return moment


def _attendees(event: Any) -> list[Any]:
    found = event.get("ATTENDEE", [])
    return found if isinstance(found, list) else [found]


def _address(line: Any) -> str:
    return str(line).removeprefix("mailto:")


def _invite(event: Any, address: str, name: str) -> None:
    line = icalendar.vCalAddress(f"mailto:{address}")
    line.params["CN"] = name
    line.params["PARTSTAT"] = "NEEDS-ACTION"
    event.add("ATTENDEE", line)

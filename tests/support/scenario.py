"""Runs scenario files: what people do in their calendar programs, and what they then see.

The files are French, for a gestionnaire to read. Each step goes over CalDAV as a program
would send it: it reads the object, changes it, and writes it back with If-Match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.services import inbox, reminders
from rdv_radicale.application import create_app
from support.dav import Answer, DavClient
from support.scenario_objects import attendee_of, change, check, date_of, master_of
from support.scheduling import ask

PARIS = ZoneInfo("Europe/Paris")
ANSWERS = {"accepte": "ACCEPTED", "peut-être": "TENTATIVE", "refuse": "DECLINED"}
MESSAGES = {"une invitation": "REQUEST", "une annulation": "CANCEL", "une réponse": "REPLY"}


@dataclass
class Step:
    """One unindented line, with the indented ones below it."""

    line: int
    text: str
    details: list[tuple[str, str]] = field(default_factory=list)


def read_steps(path: Path) -> Iterator[Step]:
    """Yield the steps of a scenario file; lines with # are for the reader."""
    step: Step | None = None
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0].isspace():
            assert step is not None, f"{path.name}:{number}: nothing stands above"
            name, _, value = line.strip().partition(" : ")
            step.details.append((name.strip(), value.strip()))
            continue
        if step is not None:
            yield step
        step = Step(number, line.strip())
    if step is not None:
        yield step


@dataclass
class Clock:
    """The time of the scenario."""

    now: datetime = datetime(2026, 11, 24, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Scenario:
    """One run of a file against one appointment book."""

    def __init__(self, book: AppointmentBook, clock: Clock) -> None:
        self.book, self.clock = book, clock
        self.app = create_app(book)
        self.answer: Answer | None = None
        self.kept: dict[tuple[str, str], tuple[str, str]] = {}

    def run(self, path: Path) -> None:
        """Do all steps; an assertion names the line that failed."""
        for step in read_steps(path):
            for pattern, action in _ACTIONS:
                match = re.fullmatch(pattern, step.text)
                if match:
                    try:
                        action(self, step, *match.groups())
                    except AssertionError as error:
                        raise AssertionError(
                            f"{path.name}:{step.line}: {step.text}: {error}"
                        ) from error
                    break
            else:
                raise AssertionError(f"{path.name}:{step.line}: not understood: {step.text}")

    # -- doing ----------------------------------------------------------------------------

    def client(self, login: str) -> DavClient:
        return DavClient(self.app, login)

    def set_time(self, step: Step, moment: str) -> None:
        self.clock.now = datetime.fromisoformat(moment).replace(tzinfo=UTC)

    def setting(self, step: Step, name: str, value: str) -> None:
        with self.book.database.writing() as tx:
            tx.agency.save_setting(name, {"oui": True, "non": False}.get(value, value))

    def inbox(self, step: Step, login: str, word: str) -> None:
        with self.book.database.writing() as tx:
            inbox.switch(tx, login, on=word == "remplie", now=self.clock())

    def remind(self, step: Step, type_code: str, minutes: str) -> None:
        chosen = None if minutes == "aucun" else int(minutes)
        with self.book.database.writing() as tx:
            reminders.set_default(tx, type_code, chosen, now=self.clock())

    def create(self, step: Step, login: str, place: str) -> None:
        details = dict(step.details)
        calendar = icalendar.Calendar()
        calendar.add("VERSION", "2.0")
        calendar.add("PRODID", "-//Essai//Scenario//FR")
        event = icalendar.Event()
        event.add("UID", details.get("uid", place.partition("/")[2]))
        event.add("DTSTAMP", self.clock.now)
        calendar.add_component(event)
        change(event, step.details)
        self._put(login, place, calendar)

    def modify(self, step: Step, login: str, place: str) -> None:
        calendar, etag = self._read(login, place)
        change(master_of(calendar), step.details)
        self._put(login, place, calendar, if_match=etag)

    def modify_date(self, step: Step, login: str, place: str, original: str) -> None:
        calendar, etag = self._read(login, place)
        change(date_of(calendar, original), step.details)
        self._put(login, place, calendar, if_match=etag)

    def respond(self, step: Step, login: str, answer: str, place: str) -> None:
        calendar, etag = self._read(login, place)
        line = attendee_of(master_of(calendar), login)
        assert line is not None, f"{login} takes no part"
        line.params["PARTSTAT"] = ANSWERS[answer]
        self._put(login, place, calendar, if_match=etag)

    def keep(self, step: Step, login: str, place: str) -> None:
        answer = self.client(login).get(f"/{login}/{_href(place)}")
        self.kept[login, place] = (answer.text, answer.etag or "")

    def modify_kept(self, step: Step, login: str, place: str) -> None:
        text, etag = self.kept[login, place]
        calendar = icalendar.Calendar.from_ical(text)
        change(master_of(calendar), step.details)
        self._put(login, place, calendar, if_match=etag)

    def ask_when_busy(self, step: Step, login: str, address: str, day: str) -> None:
        start = datetime.fromisoformat(day).replace(tzinfo=PARIS)
        times = (
            f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" for at in (start, start + timedelta(days=1))
        )
        span = "DTSTART:{}\r\nDTEND:{}\r\n".format(*times)
        (found,) = ask(self.client(login), address, times=span)
        assert found.data is not None, found.request_status
        (busy,) = icalendar.Calendar.from_ical(found.data).walk("VFREEBUSY")
        lines = busy.get("FREEBUSY", [])
        periods = [line.dt for line in (lines if isinstance(lines, list) else [lines])]
        told = [("occupé", "-".join(f"{at.astimezone(PARIS):%H:%M}" for at in p)) for p in periods]
        assert sorted(told) == step.details, told

    def copy(self, step: Step, login: str, place: str, to: str) -> None:
        calendar, _ = self._read(login, place)
        self._put(login, to, calendar)

    def delete(self, step: Step, login: str, place: str) -> None:
        self.answer = self.client(login).request("DELETE", f"/{login}/{_href(place)}")

    def move(self, step: Step, login: str, place: str, to: str) -> None:
        self.answer = self.client(login).request(
            "MOVE",
            f"/{login}/{_href(place)}",
            destination=f"http://localhost/dav/{login}/{_href(to)}",
        )

    def _read(self, login: str, place: str) -> tuple[Any, str]:
        answer = self.client(login).get(f"/{login}/{_href(place)}")
        return icalendar.Calendar.from_ical(answer.text), answer.etag or ""

    def _put(self, login: str, place: str, calendar: Any, **headers: str) -> None:
        text = calendar.to_ical(sorted=False).decode()
        path = f"/{login}/{_href(place)}"
        self.answer = self.client(login).put(path, text, expect=None, **headers)

    # -- seeing ---------------------------------------------------------------------------

    def answered(self, step: Step, status: str) -> None:
        assert self.answer is not None
        assert self.answer.status == int(status), f"{self.answer.status} {self.answer.body!r}"

    def has_etag(self, step: Step, word: str) -> None:
        assert self.answer is not None
        assert (self.answer.etag is not None) == (word == "avec"), self.answer.etag

    def sees(self, step: Step, login: str, place: str) -> None:
        calendar, _ = self._read(login, place)
        check(master_of(calendar), step.details)

    def sees_date(self, step: Step, login: str, place: str, original: str) -> None:
        calendar, _ = self._read(login, place)
        found = date_of(calendar, original, make=False)
        check(found, step.details)

    def sees_no_date(self, step: Step, login: str, place: str, original: str) -> None:
        calendar, _ = self._read(login, place)
        stated = [event.get("RECURRENCE-ID") for event in calendar.walk("VEVENT")]
        walls = [line.dt.replace(tzinfo=None) for line in stated if line is not None]
        assert datetime.fromisoformat(original) not in walls, walls

    def sees_not(self, step: Step, login: str, place: str) -> None:
        status = self.client(login).request("GET", f"/{login}/{_href(place)}").status
        assert status == 404, status

    def lists(self, step: Step, login: str, count: str, slug: str) -> None:
        found = self.client(login).propfind(f"/{login}/{slug}/", "{DAV:}getetag", depth=1)
        assert len(found) - 1 == int(count), list(found)

    def receives(self, step: Step, login: str, word: str) -> None:
        """Read the one message there is and take it away, as a program does."""
        client = self.client(login)
        found = list(client.propfind(f"/{login}/inbox/", "{DAV:}getetag", depth=1))[1:]
        methods = []
        for href in found:
            path = href.removeprefix("/dav")
            calendar = icalendar.Calendar.from_ical(client.get(path).text)
            methods.append(str(calendar["METHOD"]))
            check(calendar.events[0], step.details)
            client.delete(path)
        assert methods == ([MESSAGES[word]] if word in MESSAGES else []), methods

    def bin_holds(self, step: Step, count: str) -> None:
        with self.book.database.reading() as tx:
            assert len(tx.appointments.trashed()) == int(count)

    def outbox_holds(self, step: Step) -> None:
        with self.book.database.reading() as tx:
            queued = [(message.method, message.recipient) for message in tx.outbox.pending()]
        assert queued == step.details, queued


_LOGIN, _PLACE = r"(\w+)", r"([\w-]+/[\w.-]+)"
_DATE = r"(\d{4}-\d\d-\d\dT\d\d:\d\d)"
_ACTIONS: list[tuple[str, Callable[..., None]]] = [
    (rf"Il est {_DATE}", Scenario.set_time),
    (r"Réglage (\w+) : (\S+)", Scenario.setting),
    (rf"Boîte de {_LOGIN} : (remplie|vide)", Scenario.inbox),
    (r"Rappel du type (\w+) : (\d+|aucun)(?: minutes)?", Scenario.remind),
    (rf"{_LOGIN} reçoit (rien|{'|'.join(MESSAGES)})", Scenario.receives),
    (rf"{_LOGIN} crée {_PLACE}", Scenario.create),
    (rf"{_LOGIN} modifie {_PLACE}", Scenario.modify),
    (rf"{_LOGIN} modifie {_PLACE} du {_DATE}", Scenario.modify_date),
    (rf"{_LOGIN} (accepte|refuse|peut-être) {_PLACE}", Scenario.respond),
    (rf"{_LOGIN} garde {_PLACE}", Scenario.keep),
    (rf"{_LOGIN} modifie sa copie de {_PLACE}", Scenario.modify_kept),
    (rf"{_LOGIN} demande quand (\S+) est prise? le (\d{{4}}-\d\d-\d\d)", Scenario.ask_when_busy),
    (rf"{_LOGIN} copie {_PLACE} vers {_PLACE}", Scenario.copy),
    (rf"{_LOGIN} supprime {_PLACE}", Scenario.delete),
    (rf"{_LOGIN} déplace {_PLACE} vers {_PLACE}", Scenario.move),
    (r"Réponse (\d+)", Scenario.answered),
    (r"Réponse (avec|sans) étiquette", Scenario.has_etag),
    (rf"{_LOGIN} voit {_PLACE}", Scenario.sees),
    (rf"{_LOGIN} voit {_PLACE} du {_DATE}", Scenario.sees_date),
    (rf"{_LOGIN} ne voit pas {_PLACE} du {_DATE}", Scenario.sees_no_date),
    (rf"{_LOGIN} ne voit pas {_PLACE}", Scenario.sees_not),
    (rf"{_LOGIN} voit (\d+) rendez-vous chez ([\w-]+)", Scenario.lists),
    (r"La corbeille contient (\d+) rendez-vous", Scenario.bin_holds),
    (r"À envoyer", Scenario.outbox_holds),
]


def _href(place: str) -> str:
    return f"{place}.ics"

"""Runs scenario files: what people do in their calendar programs, and what they then see.

The files are French, for a gestionnaire to read. Each step goes over CalDAV as a program
would send it: it reads the object, changes it, and writes it back with If-Match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import icalendar

from rdv_caldav.bootstrap import AppointmentBook
from rdv_radicale.application import create_app
from support.dav import Answer, DavClient

PRESENCES = {
    "sans réponse": "NEEDS-ACTION",
    "vert": "ACCEPTED",
    "orange": "TENTATIVE",
    "rouge": "DECLINED",
}
ANSWERS = {"accepte": "ACCEPTED", "peut-être": "TENTATIVE", "refuse": "DECLINED"}
STATES = {"Planifié": "PLANIFIE", "Tenu": "TENU", "Annulé": "ANNULE"}
TEXTS = {"objet": "SUMMARY", "lieu": "LOCATION", "notes": "DESCRIPTION", "statut": "STATUS"}


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

    def create(self, step: Step, login: str, place: str) -> None:
        details = dict(step.details)
        calendar = icalendar.Calendar()
        calendar.add("VERSION", "2.0")
        calendar.add("PRODID", "-//Essai//Scenario//FR")
        event = icalendar.Event()
        event.add("UID", details.get("uid", place.partition("/")[2]))
        event.add("DTSTAMP", self.clock.now)
        calendar.add_component(event)
        _change(event, step.details)
        self._put(login, place, calendar)

    def modify(self, step: Step, login: str, place: str) -> None:
        calendar, etag = self._read(login, place)
        _change(_master(calendar), step.details)
        self._put(login, place, calendar, if_match=etag)

    def modify_date(self, step: Step, login: str, place: str, original: str) -> None:
        calendar, etag = self._read(login, place)
        _change(_override(calendar, original), step.details)
        self._put(login, place, calendar, if_match=etag)

    def respond(self, step: Step, login: str, answer: str, place: str) -> None:
        calendar, etag = self._read(login, place)
        line = _attendee(_master(calendar), login)
        assert line is not None, f"{login} takes no part"
        line.params["PARTSTAT"] = ANSWERS[answer]
        self._put(login, place, calendar, if_match=etag)

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
        _check(_master(calendar), step.details)

    def sees_date(self, step: Step, login: str, place: str, original: str) -> None:
        calendar, _ = self._read(login, place)
        found = _override(calendar, original, make=False)
        _check(found, step.details)

    def sees_no_date(self, step: Step, login: str, place: str, original: str) -> None:
        calendar, _ = self._read(login, place)
        stated = [event.get("RECURRENCE-ID") for event in calendar.walk("VEVENT")]
        walls = [line.dt.replace(tzinfo=None) for line in stated if line is not None]
        assert _wall(original) not in walls, walls

    def sees_not(self, step: Step, login: str, place: str) -> None:
        status = self.client(login).request("GET", f"/{login}/{_href(place)}").status
        assert status == 404, status

    def lists(self, step: Step, login: str, count: str, slug: str) -> None:
        found = self.client(login).propfind(f"/{login}/{slug}/", "{DAV:}getetag", depth=1)
        assert len(found) - 1 == int(count), list(found)

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
    (rf"{_LOGIN} crée {_PLACE}", Scenario.create),
    (rf"{_LOGIN} modifie {_PLACE}", Scenario.modify),
    (rf"{_LOGIN} modifie {_PLACE} du {_DATE}", Scenario.modify_date),
    (rf"{_LOGIN} (accepte|refuse|peut-être) {_PLACE}", Scenario.respond),
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


def _master(calendar: Any) -> Any:
    return next(e for e in calendar.walk("VEVENT") if "RECURRENCE-ID" not in e)


def _wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _override(calendar: Any, original: str, *, make: bool = True) -> Any:
    for event in calendar.walk("VEVENT"):
        stated = event.get("RECURRENCE-ID")
        if stated is not None and stated.dt.replace(tzinfo=None) == _wall(original):
            return event
    assert make, f"no date of its own at {original}"
    master = _master(calendar)
    event = icalendar.Event.from_ical(master.to_ical())
    for name in ("RRULE", "RDATE", "EXDATE"):
        event.pop(name, None)
    length = master["DTEND"].dt - master["DTSTART"].dt
    for name, moment in (("RECURRENCE-ID", 0), ("DTSTART", 0), ("DTEND", 1)):
        event.pop(name, None)
        event.add(name, (_wall(original) + moment * length))
        event[name].params["TZID"] = "Europe/Paris"
    calendar.add_component(event)
    return event


def _attendees(event: Any) -> list[Any]:
    found = event.get("ATTENDEE", [])
    return found if isinstance(found, list) else [found]


def _attendee(event: Any, who: str) -> Any:
    for line in _attendees(event):
        address = str(line)[len("mailto:") :].lower()
        name = str(line.params.get("CN", ""))
        if who in (address, name) or address.partition("@")[0] == who:
            return line
    return None


def _change(event: Any, details: list[tuple[str, str]]) -> None:
    for name, value in details:
        if name in TEXTS:
            event.pop(TEXTS[name], None)
            if value != "rien":
                event.add(TEXTS[name], value)
        elif name in ("début", "fin"):
            line = "DTSTART" if name == "début" else "DTEND"
            event.pop(line, None)
            event.add(line, _wall(value))
            event[line].params["TZID"] = "Europe/Paris"
        elif name == "répétition":
            event.add("RRULE", icalendar.vRecur.from_ical(value))
        elif name == "participants":
            assert value == "rien", value
            event.pop("ATTENDEE", None)
            event.pop("ORGANIZER", None)
        elif name == "participant":
            _change_attendee(event, value)
        elif name == "organisateur":
            event.pop("ORGANIZER", None)
            event.add("ORGANIZER", f"mailto:{value}")
        else:
            assert name == "uid", name


def _change_attendee(event: Any, value: str) -> None:
    """``address``, ``address (vert)``, ``address (propriétaire)`` or ``- address``."""
    match = re.fullmatch(r"(- )?(\S+)(?: « (.+?) »)?(?: \((.+)\))?", value)
    assert match, value
    removes, address, name, mark = match.groups()
    line = _attendee(event, name or address)
    if removes:
        assert line is not None, f"{address} takes no part"
        event["ATTENDEE"] = [other for other in _attendees(event) if other is not line]
        return
    if line is None:
        event.add("ATTENDEE", f"mailto:{address}")
        line = _attendees(event)[-1]
        line.params["PARTSTAT"] = "NEEDS-ACTION"
        if name:
            line.params["CN"] = name
    if mark in PRESENCES:
        line.params["PARTSTAT"] = PRESENCES[mark]
    elif mark == "propriétaire":
        line.params["ROLE"] = "CHAIR"
    else:
        assert mark is None, mark


def _check(event: Any, details: list[tuple[str, str]]) -> None:
    for name, value in details:
        if name in TEXTS:
            found = str(event.get(TEXTS[name], "rien"))
        elif name == "état":
            found = next(k for k, v in STATES.items() if v == event["X-RDV-ETAT"])
        elif name in ("début", "fin"):
            stated = event["DTSTART" if name == "début" else "DTEND"].dt
            found = stated.replace(tzinfo=None).isoformat(timespec="minutes")
        elif name == "participant":
            match = re.fullmatch(r"(.+?)(?: \((.+)\))?", value)
            assert match
            _check_attendee(event, match[1], match[2])
            continue
        elif name == "sans participant":
            assert _attendee(event, value) is None, f"{value} takes part"
            continue
        elif name == "organisateur":
            found = str(event["ORGANIZER"])[len("mailto:") :]
        elif name == "temps":
            found = {"TRANSPARENT": "libre"}.get(str(event.get("TRANSP", "OPAQUE")), "occupé")
        elif name == "numéro":
            found = str(event.get("SEQUENCE", 0))
        else:
            raise AssertionError(f"not understood: {name}")
        assert found == value, f"{name}: {found!r} instead of {value!r}"


def _check_attendee(event: Any, who: str, marks: str | None) -> None:
    line = _attendee(event, who)
    lines = [(str(other), dict(other.params)) for other in _attendees(event)]
    assert line is not None, f"{who} takes no part: {lines}"
    for mark in marks.split(", ") if marks else ():
        if mark == "propriétaire":
            assert line.params.get("ROLE") == "CHAIR", lines
        else:
            assert line.params.get("PARTSTAT") == PRESENCES[mark], lines
    if not marks or "propriétaire" not in marks:
        assert line.params.get("ROLE") != "CHAIR", lines

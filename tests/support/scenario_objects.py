"""What the people of scenario files write into objects, and what they see in them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import icalendar

PRESENCES = {
    "sans réponse": "NEEDS-ACTION",
    "vert": "ACCEPTED",
    "orange": "TENTATIVE",
    "rouge": "DECLINED",
}
STATES = {"Planifié": "PLANIFIE", "Tenu": "TENU", "Annulé": "ANNULE"}
TEXTS = {
    "objet": "SUMMARY",
    "lieu": "LOCATION",
    "notes": "DESCRIPTION",
    "statut": "STATUS",
    "suite de": "RELATED-TO",
}


def master_of(calendar: Any) -> Any:
    """Return the component that is the series, or all there is."""
    return next(e for e in calendar.walk("VEVENT") if "RECURRENCE-ID" not in e)


def _wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def date_of(calendar: Any, original: str, *, make: bool = True) -> Any:
    """Return one date of a series, made anew as programs do, by copying the series."""
    for event in calendar.walk("VEVENT"):
        stated = event.get("RECURRENCE-ID")
        if stated is not None and stated.dt.replace(tzinfo=None) == _wall(original):
            return event
    assert make, f"no date of its own at {original}"
    master = master_of(calendar)
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


def attendee_of(event: Any, who: str) -> Any:
    """Return somebody's line, by his address, his name or what his address begins with."""
    for line in _attendees(event):
        address = str(line)[len("mailto:") :].lower()
        name = str(line.params.get("CN", ""))
        if who in (address, name) or address.partition("@")[0] == who:
            return line
    return None


def change(event: Any, details: list[tuple[str, str]]) -> None:
    """Change an event as the details of a step say."""
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
        elif name == "rappel":
            event.subcomponents = [] if value == "aucun" else [_alarm(value)]
        elif name == "répétition":
            event.pop("RRULE", None)
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


def _alarm(minutes: str) -> Any:
    lines = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Rappel", f"TRIGGER:-PT{minutes}M")
    return icalendar.Alarm.from_ical("\r\n".join((*lines, "END:VALARM", "")))


def _change_attendee(event: Any, value: str) -> None:
    """``address``, ``address (vert)``, ``address (propriétaire)`` or ``- address``."""
    match = re.fullmatch(r"(- )?(\S+)(?: « (.+?) »)?(?: \((.+)\))?", value)
    assert match, value
    removes, address, name, mark = match.groups()
    line = attendee_of(event, name or address)
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


def check(event: Any, details: list[tuple[str, str]]) -> None:
    """Hold that an event says what the details of a step say."""
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
            assert attendee_of(event, value) is None, f"{value} takes part"
            continue
        else:
            assert name in _SAYS, f"not understood: {name}"
            found = _SAYS[name](event)
        assert found == value, f"{name}: {found!r} instead of {value!r}"


def _reminders(event: Any) -> str:
    befores = (-alarm["TRIGGER"].dt for alarm in event.walk("VALARM"))
    return ", ".join(str(before // timedelta(minutes=1)) for before in befores) or "aucun"


_SAYS: dict[str, Callable[[Any], str]] = {
    "organisateur": lambda event: str(event["ORGANIZER"])[len("mailto:") :],
    "temps": lambda event: "libre" if event.get("TRANSP") == "TRANSPARENT" else "occupé",
    "numéro": lambda event: str(event.get("SEQUENCE", 0)),
    "rappel": _reminders,
    "conflit": lambda event: str(event.get("X-RDV-CONFLIT", "rien")),
}


def _check_attendee(event: Any, who: str, marks: str | None) -> None:
    line = attendee_of(event, who)
    lines = [(str(other), dict(other.params)) for other in _attendees(event)]
    assert line is not None, f"{who} takes no part: {lines}"
    for mark in marks.split(", ") if marks else ():
        if mark == "propriétaire":
            assert line.params.get("ROLE") == "CHAIR", lines
        else:
            assert line.params.get("PARTSTAT") == PRESENCES[mark], lines
    if not marks or "propriétaire" not in marks:
        assert line.params.get("ROLE") != "CHAIR", lines

"""The appointments that every server is filled with: the same for all, whatever the run.

Their texts differ in :data:`VARIANTS` ways only, and otherwise in marks of one length (UID and
times), so that a database can be filled by copying rows.
"""

from __future__ import annotations

import random
import re
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rdv_caldav.ical.contentlines import make_line, text_value

ZONE = ZoneInfo("Europe/Paris")
FIRST_DAY = date(2026, 1, 5)
"""A Monday."""

WEEKS = 156
VARIANTS = 48
WEEK = timedelta(days=7)
SLOT = timedelta(minutes=90)
SLOTS_A_DAY = 12
"""From six in the morning to midnight."""

SLOTS = WEEKS * 7 * SLOTS_A_DAY
_ORDER = random.Random("slots").sample(range(SLOTS), SLOTS)
_LATE = [slot for slot in _ORDER if slot >= SLOTS // 2]
"""Those of the second half, which are not over for some time yet, in the order they are taken."""

FILLED, FREE, TAKEN = "a", "n", "c"
"""Sets of events: what calendars are filled with; when nobody has anything; in the way of others.

The latter two hold for as many as calendars are filled with in most runs.
"""

_ACTS = (
    "Visite d’évaluation",
    "Première rencontre",
    "Point d’étape avec la famille",
    "Entretien annuel",
    "Remise du livret d’accueil",
    "Réunion de coordination",
)
_STREETS = ("rue de l’Église", "allée des Chênes", "impasse du Pré", "avenue de la République")
_NAMES = ("Béranger", "Lefèvre", "Côté", "Garçon", "Émery", "Müller", "Haüy")
_ZONE_DEFINITION = (
    "BEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\n"
    "BEGIN:DAYLIGHT\r\nTZNAME:CEST\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"
    "DTSTART:19810329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\n"
    "BEGIN:STANDARD\r\nTZNAME:CET\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
    "DTSTART:19961027T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\n"
    "END:VTIMEZONE\r\n"
)


@dataclass(slots=True)
class Event:
    """One appointment; ``start`` and ``end`` are wall times in :data:`ZONE`.

    Each begins with a slot of its own while there are any, and takes as long as all of its
    variant. ``series`` is one letter that tells the sets of events of a run apart.
    """

    number: int
    series: str = FILLED
    start: datetime = field(init=False)
    end: datetime = field(init=False)

    def __post_init__(self) -> None:
        if self.series == FILLED:
            slot = _ORDER[self.number % SLOTS]
        elif self.series == TAKEN:
            slot = _LATE[self.number % len(_LATE)]
        else:
            slot = _LATE[-1 - self.number % len(_LATE)]
        day, place = divmod(slot, SLOTS_A_DAY)
        midnight = datetime.combine(FIRST_DAY + timedelta(days=day), time())
        self.start = midnight + timedelta(hours=6) + place * SLOT
        self.end = self.start + timedelta(minutes=(30, 45, 60, 90)[self.number % VARIANTS % 4])

    @property
    def uid(self) -> str:
        """Its UID, as long as any other's."""
        return f"rdv-{self.series}-{self.number:08}"

    @property
    def href(self) -> str:
        """The name that it is put at."""
        return f"{self.uid}.ics"

    @property
    def text(self) -> str:
        """The object as a program would PUT it."""
        variant = self.number % VARIANTS
        name, act = _NAMES[variant % len(_NAMES)], _ACTS[variant % len(_ACTS)]
        street = _STREETS[variant % len(_STREETS)]
        notes = (
            f"Relevé {0:06}. Chez Mme {name}, dossier {variant:04}. Sonner deux fois ; la clé se "
            "trouve chez la gardienne.\nApporter le dossier et le livret."
        )
        lines = [
            make_line("SUMMARY", text_value(f"{act} – Mme {name}")),
            make_line("LOCATION", text_value(f"{variant + 1} {street}, 69003 Lyon")),
            make_line("DESCRIPTION", text_value(notes)),
            make_line("ATTENDEE", "mailto:claire@famille.example", _person("Claire", "CHAIR")),
            make_line("ATTENDEE", "mailto:ivan@agence.example", _person("Ivan", "REQ-PARTICIPANT")),
            make_line("ATTENDEE", "mailto:alice@agence.example", _person("Al", "OPT-PARTICIPANT")),
        ]
        return (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Mesures//FR\r\n"
            f"{_ZONE_DEFINITION}BEGIN:VEVENT\r\nUID:{self.uid}\r\nDTSTAMP:20260101T080000Z\r\n"
            "CREATED:20251215T101500Z\r\nLAST-MODIFIED:20260101T080000Z\r\n"
            f"DTSTART;TZID=Europe/Paris:{compact(self.start)}\r\n"
            f"DTEND;TZID=Europe/Paris:{compact(self.end)}\r\n"
            "ORGANIZER;CN=Agence:mailto:alice@agence.example\r\nTRANSP:OPAQUE\r\nSEQUENCE:0\r\n"
            f"{''.join(line.raw for line in lines)}END:VEVENT\r\nEND:VCALENDAR\r\n"
        )


def _person(name: str, role: str) -> dict[str, str]:
    return {"CN": name, "CUTYPE": "INDIVIDUAL", "ROLE": role, "PARTSTAT": "ACCEPTED"}


_MARK = re.compile(rb"(DESCRIPTION:Relev\S+ )([0-9]{6})")


def mark_of(text: bytes) -> int:
    """Return the number in an object's notes, 0 at first."""
    found = _MARK.search(text)
    assert found is not None, text
    return int(found[2])


def marked(text: bytes, number: int) -> bytes:
    """Return the object with another number in its notes: a small change, of the same length."""
    changed, count = _MARK.subn(rb"\g<1>%06d" % number, text, count=1)
    assert count == 1, text
    return changed


def compact(wall: datetime) -> str:
    """Return a wall time as iCalendar writes it."""
    return f"{wall:%Y%m%dT%H%M%S}"


def weeks(rounds: int) -> list[datetime]:
    """Return the starts of some weeks, in UTC, well within the time that the events fill."""
    chance = random.Random("weeks")
    found = []
    for _ in range(rounds):
        day = FIRST_DAY + chance.randrange(4, WEEKS - 4) * WEEK
        found.append(datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC))
    return found


class Hits:
    """Counts how many of the first ``size`` events a week meets."""

    def __init__(self, size: int) -> None:
        events = [Event(number) for number in range(size)]
        self._starts = sorted(event.start.replace(tzinfo=ZONE).timestamp() for event in events)

    def in_week(self, start: datetime) -> int:
        """Return the number for a week; no event reaches from one week into the next."""
        first, end = start.timestamp(), (start + WEEK).timestamp()
        return bisect_left(self._starts, end) - bisect_left(self._starts, first)

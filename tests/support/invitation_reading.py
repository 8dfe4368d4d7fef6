"""What a mail program reads of one of our invitations, without our own readers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from email.utils import parseaddr

_ZONE = re.compile(r"^BEGIN:VTIMEZONE\n.*?^END:VTIMEZONE$", re.DOTALL | re.MULTILINE)
_EVENT = re.compile(r"^BEGIN:VEVENT\n(.*?)^END:VEVENT$", re.DOTALL | re.MULTILINE)
_WITHIN = re.compile(r"^BEGIN:(V\w+)\n.*?^END:\1\n", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """What a program needs of an invitation."""

    raw_calendar: str
    organizer: str
    attendee: str
    attendee_name: str
    subject: str
    message_id: str

    def lines(self, name: str, *, event: int = 0) -> list[str]:
        """Return the unfolded lines of that property in a VEVENT."""
        return [line for line in self.events[event] if re.match(rf"{name}[;:]", line)]

    def value(self, name: str, *, event: int = 0) -> str:
        """Return the value of a property, empty if it is absent."""
        found = self.lines(name, event=event)
        return found[0].partition(":")[2] if found else ""

    @property
    def events(self) -> list[list[str]]:
        """The lines of each VEVENT, without those of components within it."""
        unfolded = re.sub(r"\r?\n[ \t]", "", self.raw_calendar).replace("\r\n", "\n")
        return [_WITHIN.sub("", block).splitlines() for block in _EVENT.findall(unfolded)]

    @property
    def zones(self) -> list[str]:
        """The VTIMEZONEs as text."""
        return _ZONE.findall(self.raw_calendar.replace("\r\n", "\n"))

    @property
    def tzid(self) -> str:
        """The zone of the start, empty for days and for UTC."""
        match = re.search(r";TZID=\"?([^\":;]+)", self.lines("DTSTART")[0])
        return match[1] if match else ""

    @property
    def is_all_day(self) -> bool:
        """Whether it takes whole days."""
        return "VALUE=DATE:" in self.lines("DTSTART")[0]

    @property
    def start(self) -> datetime:
        """The start, naive wall clock."""
        return wall_of(self.value("DTSTART"))

    @property
    def length(self) -> timedelta:
        """How long it takes."""
        end = self.value("DTEND")
        return wall_of(end) - self.start if end else timedelta(hours=1)


def read_invitation(raw: bytes) -> Invitation:
    """Read one of our invitations, by the standard library alone."""
    mail = message_from_bytes(raw, policy=SMTP)
    part = next(each for each in mail.walk() if each.get_content_type() == "text/calendar")
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    name, attendee = parseaddr(str(mail["To"]))
    return Invitation(
        raw_calendar=payload.decode(),
        organizer=parseaddr(str(mail["From"]))[1],
        attendee=attendee,
        attendee_name=name,
        subject=str(mail["Subject"]),
        message_id=str(mail["Message-ID"]),
    )


def wall_of(written: str) -> datetime:
    """Return a DATE or DATE-TIME as naive wall clock."""
    pattern = "%Y%m%dT%H%M%S" if "T" in written else "%Y%m%d"
    return datetime.strptime(written.rstrip("Z"), pattern)

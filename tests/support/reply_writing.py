"""Writing calendars and their parts of mails as other programs do, without our own writers."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP

WINDOWS_ZONE = """BEGIN:VTIMEZONE
TZID:{name}
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE"""


def calendar_text(
    product: str, method: str, events: Sequence[Sequence[str]], zones: Sequence[str] = ()
) -> str:
    """Return a VCALENDAR of the lines of its VEVENTs and the texts of its VTIMEZONEs."""
    lines = ["BEGIN:VCALENDAR", f"PRODID:{product}", "VERSION:2.0", f"METHOD:{method}"]
    for zone in zones:
        lines += zone.splitlines()
    for event in events:
        lines += ["BEGIN:VEVENT", *event, "END:VEVENT"]
    return "".join(f"{_folded(line)}\r\n" for line in (*lines, "END:VCALENDAR"))


def _folded(line: str) -> str:
    pieces = [line[:60]]
    pieces += [line[place : place + 60] for place in range(60, len(line), 60)]
    return "\r\n ".join(pieces)


def add_calendar(mail: EmailMessage, text: str, content_type: str, cte: str = "base64") -> None:
    """Add it as the last of the alternatives."""
    part = EmailMessage(policy=SMTP)
    part.set_content(text, subtype="calendar", charset="utf-8", cte=cte)
    part.replace_header("Content-Type", content_type)
    if mail.get_content_type() != "multipart/alternative":
        mail.make_alternative()
    mail.attach(part)


def escaped(text: str) -> str:
    """Return a text as a TEXT value."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")

"""Mails to begin with: an invitation of a small agency, which each test changes where it likes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from rdv_caldav.mail.message import OutgoingMail

SENDER, RECIPIENT = "rdv@agence.example", "claire@famille.example"
_PARIS = """BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
"""


def invitation_text(method: str = "REQUEST") -> str:
    """Return a scheduling message for the recipient, in lines that end with LF."""
    cancelled = method == "CANCEL"
    when = "DTSTART:20261126T130000Z" if cancelled else "DTSTART;TZID=Europe/Paris:20261126T140000"
    return f"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//rdv-caldav//test//FR
METHOD:{method}
{"" if cancelled else _PARIS}BEGIN:VEVENT
UID:visite@agence.example
DTSTAMP:20261124T190000Z
{when}
SEQUENCE:2
SUMMARY:Visite à domicile 🏠
STATUS:{"CANCELLED" if cancelled else "CONFIRMED"}
ORGANIZER;CN=Agence:mailto:{SENDER}
ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;ROLE=REQ-PARTICIPANT:mailto:
 {RECIPIENT}
END:VEVENT
END:VCALENDAR
"""


def mail(**changes: Any) -> OutgoingMail:
    """Return an invitation with some fields of its own."""
    return replace(
        OutgoingMail(
            sender=SENDER,
            sender_name="Agence",
            recipient=RECIPIENT,
            recipient_name="Claire Exemple",
            subject="Invitation : visite à domicile",
            text="Bonjour,\n\nà bientôt.\n",
            html="<p>Bonjour, à bientôt.</p>",
            calendar=invitation_text(),
            method="REQUEST",
            message_id="<visite.1@agence.example>",
            date=datetime(2026, 11, 24, 19, 0, tzinfo=UTC),
        ),
        **changes,
    )


def plain_mail(**changes: Any) -> OutgoingMail:
    """Return a mail without a page and without a calendar."""
    return mail(**{"html": "", "calendar": "", "method": "", **changes})

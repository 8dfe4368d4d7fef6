"""Answers to our invitations, written as common programs write them.

Each shape follows what is documented or reported of that program: what it leaves out, renames and
adds. Nothing is copied from anybody's mail; persons and addresses are invented. An answer is made
of an invitation's bytes, as the program would have them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from support.invitation_reading import Invitation, read_invitation
from support.reply_writing import WINDOWS_ZONE, add_calendar, calendar_text, escaped

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
_WINDOWS_ZONES = {"Europe/Paris": "Romance Standard Time", "UTC": "UTC"}
_OUTLOOK_WORDS = {
    "ACCEPTED": "Accepté",
    "TENTATIVE": "Provisoire",
    "DECLINED": "Refusé",
    "COUNTER": "Nouvelle heure proposée",
}
_ZIMBRA_WORDS = {"ACCEPTED": "Accept", "TENTATIVE": "Tentative", "DECLINED": "Decline"}


class Shape(StrEnum):
    """Whose answer it is like."""

    GMAIL = "gmail"
    OUTLOOK = "outlook"
    APPLE = "apple"
    THUNDERBIRD = "thunderbird"
    PROTON = "proton"
    ZIMBRA = "zimbra"


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """What is answered, and what came in."""

    invitation: Invitation
    partstat: str
    sender: str
    comment: str
    dates: Sequence[datetime]
    stamp: datetime
    sequence: str | None
    proposed: tuple[datetime, datetime] | None

    @property
    def method(self) -> str:
        return "COUNTER" if self.proposed else "REPLY"

    @property
    def sequence_lines(self) -> list[str]:
        return [] if self.sequence is None else [f"SEQUENCE:{self.sequence}"]

    @property
    def stamp_line(self) -> str:
        return f"DTSTAMP:{self.stamp:%Y%m%dT%H%M%SZ}"

    def spans(self) -> list[tuple[datetime | None, datetime, datetime]]:
        """Return original start, start and end of each component."""
        invitation = self.invitation
        found = []
        for original in self.dates or (None,):
            start = original or invitation.start
            end = start + invitation.length
            found.append((original, *(self.proposed or (start, end))))
        return found


def reply(
    shape: Shape | str,
    invitation_raw: bytes,
    partstat: str = "ACCEPTED",
    *,
    dates: Sequence[datetime] = (),
    comment: str = "",
    sender: str | None = None,
    stamp: datetime = NOON,
    sequence: int | None = -1,
    proposed: tuple[datetime, datetime] | None = None,
    to: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Return the mail with which a program answers an invitation.

    ``dates`` are the original starts of single dates, naive wall clock of the series; without any
    all of it is answered. ``proposed`` (naive, the same clock) makes it a COUNTER. ``sender`` is
    who answers, the invited address where None, which Apple replaces by an alias. ``sequence`` -1
    is that of the invitation, None writes none. ``headers`` go on top, as servers put theirs.
    """
    invitation = read_invitation(invitation_raw)
    kind = Shape(shape)
    own = invitation.attendee
    if kind is Shape.APPLE and sender is None:
        own = f"alias.{own.replace('@', '.')}@icloud.example"
    written = str(sequence) if sequence != -1 else invitation.value("SEQUENCE") or "0"
    answer = _Answer(
        invitation=invitation,
        partstat=partstat,
        sender=sender or own,
        comment=comment,
        dates=dates,
        stamp=stamp,
        sequence=None if sequence is None else written,
        proposed=proposed,
    )
    mail = _SHAPES[kind](answer)
    mail["Date"] = format_datetime(stamp)
    mail["From"] = answer.sender
    recipient = to or invitation.organizer
    mail["To"] = recipient.lower() if kind is Shape.GMAIL else recipient
    mail["Message-ID"] = f"<{stamp:%Y%m%d%H%M%S}.{kind}.{partstat.lower()}@programme.example>"
    top = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return top.encode() + mail.as_bytes(policy=SMTP)


def _gmail(answer: _Answer) -> EmailMessage:
    """Times in UTC, a comment as parameter, Auto-Submitted though a person clicked."""
    invitation = answer.invitation
    comment = f';X-RESPONSE-COMMENT="{answer.comment}"' if answer.comment else ""
    attendee = (
        "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT="
        f"{answer.partstat};CN={answer.sender};X-NUM-GUESTS=0{comment}:mailto:{answer.sender}"
    )
    events = [
        [
            _moment("DTSTART", start, answer, zone="UTC"),
            _moment("DTEND", end, answer, zone="UTC"),
            answer.stamp_line,
            *invitation.lines("ORGANIZER"),
            f"UID:{invitation.value('UID')}",
            attendee,
            *_original(original, answer, zone="UTC"),
            *answer.sequence_lines,
            "STATUS:CONFIRMED",
            f"SUMMARY:{invitation.value('SUMMARY')}",
            "TRANSP:OPAQUE",
        ]
        for original, start, end in answer.spans()
    ]
    text = calendar_text("-//Google Inc//Google Calendar 70.9054//EN", answer.method, events)
    mail = EmailMessage()
    mail["Auto-Submitted"] = "auto-generated"
    mail["Subject"] = f"Accepted: {invitation.subject}"
    mail["Sender"] = "Google Calendar <calendar-notification@google.example>"
    mail.set_content("Somebody has answered this invitation.")
    mail.add_alternative("<p>Somebody has answered this invitation.</p>", subtype="html")
    add_calendar(mail, text, f'text/calendar; charset="UTF-8"; method={answer.method}')
    mail.make_mixed()
    mail.add_attachment(text.encode(), maintype="application", subtype="ics", filename="invite.ics")
    return mail


def _outlook(answer: _Answer) -> EmailMessage:
    """No ORGANIZER, words before SUMMARY, Windows zones, an empty COMMENT, X-MICROSOFT-…"""
    invitation = answer.invitation
    zone = _WINDOWS_ZONES.get(invitation.tzid, invitation.tzid)
    word = _OUTLOOK_WORDS["COUNTER" if answer.proposed else answer.partstat]
    events = []
    for original, start, end in answer.spans():
        before = original or invitation.start
        counter = [
            _moment("X-MS-OLK-ORIGINALSTART", before, answer, tzid=zone),
            _moment("X-MS-OLK-ORIGINALEND", before + invitation.length, answer, tzid=zone),
        ]
        events.append(
            [
                f"ATTENDEE;PARTSTAT={answer.partstat};CN={answer.sender}:mailto:{answer.sender}",
                f"COMMENT;LANGUAGE=fr-FR:{escaped(answer.comment)}\\n",
                f"UID:{invitation.value('UID')}",
                *_original(original, answer, tzid=zone),
                f"SUMMARY;LANGUAGE=fr-FR:{word}: {invitation.value('SUMMARY')}",
                *_span(start, end, answer, zone),
                "CLASS:PUBLIC",
                "PRIORITY:5",
                answer.stamp_line,
                "TRANSP:OPAQUE",
                "STATUS:CONFIRMED",
                *answer.sequence_lines,
                "LOCATION;LANGUAGE=fr-FR:",
                "X-MICROSOFT-CDO-APPT-SEQUENCE:0",
                "X-MICROSOFT-CDO-OWNERAPPTID:0",
                "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
                "X-MICROSOFT-DISALLOW-COUNTER:FALSE",
                *(counter if answer.proposed else []),
            ]
        )
    zones = [WINDOWS_ZONE.format(name=zone)] if zone else []
    text = calendar_text("Microsoft Exchange Server 2010", answer.method, events, zones)
    mail = EmailMessage()
    mail["Subject"] = f"{word}: {invitation.subject}"
    mail["Thread-Topic"] = invitation.subject
    mail["In-Reply-To"] = mail["References"] = invitation.message_id
    mail["X-Auto-Response-Suppress"] = "DR, OOF, AutoReply"
    mail.set_content(answer.comment or "\n", charset="iso-8859-1")
    mail.add_alternative(f"<html><body><p>{answer.comment}</p></body></html>", subtype="html")
    add_calendar(mail, text, f'text/calendar; charset="utf-8"; method={answer.method}')
    return mail


def _apple(answer: _Answer) -> EmailMessage:
    """The address of whichever account the calendar belongs to."""
    invitation = answer.invitation
    attendee = (
        f'ATTENDEE;CN="{answer.sender}";CUTYPE=INDIVIDUAL;EMAIL="{answer.sender}";'
        f"PARTSTAT={answer.partstat};ROLE=REQ-PARTICIPANT:mailto:{answer.sender}"
    )
    events = [
        [
            *invitation.lines("ORGANIZER"),
            f"UID:{invitation.value('UID')}",
            attendee,
            *_span(start, end, answer, invitation.tzid),
            *_original(original, answer, tzid=invitation.tzid),
            *_comment(answer),
            f"SUMMARY:{invitation.value('SUMMARY')}",
            answer.stamp_line,
            *answer.sequence_lines,
        ]
        for original, start, end in answer.spans()
    ]
    product = "-//Apple Inc.//macOS 15.0//EN"
    text = calendar_text(product, answer.method, events, invitation.zones)
    mail = EmailMessage()
    mail["Subject"] = f"{answer.sender} a accepté votre invitation : {invitation.subject}"
    mail["X-Mailer"] = "Apple Mail"
    mail.set_content("Une réponse à votre invitation.", cte="quoted-printable")
    add_calendar(
        mail, text, f"text/calendar; method={answer.method}; charset=utf-8", "quoted-printable"
    )
    return mail


def _thunderbird(answer: _Answer) -> EmailMessage:
    """The whole series back, with a component of each date that is answered."""
    invitation = answer.invitation
    copied = [
        line
        for line in invitation.events[0]
        if not re.match(r"(ATTENDEE|DTSTAMP|SEQUENCE|COMMENT|LAST-MODIFIED)[;:]", line)
    ]
    presence = "NEEDS-ACTION" if answer.dates else answer.partstat
    events = [_as_thunderbird(copied, answer, presence)]
    for original, start, end in answer.spans() if answer.dates else ():
        single = [
            line for line in copied if not re.match(r"(RRULE|EXDATE|RDATE|DTSTART|DTEND)[;:]", line)
        ]
        single += [
            _moment("RECURRENCE-ID", original or start, answer, tzid=invitation.tzid),
            *_span(start, end, answer, invitation.tzid),
        ]
        events.append(_as_thunderbird(single, answer, answer.partstat))
    product = "-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN"
    text = calendar_text(product, answer.method, events, invitation.zones)
    mail = EmailMessage()
    mail["Subject"] = f"Réponse à l'invitation (Accepté) : {invitation.subject}"
    mail["User-Agent"] = "Mozilla Thunderbird"
    mail.set_content("Une réponse à votre invitation.", cte="8bit")
    add_calendar(mail, text, f"text/calendar; method={answer.method}; charset=UTF-8", "8bit")
    mail.make_mixed()
    mail.add_attachment(text.encode(), maintype="application", subtype="ics", filename="invite.ics")
    return mail


def _as_thunderbird(lines: list[str], answer: _Answer, presence: str) -> list[str]:
    attendee = (
        f"ATTENDEE;RSVP=TRUE;CN={answer.sender};PARTSTAT={presence};"
        f"ROLE=REQ-PARTICIPANT:mailto:{answer.sender}"
    )
    return [
        *lines,
        attendee,
        *_comment(answer),
        answer.stamp_line,
        "X-MOZ-RECEIVED-SEQUENCE:0",
        *answer.sequence_lines,
    ]


def _proton(answer: _Answer) -> EmailMessage:
    """An attachment without the method."""
    invitation = answer.invitation
    events = [
        [
            f"UID:{invitation.value('UID')}",
            answer.stamp_line,
            *_span(start, end, answer, invitation.tzid),
            *_original(original, answer, tzid=invitation.tzid),
            *answer.sequence_lines,
            *invitation.lines("ORGANIZER"),
            f"SUMMARY:{invitation.value('SUMMARY')}",
            f"ATTENDEE;PARTSTAT={answer.partstat}:mailto:{answer.sender}",
        ]
        for original, start, end in answer.spans()
    ]
    text = calendar_text("-//Proton AG//WebCalendar 5.0//EN", answer.method, events)
    mail = EmailMessage()
    mail["Subject"] = f"Re: {invitation.subject}"
    mail["In-Reply-To"] = invitation.message_id
    mail.set_content(f"{answer.sender} accepted your invitation", charset="utf-8")
    mail.make_mixed()
    part = EmailMessage()
    part.set_content(text.encode(), maintype="text", subtype="calendar", cte="base64")
    part.replace_header("Content-Type", 'text/calendar; charset=utf-8; name="invite.ics"')
    part["Content-Disposition"] = 'attachment; filename="invite.ics"'
    mail.attach(part)
    return mail


def _zimbra(answer: _Answer) -> EmailMessage:
    """The calendar among the alternatives, with a name and lower-case property names before it."""
    invitation = answer.invitation
    word = _ZIMBRA_WORDS[answer.partstat]
    events = [
        [
            f"UID:{invitation.value('UID')}",
            f"SUMMARY:{word}: {invitation.value('SUMMARY')}",
            *_comment(answer),
            f"ATTENDEE;CN={answer.sender};PARTSTAT={answer.partstat}:mailto:{answer.sender}",
            *invitation.lines("ORGANIZER"),
            *_span(start, end, answer, invitation.tzid),
            *_original(original, answer, tzid=invitation.tzid),
            answer.stamp_line,
            *answer.sequence_lines,
        ]
        for original, start, end in answer.spans()
    ]
    text = calendar_text("Zimbra-Calendar-Provider", answer.method, events, invitation.zones)
    mail = EmailMessage()
    mail["Subject"] = f"{word}: {invitation.subject}"
    mail["X-Mailer"] = "Zimbra"
    mail.set_content("Yes, I will attend.")
    mail.add_alternative("<html><body>Yes, I will attend.</body></html>", subtype="html")
    content_type = f'text/calendar; charset="utf-8"; method={answer.method}; name=meeting.ics'
    add_calendar(mail, text, content_type, "7bit" if text.isascii() else "8bit")
    return mail


_SHAPES: dict[Shape, Callable[[_Answer], EmailMessage]] = {
    Shape.GMAIL: _gmail,
    Shape.OUTLOOK: _outlook,
    Shape.APPLE: _apple,
    Shape.THUNDERBIRD: _thunderbird,
    Shape.PROTON: _proton,
    Shape.ZIMBRA: _zimbra,
}


# -- writing ------------------------------------------------------------------------------


def _moment(name: str, wall: datetime, answer: _Answer, *, zone: str = "", tzid: str = "") -> str:
    """Return a line: a day, UTC where ``zone`` says so, else wall clock with ``tzid``."""
    invitation = answer.invitation
    if invitation.is_all_day:
        return f"{name};VALUE=DATE:{wall:%Y%m%d}"
    if zone == "UTC" or not tzid:
        aware = wall.replace(tzinfo=ZoneInfo(invitation.tzid or "UTC"))
        return f"{name}:{aware.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    written = f'"{tzid}"' if " " in tzid else tzid
    return f"{name};TZID={written}:{wall:%Y%m%dT%H%M%S}"


def _original(
    wall: datetime | None, answer: _Answer, *, zone: str = "", tzid: str = ""
) -> list[str]:
    return [_moment("RECURRENCE-ID", wall, answer, zone=zone, tzid=tzid)] if wall else []


def _comment(answer: _Answer) -> list[str]:
    return [f"COMMENT:{escaped(answer.comment)}"] if answer.comment else []


def _span(start: datetime, end: datetime, answer: _Answer, tzid: str) -> list[str]:
    return [
        _moment("DTSTART", start, answer, tzid=tzid),
        _moment("DTEND", end, answer, tzid=tzid),
    ]

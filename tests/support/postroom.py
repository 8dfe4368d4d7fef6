"""The mailroom with a post box: answers to what it sent come back, by any way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from rdv_caldav.db.received_mails import ReceivedMail
from rdv_caldav.domain.appointment import Appointment, Participant, Presence, Recurrence
from rdv_caldav.services.mailing.answers import apply_answer
from rdv_caldav.services.mailing.outcomes import Outcome
from rdv_radicale.application import create_app
from support.agency import GUEST, span
from support.dav import DavClient
from support.invitation_reading import read_invitation
from support.mailroom import INVITED, Mailroom
from support.reply_shapes import Shape, reply

ANSWERS = "reponses.agence.example"
WEEKLY = replace(INVITED, recurrence=Recurrence(rules=("FREQ=WEEKLY;COUNT=4",)))
FIRST = span().start
SECOND, THIRD = FIRST + timedelta(weeks=1), FIRST + timedelta(weeks=2)
DSN = (
    "From: MAILER-DAEMON@mx.exterieur.example\r\nTo: {to}\r\nSubject: Non remis\r\n"
    "Return-Path: <>\r\nMessage-ID: {own_id}\r\nAuto-Submitted: auto-replied\r\n"
    'Content-Type: multipart/report; report-type=delivery-status; boundary="r"\r\n\r\n'
    "--r\r\n\r\nLe message est revenu.\r\n--r\r\nContent-Type: message/delivery-status\r\n\r\n"
    "Reporting-MTA: dns; mx.exterieur.example\r\n\r\n"
    "Final-Recipient: rfc822;{recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
    "Diagnostic-Code: smtp; 550 {status} Recipient address rejected\r\n"
    "--r\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\n--r--\r\n"
)


@dataclass
class Postroom:
    """What was sent, answered as programs do, and what became of it."""

    mailroom: Mailroom
    answers_domain: str = ANSWERS
    _seconds: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.mailroom.set(answers_domain=self.answers_domain)
        self.book = self.mailroom.book

    def invite(self, **plan: Any) -> tuple[int, bytes]:
        """Plan a visit with a guest, and return its id and the invitation that he gets."""
        planned = self.mailroom.plan(**plan)
        return planned, self.sent()

    def sent(self) -> bytes:
        """Send what waits, and return the last mail that arrived anywhere."""
        self.mailroom.send()
        return self.mailroom.sink.mails[-1].raw

    def reply(
        self,
        invitation: bytes,
        partstat: str = "ACCEPTED",
        *,
        shape: Shape = Shape.GMAIL,
        **how: Any,
    ) -> bytes:
        """Return an answer, each a second later than the one before unless ``stamp`` says when."""
        self._seconds += 1
        stamp = self.mailroom.clock.now + timedelta(seconds=self._seconds)
        return reply(shape, invitation, partstat, **{"stamp": stamp, **how})

    def take(self, raw: bytes, *envelope: str, source: str = "imap") -> Outcome:
        """Take a mail that arrived."""
        return apply_answer(self.book, raw, source=source, envelope=envelope)

    def answer(self, invitation: bytes, partstat: str = "ACCEPTED", **how: Any) -> Outcome:
        """Answer an invitation."""
        return self.take(self.reply(invitation, partstat, **how))

    def write(self, text: str, *, to: str, **headers: str) -> Outcome:
        """Send words."""
        fields = {"From": GUEST, "To": to, "Message-ID": f"<{len(text)}.{to}>", **headers}
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
        return self.take(f"{head}\r\n{text}\r\n".encode())

    def bounce(
        self, invitation: bytes, *, status: str = "5.1.1", action: str = "failed", **how: str
    ) -> Outcome:
        """Let a mail come back."""
        read = read_invitation(invitation)
        fields = {
            "to": read.organizer,
            "recipient": read.attendee,
            "message_id": read.message_id,
            "own_id": f"<{status}.{action}@mx.exterieur.example>",
            **how,
        }
        written = DSN.format(status=status, action=action, **fields)
        return self.take(written.encode(errors="surrogateescape"))

    # -- what is there now ----------------------------------------------------------------

    def appointment(self, planned: int) -> Appointment:
        """Return an appointment."""
        with self.mailroom.desk() as desk:
            return desk.appointment(planned)

    def guest(
        self, planned: int, original: datetime | None = None, who: Any = GUEST
    ) -> Participant:
        """Return how somebody takes part, the guest unless it is said who."""
        appointment = self.appointment(planned)
        details = appointment if original is None else appointment.occurrence(original)
        found = (details or appointment).participant(who)
        assert found is not None
        return found

    def presence(self, planned: int, original: datetime | None = None) -> Presence:
        """Return the guest's answer."""
        return self.guest(planned, original).presence

    def received(self, *, only_open: bool = False) -> list[ReceivedMail]:
        """Return the journal of mails, the last one first."""
        with self.mailroom.desk() as desk:
            return desk.tx.received_mails.page(only_open=only_open)

    def journal(self, planned: int, event: str) -> list[tuple[str, str, str, dict[str, Any]]]:
        """Return who did that to an appointment, by which way, and the details."""
        with self.mailroom.desk() as desk:
            entries = desk.tx.journal.entries_for(planned)
        return [
            (each.login, each.channel, each.device, dict(each.details))
            for each in entries
            if each.event == event
        ]

    def object_of(self, planned: int, *, login: str = "alice", slug: str = "claire") -> list[str]:
        """Return the lines of the object as a program reads it in somebody's calendar."""
        uid = self.appointment(planned).uid
        client = DavClient(create_app(self.book), login)
        text = client.get(f"/{login}/{slug}/{uid}.ics").text
        return text.replace("\r\n ", "").split("\r\n")

"""The small agency with a mail server: what is planned at the desk leaves as real mails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.outbox import OutboxMessage
from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import Appointment, Participant, State
from rdv_caldav.services import appointments
from rdv_caldav.services.appointments import Plan
from rdv_caldav.services.mailing.sending import MailWorker, SentCount
from support.agency import GUEST
from support.desk import PLAN, Desk
from support.scenario import Clock
from support.smtp_sink import SmtpSink

INVITED = replace(PLAN, participants=(Participant(address=GUEST, name="Invité"),))
PUBLIC_URL = "https://rdv.example"


@dataclass
class Mailroom:
    """A book whose mails go to a sink, and the time."""

    book: AppointmentBook
    clock: Clock
    sink: SmtpSink

    def __post_init__(self) -> None:
        settings = replace(self.book.settings, smtp_url=self.sink.url)
        self.book = replace(self.book, settings=settings)
        self.set(public_url=PUBLIC_URL)
        self.worker = MailWorker(self.book)

    def set(self, **settings: object) -> None:
        """Change settings of the agency."""
        with self.book.database.writing() as tx:
            for name, value in settings.items():
                tx.agency.save_setting(name, value)

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """Open a transaction with everybody at hand."""
        with self.book.database.writing() as tx:
            yield Desk(tx, self.clock())

    def plan(self, *slugs: str, plan: Plan = INVITED) -> int:
        """Plan a visit with a guest."""
        with self.desk() as desk:
            return desk.plan(*slugs, plan=plan)

    def revise(self, planned: int, **changes: Any) -> None:
        """Change an appointment."""
        self._change(planned, lambda appointment: replace(appointment, **changes))

    def revise_date(self, planned: int, original: datetime, **changes: Any) -> None:
        """Change one date of a series."""

        def change(appointment: Appointment) -> Appointment:
            date = replace(rules.occurrence_at(appointment, original), **changes)
            return rules.with_occurrence(appointment, date)

        self._change(planned, change)

    def _change(self, planned: int, change: Callable[[Appointment], Appointment]) -> None:
        with self.desk() as desk:
            appointments.revise(desk.tx, desk.actor("alice"), planned, change, now=desk.now)

    def set_state(self, planned: int, state: State, original: datetime | None = None) -> None:
        """Cancel an appointment or a date, or plan it again."""
        with self.desk() as desk:
            alice = desk.actor("alice")
            appointments.set_state(desk.tx, alice, planned, state, now=desk.now, original=original)

    def later(self, **by: float) -> None:
        """Let time pass."""
        self.clock.now += timedelta(**by)

    def send(self) -> SentCount:
        """Send what is due."""
        return self.worker.send_due()

    def mails(self) -> list[EmailMessage]:
        """Return what arrived, read by the standard library."""
        parser = BytesParser(policy=policy.default)
        return [parser.parsebytes(each.raw) for each in self.sink.mails]

    def rows(self, appointment_id: int) -> list[OutboxMessage]:
        """Return all that was ever queued about an appointment, oldest first."""
        with self.book.database.reading() as tx:
            return tx.outbox.of_appointment(appointment_id)[::-1]


def part_of(mail: EmailMessage, kind: str) -> str:
    """Return the content of the first part of a kind, decoded."""
    for part in mail.walk():
        if part.get_content_type() == kind:
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            return content.decode()
    raise AssertionError(f"no {kind} in it")

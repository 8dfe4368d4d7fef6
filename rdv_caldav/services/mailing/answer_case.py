"""One message about an appointment that is known: what it says, which dates, and what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from rdv_caldav.db.appointments import Stored
from rdv_caldav.db.mail_threads import MailThread
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.appointment import Appointment, Details, Presence, State
from rdv_caldav.domain.replies import Answer, Respondent
from rdv_caldav.ical.itip_reading import MessageEvent, Original, SchedulingMessage
from rdv_caldav.ical.moments import Clock, Moment, shifted
from rdv_caldav.ical.recurrence import occurs_at, time_index
from rdv_caldav.services.mailing.attribution import Sender
from rdv_caldav.services.mailing.outcomes import Finding, Reason, Result
from rdv_caldav.services.mailing.relevance import details_at

REPLY, COUNTER, REFRESH = "REPLY", "COUNTER", "REFRESH"
ANSWERS = frozenset({REPLY, COUNTER, REFRESH})
"""The methods of who was invited (RFC 5546 §1.4)."""

LONGEST_KEPT = 500
_MOST_KEPT = 50
_YEARS = frozenset(range(1970, 2500))


@dataclass(frozen=True, slots=True)
class Heard:
    """What was read of one date, and why it does not count; None where it does."""

    event: MessageEvent
    answer: Answer
    problem: Reason | None = None


@dataclass(frozen=True, kw_only=True)
class AnswerCase:
    """A message, and all that is needed to judge it.

    ``thread`` is that of the answering address it was sent to, if it was. ``about`` is evidence
    known before.
    """

    tx: Transaction
    message: SchedulingMessage
    thread: MailThread | None
    stored: Stored
    sender: Sender
    settings: AgencySettings
    about: Mapping[str, Any]
    now: datetime

    @property
    def appointment(self) -> Appointment:
        """The appointment as it is stored."""
        return self.stored.appointment

    @cached_property
    def method(self) -> str:
        """The method; of a mail to an answering address that says none, what it looks like."""
        if self.message.method or self.thread is None:
            return self.message.method
        answers = any(says_something(each) for e in self.message.events for each in e.attendees)
        return REPLY if answers else ""

    @cached_property
    def own_thread(self) -> MailThread | None:
        """The thread of who answers, whether or not it was found by its token."""
        if self.thread is not None:
            return self.thread
        return self.tx.mail_threads.of_recipient(self.stored.id, self.sender.recipient_key)

    # -- which date, and whether there is anything to answer ------------------------------

    def date(self, event: MessageEvent, key: int | str) -> tuple[datetime | None, Reason | None]:
        """Return which date an event means, None for the whole, and what is wrong with it."""
        appointment = self.appointment
        if event.with_later:
            return None, Reason.LATER_DATES
        if event.original is not None:
            original = original_in(appointment, event.original)
            if original is None:
                return None, Reason.UNKNOWN_DATE
            is_single = appointment.recurrence is None and not appointment.occurrences
            return None if is_single else original, None
        if appointment.participant(key) is not None:
            return None, None
        own = [date.original for date in appointment.occurrences if date.participant(key)]
        if len(own) > 1:
            return None, Reason.WHICH_DATE
        return (own[0], None) if own else (None, Reason.NOT_TAKING_PART)

    def standing(
        self, original: datetime | None, details: Details, key: int | str
    ) -> Reason | None:
        """Return why there is nothing to answer: it is off, it is over, or he is not asked."""
        if details.participant(key) is None:
            return Reason.NOT_TAKING_PART
        is_off = State.CANCELLED in (details.state, self.appointment.state)
        if is_off or self.stored.trashed_at is not None:
            return Reason.CANCELLED
        return Reason.OVER if self._is_over(original, details) else None

    def _is_over(self, original: datetime | None, details: Details) -> bool:
        if original is None and self.appointment.recurrence is not None:
            stops_at = time_index(self.appointment, now=self.now).stops_at
            return stops_at is not None and stops_at <= self.now
        return details.span.ends_at <= self.now

    # -- what is kept ---------------------------------------------------------------------

    def proposal(self, heard: Sequence[Heard]) -> dict[str, Any]:
        """Return the time that a COUNTER proposes, of several dates the first one.

        One in no year that anybody plans for is none: not every clock goes that far.
        """
        for each in heard if self.method == COUNTER else ():
            start, end = each.event.start, each.event.end
            if start is None:
                continue
            span = details_at(self.appointment, each.answer.original).span
            begin = wall_in(start, span.zone)
            until = wall_in(end, span.zone) if end is not None else shifted(begin, span.duration)
            if not {begin.year, until.year} <= _YEARS:
                continue
            return {
                "original": each.answer.original.isoformat() if each.answer.original else "",
                "start": begin.isoformat(),
                "end": max(begin, until).isoformat(),
                "zone": span.zone,
                "all_day": start.is_date,
                "comment": each.answer.comment,
            }
        return {}

    def queued(self, reason: str) -> Finding:
        """Leave it to people, with all that was read."""
        respondent = self.sender.match.respondent
        heard = [
            Heard(event, self._answer_read(event, line))
            for event in self.message.events
            for line in event.attendees
            if respondent is None or line.address == respondent.address
            if says_something(line)
        ]
        return self.found(Result.QUEUED, reason, heard, self.proposal(heard), is_open=True)

    def _answer_read(self, event: MessageEvent, line: Respondent) -> Answer:
        written = event.original
        return Answer(
            original=original_in(self.appointment, written) if written is not None else None,
            presence=line.presence,
            comment=line.comment,
            sequence=event.sequence,
            stamp=event.stamp,
        )

    def found(
        self,
        result: Result,
        reason: str,
        heard: Sequence[Heard] = (),
        proposal: Mapping[str, Any] | None = None,
        *,
        is_open: bool = False,
    ) -> Finding:
        """Return what was made of it, with the evidence."""
        respondent = self.sender.match.respondent
        evidence = {**self.about, "match": self.sender.match.reason.value}
        if respondent is not None:
            evidence |= {
                "attendee": respondent.address,
                "name": respondent.name,
                "sent_by": respondent.sent_by,
                "delegates": list(respondent.delegates),
            }
        evidence["answers"] = [_kept(each) for each in heard[:_MOST_KEPT]]
        return Finding(
            result=result,
            reason=reason,
            is_open=is_open,
            appointment_id=self.stored.id,
            recipient_key=self.sender.recipient_key,
            evidence=evidence,
            proposal=proposal or {},
        )


def says_something(line: Respondent) -> bool:
    """Tell whether an ATTENDEE line says more than that it was read."""
    return line.is_delegated or line.presence is not Presence.NEEDS_ACTION


def original_in(appointment: Appointment, original: Original) -> datetime | None:
    """Return which date of an appointment is meant, None if it has no such date.

    A day stands for the date on that day, also where dates have times: some programs write
    nothing but days.
    """
    wall = original.wall_in(appointment.span.zone)
    if appointment.span.all_day:
        wall = wall.replace(hour=0, minute=0, second=0)
    elif original.is_date:
        differing = (date.original for date in appointment.occurrences)
        usual = datetime.combine(wall.date(), appointment.span.start.time())
        wall = next((each for each in differing if each.date() == wall.date()), usual)
    if appointment.occurrence(wall) is not None or occurs_at(appointment, wall):
        return wall
    return None


def wall_in(moment: Moment, zone: str) -> datetime:
    """Return a moment on the clock of the appointment; what has no zone is on it already."""
    return moment.wall if moment.is_date or moment.is_floating else Clock.wall(moment, zone)


def _kept(heard: Heard) -> dict[str, Any]:
    answer = heard.answer
    return {
        "original": answer.original.isoformat() if answer.original else "",
        "presence": answer.presence.value,
        "comment": answer.comment[:LONGEST_KEPT],
        "sequence": answer.sequence,
        "stamp": answer.stamp.isoformat() if answer.stamp else "",
        "problem": heard.problem.value if heard.problem else "",
    }

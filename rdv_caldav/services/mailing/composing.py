"""Composing a queued message: what one recipient reads, and what his program is told.

It is done when the message is about to be sent, so that it says what holds then, and once: what
is sent again after a fault is what was sent before.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import islice

from rdv_caldav.db.contacts import Contact
from rdv_caldav.db.mail_threads import MailThread, participant_key
from rdv_caldav.db.outbox import OutboxMessage
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Person
from rdv_caldav.domain.appointment import Presence, Span, State
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.domain.mail_templates import (
    LANGUAGES,
    MailTemplate,
    Medium,
    Occasion,
    RenderedMessage,
)
from rdv_caldav.domain.mailing import CANCEL, NOTICE, REMINDER, REQUEST
from rdv_caldav.ical.recurrence import time_index
from rdv_caldav.mail.html import (
    AnswerBlock,
    answer_block,
    inlined,
    may_answer_by,
    with_answer_block,
)
from rdv_caldav.mail.message import OutgoingMail, build, may_unsubscribe_by, new_message_id
from rdv_caldav.mail.variables import Facts
from rdv_caldav.services import mail_templates
from rdv_caldav.services.appointment_mails import MESSAGE
from rdv_caldav.services.mailing import calendar_part, relevance, telling, threads
from rdv_caldav.services.mailing.relevance import Case, Reason
from rdv_caldav.services.template_filling import TEST, facts_for, filled, page_link

_WRITTEN = frozenset({MESSAGE, TEST})
_ANSWERED = frozenset({REQUEST, REMINDER})
_ANSWER_LINK = re.compile(r"\{\{-?\s*lien_reponse\b")
_LONGEST_PROBLEM = 500
MOST_DATES = 10
"""Dates of a series that are written out."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """What is sent.

    ``made`` returns it as bytes: a mail, or the text of a text message in UTF-8. It takes longer
    than all the rest, needs no transaction, and raises InvalidInput for what can never be sent:
    an address that is none. ``sequence`` is the SEQUENCE that it says, ``problem`` what is wrong
    with the agency's template, where the shipped one had to be taken.
    """

    made: Callable[[], bytes]
    message_id: str = ""
    sequence: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Skip:
    """A message that is not sent, and why."""

    reason: Reason


def compose(tx: Transaction, message: OutboxMessage, now: datetime) -> Composed | Skip:
    """Return what is sent for a queued message; ``now`` is aware.

    What an invitation says is kept in its thread, see
    :func:`rdv_caldav.services.mailing.telling.was_sent`. Raises InvalidInput for a domain of the
    agency that is none.
    """
    case = _case(tx, message, now)
    return case if isinstance(case, Skip) else _Composer(tx, case).composed()


def still_stands(tx: Transaction, message: OutboxMessage, now: datetime) -> Skip | None:
    """Return why a message that was composed is not sent after all, None where it is.

    For one that certainly never left; see :data:`rdv_caldav.db.outbox.UNSURE`.
    """
    case = _case(tx, message, now)
    return case if isinstance(case, Skip) else None


def _case(tx: Transaction, message: OutboxMessage, now: datetime) -> Case | Skip:
    case = relevance.case_of(tx, message, now)
    if case is None:
        return Skip(Reason.GONE)
    is_stopped = bool(tx.mail_threads.stopped([message.recipient]))
    reason = relevance.reason_to_skip(case, is_stopped=is_stopped)
    return case if reason is None else Skip(reason)


def sender_of(tx: Transaction, message: OutboxMessage) -> str:
    """Return the address that a mail is from, to which bounces go, too."""
    settings = tx.agency.settings()
    if message.method == NOTICE or not message.recipient_key:
        return settings.scheduling_address
    thread = tx.mail_threads.of_recipient(message.appointment_id, message.recipient_key)
    return threads.answer_address(thread, settings) if thread else settings.scheduling_address


class _Composer:
    """One message under way."""

    def __init__(self, tx: Transaction, case: Case) -> None:
        self.tx, self.case = tx, case
        self.settings = tx.agency.settings()
        key = case.message.recipient_key
        who = participant_key(key) if key else ""
        person_id = who if isinstance(who, int) else 0
        self.persons = tx.people.by_ids({person_id, *case.stored.appointment.all_person_ids})
        self.person: Person | None = self.persons.get(person_id)
        self.contact: Contact | None = tx.contacts.of({person_id}).get(person_id)
        self.has_account = bool(self.person and tx.accounts.ids_of_persons([person_id]))
        self._answers_itself = False

    @property
    def language(self) -> str:
        """The recipient's language, or the agency's."""
        chosen = self.contact.language if self.contact is not None else ""
        found = chosen or self.settings.language
        return found if found in LANGUAGES else LANGUAGES[0]

    @property
    def name(self) -> str:
        """How the recipient is called: empty for a guest without a name."""
        return self.person.name if self.person is not None else self.case.message.recipient_name

    def composed(self) -> Composed:
        """Return what is sent."""
        message, thread = self.case.message, self._thread()
        if message.medium == Medium.SMS:
            rendered, problem = self._rendered(thread, Medium.SMS)
            text, sequence = rendered.text.strip(), self._sequence(None)
            return Composed(made=text.encode, sequence=sequence, problem=problem)
        if message.method in _WRITTEN:
            rendered, problem = self._written(), ""
        else:
            rendered, problem = self._rendered(thread, Medium.MAIL)
        sequence = self._sequence(thread)
        sender = threads.answer_address(thread, self.settings) if thread else ""
        sender = sender or self.settings.scheduling_address
        message_id = new_message_id(
            sender.rpartition("@")[2], key=threads.message_key(self.tx, message.id)
        )
        calendar = self._calendar(thread, sequence) if thread else ""
        link = "" if self._answers_itself else self._answer_link(thread)
        mail = OutgoingMail(
            sender=sender,
            sender_name=self.settings.name,
            recipient=message.recipient,
            recipient_name=self.name,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            calendar=calendar,
            method=message.method if calendar else "",
            message_id=message_id,
            references=_references(thread),
            date=self.case.now.astimezone(UTC),
            language=self.language,
            unsubscribe=self._unsubscribe(thread),
            automatic=message.method != MESSAGE,
        )
        self._remember(thread, sequence, message_id)
        return Composed(
            made=partial(_built, mail, link),
            message_id=message_id,
            sequence=sequence,
            problem=problem[:_LONGEST_PROBLEM],
        )

    def _thread(self) -> MailThread | None:
        """Return the thread that the mail belongs to: it is one that can be answered."""
        message = self.case.message
        if message.method == NOTICE or not message.recipient_key:
            return None
        known = self.case.thread
        if known is None:
            return threads.open_thread(
                self.tx,
                message.appointment_id,
                message.recipient_key,
                message.recipient,
                self.case.now,
            )
        if known.sequence >= 0 and message.medium == Medium.MAIL:
            return threads.for_reader_at(self.tx, known, message.recipient)
        return known

    def _written(self) -> RenderedMessage:
        message = self.case.message
        return RenderedMessage(subject=message.subject, text=message.body, html=message.html)

    # -- words ----------------------------------------------------------------------------

    def _occasion(self) -> Occasion:
        case = self.case
        method = case.message.method
        if method == REMINDER:
            return Occasion.REMINDER
        if method == CANCEL or (method == NOTICE and self._notice_cancels()):
            return Occasion.CANCELLATION
        if method == NOTICE:
            is_known = any(each.method == NOTICE and each.sent_at for each in case.written)
        else:
            # who is invited once more is not told of a change that there is not
            appointment, original = case.stored.appointment, case.message.original
            is_known = case.was_invited and telling.is_news(
                case.thread, original, appointment, case.details
            )
        return Occasion.UPDATE if is_known else Occasion.INVITATION

    def _notice_cancels(self) -> bool:
        return self.case.is_cancelled or self.case.participant is None

    def _rendered(self, thread: MailThread | None, medium: Medium) -> tuple[RenderedMessage, str]:
        template = mail_templates.standard(self.tx, self._occasion(), self.language, medium)
        self._answers_itself = _shows_answer_link(template)
        return filled(template, self._facts(thread))

    def _facts(self, thread: MailThread | None) -> Facts:
        case, settings = self.case, self.settings
        details = case.details
        told = telling.told_of(thread, case.message.original)
        if case.message.method == CANCEL and told is not None:
            # what is cancelled is what he knows of
            details = replace(details, span=told.span, location=told.location, subject=told.subject)
        facts = facts_for(
            self.tx,
            settings,
            case.stored.appointment,
            details,
            self.persons,
            person=self.person,
            name=self.name,
            link=page_link(case.stored.id, settings) if self.has_account else "",
            names_others=settings.all_named_in_mails or case.message.method == NOTICE,
        )
        own, dates = case.participant, self._dates()
        facts = replace(
            facts,
            dates=dates[:MOST_DATES],
            has_more_dates=len(dates) > MOST_DATES,
            presence=own.presence if own is not None else Presence.NEEDS_ACTION,
        )
        if told is None:
            return replace(facts, answer_link=self._answer_link(thread))
        old_span = told.span.on_clock_of(settings.time_zone)
        return replace(
            facts,
            answer_link=self._answer_link(thread),
            old_span=old_span if old_span != facts.span else None,
            old_location=told.location if told.location != details.location else "",
        )

    def _dates(self) -> tuple[Span, ...]:
        """Return the next dates on which he is expected, of a series that is told as a whole."""
        appointment, message = self.case.stored.appointment, self.case.message
        if appointment.recurrence is None or message.original is not None:
            return ()
        key, now = participant_key(message.recipient_key), self.case.now
        listed = sorted(time_index(appointment, now=now).listed, key=lambda each: each.starts_at)
        coming = (
            relevance.details_at(appointment, each.original)
            for each in listed
            if each.stops_at > now
        )
        spans = (
            details.span.on_clock_of(self.settings.time_zone)
            for details in coming
            if details.participant(key) is not None and details.state is not State.CANCELLED
        )
        return tuple(islice(spans, MOST_DATES + 1))

    # -- answering ------------------------------------------------------------------------

    def _answer_link(self, thread: MailThread | None) -> str:
        if thread is None or self.case.message.method not in _ANSWERED:
            return ""
        link = threads.answer_link(self.tx, thread, self.settings)
        # one answers by the mail program, too: nobody goes without a mail for a wrong setting
        return link if may_answer_by(link) else ""

    def _unsubscribe(self, thread: MailThread | None) -> str:
        if thread is None or self.case.message.method in _WRITTEN:
            return ""
        link = threads.stop_link(self.tx, thread, self.settings)
        return link if may_unsubscribe_by(link) else ""

    # -- what programs read ---------------------------------------------------------------

    def _sequence(self, thread: MailThread | None) -> int:
        """Return the SEQUENCE: in mails it grows on each (RFC 5546 §2.1.4)."""
        sequence = self.case.stored.appointment.sequence
        if thread is None or self.case.message.method not in (REQUEST, CANCEL):
            return sequence
        return max(sequence, thread.sequence + 1)

    def _calendar(self, thread: MailThread, sequence: int) -> str:
        if self.case.message.method not in (REQUEST, CANCEL):
            return ""
        reader = calendar_part.Reader(
            name=self.name,
            person=self.person,
            has_account=self.has_account,
            language=self.language,
        )
        return calendar_part.calendar_for(
            self.case, thread, reader, self.persons, self.settings, sequence=sequence
        )

    def _remember(self, thread: MailThread | None, sequence: int, message_id: str) -> None:
        case = self.case
        if thread is None:
            return
        if case.message.method == REQUEST:
            telling.about_to_tell(
                self.tx,
                thread,
                case.message,
                case.stored.appointment,
                case.details,
                sequence=sequence,
                message_id=message_id,
                covers=max((each.id for each in case.written), default=case.message.id),
            )
        elif case.message.method == CANCEL:
            telling.about_to_cancel(
                self.tx, thread, case.message, sequence=sequence, message_id=message_id
            )


def _shows_answer_link(template: MailTemplate) -> bool:
    return any(_ANSWER_LINK.search(text) for text in template.fields.values())


def _built(mail: OutgoingMail, answer_link: str) -> bytes:
    """Return a mail as bytes, with its styles written into it and where to answer at its end."""
    block = answer_block(answer_link, mail.language) if answer_link else None
    page = _page(mail.html, block)
    text = f"{mail.text.rstrip()}\n\n{block.text}" if block else mail.text
    images = block.images if block and page else ()
    return build(replace(mail, text=text, html=page, images=images))


def _page(html: str, block: AnswerBlock | None) -> str:
    """Return the page of a mail; none where it cannot be sent: the text says the same."""
    if not html:
        return ""
    try:
        return inlined(with_answer_block(html, block) if block else html)
    except InvalidInput as error:
        log.warning("a mail goes without its page: %s", error)
        return ""


def _references(thread: MailThread | None) -> tuple[str, ...]:
    """Return the first and the last mail of a thread: what programs thread by."""
    if thread is None:
        return ()
    return tuple(
        dict.fromkeys(each for each in (thread.first_message_id, thread.last_message_id) if each)
    )

"""Sending what waits in the outbox: claim, compose, send, note; in a thread or by a command.

Nothing is sent within a transaction. A message is claimed and composed in one, made into bytes
that another keeps, sent, and its fate noted in a third: whoever dies between leaves a message
that is sent again after a while, with the same bytes and the same Message-ID. Several workers
share the outbox, on any number of machines.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event

from rdv_caldav.db.outbox import (
    FAILED,
    RETRY,
    SENDING,
    SENT,
    SKIPPED,
    UNSENT,
    UNSURE,
    OutboxMessage,
)
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import InvalidInput, LostRace
from rdv_caldav.domain.mail_templates import Medium
from rdv_caldav.ical.delivery_status import GIVEN_UP, NO_WAY
from rdv_caldav.mail.delivery import Deferred, NotAccepted, Refused, Unsure
from rdv_caldav.services.mailing import composing, telling
from rdv_caldav.services.mailing.book import Book
from rdv_caldav.services.mailing.composing import Composed, Skip
from rdv_caldav.services.mailing.delivering import Carriers, Delivery, opened
from rdv_caldav.services.mailing.readdressing import readdressed
from rdv_caldav.services.mailing.relevance import Reason
from rdv_caldav.services.mailing.reminding import queue_reminders
from rdv_caldav.services.mailing.undelivered import note_undelivered

LEASE = timedelta(minutes=30)
"""How long a worker has for one message: servers may take ten minutes for its text, and ten to
think about it (RFC 5321 §4.5.3.2)."""

DELAYS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
HOURLY = timedelta(hours=1)
MOST_ATTEMPTS = 51
"""After a minute, five, a quarter of an hour, then one an hour: given up after two days."""

PAUSE = timedelta(minutes=1)
"""How long nothing is tried with a server that takes nothing from us."""

POLL = 5.0
"""Seconds between looks into the outbox."""

MOST_RACES = 5
"""How often the fate of a message is written again where another writer was first."""

_SECONDS_AFTER_FAULT = 30.0
_LONGEST_PROBLEM = 500

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCount:
    """What became of the messages of one run; ``problem`` is why it ended early, if it did."""

    sent: int = 0
    postponed: int = 0
    failed: int = 0
    skipped: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parcel:
    """A composed message under way; ``note`` is what is wrong with it though it is sent."""

    message: OutboxMessage
    raw: bytes
    sender: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Draft:
    """A claimed message that is still to be made."""

    message: OutboxMessage
    composed: Composed
    sender: str


class MailWorker:
    """Sends what is due."""

    def __init__(self, book: Book) -> None:
        """Work on a book, by the carriers that its settings name. Raises InvalidInput."""
        self._book = book
        self._carriers = Carriers.of(book.settings)
        self._reminded_at: datetime | None = None

    @property
    def media(self) -> tuple[str, ...]:
        """What can be sent: without a mail server no mails, without a gateway no SMS."""
        return self._carriers.media

    def run(self, stop: Event) -> None:
        """Send what is due until ``stop`` is set; a fault is logged and tried again."""
        if not self.media:
            return
        while not stop.is_set():
            wait = POLL
            try:
                self.remind()
                count = self.send_due(stop)
                if count.problem:
                    log.warning("sending pauses: %s", count.problem)
                    wait = PAUSE.total_seconds()
            except Exception:
                # a thread that ends would leave the outbox to itself without a word
                log.exception("sending failed; it goes on in a moment")
                wait = _SECONDS_AFTER_FAULT
            stop.wait(wait)

    def remind(self) -> int:
        """Queue the reminders that are due, once a minute at most; return how many."""
        now = self._book.clock()
        last = self._reminded_at
        if last is not None and now - last < timedelta(minutes=1):
            return 0
        self._reminded_at = now
        try:
            with self._book.database.writing() as tx:
                return queue_reminders(tx, now)
        except LostRace:
            return 0  # another worker does it

    def send_due(self, stop: Event | None = None) -> SentCount:
        """Send what is due now, as far as the servers take it.

        With a server that wants to hear nothing from us the run is over: its messages wait, and
        the attempt does not count.
        """
        count, media = SentCount(), set(self.media)
        with opened(self._carriers) as delivery:
            while not (stop is not None and stop.is_set()) and self._is_any_due(media):
                try:
                    taken = self._take(media)
                except LostRace:
                    continue  # another worker was first: at what it made, or at the message
                if taken is None:
                    break
                if isinstance(taken, _Parcel):
                    message = taken.message
                    try:
                        taken = self._sent(taken, delivery)
                    except NotAccepted as error:
                        media.discard(message.medium)
                        count = replace(count, problem=str(error))
                        taken = self._pause(message, error)
                count = _counted(count, taken.status)
        return count

    def _is_any_due(self, media: Collection[str]) -> bool:
        if not media:
            return False
        with self._book.database.reading() as tx:
            if not tx.agency.settings().module_enabled:
                return False
            return tx.outbox.is_any_due(now=self._book.clock(), media=media)

    # -- claiming and composing -----------------------------------------------------------

    def _take(self, media: Collection[str]) -> _Parcel | OutboxMessage | None:
        """Return the next message composed; one that was closed or put off; None without any."""
        claimed: OutboxMessage | None = None
        try:
            with self._book.database.writing() as tx:
                now = self._book.clock()
                claimed = tx.outbox.claim(now=now, until=now + LEASE, media=media)
                taken = None if claimed is None else self._composed(tx, claimed, now)
            # nobody has to wait while a mail is made
            return self._made(taken) if isinstance(taken, _Draft) else taken
        except LostRace:
            raise
        except InvalidInput as error:
            assert claimed is not None
            return self._give_up(claimed, str(error))
        except Exception:
            if claimed is None:
                raise
            # it must not stand in the way of all the others for ever
            log.exception("message %s could not be composed", claimed.id)
            return self._put_off(claimed, "it could not be composed, see the log")

    def _composed(
        self, tx: Transaction, message: OutboxMessage, now: datetime
    ) -> _Parcel | _Draft | OutboxMessage:
        """Return what is sent: as it was made before, or as it is to be made."""
        raw = tx.outbox.raw(message.id)
        is_unsure = raw is not None and message.problem.startswith(UNSURE)
        if not is_unsure:
            addressed = readdressed(tx, message)
            if addressed is None:
                return _skipped(tx, message, Skip(Reason.UNREACHABLE))
            raw = raw if addressed == message else None
            message = addressed
        if raw is None:
            composed = composing.compose(tx, message, now)
            if isinstance(composed, Skip):
                return _skipped(tx, message, composed)
            message = replace(message, message_id=composed.message_id)
            return _Draft(message, composed, composing.sender_of(tx, message))
        if not is_unsure:
            skip = composing.still_stands(tx, message, now)
            if skip is not None:
                return _skipped(tx, message, skip)
        return _Parcel(message=message, raw=raw, sender=composing.sender_of(tx, message))

    def _made(self, draft: _Draft) -> _Parcel | OutboxMessage:
        """Make a mail and keep it, to be the same at each attempt, before it is sent."""
        message, composed = draft.message, draft.composed
        raw = composed.made()
        if message.medium == Medium.MAIL:
            raw = self._carriers.signed(raw)
        kept = []

        def keep(tx: Transaction) -> None:
            if _is_ours(tx, message):
                tx.outbox.keep_raw(message.id, raw, message.message_id, sequence=composed.sequence)
                kept.append(raw)

        self._write(keep)
        if not kept:
            return replace(message, status=RETRY)
        return _Parcel(message=message, raw=raw, sender=draft.sender, note=composed.problem)

    # -- sending --------------------------------------------------------------------------

    def _sent(self, parcel: _Parcel, delivery: Delivery) -> OutboxMessage:
        """Send a composed message and return it with what became of it. Raises NotAccepted."""
        message = parcel.message
        try:
            if message.medium == Medium.SMS:
                delivery.text_message(parcel.raw.decode(), number=message.recipient)
            else:
                delivery.mail(parcel.raw, sender=parcel.sender, recipient=message.recipient)
        except Deferred as error:
            return self._put_off(message, str(error))
        except Unsure as error:
            return self._put_off(message, str(error), is_unsure=True)
        except (Refused, InvalidInput) as error:
            return self._give_up(message, str(error))
        now = self._book.clock()

        def note(tx: Transaction) -> None:
            tx.outbox.close(message.id, SENT, now=now, problem=parcel.note)
            telling.was_sent(tx, message)

        self._write(note)
        return replace(message, status=SENT)

    def _pause(self, message: OutboxMessage, error: NotAccepted) -> OutboxMessage:
        due = self._book.clock() + PAUSE
        problem = _problem(message, str(error), is_unsure=False)
        self._postpone(message, due, problem, attempts=message.attempts - 1)
        return replace(message, status=RETRY)

    def _put_off(
        self, message: OutboxMessage, problem: str, *, is_unsure: bool = False
    ) -> OutboxMessage:
        attempts = message.attempts
        if attempts >= MOST_ATTEMPTS:
            return self._give_up(message, problem, status=GIVEN_UP)
        delay = DELAYS[attempts - 1] if attempts <= len(DELAYS) else HOURLY
        problem = _problem(message, problem, is_unsure=is_unsure)
        due = self._book.clock() + delay
        self._postpone(message, due, problem, attempts=attempts)
        return replace(message, status=RETRY)

    def _postpone(
        self, message: OutboxMessage, due: datetime, problem: str, *, attempts: int
    ) -> None:
        def note(tx: Transaction) -> None:
            if _is_ours(tx, message):
                tx.outbox.postpone(message.id, due, problem=problem, attempts=attempts)

        self._write(note)

    def _give_up(
        self, message: OutboxMessage, problem: str, *, status: str = NO_WAY
    ) -> OutboxMessage:
        """Close a message for good, and tell so where its appointment is seen."""
        problem, now = problem[:_LONGEST_PROBLEM], self._book.clock()

        def note(tx: Transaction) -> None:
            if _is_ours(tx, message):
                note_undelivered(tx, message, fate=FAILED, problem=problem, status=status, now=now)

        self._write(note)
        return replace(message, status=FAILED)

    def _write(self, note: Callable[[Transaction], None]) -> None:
        """Note the fate of a message, which is known by us alone: another writer may be first."""
        for left in reversed(range(MOST_RACES)):
            try:
                with self._book.database.writing() as tx:
                    note(tx)
            except LostRace:
                if not left:
                    raise
            else:
                return


def _is_ours(tx: Transaction, message: OutboxMessage) -> bool:
    """Tell whether nobody else took a message whose time with us was over.

    What another worker made of it stands: it may be sent. That we sent it is always said.
    """
    now = tx.outbox.get(message.id)
    if now is None or now.status not in UNSENT:
        return False
    # what could not be composed was never claimed, as far as the database knows
    return now.attempts == message.attempts - (now.status != SENDING)


def _skipped(tx: Transaction, message: OutboxMessage, skip: Skip) -> OutboxMessage:
    tx.outbox.close(message.id, SKIPPED, problem=skip.reason.value)
    return replace(message, status=SKIPPED)


def _problem(message: OutboxMessage, problem: str, *, is_unsure: bool) -> str:
    """Return what is kept of a failure: what was perhaps sent once stays so."""
    was_unsure = message.problem.startswith(UNSURE)
    text = f"{UNSURE}: {problem}" if is_unsure or was_unsure else problem
    return text[:_LONGEST_PROBLEM]


def _counted(count: SentCount, status: str) -> SentCount:
    return SentCount(
        sent=count.sent + (status == SENT),
        postponed=count.postponed + (status == RETRY),
        failed=count.failed + (status == FAILED),
        skipped=count.skipped + (status == SKIPPED),
        problem=count.problem,
    )

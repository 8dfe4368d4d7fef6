"""Mails that come in: each is taken once, and ends in the journal with an outcome and a reason.

Where they come from (a mailbox, LMTP, a pipe) makes no difference. What a mail asks for and its
row in the journal are one transaction: whatever is wrong, the mail stays where it was.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rdv_caldav.db.received_mails import Arrival
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.errors import LostRace
from rdv_caldav.mail.incoming import Automatic, ReceivedMail, read_mail
from rdv_caldav.mail.received_parts import Fault
from rdv_caldav.services.mailing.attribution import place_of
from rdv_caldav.services.mailing.book import Book
from rdv_caldav.services.mailing.bounces import take_bounce
from rdv_caldav.services.mailing.calendar_answers import take_calendars
from rdv_caldav.services.mailing.outcomes import Finding, Outcome, Reason, Result
from rdv_caldav.services.mailing.threads import token_of

KEPT_OCTETS = 1_000_000
"""Of a mail that somebody has to look at, so much is kept to be looked at."""

KEPT_OF_STRANGERS = 100_000
"""So much of one that is about no appointment that is known."""

MOST_OPEN_OF_ONE = 50
"""Mails that wait for somebody, by one sender, or one participant of one appointment."""

MOST_OPEN_OF_STRANGERS = 1_000
"""Mails that wait for somebody and are about no appointment: whoever writes to the address."""

TRIES = 3
log = logging.getLogger(__name__)


def apply_answer(book: Book, raw: bytes, *, source: str, envelope: Sequence[str] = ()) -> Outcome:
    """Take a mail: do what it asks for where that is clear, and keep what became of it.

    ``source`` is the way it came (``imap``, ``lmtp``, ``pipe``), ``envelope`` the recipients
    that the mail server named. A mail that was taken before changes nothing. Raises LostRace
    where other writers were first again and again; nothing is written when it raises.
    """
    names = re.split(r"[\s,]+", book.settings.authserv_id.strip())
    mail = read_mail(raw, authserv_ids=tuple(filter(None, names)))
    named = (address.strip().strip("<>").lower() for address in envelope)
    mail = replace(mail, recipients=tuple(dict.fromkeys((*named, *mail.recipients))))
    arrived = _Arrived(mail=mail, raw=raw, source=source, fingerprint=fingerprint_of(mail))
    for left in reversed(range(TRIES)):
        try:
            with book.database.writing() as tx:
                outcome = _taken(tx, arrived, now=book.clock())
        except LostRace:
            if not left:
                raise
        else:
            log.info("a mail by %s: %s (%s)", source, outcome.result, outcome.reason)
            return outcome
    raise AssertionError("the last try returns or raises")


@dataclass(frozen=True, slots=True)
class _Arrived:
    mail: ReceivedMail
    raw: bytes
    source: str
    fingerprint: str


def fingerprint_of(mail: ReceivedMail) -> str:
    """Return by what a mail is known again: headers that servers add make no difference."""
    digest = hashlib.sha256()
    named: tuple[str, ...] = (mail.message_id,)
    if not mail.message_id:
        # the same words to somebody else, or another day, are another mail
        day = mail.date.isoformat() if mail.date else ""
        named = (day, mail.subject, *sorted(filter(None, map(token_of, mail.recipients))))
    for part in (*named, mail.sender, *mail.calendars, mail.text):
        octets = part.encode(errors="surrogatepass")
        digest.update(b"%d:" % len(octets) + octets)
    return digest.hexdigest()


def _taken(tx: Transaction, arrived: _Arrived, *, now: datetime) -> Outcome:
    mail, settings = arrived.mail, tx.agency.settings()
    tx.received_mails.lock(arrived.fingerprint)
    known = tx.received_mails.known(arrived.fingerprint)
    if known is None:
        finding = _bounded(tx, mail, _finding(tx, mail, settings, now))
    else:
        finding = Finding(
            result=Result.DUPLICATE,
            reason=Reason.KNOWN,
            appointment_id=known.appointment_id,
            recipient_key=known.recipient_key,
            evidence={"first": known.id},
        )
    row = Arrival(
        source=arrived.source,
        fingerprint=arrived.fingerprint,
        message_id=mail.message_id,
        sender=mail.sender,
        sender_name=mail.sender_name,
        subject=mail.subject,
        size=mail.size,
        outcome=finding.result.value,
        reason=finding.reason,
        evidence={
            **finding.evidence,
            "reply_to": mail.reply_to,
            "faults": sorted(each.value for each in mail.faults),
        },
        appointment_id=finding.appointment_id,
        recipient_key=finding.recipient_key,
        text="" if known is not None else mail.text,
        proposal=finding.proposal,
        is_open=finding.is_open,
    )
    most = KEPT_OF_STRANGERS if finding.appointment_id is None else KEPT_OCTETS
    raw = arrived.raw[:most] if finding.is_open else None
    return Outcome(
        mail=tx.received_mails.add(row, raw=raw, now=now),
        result=finding.result,
        reason=str(finding.reason),
        # what came before still lies where it lay: both copies go the same way
        is_open=finding.is_open or (known is not None and known.is_open),
        appointment_id=finding.appointment_id,
        recipient_key=finding.recipient_key,
    )


def _finding(
    tx: Transaction, mail: ReceivedMail, settings: AgencySettings, now: datetime
) -> Finding:
    if mail.bounce is not None and not mail.calendars:
        return take_bounce(tx, mail, mail.bounce, now=now)
    if _is_own(mail, settings):
        return Finding(result=Result.IGNORED, reason=Reason.OWN_MAIL)
    if mail.calendars:
        return take_calendars(tx, mail, settings, now=now)
    place = place_of(tx, mail)
    result, reason, is_open = _without_calendar(mail, is_placed=place.appointment_id is not None)
    return Finding(
        result=result,
        reason=reason,
        is_open=is_open,
        appointment_id=place.appointment_id,
        recipient_key=place.recipient_key,
        evidence={"by": place.by, "dmarc": mail.dmarc.value},
    )


def _bounded(tx: Transaction, mail: ReceivedMail, finding: Finding) -> Finding:
    """Keep the queue of mails that people look at as long as people can look through."""
    if not finding.is_open:
        return finding
    if finding.appointment_id is not None:
        waiting = tx.received_mails.open_of_one(finding.appointment_id, finding.recipient_key)
        is_full = waiting >= MOST_OPEN_OF_ONE
    else:
        all_of_them, of_sender = tx.received_mails.open_without_place(mail.sender)
        is_full = of_sender >= MOST_OPEN_OF_ONE or all_of_them >= MOST_OPEN_OF_STRANGERS
    if not is_full:
        return finding
    return replace(finding, result=Result.IGNORED, reason=Reason.TOO_MANY, is_open=False)


def _is_own(mail: ReceivedMail, settings: AgencySettings) -> bool:
    """Tell whether it is from an address that only we write from."""
    is_agency = mail.sender == settings.scheduling_address.lower()
    return is_agency or token_of(mail.sender) is not None


def _without_calendar(mail: ReceivedMail, *, is_placed: bool) -> tuple[Result, Reason, bool]:
    """Say what becomes of words: people read them, as long as a person wrote them."""
    if mail.automatic is Automatic.AUTO_REPLY:
        return Result.AUTO_REPLY, Reason.AWAY, False
    for is_so, reason in (
        (mail.has_tnef, Reason.TNEF),
        (mail.has_archive, Reason.ARCHIVE),
        (Fault.ENCRYPTED in mail.faults, Reason.ENCRYPTED),
        (Fault.TOO_MUCH_CALENDAR in mail.faults, Reason.UNREADABLE),
    ):
        if is_so:
            return Result.QUEUED, reason, True
    if mail.automatic is Automatic.AUTO_GENERATED:
        return Result.IGNORED, Reason.AUTOMATIC, False
    if not (mail.text.strip() or mail.subject.strip() or is_placed):
        return Result.IGNORED, Reason.EMPTY, False
    return Result.QUEUED, Reason.PROSE, True

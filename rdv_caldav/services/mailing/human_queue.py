"""The page *Réponses*: mails that came in, and what people make of those that need them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from rdv_caldav.db.mail_reading import ListedMail, MailFilter, MailPlace
from rdv_caldav.db.mail_threads import participant_key, recipient_key
from rdv_caldav.db.received_mails import ReceivedMail
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Presence, Span
from rdv_caldav.domain.control import ControlFilter, ControlQuery, ControlRow
from rdv_caldav.domain.errors import DomainError, EditRefused, NotAParticipant, UnknownObject
from rdv_caldav.domain.events import MailHandled
from rdv_caldav.domain.replies import Answer
from rdv_caldav.services import access, appointments, control
from rdv_caldav.services.access import Actor
from rdv_caldav.services.appointment_pages import AppointmentPage, open_page
from rdv_caldav.services.appointments import GivenAnswer
from rdv_caldav.services.audit import record_change, record_events
from rdv_caldav.services.mailing import answer_order
from rdv_caldav.services.mailing.mail_listing import MailPage, paged, scope_for
from rdv_caldav.services.mailing.outcomes import Result

MOST_CANDIDATES = 12
"""Dates that are offered to attribute a mail to."""

LOOKED_BACK = timedelta(days=30)
LONGEST_COMMENT = 2000


class Handling(StrEnum):
    """What somebody made of a mail: the reason of the journal from then on."""

    ASSIGNED = "assigned"
    DISMISSED = "dismissed"
    ACCEPTED = "accepted"
    """The time that was proposed, or one that was agreed on, was saved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRead:
    """What a mail says of one date of a series, or of the whole (``original`` None)."""

    original: datetime | None
    presence: Presence | None
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedMail:
    """A mail, and what it seems to be about.

    ``page`` is the rendez-vous, where the actor may edit it, at the date that is meant;
    ``key`` who seems to answer it, ``presence`` and ``comment`` what he seems to say.
    ``proposed`` is the time that he proposes, on the clock of the rendez-vous. ``answers`` are all
    that were read, the first of which is the one above.
    """

    mail: ReceivedMail
    page: AppointmentPage | None
    key: int | str | None
    presence: Presence | None
    comment: str
    proposed: Span | None
    answers: Sequence[AnswerRead] = ()


def mails(
    tx: Transaction, actor: Actor, wanted: MailFilter, place: MailPlace | None
) -> MailPage[ListedMail]:
    """Return mails that the actor may see. Raises AccessRefused, ModuleOff.

    Those of no rendez-vous are for who sees all secteurs.
    """
    scope = scope_for(tx, actor)
    return paged(
        lambda size: tx.mail_reading.received(wanted, scope, place, size=size),
        lambda each: each.mail.id,
        place,
    )


def open_count(tx: Transaction, actor: Actor) -> int:
    """Return how many mails wait for somebody like the actor. Raises AccessRefused, ModuleOff."""
    return tx.mail_reading.open_count(scope_for(tx, actor))


def open_mail(tx: Transaction, actor: Actor, mail_id: int) -> OpenedMail:
    """Return a mail. Raises UnknownObject alike for what is hidden and what is not there."""
    mail = _seen(tx, actor, mail_id)
    key = participant_key(mail.recipient_key) if mail.recipient_key else None
    answers = [_answer_read(each) for each in mail.evidence.get("answers") or ()]
    first = answers[0] if answers else AnswerRead(original=None, presence=None, comment="")
    original = first.original or _moment(mail.proposal.get("original"))
    page = _page(tx, actor, mail.appointment_id, original)
    return OpenedMail(
        mail=mail,
        page=page,
        key=key if page is not None and page.details.participant(key or 0) else None,
        presence=first.presence,
        comment=first.comment or str(mail.proposal.get("comment") or ""),
        proposed=_proposed(mail),
        answers=answers,
    )


def _answer_read(kept: Mapping[str, Any]) -> AnswerRead:
    presence = kept.get("presence", "")
    return AnswerRead(
        original=_moment(kept.get("original")),
        presence=Presence(presence) if presence in list(Presence) else None,
        comment=str(kept.get("comment") or ""),
    )


def raw_mail(tx: Transaction, actor: Actor, mail_id: int) -> bytes | None:
    """Return a mail as it came, as far as it is kept: as long as it is open.

    Raises UnknownObject.
    """
    return tx.received_mails.raw(_seen(tx, actor, mail_id).id)


def place_asked(
    tx: Transaction,
    actor: Actor,
    opened: OpenedMail,
    appointment_id: int,
    original: datetime | None,
) -> OpenedMail:
    """Return a mail as it would be attributed to another rendez-vous, or another date.

    Raises UnknownObject, EditRefused, UnknownOccurrence.
    """
    page = open_page(tx, actor, appointment_id, original=original)
    if not page.may_edit:
        raise EditRefused("this account may not answer for others here")
    key = opened.key
    if key is None or page.details.participant(key) is None:
        key = _sender_among(page, opened.mail)
    return replace(opened, page=page, key=key)


def candidates(
    tx: Transaction, actor: Actor, mail: ReceivedMail, words: str, *, now: datetime
) -> Sequence[ControlRow]:
    """Return dates that a mail may be about: by ``words``, else by who sent it, else by its title.

    Those that are to come first. Raises ModuleOff.
    """
    since = ControlFilter(first_day=(now - LOOKED_BACK).date())
    if words.strip():
        return _found(tx, actor, replace(since, text=words), now)
    settings = tx.agency.settings()
    address = mail.sender
    persons = {
        person.id
        for person in tx.people.directory(settings, addresses=[address] if address else [])
        if address in person.addresses and access.may_see_calendar(actor, person)
    }
    if persons:
        found = _found(tx, actor, replace(since, participants=frozenset(persons)), now)
        if found:
            return found
    summary = str(mail.evidence.get("summary") or "").strip()
    return _found(tx, actor, replace(since, text=summary), now) if summary else []


def assign(
    tx: Transaction,
    actor: Actor,
    mail_id: int,
    *,
    appointment_id: int,
    original: datetime | None,
    key: int | str,
    presence: Presence | None,
    comment: str,
    now: datetime,
) -> bool:
    """Take a mail for what a participant says; ``presence`` None leaves his answer as it is.

    False where somebody else handled it meanwhile: then nothing is written. Raises UnknownObject,
    EditRefused, NotAParticipant, UnknownOccurrence.
    """
    mail = _seen(tx, actor, mail_id)
    page = open_page(tx, actor, appointment_id, original=original)
    if not page.may_edit:
        raise EditRefused("this account may not answer for others here")
    own = page.details.participant(key)
    if own is None:
        raise NotAParticipant("the mail is taken for somebody who does not take part")
    if not _closed(tx, actor, mail, Result.APPLIED, Handling.ASSIGNED, (page.id, key), now=now):
        return False
    comment = comment.strip()[:LONGEST_COMMENT]
    if presence is not None or comment:
        is_same = presence is None or presence is own.presence
        given = GivenAnswer(
            presence=presence or own.presence,
            original=original,
            comment=comment or (None if is_same else ""),
        )
        appointments.record_answers(tx, actor, page.id, key, [given], now=now)
        _remember(tx, mail, page.id, key, given, now=now)
    return True


def dismiss(tx: Transaction, actor: Actor, mail_id: int, *, now: datetime) -> bool:
    """Leave a mail at that: there is nothing to do, or it was done otherwise.

    False where somebody else handled it meanwhile. Raises UnknownObject.
    """
    mail = _seen(tx, actor, mail_id)
    result = Result.IGNORED if mail.outcome == Result.QUEUED else Result(mail.outcome)
    return _closed(tx, actor, mail, result, Handling.DISMISSED, None, now=now)


def settle(tx: Transaction, actor: Actor, mail_id: int, page_id: int, *, now: datetime) -> bool:
    """Note that the time of a rendez-vous was saved as a mail about it proposed, or otherwise.

    False where there is no such mail, or somebody handled it meanwhile.
    """
    mail = tx.received_mails.get(mail_id)
    if mail is None or mail.appointment_id != page_id or not mail.proposal:
        return False
    return _closed(tx, actor, mail, Result(mail.outcome), Handling.ACCEPTED, None, now=now)


def _closed(
    tx: Transaction,
    actor: Actor,
    mail: ReceivedMail,
    result: Result,
    handling: Handling,
    taken_for: tuple[int, int | str] | None,
    *,
    now: datetime,
) -> bool:
    """Close a mail that is open, with its entry in the journal; ``taken_for`` whom and where."""
    appointment_id = taken_for[0] if taken_for else mail.appointment_id
    done = tx.received_mails.close(
        mail.id,
        outcome=result,
        reason=handling,
        login=actor.account.login,
        now=now,
        appointment_id=appointment_id,
        recipient_key=recipient_key(taken_for[1]) if taken_for else mail.recipient_key,
    )
    if not done:
        return False
    told = {"sender": mail.sender, "subject": mail.subject, "handling": handling.value}
    if appointment_id is None:
        record_change(tx, actor, "MailHandled", told, now=now)
    else:
        event = MailHandled(original=None, **told)
        record_events(tx, actor, [event], appointment_id=appointment_id, now=now)
    return True


def _remember(
    tx: Transaction,
    mail: ReceivedMail,
    appointment_id: int,
    key: int | str,
    given: GivenAnswer,
    *,
    now: datetime,
) -> None:
    """Let no mail count that he wrote before this one and that comes later."""
    thread = tx.mail_threads.of_recipient(appointment_id, recipient_key(key))
    if thread is not None:
        answer = Answer(original=given.original, presence=given.presence, stamp=mail.received_at)
        answer_order.remember(tx, thread, [answer], now=now)


def _seen(tx: Transaction, actor: Actor, mail_id: int) -> ReceivedMail:
    scope = scope_for(tx, actor)
    mail = tx.received_mails.get(mail_id)
    is_seen = mail is not None and (
        scope.everybody
        or (mail.appointment_id is not None and tx.mail_reading.sees(mail.appointment_id, scope))
    )
    if mail is None or not is_seen:
        raise UnknownObject(f"no mail {mail_id} for this account")
    return mail


def _page(
    tx: Transaction, actor: Actor, appointment_id: int | None, original: datetime | None
) -> AppointmentPage | None:
    if appointment_id is None:
        return None
    for each in dict.fromkeys((original, None)):
        try:
            page = open_page(tx, actor, appointment_id, original=each)
        except DomainError:
            # the date is none any more, or nobody of the agency takes part
            continue
        return page if page.may_edit else None
    return None


def _sender_among(page: AppointmentPage, mail: ReceivedMail) -> int | str | None:
    addresses = {mail.sender, str(mail.evidence.get("attendee") or "")} - {""}
    for participant in page.details.participants:
        person = page.persons.get(participant.person_id or 0)
        if addresses & set(person.addresses if person else (participant.address,)):
            return participant.key
    return None


def _found(
    tx: Transaction, actor: Actor, wanted: ControlFilter, now: datetime
) -> Sequence[ControlRow]:
    rows = control.page(tx, actor, ControlQuery(filter=wanted), size=4 * MOST_CANDIDATES).rows
    coming = sorted((row for row in rows if row.span.ends_at > now), key=_start)
    over = sorted((row for row in rows if row.span.ends_at <= now), key=_start, reverse=True)
    return (coming + over)[:MOST_CANDIDATES]


def _start(row: ControlRow) -> datetime:
    return row.span.starts_at


def _moment(written: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(written)) if written else None
    except ValueError:
        return None


def _proposed(mail: ReceivedMail) -> Span | None:
    start, end = _moment(mail.proposal.get("start")), _moment(mail.proposal.get("end"))
    if start is None or end is None or end < start:
        return None
    all_day = bool(mail.proposal.get("all_day"))
    return Span(start=start, end=end, zone=str(mail.proposal["zone"]), all_day=all_day)

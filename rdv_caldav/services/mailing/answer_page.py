"""What the link in a mail opens: the rendez-vous as its recipient knows it, and his answer.

Reading changes nothing, since programs that check mails follow every link. Who holds the link is
its recipient; he acts with the rights of nobody, or of his own account where he has one.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice

from rdv_caldav.db.appointments import Stored
from rdv_caldav.db.mail_threads import MailThread
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings, Person
from rdv_caldav.domain.appointment import (
    Appointment,
    Details,
    Participant,
    Presence,
    Span,
    State,
)
from rdv_caldav.domain.errors import InvalidInput, ModuleOff, PreconditionFailed, UnknownObject
from rdv_caldav.domain.mail_templates import LANGUAGES
from rdv_caldav.domain.replies import Answer
from rdv_caldav.ical.recurrence import time_index
from rdv_caldav.services import appointments
from rdv_caldav.services.access import outside_actor
from rdv_caldav.services.appointments import GivenAnswer
from rdv_caldav.services.audit import record_change
from rdv_caldav.services.mailing import answer_order, telling, threads
from rdv_caldav.services.mailing.calendar_part import Reader, own_copy
from rdv_caldav.services.mailing.relevance import details_at

DEVICE = "lien"
LONGEST_COMMENT = 500
MOST_DATES = 20
"""Dates of a series that the page lists, the next ones."""

ANSWERS = (Presence.ACCEPTED, Presence.TENTATIVE, Presence.DECLINED)


class Standing(StrEnum):
    """Whether something can be answered, and if not, why."""

    OPEN = "open"
    OVER = "over"
    CANCELLED = "cancelled"
    NOT_INVITED = "not-invited"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerItem:
    """The whole, or one date of a series, as the recipient answers it.

    ``original`` names the date as in :class:`rdv_caldav.domain.appointment.Occurrence`.
    ``span`` is when it takes place, by the agency's clock as in mails, ``before`` when it was said
    to be in the last mail, where that was another time.
    ``seen`` goes with the answer: it tells what was answered.
    """

    original: datetime | None
    details: Details
    span: Span
    own: Participant | None
    standing: Standing
    before: Span | None
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPage:
    """All that the page shows.

    ``whole`` is the appointment or the series, ``dates`` the next dates of a series in which the
    recipient takes part. ``language`` is the one chosen for him, empty where none was.
    """

    agency: str
    language: str
    agency_language: str
    is_stopped: bool
    is_series: bool
    whole: AnswerItem
    dates: tuple[AnswerItem, ...]
    goes_on: bool
    all_cancelled: bool

    @property
    def standing(self) -> Standing:
        """Whether anything can be answered at all."""
        every = [self.whole.standing, *(date.standing for date in self.dates)]
        if Standing.OPEN in every:
            return Standing.OPEN
        if self.all_cancelled:
            return Standing.CANCELLED
        others = (each for each in every if each is not Standing.NOT_INVITED)
        return next(others, Standing.NOT_INVITED)


def open_page(tx: Transaction, signed: str, *, now: datetime) -> AnswerPage:
    """Return what a link shows; ``now`` is aware.

    Raises UnknownObject for what is no link of ours, LinkRevoked for one that was replaced, and
    ModuleOff.
    """
    thread, stored, settings = _opened(tx, signed)
    return _page(tx, thread, stored, settings, now=now)


def answer(
    tx: Transaction,
    signed: str,
    presence: Presence,
    *,
    comment: str | None = None,
    original: datetime | None = None,
    seen: str = "",
    now: datetime,
) -> None:
    """Record an answer to the whole or to a date; ``comment`` None leaves the one there is.

    Raises what :func:`open_page` does, InvalidInput for a comment that is too long,
    PreconditionFailed where it is no longer what was ``seen``, or cannot be answered any more.
    """
    said = None if comment is None else tidied(comment)
    if presence not in ANSWERS or len(said or "") > LONGEST_COMMENT:
        raise InvalidInput("the answer cannot be kept")
    thread = threads.thread_of_link(tx, signed)
    if tx.appointments.lock(thread.appointment_id) is None:
        raise UnknownObject("what the link was about is gone")
    # a mail of the same guest may have been taken while the lock was waited for
    thread, stored, settings = _opened(tx, signed)
    item = _asked(_page(tx, thread, stored, settings, now=now), original)
    if item.standing is not Standing.OPEN or item.seen != seen:
        raise PreconditionFailed("what is answered is not what was shown")
    key = thread.participant_key
    appointments.record_answers(
        tx,
        outside_actor(tx, key, device=DEVICE),
        stored.id,
        key,
        [GivenAnswer(presence=presence, original=original, comment=said)],
        now=now,
    )
    kept = Answer(original=original, presence=presence, comment=said or "", stamp=now)
    answer_order.remember(tx, thread, [kept], now=now)


def tidied(comment: str) -> str:
    """Return a comment as it is kept: without what no line of text holds."""
    text = unicodedata.normalize("NFC", comment.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) != "Cc").strip()


def calendar_file(tx: Transaction, signed: str, *, now: datetime) -> str:
    """Return the rendez-vous for one's own calendar, by the UID that later invitations have.

    Raises what :func:`open_page` does, and UnknownObject where there is nothing to come.
    """
    thread, stored, settings = _opened(tx, signed)
    page = _page(tx, thread, stored, settings, now=now)
    if page.standing is not Standing.OPEN:
        raise UnknownObject("there is nothing to put into a calendar")
    persons = tx.people.by_ids({thread.person_id or 0, *stored.appointment.all_person_ids})
    person = persons.get(thread.person_id or 0)
    reader = Reader(
        name=_name(stored.appointment, thread, person),
        person=person,
        has_account=bool(person and tx.accounts.login_of(person.id)),
        language=page.language or page.agency_language,
    )
    takes_part = stored.appointment.participant(thread.participant_key) is not None
    originals = () if takes_part else tuple(d.original for d in page.dates if d.original)
    return own_copy(stored, thread, reader, persons, settings, dates=originals, now=now)


# -- mails ---------------------------------------------------------------------------------


def stop_mails(tx: Transaction, signed: str, *, stop: bool = True, now: datetime) -> None:
    """Write no more mails to the address of a link, or write them again.

    A link that was replaced still stops them: so does that of an old mail. Raises UnknownObject.
    """
    thread = threads.thread_of_link(tx, signed, even_revoked=True)
    if stop is bool(tx.mail_threads.stopped([thread.address])):
        return
    if stop:
        tx.mail_threads.stop(thread.address, now=now)
    else:
        tx.mail_threads.resume(thread.address)
    record_change(
        tx,
        outside_actor(tx, thread.participant_key, device=DEVICE),
        "MailsStopped" if stop else "MailsResumed",
        {"address": thread.address, "person": thread.person_id},
        now=now,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MailChoice:
    """Whether an address takes mails, and in which language it is asked."""

    address: str
    is_stopped: bool
    agency: str
    language: str
    agency_language: str


def mail_choice(tx: Transaction, signed: str) -> MailChoice:
    """Return whether the recipient of a link takes mails. Raises UnknownObject."""
    thread = threads.thread_of_link(tx, signed, even_revoked=True)
    settings = tx.agency.settings()
    return MailChoice(
        address=thread.address,
        is_stopped=bool(tx.mail_threads.stopped([thread.address])),
        agency=settings.name,
        language=_language(tx, thread),
        agency_language=_spoken(settings.language),
    )


# -- what the page is made of --------------------------------------------------------------


def _opened(tx: Transaction, signed: str) -> tuple[MailThread, Stored, AgencySettings]:
    thread = threads.thread_of_link(tx, signed)
    settings = tx.agency.settings()
    if not settings.module_enabled:
        raise ModuleOff("the module Rendez-vous is switched off")
    stored = tx.appointments.get(thread.appointment_id)
    if stored is None:
        raise UnknownObject("what the link was about is gone")
    return thread, stored, settings


def _page(
    tx: Transaction,
    thread: MailThread,
    stored: Stored,
    settings: AgencySettings,
    *,
    now: datetime,
) -> AnswerPage:
    appointment = stored.appointment
    is_off = appointment.state is State.CANCELLED or stored.trashed_at is not None
    is_series = appointment.recurrence is not None or bool(appointment.occurrences)
    dates, goes_on = _dates_to_come(appointment, thread, now) if is_series else ([], False)
    zone = settings.time_zone
    items = [_item(appointment, thread, date, zone, is_off=is_off, now=now) for date in dates]
    whole = _item(appointment, thread, None, zone, is_off=is_off, now=now, has_dates=bool(items))
    return AnswerPage(
        agency=settings.name,
        language=_language(tx, thread),
        agency_language=_spoken(settings.language),
        is_stopped=bool(tx.mail_threads.stopped([thread.address])),
        is_series=is_series,
        whole=whole,
        dates=tuple(items[:MOST_DATES]),
        goes_on=goes_on or len(items) > MOST_DATES,
        all_cancelled=is_off,
    )


def _dates_to_come(
    appointment: Appointment, thread: MailThread, now: datetime
) -> tuple[list[datetime], bool]:
    """Return the dates of a series in which somebody takes part, and whether it has later ones."""
    index = time_index(appointment, now=now)
    starts = {date.original: date.starts_at for date in index.listed if date.stops_at > now}
    if appointment.recurrence is None:
        starts = {
            date.original: date.span.starts_at
            for date in appointment.occurrences
            if date.span.ends_at > now
        }
    own = (
        original
        for original in sorted(starts, key=lambda each: starts[each])
        if details_at(appointment, original).participant(thread.participant_key) is not None
    )
    return list(islice(own, MOST_DATES + 1)), index.indexed_until is not None


def _item(
    appointment: Appointment,
    thread: MailThread,
    original: datetime | None,
    zone: str,
    *,
    is_off: bool,
    now: datetime,
    has_dates: bool = False,
) -> AnswerItem:
    details = details_at(appointment, original)
    own = details.participant(thread.participant_key)
    is_series = original is None and appointment.recurrence is not None
    if own is None:
        standing = Standing.NOT_INVITED
    elif is_off or details.state is State.CANCELLED:
        standing = Standing.CANCELLED
    elif not has_dates if is_series else details.span.ends_at <= now:
        standing = Standing.OVER
    else:
        standing = Standing.OPEN
    told = telling.told_of(thread, original)
    rules = appointment.recurrence if is_series else None
    return AnswerItem(
        original=original,
        details=details,
        span=details.span.on_clock_of(zone),
        own=own,
        standing=standing,
        before=told.span.on_clock_of(zone) if told and told.span != details.span else None,
        seen=_fingerprint(details.span, details.location, rules),
    )


def _asked(page: AnswerPage, original: datetime | None) -> AnswerItem:
    every = (page.whole, *page.dates)
    found = next((each for each in every if each.original == original), None)
    if found is None:
        raise PreconditionFailed("the date is none that can be answered any more")
    return found


def _fingerprint(*said: object) -> str:
    return hashlib.sha256(repr(said).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _language(tx: Transaction, thread: MailThread) -> str:
    """Return the language that the fiche of a person asks for, empty without one."""
    if thread.person_id is None:
        return ""
    contact = tx.contacts.of({thread.person_id}).get(thread.person_id)
    chosen = contact.language if contact is not None else ""
    return chosen if chosen in LANGUAGES else ""


def _spoken(language: str) -> str:
    return language if language in LANGUAGES else LANGUAGES[0]


def _name(appointment: Appointment, thread: MailThread, person: Person | None) -> str:
    if person is not None:
        return person.name
    every: tuple[Details, ...] = (appointment, *appointment.occurrences)
    found = (details.participant(thread.participant_key) for details in every)
    return next((own.name for own in found if own is not None), "")

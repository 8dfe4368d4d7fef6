"""The calendar of an invitation or a cancellation, as its recipient may read it (rule 10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rdv_caldav.db.appointments import Stored
from rdv_caldav.db.mail_threads import MailThread
from rdv_caldav.domain.agency import AgencySettings, Person
from rdv_caldav.domain.appointment import Appointment, Details, Participant, Presence, State
from rdv_caldav.domain.directory import placeholder_address
from rdv_caldav.domain.inbox import Method
from rdv_caldav.domain.mailing import CANCEL
from rdv_caldav.domain.parts import Part
from rdv_caldav.ical.imip import Addressed, Attendee, mailed
from rdv_caldav.ical.parts import shown
from rdv_caldav.services.mailing import threads
from rdv_caldav.services.mailing.relevance import Case
from rdv_caldav.services.template_filling import may_read_notes

_UNTITLED = {"fr": "Rendez-vous", "en": "Appointment"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads it: a person of the agency, or a guest where ``person`` is None."""

    name: str
    person: Person | None
    has_account: bool
    language: str


def calendar_for(
    case: Case,
    thread: MailThread,
    reader: Reader,
    persons: Mapping[int, Person],
    settings: AgencySettings,
    *,
    sequence: int,
) -> str:
    """Return the calendar of a REQUEST or a CANCEL; ``persons`` take part, by id."""
    appointment, original = case.stored.appointment, case.message.original
    recipient = case.message.recipient
    addressed = _addressed(appointment, thread, reader, persons, settings, recipient=recipient)
    return mailed(
        _text(case, thread),
        Method(case.message.method),
        zone=appointment.span.zone,
        stamp=case.now.astimezone(UTC),
        sequence=sequence,
        dates=() if original is None else (original,),
        addressed=addressed,
    )


def own_copy(
    stored: Stored,
    thread: MailThread,
    reader: Reader,
    persons: Mapping[int, Person],
    settings: AgencySettings,
    *,
    dates: Sequence[datetime] = (),
    now: datetime,
) -> str:
    """Return what a recipient may keep in a calendar: an object, and no message about it.

    Its number is that of the last mail, so that the next one replaces it. ``dates`` are those of
    a series that he is expected on, where that is not the whole.
    """
    appointment = stored.appointment
    recipient = thread.address
    text = mailed(
        stored.text if dates else _for_guest(stored, thread),
        Method.REQUEST,
        zone=appointment.span.zone,
        stamp=now.astimezone(UTC),
        sequence=max(appointment.sequence, thread.sequence),
        dates=dates,
        addressed=_addressed(appointment, thread, reader, persons, settings, recipient=recipient),
    )
    return text.replace("METHOD:REQUEST\r\n", "", 1)


def _addressed(
    appointment: Appointment,
    thread: MailThread,
    reader: Reader,
    persons: Mapping[int, Person],
    settings: AgencySettings,
    *,
    recipient: str,
) -> Addressed:
    """Return who writes to whom, and how much he is told."""
    every: tuple[Details, ...] = (appointment, *appointment.occurrences)
    presences: dict[str, Presence] = {}
    others: dict[str, tuple[Attendee, ...]] = {}
    for details in every:
        own = details.participant(thread.participant_key)
        if own is not None:
            presences[_key(details)] = own.presence
        if settings.all_named_in_mails:
            named = _others(details, thread.participant_key, persons, settings)
            others[_key(details)] = tuple(named)
    return Addressed(
        organizer=threads.answer_address(thread, settings),
        organizer_name=settings.name,
        recipient=recipient,
        recipient_name=reader.name,
        untitled=_UNTITLED[reader.language],
        presences=presences,
        others=others,
        with_notes=may_read_notes(reader.person, settings),
        with_link=reader.has_account,
    )


def _text(case: Case, thread: MailThread) -> str:
    """Return the text that it is made of.

    That from before the change for who is not in the new one. Of a series, what its guest is not
    expected on is left out of it, and so are dates that do not take place.
    """
    message = case.message
    if message.method == CANCEL:
        return message.object_text or case.stored.text
    return case.stored.text if message.original is not None else _for_guest(case.stored, thread)


def _for_guest(stored: Stored, thread: MailThread) -> str:
    """Return the whole without the dates of a series that its guest is not expected on."""
    appointment = stored.appointment
    if appointment.recurrence is None:
        return stored.text
    without = tuple(
        date.original
        for date in appointment.occurrences
        if date.participant(thread.participant_key) is None or date.state is State.CANCELLED
    )
    if not without:
        return stored.text
    return shown(stored.text, appointment, Part(person_id=0, without=without))[0]


def _key(details: Details) -> str:
    original = getattr(details, "original", None)
    return original.isoformat() if original is not None else ""


def _others(
    details: Details,
    recipient: int | str,
    persons: Mapping[int, Person],
    settings: AgencySettings,
) -> list[Attendee]:
    """Return who else takes part, by names and addresses at which nothing ever arrives."""
    return [
        Attendee(
            address=_address_of(participant, number, persons, settings),
            name=_name_of(participant, persons),
            presence=participant.presence,
            is_owner=participant.is_owner,
        )
        for number, participant in enumerate(details.participants, 1)
        if participant.key != recipient
    ]


def _address_of(
    participant: Participant,
    number: int,
    persons: Mapping[int, Person],
    settings: AgencySettings,
) -> str:
    person = persons.get(participant.person_id or 0)
    if person is not None:
        return placeholder_address(person, settings)
    return f"invite-{number}@{settings.placeholder_domain}"


def _name_of(participant: Participant, persons: Mapping[int, Person]) -> str:
    person = persons.get(participant.person_id or 0)
    name = person.name if person is not None else participant.name
    # some programs write the address there
    return "" if "@" in name else name

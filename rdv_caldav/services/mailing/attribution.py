"""Whose a mail is: by the address that it was sent to, what it answers, or the UID it names.

The decision itself is :func:`rdv_caldav.domain.replies.who_answers`; here it gets its facts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from rdv_caldav.db.mail_threads import MailThread, recipient_key
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings, Person
from rdv_caldav.domain.appointment import Appointment
from rdv_caldav.domain.directory import placeholder_address
from rdv_caldav.domain.replies import Match, Respondent, who_answers
from rdv_caldav.ical.itip_reading import SchedulingMessage
from rdv_caldav.mail.incoming import ReceivedMail
from rdv_caldav.services.mailing.threads import token_of

TOKEN, UID, REFERENCE = "token", "uid", "reference"
_MOST_LOOKED_UP = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a mail belongs, as far as can be said, and ``by`` what that is known."""

    by: str = ""
    appointment_id: int | None = None
    recipient_key: str = ""


def thread_by_token(tx: Transaction, recipients: Iterable[str], uid: str = "") -> MailThread | None:
    """Return the thread whose answering address a mail was sent to.

    Of several it is that of the appointment ``uid``, else the first: recipients are in the order
    of how far they are to be believed.
    """
    tokens = list(dict.fromkeys(filter(None, map(token_of, recipients))))[:_MOST_LOOKED_UP]
    found = [thread for token in tokens if (thread := tx.mail_threads.by_token(token)) is not None]
    if len(found) > 1 and uid:
        meant = tx.appointments.id_of_uid(uid)
        found.sort(key=lambda thread: thread.appointment_id != meant)
    return found[0] if found else None


def place_of(tx: Transaction, mail: ReceivedMail) -> Place:
    """Return where a mail without a calendar belongs: it answers one of ours."""
    thread = thread_by_token(tx, mail.recipients)
    if thread is not None:
        return Place(
            by=TOKEN, appointment_id=thread.appointment_id, recipient_key=thread.recipient_key
        )
    for message_id in (mail.in_reply_to, *mail.references[::-1])[:_MOST_LOOKED_UP]:
        message = tx.outbox.with_message_id(message_id) if message_id else None
        if message is not None:
            return Place(
                by=REFERENCE,
                appointment_id=message.appointment_id,
                recipient_key=message.recipient_key,
            )
    return Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whose answer a message is; ``key`` is the participant, or would be if somebody agrees."""

    match: Match
    key: int | str | None

    @property
    def recipient_key(self) -> str:
        """The key of his thread."""
        return "" if self.key is None else recipient_key(self.key)


def sender_of(
    tx: Transaction,
    mail: ReceivedMail,
    message: SchedulingMessage,
    *,
    appointment: Appointment,
    thread: MailThread | None,
    settings: AgencySettings,
) -> Sender:
    """Say who of an appointment's participants answers; ``thread`` is that of the token.

    Whoever has a fiche is known to be somebody else than the guest whose address was used.
    """
    respondents = respondents_of(message)
    named = [mail.sender, *(each.address for each in respondents[:_MOST_LOOKED_UP])]
    persons = {
        person.id: person
        for person in tx.people.directory(
            settings,
            addresses={each for each in named if each},
            person_ids=appointment.all_person_ids,
        )
    }
    holders = _holders(appointment, persons, settings)
    guest: Collection[str] = ()
    if thread is None:
        others = [address for addresses in holders.values() for address in addresses]
    else:
        key = thread.participant_key
        guest = {*holders.pop(key, ()), *_own_addresses(key, persons, settings), thread.address}
        strangers = (p for p in persons.values() if p.id not in holders and p.id != key)
        others = [address for addresses in holders.values() for address in addresses]
        others += [address for person in strangers for address in person.addresses]
    match = who_answers(
        respondents,
        guest=guest,
        others=others,
        sender=mail.sender,
        authentication=mail.dmarc,
    )
    if thread is not None:
        return Sender(match=match, key=thread.participant_key)
    address = match.respondent.address if match.respondent is not None else ""
    keys = [key for key, addresses in holders.items() if address in addresses]
    return Sender(match=match, key=keys[0] if len(keys) == 1 else None)


def respondents_of(message: SchedulingMessage) -> Sequence[Respondent]:
    """Return who is named in any event of a message, each once."""
    found: dict[str, Respondent] = {}
    for event in message.events:
        for attendee in event.attendees:
            found.setdefault(attendee.address, attendee)
    return tuple(found.values())


def _holders(
    appointment: Appointment, persons: dict[int, Person], settings: AgencySettings
) -> dict[int | str, Collection[str]]:
    """Return the addresses of each participant of the whole or of any date, without repetition."""
    holders: defaultdict[int | str, dict[str, None]] = defaultdict(dict)
    for details in (appointment, *appointment.occurrences):
        for participant in details.participants:
            for address in _own_addresses(participant.key, persons, settings):
                holders[participant.key][address] = None
    return dict(holders)


def _own_addresses(
    key: int | str, persons: dict[int, Person], settings: AgencySettings
) -> Sequence[str]:
    if isinstance(key, str):
        return (key,)
    person = persons.get(key)
    return (*person.addresses, placeholder_address(person, settings)) if person else ()

"""A guest who has a fiche now, or a person who is a guest again: the same recipient as before.

Programs name people by addresses. Once somebody with a guest's address has a fiche, the next
object that arrives makes a person of the guest: one leaves, and another comes. To who reads his
mails nothing happened, and a cancellation would keep him from coming.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from rdv_caldav.db.mail_threads import recipient_key
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Person
from rdv_caldav.domain.appointment import Appointment, Participant
from rdv_caldav.domain.events import Event, ParticipantAdded, ParticipantRemoved
from rdv_caldav.domain.mailing import CANCEL, REQUEST, Message, is_update


def handed_over(
    tx: Transaction, happened: Sequence[Event], appointment_id: int, appointment: Appointment
) -> Mapping[int | str, int | str]:
    """Let who only changed his key keep his mails, and return the new keys by the old ones."""
    gone = [each.participant for each in happened if isinstance(each, ParticipantRemoved)]
    come = [each.participant for each in happened if isinstance(each, ParticipantAdded)]
    if not any(_is_guest(old) is not _is_guest(new) for old in gone for new in come):
        return {}
    ids = {each.person_id for each in (*gone, *come) if each.person_id is not None}
    keys = _same(gone, come, tx.people.by_ids(ids))
    for old, new in keys.items():
        if old not in _all_keys(appointment):
            tx.mail_threads.hand_over(
                appointment_id,
                recipient_key(old),
                recipient_key(new),
                person_id=new if isinstance(new, int) else None,
            )
    return keys


def without_exchanges(
    messages: Iterable[Message], keys: Mapping[int | str, int | str], happened: Sequence[Event]
) -> list[Message]:
    """Leave out that one went and the other came, where that is all there is to tell."""
    new_keys = set(keys.values())
    return [
        each
        for each in messages
        if not (each.method == CANCEL and each.participant.key in keys)
        if not (
            each.method == REQUEST
            and each.participant.key in new_keys
            and not any(is_update(event, each.original) for event in happened)
        )
    ]


def _same(
    gone: Iterable[Participant], come: Collection[Participant], persons: Mapping[int, Person]
) -> dict[int | str, int | str]:
    found: dict[int | str, int | str] = {}
    for old in gone:
        for new in come:
            is_exchanged = _is_guest(old) is not _is_guest(new)
            if is_exchanged and _addresses(old, persons) & _addresses(new, persons):
                found.setdefault(old.key, new.key)
    return found


def _is_guest(participant: Participant) -> bool:
    return participant.person_id is None


def _addresses(participant: Participant, persons: Mapping[int, Person]) -> set[str]:
    person = persons.get(participant.person_id or 0)
    return {participant.address} if person is None else set(person.addresses)


def _all_keys(appointment: Appointment) -> set[int | str]:
    every = (appointment, *appointment.occurrences)
    return {each.key for details in every for each in details.participants}

"""Put messages about a change into the inboxes of those whom it concerns.

A message is a notice about what stands in the reader's own calendar already. Whose inbox is not
switched on gets none, nor does the account that acts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.appointment import Appointment
from rdv_caldav.domain.events import Event
from rdv_caldav.domain.inbox import Method
from rdv_caldav.domain.notices import Notice, is_told_of, notice_for, persons_concerned
from rdv_caldav.domain.parts import part_of
from rdv_caldav.ical import itip
from rdv_caldav.ical.parts import shown
from rdv_caldav.ical.views import View, find_slots, render
from rdv_caldav.services import access, inbox
from rdv_caldav.services.access import Actor, Channel, actor_for


def deliver(
    tx: Transaction,
    actor: Actor,
    happened: Sequence[Event],
    *,
    appointment: Appointment,
    texts: tuple[str, str],
    settings: AgencySettings,
    now: datetime,
) -> None:
    """Put messages about a change where they are wanted; ``now`` is aware.

    Imports tell nothing, nor does anything about an appointment that is over. ``texts`` are the
    objects before and after.
    """
    if actor.channel is Channel.IMPORT or not is_told_of(happened):
        return
    if appointment.recurrence is None and appointment.span.ends_at <= now:
        return
    concerned = persons_concerned(happened, appointment)
    for account_id, login, person_id in tx.inbox.listening(concerned, acting=actor.account.id):
        reader = actor_for(tx, login, channel=actor.channel)
        owner_id = appointment.owner.person_id
        assert owner_id is not None, "check_ownership admits persons only"
        edits = access.may_edit_in_calendar(reader, owner_id, settings)
        notice = notice_for(person_id, happened, appointment, edits=edits)
        if notice is not None:
            notice = _beside_unread(tx, account_id, notice, appointment.uid)
        if notice is None:
            continue
        text = texts[0] if notice.of_before else _own_text(texts[1], notice, appointment, person_id)
        view = _view(reader, appointment, settings, edits=edits)
        inbox.put(
            tx,
            account_id,
            uid=appointment.uid,
            method=notice.method,
            text=_message(tx, notice, text, view, appointment, settings, now),
            now=now,
        )


def _own_text(text: str, notice: Notice, appointment: Appointment, person_id: int) -> str:
    """Return what is told of the whole: without the dates on which the person is not expected.

    Where single dates are told, these are his own already.
    """
    part = None if notice.dates else part_of(appointment, person_id)
    return text if part is None else shown(text, appointment, part)[0]


def _beside_unread(tx: Transaction, account_id: int, notice: Notice, uid: str) -> Notice | None:
    """Return what is told in the place of what lies there unread: one message of a UID at most."""
    if not tx.inbox.lock(account_id).is_on:
        return None
    unread = tx.inbox.of_uid(account_id, uid)
    if unread is None or unread.method is Method.REPLY:
        return notice
    # an answer is no reason to take away an invitation
    return None if notice.method is Method.REPLY else notice.update or notice


def _view(
    reader: Actor, appointment: Appointment, settings: AgencySettings, *, edits: bool
) -> View:
    """Return the reader's eyes, without what his programs keep for themselves."""
    person = reader.person
    assert person is not None, "only accounts of persons are told anything"
    presences = {
        each.original.isoformat(): own.presence
        for each in appointment.occurrences
        if (own := each.participant(person.id)) is not None
    }
    own = appointment.participant(person.id)
    return View(
        organizer_address=person.addresses[0] if edits and person.addresses else None,
        organizer_name=settings.name,
        presences=presences if own is None else {"": own.presence, **presences},
        notes_hidden=access.notes_are_hidden(reader, settings),
        conflicts_hidden=True,
    )


def _message(
    tx: Transaction,
    notice: Notice,
    text: str,
    view: View,
    appointment: Appointment,
    settings: AgencySettings,
    now: datetime,
) -> str:
    zone = appointment.span.zone
    answering = None
    if notice.answering is not None:
        answering = addresses_in_objects(tx, notice.answering, settings)
    return itip.message(
        render(text, find_slots(text, zone=zone), view),
        notice.method,
        zone=zone,
        stamp=now,
        dates=notice.dates,
        attendees=answering,
        sequence=appointment.sequence if notice.method is Method.CANCEL else None,
    )


def addresses_in_objects(
    tx: Transaction, key: int | str, settings: AgencySettings
) -> frozenset[str]:
    """Return the addresses by which an object names a participant."""
    if isinstance(key, str):
        return frozenset({key})
    directory = tx.people.directory(settings, person_ids=[key])
    person = directory.person(key)
    alone = {each for each in person.addresses if directory.find(each) is person}
    return frozenset({directory.address_of(person), *alone})

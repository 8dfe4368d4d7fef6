"""PUT: a client program writes an object into a person's calendar.

Lock what stands there, hold the preconditions, read the object into a draft, settle it
against the old state by what the writer may do, write the new state with all that follows,
and serve what is stored now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from rdv_caldav.db.appointments import Stored
from rdv_caldav.db.member_reading import ObjectRow
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain import merge, rules
from rdv_caldav.domain.answering import settle_answer
from rdv_caldav.domain.appointment import Appointment, Presence
from rdv_caldav.domain.directory import Directory
from rdv_caldav.domain.draft import Draft
from rdv_caldav.domain.errors import AccessRefused, EditRefused, LostRace, UidConflict
from rdv_caldav.domain.events import InvitationAsked
from rdv_caldav.domain.parts import Part, part_of
from rdv_caldav.ical import objects as ical_objects
from rdv_caldav.ical.attendee_lines import OwnLine
from rdv_caldav.ical.contentlines import same_but_stamps, to_crlf
from rdv_caldav.ical.delegation import with_delegations
from rdv_caldav.ical.reader import addresses_in, read
from rdv_caldav.ical.rebasing import rebased
from rdv_caldav.ical.recurrence import occurs_at
from rdv_caldav.ical.scheduling import asked_to_send
from rdv_caldav.ical.views import withdraw_own, withdraw_private
from rdv_caldav.ical.vocabulary import Vocabulary
from rdv_caldav.ical.widening import Widened, part_like, widened
from rdv_caldav.ical.writer import patch
from rdv_caldav.services import access, calendars, reminders
from rdv_caldav.services.access import Actor
from rdv_caldav.services.calendar_objects.standing import (
    UNCONDITIONAL,
    Condition,
    Standing,
    hold,
    lock_at,
    recorder,
)
from rdv_caldav.services.calendars import CalendarObject, Seen
from rdv_caldav.services.recording import Recorded, rewritten

_MOST_LEFT_OUT = 100
"""Dates that an attendee refuses at once by leaving them out: each becomes one of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """The outcome of a PUT.

    ``as_sent`` is false when what is stored differs from what was sent: then the client must
    not be given an ETag, so that it reads the object again (RFC 4791 §5.3.4). ``served`` is
    None when the appointment has left this calendar by the write.
    """

    created: bool
    as_sent: bool
    served: CalendarObject | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Incoming:
    """What was sent: the shared text, what is the account's alone, and what it says.

    ``keeps_answers`` is true when others may have answered since the program read the object.
    ``part`` says which dates of a series were shown, where these were not all; ``whole`` what
    was made of it then.
    """

    text: str
    private: dict[str, str]
    draft: Draft
    whole: Widened
    part: Part | None
    keeps_answers: bool = False


def put_object(
    tx: Transaction,
    actor: Actor,
    slug: str,
    href: str,
    obj: ical_objects.CalendarObject,
    *,
    condition: Condition = UNCONDITIONAL,
    now: datetime,
) -> Put:
    """Write an object into a person's calendar, as far as the actor may; ``now`` is aware.

    Raises UnknownCalendar, PreconditionFailed, UidConflict, AccessRefused and its kin, and
    what only shows against the agency's data of CalendarDataRefused.
    """
    seen = calendars.seen(tx, actor, slug)
    standing = lock_at(tx, seen, href)
    if standing is None:
        condition.check(None)
    else:
        hold(condition, seen, standing)
    if standing is not None and standing.stored.appointment.uid != obj.uid:
        raise UidConflict("another UID stands at this place", href=href)
    shown = None
    if standing is not None:
        zone = standing.stored.appointment.span.zone
        shown = reminders.shown_by_default(tx, seen, href, zone=zone)
    stored = standing.stored if standing else _lock_elsewhere(tx, seen, href, obj.uid)
    incoming = _read(tx, seen, stored, obj)
    if shown is not None:
        shown = {key or incoming.whole.stands_for: lines for key, lines in shown.items()}
    private = incoming.private
    recorded: Recorded | None
    if stored is None:
        recorded = _create(tx, seen, href, incoming, now=now)
        appointment_id = recorded.id
    else:
        arriving_at = None if standing else href
        incoming = replace(incoming, keeps_answers=condition.schedule_tag is not None)
        recorded, private = _change(tx, seen, stored, incoming, arriving_at=arriving_at, now=now)
        appointment_id = stored.id
    before = standing.private if standing else None
    arrives = stored is not None and standing is None
    if arrives:
        before = tx.calendars.overlay(seen.actor.account.id, appointment_id)
    own = reminders.keep(tx, seen, appointment_id, private, before=before, shown=shown)
    row = None
    if recorded is not None and not arrives:
        kept = private if own is not None else before or {}
        row = _row(seen, href, recorded, standing, kept=kept, own=own, now=now)
    served = calendars.as_seen(seen, row) if row else _read_again(tx, seen, href)
    as_sent = served is not None and served.text == obj.text
    return Put(created=standing is None, as_sent=as_sent, served=served)


def _read(
    tx: Transaction, seen: Seen, stored: Stored | None, obj: ical_objects.CalendarObject
) -> _Incoming:
    """Read what was sent: the whole series, where the calendar shows some dates of it only."""
    part, whole = None, Widened(to_crlf(obj.text))
    if stored is not None:
        part = part_of(stored.appointment, seen.person.id)
        if seen.person.id not in stored.appointment.all_person_ids:
            part = part_like(obj.text, stored.text, stored.appointment)
    if stored is not None and part is not None:
        whole = widened(obj.text, stored.text, stored.appointment, part)
        obj = ical_objects.parse(whole.text)
    draft = read(obj, settings=seen.settings, types=tx.agency.types())
    text = whole.text
    moved = _moved(seen, stored, text, draft)
    if moved is not None:
        text = to_crlf(moved)
        draft = read(ical_objects.parse(text), settings=seen.settings, types=tx.agency.types())
    text, private = withdraw_private(text, zone=draft.span.zone)
    return _Incoming(text=text, private=private, draft=draft, whole=whole, part=part)


def _moved(seen: Seen, stored: Stored | None, text: str, draft: Draft) -> str | None:
    """Return a series that an editor moved, its differing dates with it."""
    owner_id = stored.appointment.owner.person_id if stored is not None else None
    if stored is None or owner_id is None:
        return None
    may_edit = access.may_edit_in_calendar(seen.actor, owner_id, seen.settings)
    return rebased(text, draft, stored.appointment) if may_edit else None


def _row(
    seen: Seen,
    href: str,
    recorded: Recorded,
    standing: Standing | None,
    *,
    kept: Mapping[str, str],
    own: int | None,
    now: datetime,
) -> ObjectRow | None:
    """Return what would be read of the calendar now, None where that takes a look.

    ``kept`` are the account's own lines, ``own`` is the number of their change, if there was one.
    """
    appointment = recorded.appointment
    changed = recorded.changed.get(seen.person.id)
    if changed is None or appointment.recurrence is not None:
        return None
    before = standing.outside if standing else None
    settled = changed if recorded.settled or before is None else before.settled
    answer = appointment.participant(seen.actor.person_id) if seen.actor.person_id else None
    owner_id = appointment.owner.person_id
    assert owner_id is not None, "check_ownership admits persons only"
    return ObjectRow(
        appointment_id=recorded.id,
        href=href,
        uid=appointment.uid,
        changed=changed,
        overlay_changed=own or (before.overlay_changed if before else 0),
        owner_id=owner_id,
        starts_at=appointment.span.starts_at,
        stops_at=appointment.span.ends_at,
        updated_at=now.replace(microsecond=0),
        settled=settled,
        text=recorded.text,
        slots=recorded.slots,
        type_code=appointment.type_code,
        private=kept,
        presences={"": answer.presence.value} if answer else {},
    )


def _read_again(tx: Transaction, seen: Seen, href: str) -> CalendarObject | None:
    return next(iter(calendars.objects(tx, seen, hrefs=[href])), None)


def _lock_elsewhere(tx: Transaction, seen: Seen, href: str, uid: str) -> Stored | None:
    """Lock the appointment that has this UID, if it may be put into this calendar too.

    Raises UidConflict when this calendar shows it at another place, AccessRefused when the
    actor has nothing to do with it: nothing is learnt of it then.
    """
    found = tx.appointments.place_of_uid(seen.person.id, uid)
    if found is None:
        return None
    appointment_id, here = found
    if here == href:
        raise LostRace("it came to stand here since we looked")
    if here is not None:
        raise UidConflict("this calendar has the UID at another place", href=here)
    stored = tx.appointments.lock(appointment_id)
    if stored is None or seen.actor.person_id in stored.appointment.all_person_ids:
        return stored
    participants = tx.people.by_ids(stored.appointment.all_person_ids).values()
    if access.may_edit(seen.actor, stored.appointment, participants, seen.settings):
        return stored
    raise AccessRefused("this object cannot be put here")


def _create(
    tx: Transaction, seen: Seen, href: str, incoming: _Incoming, *, now: datetime
) -> Recorded:
    if not seen.may_create:
        raise EditRefused("no new appointments of this account in this calendar")
    directory = _directory(tx, seen, incoming, ())
    draft = incoming.draft
    appointment = merge.settle(draft, None, _circumstances(seen, directory, now))
    text = patch(
        incoming.text,
        appointment,
        _vocabulary(tx, seen, directory),
        said=draft,
        stamp=now,
        own=OwnLine(
            person_id=seen.actor.person_id,
            address=draft.organizer.address if draft.organizer else None,
        ),
    )
    return recorder(tx, seen, now).create_at(appointment, text=text, href=href)


def _change(
    tx: Transaction,
    seen: Seen,
    stored: Stored,
    incoming: _Incoming,
    *,
    arriving_at: str | None,
    now: datetime,
) -> tuple[Recorded | None, dict[str, str]]:
    """Write the next state; return it, and what the account keeps of the object for itself."""
    private = incoming.private
    old = stored.appointment
    directory = _directory(tx, seen, incoming, old.all_person_ids)
    circumstances = replace(
        _circumstances(seen, directory, now),
        keeps_answers=incoming.keeps_answers,
        part=incoming.part,
    )
    words = _vocabulary(tx, seen, directory)
    participants = [directory.person(person_id) for person_id in old.all_person_ids]
    also: list[InvitationAsked] = []
    may_edit = access.may_edit(seen.actor, old, participants, seen.settings)
    if may_edit:
        new = _refused(merge.settle(incoming.draft, old, circumstances), seen, incoming)
        own = OwnLine(person_id=seen.actor.person_id, answers=_presences(old, seen.actor.person_id))
        text = patch(incoming.text, new, words, said=incoming.draft, stamp=now, own=own)
        if new == old and same_but_stamps(text, stored.text):
            text = stored.text
        also = [InvitationAsked(address=address) for address in asked_to_send(incoming.text)]
    elif seen.actor.person_id is not None and seen.actor.person_id in old.all_person_ids:
        new = settle_answer(_on_real_dates(incoming.draft, old), old, circumstances)
        new = _refused(new, seen, incoming)
        text = with_delegations(
            rewritten(stored, new, words, now=now),
            incoming.text,
            words,
            person_id=seen.actor.person_id,
            zone=old.span.zone,
        )
        private = _with_own(seen, stored, incoming)
    else:
        raise EditRefused("neither a participant nor an editor of this appointment")
    if arriving_at is not None:
        tx.calendars.unhide(stored.id, seen.person.id)
    recorded = recorder(tx, seen, now).change(
        stored, new, text=text, href=arriving_at, also=also, only_answers=not may_edit
    )
    return recorded, private


def _refused(new: Appointment, seen: Seen, incoming: _Incoming) -> Appointment:
    """Whoever takes single dates out of a calendar has its person refuse them (rule 7)."""
    for original in incoming.whole.left_out:
        if rules.occurrence_at(new, original).participant(seen.person.id) is not None:
            new = rules.record_presence(new, seen.person.id, Presence.DECLINED, original=original)
    return new


def _presences(appointment: Appointment, person_id: int | None) -> dict[str, Presence]:
    """Return how a person answered, by component key."""
    dates = {each.original.isoformat(): each for each in appointment.occurrences}
    said = {
        key: details.participant(person_id) for key, details in {"": appointment, **dates}.items()
    }
    return {key: each.presence for key, each in said.items() if each is not None}


def _with_own(seen: Seen, stored: Stored, incoming: _Incoming) -> dict[str, str]:
    """Return what an attendee keeps for himself: alarms, and what his program noted."""
    old = stored.appointment
    own = withdraw_own(
        incoming.text,
        stored.text,
        zone=old.span.zone,
        presences=_presences(old, seen.actor.person_id),
    )
    keys = dict.fromkeys((*incoming.private, *own))
    return {key: incoming.private.get(key, "") + own.get(key, "") for key in keys}


def _on_real_dates(draft: Draft, old: Appointment) -> Draft:
    """Leave out the dates that the series does not have: who only answers makes none."""
    kept = tuple(
        occurrence
        for occurrence in draft.occurrences
        if old.occurrence(occurrence.original) or occurs_at(old, occurrence.original)
    )
    recurrence = draft.recurrence
    if recurrence is not None and old.recurrence is not None:
        new = [each for each in recurrence.excluded if each not in old.recurrence.excluded]
        real = [each for each in new[:_MOST_LEFT_OUT] if occurs_at(old, each)]
        recurrence = replace(recurrence, excluded=tuple(real))
    return replace(draft, occurrences=kept, recurrence=recurrence)


def _directory(
    tx: Transaction, seen: Seen, incoming: _Incoming, taking_part: frozenset[int] | tuple[()]
) -> Directory:
    person_ids = {seen.person.id, *taking_part}
    if seen.actor.person_id is not None:
        person_ids.add(seen.actor.person_id)
    return tx.people.directory(
        seen.settings, addresses=addresses_in(incoming.draft), person_ids=person_ids
    )


def _circumstances(seen: Seen, directory: Directory, now: datetime) -> merge.Writing:
    return merge.Writing(
        author=seen.actor.person,
        calendar=seen.person,
        directory=directory,
        settings=seen.settings,
        now=now,
    )


def _vocabulary(tx: Transaction, seen: Seen, directory: Directory) -> Vocabulary:
    return Vocabulary(settings=seen.settings, types=tx.agency.types(), directory=directory)

"""Store a state of an appointment with all that follows from it, in one transaction.

The row, its text and its dates, the calendars that show it, the journal and the outbox: a
use case decides the new state, this module is the only one that writes it. Calendar
counters are taken last, since they are what other writers wait for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rdv_caldav.db.appointments import Stored
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain import events
from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.appointment import Appointment, Presence
from rdv_caldav.domain.diff import diff
from rdv_caldav.domain.parts import parts_of
from rdv_caldav.domain.timeindex import TimeIndex
from rdv_caldav.ical.conflict_lines import put_conflicts
from rdv_caldav.ical.contentlines import same_but_answers
from rdv_caldav.ical.delivery_status import keep_statuses
from rdv_caldav.ical.recurrence import time_index
from rdv_caldav.ical.views import find_slots
from rdv_caldav.ical.vocabulary import Vocabulary
from rdv_caldav.ical.writer import patch
from rdv_caldav.services.access import Actor
from rdv_caldav.services.audit import record_events
from rdv_caldav.services.conflict_recording import ConflictWatch
from rdv_caldav.services.inbox_delivery import deliver
from rdv_caldav.services.mailing.deciding import queue_messages
from rdv_caldav.services.parts import parts_to_keep

_ANSWERS = (events.PresenceRecorded, events.CommentLeft)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What was stored of an appointment, and how calendars show it: change numbers by person.

    ``settled`` tells that it was more than answers.
    """

    id: int
    appointment: Appointment
    text: str
    slots: str
    changed: Mapping[int, int]
    settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """Writes what ``actor`` does at ``now`` (aware), under the agency's settings.

    Conflicts are looked for on the way (rule 12); pages, and only they, may be refused by
    Conflicting, and by informative ones too unless ``confirmed``.
    """

    tx: Transaction
    actor: Actor
    settings: AgencySettings
    now: datetime
    confirmed: bool = True

    def create(self, appointment: Appointment, *, text: str, href: str) -> int:
        """Store a new appointment and show it to all its persons; return its id."""
        return self.create_at(appointment, text=text, href=href).id

    def create_at(self, appointment: Appointment, *, text: str, href: str) -> Recorded:
        """Do the same, and return all that was recorded."""
        index = time_index(appointment, now=self.now)
        happened = diff(None, appointment)
        outcome = self._watch().look(None, appointment, index=index, text=text, happened=happened)
        text = outcome.text
        slots = find_slots(text, zone=appointment.span.zone)
        appointment_id = self.tx.appointments.insert(
            appointment, href=href, text=text, slots=slots, index=index, now=self.now
        )
        happened = (*happened, *outcome.events)
        outcome.store(self.tx, appointment_id, is_new=True)
        self._follow_up(happened, appointment_id, appointment, texts=("", text))
        changed = self._publish(
            appointment_id, appointment, text=text, href=href, index=index, is_new=True
        )
        return Recorded(
            id=appointment_id,
            appointment=appointment,
            text=text,
            slots=slots,
            changed=changed,
            settled=True,
        )

    def change(
        self,
        stored: Stored,
        appointment: Appointment,
        *,
        text: str,
        href: str | None = None,
        also: Sequence[events.Event] = (),
        only_answers: bool = False,
    ) -> Recorded | None:
        """Store the next state of an appointment whose row is locked.

        ``href`` is the name under which calendars that begin to show it do so, where a
        client program chose one; ``also`` are events that no comparison of states can tell.
        ``only_answers`` says that the writer may do nothing but answer.
        Nothing is written when nothing changed, and None returned.
        """
        happened = (*diff(stored.appointment, appointment), *also)
        if not happened and text == stored.text and href is None:
            return None
        asked_again = _asked_again(happened)
        for person_id in asked_again:
            self.tx.calendars.unhide(stored.id, person_id)
        index = time_index(appointment, now=self.now)
        outcome = self._watch().look(
            stored,
            appointment,
            index=index,
            text=text,
            happened=happened,
            arrives=href is not None,
        )
        text = outcome.text
        slots = self._update(stored, appointment, text, index)
        told = (*happened, *outcome.events)
        outcome.store(self.tx, stored.id)
        self._follow_up(told, stored.id, appointment, texts=(stored.text, text))
        answers_only = only_answers or (
            bool(happened)
            and all(isinstance(event, _ANSWERS) for event in happened)
            and same_but_answers(stored.text, text)
        )
        if href is None and not asked_again and _same_places(stored.appointment, appointment):
            changed = self.tx.calendars.touch(stored.id, now=self.now, answers_only=answers_only)
        else:
            changed = self._publish(
                stored.id,
                appointment,
                text=text,
                href=href or stored.href,
                index=index,
                answers_only=answers_only,
                before=stored.appointment,
            )
        return Recorded(
            id=stored.id,
            appointment=appointment,
            text=text,
            slots=slots,
            changed=changed,
            settled=not answers_only,
        )

    def trash(self, stored: Stored, appointment: Appointment, *, text: str) -> None:
        """Store the last state and move the appointment to the corbeille (rules 6 and 7)."""
        text = put_conflicts(text, ())
        self._update(stored, appointment, text, time_index(appointment, now=self.now))
        self.tx.appointments.trash(stored.id, self.now)
        self.tx.conflicts.forget(stored.id)
        happened = (*diff(stored.appointment, appointment), events.Trashed())
        self._follow_up(happened, stored.id, appointment, texts=(stored.text, text))
        self.tx.calendars.withdraw(stored.id, self.now)

    def restore(self, stored: Stored) -> None:
        """Bring an appointment back from the corbeille, into everybody's calendar."""
        self.tx.appointments.restore(stored.id)
        self._follow_up(
            (events.Restored(),), stored.id, stored.appointment, texts=(stored.text, stored.text)
        )
        index = time_index(stored.appointment, now=self.now)
        self._publish(
            stored.id, stored.appointment, text=stored.text, href=stored.href, index=index
        )

    def hide(self, stored: Stored, person_id: int) -> None:
        """Take the appointment out of one participant's calendar, and of no other."""
        hidden = events.HiddenFrom(person_id=person_id)
        same = (stored.text, stored.text)
        self._follow_up((hidden,), stored.id, stored.appointment, texts=same)
        self.tx.calendars.hide(stored.id, person_id, self.now)
        self.tx.conflicts.forget(stored.id, person_id=person_id)

    def _watch(self) -> ConflictWatch:
        return ConflictWatch(
            tx=self.tx,
            actor=self.actor,
            settings=self.settings,
            now=self.now,
            confirmed=self.confirmed,
        )

    def _update(self, stored: Stored, appointment: Appointment, text: str, index: TimeIndex) -> str:
        slots = find_slots(text, zone=appointment.span.zone)
        self.tx.appointments.update(
            stored.id,
            appointment,
            text=text,
            slots=slots,
            index=index,
            now=self.now,
            before=stored.appointment,
        )
        return slots

    def _publish(
        self,
        appointment_id: int,
        appointment: Appointment,
        *,
        text: str,
        href: str,
        index: TimeIndex,
        answers_only: bool = False,
        is_new: bool = False,
        before: Appointment | None = None,
    ) -> dict[int, int]:
        shown = self.tx.calendars.publish(
            appointment_id,
            href=href,
            person_ids=appointment.all_person_ids,
            index=index,
            now=self.now,
            answers_only=answers_only,
            is_new=is_new,
        )
        parts = parts_to_keep(appointment, text=text, index=index)
        if parts or (before is not None and parts_of(before)):
            self.tx.parts.replace(appointment_id, parts)
        # under another name than was wanted, that place shows something else
        return {person: each.changed for person, each in shown.items() if each.href == href}

    def _follow_up(
        self,
        happened: Sequence[events.Event],
        appointment_id: int,
        appointment: Appointment,
        *,
        texts: tuple[str, str],
    ) -> None:
        record_events(self.tx, self.actor, happened, appointment_id=appointment_id, now=self.now)
        queue_messages(
            self.tx,
            self.actor,
            happened,
            appointment_id=appointment_id,
            appointment=appointment,
            texts=texts,
            settings=self.settings,
            now=self.now,
        )
        deliver(
            self.tx,
            self.actor,
            happened,
            appointment=appointment,
            texts=texts,
            settings=self.settings,
            now=self.now,
        )


def rewritten(stored: Stored, new: Appointment, vocabulary: Vocabulary, *, now: datetime) -> str:
    """Return the stored text as it has to be for the next state, stamped ``now``."""
    text = patch(stored.text, new, vocabulary, said=stored.appointment, stamp=now, touch=True)
    return keep_statuses(stored.text, text)


def _same_places(before: Appointment, after: Appointment) -> bool:
    """Tell whether the same calendars show it at the same times; of a series that takes a look."""
    if before.recurrence is not None or after.recurrence is not None:
        return False
    return before.span == after.span and before.all_person_ids == after.all_person_ids


def _asked_again(happened: Sequence[events.Event]) -> frozenset[int]:
    """Whoever deleted it sees it again once he is asked anew, or no longer refuses."""
    asked = {
        event.key
        for event in happened
        if isinstance(event, events.PresenceRecorded)
        and isinstance(event.key, int)
        and (event.before is Presence.DECLINED or event.after is Presence.NEEDS_ACTION)
    }
    invited = {
        event.participant.person_id
        for event in happened
        if isinstance(event, events.ParticipantAdded)
        and event.participant.person_id is not None
        and event.participant.presence is not Presence.DECLINED
    }
    return frozenset(asked | invited)

"""Whether everything that is kept twice agrees, and putting it right from the stored texts.

The text of an appointment is what counts; columns, dates, calendars and letters to search are
derived of it. Pages of a few hundred are read in transactions of their own, so that it works
beside a running server: what changes meanwhile is seen before or after, never in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from rdv_caldav.db.engine import Database
from rdv_caldav.db.uow import Transaction
from rdv_caldav.db.verifying_reading import Verified, dates_of, letters_of, rows_of
from rdv_caldav.domain.agency import AgencySettings, AppointmentType
from rdv_caldav.domain.appointment import Appointment, Details, State
from rdv_caldav.domain.draft import Draft, DraftDetails, StatedStatus
from rdv_caldav.domain.errors import DomainError, TooLarge
from rdv_caldav.domain.timeindex import TimeIndex
from rdv_caldav.ical.objects import parse
from rdv_caldav.ical.reader import read
from rdv_caldav.ical.recurrence import HORIZON, time_index
from rdv_caldav.ical.views import find_slots
from rdv_caldav.services.audit import record_change
from rdv_caldav.services.parts import parts_to_keep

AT_ONCE = 200
"""Appointments in one transaction."""

_FOREVER = 2**53
_UNSTORED = frozenset({"owner_id", "sequence", "time_sequence"})


class Fault(StrEnum):
    """What can be wrong; those of :data:`MENDABLE` can be put right."""

    FILE = "the database file is damaged"
    UNREADABLE = "the stored text cannot be read"
    NO_APPOINTMENT = "the rows make no appointment (no owner, or an unknown state)"
    PARTICIPANTS = "participants are not those of the stored text"
    COLUMNS = "columns are not what the stored text says"
    INDEX = "times or dates are not those of the appointment"
    LETTERS = "it is not found by what it says"
    SLOTS = "places where viewers read something of their own are wrong"
    MEMBERS = "calendars do not show it as they should"
    PARTS = "what persons of some dates are shown is not of the stored text"
    ORPHANS = "rows refer to what is not there"
    COUNTER = "a calendar's counter is below a number that it gave out"
    VIEW_COUNTER = "an account's counter is below a number that it gave out"
    NO_CALENDAR = "a person has no calendar"
    BURIED = "a place of a calendar shows something and is said to be gone"
    FICHE = "a person is not listed or found by what the fiche says"
    QUOTA = "another sum is kept than an account uses"


MENDABLE = frozenset(
    {
        *(Fault.COLUMNS, Fault.INDEX, Fault.LETTERS, Fault.SLOTS, Fault.MEMBERS, Fault.PARTS),
        *(Fault.COUNTER, Fault.VIEW_COUNTER, Fault.NO_CALENDAR, Fault.BURIED),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong: with which row, and where in it. Never what people wrote."""

    fault: Fault
    number: int = 0
    where: str = ""


def verify(database: Database) -> Iterator[Finding]:
    """Yield all that is wrong. Nothing is written."""
    with database.reading() as tx:
        yield from _of_tables(tx)
    after: int | None = 0
    while after is not None:
        with database.reading() as tx:
            settings, types = tx.agency.settings(), tx.agency.types()
            page = tx.verifying.appointments(after=after, limit=AT_ONCE)
            for kept in page:
                for fault, where in _faults(kept, settings, types):
                    yield Finding(fault=fault, number=kept.id, where=where)
        after = page[-1].id if page else None


def repair(database: Database, findings: Iterator[Finding], *, now: datetime) -> int:
    """Put right what can be, each in a transaction with its journal entry; return how many.

    Calendars that change get new change numbers, so that programs read them again. What was
    changed since it was found is looked at anew.
    """
    wanted = [finding for finding in findings if finding.fault in MENDABLE]
    done = 0
    numbers = {f.number for f in wanted if f.fault in _OF_APPOINTMENT}
    with database.writing() as tx:
        missing = tx.verifying.without_calendar()
        tx.mending.add_calendars(missing)
        for person_id, href in tx.verifying.buried_alive():
            tx.mending.forget_tombstone(person_id, href)
        behind, views = tx.verifying.counters_behind(), tx.verifying.view_counters_behind()
        tx.mending.raise_counters(behind, now)
        tx.mending.raise_view_counters(views)
        done += sum(finding.fault not in _OF_APPOINTMENT for finding in wanted)
        if done:
            told = {"calendars": len(behind) + len(missing), "accounts": len(views)}
            record_change(tx, None, "CountersMended", told, now=now)
    for number in sorted(numbers):
        with database.writing() as tx:
            done += _mend(tx, number, now)
    return done


_OF_APPOINTMENT = frozenset(
    {Fault.COLUMNS, Fault.INDEX, Fault.LETTERS, Fault.SLOTS, Fault.MEMBERS, Fault.PARTS}
)


def _of_tables(tx: Transaction) -> Iterator[Finding]:
    found = tx.verifying
    if damage := found.damaged_file():
        yield Finding(fault=Fault.FILE, where=damage)
    for table, number in found.orphans():
        yield Finding(fault=Fault.ORPHANS, number=number, where=table)
    for fault, numbers in (
        (Fault.COUNTER, found.counters_behind()),
        (Fault.VIEW_COUNTER, found.view_counters_behind()),
        (Fault.NO_CALENDAR, found.without_calendar()),
        (Fault.FICHE, found.misfiled_persons()),
        (Fault.QUOTA, found.quotas_amiss()),
        (Fault.BURIED, [person for person, _ in found.buried_alive()]),
    ):
        for number in numbers:
            yield Finding(fault=fault, number=number)


def _faults(
    kept: Verified, settings: AgencySettings, types: Sequence[AppointmentType]
) -> Iterator[tuple[Fault, str]]:
    appointment = kept.appointment
    if appointment is None or sum(p.is_owner for p in appointment.participants) != 1:
        yield Fault.NO_APPOINTMENT, ""
        return
    try:
        draft = read(parse(kept.text), settings=settings, types=types)
    except DomainError as error:
        # nothing can be derived of it
        yield Fault.UNREADABLE, type(error).__name__
        return
    names = _differences(appointment, draft)
    if names:
        yield Fault.COLUMNS, ", ".join(names)
    if not _same_participants(appointment, draft):
        yield Fault.PARTICIPANTS, ""
    index = _index_of(kept, appointment)
    yield from _of_columns(kept, appointment, index)
    if find_slots(kept.text, zone=appointment.span.zone) != kept.slots:
        yield Fault.SLOTS, ""
    yield from _of_calendars(kept, appointment, index)


def _index_of(kept: Verified, appointment: Appointment) -> TimeIndex:
    # an endless series lists its dates up to a horizon from when it was written
    then = kept.updated_at if kept.indexed_until is None else kept.indexed_until - HORIZON
    return time_index(appointment, now=then)


def _of_columns(
    kept: Verified, appointment: Appointment, index: TimeIndex
) -> Iterator[tuple[Fault, str]]:
    expected = rows_of(appointment, index)
    wrong = [name for name, value in expected.items() if kept.columns[name] != value]
    letters = {"search_key"} & set(wrong) or kept.letters_of_dates != letters_of(appointment)
    times = sorted(set(wrong) - {"search_key"} - _UNSTORED)
    if kept.owner_id != expected["owner_id"]:
        times.append("owner_id")
    if [dict(row) for row in kept.occurrences] != dates_of(index):
        times.append("occurrence")
    if times:
        yield Fault.INDEX, ", ".join(times)
    if letters:
        yield Fault.LETTERS, ""


def _of_calendars(
    kept: Verified, appointment: Appointment, index: TimeIndex
) -> Iterator[tuple[Fault, str]]:
    if not kept.is_live:
        if kept.members:
            yield Fault.MEMBERS, "of the corbeille"
        return
    try:
        parts = parts_to_keep(appointment, text=kept.text, index=index)
    except TooLarge:
        parts = []
    whole = _bounds(index)
    expected = dict.fromkeys(appointment.all_person_ids, whole)
    expected |= {part.person_id: (*_bounds(part.index)[:2], index.is_long) for part in parts}
    shown = {person: at for person, at in expected.items() if person not in kept.hidden}
    if shown != kept.members:
        yield Fault.MEMBERS, ""
    of_parts = {
        part.person_id: (
            part.text,
            part.slots,
            frozenset((_seconds(start), _seconds(stop)) for start, stop in part.index.dates),
        )
        for part in parts
    }
    if of_parts != {
        person: (part.text, part.slots, part.dates) for person, part in kept.parts.items()
    }:
        yield Fault.PARTS, ""


def _bounds(index: TimeIndex) -> tuple[int, int, bool]:
    stops = _FOREVER if index.stops_at is None else _seconds(index.stops_at)
    return _seconds(index.starts_at), stops, index.is_long


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _differences(appointment: Appointment, draft: Draft) -> list[str]:
    """Return what of an appointment is not as its text says."""
    names = [] if appointment.uid == draft.uid else ["uid"]
    if draft.type_code is not None and draft.type_code != appointment.type_code:
        names.append("type_code")
    if appointment.recurrence != draft.recurrence:
        names.append("recurrence")
    names += _details_differ(appointment, draft)
    own = {each.original: each for each in appointment.occurrences}
    stated = {each.original: each for each in draft.occurrences}
    if own.keys() != stated.keys():
        names.append("dates that differ")
    for original in own.keys() & stated.keys():
        names += (f"{name} of a date" for name in _details_differ(own[original], stated[original]))
    return list(dict.fromkeys(names))


def _details_differ(kept: Details, stated: DraftDetails) -> list[str]:
    names = [
        name
        for name in ("span", "subject", "location", "notes")
        if getattr(kept, name) != getattr(stated, name)
    ]
    is_cancelled = kept.state is State.CANCELLED
    if is_cancelled != (stated.status is StatedStatus.CANCELLED):
        names.append("state")
    return names


def _same_participants(appointment: Appointment, draft: Draft) -> bool:
    """Compare answers: addresses are read with the fiches, which may have changed since."""
    stated = Counter(user.presence for user in draft.attendees)
    return stated == Counter(p.presence for p in appointment.participants)


def _mend(tx: Transaction, number: int, now: datetime) -> int:
    """Derive an appointment anew from its text; return 1 unless it is right or cannot be."""
    stored = tx.appointments.lock(number)
    kept = next(iter(tx.verifying.appointments(after=number - 1, limit=1)), None)
    if stored is None or kept is None or kept.id != number:
        return 0
    settings, types = tx.agency.settings(), tx.agency.types()
    faults = {fault for fault, _ in _faults(kept, settings, types)}
    if not faults & MENDABLE or Fault.NO_APPOINTMENT in faults:
        return 0
    record_change(tx, None, "AppointmentMended", {"id": number, "faults": len(faults)}, now=now)
    if not kept.is_live:
        tx.mending.withdraw(number)
        tx.mending.raise_counters(kept.members, now)
        if tx.appointments.id_of_uid(kept.uid) is not None:
            return 1  # its UID is another's by now: it cannot be written
        tx.appointments.restore(number)
    appointment = stored.appointment
    if Fault.COLUMNS in faults:
        draft = read(parse(stored.text), settings=settings, types=types)
        appointment = _as_stated(appointment, draft)
    index = time_index(appointment, now=now)
    tx.appointments.update(
        number,
        appointment,
        text=stored.text,
        slots=find_slots(stored.text, zone=appointment.span.zone),
        index=index,
        now=now,
    )
    if not kept.is_live:
        tx.appointments.trash(number, stored.trashed_at or now)
        return 1
    tx.calendars.publish(
        number, href=stored.href, person_ids=appointment.all_person_ids, index=index, now=now
    )
    tx.parts.replace(number, parts_to_keep(appointment, text=stored.text, index=index))
    return 1


def _as_stated(appointment: Appointment, draft: Draft) -> Appointment:
    """Return the appointment as its text says, with the participants and states that it has."""
    stated = {each.original: each for each in draft.occurrences}
    occurrences = tuple(
        replace(each, **_stated(stated[each.original]))
        for each in appointment.occurrences
        if each.original in stated
    )
    return replace(
        appointment,
        **_stated(draft),
        type_code=draft.type_code or appointment.type_code,
        recurrence=draft.recurrence,
        occurrences=occurrences,
    )


def _stated(details: DraftDetails) -> dict[str, Any]:
    return {name: getattr(details, name) for name in ("span", "subject", "location", "notes")}

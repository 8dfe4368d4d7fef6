"""Reminders before the start, queued in time by whichever worker comes first.

How far the dates to come were gone through is one row of the database, which a worker locks:
no two of them queue a reminder for the same date. What is planned or moved to where they have
been already is not reminded of: whoever takes part was told of that a moment ago.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from rdv_caldav.db.appointments import Stored
from rdv_caldav.db.due_dates import DueDate
from rdv_caldav.db.mail_threads import recipient_key
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain import rules
from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.appointment import Details, Participant, Presence
from rdv_caldav.domain.mail_times import reminded_until, reminder_due
from rdv_caldav.domain.mailing import (
    REMINDER,
    Medium,
    Message,
    Way,
    way_to_remind,
)
from rdv_caldav.services.mailing.deciding import (
    NamedWay,
    Source,
    is_mailable,
    mailed_by_programs,
    put_message,
    reachable_persons,
    without_stopped,
)

MOST_AT_ONCE = 200
"""Dates gone through in one transaction, and those that begin with the last of them."""

JUST_TOLD = timedelta(hours=6)
"""Who was invited or told of a change so shortly before is not reminded."""


def queue_reminders(tx: Transaction, now: datetime) -> int:
    """Queue the reminders whose time has come, and return how many; ``now`` is aware.

    Of what is planned, to those who have not refused: guests where the agency mails to guests or
    somebody did, persons as :func:`rdv_caldav.domain.mailing.way_to_remind` says. Called once a
    minute; what was missed is made up for as long as it has not begun. Of very many dates some
    are left to the next call.
    """
    settings = tx.agency.settings()
    if not settings.module_enabled or settings.remind_hours <= 0:
        return 0
    until = reminded_until(now, settings)
    done = tx.due_dates.lock()
    if done is None or done >= until:
        return 0
    dates = tx.due_dates.between(max(done, now), until, most=MOST_AT_ONCE)
    if not dates:
        return 0
    tx.due_dates.advance(until if len(dates) < MOST_AT_ONCE else dates[-1].starts_at)
    return sum(_remind(tx, date, settings, now) for date in dates)


def _remind(tx: Transaction, date: DueDate, settings: AgencySettings, now: datetime) -> int:
    stored = tx.appointments.get(date.appointment_id)
    assert stored is not None, "it was found in this transaction"
    details: Details = stored.appointment
    if date.original is not None:
        details = rules.occurrence_at(stored.appointment, date.original)
    expected = [p for p in details.participants if p.presence is not Presence.DECLINED]
    told = tx.due_dates.told_since(date, now - JUST_TOLD)
    ways = {
        key: named
        for key, named in _ways(tx, stored, expected, settings, now).items()
        if recipient_key(key) not in told
    }
    source = Source(appointment_id=stored.id, sequence=stored.appointment.sequence)
    due = reminder_due(now, date.starts_at, settings)
    for each in expected:
        if each.key in ways:
            message = Message(REMINDER, each, date.original)
            put_message(tx, message, ways[each.key], source, settings, due=due, now=now)
    return len(ways)


def _ways(
    tx: Transaction,
    stored: Stored,
    participants: Collection[Participant],
    settings: AgencySettings,
    now: datetime,
) -> dict[int | str, NamedWay]:
    threads = tx.mail_threads.of_appointment(stored.id)
    mailed = {thread.participant_key for thread in threads if thread.sequence >= 0}
    by_programs = mailed_by_programs(stored.text)
    ids = {each.person_id for each in participants if each.person_id is not None}
    persons = reachable_persons(tx, ids, appointment_id=stored.id, now=now)
    found: dict[int | str, NamedWay] = {}
    for each in participants:
        if each.person_id is not None:
            contact, known = persons[each.person_id]
            way = way_to_remind(known, settings)
            if way is not None:
                found[each.key] = NamedWay(way, contact.name)
        elif (
            (settings.invite_external_guests or each.key in mailed)
            and is_mailable(each.address, settings)
            and each.address not in by_programs
        ):
            found[each.key] = NamedWay(Way(Medium.MAIL, each.address), each.name)
    return without_stopped(tx, found)

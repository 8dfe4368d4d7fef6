"""Reminders: once for each date and participant, in time, and to nobody who does not want one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db import due_dates
from rdv_caldav.domain.appointment import Participant, Presence, Recurrence, State
from rdv_caldav.domain.mailing import ContactBy
from rdv_caldav.services import appointments
from rdv_caldav.services.mailing import reminding
from rdv_caldav.services.mailing.reminding import queue_reminders
from support.agency import FIRST, GUEST, SECOND, WEEKLY, span
from support.desk import PLAN, Desk
from support.statements import counted

WITH_GUEST = replace(PLAN, participants=(Participant(address=GUEST, name="Invité"),))
START = datetime(2026, 11, 25, 8, tzinfo=UTC)
DAY_BEFORE = START - timedelta(hours=24)
PHONE = "+33 6 39 98 00 00"


@pytest.fixture
def desk(any_book: AppointmentBook) -> Iterator[Desk]:
    """A week before the visits of the tests."""
    with any_book.database.writing() as tx:
        tx.agency.save_setting("remind_hours", 24)
        yield Desk(tx, any_book.clock() - timedelta(days=7))


def reminders(desk: Desk) -> list[tuple[str, str, datetime | None]]:
    rows = desk.tx.outbox.pending()
    return [
        (each.medium, each.recipient, each.original) for each in rows if each.method == "REMINDER"
    ]


def test_a_guest_is_reminded_once_and_in_time(desk: Desk) -> None:
    desk.plan("ivan", plan=WITH_GUEST)
    assert queue_reminders(desk.tx, DAY_BEFORE - timedelta(minutes=1)) == 0
    assert queue_reminders(desk.tx, DAY_BEFORE) == 1
    assert reminders(desk) == [("mail", GUEST, None)]
    assert queue_reminders(desk.tx, DAY_BEFORE) == 0
    assert queue_reminders(desk.tx, DAY_BEFORE + timedelta(minutes=1)) == 0


def test_what_was_missed_is_made_up_for_until_it_begins(desk: Desk) -> None:
    desk.plan(plan=WITH_GUEST)
    desk.plan(plan=replace(WITH_GUEST, span=span(25, 10)))
    assert queue_reminders(desk.tx, START + timedelta(minutes=1)) == 1
    assert queue_reminders(desk.tx, START + timedelta(minutes=2)) == 0


@pytest.mark.parametrize(("setting", "value"), [("remind_hours", 0), ("module_enabled", False)])
def test_without_a_setting_nobody_is_reminded(desk: Desk, setting: str, value: object) -> None:
    desk.plan(plan=WITH_GUEST)
    desk.tx.agency.save_setting(setting, value)
    assert queue_reminders(desk.tx, DAY_BEFORE) == 0


def test_each_date_of_a_series(desk: Desk) -> None:
    weekly = replace(WITH_GUEST, recurrence=Recurrence(rules=WEEKLY.rules))
    planned = desk.plan(plan=weekly)
    alice = desk.actor("alice")
    appointments.set_state(desk.tx, alice, planned, State.CANCELLED, now=desk.now, original=SECOND)
    for week in range(4):
        queue_reminders(desk.tx, DAY_BEFORE + timedelta(weeks=week))
    third, fourth = (FIRST + timedelta(weeks=week) for week in (2, 3))
    assert [original for _, _, original in reminders(desk)] == [FIRST, third, fourth]


def test_who_refused_and_what_is_off_is_not_reminded_of(desk: Desk) -> None:
    alice = desk.actor("alice")
    refused, cancelled, gone = (desk.plan(plan=WITH_GUEST) for _ in range(3))
    appointments.record_presence(desk.tx, alice, refused, GUEST, Presence.DECLINED, now=desk.now)
    appointments.set_state(desk.tx, alice, cancelled, State.CANCELLED, now=desk.now)
    appointments.trash(desk.tx, alice, gone, now=desk.now)
    assert queue_reminders(desk.tx, DAY_BEFORE) == 0


def test_who_was_told_a_moment_ago_is_not_reminded(desk: Desk) -> None:
    shortly = DAY_BEFORE - timedelta(hours=1)
    alice = desk.actor("alice")
    appointments.create(desk.tx, alice, "claire", WITH_GUEST, now=shortly)
    assert queue_reminders(desk.tx, DAY_BEFORE) == 0


def test_what_is_moved_is_reminded_of_again(desk: Desk) -> None:
    planned = desk.plan(plan=WITH_GUEST)
    assert queue_reminders(desk.tx, DAY_BEFORE) == 1
    appointments.revise(
        desk.tx,
        desk.actor("alice"),
        planned,
        lambda a: replace(a, span=span(27)),
        now=DAY_BEFORE + timedelta(hours=1),
    )
    assert queue_reminders(desk.tx, DAY_BEFORE + timedelta(days=2)) == 1


def test_persons_are_reminded_as_their_fiches_say(desk: Desk) -> None:
    save = desk.tx.people.save_details
    for slug, contact_by in (
        ("claire", ContactBy.NONE),
        ("ivan", ContactBy.SMS),
        ("paul", ContactBy.AGENCY),
    ):
        person = desk.person(slug).id
        save(person, phone=PHONE, notes="", language="", contact_by=contact_by)
    desk.plan("ivan", "paul", "jean-dupont")
    desk.plan("paul", "sophie", plan=replace(PLAN, span=span(26)))
    assert queue_reminders(desk.tx, DAY_BEFORE) == 1
    assert reminders(desk) == [("sms", PHONE, None)]
    desk.tx.agency.save_setting("remind_by_sms", True)
    desk.tx.agency.save_setting("invite_persons", True)
    assert queue_reminders(desk.tx, DAY_BEFORE + timedelta(days=1)) == 2
    assert sorted(reminders(desk)[1:]) == [
        ("mail", "sophie@famille.example", None),
        ("sms", PHONE, None),
    ]


def test_whom_a_program_writes_to_is_not_reminded(desk: Desk) -> None:
    planned = desk.plan(plan=WITH_GUEST)
    stored = desk.tx.appointments.get(planned)
    assert stored is not None
    changed = stored.text.replace(f":mailto:{GUEST}", f";SCHEDULE-AGENT=CLIENT:mailto:{GUEST}")
    assert changed != stored.text
    ways = reminding._ways(
        desk.tx,
        replace(stored, text=changed),
        stored.appointment.participants,
        desk.tx.agency.settings(),
        desk.now,
    )
    assert GUEST not in ways


def test_quiet_hours(desk: Desk) -> None:
    desk.tx.agency.save_setting("quiet_from", "21:00")
    desk.tx.agency.save_setting("quiet_until", "07:00")
    late = replace(WITH_GUEST, span=span(25, 23))
    desk.plan(plan=late)
    assert queue_reminders(desk.tx, datetime(2026, 11, 24, 22, tzinfo=UTC)) == 1
    rows = [each for each in desk.tx.outbox.pending() if each.method == "REMINDER"]
    assert [each.due_at for each in rows] == [datetime(2026, 11, 25, 6, tzinfo=UTC)]
    # whom the morning would reach too late is reminded the evening before
    desk.tx.agency.save_setting("remind_hours", 2)
    desk.plan(plan=replace(WITH_GUEST, span=span(27, 7)))
    evening = datetime(2026, 11, 26, 19, 55, tzinfo=UTC)
    assert queue_reminders(desk.tx, evening - timedelta(minutes=10)) == 0
    assert queue_reminders(desk.tx, evening) == 1


def test_very_many_at_once_are_gone_through_in_parts(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminding, "MOST_AT_ONCE", 2)
    for hour in (9, 10, 10, 11):
        desk.plan(plan=replace(WITH_GUEST, span=span(25, hour)))
    later = DAY_BEFORE + timedelta(hours=5)
    assert [queue_reminders(desk.tx, later) for _ in range(3)] == [3, 1, 0]


def test_several_workers_queue_each_reminder_once(any_book: AppointmentBook) -> None:
    with any_book.database.writing() as tx:
        tx.agency.save_setting("remind_hours", 24)
        desk = Desk(tx, any_book.clock() - timedelta(days=7))
        for hour in (9, 10, 11):
            desk.plan(plan=replace(WITH_GUEST, span=span(25, hour)))

    def work(_worker: int) -> int:
        with any_book.database.writing() as tx:
            return queue_reminders(tx, DAY_BEFORE + timedelta(hours=3))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(8))) == 3
    with any_book.database.reading() as tx:
        assert len([each for each in tx.outbox.pending() if each.method == "REMINDER"]) == 3


def test_nothing_due_takes_few_statements(any_book: AppointmentBook) -> None:
    with any_book.database.writing() as tx:
        tx.agency.save_setting("remind_hours", 24)
    with any_book.database.writing() as tx, counted(any_book) as statements:
        assert queue_reminders(tx, DAY_BEFORE) == 0
    assert len([each for each in statements if each.lstrip().startswith("SELECT")]) <= 3


def test_what_begins_soon_is_found_by_indexes(book: AppointmentBook) -> None:
    """However much is planned, before and after."""
    query = due_dates._BETWEEN.params(after=1_000_000, until=1_000_060)
    engine = book.database.engine
    statement = query.compile(engine, compile_kwargs={"literal_binds": True}).string
    with engine.begin() as connection:
        found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
        plan = "\n".join(str(row) for row in found)
    assert "ix_appointment_listed (is_series=? AND starts_at>? AND starts_at<?" in plan
    assert "ix_occurrence_starts_at (starts_at>? AND starts_at<?)" in plan

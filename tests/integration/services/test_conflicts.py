"""Conflicts: found in the transaction of the write, kept right whatever happens to either."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain import rules
from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.appointment import Appointment, Participant, Presence, State
from rdv_caldav.domain.conflicts import ConflictCode, ConflictRule
from rdv_caldav.domain.errors import Conflicting
from rdv_caldav.services import appointments, conflicts
from rdv_caldav.services.calendar_objects.delete import delete_object
from support.agency import FIRST, SECOND, WEEKLY, span
from support.desk import PLAN, Desk
from support.objects import event
from support.personal import Own

LATER = replace(PLAN, subject="Bilan", span=span(25, 14))
SERIES = replace(PLAN, subject="Point", recurrence=WEEKLY)


@pytest.fixture
def desk(any_book: AppointmentBook) -> Iterator[Desk]:
    with any_book.database.writing() as tx:
        yield Desk(tx, any_book.clock())


def known(desk: Desk, appointment_id: int) -> list[tuple[str, str, int | None]]:
    """Return whom it conflicts with, by rule, and the other appointment."""
    names = {person.id: person.slug for person in desk.tx.people.everyone()}
    found = desk.tx.conflicts.of(appointment_id)
    return [(each.code.value, names[each.person_id], each.other_id) for each in found]


def days(desk: Desk, appointment_id: int) -> list[int]:
    return [each.start.day for each in desk.tx.conflicts.of(appointment_id)]


def revised(desk: Desk, appointment_id: int, **changes: object) -> None:
    def alter(appointment: Appointment) -> Appointment:
        return replace(appointment, **changes)  # type: ignore[arg-type]

    appointments.revise(desk.tx, desk.actor("admin"), appointment_id, alter, now=desk.now)


def rule(desk: Desk, code: ConflictCode, **how: bool) -> None:
    desk.tx.agency.save_setting("conflict_rules", (ConflictRule(code=code, **how),))


# -- two at once --------------------------------------------------------------------------


def test_both_appointments_know_of_it(desk: Desk) -> None:
    one, other = desk.plan("ivan"), desk.plan("ivan", page="jean-dupont")
    assert known(desk, one) == [("overlap", "ivan", other)]
    assert known(desk, other) == [("overlap", "ivan", one)]
    assert desk.tx.conflicts.among([one, other, 99]) == {one, other}


def test_what_only_touches_or_concerns_others_is_none(desk: Desk) -> None:
    one = desk.plan("ivan")
    desk.plan("ivan", page="jean-dupont", plan=replace(PLAN, span=span(25, 10)))
    desk.plan("alice", page="jean-dupont")
    assert known(desk, one) == []


def test_it_comes_and_goes_with_either_time(desk: Desk) -> None:
    one, other = desk.plan("ivan"), desk.plan("ivan", page="jean-dupont", plan=LATER)
    assert known(desk, one) == known(desk, other) == []
    revised(desk, other, span=span(25, 9))
    assert known(desk, one) == [("overlap", "ivan", other)]
    revised(desk, one, span=span(26, 9))
    assert known(desk, one) == known(desk, other) == []


def test_a_longer_one_is_still_the_same(desk: Desk) -> None:
    one, other = desk.plan("ivan"), desk.plan("ivan", page="jean-dupont")
    before = len(desk.tx.journal.entries_for(one))
    revised(desk, one, span=span(25, 9, hours=3))
    entries = desk.tx.journal.entries_for(one)[before:]
    assert "ConflictFound" not in [entry.event for entry in entries]
    assert known(desk, one) == [("overlap", "ivan", other)]


def test_refusing_and_coming_back(desk: Desk) -> None:
    one, other = desk.plan("ivan"), desk.plan("ivan", page="jean-dupont")
    ivan = desk.person("ivan").id
    for presence, expected in (
        (Presence.DECLINED, []),
        (Presence.ACCEPTED, [("overlap", "ivan", other)]),
    ):
        appointments.record_presence(desk.tx, desk.actor("ivan"), one, ivan, presence, now=desk.now)
        assert known(desk, one) == expected
        assert bool(known(desk, other)) == bool(expected)


def test_cancelling_and_planning_again(desk: Desk) -> None:
    one, other = desk.plan("ivan"), desk.plan("ivan", page="jean-dupont")
    for state, count in ((State.CANCELLED, 0), (State.PLANNED, 1)):
        appointments.set_state(desk.tx, desk.actor("admin"), one, state, now=desk.now)
        assert len(known(desk, one)) == len(known(desk, other)) == count


def test_taking_off_and_adding(desk: Desk) -> None:
    one, other = desk.plan("ivan"), desk.plan("ivan", page="jean-dupont")
    admin, ivan = desk.actor("admin"), desk.person("ivan").id
    appointments.remove_participant(desk.tx, admin, one, ivan, now=desk.now)
    assert known(desk, one) == known(desk, other) == []
    appointments.add_participants(desk.tx, admin, one, [Participant(person_id=ivan)], now=desk.now)
    assert known(desk, other) == [("overlap", "ivan", one)]


def test_the_corbeille_conflicts_with_nothing(desk: Desk) -> None:
    one, other = desk.plan("ivan"), desk.plan("ivan", page="jean-dupont")
    admin = desk.actor("admin")
    appointments.trash(desk.tx, admin, one, now=desk.now)
    assert known(desk, one) == known(desk, other) == []
    stored = desk.tx.appointments.get(one)
    assert stored is not None
    assert "X-RDV-CONFLIT" not in stored.text
    appointments.restore(desk.tx, admin, one, now=desk.now)
    assert known(desk, other) == []
    appointments.set_state(desk.tx, admin, one, State.PLANNED, now=desk.now)
    assert known(desk, other) == [("overlap", "ivan", one)]


def test_who_hid_it_is_not_kept_busy_by_it(desk: Desk) -> None:
    one, other = desk.plan("ivan"), desk.plan("ivan", page="jean-dupont")
    uid = desk.appointment(one).uid
    delete_object(desk.tx, desk.actor("ivan"), "ivan", f"{uid}.ics", answers=False, now=desk.now)
    assert known(desk, one) == known(desk, other) == []
    revised(desk, one, span=span(25, 9, hours=2))
    revised(desk, other, span=span(25, 9, hours=2))
    assert known(desk, one) == known(desk, other) == []


def test_whole_days_and_long_ones(desk: Desk) -> None:
    day = replace(span(25, 0, hours=24), all_day=True)
    long = replace(PLAN, span=span(24, 10, hours=72))
    one = desk.plan("ivan", plan=replace(PLAN, span=day))
    two = desk.plan("ivan", page="jean-dupont", plan=long)
    three = desk.plan("ivan", page="marie-dupont")
    assert known(desk, three) == [("overlap", "ivan", one), ("overlap", "ivan", two)]
    assert len(known(desk, one)) == 2


def test_what_is_over_conflicts_with_nothing(desk: Desk) -> None:
    past = replace(PLAN, span=span(23, 9))
    one, _ = desk.plan("ivan", plan=past), desk.plan("ivan", page="jean-dupont", plan=past)
    assert known(desk, one) == []


# -- series -------------------------------------------------------------------------------


def test_a_series_against_single_ones_and_another_series(desk: Desk) -> None:
    series = desk.plan("ivan", plan=SERIES)
    single = desk.plan("ivan", page="jean-dupont", plan=replace(PLAN, span=span(25, 9)))
    assert days(desk, series) == days(desk, single) == [25]
    another = desk.plan("ivan", page="marie-dupont", plan=SERIES)
    assert days(desk, another) == [25, 25, 2, 9, 16]
    assert len(known(desk, single)) == 2


def test_each_date_counts_for_itself(desk: Desk) -> None:
    series = desk.plan("ivan", plan=SERIES)
    another = desk.plan("ivan", page="jean-dupont", plan=SERIES)
    ivan, admin = desk.person("ivan").id, desk.actor("admin")
    appointments.record_presence(
        desk.tx, admin, series, ivan, Presence.DECLINED, original=SECOND, now=desk.now
    )
    assert days(desk, series) == days(desk, another) == [25, 9, 16]
    appointments.set_state(desk.tx, admin, another, State.CANCELLED, original=FIRST, now=desk.now)
    assert days(desk, series) == days(desk, another) == [9, 16]
    third = desk.plan("ivan", page="marie-dupont", plan=replace(PLAN, span=span(25, 9)))
    assert known(desk, third) == [("overlap", "ivan", series)]


def test_a_moved_date_and_a_shorter_series(desk: Desk) -> None:
    series = desk.plan("ivan", plan=SERIES)
    single = desk.plan("ivan", page="jean-dupont", plan=LATER)

    def move(appointment: Appointment) -> Appointment:
        date = rules.occurrence_at(appointment, FIRST)
        return rules.with_occurrence(appointment, replace(date, span=span(25, 14)))

    appointments.revise(desk.tx, desk.actor("admin"), series, move, now=desk.now)
    assert known(desk, single) == [("overlap", "ivan", series)]
    revised(desk, series, occurrences=(), recurrence=None)
    assert known(desk, single) == []


# -- hours, and calendars of one's own ----------------------------------------------------


def test_outside_of_working_hours(desk: Desk) -> None:
    desk.works("ivan")
    inside, across = (
        desk.plan("ivan"),
        desk.plan("ivan", plan=replace(PLAN, span=span(26, 11, hours=2))),
    )
    weekend = replace(span(28, 0, hours=24), all_day=True)
    whole = desk.plan("ivan", plan=replace(PLAN, span=weekend))
    working_day = replace(span(27, 0, hours=24), all_day=True)
    ordinary = desk.plan("ivan", plan=replace(PLAN, span=working_day))
    assert known(desk, inside) == known(desk, ordinary) == []
    assert known(desk, across) == known(desk, whole) == [("hours", "ivan", None)]
    (found,) = desk.tx.conflicts.of(across)
    assert (found.start, found.end) == (
        datetime(2026, 11, 26, 11, tzinfo=UTC),
        datetime(2026, 11, 26, 12, tzinfo=UTC),
    )


def test_calendars_of_ones_own_keep_busy_without_details(any_book: AppointmentBook) -> None:
    own = Own(any_book, "ivan")
    own.calendar("perso")
    own.put("perso/dentiste.ics", event("dentiste", summary="Dentiste"))
    transparent = {"{urn:ietf:params:xml:ns:caldav}schedule-calendar-transp": "<transparent/>"}
    own.calendar("libre", **transparent)
    own.put("libre/sport.ics", event("sport", times=_times(14)))
    with any_book.database.writing() as tx:
        desk = Desk(tx, any_book.clock())
        one, other = desk.plan("ivan"), desk.plan("ivan", plan=LATER)
        assert known(desk, one) == [("personal", "ivan", None)]
        assert known(desk, other) == []
        stored = tx.appointments.get(one)
        assert stored is not None
        assert "dentiste" not in stored.text.casefold()
        (told,) = conflicts.of_appointment(tx, desk.actor("ivan"), one)
        assert told.other is None


def _times(hour: int) -> str:
    return (
        f"DTSTART;TZID=Europe/Paris:20261125T{hour}0000\r\n"
        f"DTEND;TZID=Europe/Paris:20261125T{hour + 1}0000\r\n"
    )


# -- rules --------------------------------------------------------------------------------


def test_a_rule_that_is_off_finds_nothing(desk: Desk) -> None:
    desk.works("ivan")
    night = replace(PLAN, span=span(25, 19))
    rule(desk, ConflictCode.OVERLAP, enabled=False)
    one = desk.plan("ivan", plan=night)
    other = desk.plan("ivan", page="jean-dupont", plan=night)
    assert known(desk, one) == known(desk, other) == [("hours", "ivan", None)]
    desk.tx.agency.save_setting(
        "conflict_rules", tuple(ConflictRule(code=code, enabled=False) for code in ConflictCode)
    )
    revised(desk, other, span=span(25, 20))
    assert known(desk, other) == []
    assert conflicts.of_appointment(desk.tx, desk.actor("admin"), one) == []


def test_rules_are_stored_by_name_and_the_others_keep_their_defaults(desk: Desk) -> None:
    rule(desk, ConflictCode.HOURS, blocking=True)
    hours = ConflictRule(code=ConflictCode.HOURS, blocking=True)
    assert desk.tx.agency.settings().conflict_rules == (
        *AgencySettings().conflict_rules[:2],
        hours,
    )


def test_a_blocking_rule_refuses_and_nothing_is_written(desk: Desk) -> None:
    one = desk.plan("ivan")
    rule(desk, ConflictCode.OVERLAP, blocking=True)
    with pytest.raises(Conflicting) as refused:
        desk.plan("ivan", page="jean-dupont")
    assert [each.other_id for each in refused.value.conflicts] == [one]
    assert not refused.value.can_confirm
    assert known(desk, one) == []


def test_of_two_at_the_same_moment_one_is_refused(any_book: AppointmentBook) -> None:
    blocking = ConflictRule(code=ConflictCode.OVERLAP, blocking=True)
    with any_book.database.writing() as tx:
        tx.agency.save_setting("conflict_rules", (blocking,))
    together = Barrier(2)

    def plan(page: str, hour: int) -> bool:
        together.wait(timeout=30)
        try:
            with any_book.database.writing() as tx:
                wanted = replace(PLAN, span=span(25, hour))
                Desk(tx, any_book.clock()).plan("ivan", page=page, plan=wanted)
        except Conflicting:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        for hour in range(8, 18):
            done = threads.map(plan, ("claire", "jean-dupont"), (hour, hour))
            assert sorted(done) == [False, True]


def test_two_that_conflict_are_written_at_the_same_moment(any_book: AppointmentBook) -> None:
    with any_book.database.writing() as tx:
        desk = Desk(tx, any_book.clock())
        pair = desk.plan("ivan"), desk.plan("ivan", page="jean-dupont")
    together = Barrier(2)

    def write(appointment_id: int, hours: int) -> None:
        together.wait(timeout=30)
        with any_book.database.writing() as tx:
            revised(Desk(tx, any_book.clock()), appointment_id, span=span(hours=hours))

    with ThreadPoolExecutor(2) as threads:
        for hours in range(2, 12):
            list(threads.map(write, pair, (hours, hours)))
    with any_book.database.reading() as tx:
        assert tx.conflicts.among(pair) == set(pair)
        assert len(_all(tx)) == 2


def test_what_conflicted_before_is_not_refused_again(desk: Desk) -> None:
    desk.plan("ivan")
    other = desk.plan("ivan", page="jean-dupont")
    rule(desk, ConflictCode.OVERLAP, blocking=True)
    alice = [Participant(person_id=desk.person("alice").id)]
    appointments.add_participants(desk.tx, desk.actor("admin"), other, alice, now=desk.now)


def test_one_that_informs_may_be_confirmed(desk: Desk) -> None:
    one = desk.plan("ivan")
    other = desk.plan("ivan", page="jean-dupont", plan=LATER)

    def move(appointment: Appointment) -> Appointment:
        return replace(appointment, span=span())

    admin = desk.actor("admin")
    with pytest.raises(Conflicting) as refused:
        appointments.revise(desk.tx, admin, other, move, now=desk.now, confirmed=False)
    assert refused.value.can_confirm
    (told,) = conflicts.explain(desk.tx, admin, refused.value.conflicts)
    assert told.other is not None
    assert told.other.appointment_id == one
    appointments.revise(desk.tx, admin, other, move, now=desk.now, confirmed=True)
    assert known(desk, other) == [("overlap", "ivan", one)]


def test_the_tables_do_not_grow_by_writing_again(desk: Desk) -> None:
    one, other = desk.plan("ivan"), desk.plan("ivan", page="jean-dupont")
    for hours in (2, 3, 1):
        revised(desk, one, span=span(25, 9, hours=hours))
        revised(desk, other, span=span(25, 9, hours=hours))
    assert len(_all(desk.tx)) == 2


def _all(tx: Transaction) -> list[tuple[int, object]]:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return list(tx.conflicts.between(start, start + timedelta(days=1000)))

"""Plannings: what is read of whom, and what becomes of a date that is moved there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event as sqlalchemy_event

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import Appointment, Presence, Recurrence, Span, State
from rdv_caldav.domain.conflicts import ConflictCode, ConflictRule
from rdv_caldav.domain.control import RowKey
from rdv_caldav.domain.errors import (
    AccessRefused,
    Conflicting,
    DateOutOfRange,
    EditRefused,
    InvalidInput,
    ModuleOff,
    NotAParticipant,
    OwnerCannotLeave,
    PreconditionFailed,
    UnknownCalendar,
    UnknownObject,
    UnknownOccurrence,
)
from rdv_caldav.domain.fiches import FicheFilter
from rdv_caldav.services import appointments, planning
from rdv_caldav.services.planning import Entry, Planning
from rdv_caldav.services.planning_moves import Move, move
from support.agency import FIRST, SECOND, THIRD, WEEKLY, span
from support.desk import PLAN, Desk

PARIS = ZoneInfo("Europe/Paris")
SERIES = replace(PLAN, subject="Point", recurrence=WEEKLY)


@pytest.fixture
def desk(any_book: AppointmentBook) -> Iterator[Desk]:
    with any_book.database.writing() as tx:
        yield Desk(tx, any_book.clock())


def read(desk: Desk, *slugs: str, day: int = 25, days: int = 1, login: str = "admin") -> Planning:
    start = datetime(2026, 11, 1, tzinfo=PARIS) + timedelta(days=day - 1)
    persons = [desk.person(slug) for slug in slugs]
    return planning.read(
        desk.tx, desk.actor(login), persons, start=start, end=start + timedelta(days=days)
    )


def of(desk: Desk, found: Planning, slug: str) -> list[Entry]:
    return list(found.entries.get(desk.person(slug).id, ()))


def subjects(desk: Desk, slug: str, day: int = 25) -> list[str]:
    return [each.row.subject for each in of(desk, read(desk, slug, day=day), slug)]


# -- reading ------------------------------------------------------------------------------


def test_what_overlaps_the_days_is_there_and_what_only_touches_them_is_not(desk: Desk) -> None:
    night = Span(
        start=datetime(2026, 11, 24, 22), end=datetime(2026, 11, 25, 6), zone="Europe/Paris"
    )
    evening = replace(night, start=datetime(2026, 11, 24, 20), end=datetime(2026, 11, 25))
    week = replace(night, start=datetime(2026, 11, 23), end=datetime(2026, 11, 28), all_day=True)
    for subject, when in (("Nuit", night), ("Soirée", evening), ("Semaine", week)):
        desk.plan(plan=replace(PLAN, subject=subject, span=when))
    desk.plan("ivan")
    assert subjects(desk, "claire") == ["Semaine", "Nuit", "Visite"]
    assert subjects(desk, "ivan") == ["Visite"]
    assert subjects(desk, "alice") == []


def test_dates_of_a_series_have_their_own_time_state_and_answers(desk: Desk) -> None:
    planned = desk.plan("ivan", plan=SERIES)
    ivan = desk.person("ivan").id
    appointments.record_presence(
        desk.tx,
        desk.actor("admin"),
        planned,
        ivan,
        Presence.DECLINED,
        now=desk.now,
        original=SECOND,
    )
    appointments.set_state(
        desk.tx, desk.actor("admin"), planned, State.CANCELLED, now=desk.now, original=THIRD
    )
    first, second, third, _fourth = of(desk, read(desk, "ivan", days=28), "ivan")
    assert (first.row.key.original, first.presence) == (FIRST, Presence.NEEDS_ACTION)
    assert first.row.span.start == FIRST
    assert not first.is_off
    assert (second.presence, second.is_off) == (Presence.DECLINED, True)
    assert (third.row.state, third.is_off) == (State.CANCELLED, True)


def test_who_takes_part_in_one_date_only_finds_that_one(desk: Desk) -> None:
    planned = desk.plan("ivan", plan=SERIES)
    move(desk.tx, desk.actor("admin"), _moved(planned, SECOND, "ivan", "alice"), now=desk.now)
    assert [e.row.key.original for e in of(desk, read(desk, "alice", days=28), "alice")] == [SECOND]
    assert len(of(desk, read(desk, "ivan", days=28), "ivan")) == 3
    # the others of that date are those who are left
    (entry,) = of(desk, read(desk, "alice", days=28), "alice")
    assert [each.name for each in entry.row.participants] == ["Claire Cliente", "Alice Gestion"]


def test_notes_are_not_read(desk: Desk) -> None:
    desk.plan()
    (entry,) = of(desk, read(desk, "claire"), "claire")
    assert entry.row.notes == ""


def test_conflicts_are_marked_where_they_are(desk: Desk) -> None:
    desk.plan("ivan", plan=SERIES)
    desk.plan("ivan", page="jean-dupont")
    found = of(desk, read(desk, "ivan", days=14), "ivan")
    assert [each.conflicts for each in found] == [
        {ConflictCode.OVERLAP},
        {ConflictCode.OVERLAP},
        frozenset(),
    ]
    desk.tx.agency.save_setting(
        "conflict_rules", (ConflictRule(code=ConflictCode.OVERLAP, enabled=False),)
    )
    assert not any(each.conflicts for each in of(desk, read(desk, "ivan", days=14), "ivan"))


def test_everybody_sees_the_plannings_that_he_may(desk: Desk) -> None:
    for login, slug in (("ivan", "claire"), ("claire", "ivan"), ("nora", "sophie")):
        with pytest.raises(UnknownCalendar):
            planning.person(desk.tx, desk.actor(login), slug)
        with pytest.raises(UnknownCalendar):
            read(desk, slug, login=login)
    with pytest.raises(UnknownCalendar):
        planning.person(desk.tx, desk.actor("admin"), "nobody")
    assert planning.person(desk.tx, desk.actor("ivan"), "ivan").slug == "ivan"


def test_what_may_be_edited_and_planned_is_told(desk: Desk) -> None:
    desk.plan("ivan")
    desk.plan(page="ivan", plan=replace(PLAN, span=span(25, 14)))
    found = read(desk, "ivan", login="ivan")
    assert [each.may_edit for each in of(desk, found, "ivan")] == [False, True]
    assert found.creates_in == {desk.person("ivan").id}
    assert read(desk, "claire", login="claire").creates_in == frozenset()


def test_with_the_module_off_there_is_none(desk: Desk) -> None:
    desk.tx.agency.save_setting("module_enabled", False)
    with pytest.raises(ModuleOff):
        read(desk, "claire")


def test_the_team_is_staff_of_ones_secteurs(desk: Desk) -> None:
    def names(login: str, **wanted: str) -> list[str]:
        page = planning.team(
            desk.tx,
            desk.actor(login),
            FicheFilter(kinds=planning.TEAM, **wanted),  # type: ignore[arg-type]
            None,
            size=10,
        )
        return [person.slug for person in page.persons]

    assert names("admin") == ["admin", "alice", "ivan"]
    assert names("admin", text="intervenant") == ["ivan"]
    with pytest.raises(AccessRefused):
        names("ivan")


def test_it_takes_as_many_statements_for_many_as_for_one(any_book: AppointmentBook) -> None:
    def statements(*slugs: str) -> int:
        count = 0

        def note(*_: object) -> None:
            nonlocal count
            count += 1

        with any_book.database.reading() as tx:
            desk = Desk(tx, any_book.clock())
            persons, actor = [desk.person(slug) for slug in slugs], desk.actor("admin")
            start = datetime(2026, 11, 23, tzinfo=PARIS)
            engine = any_book.database.engine
            sqlalchemy_event.listen(engine, "before_cursor_execute", note)
            try:
                planning.read(tx, actor, persons, start=start, end=start + timedelta(days=28))
            finally:
                sqlalchemy_event.remove(engine, "before_cursor_execute", note)
        return count

    with any_book.database.writing() as tx:
        desk = Desk(tx, any_book.clock())
        desk.plan("ivan", plan=SERIES)
        few = desk.plan("ivan")
        appointments.set_state(tx, desk.actor("admin"), few, State.CANCELLED, now=any_book.clock())
    before = statements("ivan")
    with any_book.database.writing() as tx:
        desk = Desk(tx, any_book.clock())
        for hour in range(8, 18):
            desk.plan("ivan", "alice", plan=replace(SERIES, span=span(25, hour)))
    assert statements("ivan", "alice", "claire", "sophie") == before <= 8


# -- moving -------------------------------------------------------------------------------


def _moved(
    appointment_id: int,
    original: datetime | None,
    source: str,
    target: str,
    *,
    seen: Span | None = None,
    wanted: Span | None = None,
) -> Move:
    here = seen or (span() if original is None else span().moved_to(original))
    return Move(
        key=RowKey(appointment_id=appointment_id, original=original),
        seen=here,
        wanted=wanted or here,
        source=source,
        target=target,
    )


def do(desk: Desk, wanted: Move, login: str = "admin") -> Appointment:
    move(desk.tx, desk.actor(login), wanted, now=desk.now)
    return desk.appointment(wanted.key.appointment_id)


def events_of(desk: Desk, appointment_id: int) -> list[str]:
    return [entry.event for entry in desk.tx.journal.entries_for(appointment_id)]


def test_another_time(desk: Desk) -> None:
    planned = desk.plan("ivan")
    wanted = _moved(planned, None, "ivan", "ivan", wanted=span(26, 14, hours=2))
    assert do(desk, wanted).span == span(26, 14, hours=2)
    assert "Rescheduled" in events_of(desk, planned)
    assert subjects(desk, "claire", day=26) == ["Visite"]


@pytest.mark.parametrize("original", [None, SECOND])
def test_what_is_taken_back_asks_nobody_again(desk: Desk, original: datetime | None) -> None:
    planned = desk.plan("ivan", "alice", plan=SERIES if original else PLAN)
    admin, ivan = desk.actor("admin"), desk.person("ivan").id
    appointments.record_presence(
        desk.tx, admin, planned, ivan, Presence.ACCEPTED, now=desk.now, original=original
    )

    def standing() -> tuple[Span, dict[int | str, Presence]]:
        appointment = desk.appointment(planned)
        date_ = appointment.occurrence(original) if original else appointment
        assert date_ is not None
        return date_.span, {each.key: each.presence for each in date_.participants}

    before = standing()
    here = before[0]
    wanted = _moved(planned, original, "ivan", "sophie", seen=here, wanted=span(27, 14))
    moved = move(desk.tx, admin, wanted, now=desk.now)
    assert moved.details.span == span(27, 14)
    assert set(standing()[1].values()) == {Presence.NEEDS_ACTION}
    move(desk.tx, admin, moved.undo, now=desk.now)
    assert standing() == before


def test_another_person_takes_the_place_ownership_included(desk: Desk) -> None:
    planned = desk.plan("ivan")
    appointment = do(desk, _moved(planned, None, "claire", "sophie"))
    assert appointment.owner.person_id == desk.person("sophie").id
    assert desk.calendars(planned) == {"ivan", "sophie"}


def test_one_date_of_a_series_is_moved_alone(desk: Desk) -> None:
    planned = desk.plan("ivan", plan=SERIES)
    later = span().moved_to(SECOND + timedelta(hours=2))
    appointment = do(desk, _moved(planned, SECOND, "ivan", "alice", wanted=later))
    (date_,) = appointment.occurrences
    assert (date_.original, date_.span) == (SECOND, later)
    assert date_.person_ids == {desk.person("claire").id, desk.person("alice").id}
    assert appointment.span == span()
    assert desk.person("ivan").id in appointment.person_ids


def test_the_owner_of_a_series_stays_in_each_of_its_dates(desk: Desk) -> None:
    planned = desk.plan("ivan", plan=SERIES)
    with pytest.raises(OwnerCannotLeave):
        do(desk, _moved(planned, SECOND, "claire", "sophie"))


def test_a_series_is_not_moved_as_a_whole_nor_at_dates_that_it_has_not(desk: Desk) -> None:
    planned = desk.plan("ivan", plan=SERIES)
    for original in (None, SECOND + timedelta(days=1)):
        with pytest.raises(UnknownOccurrence):
            do(desk, _moved(planned, original, "ivan", "ivan"))


def test_what_somebody_else_moved_meanwhile_stays_there(desk: Desk) -> None:
    planned = desk.plan("ivan")
    do(desk, _moved(planned, None, "ivan", "ivan", wanted=span(26, 14)))
    with pytest.raises(PreconditionFailed):
        do(desk, _moved(planned, None, "ivan", "ivan", wanted=span(25, 10)))
    with pytest.raises(NotAParticipant):
        do(desk, _moved(planned, None, "alice", "alice", seen=span(26, 14)))
    assert desk.appointment(planned).span == span(26, 14)


def test_a_time_said_in_another_zone_stays_in_it(desk: Desk) -> None:
    tokyo = Span(
        start=datetime(2026, 11, 25, 17), end=datetime(2026, 11, 25, 18), zone="Asia/Tokyo"
    )
    planned = desk.plan("ivan", plan=replace(PLAN, span=tokyo))
    appointment = do(desk, _moved(planned, None, "ivan", "ivan", wanted=span(25, 10)))
    assert appointment.span == tokyo.moved_to(datetime(2026, 11, 25, 18))


def test_whole_days_stay_whole_days(desk: Desk) -> None:
    days = Span(
        start=datetime(2026, 11, 25), end=datetime(2026, 11, 27), zone="Europe/Paris", all_day=True
    )
    planned = desk.plan("ivan", plan=replace(PLAN, span=days))
    later = days.moved_to(datetime(2026, 11, 26))
    wanted = _moved(planned, None, "ivan", "ivan", seen=days, wanted=later)
    assert do(desk, wanted).span == later


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (replace(span(), end=span().start - timedelta(hours=1)), InvalidInput),
        (span().moved_to(datetime(3100, 1, 1)), DateOutOfRange),
    ],
)
def test_times_that_cannot_be(desk: Desk, wanted: Span, error: type[Exception]) -> None:
    planned = desk.plan("ivan")
    with pytest.raises(error):
        do(desk, _moved(planned, None, "ivan", "ivan", wanted=wanted))


def test_who_may_move_what(desk: Desk) -> None:
    planned = desk.plan("ivan")
    own = desk.plan(page="ivan", plan=replace(PLAN, span=span(26)))
    elsewhere = desk.plan(page="sophie", plan=replace(PLAN, span=span(27)))
    later = span(26, 11)
    with pytest.raises(EditRefused):
        do(desk, _moved(planned, None, "ivan", "ivan", wanted=later), "ivan")
    moved = do(desk, _moved(own, None, "ivan", "ivan", seen=span(26), wanted=later), "ivan")
    assert moved.span == later
    with pytest.raises(UnknownCalendar):
        do(desk, _moved(own, None, "ivan", "claire", seen=later), "ivan")
    with pytest.raises(UnknownCalendar):
        do(desk, _moved(elsewhere, None, "sophie", "sophie", seen=span(27)), "nora")
    with pytest.raises(UnknownObject):
        do(desk, _moved(elsewhere, None, "ivan", "ivan", seen=span(27)), "ivan")


def test_what_a_rule_blocks_is_not_done(desk: Desk) -> None:
    planned = desk.plan("ivan")
    desk.plan("ivan", plan=replace(PLAN, span=span(26)), page="jean-dupont")
    wanted = _moved(planned, None, "ivan", "ivan", wanted=span(26))
    blocking = ConflictRule(code=ConflictCode.OVERLAP, blocking=True)
    desk.tx.agency.save_setting("conflict_rules", (blocking,))
    with pytest.raises(Conflicting):
        do(desk, wanted)
    desk.tx.agency.save_setting("conflict_rules", (replace(blocking, blocking=False),))
    assert do(desk, wanted).span == span(26)


def test_the_night_that_has_an_hour_twice(desk: Desk) -> None:
    day = date(2026, 10, 25)
    when = Span(start=datetime(2026, 10, 25, 1), end=datetime(2026, 10, 25, 4), zone="Europe/Paris")
    desk.plan(plan=replace(PLAN, span=when, recurrence=Recurrence(rules=("FREQ=WEEKLY;COUNT=2",))))
    start = datetime.combine(day, datetime.min.time(), PARIS)
    claire = desk.person("claire")
    found = planning.read(
        desk.tx, desk.actor("admin"), [claire], start=start, end=start + timedelta(days=1)
    )
    (entry,) = found.entries[claire.id]
    assert (entry.row.stops_at - entry.row.starts_at) == timedelta(hours=4)
    assert entry.row.starts_at == datetime(2026, 10, 24, 23, tzinfo=UTC)

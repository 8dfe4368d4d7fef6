"""Whether persons can be had at a time that somebody thinks of, and when else they can."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.errors import UnknownCalendar
from rdv_caldav.services import conflicts, free_slots
from rdv_caldav.services.conflicts import Wanted
from support.agency import span
from support.desk import PLAN, Desk
from support.objects import event
from support.personal import Own


@pytest.fixture
def desk(any_book: AppointmentBook) -> Iterator[Desk]:
    with any_book.database.writing() as tx:
        yield Desk(tx, any_book.clock())


def test_whether_persons_can_be_had(desk: Desk) -> None:
    one = desk.plan("ivan")
    ivan, alice = desk.person("ivan").id, desk.person("alice").id
    wanted = Wanted(person_ids=(alice, ivan, alice), span=span())
    found = conflicts.prospects(desk.tx, desk.actor("admin"), wanted, now=desk.now)
    assert [(each.person.slug, each.is_free) for each in found] == [
        ("alice", True),
        ("ivan", False),
    ]
    own = replace(wanted, appointment_id=one)
    assert all(
        each.is_free
        for each in conflicts.prospects(desk.tx, desk.actor("admin"), own, now=desk.now)
    )


def test_whom_one_may_not_know_of_one_cannot_ask(desk: Desk) -> None:
    wanted = Wanted(person_ids=(desk.person("claire").id,), span=span())
    with pytest.raises(UnknownCalendar):
        conflicts.prospects(desk.tx, desk.actor("ivan"), wanted, now=desk.now)
    with pytest.raises(UnknownCalendar):
        free_slots.alternatives(
            desk.tx, desk.actor("ivan"), replace(wanted, person_ids=(99,)), now=desk.now
        )


def other_times(desk: Desk, wanted: Wanted) -> list[str]:
    found = free_slots.alternatives(desk.tx, desk.actor("admin"), wanted, now=desk.now)
    return [f"{each.start:%d %H:%M}" for each in found]


def test_other_times_lie_within_hours_and_between_appointments(desk: Desk) -> None:
    desk.works("ivan")
    desk.plan("ivan", plan=replace(PLAN, span=span(25, 9, hours=2)))
    desk.plan("ivan", page="jean-dupont", plan=replace(PLAN, span=span(25, 10)))
    wanted = Wanted(person_ids=(desk.person("ivan").id,), span=span(25, 10))
    assert other_times(desk, wanted) == ["25 11:00", "25 14:00", "25 15:00"]
    late = replace(wanted, span=span(27, 17))
    assert other_times(desk, late) == ["30 08:00", "30 09:00", "30 10:00"]


def test_without_hours_they_lie_in_the_daytime(desk: Desk) -> None:
    ivan = desk.person("ivan").id
    desk.plan("ivan", plan=replace(PLAN, span=span(25, 19)))
    wanted = Wanted(person_ids=(ivan,), span=span(25, 19))
    assert other_times(desk, wanted) == ["26 08:00", "26 09:00", "26 10:00"]
    instant = replace(wanted, span=span(26, 9, hours=0))
    assert other_times(desk, instant) == ["26 09:15", "26 09:30", "26 09:45"]


def test_other_whole_days(desk: Desk) -> None:
    desk.works("ivan")
    desk.plan("ivan", plan=replace(PLAN, span=span(26, 9)))
    day = replace(span(25, 0, hours=24), all_day=True)
    wanted = Wanted(person_ids=(desk.person("ivan").id,), span=day)
    assert other_times(desk, wanted) == ["27 00:00", "30 00:00", "01 00:00"]
    desk.works("ivan", {day: [("00:00", "24:00")] for day in ("MO", "TH", "FR")})
    assert other_times(desk, wanted) == ["27 00:00", "30 00:00", "03 00:00"]


def test_two_weeks_ahead_and_no_further(any_book: AppointmentBook) -> None:
    own = Own(any_book, "ivan")
    own.calendar("perso")
    away = "DTSTART;VALUE=DATE:20261125\r\nDTEND;VALUE=DATE:20270125\r\n"
    own.put("perso/absent.ics", event("absent", times=away))
    with any_book.database.writing() as tx:
        desk = Desk(tx, any_book.clock())
        ivan = (desk.person("ivan").id,)
        assert other_times(desk, Wanted(person_ids=ivan, span=span())) == []
        day = replace(span(25, 0, hours=24), all_day=True)
        assert other_times(desk, Wanted(person_ids=ivan, span=day)) == []

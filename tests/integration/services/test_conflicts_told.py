"""Who is told what of conflicts, and what lists ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.errors import ModuleOff, UnknownObject
from rdv_caldav.services import conflicts, free_slots
from rdv_caldav.services.conflicts import Wanted
from support.agency import span
from support.desk import Desk


@pytest.fixture
def desk(any_book: AppointmentBook) -> Iterator[Desk]:
    with any_book.database.writing() as tx:
        yield Desk(tx, any_book.clock())


def test_who_may_not_see_the_other_is_told_no_more_than_busy(desk: Desk) -> None:
    one = desk.plan("claire", page="ivan")
    desk.plan(page="claire")
    for login, subjects in (("admin", ["Visite"]), ("nora", ["Visite"]), ("ivan", [None])):
        told = conflicts.of_appointment(desk.tx, desk.actor(login), one)
        assert [each.other and each.other.subject for each in told] == subjects
        assert told[0].person.slug == "claire"


def test_a_participant_is_told_of_his_own_only(desk: Desk) -> None:
    one = desk.plan("ivan", page="claire")
    desk.plan("ivan", page="jean-dupont")
    assert conflicts.of_appointment(desk.tx, desk.actor("claire"), one) == []
    assert len(conflicts.of_appointment(desk.tx, desk.actor("ivan"), one)) == 1


def test_a_stranger_learns_nothing(desk: Desk) -> None:
    one = desk.plan()
    with pytest.raises(UnknownObject):
        conflicts.of_appointment(desk.tx, desk.actor("ivan"), one)
    with pytest.raises(UnknownObject):
        conflicts.of_appointment(desk.tx, desk.actor("admin"), 99)


def test_lists_ask_by_time_and_person(desk: Desk) -> None:
    one = desk.plan("ivan", page="sophie")
    other = desk.plan("ivan", page="sophie")
    noon = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
    sophie = desk.person("sophie").id

    def found(login: str, start: datetime, **only: list[int]) -> list[tuple[int, str]]:
        told = conflicts.between(
            desk.tx, desk.actor(login), start, start + timedelta(hours=1), **only
        )
        return sorted((number, each.person.slug) for number, each in told)

    both = [(one, "ivan"), (one, "sophie"), (other, "ivan"), (other, "sophie")]
    assert found("admin", noon) == both
    assert found("admin", noon, person_ids=[sophie]) == [(one, "sophie"), (other, "sophie")]
    assert found("nora", noon) == [(one, "ivan"), (other, "ivan")]
    assert found("admin", noon + timedelta(hours=1)) == []


def test_nothing_is_told_while_the_module_is_off(desk: Desk) -> None:
    one, alice = desk.plan("ivan"), desk.actor("alice")
    desk.plan("ivan", page="jean-dupont")
    start, end = desk.now, desk.now + timedelta(days=7)
    wanted = Wanted(person_ids=(desk.person("ivan").id,), span=span())
    asked: tuple[Callable[[], object], ...] = (
        lambda: conflicts.of_appointment(desk.tx, alice, one),
        lambda: conflicts.between(desk.tx, alice, start, end),
        lambda: conflicts.prospects(desk.tx, alice, wanted, now=desk.now),
        lambda: free_slots.alternatives(desk.tx, alice, wanted, now=desk.now),
    )
    for ask in asked:
        assert ask()
    desk.tx.agency.save_setting("module_enabled", False)
    for ask in asked:
        with pytest.raises(ModuleOff):
            ask()
    desk.tx.agency.save_setting("module_enabled", True)
    assert len(conflicts.of_appointment(desk.tx, alice, one)) == 1

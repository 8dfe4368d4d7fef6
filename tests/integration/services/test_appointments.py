"""Use cases of pages and commands, with the rules that only show against the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import Participant, Presence, State
from rdv_caldav.domain.errors import (
    EditRefused,
    ModuleOff,
    NotAParticipant,
    NotBegun,
    OwnerCannotLeave,
    OwnerMissing,
    UidConflict,
    UnknownCalendar,
    UnknownObject,
    UnknownOccurrence,
    UnknownType,
)
from rdv_caldav.ical.objects import parse
from rdv_caldav.services import appointments
from support.agency import SECOND, WEEKLY, span
from support.desk import PLAN, Desk


@pytest.fixture
def desk(book: AppointmentBook) -> Iterator[Desk]:
    with book.database.writing() as tx:
        yield Desk(tx, book.clock())


# -- planning -----------------------------------------------------------------------------


def test_rule_2_who_is_planned_for_is_owner_and_has_accepted(desk: Desk) -> None:
    planned = desk.plan("ivan", "alice")
    appointment = desk.appointment(planned)
    assert appointment.owner == Participant(
        person_id=desk.person("claire").id, presence=Presence.ACCEPTED, is_owner=True
    )
    assert appointment.state is State.PLANNED
    assert appointment.type_code == "client"
    assert desk.calendars(planned) == {"claire", "ivan", "alice"}
    stored = desk.tx.appointments.get(planned)
    assert stored is not None
    assert parse(stored.text).uid == appointment.uid


def test_who_is_planned_for_is_not_added_twice(desk: Desk) -> None:
    assert len(desk.appointment(desk.plan("claire")).participants) == 1


def test_a_stated_type_is_taken(desk: Desk) -> None:
    planned = desk.plan(plan=replace(PLAN, type_code="interne"))
    assert desk.appointment(planned).type_code == "interne"


def test_an_unknown_type_is_refused(desk: Desk) -> None:
    with pytest.raises(UnknownType):
        desk.plan(plan=replace(PLAN, type_code="inconnu"))


@pytest.mark.parametrize(
    ("login", "page", "error"),
    [
        ("alice", "personne", UnknownCalendar),
        ("ivan", "claire", UnknownCalendar),
        ("claire", "claire", EditRefused),
        ("nora", "sophie", UnknownCalendar),
    ],
)
def test_not_everybody_plans_for_everybody(
    desk: Desk, login: str, page: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        desk.plan(login=login, page=page)


@pytest.mark.parametrize(
    ("login", "page"), [("ivan", "ivan"), ("nora", "claire"), ("nora", "paul")]
)
def test_staff_plans_for_those_it_sees(desk: Desk, login: str, page: str) -> None:
    assert desk.calendars(desk.plan(login=login, page=page)) == {page}


def test_intervenants_plan_for_themselves_by_a_setting(desk: Desk) -> None:
    desk.tx.agency.save_setting("intervenants_edit_own", False)
    with pytest.raises(EditRefused):
        desk.plan(login="ivan", page="ivan")


def test_a_new_appointment_cannot_be_finished_without_owner(desk: Desk) -> None:
    with pytest.raises(OwnerMissing):
        appointments.create(
            desk.tx,
            desk.actor("alice"),
            "claire",
            PLAN,
            now=desk.now,
            alter=lambda a: replace(a, participants=()),
        )


def test_rule_15_with_the_module_off_nothing_is_planned_or_changed(desk: Desk) -> None:
    planned = desk.plan()
    desk.tx.agency.save_setting("module_enabled", False)
    alice = desk.actor("alice")
    with pytest.raises(ModuleOff):
        desk.plan()
    with pytest.raises(ModuleOff):
        appointments.trash(desk.tx, alice, planned, now=desk.now)
    assert desk.tx.appointments.get(planned) is not None


# -- changing -----------------------------------------------------------------------------


def test_participants_come_and_go_with_their_calendars(desk: Desk) -> None:
    planned = desk.plan("ivan")
    alice = desk.actor("alice")
    newcomers = [Participant(person_id=desk.person(slug).id) for slug in ("paul", "alice")]
    appointments.add_participants(desk.tx, alice, planned, newcomers, now=desk.now)
    assert desk.calendars(planned) == {"claire", "ivan", "paul", "alice"}
    ivan = desk.person("ivan").id
    appointments.remove_participant(desk.tx, alice, planned, ivan, now=desk.now)
    assert desk.calendars(planned) == {"claire", "paul", "alice"}


def test_rule_1_the_owner_leaves_after_ownership_is_given(desk: Desk) -> None:
    planned = desk.plan("ivan")
    alice, claire, ivan = desk.actor("alice"), desk.person("claire").id, desk.person("ivan").id
    with pytest.raises(OwnerCannotLeave):
        appointments.remove_participant(desk.tx, alice, planned, claire, now=desk.now)
    appointments.give_ownership(desk.tx, alice, planned, ivan, now=desk.now)
    appointments.remove_participant(desk.tx, alice, planned, claire, now=desk.now)
    assert desk.calendars(planned) == {"ivan"}


def test_rule_5_a_move_asks_the_others_again_and_numbers_the_text(desk: Desk) -> None:
    planned = desk.plan("alice")
    alice = desk.actor("alice")
    answer = (desk.person("alice").id, Presence.ACCEPTED)
    appointments.record_presence(desk.tx, alice, planned, *answer, now=desk.now)
    moved = appointments.revise(
        desk.tx, alice, planned, lambda a: replace(a, span=span(26)), now=desk.now
    )
    assert [p.presence for p in moved.participants] == [Presence.NEEDS_ACTION, Presence.ACCEPTED]
    assert (moved.sequence, moved.time_sequence) == (1, 1)
    assert desk.appointment(planned) == moved
    stored = desk.tx.appointments.get(planned)
    assert stored is not None
    assert "SEQUENCE:1\r\n" in stored.text


def test_a_change_that_is_none_leaves_no_trace(desk: Desk) -> None:
    planned = desk.plan()
    before = desk.tx.appointments.get(planned), desk.tx.journal.entries_for(planned)
    later = desk.now + timedelta(hours=1)
    appointments.revise(desk.tx, desk.actor("alice"), planned, lambda a: a, now=later)
    _, entries = before
    assert desk.tx.journal.entries_for(planned) == entries


def test_the_uid_never_changes(desk: Desk) -> None:
    planned = desk.plan()
    uid = desk.appointment(planned).uid
    revised = appointments.revise(
        desk.tx, desk.actor("alice"), planned, lambda a: replace(a, uid="autre"), now=desk.now
    )
    assert revised.uid == uid


@pytest.mark.parametrize("login", ["claire", "ivan"])
def test_who_only_takes_part_changes_nothing(desk: Desk, login: str) -> None:
    planned = desk.plan("ivan")
    actor, claire = desk.actor(login), desk.person("claire").id
    for attempt in (
        lambda: appointments.revise(desk.tx, actor, planned, lambda a: a, now=desk.now),
        lambda: appointments.trash(desk.tx, actor, planned, now=desk.now),
        lambda: appointments.set_state(desk.tx, actor, planned, State.CANCELLED, now=desk.now),
    ):
        with pytest.raises(EditRefused):
            attempt()
    if actor.person_id != claire:
        with pytest.raises(EditRefused):
            appointments.record_presence(
                desk.tx, actor, planned, claire, Presence.DECLINED, now=desk.now
            )


def test_what_does_not_exist_cannot_be_changed(desk: Desk) -> None:
    with pytest.raises(UnknownObject):
        appointments.revise(desk.tx, desk.actor("alice"), 99, lambda a: a, now=desk.now)


# -- states and answers -------------------------------------------------------------------


def test_rule_3_held_once_it_has_begun(desk: Desk) -> None:
    planned = desk.plan()
    alice = desk.actor("alice")
    with pytest.raises(NotBegun):
        appointments.set_state(desk.tx, alice, planned, State.HELD, now=desk.now)
    held = appointments.set_state(desk.tx, alice, planned, State.HELD, now=span().starts_at)
    assert held.state is State.HELD


def test_rule_4_everybody_answers_for_himself(desk: Desk) -> None:
    planned = desk.plan("ivan")
    ivan = desk.actor("ivan")
    answered = appointments.record_presence(
        desk.tx,
        ivan,
        planned,
        desk.person("ivan").id,
        Presence.DECLINED,
        now=desk.now,
        comment="Malade",
    )
    participant = answered.participant(desk.person("ivan").id)
    assert participant is not None
    assert (participant.presence, participant.comment) == (Presence.DECLINED, "Malade")
    assert answered.sequence == 0


def test_a_stranger_has_no_answer(desk: Desk) -> None:
    planned = desk.plan()
    with pytest.raises(NotAParticipant):
        appointments.record_presence(
            desk.tx,
            desk.actor("ivan"),
            planned,
            desk.person("ivan").id,
            Presence.ACCEPTED,
            now=desk.now,
        )


def test_rule_14_one_date_is_cancelled_by_itself(desk: Desk) -> None:
    planned = desk.plan(plan=replace(PLAN, recurrence=WEEKLY))
    alice = desk.actor("alice")
    series = appointments.set_state(
        desk.tx, alice, planned, State.CANCELLED, now=desk.now, original=SECOND
    )
    assert [(o.original, o.state) for o in series.occurrences] == [(SECOND, State.CANCELLED)]
    assert series.state is State.PLANNED
    with pytest.raises(UnknownOccurrence):
        appointments.set_state(
            desk.tx, alice, desk.plan(), State.CANCELLED, now=desk.now, original=SECOND
        )


# -- the corbeille ------------------------------------------------------------------------


def test_rule_6_the_corbeille_keeps_what_is_gone_from_every_calendar(desk: Desk) -> None:
    planned = desk.plan("ivan")
    alice = desk.actor("alice")
    appointments.trash(desk.tx, alice, planned, now=desk.now)
    assert desk.calendars(planned) == set()
    assert desk.appointment(planned).state is State.CANCELLED
    assert [stored.id for stored in desk.tx.appointments.trashed()] == [planned]
    with pytest.raises(UnknownObject):
        appointments.trash(desk.tx, alice, planned, now=desk.now)
    appointments.restore(desk.tx, alice, planned, now=desk.now)
    assert desk.calendars(planned) == {"claire", "ivan"}
    assert desk.tx.appointments.trashed() == []
    assert desk.appointment(planned).state is State.CANCELLED
    with pytest.raises(UnknownObject):
        appointments.restore(desk.tx, alice, planned, now=desk.now)


def test_rule_6_the_corbeille_blocks_no_uid(desk: Desk) -> None:
    planned = desk.plan()
    alice, uid = desk.actor("alice"), desk.appointment(planned).uid
    appointments.trash(desk.tx, alice, planned, now=desk.now)
    again = appointments.create(
        desk.tx, alice, "claire", PLAN, now=desk.now, alter=lambda a: replace(a, uid=uid)
    )
    assert again != planned
    with pytest.raises(UidConflict):
        appointments.restore(desk.tx, alice, planned, now=desk.now)


def test_who_may_not_edit_restores_nothing(desk: Desk) -> None:
    planned = desk.plan("ivan")
    appointments.trash(desk.tx, desk.actor("alice"), planned, now=desk.now)
    with pytest.raises(EditRefused):
        appointments.restore(desk.tx, desk.actor("ivan"), planned, now=desk.now)

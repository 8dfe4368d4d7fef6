"""What external guests are told of a change (rule 13)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import Participant, Presence, Recurrence, State
from rdv_caldav.services import appointments
from support.agency import GUEST, SECOND, WEEKLY, span
from support.desk import PLAN, Desk


@pytest.fixture
def desk(book: AppointmentBook) -> Iterator[Desk]:
    with book.database.writing() as tx:
        yield Desk(tx, book.clock())


WITH_GUEST = replace(PLAN, participants=(Participant(address=GUEST, name="Invité"),))


def told(desk: Desk) -> list[tuple[str, datetime | None]]:
    messages = desk.tx.outbox.pending()
    assert {m.recipient for m in messages} <= {GUEST}
    return [(message.method, message.original) for message in messages]


def test_a_guest_is_invited_told_and_told_off(desk: Desk) -> None:
    planned = desk.plan("ivan", plan=WITH_GUEST)
    alice = desk.actor("alice")
    assert told(desk) == [("REQUEST", None)]
    appointments.revise(
        desk.tx, alice, planned, lambda a: replace(a, location="Agence"), now=desk.now
    )
    appointments.remove_participant(desk.tx, alice, planned, GUEST, now=desk.now)
    assert told(desk) == [("REQUEST", None), ("REQUEST", None), ("CANCEL", None)]


def test_a_guest_is_told_of_one_date_of_a_series(desk: Desk) -> None:
    planned = desk.plan(plan=replace(WITH_GUEST, recurrence=Recurrence(rules=WEEKLY.rules)))
    alice = desk.actor("alice")
    appointments.set_state(desk.tx, alice, planned, State.CANCELLED, now=desk.now, original=SECOND)
    assert told(desk) == [("REQUEST", None), ("CANCEL", SECOND)]


def test_cancelling_deleting_and_planning_again(desk: Desk) -> None:
    planned = desk.plan(plan=WITH_GUEST)
    alice = desk.actor("alice")
    appointments.set_state(desk.tx, alice, planned, State.CANCELLED, now=desk.now)
    appointments.revise(
        desk.tx, alice, planned, lambda a: replace(a, location="Agence"), now=desk.now
    )
    appointments.set_state(desk.tx, alice, planned, State.PLANNED, now=desk.now)
    appointments.trash(desk.tx, alice, planned, now=desk.now)
    assert [method for method, _ in told(desk)] == ["REQUEST", "CANCEL", "REQUEST", "CANCEL"]


def test_answers_and_notes_are_nothing_to_tell(desk: Desk) -> None:
    planned = desk.plan("ivan", plan=WITH_GUEST)
    ivan = desk.person("ivan").id
    alice = desk.actor("alice")
    appointments.record_presence(desk.tx, alice, planned, ivan, Presence.ACCEPTED, now=desk.now)
    appointments.revise(desk.tx, alice, planned, lambda a: replace(a, notes="Autre"), now=desk.now)
    assert told(desk) == [("REQUEST", None)]


def test_rule_13_what_is_over_is_told_to_nobody(desk: Desk) -> None:
    planned = desk.plan(plan=replace(WITH_GUEST, span=span(10)))
    appointments.trash(desk.tx, desk.actor("alice"), planned, now=desk.now)
    assert told(desk) == []


def test_rule_13_nobody_is_told_unless_the_agency_wants_it(desk: Desk) -> None:
    desk.tx.agency.save_setting("invite_external_guests", False)
    desk.plan(plan=WITH_GUEST)
    assert told(desk) == []

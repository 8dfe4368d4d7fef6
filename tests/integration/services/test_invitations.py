"""What guests and persons are told of a change, as the agency's settings say (rule 13)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.mail_threads import recipient_key
from rdv_caldav.db.outbox import OutboxMessage
from rdv_caldav.domain.appointment import Participant, Presence, Recurrence, State
from rdv_caldav.domain.mailing import ContactBy
from rdv_caldav.domain.rules import occurrence_at, with_occurrence
from rdv_caldav.services import appointments, inbox
from rdv_caldav.services.access import Channel
from rdv_caldav.services.mailing.composing import Composed, compose
from rdv_caldav.services.mailing.deciding import is_mailable
from support.agency import GUEST, SECOND, SETTINGS, THIRD, WEEKLY, span
from support.desk import PLAN, Desk


@pytest.fixture
def desk(any_book: AppointmentBook) -> Iterator[Desk]:
    with any_book.database.writing() as tx:
        yield Desk(tx, any_book.clock())


WITH_GUEST = replace(PLAN, participants=(Participant(address=GUEST, name="Invité"),))
SERIES = replace(WITH_GUEST, recurrence=Recurrence(rules=WEEKLY.rules))


def queued(desk: Desk, recipient: str = GUEST) -> list[OutboxMessage]:
    return [each for each in desk.tx.outbox.pending() if each.recipient == recipient]


def told(desk: Desk, recipient: str = GUEST) -> list[tuple[str, datetime | None]]:
    return [(message.method, message.original) for message in queued(desk, recipient)]


def persons_too(desk: Desk) -> None:
    desk.tx.agency.save_setting("invite_persons", True)


def reach(
    desk: Desk, slug: str, contact_by: ContactBy = ContactBy.AGENCY, *, phone: str = ""
) -> None:
    """Let a fiche say how somebody is reached."""
    desk.tx.people.save_details(
        desk.person(slug).id, phone=phone, notes="", language="", contact_by=contact_by
    )


def test_a_guest_is_invited_told_and_told_off(desk: Desk) -> None:
    planned = desk.plan("ivan", plan=WITH_GUEST)
    alice = desk.actor("alice")
    assert told(desk) == [("REQUEST", None)]
    appointments.revise(
        desk.tx, alice, planned, lambda a: replace(a, location="Agence"), now=desk.now
    )
    appointments.remove_participant(desk.tx, alice, planned, GUEST, now=desk.now)
    assert told(desk) == [("REQUEST", None), ("REQUEST", None), ("CANCEL", None)]
    *_, farewell = queued(desk)
    assert farewell.object_text.count(GUEST) == 1
    assert farewell.recipient_key == recipient_key(GUEST)
    assert len(desk.tx.outbox.pending()) == 3


def test_a_guest_is_told_of_single_dates_of_a_series(desk: Desk) -> None:
    planned = desk.plan(plan=SERIES)
    alice = desk.actor("alice")
    appointments.set_state(desk.tx, alice, planned, State.CANCELLED, now=desk.now, original=SECOND)
    assert told(desk) == [("REQUEST", None), ("CANCEL", SECOND)]
    appointments.revise(
        desk.tx,
        alice,
        planned,
        lambda a: with_occurrence(a, replace(occurrence_at(a, THIRD), location="Ailleurs")),
        now=desk.now,
    )
    assert told(desk)[2:] == [("REQUEST", THIRD)]


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
    appointments.restore(desk.tx, alice, planned, now=desk.now)
    assert len(told(desk)) == 4


def test_what_was_cancelled_is_not_called_off_once_more(desk: Desk) -> None:
    planned = desk.plan(plan=WITH_GUEST)
    alice = desk.actor("alice")
    appointments.set_state(desk.tx, alice, planned, State.CANCELLED, now=desk.now)
    appointments.trash(desk.tx, alice, planned, now=desk.now)
    assert [method for method, _ in told(desk)] == ["REQUEST", "CANCEL"]


def test_answers_and_notes_are_nothing_to_tell(desk: Desk) -> None:
    planned = desk.plan("ivan", plan=WITH_GUEST)
    ivan = desk.person("ivan").id
    alice = desk.actor("alice")
    appointments.record_presence(desk.tx, alice, planned, ivan, Presence.ACCEPTED, now=desk.now)
    appointments.revise(desk.tx, alice, planned, lambda a: replace(a, notes="Autre"), now=desk.now)
    assert told(desk) == [("REQUEST", None)]


def test_who_refused_is_not_told_that_it_is_off(desk: Desk) -> None:
    planned = desk.plan(plan=WITH_GUEST)
    alice = desk.actor("alice")
    appointments.record_presence(desk.tx, alice, planned, GUEST, Presence.DECLINED, now=desk.now)
    appointments.set_state(desk.tx, alice, planned, State.CANCELLED, now=desk.now)
    assert told(desk) == [("REQUEST", None)]


@pytest.mark.parametrize("plan", [WITH_GUEST, SERIES], ids=["single", "series"])
def test_rule_13_what_is_over_is_told_to_nobody(desk: Desk, plan: appointments.Plan) -> None:
    persons_too(desk)
    start = datetime(2026, 10, 1, 9)
    past = replace(plan.span, start=start, end=start + timedelta(hours=1))
    planned = desk.plan("ivan", plan=replace(plan, span=past))
    appointments.trash(desk.tx, desk.actor("alice"), planned, now=desk.now)
    assert desk.tx.outbox.pending() == []


def test_rule_13_a_past_date_of_a_series_is_told_to_nobody(desk: Desk) -> None:
    planned = desk.plan(plan=SERIES)
    alice = desk.actor("alice")
    later = desk.now + timedelta(days=10)
    for original in (SECOND, THIRD):
        appointments.set_state(
            desk.tx, alice, planned, State.CANCELLED, now=later, original=original
        )
    assert told(desk) == [("REQUEST", None), ("CANCEL", THIRD)]


def test_who_had_dates_to_come_is_told_that_the_series_ended(desk: Desk) -> None:
    planned = desk.plan(plan=SERIES)
    later = desk.now + timedelta(days=10)
    ended = Recurrence(rules=("FREQ=WEEKLY;COUNT=2",))
    alice = desk.actor("alice")
    appointments.revise(desk.tx, alice, planned, lambda a: replace(a, recurrence=ended), now=later)
    assert told(desk) == [("REQUEST", None), ("REQUEST", None)]
    assert isinstance(compose(desk.tx, queued(desk)[-1], later), Composed)


def test_rule_13_nobody_is_told_unless_the_agency_wants_it(desk: Desk) -> None:
    desk.tx.agency.save_setting("invite_external_guests", False)
    desk.plan("ivan", plan=WITH_GUEST)
    assert desk.tx.outbox.pending() == []


def test_rule_13_imports_tell_nobody(desk: Desk) -> None:
    persons_too(desk)
    importing = replace(desk.actor("alice"), channel=Channel.IMPORT)
    appointments.create(desk.tx, importing, "claire", WITH_GUEST, now=desk.now)
    assert desk.tx.outbox.pending() == []


def test_persons_are_told_where_the_agency_wants_it(desk: Desk) -> None:
    desk.plan("ivan", "alice")
    assert desk.tx.outbox.pending() == []
    persons_too(desk)
    desk.tx.agency.save_setting("invite_external_guests", False)
    desk.plan("ivan", "alice", "jean-dupont", "marie-dupont", "paul", plan=WITH_GUEST)
    rows = {
        (each.method, each.recipient, each.recipient_name): each.recipient_key
        for each in desk.tx.outbox.pending()
    }
    # not who plans it, not who has no address; a couple by one address, each by name
    assert rows == {
        ("REQUEST", address, name): recipient_key(desk.person(slug).id)
        for slug, address, name in (
            ("claire", "claire@famille.example", "Claire Cliente"),
            ("ivan", "ivan@agence.example", "Ivan Intervenant"),
            ("jean-dupont", "dupont@famille.example", "Jean Dupont"),
            ("marie-dupont", "dupont@famille.example", "Marie Dupont"),
        )
    }


def test_the_way_that_a_fiche_says(desk: Desk) -> None:
    persons_too(desk)
    reach(desk, "claire", ContactBy.NONE)
    reach(desk, "ivan", ContactBy.SMS, phone="+33 6 39 98 11 11")
    reach(desk, "paul", phone="+33 6 39 98 00 00")
    reach(desk, "sophie", ContactBy.SMS)
    desk.tx.mail_threads.stop("dupont@famille.example", now=desk.now)
    desk.plan("ivan", "paul", "sophie", "jean-dupont")
    rows = [(each.medium, each.recipient) for each in desk.tx.outbox.pending()]
    assert sorted(rows) == [("mail", "sophie@famille.example"), ("sms", "+33 6 39 98 11 11")]


def test_who_synchronises_gets_a_notice_at_most(desk: Desk) -> None:
    persons_too(desk)
    desk.tx.contacts.note_synchronised("ivan", desk.now - timedelta(days=59))
    inbox.switch(desk.tx, "claire", on=True, now=desk.now)
    planned = desk.plan("ivan")
    assert desk.tx.outbox.pending() == []
    desk.tx.agency.save_setting("notices_beside_calendar", True)
    alice, claire = desk.actor("alice"), desk.person("claire").id
    appointments.set_state(desk.tx, alice, planned, State.CANCELLED, now=desk.now)
    rows = {(each.method, each.recipient) for each in desk.tx.outbox.pending()}
    assert rows == {("NOTICE", "claire@famille.example"), ("NOTICE", "ivan@agence.example")}
    # who was invited by mail is told by mail until the end, whatever his programs do since
    thread = desk.tx.mail_threads.add(
        appointment_id=planned,
        recipient_key=recipient_key(claire),
        person_id=claire,
        address="claire@famille.example",
        token="jeton",
        now=desk.now,
    )
    desk.tx.mail_threads.mailed(
        thread,
        message_id="<1@agence.example>",
        sequence=0,
        time_sequence=0,
        address=thread.address,
        told={},
    )
    appointments.set_state(desk.tx, alice, planned, State.PLANNED, now=desk.now)
    assert told(desk, "claire@famille.example")[-1] == ("REQUEST", None)


def test_who_has_not_synchronised_for_long_is_invited(desk: Desk) -> None:
    persons_too(desk)
    desk.tx.contacts.note_synchronised("ivan", desk.now - timedelta(days=61))
    desk.plan("ivan")
    assert told(desk, "ivan@agence.example") == [("REQUEST", None)]


def test_archived_persons_are_told_nothing(desk: Desk) -> None:
    persons_too(desk)
    desk.tx.people.update(replace(desk.person("claire"), active=False))
    desk.plan("ivan")
    assert [each.recipient for each in desk.tx.outbox.pending()] == ["ivan@agence.example"]


def test_quiet_hours(desk: Desk) -> None:
    desk.tx.agency.save_setting("quiet_from", "21:00")
    desk.tx.agency.save_setting("quiet_until", "07:00")
    night = datetime(2026, 11, 24, 22, tzinfo=UTC)
    alice = desk.actor("alice")
    plan = replace(WITH_GUEST, span=span(27))
    planned = appointments.create(desk.tx, alice, "claire", plan, now=night)
    (invitation,) = queued(desk)
    assert invitation.due_at == datetime(2026, 11, 25, 6, tzinfo=UTC)
    # what is moved to the morning is told at once, and what waited before it too
    appointments.revise(desk.tx, alice, planned, lambda a: replace(a, span=span(25, 8)), now=night)
    assert [each.due_at for each in queued(desk)] == [night, night]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "invite",
        "@exterieur.example",
        "invite@",
        "p-12@personnes.rdv.invalid",
        "rdv@agence.example",
        "rdv-abc@antwort.example",
        "urn:uuid:1@exterieur.example",
        "/principals/1@exterieur.example",
    ],
)
def test_what_is_no_address_of_anybody(address: str) -> None:
    settings = replace(SETTINGS, answers_domain="antwort.example")
    assert is_mailable(GUEST, settings)
    assert not is_mailable(address, settings)

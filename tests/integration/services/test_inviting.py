"""*Inviter*: chosen participants get an invitation, whatever the agency's settings are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.mail_threads import recipient_key
from rdv_caldav.domain.appointment import Participant, Presence, Recurrence, State
from rdv_caldav.domain.errors import EditRefused, UnknownObject
from rdv_caldav.domain.mailing import ContactBy
from rdv_caldav.services import appointments
from rdv_caldav.services.appointment_pages import open_page
from rdv_caldav.services.mailing.inviting import Invited, Obstacle, invite, invitees
from support.agency import GUEST, SECOND, WEEKLY, span
from support.desk import PLAN, Desk

WITH_GUEST = replace(PLAN, participants=(Participant(address=GUEST, name="Invité"),))


@pytest.fixture
def desk(any_book: AppointmentBook) -> Iterator[Desk]:
    with any_book.database.writing() as tx:
        tx.agency.save_setting("invite_external_guests", False)
        yield Desk(tx, any_book.clock())


def everybody(desk: Desk, planned: int) -> list[int | str]:
    return [each.key for each in desk.appointment(planned).participants]


def press(
    desk: Desk, planned: int, *keys: int | str, now: datetime | None = None, login: str = "alice"
) -> Invited:
    chosen = keys or everybody(desk, planned)
    return invite(desk.tx, desk.actor(login), planned, chosen, now=now or desk.now)


def obstacles(invited: Invited) -> dict[str, Obstacle | None]:
    return {each.name: each.obstacle for each in invited.refused}


def test_whoever_is_chosen_is_invited_whatever_his_calendar(desk: Desk) -> None:
    planned = desk.plan("ivan", "alice", plan=WITH_GUEST)
    assert desk.tx.outbox.pending() == []
    desk.tx.contacts.note_synchronised("ivan", desk.now)
    page = open_page(desk.tx, desk.actor("alice"), planned)
    shown = {each.name: each for each in invitees(desk.tx, desk.actor("alice"), page, now=desk.now)}
    assert {name for name, each in shown.items() if each.is_proposed} == {
        "Claire Cliente",
        "Invité",
    }
    assert shown["Ivan Intervenant"].synchronises
    assert shown["Alice Gestion"].is_author
    ivan = desk.person("ivan").id
    assert press(desk, planned, ivan, GUEST, "niemand@exterieur.example") == Invited(2)
    rows = {(each.method, each.recipient, each.recipient_key) for each in desk.tx.outbox.pending()}
    assert rows == {
        ("REQUEST", "ivan@agence.example", recipient_key(ivan)),
        ("REQUEST", GUEST, recipient_key(GUEST)),
    }
    journal = [each for each in desk.tx.journal.entries_for(planned) if "Asked" in each.event]
    assert {each.details["address"] for each in journal} == {"ivan@agence.example", GUEST}


def test_whom_no_invitation_reaches(desk: Desk) -> None:
    tx = desk.tx
    for slug, contact_by in (("claire", ContactBy.NONE), ("ivan", ContactBy.SMS)):
        tx.people.save_details(
            desk.person(slug).id,
            phone="+33 6 39 98 00 00",
            notes="",
            language="",
            contact_by=contact_by,
        )
    tx.people.update(replace(desk.person("sophie"), active=False))
    tx.mail_threads.stop("dupont@famille.example", now=desk.now)
    own = Participant(address="p-1@personnes.rdv.invalid", name="Personne")
    planned = desk.plan(
        "ivan", "paul", "jean-dupont", "sophie", plan=replace(PLAN, participants=(own,))
    )
    invited = press(desk, planned)
    assert obstacles(invited) == {
        "Claire Cliente": Obstacle.UNWANTED,
        "Paul Sansmail": Obstacle.NO_ADDRESS,
        "Jean Dupont": Obstacle.STOPPED,
        "Sophie Sud": Obstacle.ARCHIVED,
        "Personne": Obstacle.NO_ADDRESS,
    }
    assert [(each.medium, each.recipient) for each in tx.outbox.pending()] == [
        ("sms", "+33 6 39 98 00 00")
    ]


def test_nobody_is_invited_to_what_is_over_off_or_thrown_away(desk: Desk) -> None:
    alice = desk.actor("alice")
    past = desk.plan(plan=replace(WITH_GUEST, span=span(10)))
    assert set(obstacles(press(desk, past)).values()) == {Obstacle.PAST}
    planned = desk.plan(plan=WITH_GUEST)
    appointments.set_state(desk.tx, alice, planned, State.CANCELLED, now=desk.now)
    assert set(obstacles(press(desk, planned)).values()) == {Obstacle.CANCELLED}
    appointments.trash(desk.tx, alice, planned, now=desk.now)
    assert set(obstacles(press(desk, planned)).values()) == {Obstacle.TRASHED}
    assert desk.tx.outbox.pending() == []


def test_one_date_of_a_series(desk: Desk) -> None:
    planned = desk.plan(plan=replace(WITH_GUEST, recurrence=Recurrence(rules=WEEKLY.rules)))
    alice = desk.actor("alice")
    assert invite(desk.tx, alice, planned, [GUEST], now=desk.now, original=SECOND).count == 1
    later = desk.now + timedelta(days=12)
    refused = invite(desk.tx, alice, planned, [GUEST], now=later, original=SECOND)
    assert obstacles(refused) == {"Invité": Obstacle.PAST}
    assert press(desk, planned, GUEST, now=later).count == 1
    assert [each.original for each in desk.tx.outbox.pending()] == [SECOND, None]


def test_who_refused_or_was_invited_is_not_proposed_again(desk: Desk) -> None:
    planned = desk.plan("ivan", plan=WITH_GUEST)
    alice, ivan = desk.actor("alice"), desk.person("ivan").id
    appointments.record_presence(desk.tx, alice, planned, GUEST, Presence.DECLINED, now=desk.now)
    thread = desk.tx.mail_threads.add(
        appointment_id=planned,
        recipient_key=recipient_key(ivan),
        person_id=ivan,
        address="ivan@agence.example",
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
    page = open_page(desk.tx, alice, planned)
    shown = invitees(desk.tx, alice, page, now=desk.now)
    assert [each.name for each in shown if each.is_proposed] == ["Claire Cliente"]
    assert press(desk, planned, GUEST, ivan).count == 2


def test_quiet_hours_hold_for_the_button_too(desk: Desk) -> None:
    desk.tx.agency.save_setting("quiet_from", "21:00")
    desk.tx.agency.save_setting("quiet_until", "07:00")
    planned = desk.plan(plan=replace(WITH_GUEST, span=span(27)))
    press(desk, planned, GUEST, now=datetime(2026, 11, 24, 22, tzinfo=UTC))
    (row,) = desk.tx.outbox.pending()
    assert row.due_at == datetime(2026, 11, 25, 6, tzinfo=UTC)


def test_who_may_not_edit_invites_nobody(desk: Desk) -> None:
    planned = desk.plan("ivan", plan=WITH_GUEST)
    with pytest.raises(EditRefused):
        press(desk, planned, login="claire")
    other = desk.plan(plan=WITH_GUEST, page="sophie")
    with pytest.raises(UnknownObject):
        press(desk, other, login="nora")

"""What client programs write, as far as it does not need a client program to show it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import Presence, Recurrence
from rdv_caldav.domain.errors import (
    AccessRefused,
    EditRefused,
    HrefTaken,
    PreconditionFailed,
    UidConflict,
    UnknownObject,
)
from rdv_caldav.ical.objects import parse
from rdv_caldav.services import appointments, calendars
from rdv_caldav.services.calendar_objects.delete import delete_object
from rdv_caldav.services.calendar_objects.move import Place, move_object
from rdv_caldav.services.calendar_objects.put import Put, put_object
from support.agency import WEEKLY
from support.desk import PLAN, Desk


@pytest.fixture
def desk(book: AppointmentBook) -> Iterator[Desk]:
    with book.database.writing() as tx:
        yield Desk(tx, book.clock())


def event(uid: str, *lines: str) -> str:
    return "\r\n".join(
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Exemple//Agenda//FR",
            "BEGIN:VEVENT",
            f"UID:{uid}",
            "DTSTAMP:20261101T000000Z",
            "DTSTART:20261201T090000Z",
            "DTEND:20261201T100000Z",
            "SUMMARY:Visite",
            *lines,
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ]
    )


def put(desk: Desk, login: str, slug: str, href: str, text: str) -> Put:
    return put_object(desk.tx, desk.actor(login), slug, href, parse(text), now=desk.now)


def text_of(desk: Desk, login: str, slug: str, href: str) -> str:
    seen = calendars.calendar(desk.tx, desk.actor(login), slug)
    (served,) = calendars.objects(desk.tx, seen, hrefs=[href])
    assert served.text is not None
    return served.text


def test_a_place_belongs_to_one_uid_and_a_uid_to_one_place(desk: Desk) -> None:
    put(desk, "alice", "claire", "visite.ics", event("visite@exemple"))
    with pytest.raises(UidConflict):
        put(desk, "alice", "claire", "visite.ics", event("autre@exemple"))
    with pytest.raises(UidConflict) as conflict:
        put(desk, "alice", "claire", "autre.ics", event("visite@exemple"))
    assert conflict.value.href == "visite.ics"


def test_rule_8_nothing_is_learnt_of_a_uid_that_one_may_not_see(desk: Desk) -> None:
    put(desk, "alice", "sophie", "visite.ics", event("visite@exemple"))
    for login, slug in (("ivan", "ivan"), ("claire", "claire"), ("nora", "claire")):
        with pytest.raises(AccessRefused) as refusal:
            put(desk, login, slug, "visite.ics", event("visite@exemple"))
        assert "Visite" not in str(refusal.value)
    assert desk.calendars(1) == {"sophie"}


def test_rule_9_a_person_who_takes_no_part_is_refused(desk: Desk) -> None:
    put(desk, "alice", "claire", "visite.ics", event("visite@exemple"))
    claire = desk.actor("claire")
    jean = replace(claire, person=desk.person("jean-dupont"))
    seen_by_claire = text_of(desk, "claire", "claire", "visite.ics")
    with pytest.raises(AccessRefused):
        put_object(desk.tx, jean, "jean-dupont", "visite.ics", parse(seen_by_claire), now=desk.now)


def test_who_takes_himself_off_sees_it_no_more(desk: Desk) -> None:
    line = "ATTENDEE;CN=Ivan Intervenant:mailto:ivan@agence.example"
    put(desk, "alice", "claire", "visite.ics", event("visite@exemple", line))
    text = text_of(desk, "alice", "ivan", "visite.ics")
    without = "".join(
        kept for kept in _unfolded(text).splitlines(keepends=True) if "ivan@" not in kept
    )
    outcome = put(desk, "alice", "ivan", "visite.ics", without)
    assert outcome.served is None
    assert not outcome.as_sent
    assert desk.calendars(1) == {"claire"}


def _unfolded(text: str) -> str:
    return text.replace("\r\n ", "")


def test_rule_7_deleting_is_by_whose_calendar_it_is(desk: Desk) -> None:
    planned = desk.plan("ivan")
    href = f"{desk.appointment(planned).uid}.ics"
    delete_object(desk.tx, desk.actor("ivan"), "ivan", href, now=desk.now)
    ivan = desk.appointment(planned).participant(desk.person("ivan").id)
    assert ivan is not None
    assert ivan.presence is Presence.DECLINED
    assert desk.calendars(planned) == {"claire"}
    with pytest.raises(UnknownObject):
        delete_object(desk.tx, desk.actor("ivan"), "ivan", href, now=desk.now)
    delete_object(desk.tx, desk.actor("alice"), "claire", href, now=desk.now)
    assert desk.calendars(planned) == set()
    assert [stored.id for stored in desk.tx.appointments.trashed()] == [planned]


def test_rule_8_a_move_hands_over_to_the_other_calendars_person(desk: Desk) -> None:
    planned = desk.plan("ivan")
    href = f"{desk.appointment(planned).uid}.ics"
    alice = desk.actor("alice")
    source, target = Place("claire", href), Place("paul", "chez-paul.ics")
    assert move_object(desk.tx, alice, source, target, overwrite=False, now=desk.now)
    assert desk.calendars(planned) == {"paul", "ivan"}
    assert desk.appointment(planned).owner.person_id == desk.person("paul").id
    assert "Paul" in text_of(desk, "alice", "paul", "chez-paul.ics")


def test_rule_8_a_move_deletes_nothing_that_stands_there(desk: Desk) -> None:
    for name in ("un", "deux"):
        put(desk, "alice", "claire", f"{name}.ics", event(f"{name}@exemple"))
    alice = desk.actor("alice")
    source, target = Place("claire", "un.ics"), Place("claire", "deux.ics")
    with pytest.raises(PreconditionFailed):
        move_object(desk.tx, alice, source, target, overwrite=False, now=desk.now)
    with pytest.raises(HrefTaken):
        move_object(desk.tx, alice, source, target, overwrite=True, now=desk.now)
    claire, elsewhere = desk.actor("claire"), Place("claire", "x.ics")
    with pytest.raises(EditRefused):
        move_object(desk.tx, claire, source, elsewhere, overwrite=False, now=desk.now)
    assert move_object(
        desk.tx, alice, source, Place("claire", "trois.ics"), overwrite=False, now=desk.now
    )
    assert "un@exemple" in text_of(desk, "alice", "claire", "trois.ics")


def test_the_journal_tells_how_a_series_repeated_before_and_after(desk: Desk) -> None:
    planned = desk.plan(plan=replace(PLAN, recurrence=WEEKLY))
    daily = Recurrence(rules=("FREQ=DAILY;COUNT=3",))
    appointments.revise(
        desk.tx, desk.actor("alice"), planned, lambda a: replace(a, recurrence=daily), now=desk.now
    )
    entry = next(
        entry
        for entry in desk.tx.journal.entries_for(planned)
        if entry.event == "RecurrenceChanged"
    )
    assert entry.details["before"]["rules"] == ["FREQ=WEEKLY;COUNT=4"]
    assert entry.details["after"]["rules"] == ["FREQ=DAILY;COUNT=3"]
    assert (entry.login, entry.channel, entry.at) == ("alice", "web", desk.now)

"""What a PUT says it stored is what anybody who reads it again finds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.ical.objects import parse
from rdv_caldav.services import calendars, reminders
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.calendar_objects import put
from rdv_caldav.services.calendar_objects.delete import delete_object
from support.lens import NOW
from support.objects import event

ALARM = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:A\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n"
IVAN = "ATTENDEE;CN=Ivan;PARTSTAT={}:mailto:ivan@agence.example\r\n"
CLAIRE = "ATTENDEE;CN=Claire;PARTSTAT={}:mailto:claire@famille.example\r\n"
ALICE = "ATTENDEE;CN=Alice;PARTSTAT={}:mailto:alice@agence.example\r\n"
ASKED = CLAIRE.format("ACCEPTED") + IVAN.format("NEEDS-ACTION")
LATER = "DTSTART:20261127T090000Z\r\nDTEND:20261127T100000Z\r\n"

Step = tuple[str, str, str]

STORIES: dict[str, list[Step]] = {
    "written and changed": [
        ("alice", "claire", event()),
        ("alice", "claire", event()),
        ("alice", "claire", event(summary="Autre")),
        ("alice", "claire", event(summary="Autre", times=LATER)),
        ("alice", "claire", event(summary="Autre", times=LATER, lines="STATUS:CANCELLED\r\n")),
    ],
    "people": [
        ("alice", "claire", event(lines=ASKED)),
        ("alice", "claire", event(lines=ASKED + ALICE.format("TENTATIVE"))),
        ("alice", "alice", event(lines=ASKED + ALICE.format("DECLINED"))),
        ("alice", "alice", event(lines=ASKED + "ATTENDEE:mailto:g@ailleurs.example\r\n")),
        ("alice", "claire", event(lines=CLAIRE.format("ACCEPTED"))),
    ],
    "answers": [
        ("alice", "claire", event(lines=ASKED)),
        ("ivan", "ivan", event(lines=CLAIRE.format("ACCEPTED") + IVAN.format("DECLINED"))),
        ("claire", "claire", event(lines=CLAIRE.format("TENTATIVE"), summary="Non")),
        ("ivan", "ivan", event(lines=IVAN.format("ACCEPTED") + "X-ESSAI:un\r\n" + ALARM)),
    ],
    "alarms": [
        ("ivan", "ivan", event(lines=ALARM)),
        ("ivan", "ivan", event(lines=ALARM.replace("5M", "9M"))),
        ("ivan", "ivan", event(summary="Autre")),
        ("ivan", "ivan", event(summary="Autre", lines=ALARM)),
        ("alice", "ivan", event(summary="Encore")),
        ("alice", "ivan", event(summary="Encore", lines=ALARM)),
    ],
    "elsewhere": [
        ("alice", "claire", event(lines=ALARM)),
        ("alice", "ivan", event(lines=ALARM)),
        ("alice", "alice", event()),
    ],
    "a series": [
        ("alice", "claire", event(lines="RRULE:FREQ=DAILY;COUNT=3\r\n" + ASKED)),
        ("alice", "claire", event(lines="RRULE:FREQ=DAILY;COUNT=4\r\n" + ASKED)),
        ("alice", "claire", event(lines=ASKED)),
        ("alice", "claire", event(lines=ASKED, summary="Autre")),
    ],
    "in conflict": [
        ("alice", "claire", event("autre", summary="Avant")),
        ("alice", "claire", event(lines=ASKED)),
        ("claire", "claire", event(lines=CLAIRE.format("ACCEPTED"))),
    ],
}


def served_as_read(book: AppointmentBook, number: int, step: Step) -> None:
    """Put an object, and compare what was said of it with what is read then."""
    login, slug, text = step
    obj = parse(text)
    href = f"{obj.uid}.ics"
    now = NOW + timedelta(minutes=number, milliseconds=500)
    with book.database.writing() as tx:
        actor = actor_for(tx, login, channel=Channel.CALDAV)
        done = put.put_object(tx, actor, slug, href, obj, now=now)
    with book.database.reading() as tx:
        actor = actor_for(tx, login, channel=Channel.CALDAV)
        seen = calendars.calendar(tx, actor, slug)
        found = list(calendars.objects(tx, seen, hrefs=[href]))
    assert found == ([] if done.served is None else [done.served])
    assert done.as_sent == any(each.text == text for each in found)


@pytest.mark.parametrize("reminded", [False, True])
def test_what_is_said_is_what_is_read(any_book: AppointmentBook, *, reminded: bool) -> None:
    if reminded:
        with any_book.database.writing() as tx:
            for kind in tx.agency.types():
                reminders.set_default(tx, kind.code, 30, now=NOW)
    for day, story in enumerate(STORIES.values(), start=10):
        for number, (login, slug, text) in enumerate(story):
            # each story has objects and a day of its own
            own = text.replace("UID:", f"UID:{day}-").replace("20261125T", f"202612{day}T")
            served_as_read(any_book, number, (login, slug, own))


def test_it_is_not_even_read_again(
    any_book: AppointmentBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in STORIES["written and changed"][:1]:
        served_as_read(any_book, 0, step)
    monkeypatch.delattr(put, "_read_again")
    for number, step in enumerate(STORIES["written and changed"][2:], start=1):
        served_as_read(any_book, number, step)
    served_as_read(any_book, 9, ("alice", "claire", event("autre")))


def test_where_somebody_hid_it_and_where_the_name_is_taken(any_book: AppointmentBook) -> None:
    served_as_read(any_book, 0, ("ivan", "ivan", event("essai")))
    with any_book.database.writing() as tx:
        alice = actor_for(tx, "alice", channel=Channel.CALDAV)
        put.put_object(tx, alice, "claire", "essai.ics", parse(event("x", lines=ASKED)), now=NOW)
    with any_book.database.writing() as tx:
        ivan = actor_for(tx, "ivan", channel=Channel.CALDAV)
        (other,) = (
            row.href
            for row in tx.members.objects(ivan.account, ivan.person_id or 0)
            if row.uid == "x"
        )
        assert other != "essai.ics"
        text = event("x", lines=CLAIRE.format("ACCEPTED") + IVAN.format("TENTATIVE"))
        done = put.put_object(tx, ivan, "ivan", other, parse(text), now=NOW)
        seen = calendars.calendar(tx, ivan, "ivan")
        assert [done.served] == list(calendars.objects(tx, seen, hrefs=[other]))
        delete_object(tx, ivan, "ivan", other, now=NOW)
    with any_book.database.writing() as tx:
        alice = actor_for(tx, "alice", channel=Channel.CALDAV)
        text = event("x", lines=ASKED, summary="Sans Ivan")
        done = put.put_object(tx, alice, "claire", "essai.ics", parse(text), now=NOW)
        seen = calendars.calendar(tx, alice, "claire")
        assert [done.served] == list(calendars.objects(tx, seen, hrefs=["essai.ics"]))

"""A whole .ics file into a person's calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Appointment, Presence, State
from rdv_caldav.domain.errors import NotCalendarData, UnknownCalendar
from rdv_caldav.services import appointments
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.calendar_import import CalendarImportReport, href_of, import_calendar

FILE = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Exemple//Agenda//FR
METHOD:PUBLISH
X-WR-CALNAME:Ancien agenda
BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:passe@exemple
DTSTAMP:20261101T000000Z
DTSTART;TZID=Europe/Paris:20261110T090000
DTEND;TZID=Europe/Paris:20261110T100000
SUMMARY:Passé
STATUS:CONFIRMED
ORGANIZER:mailto:moi@ailleurs.example
ATTENDEE;PARTSTAT=ACCEPTED:mailto:moi@ailleurs.example
ATTENDEE;CN=Claire Cliente;PARTSTAT=NEEDS-ACTION:mailto:claire@famille.example
END:VEVENT
BEGIN:VEVENT
UID:serie@exemple
DTSTAMP:20261101T000000Z
DTSTART;TZID=Europe/Paris:20261201T090000
DTEND;TZID=Europe/Paris:20261201T100000
RRULE:FREQ=WEEKLY;COUNT=3
SUMMARY:Série
ATTENDEE;CN=Invité:mailto:invite@exterieur.example
END:VEVENT
BEGIN:VTODO
UID:tache@exemple
DTSTAMP:20261101T000000Z
SUMMARY:Tâche
END:VTODO
BEGIN:VEVENT
UID:serie@exemple
DTSTAMP:20261101T000000Z
RECURRENCE-ID;TZID=Europe/Paris:20261208T090000
DTSTART;TZID=Europe/Paris:20261208T140000
DTEND;TZID=Europe/Paris:20261208T150000
SUMMARY:Série\\, une fois plus tard
END:VEVENT
BEGIN:VEVENT
DTSTAMP:20261101T000000Z
DTSTART:20261201T090000Z
SUMMARY:Sans UID
END:VEVENT
BEGIN:VEVENT
UID:sans-debut@exemple
DTSTAMP:20261101T000000Z
SUMMARY:Sans début
END:VEVENT
BEGIN:VEVENT
UID:chaque/seconde
DTSTAMP:20261101T000000Z
DTSTART:20261201T090000Z
RRULE:FREQ=SECONDLY
SUMMARY:Trop souvent
END:VEVENT
END:VCALENDAR
"""


def event(uid: str, *lines: str) -> str:
    return "\n".join(
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Exemple//Agenda//FR",
            "BEGIN:VEVENT",
            f"UID:{uid}",
            "DTSTAMP:20261101T000000Z",
            "DTSTART:20261201T090000Z",
            "DTEND:20261201T100000Z",
            *lines,
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ]
    )


def load(
    book: AppointmentBook, text: str = FILE, *, login: str = "admin", slug: str = "claire"
) -> CalendarImportReport:
    with book.database.writing() as tx:
        actor = actor_for(tx, login, channel=Channel.COMMAND)
        return import_calendar(tx, actor, slug, text, now=book.clock())


def appointment(tx: Transaction, uid: str) -> Appointment:
    appointment_id = tx.appointments.id_of_uid(uid)
    assert appointment_id is not None, uid
    stored = tx.appointments.get(appointment_id)
    assert stored is not None
    return stored.appointment


def test_what_can_be_taken_is_taken_and_the_rest_is_told(any_book: AppointmentBook) -> None:
    report = load(any_book)
    assert report.created == ["passe@exemple", "serie@exemple"]
    assert report.already_there == []
    assert [uid for uid, _ in report.refused] == [
        "tache@exemple",
        "",
        "sans-debut@exemple",
        "chaque/seconde",
    ]
    assert all(reason for _, reason in report.refused)
    assert next(report.lines()) == "2 created, 0 already there"
    assert len(list(report.lines())) == 5


def test_the_dates_of_a_series_stay_together(book: AppointmentBook) -> None:
    load(book)
    with book.database.reading() as tx:
        series = appointment(tx, "serie@exemple")
    (moved,) = series.occurrences
    assert moved.original == datetime(2026, 12, 8, 9)
    assert moved.span.start == datetime(2026, 12, 8, 14)
    assert moved.subject == "Série, une fois plus tard"


def test_they_come_as_new_objects_of_a_program_do(book: AppointmentBook) -> None:
    load(book)
    with book.database.reading() as tx:
        past = appointment(tx, "passe@exemple")
        claire = tx.people.by_slug("claire")
        admin = tx.people.by_slug("admin")
    assert claire is not None
    assert admin is not None
    # rules 2 and 3: hers and accepted, planned whatever its STATUS
    assert (past.owner.person_id, past.owner.presence) == (claire.id, Presence.ACCEPTED)
    assert past.state is State.PLANNED
    assert past.person_ids == {claire.id, admin.id}


def test_a_second_run_changes_nothing(any_book: AppointmentBook) -> None:
    load(any_book)
    with any_book.database.reading() as tx:
        before = _everything(tx)
    report = load(any_book)
    assert (report.created, len(report.refused)) == ([], 4)
    assert report.already_there == ["passe@exemple", "serie@exemple"]
    with any_book.database.reading() as tx:
        assert _everything(tx) == before


def _everything(tx: Transaction) -> list[object]:
    actor = actor_for(tx, "admin", channel=Channel.COMMAND)
    snapshot = tx.reading.snapshot(actor.account, "claire")
    found = [tx.appointments.get(number) for number in range(1, 10)]
    entries = [tx.journal.entries_for(number) for number in range(1, 10)]
    return [snapshot, found, entries]


def test_what_was_changed_meanwhile_stays_changed(book: AppointmentBook) -> None:
    load(book)
    with book.database.writing() as tx:
        appointment_id = tx.appointments.id_of_uid("passe@exemple")
        assert appointment_id is not None
        actor = actor_for(tx, "alice", channel=Channel.WEB)
        appointments.revise(
            tx, actor, appointment_id, lambda a: replace(a, subject="Corrigé"), now=book.clock()
        )
    load(book)
    with book.database.reading() as tx:
        assert appointment(tx, "passe@exemple").subject == "Corrigé"


def test_nobody_is_mailed_whatever_the_channel(book: AppointmentBook) -> None:
    load(book)
    with book.database.reading() as tx:
        assert "invite@exterieur.example" in {
            p.address for p in appointment(tx, "serie@exemple").participants
        }
        assert tx.outbox.pending() == []


def test_the_journal_says_that_it_was_imported_and_by_whom(book: AppointmentBook) -> None:
    load(book)
    with book.database.reading() as tx:
        appointment_id = tx.appointments.id_of_uid("serie@exemple")
        assert appointment_id is not None
        entries = tx.journal.entries_for(appointment_id)
    assert {(entry.login, entry.channel) for entry in entries} == {("admin", "import")}
    assert entries[0].event == "Created"


def test_an_object_of_another_calendar_brings_its_person_in(book: AppointmentBook) -> None:
    load(book, event("visite@exemple", "SUMMARY:Visite"))
    report = load(book, event("visite@exemple", "SUMMARY:Visite"), slug="ivan")
    assert report.created == ["visite@exemple"]
    with book.database.reading() as tx:
        visit = appointment(tx, "visite@exemple")
        people = tx.people.by_ids(visit.person_ids)
        assert {person.slug for person in people.values()} == {"claire", "ivan"}
        assert people[visit.owner.person_id or 0].slug == "claire"


def test_what_the_actor_may_not_write_is_refused(book: AppointmentBook) -> None:
    report = load(book, event("visite@exemple", "SUMMARY:Visite"), login="claire")
    ((uid, reason),) = report.refused
    assert uid == "visite@exemple"
    assert reason
    assert report.created == []


def test_calendars_of_others_are_not_known(book: AppointmentBook) -> None:
    with pytest.raises(UnknownCalendar):
        load(book, login="ivan")


@pytest.mark.parametrize("text", ["", "bonjour", "BEGIN:VEVENT\nEND:VEVENT\n"])
def test_what_is_no_calendar_is_refused(book: AppointmentBook, text: str) -> None:
    with pytest.raises(NotCalendarData):
        load(book, text)


def test_two_calendars_in_one_file_are_both_read(book: AppointmentBook) -> None:
    text = event("un@exemple", "SUMMARY:Un") + event("deux@exemple", "SUMMARY:Deux")
    assert load(book, text).created == ["un@exemple", "deux@exemple"]


UIDS = ["a/b", "a_b", "a:b", "été@exemple", "x" * 300, "x" * 301, "..", "A_B"]


def test_two_uids_never_share_a_place() -> None:
    assert len({href_of(uid) for uid in UIDS}) == len(UIDS)
    assert href_of("visite-1@exemple.example") == "visite-1@exemple.example.ics"
    for uid in UIDS:
        assert "/" not in href_of(uid)
        assert len(href_of(uid)) <= 200


def test_uids_that_resemble_each_other_are_all_taken(book: AppointmentBook) -> None:
    report = load(book, "".join(event(uid, "SUMMARY:Visite") for uid in UIDS))
    assert report.created == UIDS
    assert report.refused == []

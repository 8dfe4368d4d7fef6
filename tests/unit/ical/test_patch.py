"""People, texts, zones: what a patch changes, and what it leaves to the letter."""

from __future__ import annotations

import timeit
from dataclasses import replace
from datetime import datetime

import pytest

from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import (
    Appointment,
    Occurrence,
    Participant,
    Presence,
    State,
)
from rdv_caldav.ical.attendee_lines import OwnLine
from rdv_caldav.ical.contentlines import ContentLine, unfold
from rdv_caldav.ical.vtimezones import vtimezone
from rdv_caldav.ical.writer import patch, write
from support.lens import (
    ALICE,
    CLAIRE,
    IVAN,
    JEAN,
    NOW,
    PAUL,
    SETTINGS,
    WORDS,
    client_text,
    drafted,
    settled,
    stored,
)
from support.objects import event
from support.patched import Change, changed, differences, named

PLAIN = "RRULE:FREQ=DAILY;COUNT=9\r\n"


# -- people -------------------------------------------------------------------------------


def _attendees(*lines: str) -> str:
    return "".join(f"ATTENDEE;{line}\r\n" for line in lines)


@pytest.mark.parametrize(
    "address",
    [
        "hélène@exemple.example",
        "a b@x.example",
        "o'neil+x%20@x.example",
        "urn:uuid:1",
        "/dav/x/",
    ],
)
def test_guests_keep_whatever_address_they_have(address: str) -> None:
    text, old = stored(event())
    guest = Participant(address=address, name='Hélène "L" (sœur), 2ᵉ; étage')
    after = changed(text, old, lambda a: rules.add_participant(a, guest))
    assert settled(after).participant(address) == guest


def test_guests_are_renamed() -> None:
    text, old = stored(event(lines=_attendees("CN=Ancien;X-Q=1:mailto:x@y.example")))
    guest = old.participant("x@y.example")
    assert guest is not None

    def rename(name: str) -> Change:
        return lambda a: replace(
            a,
            participants=tuple(replace(p, name=name) if p == guest else p for p in a.participants),
        )

    assert "ATTENDEE;CN=Neuf;X-Q=1:mailto:x@y.example" in unfold(changed(text, old, rename("Neuf")))
    nameless = patch(text, rename("")(old), WORDS, said=old, stamp=NOW)
    assert "ATTENDEE;X-Q=1:mailto:x@y.example" in unfold(nameless)


def test_other_parameters_stay_to_the_letter_when_an_answer_changes() -> None:
    line = (
        'CUTYPE=INDIVIDUAL;MEMBER="mailto:a@x.example","mailto:b@x.example";X-Q="q";'
        "PARTSTAT=NEEDS-ACTION;CN=Ivan I:mailto:IVAN@agence.example"
    )
    text, old = stored(event(lines=_attendees(line)))
    after = changed(text, old, lambda a: rules.record_presence(a, IVAN.id, Presence.ACCEPTED))
    assert differences(text, after) == (
        [f"ATTENDEE;{line}"],
        [f"ATTENDEE;{line}".replace("NEEDS-ACTION", "ACCEPTED")],
    )


@pytest.mark.parametrize("partstat", ["DELEGATED", "X-PEUT-ETRE", "needs-action"])
def test_an_open_answer_of_any_wording_stays(partstat: str) -> None:
    line = f'PARTSTAT={partstat};DELEGATED-TO="mailto:z@x.example":mailto:ivan@agence.example'
    text, _ = stored(event(lines=_attendees(line)))
    assert f"ATTENDEE;{line}" in unfold(text)


def test_the_same_person_stands_once() -> None:
    lines = _attendees("X-N=1:mailto:ivan@agence.example", "X-N=2:mailto:ivan@perso.example")
    text, _ = stored(event(lines=lines))
    assert "X-N=1" in text
    assert "X-N=2" not in text


def test_one_chair_only() -> None:
    lines = _attendees(
        "ROLE=CHAIR:mailto:claire@famille.example",
        "ROLE=OPT-PARTICIPANT:mailto:ivan@agence.example",
    )
    text, old = stored(event(lines=lines))
    after = changed(text, old, lambda a: rules.give_ownership(a, IVAN.id))
    claire, ivan = named(after, "ATTENDEE")
    assert "ROLE=REQ-PARTICIPANT" in claire
    assert "ROLE=CHAIR" in ivan
    assert after.count("CHAIR") == 1


def test_a_known_address_is_that_person_even_as_the_programs_organizer() -> None:
    lines = (
        "ORGANIZER:mailto:ivan@agence.example\r\nATTENDEE;X-KEPT=1:mailto:ivan@agence.example\r\n"
    )
    text, appointment = stored(event(lines=lines))
    assert appointment.participant(ALICE.id) is None
    assert "ATTENDEE;X-KEPT=1:mailto:ivan@agence.example" in unfold(text)


def test_an_author_without_person_leaves_no_address() -> None:
    lines = "ORGANIZER:mailto:moi@prive.example\r\nATTENDEE:mailto:moi@prive.example\r\n"
    sent = event(lines=lines)
    own = OwnLine(person_id=None, address="moi@prive.example")
    without = replace(settled(sent), participants=(settled(event()).owner,))
    assert "prive" not in patch(sent, without, WORDS, said=drafted(sent), stamp=NOW, own=own)


def test_lines_stand_in_the_order_of_the_participants() -> None:
    text, old = stored(event(lines=_attendees("X-A=1:mailto:ivan@agence.example")))
    assert [p.person_id for p in old.participants] == [CLAIRE.id, IVAN.id]

    def add(appointment: Appointment) -> Appointment:
        owner, ivan = appointment.participants
        between = Participant(person_id=JEAN.id)
        return replace(
            appointment, participants=(owner, between, ivan, Participant(person_id=PAUL.id))
        )

    addresses = [ContentLine(line).value for line in named(changed(text, old, add), "ATTENDEE")]
    assert addresses == [
        "mailto:claire@famille.example",
        f"mailto:p-{JEAN.id}@personnes.rdv.invalid",
        "mailto:ivan@agence.example",
        f"mailto:p-{PAUL.id}@personnes.rdv.invalid",
    ]


# -- the rest -----------------------------------------------------------------------------


def test_nobody_writes_lines_into_an_object_by_a_text() -> None:
    evil = "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\nX:1\x00\x0b"
    words = replace(WORDS, settings=replace(SETTINGS, name=evil))
    appointment = replace(
        settled(event()),
        subject=evil,
        location=evil,
        notes=evil,
        participants=(
            replace(settled(event()).owner, comment=evil),
            Participant(address="a@b.example\r\nX-EVIL:1", name=evil),
        ),
    )
    text = write(appointment, words, stamp=NOW)
    assert text.count("\nBEGIN:VEVENT") == text.count("\nEND:VEVENT") == 1
    assert "\nX-EVIL" not in text
    assert drafted(text).subject == "x\nEND:VEVENT\nBEGIN:VEVENT\nX:1"


def test_a_change_of_ours_is_stamped_and_no_change_is_not() -> None:
    text, old = stored(event(lines="LAST-MODIFIED:20200101T000000Z\r\n"))
    assert patch(text, old, WORDS, said=old, stamp=NOW, touch=True) == text
    other = replace(old, notes="Autre")
    touched = patch(text, other, WORDS, said=old, stamp=NOW, touch=True)
    assert "LAST-MODIFIED:20261124T080000Z" in unfold(touched)
    untouched = patch(text, other, WORDS, said=old, stamp=NOW)
    assert "LAST-MODIFIED:20200101T000000Z" in unfold(untouched)


def test_a_method_is_never_stored() -> None:
    text, old = stored(event())
    message = text.replace("BEGIN:VEVENT", "METHOD:REQUEST\r\nBEGIN:VEVENT")
    assert patch(message, old, WORDS, said=old, stamp=NOW) == text


def test_a_sequence_is_ours() -> None:
    text, old = stored(event(lines="SEQUENCE:7\r\n"))
    assert named(text, "SEQUENCE") == [f"SEQUENCE:{old.sequence}"]
    assert named(stored(event())[0], "SEQUENCE") == []


def test_a_prefix_of_cancelled_events_is_never_stored() -> None:
    text, appointment = stored(event(summary="Cancelled: Visite"))
    assert appointment.state is State.CANCELLED
    assert named(text, "SUMMARY", "STATUS") == ["SUMMARY:Visite", "STATUS:CANCELLED"]


def test_a_wrong_definition_is_replaced_and_a_right_one_kept() -> None:
    ours = vtimezone("Europe/Paris", 2026)
    wrong = ours.replace("+0200", "+0300")
    client = ours.replace("TZNAME:CET\r\n", "TZNAME:CET\r\nX-CLIENT:1\r\n")
    for _ in range(2):
        assert ours in stored(event(before=wrong))[0]
        assert "+0300" not in stored(event(before=wrong))[0]
    assert client in stored(event(before=client))[0]
    renamed = wrong.replace("TZID:Europe/Paris", "TZID:Romance Standard Time")
    times = "DTSTART;TZID=Romance Standard Time:20261125T090000\r\n"
    text, _ = stored(event(before=renamed, times=times))
    assert "TZID:Romance Standard Time" in text
    assert "+0300" not in text
    assert "TZID:Europe/Paris" in stored(event(before=client))[0]


def test_a_type_is_told_by_its_category_among_others() -> None:
    text, old = stored(event(lines="CATEGORIES;LANGUAGE=fr:Un\\, deux,Rendez-vous Interne\r\n"))
    assert old.type_code == "interne"
    after = changed(text, old, lambda a: replace(a, type_code="client"))
    assert named(after, "CATEGORIES", "X-RDV-TYPE") == [
        "CATEGORIES;LANGUAGE=fr:Un\\, deux",
        "X-RDV-TYPE:client",
        "CATEGORIES:Rendez-vous client",
    ]


def test_dropped_dates_go_and_others_stay_to_the_letter() -> None:
    text, old = stored(client_text("apple"))
    kept = text.split("BEGIN:VEVENT")
    without = replace(old, occurrences=())
    after = changed(text, old, lambda _: without)
    assert after == f"{kept[0]}BEGIN:VEVENT{kept[1]}END:VCALENDAR\r\n"
    back = patch(after, old, WORDS, said=without, stamp=NOW)
    assert len(drafted(back).occurrences) == len(old.occurrences) == len(kept) - 2


def test_occurrences_say_who_comes_to_them() -> None:
    text, old = stored(event(lines=PLAIN))
    original = datetime(2026, 11, 27, 9)
    date: Occurrence = rules.occurrence_at(old, original)
    date = replace(date, participants=(*date.participants, Participant(person_id=IVAN.id)))
    after = changed(text, old, lambda a: rules.with_occurrence(a, date))
    master, override = after.split("BEGIN:VEVENT")[1:]
    assert "ivan@agence.example" not in master
    assert "ivan@agence.example" in override


def test_a_usual_patch_is_quick() -> None:
    text, old = stored(client_text("thunderbird"))
    new = rules.record_presence(old, IVAN.id, Presence.ACCEPTED)
    best = min(
        timeit.repeat(
            lambda: patch(text, new, WORDS, said=old, stamp=NOW, touch=True), number=20, repeat=5
        )
    )
    assert best / 20 < 5e-3, "2 ms by budget, the rest is for busy machines"

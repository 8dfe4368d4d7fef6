"""What a patch changes, in which form, and what it leaves to the letter."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import (
    Appointment,
    Occurrence,
    Participant,
    Presence,
    Recurrence,
    Span,
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

Change = Callable[[Appointment], Appointment]


def _changed(text: str, old: Appointment, change: Change) -> str:
    """Patch, and hold that the text says what it should."""
    new = change(old)
    after = patch(text, new, WORDS, said=old, stamp=NOW)
    assert replace(settled(after, new), sequence=new.sequence) == new
    assert patch(after, new, WORDS, said=new, stamp=NOW) == after
    return after


def _named(text: str, *names: str) -> list[str]:
    inner = text.partition("BEGIN:VEVENT")[2]
    return [line for line in unfold(inner) if ContentLine(line).name in names]


def _differences(before: str, after: str) -> tuple[list[str], list[str]]:
    old, new = unfold(before), unfold(after)
    return [line for line in old if line not in new], [line for line in new if line not in old]


def _until(hour: int) -> Change:
    return lambda a: replace(a, span=replace(a.span, end=a.span.start.replace(hour=hour)))


def _later(days: int) -> Change:
    return lambda a: replace(a, span=a.span.moved_to(a.span.start + timedelta(days=days)))


# -- times --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "change", "expected"),
    [
        (
            "DTSTART:20261125T080000Z\r\nDTEND:20261125T090000Z\r\n",
            _until(11),
            ["DTSTART:20261125T080000Z", "DTEND:20261125T110000Z"],
        ),
        (
            "DTSTART:20261125T080000\r\nDTEND:20261125T090000\r\n",
            _until(11),
            ["DTSTART:20261125T080000", "DTEND:20261125T110000"],
        ),
        (
            "DTSTART:20261125T080000\r\nDTEND:20261125T090000\r\n",
            _later(1),
            [
                "DTSTART;TZID=Europe/Paris:20261126T080000",
                "DTEND;TZID=Europe/Paris:20261126T090000",
            ],
        ),
        (
            "DTSTART;TZID=Romance Standard Time:20261125T080000\r\nDURATION:PT1H\r\n",
            _later(1),
            ['DTSTART;TZID="Romance Standard Time":20261126T080000'],
        ),
        (
            "DTSTART;TZID=Romance Standard Time:20261125T080000\r\nDURATION:PT1H\r\n",
            _until(11),
            [
                "DTSTART;TZID=Romance Standard Time:20261125T080000",
                'DTEND;TZID="Romance Standard Time":20261125T110000',
            ],
        ),
        (
            "DTSTART;VALUE=DATE:20261125\r\n",
            _later(1),
            ["DTSTART;VALUE=DATE:20261126", "DTEND;VALUE=DATE:20261127"],
        ),
        (
            "DTSTART;VALUE=DATE:20261125\r\nDURATION:P1D\r\n",
            lambda a: replace(
                a,
                span=Span(
                    start=datetime(2026, 11, 25),
                    end=datetime(2026, 11, 26),
                    zone="America/New_York",
                ),
            ),
            [
                "DTSTART;TZID=America/New_York:20261125T000000",
                "DTEND;TZID=America/New_York:20261126T000000",
            ],
        ),
        (
            "DTSTART;TZID=Nulle/Part:20261125T080000\r\nDURATION:PT1H\r\n",
            _later(1),
            ["DTSTART;TZID=Europe/Paris:20261126T080000"],
        ),
    ],
)
def test_times_keep_their_form(times: str, change: Change, expected: list[str]) -> None:
    text, old = stored(event(times=times))
    assert _named(_changed(text, old, change), "DTSTART", "DTEND") == expected


def test_an_end_in_another_zone_is_kept_while_it_is_right() -> None:
    times = (
        "DTSTART;TZID=Europe/Paris:20261125T090000\r\nDTEND;TZID=Europe/London:20261125T090000\r\n"
    )
    text, old = stored(event(times=times))
    after = _changed(text, old, lambda a: replace(a, subject="Autre"))
    assert "DTEND;TZID=Europe/London:20261125T090000" in unfold(after)
    assert after.count("BEGIN:VTIMEZONE") == 2
    assert "DTEND;TZID=Europe/Paris:20261125T110000" in unfold(_changed(text, old, _until(11)))


# -- series -------------------------------------------------------------------------------

SERIES = (
    "RRULE:FREQ=DAILY;COUNT=9\r\nRDATE;VALUE=PERIOD:20261220T080000Z/PT1H\r\n"
    "EXDATE:20261126T080000Z\r\n"
)
PLAIN = "RRULE:FREQ=DAILY;COUNT=9\r\n"


def _recurrence(change: Callable[[Recurrence], Recurrence]) -> Change:
    def changed(appointment: Appointment) -> Appointment:
        assert appointment.recurrence is not None
        return replace(appointment, recurrence=change(appointment.recurrence))

    return changed


def test_one_more_excluded_date_leaves_the_rule_and_the_periods() -> None:
    text, old = stored(event(lines=SERIES))
    excluded = (datetime(2026, 11, 26, 9), datetime(2026, 11, 28, 9))
    removed, added = _differences(
        text, _changed(text, old, _recurrence(lambda r: replace(r, excluded=excluded)))
    )
    assert removed == ["EXDATE:20261126T080000Z"]
    assert added == [
        "EXDATE;TZID=Europe/Paris:20261126T090000",
        "EXDATE;TZID=Europe/Paris:20261128T090000",
    ]


def test_another_rule_leaves_the_dates() -> None:
    text, old = stored(event(lines=SERIES))
    removed, added = _differences(
        text, _changed(text, old, _recurrence(lambda r: replace(r, rules=("FREQ=WEEKLY;COUNT=3",))))
    )
    assert removed == ["RRULE:FREQ=DAILY;COUNT=9"]
    assert added == ["RRULE:FREQ=WEEKLY;COUNT=3"]
    emptied = _changed(text, old, _recurrence(lambda r: replace(r, added=(), excluded=())))
    assert _named(emptied, "RDATE", "EXDATE") == []


def test_a_single_event_with_a_stray_exdate_is_left_alone() -> None:
    text, old = stored(event(lines="EXDATE:20261126T080000Z\r\n"))
    assert "EXDATE:20261126T080000Z" in unfold(text)
    assert _named(_changed(text, old, _recurrence_of(PLAIN)), "RRULE") == [
        "RRULE:FREQ=DAILY;COUNT=9"
    ]


def _recurrence_of(line: str) -> Change:
    rule = line.strip().partition(":")[2]
    excluded = (datetime(2026, 11, 26, 9),)
    return lambda a: replace(a, recurrence=Recurrence(rules=(rule,), excluded=excluded))


@pytest.mark.parametrize(
    ("times", "original", "expected"),
    [
        (
            "DTSTART:20261125T080000Z\r\nDTEND:20261125T090000Z\r\n",
            datetime(2026, 11, 27, 8),
            [
                "RECURRENCE-ID:20261127T080000Z",
                "DTSTART:20261127T080000Z",
                "DTEND:20261127T090000Z",
            ],
        ),
        (
            "DTSTART;TZID=Romance Standard Time:20261125T080000\r\nDURATION:PT1H\r\n",
            datetime(2026, 11, 27, 8),
            [
                'RECURRENCE-ID;TZID="Romance Standard Time":20261127T080000',
                'DTSTART;TZID="Romance Standard Time":20261127T080000',
            ],
        ),
        (
            "DTSTART:20261125T080000\r\n",
            datetime(2026, 11, 27, 8),
            ["RECURRENCE-ID:20261127T080000", "DTSTART:20261127T080000"],
        ),
        (
            "DTSTART;VALUE=DATE:20261125\r\nDTEND;VALUE=DATE:20261126\r\n",
            datetime(2026, 11, 27),
            [
                "RECURRENCE-ID;VALUE=DATE:20261127",
                "DTSTART;VALUE=DATE:20261127",
                "DTEND;VALUE=DATE:20261128",
            ],
        ),
    ],
)
def test_a_date_of_its_own_is_written_as_its_series(
    times: str, original: datetime, expected: list[str]
) -> None:
    text, old = stored(event(times=times, lines=f"{PLAIN}X-KEPT:1\r\nEXDATE:20261126T080000Z\r\n"))

    def cancel(appointment: Appointment) -> Appointment:
        return rules.set_state(appointment, State.CANCELLED, now=NOW, original=original)

    after = _changed(text, old, cancel)
    override = after.split("BEGIN:VEVENT")[2]
    assert _named(f"BEGIN:VEVENT{override}", "RECURRENCE-ID", "DTSTART", "DTEND") == expected
    assert "X-KEPT:1" in override
    assert "RRULE" not in override
    assert "EXDATE" not in override


def test_a_series_that_moves_to_another_zone_takes_its_dates_along() -> None:
    text, old = stored(event(lines=f"{PLAIN}EXDATE:20261126T080000Z\r\n"))
    original = datetime(2026, 11, 27, 9)
    text = patch(
        text,
        (series := rules.set_state(old, State.CANCELLED, now=NOW, original=original)),
        WORDS,
        said=old,
        stamp=NOW,
    )

    def abroad(appointment: Appointment) -> Appointment:
        def in_london(span: Span) -> Span:
            return replace(span, zone="Europe/London")

        dates = tuple(replace(o, span=in_london(o.span)) for o in appointment.occurrences)
        return replace(appointment, span=in_london(appointment.span), occurrences=dates)

    after = _changed(text, series, abroad)
    assert "RECURRENCE-ID;TZID=Europe/London:20261127T090000" in unfold(after)
    assert _named(after, "EXDATE") == ["EXDATE;TZID=Europe/London:20261126T090000"]
    assert "BEGIN:VTIMEZONE\r\nTZID:Europe/London" in after


def test_a_date_in_a_zone_of_its_own() -> None:
    text, old = stored(event(lines=PLAIN))
    original = datetime(2026, 11, 27, 9)
    span = Span(
        start=datetime(2026, 11, 27, 9), end=datetime(2026, 11, 27, 10), zone="Europe/London"
    )
    occurrence = replace(rules.occurrence_at(old, original), span=span)
    after = _changed(text, old, lambda a: rules.with_occurrence(a, occurrence))
    assert "DTSTART;TZID=Europe/London:20261127T090000" in unfold(after)
    assert "RECURRENCE-ID;TZID=Europe/Paris:20261127T090000" in unfold(after)


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
        "",
    ],
)
def test_guests_keep_whatever_address_they_have(address: str) -> None:
    text, old = stored(event())
    guest = Participant(address=address, name='Hélène "L" (sœur), 2ᵉ; étage')
    after = _changed(text, old, lambda a: rules.add_participant(a, guest))
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

    assert "ATTENDEE;CN=Neuf;X-Q=1:mailto:x@y.example" in unfold(
        _changed(text, old, rename("Neuf"))
    )
    nameless = patch(text, rename("")(old), WORDS, said=old, stamp=NOW)
    assert "ATTENDEE;X-Q=1:mailto:x@y.example" in unfold(nameless)


def test_other_parameters_stay_to_the_letter_when_an_answer_changes() -> None:
    line = (
        'CUTYPE=INDIVIDUAL;MEMBER="mailto:a@x.example","mailto:b@x.example";X-Q="q";'
        "PARTSTAT=NEEDS-ACTION;CN=Ivan I:mailto:IVAN@agence.example"
    )
    text, old = stored(event(lines=_attendees(line)))
    after = _changed(text, old, lambda a: rules.record_presence(a, IVAN.id, Presence.ACCEPTED))
    assert _differences(text, after) == (
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
    after = _changed(text, old, lambda a: rules.give_ownership(a, IVAN.id))
    claire, ivan = _named(after, "ATTENDEE")
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

    addresses = [ContentLine(line).value for line in _named(_changed(text, old, add), "ATTENDEE")]
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
    assert _named(text, "SEQUENCE") == [f"SEQUENCE:{old.sequence}"]
    assert _named(stored(event())[0], "SEQUENCE") == []


def test_a_prefix_of_cancelled_events_is_never_stored() -> None:
    text, appointment = stored(event(summary="Cancelled: Visite"))
    assert appointment.state is State.CANCELLED
    assert _named(text, "SUMMARY", "STATUS") == ["SUMMARY:Visite", "STATUS:CANCELLED"]


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
    after = _changed(text, old, lambda a: replace(a, type_code="client"))
    assert _named(after, "CATEGORIES", "X-RDV-TYPE") == [
        "CATEGORIES;LANGUAGE=fr:Un\\, deux",
        "X-RDV-TYPE:client",
        "CATEGORIES:Rendez-vous client",
    ]


def test_dropped_dates_go_and_others_stay_to_the_letter() -> None:
    text, old = stored(client_text("apple"))
    kept = text.split("BEGIN:VEVENT")
    without = replace(old, occurrences=())
    after = _changed(text, old, lambda _: without)
    assert after == f"{kept[0]}BEGIN:VEVENT{kept[1]}END:VCALENDAR\r\n"
    back = patch(after, old, WORDS, said=without, stamp=NOW)
    assert len(drafted(back).occurrences) == len(old.occurrences) == len(kept) - 2


def test_occurrences_say_who_comes_to_them() -> None:
    text, old = stored(event(lines=PLAIN))
    original = datetime(2026, 11, 27, 9)
    date: Occurrence = rules.occurrence_at(old, original)
    date = replace(date, participants=(*date.participants, Participant(person_id=IVAN.id)))
    after = _changed(text, old, lambda a: rules.with_occurrence(a, date))
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

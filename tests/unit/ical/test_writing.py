"""Particular lines: attendees, categories, zones, texts; and texts that nobody can read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from rdv_caldav.domain import rules
from rdv_caldav.domain.agency import DEFAULT_TYPES, PlannedStatus
from rdv_caldav.domain.appointment import Participant, Presence, State
from rdv_caldav.domain.errors import NotCalendarData
from rdv_caldav.ical.attendee_lines import OwnLine
from rdv_caldav.ical.colours import nearest_css_name
from rdv_caldav.ical.component_checks import Limits
from rdv_caldav.ical.contentlines import (
    ContentLine,
    parse_components,
    same_but_stamps,
    to_crlf,
    unfold,
)
from rdv_caldav.ical.objects import decode, parse
from rdv_caldav.ical.splitting import split_by_uid
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
    drafted,
    settled,
    stored,
)
from support.objects import TIMES, event


def _lines(text: str, name: str) -> list[str]:
    return [line for line in unfold(text) if ContentLine(line).name == name]


def test_a_couple_gets_addresses_of_its_own() -> None:
    sent = event(lines="ATTENDEE;CN=Jean Dupont:mailto:dupont@famille.example\r\n")
    text, appointment = stored(sent)
    assert appointment.participant(JEAN.id) is not None
    found = "\n".join(_lines(text, "ATTENDEE"))
    assert "EMAIL=dupont@famille.example" in found
    assert f"mailto:p-{JEAN.id}@personnes.rdv.invalid" in found


def test_an_alias_of_a_person_is_kept() -> None:
    text, appointment = stored(event(lines="ATTENDEE;X-A=b:mailto:Ivan@Perso.example\r\n"))
    assert appointment.participant(IVAN.id) is not None
    assert "ATTENDEE;X-A=b:mailto:Ivan@Perso.example" in unfold(text)


def test_the_programs_own_organizer_is_the_author() -> None:
    lines = (
        'ORGANIZER;SENT-BY="mailto:x@y.example":mailto:moi@prive.example\r\n'
        "ATTENDEE;CN=Moi;PARTSTAT=ACCEPTED:mailto:moi@prive.example\r\n"
        "ATTENDEE:mailto:rdv@agence.example\r\n"
    )
    text, appointment = stored(event(lines=lines))
    assert appointment.participant(ALICE.id) is not None
    assert "prive" not in text
    assert "SENT-BY" not in text
    assert len(_lines(text, "ATTENDEE")) == 2


def test_scheduling_parameters_are_never_stored() -> None:
    lines = (
        "ATTENDEE;SCHEDULE-STATUS=1.2;SCHEDULE-FORCE-SEND=REQUEST:mailto:ivan@agence.example\r\n"
    )
    assert "SCHEDULE-" not in stored(event(lines=lines))[0]


def test_odd_calendar_users_are_guests_to_the_letter() -> None:
    lines = "ATTENDEE;CN=X:urn:uuid:12\r\nATTENDEE:/dav/ivan/\r\nATTENDEE:mailto:a b@x.example\r\n"
    text, appointment = stored(event(lines=lines))
    assert {p.address for p in appointment.participants} >= {"urn:uuid:12", "/dav/ivan/"}
    again = patch(
        text.replace("ATTENDEE", "X-OLD"), appointment, WORDS, said=appointment, stamp=NOW
    )
    assert "urn:uuid:12" in "".join(_lines(again, "ATTENDEE"))
    assert any(line.endswith(":/dav/ivan/") for line in _lines(again, "ATTENDEE"))


def test_an_email_parameter_names_who_has_no_mailto() -> None:
    text, appointment = stored(event(lines="ATTENDEE;EMAIL=ivan@agence.example:urn:uuid:1\r\n"))
    assert appointment.participant(IVAN.id) is not None
    assert "mailto:ivan@agence.example" in "".join(_lines(text, "ATTENDEE"))


def test_comments_go_out_and_away() -> None:
    text, appointment = stored(event(lines="ATTENDEE:mailto:ivan@agence.example\r\n"))
    said = rules.record_presence(appointment, IVAN.id, Presence.TENTATIVE, comment="Peut-être")
    with_comment = patch(text, said, WORDS, said=appointment, stamp=NOW)
    assert "X-RESPONSE-COMMENT=Peut-être" in with_comment
    silent = rules.record_presence(said, IVAN.id, Presence.TENTATIVE, comment="")
    assert "X-RESPONSE" not in patch(with_comment, silent, WORDS, said=said, stamp=NOW)


def test_categories_keep_the_others() -> None:
    lines = "CATEGORIES:Rendez-vous interne,Autre\r\nCATEGORIES:Rendez-vous interne\r\n"
    text, appointment = stored(event(lines=lines))
    assert appointment.type_code == "interne"
    changed = replace(appointment, type_code="client")
    after = patch(text, changed, WORDS, said=appointment, stamp=NOW)
    assert _lines(after, "CATEGORIES") == ["CATEGORIES:Autre", "CATEGORIES:Rendez-vous client"]
    unknown = replace(appointment, type_code="retraité")
    assert patch(text, unknown, WORDS, said=appointment, stamp=NOW) == text


def test_old_rich_notes_go_with_the_notes() -> None:
    lines = "DESCRIPTION:Un\r\nX-ALT-DESC;FMTTYPE=text/html:<b>Un</b>\r\n"
    text, appointment = stored(event(lines=lines))
    after = patch(text, replace(appointment, notes=""), WORDS, said=appointment, stamp=NOW)
    assert _lines(after, "X-ALT-DESC") == _lines(after, "DESCRIPTION") == []


@pytest.mark.parametrize("status", [PlannedStatus.CONFIRMED, PlannedStatus.TENTATIVE])
def test_planned_as_the_agency_says_it(status: PlannedStatus) -> None:
    words = replace(WORDS, settings=replace(SETTINGS, planned_status=status))
    appointment = settled(event())
    assert f"STATUS:{status.value}" in write(appointment, words, stamp=NOW)
    cancelled = replace(appointment, state=State.CANCELLED)
    assert "STATUS:CANCELLED" in write(cancelled, words, stamp=NOW)


def test_a_link_to_the_page() -> None:
    words = replace(WORDS, settings=replace(SETTINGS, public_url="https://rdv.agence.example/"))
    appointment = settled(event("a/b"))
    text = write(appointment, words, stamp=NOW)
    assert "URL:https://rdv.agence.example/rendez-vous/a%2Fb" in unfold(text)
    assert patch(text, appointment, words, said=appointment, stamp=NOW) == text


def test_a_duration_stays_one_as_long_as_it_can() -> None:
    times = "DTSTART;TZID=Europe/Paris:20261125T090000\r\nDURATION:PT1H\r\n"
    text, appointment = stored(event(times=times))
    later = replace(appointment, span=appointment.span.moved_to(datetime(2026, 11, 26, 9)))
    moved = patch(text, later, WORDS, said=appointment, stamp=NOW)
    assert _lines(moved, "DURATION") == ["DURATION:PT1H"]
    assert _lines(moved, "DTEND") == []
    longer = replace(later, span=replace(later.span, end=datetime(2026, 11, 26, 12)))
    assert _lines(patch(text, longer, WORDS, said=appointment, stamp=NOW), "DURATION") == []


def test_a_series_that_ceases_to_be_one() -> None:
    text, appointment = stored(event(lines="RRULE:FREQ=DAILY;COUNT=3\r\n"))
    single = replace(appointment, recurrence=None)
    assert (
        "RRULE"
        not in patch(text, single, WORDS, said=appointment, stamp=NOW).partition("BEGIN:VEVENT")[2]
    )


def test_a_date_of_its_own_of_a_series_without_end_line() -> None:
    times = "DTSTART;VALUE=DATE:20261125\r\n"
    text, appointment = stored(event(times=times, lines="RRULE:FREQ=DAILY;COUNT=3\r\n"))
    held = rules.set_state(appointment, State.CANCELLED, now=NOW, original=datetime(2026, 11, 26))
    after = patch(text, held, WORDS, said=appointment, stamp=NOW)
    (occurrence,) = drafted(after).occurrences
    assert occurrence.original == datetime(2026, 11, 26)
    back = replace(held, occurrences=())
    assert patch(after, back, WORDS, said=held, stamp=NOW) == text


def test_a_refusers_transparency_is_his_alone() -> None:
    text, appointment = stored(event(lines="ATTENDEE:mailto:alice@agence.example\r\n"))
    declined = rules.record_presence(appointment, ALICE.id, Presence.DECLINED)
    sent = text.replace("END:VEVENT", "TRANSP:TRANSPARENT\r\nEND:VEVENT")
    own = OwnLine(person_id=ALICE.id)
    kept = patch(sent, declined, WORDS, said=appointment, stamp=NOW, own=own)
    assert "TRANSP" not in kept
    accepted = rules.record_presence(appointment, ALICE.id, Presence.ACCEPTED)
    free = patch(sent, accepted, WORDS, said=appointment, stamp=NOW, own=own)
    assert "TRANSP:TRANSPARENT" in free
    back = OwnLine(person_id=ALICE.id, answers={"": Presence.DECLINED})
    assert "TRANSP" not in patch(sent, accepted, WORDS, said=appointment, stamp=NOW, own=back)
    opaque = sent.replace("TRANSPARENT", "OPAQUE")
    assert "TRANSP:OPAQUE" in patch(opaque, declined, WORDS, said=appointment, stamp=NOW, own=own)


def test_a_windows_zone_is_kept_and_defined() -> None:
    times = "DTSTART;TZID=Romance Standard Time:20261125T090000\r\nDURATION:PT1H\r\n"
    text, _ = stored(event(times=times))
    assert "TZID:Romance Standard Time" in text
    assert "DTSTART;TZID=Romance Standard Time:20261125T090000" in text
    assert drafted(text).span.zone == "Europe/Paris"


def test_an_unknown_zone_is_left_alone() -> None:
    times = "DTSTART;TZID=Nulle/Part:20261125T090000\r\nDURATION:PT1H\r\n"
    assert "VTIMEZONE" not in stored(event(times=times))[0]


def test_a_text_that_is_no_calendar_can_still_be_patched() -> None:
    appointment = settled(event())
    odd = "BEGIN:VEVENT\r\nUID:essai\r\n\r\n:;:\r\nSUMMARY\r\nBEGIN:VALARM\r\nEND:VEVENT\r\n"
    after = patch(odd, appointment, WORDS, said=None, stamp=NOW)
    assert "BEGIN:VEVENT\r\nUID:essai\r\n\r\n:;:\r\n" in after


@pytest.mark.parametrize(
    "text", ["", "x", "END:VEVENT\r\n", "BEGIN:A\r\n \r\nEND:B\r\n", "a\n b\nc"]
)
def test_any_text_comes_back_as_it_was(text: str) -> None:
    assert parse_components(text).text() == text


def test_content_lines() -> None:
    line = ContentLine('attendee;CN="Dupont, Jean";MEMBER="a","b":mailto:x\r\n')
    assert line.name == "ATTENDEE"
    assert line.params == {"CN": "Dupont, Jean", "MEMBER": "a,b"}
    odd = ContentLine("X-ODD;BROKEN:va:lue")
    assert (odd.params, odd.value) == ({}, "va:lue")
    assert odd.with_params({"A": "b", "C": None}).raw == "X-ODD;A=b:va:lue\r\n"
    root = parse_components("A:1\r\nB:2\r\nA:3\r\n")
    assert root.put(ContentLine("A:4\r\n"))
    assert root.text() == "A:4\r\nB:2\r\n"
    assert not root.put(ContentLine("A:4\r\n"))
    copy = root.copy()
    copy.drop("A", "B")
    assert root.text() == "A:4\r\nB:2\r\n"


def test_line_ends_and_stamps() -> None:
    assert to_crlf("\ufeffa\nb\r\n\r\n") == "a\r\nb\r\n"
    one = "DTSTAMP:1\r\nSUMMARY:a\r\n"
    assert same_but_stamps(one, one)
    assert same_but_stamps(one, "DTSTAMP:2\r\nSUMMARY:a\r\n")
    assert not same_but_stamps(one, "DTSTAMP:1\r\nSUMMARY:b\r\n")


def test_colours() -> None:
    assert nearest_css_name("#ff0000") == "red"
    assert {nearest_css_name(kind.colour) for kind in DEFAULT_TYPES} == {
        "royalblue",
        "darkslateblue"
        if nearest_css_name("#6d28d9") == "darkslateblue"
        else nearest_css_name("#6d28d9"),
        nearest_css_name("#0f766e"),
    }


def test_splitting_a_file() -> None:
    todo = event("c").replace("VEVENT", "VTODO").split("\r\n", 3)[3].rsplit("END:VCALENDAR", 1)[0]
    nameless = "BEGIN:VEVENT\r\nDTSTART:20261125T080000Z\r\nEND:VEVENT\r\n"
    whole = event("a", before="METHOD:PUBLISH\r\n", after=todo + nameless)
    parts = dict(split_by_uid(whole))
    assert list(parts) == ["a", "c", ""]
    assert "METHOD" not in parts["a"]
    assert parse(parts["a"]).uid == "a"
    with pytest.raises(NotCalendarData):
        list(split_by_uid("rien"))


def test_limits_and_media_types() -> None:
    assert decode(b"\xef\xbb\xbfx", None) == "x"
    with pytest.raises(NotCalendarData):
        parse(event(times=f"{TIMES}DTSTART:20261125T080000Z\r\n"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (event(times="DTSTART:20261125T080000Z\r\nDURATION:-PT1H\r\n"), "negative"),
        (event(times="DTSTART;VALUE=DATE:20261125\r\nDURATION:PT1H\r\n"), "whole days"),
        (event(times="DTSTART:20261125T080000Z\r\nDURATION:P99999W\r\n"), "too far"),
        (event(lines="RDATE;VALUE=DATE:20261224\r\n"), "RDATE"),
        (event() + event("b"), "one VCALENDAR"),
        (event().replace("END:VCALENDAR\r\n", ""), "one VCALENDAR"),
        (
            event(
                lines="RRULE:FREQ=DAILY\r\n",
                after="BEGIN:VEVENT\r\nUID:essai\r\nDTSTAMP:20261124T080000Z\r\n"
                f"RECURRENCE-ID;VALUE=DATE:20261126\r\n{TIMES}END:VEVENT\r\n",
            ),
            "one kind",
        ),
        (
            event(
                lines="RRULE:FREQ=DAILY\r\n",
                after="BEGIN:VEVENT\r\nUID:essai\r\nDTSTAMP:20261124T080000Z\r\nRRULE:FREQ=DAILY\r\n"
                f"RECURRENCE-ID:20261126T080000Z\r\n{TIMES}END:VEVENT\r\n",
            ),
            "RRULE of its own",
        ),
        (
            event(
                lines="RRULE:FREQ=DAILY\r\n",
                after=2
                * (
                    "BEGIN:VEVENT\r\nUID:essai\r\nDTSTAMP:20261124T080000Z\r\n"
                    f"RECURRENCE-ID:20261126T080000Z\r\n{TIMES}END:VEVENT\r\n"
                ),
            ),
            "same RECURRENCE-ID",
        ),
    ],
)
def test_refusals_say_why(text: str, sentence: str) -> None:
    with pytest.raises(Exception, match=sentence):
        parse(text)


@pytest.mark.parametrize(
    "times", ["DTSTART:PT1H\r\n", "DTSTART;VALUE=PERIOD:20261125T080000Z/PT1H\r\n"]
)
def test_a_start_that_is_no_date(times: str) -> None:
    with pytest.raises(NotCalendarData):
        parse(event(times=times))


def test_too_many_components() -> None:
    with pytest.raises(Exception, match="components"):
        parse(event(), limits=Limits(max_components=0))


def test_mixed_floating_and_zoned_ends() -> None:
    times = "DTSTART:20261125T080000Z\r\nDTEND:20261125T093000\r\n"
    assert drafted(event(times=times)).span.end == datetime(2026, 11, 25, 8, 30)


def test_people_without_address_and_guests_without_name() -> None:
    appointment = rules.add_participant(settled(event()), Participant(person_id=PAUL.id))
    appointment = rules.add_participant(appointment, Participant(address="x@y.example"))
    found = "\n".join(_lines(write(appointment, WORDS, stamp=NOW), "ATTENDEE"))
    assert 'CN="Paul Sansmail";ROLE=REQ-PARTICIPANT' in found
    assert "EMAIL" not in found
    assert f"mailto:p-{PAUL.id}@" in found
    assert "ATTENDEE;ROLE=REQ-PARTICIPANT;CUTYPE=INDIVIDUAL" in found
    assert CLAIRE.name in found

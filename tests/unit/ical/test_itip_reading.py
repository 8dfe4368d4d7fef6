"""Messages that arrive (RFC 5546), in the words of programs that read the standard their way."""

from __future__ import annotations

from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.errors import (
    CalendarDataRefused,
    InvalidSchedulingMessage,
    NotCalendarData,
    TooLarge,
)
from rdv_caldav.domain.replies import Respondent
from rdv_caldav.ical.itip_reading import (
    LONGEST_COMMENT,
    MOST_ATTENDEES,
    MOST_EVENTS,
    MessageEvent,
    read_scheduling_message,
)

UID = "UID:visite-1"
SOPHIE = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:sophie@famille.example"


def event(*lines: str) -> str:
    return "".join(f"{line}\r\n" for line in ("BEGIN:VEVENT", *lines, "END:VEVENT"))


def message(*blocks: str, head: str = "METHOD:REPLY\r\n") -> str:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{head}{''.join(blocks)}END:VCALENDAR\r\n"


def only(*lines: str, head: str = "") -> MessageEvent:
    text = message(event(UID, *lines), head=head or "METHOD:REPLY\r\n")
    (found,) = read_scheduling_message(text).events
    return found


def test_the_reply_of_the_standard() -> None:
    # RFC 5546 §4.2.2
    text = message(
        event(
            SOPHIE,
            "ORGANIZER:mailto:RDV@agence.example",
            "UID:calsrv.example.com-873970198738777@example.com",
            "SEQUENCE:0",
            "REQUEST-STATUS:2.0;Success",
            "DTSTAMP:19970612T190000Z",
        )
    )
    found = read_scheduling_message(text)
    assert found.method == "REPLY"
    assert found.uid == "calsrv.example.com-873970198738777@example.com"
    (read,) = found.events
    assert read.attendees == (
        Respondent(address="sophie@famille.example", presence=Presence.ACCEPTED),
    )
    assert (read.organizer, read.sequence) == ("rdv@agence.example", 0)
    assert read.stamp == datetime(1997, 6, 12, 19, tzinfo=UTC)
    assert (read.original, read.with_later, read.start, read.end) == (None, False, None, None)


@pytest.mark.parametrize(
    ("line", "wall"),
    [
        ("RECURRENCE-ID:20261208T133000Z", datetime(2026, 12, 8, 14, 30)),
        ("RECURRENCE-ID;TZID=Europe/Paris:20261208T143000", datetime(2026, 12, 8, 14, 30)),
        ("recurrence-id;tzid=Romance Standard Time:20261208T143000", datetime(2026, 12, 8, 14, 30)),
        ("RECURRENCE-ID;TZID=America/New_York:20261208T083000", datetime(2026, 12, 8, 14, 30)),
        # a name that says nothing: the agency's zone; without any: the clock of the series
        ("RECURRENCE-ID;TZID=Chez nous:20261208T143000", datetime(2026, 12, 8, 14, 30)),
        ("RECURRENCE-ID:20261208T143000", datetime(2026, 12, 8, 14, 30)),
        ("RECURRENCE-ID;VALUE=DATE:20261208", datetime(2026, 12, 8)),
    ],
)
def test_which_date_is_meant(line: str, wall: datetime) -> None:
    original = only(SOPHIE, line).original
    assert original is not None
    assert original.wall_in("Europe/Paris") == wall
    assert original.is_date is ("VALUE=DATE" in line)
    assert (original.instant is None) is original.is_date


def test_a_clock_without_zone_is_that_of_the_series_wherever_it_is() -> None:
    original = only(SOPHIE, "RECURRENCE-ID:20261208T143000").original
    assert original is not None
    assert original.wall_in("America/New_York") == datetime(2026, 12, 8, 14, 30)


def test_an_instant_is_that_of_its_zone() -> None:
    original = only(SOPHIE, "RECURRENCE-ID;TZID=Europe/Paris:20260608T143000").original
    assert original is not None
    assert original.instant == datetime(2026, 6, 8, 12, 30, tzinfo=UTC)


def test_a_zone_that_only_its_definition_tells() -> None:
    definition = (
        "BEGIN:VTIMEZONE\r\nTZID:Heure de là-bas\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n"
        "TZOFFSETFROM:-0300\r\nTZOFFSETTO:-0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    line = "RECURRENCE-ID;TZID=Heure de là-bas:20261208T103000"
    found = only(SOPHIE, line, head=f"METHOD:REPLY\r\n{definition}").original
    assert found is not None
    assert found.wall_in("Europe/Paris") == datetime(2026, 12, 8, 14, 30)


def test_this_and_all_later_dates() -> None:
    found = only(SOPHIE, "RECURRENCE-ID;RANGE=ThisAndFuture:20261208T133000Z")
    assert found.with_later
    assert not only(SOPHIE, "RECURRENCE-ID:20261208T133000Z").with_later


def test_a_date_that_cannot_be_read_is_no_answer_to_the_whole() -> None:
    with pytest.raises(InvalidSchedulingMessage):
        only(SOPHIE, "RECURRENCE-ID:mardi")


@pytest.mark.parametrize(
    ("line", "presence"),
    [
        ("ATTENDEE;PARTSTAT=accepted:MAILTO:A@b.example", Presence.ACCEPTED),
        ("attendee;partstat=TENTATIVE:mailto:a@b.example", Presence.TENTATIVE),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:a@b.example", Presence.DECLINED),
        ("ATTENDEE;PARTSTAT=X-PEUT-ETRE:mailto:a@b.example", Presence.NEEDS_ACTION),
        ("ATTENDEE:mailto:a@b.example", Presence.NEEDS_ACTION),
        ("ATTENDEE;PARTSTAT=ACCEPTED;EMAIL=a@b.example:urn:uuid:1", Presence.ACCEPTED),
    ],
)
def test_presences(line: str, presence: Presence) -> None:
    (attendee,) = only(line).attendees
    assert (attendee.address, attendee.presence) == ("a@b.example", presence)
    assert not attendee.is_delegated


def test_a_delegate_and_somebody_who_acts_for_another() -> None:
    line = (
        'ATTENDEE;CN="Sophie  L.";PARTSTAT=DELEGATED;DELEGATED-TO="mailto:P@b.example",'
        '"mailto:q@b.example";SENT-BY="mailto:Aide@b.example":mailto:a@b.example'
    )
    (attendee,) = only(line).attendees
    assert attendee == Respondent(
        address="a@b.example",
        name="Sophie L.",
        is_delegated=True,
        delegates=("p@b.example", "q@b.example"),
        sent_by="aide@b.example",
    )


def test_an_attendee_without_address_is_none() -> None:
    assert only("ATTENDEE;PARTSTAT=ACCEPTED:mailto:", SOPHIE).attendees[0].address.startswith("s")


def test_addresses_and_delegates_without_bounds() -> None:
    many = ",".join(f'"mailto:n{n}@b.example"' for n in range(5_000))
    line = f"ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO={many}:mailto:a@b.example"
    endless = f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{'a' * 9_000}@b.example"
    (attendee,) = only(line, endless).attendees
    assert len(attendee.delegates) == 20


def test_comments() -> None:
    assert only(SOPHIE, r"COMMENT:À 10 h\, si possible\nMerci").attendees[0].comment == (
        "À 10 h, si possible\nMerci"
    )
    assert only(SOPHIE, r"COMMENT;LANGUAGE=fr-FR:\n").attendees[0].comment == ""
    assert only(SOPHIE, "COMMENT:un", "COMMENT:deux").comment == "un\ndeux"
    own = "ATTENDEE;PARTSTAT=ACCEPTED;X-RESPONSE-COMMENT=Volontiers:mailto:a@b.example"
    assert only(own, "COMMENT:autre").attendees[0].comment == "Volontiers"
    two = only(own, SOPHIE, "COMMENT:de l'un des deux")
    assert [each.comment for each in two.attendees] == ["Volontiers", ""]
    assert len(only(SOPHIE, f"COMMENT:{'a' * 9_000}").comment) == LONGEST_COMMENT


@pytest.mark.parametrize(
    ("written", "number"),
    [("SEQUENCE:3", 3), ("SEQUENCE:-1", None), ("SEQUENCE:trois", None), ("SEQUENCE:", None),
     ("SEQUENCE:٣", None), ("SEQUENCE:99999999999999999999", None), ("X-A:", None)],
)  # fmt: skip
def test_numbers(written: str, number: int | None) -> None:
    assert only(SOPHIE, written).sequence == number


@pytest.mark.parametrize(
    ("written", "stamp"),
    [
        ("DTSTAMP:20261124T120000Z", datetime(2026, 11, 24, 12, tzinfo=UTC)),
        ("DTSTAMP;TZID=Europe/Paris:20261124T120000", datetime(2026, 11, 24, 11, tzinfo=UTC)),
        ("DTSTAMP:20261124T120000", None),
        ("DTSTAMP;VALUE=DATE:20261124", None),
        ("DTSTAMP:hier", None),
    ],
)
def test_stamps(written: str, stamp: datetime | None) -> None:
    assert only(SOPHIE, written).stamp == stamp


def test_a_proposal_by_length_and_by_end() -> None:
    found = only(SOPHIE, "DTSTART:20261202T090000Z", "DURATION:PT45M")
    assert found.end is not None
    assert found.end.instant == datetime(2026, 12, 2, 9, 45, tzinfo=UTC)
    assert only(SOPHIE, "DTSTART:20261202T090000Z", "DURATION:longtemps").end is None
    assert only(SOPHIE, "DURATION:PT45M").end is None
    days = only(SOPHIE, "DTSTART;VALUE=DATE:20261202", "DTEND;VALUE=DATE:20261204")
    assert days.end is not None
    assert days.end.is_date


@pytest.mark.parametrize(
    ("head", "method"),
    [("method:counter\r\n", "COUNTER"), ("METHOD: refresh \r\n", "REFRESH"), ("X-A:b\r\n", "")],
)
def test_methods(head: str, method: str) -> None:
    assert read_scheduling_message(message(event(UID, SOPHIE), head=head)).method == method


def test_a_uid_is_read_as_stored_ones_are() -> None:
    assert read_scheduling_message(message(event(r"UID:a\,b"))).uid == "a,b"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", NotCalendarData),
        ("Bonjour, je viens.", NotCalendarData),
        (message(event(UID)).removesuffix("END:VCALENDAR\r\n"), NotCalendarData),
        (message(event(UID)) * 2, NotCalendarData),
        (message(event(UID, "SUMMARY:\x00")), NotCalendarData),
        ("X" * 1_000_001, TooLarge),
        (message(), InvalidSchedulingMessage),
        (message(event(UID).replace("VEVENT", "VTODO")), InvalidSchedulingMessage),
        (message(event(SOPHIE)), InvalidSchedulingMessage),
        (message(event("UID:")), InvalidSchedulingMessage),
        (message(event(f"UID:{'a' * 1_001}")), InvalidSchedulingMessage),
        (message(event(UID), event("UID:autre")), InvalidSchedulingMessage),
        (message(event(UID), event(SOPHIE)), InvalidSchedulingMessage),
        (message(event(UID) * (MOST_EVENTS + 1)), InvalidSchedulingMessage),
        (message(event(UID, *[SOPHIE] * (MOST_ATTENDEES + 1))), InvalidSchedulingMessage),
    ],
)  # fmt: skip
def test_what_is_no_message(text: str, error: type[CalendarDataRefused]) -> None:
    with pytest.raises(error):
        read_scheduling_message(text)


def test_line_ends_marks_and_folds_of_all_kinds() -> None:
    text = "\ufeff" + message(event(UID, SOPHIE.replace("sophie", "so\r\n phie")))
    for variant in (text, text.replace("\r\n", "\n"), text.replace("\r\n", "\r\n\r\n", 3)):
        (found,) = read_scheduling_message(variant).events
        assert found.attendees[0].address == "sophie@famille.example"


_PIECES = st.sampled_from(
    [
        "BEGIN:VEVENT\r\n",
        "END:VEVENT\r\n",
        "BEGIN:VTIMEZONE\r\nTZID:x\r\n",
        "END:VTIMEZONE\r\n",
        "UID:a\r\n",
        "RECURRENCE-ID;TZID=x:20261208T143000\r\n",
        "DTSTART:00010101T000000\r\n",
        "DTEND;TZID=Etc/GMT-14:99991231T235960\r\n",
        "DURATION:P999999W\r\n",
        "DTSTAMP;TZID=Pacific/Apia:00010101T000000\r\n",
        f"{SOPHIE}\r\n",
        'ATTENDEE;CN="x;PARTSTAT=:;:\r\n',
        "COMMENT;;=:\\\\\\n\\\r\n",
        "SEQUENCE:1\r\n",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_PIECES | st.text(max_size=20), max_size=40))
def test_nothing_but_refusals_is_ever_raised(pieces: list[str]) -> None:
    before = process_time()
    try:
        found = read_scheduling_message(
            message("BEGIN:VEVENT\r\nUID:a\r\n", *pieces, "END:VEVENT\r\n")
        )
    except CalendarDataRefused:
        return
    finally:
        assert process_time() - before < 2
    for each in found.events:
        if each.original is not None:
            each.original.wall_in("America/New_York")

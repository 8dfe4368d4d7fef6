"""What is taken for a calendar object, and what is refused with which reason."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_caldav.domain.errors import (
    CalendarDataRefused,
    DateOutOfRange,
    InvalidCalendarObject,
    NotCalendarData,
    TooLarge,
    TooManyAttendees,
    TooManyInstances,
    UnsupportedComponent,
    UnsupportedMediaType,
)
from rdv_caldav.ical.component_checks import Limits
from rdv_caldav.ical.objects import decode, parse, without_known_zones
from rdv_caldav.ical.recurrence import MAX_DATES
from rdv_caldav.ical.vtimezones import vtimezone
from support.lens import client_text, drafted
from support.objects import TIMES, event, override

DAILY = "RRULE:FREQ=DAILY\r\n"
PARIS = "DTSTART;TZID=Europe/Paris:20261125T090000\r\n"


# -- bytes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("été".encode(), None),
        ("été".encode(), ""),
        ("été".encode(), "text/calendar"),
        ("été".encode(), "TEXT/CALENDAR; component=VEVENT; charset=UTF-8"),
        ("été".encode(), 'text/calendar;charset="utf-8"'),
        ("été".encode(), "application/octet-stream"),
        ("été".encode("utf-8-sig"), "text/plain; charset=utf-8"),
        ("été".encode("latin-1"), "text/calendar; charset=iso-8859-1"),
        ("été".encode("cp1252"), "text/calendar; charset=windows-1252"),
        ("été".encode("utf-16"), "text/calendar; charset=utf-16"),
    ],
)
def test_bytes_become_text(body: bytes, content_type: str | None) -> None:
    assert decode(body, content_type) == "été"


@pytest.mark.parametrize(
    ("charset", "body"),
    [
        ("utf-8", "été".encode("latin-1")),
        ("us-ascii", "été".encode()),
        ("utf-16", b"\x00\xd8\x00"),
        ("klingon", b"x"),
        ("a\0b", b"x"),
        ("été", b"x"),
        ("hex", b"6578"),
        ("rot13", b"x"),
        ("idna", b"x"),
        ("punycode", b"x"),
        ("unicode_escape", b"\\x07"),
        ("undefined", b"x"),
    ],
)
def test_bytes_that_are_no_text(charset: str, body: bytes) -> None:
    with pytest.raises(NotCalendarData):
        decode(body, f"text/calendar; charset={charset}")


@pytest.mark.parametrize("content_type", ["text/html", "application/calendar+json", "text/vcard"])
def test_other_media_types(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        decode(b"BEGIN:VCALENDAR", content_type)


# -- texts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        event(),
        event().replace("\r\n", "\n"),
        event().rstrip(),
        event().replace("BEGIN:VEVENT", "begin:vevent").replace("END:VEVENT", "end:VEvent"),
        event(summary="un\u2028deux\u0085trois\u2029quatre"),
        event(times=PARIS),
        event(times="DTSTART:20261125\r\n"),
        event(times="DTSTART;VALUE=DATE:20261125\r\nDTEND;VALUE=DATE:20261125\r\n"),
        event(times=f"{PARIS}DTEND;TZID=Europe/Paris:20261125T090000\r\n"),
        event(times=f"{PARIS}DURATION:PT0S\r\n"),
        event(times=f"{PARIS}DURATION:P0DT1H30M0S\r\n"),
        event(lines=DAILY, after=override(26, on=27) + override(27, on=26)),
        event(lines=DAILY, after=override(26, on=27)).replace(
            "Europe/Paris", "Romance Standard Time"
        ),
        event(lines="X-ODD:a\r\nX-ODD;P=1:b\r\nGEO:far away\r\nPRIORITY:high\r\n"),
        event(lines="BEGIN:VALARM\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n"),
        event(lines="BEGIN:X-INNER\r\nX-A:b\r\nEND:X-INNER\r\n"),
        event(before="X-WR-CALNAME:Essai\r\nCALSCALE:GREGORIAN\r\n"),
        event(lines="DESCRIPTION:collé\\nBEGIN:VTIMEZONE\\nfin\r\n"),
        event(lines=f"{DAILY}RDATE:\r\n"),
        event().replace("UID:essai", "UID;VALUE=URI:essai"),
    ],
)
def test_texts_that_are_taken_are_kept_to_the_letter(text: str) -> None:
    obj = parse(text)
    assert obj.text == text
    assert obj.uid == "essai"


def test_separators_of_unicode_are_text() -> None:
    subject = "un\u2028deux\u0085trois\u2029quatre"
    assert drafted(event(summary=subject)).subject == subject


def _todo() -> str:
    return event().replace("VEVENT", "VTODO").replace("DTEND", "DUE")


def _events_only(text: str) -> str:
    start, end = text.index("BEGIN:VEVENT"), text.index("END:VCALENDAR")
    return text[start:end]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", NotCalendarData),
        ("ceci n'est pas un agenda", NotCalendarData),
        ("<xml/>", NotCalendarData),
        ("BEGIN:VCARD\r\nEND:VCARD\r\n", NotCalendarData),
        ("END:VCALENDAR\r\n", NotCalendarData),
        (event() + event("autre"), NotCalendarData),
        (_events_only(event()), NotCalendarData),
        *((event()[:length], NotCalendarData) for length in (40, 100, 150, 200)),
        (event().replace("END:VCALENDAR\r\n", ""), NotCalendarData),
        (event().replace("END:VEVENT\r\n", ""), NotCalendarData),
        (event().replace("END:VEVENT", "END:VALARM"), NotCalendarData),
        (event(summary="a\x07b"), NotCalendarData),
        (event(summary="a\rb"), NotCalendarData),
        (event(summary="a\ud800b"), NotCalendarData),
        (event(summary="a\ufffeb"), NotCalendarData),
        (event(before="BEGIN:VTIMEZONE\r\nTZID:x\r\n"), NotCalendarData),
        (event(lines="BEGIN:VTIMEZONE\r\nTZID:x\r\nEND:VTIMEZONE\r\n"), NotCalendarData),
        (event(lines="BEGIN:VTIME\r\n ZONE\r\nEND:VTIMEZONE\r\n"), NotCalendarData),
        (event(times="DTSTART;TZID=Europe:20261125T090000\r\n"), NotCalendarData),
        (event(lines="sans deux-points\r\n"), NotCalendarData),
        (event(before="METHOD:REQUEST\r\n"), InvalidCalendarObject),
        (event(before="method:publish\r\n"), InvalidCalendarObject),
        ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", InvalidCalendarObject),
        (event("").replace("UID:\r\n", ""), InvalidCalendarObject),
        (event(""), InvalidCalendarObject),
        (event("  "), InvalidCalendarObject),
        (event("é" * 501), InvalidCalendarObject),
        (event(lines="UID:autre\r\n"), NotCalendarData),
        (event(after=_events_only(event("autre"))), InvalidCalendarObject),
        (event(after=_events_only(event())), InvalidCalendarObject),
        (event(lines="RECURRENCE-ID:20261125T080000Z\r\n"), InvalidCalendarObject),
        (event(lines=DAILY, after=override(26, on=27, uid="autre")), InvalidCalendarObject),
        (event(lines=DAILY, after=2 * override(26, on=27)), InvalidCalendarObject),
        (event(lines=DAILY, after=override(26, on=27, lines=DAILY)), NotCalendarData),
        (_todo(), UnsupportedComponent),
        (event(after="BEGIN:VTODO\r\nUID:essai\r\nEND:VTODO\r\n"), InvalidCalendarObject),
        (event(times=PARIS).replace("VEVENT", "VJOURNAL"), UnsupportedComponent),
        (event().replace("VEVENT", "VFREEBUSY"), UnsupportedComponent),
        (event().replace("VEVENT", "X-OTHER"), UnsupportedComponent),
    ],
)
def test_texts_that_are_no_calendar_object(text: str, error: type[CalendarDataRefused]) -> None:
    with pytest.raises(error) as refusal:
        parse(text)
    assert str(refusal.value)


# -- times --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "error"),
    [
        ("", NotCalendarData),
        ("DTEND:20261125T090000Z\r\n", NotCalendarData),
        ("DTSTART:demain\r\n", NotCalendarData),
        ("DTSTART:2026-11-25T09:00:00\r\n", NotCalendarData),
        ("DTSTART:20261125T0900\r\n", NotCalendarData),
        ("DTSTART:20261125T090000+0100\r\n", NotCalendarData),
        ("DTSTART:20261325T090000Z\r\n", NotCalendarData),
        ("DTSTART:20260230T090000\r\n", NotCalendarData),
        ("DTSTART:2026+1+5T090000\r\n", NotCalendarData),
        ("DTSTART:٢٠٢٦١١٢٥T090000\r\n", NotCalendarData),
        ("DTSTART;TZID=Europe/Paris:20261125T090000X\r\n", NotCalendarData),
        ("DTSTART:PT1H\r\n", NotCalendarData),
        ("DTSTART;VALUE=PERIOD:20261125T090000Z/PT1H\r\n", NotCalendarData),
        ("DTSTART;VALUE=TEXT:20261125T090000Z\r\n", NotCalendarData),
        ("DTSTART:20261125T090000Z,20261126T090000Z\r\n", NotCalendarData),
        (f"{PARIS}{PARIS}", NotCalendarData),
        (f"{TIMES}DTEND;TZID=Europe/Paris:20261125T110000\r\n", NotCalendarData),
        (f"{PARIS}DTEND;TZID=Europe/Paris:20261125T085959\r\n", NotCalendarData),
        (f"{PARIS}DTEND:20261125T075959Z\r\n", NotCalendarData),
        ("DTSTART:20261125T090000\r\nDTEND:20261125T080000\r\n", NotCalendarData),
        ("DTSTART;VALUE=DATE:20261125\r\nDTEND;VALUE=DATE:20261124\r\n", NotCalendarData),
        ("DTSTART;VALUE=DATE:20261125\r\nDTEND:20261125T090000Z\r\n", NotCalendarData),
        ("DTSTART:20261125T090000Z\r\nDTEND;VALUE=DATE:20261126\r\n", NotCalendarData),
        ("DTSTART;VALUE=DATE:20261125\r\nDURATION:PT1H\r\n", NotCalendarData),
        (f"{TIMES}DURATION:PT1H\r\n", NotCalendarData),
        (f"{PARIS}DURATION:-PT1H\r\n", NotCalendarData),
        (f"{PARIS}DURATION:une heure\r\n", NotCalendarData),
        (f"{PARIS}DURATION;VALUE=TEXT:PT1H\r\n", NotCalendarData),
        (f"{PARIS}DURATION;VALUE=DATE:20261125\r\n", NotCalendarData),
        (f"{PARIS}DURATION:PT1H\r\nDURATION:PT2H\r\n", NotCalendarData),
        ("DTSTART:18991231T235959Z\r\n", DateOutOfRange),
        ("DTSTART:22010101T000000Z\r\n", DateOutOfRange),
        ("DTSTART:00010101T000000Z\r\n", DateOutOfRange),
        (f"{PARIS}DTEND;TZID=Europe/Paris:99991231T235959\r\n", DateOutOfRange),
        (f"{PARIS}DURATION:P99999W\r\n", DateOutOfRange),
        (f"{PARIS}RRULE:FREQ=DAILY\r\nEXDATE:00010101T000000Z\r\n", DateOutOfRange),
        (f"{PARIS}RDATE:99991231T235959Z\r\n", DateOutOfRange),
        (f"{PARIS}RDATE;VALUE=PERIOD:99991231T235959Z/PT1H\r\n", DateOutOfRange),
        (f"{PARIS}RDATE;VALUE=DATE:20261126\r\n", NotCalendarData),
        (f"{PARIS}RDATE:PT1H\r\n", NotCalendarData),
        (f"{PARIS}{DAILY}EXDATE:090000\r\n", NotCalendarData),
        (f"{PARIS}{DAILY}EXDATE:\r\n", NotCalendarData),
        (f"{PARIS}{DAILY}EXDATE;VALUE=TEXT:demain\r\n", NotCalendarData),
        (f"{PARIS}RRULE;VALUE=TEXT:FREQ=DAILY\r\n", NotCalendarData),
        (f"{PARIS}RRULE:FREQ=DAILY;UNTIL=demain\r\n", NotCalendarData),
        (f"{PARIS}RRULE:FREQ=SECONDLY\r\n", TooManyInstances),
        (f"{PARIS}{3 * DAILY}", TooManyInstances),
        (f"{PARIS}RRULE:FREQ=DAILY;BYMONTHDAY={','.join(400 * ['30'])}\r\n", TooManyInstances),
        (f"{PARIS}{DAILY}EXDATE:{','.join(['20261126T080000Z'] * MAX_DATES)},x", TooManyInstances),
    ],
)
def test_times_that_make_no_sense(times: str, error: type[CalendarDataRefused]) -> None:
    with pytest.raises(error):
        parse(event(times=times))


def test_the_side_on_which_a_date_is_out_of_range() -> None:
    for year, too_late in (("1899", False), ("2201", True)):
        with pytest.raises(DateOutOfRange) as refusal:
            parse(event(times=f"DTSTART:{year}0601T000000Z\r\n"))
        assert refusal.value.too_late is too_late


@pytest.mark.parametrize(
    ("original", "error"),
    [
        ("RECURRENCE-ID;VALUE=DATE:20261126", InvalidCalendarObject),
        ("RECURRENCE-ID;VALUE=TEXT:20261126T090000", NotCalendarData),
    ],
)
def test_an_original_of_another_kind(original: str, error: type[CalendarDataRefused]) -> None:
    standing = "RECURRENCE-ID;TZID=Europe/Paris:20261126T090000"
    with pytest.raises(error):
        parse(event(lines=DAILY, after=override(26, on=27).replace(standing, original)))


def test_ends_that_cannot_be_compared_without_knowing_the_zones() -> None:
    """Half past eight in UTC is after nine o'clock in a zone of the client's own."""
    for times in (
        "DTSTART;TZID=Chez moi:20261125T090000\r\nDTEND:20261125T083000Z\r\n",
        "DTSTART:20261125T090000\r\nDTEND:20261125T083000Z\r\n",
        "DTSTART;TZID=Chez moi:20261125T090000\r\nDTEND;TZID=Ailleurs:20261125T083000\r\n",
    ):
        assert parse(event(times=times)).uid == "essai"
    with pytest.raises(NotCalendarData):
        parse(
            event(
                times=(
                    "DTSTART;TZID=Chez moi:20261125T090000\r\n"
                    "DTEND;TZID=Chez moi:20261125T083000\r\n"
                )
            )
        )


# -- limits -------------------------------------------------------------------------------


def test_limits_are_held_exactly() -> None:
    text = event(summary="é")
    size = len(text.encode())
    parse(text, limits=Limits(max_size=size))
    with pytest.raises(TooLarge):
        parse(text, limits=Limits(max_size=size - 1))
    crowd = event(lines=3 * "ATTENDEE:mailto:x@y.example\r\n")
    parse(crowd, limits=Limits(max_attendees=3))
    with pytest.raises(TooManyAttendees):
        parse(crowd, limits=Limits(max_attendees=2))
    series = event(lines=DAILY, after=override(26, on=27))
    parse(series, limits=Limits(max_components=2))
    with pytest.raises(TooManyInstances):
        parse(series, limits=Limits(max_components=1))


def test_lines_are_counted_folds_are_not() -> None:
    parse(event(lines="DESCRIPTION:" + "x\r\n " * 60_000 + "\r\n"))
    with pytest.raises(TooLarge):
        parse(event(lines="\r\n" * 40_000))


# -- zones --------------------------------------------------------------------------------


def test_definitions_are_kept_by_name() -> None:
    assert set(parse(client_text("outlook_localised")).zones) == {"Paris, Madrid"}
    unnamed = "BEGIN:VTIMEZONE\r\nEND:VTIMEZONE\r\n"
    assert parse(event(before=unnamed)).zones == {}


def test_zones_known_by_name_are_cut() -> None:
    paris = vtimezone("Europe/Paris", 2026)
    folded = paris.replace("TZID:Europe/Paris", "TZID:Europe/\r\n Paris")
    own = paris.replace("TZID:Europe/Paris", "TZID:Chez moi")
    unnamed = "BEGIN:VTIMEZONE\r\nEND:VTIMEZONE\r\n"
    text = event(before=paris + folded + own + unnamed + paris.replace("\r\n", "\n"))
    assert without_known_zones(text) == event(before=own + unnamed)


# -- anything at all ----------------------------------------------------------------------

NAMES = (
    *("SUMMARY", "DESCRIPTION", "LOCATION", "STATUS", "CATEGORIES", "X-RDV-TYPE", "ATTENDEE"),
    *("ORGANIZER", "UID", "DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "RRULE", "RDATE"),
    *("EXDATE", "SEQUENCE", "URL", "GEO", "ATTACH", "TRANSP", "CLASS", "X-ODD", "BEGIN", "END"),
)
TYPES = (
    *("BINARY", "BOOLEAN", "CAL-ADDRESS", "DATE", "DATE-TIME", "DURATION", "FLOAT", "INTEGER"),
    *("PERIOD", "RECUR", "TEXT", "TIME", "URI", "UTC-OFFSET", "X-ODD", "UID", "XML-REFERENCE"),
)
VALUES = (
    *("", "x", "20261125", "20261125T090000", "20261125T090000Z", "PT1H", "-P1W", "090000"),
    *("20261125T090000Z/PT1H", "FREQ=DAILY;COUNT=3", "TRUE", "1", "1.5", "1;2", "+0100", "QUJD"),
    *("mailto:x@y.example", "urn:uuid:1", "a,b", "a\\,b\\nc", ",", ";", "99991231T235959Z"),
)


@given(
    st.lists(
        st.builds(
            "{}{}:{}".format,
            st.sampled_from(NAMES),
            st.one_of(
                st.just(""),
                st.sampled_from(TYPES).map(";VALUE={}".format),
                st.sampled_from(["Europe/Paris", "UTC", "Nulle", "../x", ""]).map(
                    ";TZID={}".format
                ),
                st.just(";ENCODING=BASE64;VALUE=BINARY"),
            ),
            st.sampled_from(VALUES),
        ),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from([TIMES, PARIS, "DTSTART;VALUE=DATE:20261125\r\n", ""]),
    st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_any_value_of_any_type_is_refused_or_read(
    lines: list[str], times: str, in_override: bool
) -> None:
    written = "".join(f"{line}\r\n" for line in lines)
    if in_override:
        text = event(times=times, lines=DAILY, after=override(26, on=27, lines=written))
    else:
        text = event(times=times, lines=written)
    try:
        obj = parse(text)
    except CalendarDataRefused:
        return
    assert drafted(text).uid == obj.uid


def test_an_odd_line_that_says_nothing_of_times_is_kept() -> None:
    text = event(lines="CREATED ;X=1:never\r\nPRIORITY: much\r\n")
    assert parse(text).text == text

"""RFC 4791 (CalDAV) §9.9: time-range, each row of its tables with both its bounds.

Days are those of November 2026. A range is written ``25T0900-25T1000``; seconds stand after a
point, and a side that is left out is open.
"""

from __future__ import annotations

import pytest

from support.caldav import Place, assert_refused, comp, component, prop, query, time_range
from support.dav import CALDAV


def _instant(written: str) -> str:
    if not written:
        return ""
    day, _, clock = written.partition("T")
    minutes, _, seconds = clock.partition(".")
    return f"202611{day}T{minutes}{seconds or '00'}Z"


def _range(written: str) -> str:
    start, _, end = written.partition("-")
    return time_range(_instant(start), _instant(end))


def _assert_rows(place: Place, kind: str, rows: dict[str, bool], *, uid: str = "a.ics") -> None:
    found = {row: uid in place.hits(comp(kind, _range(row))) for row in rows}
    assert found == rows


TIMED = {
    "25T0800-25T0900": False,  # ends when it begins
    "25T0800-25T0900.01": True,
    "25T0800-25T1100": True,  # holds it
    "25T0915-25T0945": True,  # lies in it
    "25T0900-25T1000": True,
    "25T0959.59-25T1200": True,
    "25T1000-25T1100": False,  # begins when it ends
    "-25T0900": False,
    "-25T0900.01": True,
    "25T0959.59-": True,
    "25T1000-": False,
    "24T0000-25T0000": False,
}
INSTANT = {
    "25T0800-25T0900": False,
    "25T0800-25T0900.01": True,
    "25T0900-25T0900.01": True,
    "25T0900.01-25T1000": False,
    "-25T0900": False,
    "25T0900-": True,
    "25T0900.01-": False,
}
DAY_IN_PARIS = {
    "24T2200-24T2300": False,
    "24T2200-24T2300.01": True,
    "25T2259.59-26T0000": True,
    "25T2300-26T0000": False,
    "25T1200-25T1201": True,
    "-24T2300": False,
    "25T2300-": False,
}
TWO_DAYS_IN_PARIS = {
    "24T2200-24T2300": False,
    "26T2259.59-": True,
    "26T2300-": False,
}
UNTIL_25 = "RRULE:FREQ=WEEKLY;BYDAY=TH,WE;UNTIL=20261125T090000Z\r\n"

EVENTS = {
    "DTEND": ("DTSTART:20261125T090000Z\r\nDTEND:20261125T100000Z\r\n", TIMED),
    "DTEND in a zone": (
        "DTSTART;TZID=Europe/Paris:20261125T100000\r\nDTEND;TZID=Asia/Tokyo:20261125T190000\r\n",
        TIMED,
    ),
    "floating": ("DTSTART:20261125T100000\r\nDTEND:20261125T110000\r\n", TIMED),
    "DTEND of dates": (
        "DTSTART;VALUE=DATE:20261125\r\nDTEND;VALUE=DATE:20261127\r\n",
        TWO_DAYS_IN_PARIS,
    ),
    "DURATION": ("DTSTART:20261125T090000Z\r\nDURATION:PT1H\r\n", TIMED),
    "DURATION of dates": (
        "DTSTART;VALUE=DATE:20261125\r\nDURATION:P2D\r\n",
        TWO_DAYS_IN_PARIS,
    ),
    "DURATION of nothing": ("DTSTART:20261125T090000Z\r\nDURATION:PT0S\r\n", INSTANT),
    "an instant": ("DTSTART:20261125T090000Z\r\n", INSTANT),
    "a date": ("DTSTART;VALUE=DATE:20261125\r\n", DAY_IN_PARIS),
    "the last of a series": (
        f"DTSTART:20261105T090000Z\r\nDURATION:PT1H\r\n{UNTIL_25}EXDATE:20261119T090000Z\r\n",
        TIMED | {"-25T0900": True, "19T0000-20T0000": False, "18T0000-19T0000": True},
    ),
    "an endless series": (
        "DTSTART:20001125T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=YEARLY\r\n",
        {row: hit for row, hit in TIMED.items() if not row.startswith("-") and row[-1] != "-"},
    ),
    "an RDATE": (
        "DTSTART:20261101T090000Z\r\nDURATION:PT1H\r\nRDATE:20261125T090000Z\r\n",
        {row: hit for row, hit in TIMED.items() if not row.startswith("-")},
    ),
    "a PERIOD": (
        "DTSTART:20261101T090000Z\r\nDURATION:PT3H\r\nRDATE;VALUE=PERIOD:20261125T090000Z/PT1H\r\n",
        {row: hit for row, hit in TIMED.items() if not row.startswith("-")},
    ),
}


@pytest.mark.parametrize("case", EVENTS)
def test_9_9_events(any_calendar: Place, case: str) -> None:
    lines, rows = EVENTS[case]
    any_calendar.put("a.ics", component("VEVENT", "a", lines))
    _assert_rows(any_calendar, "VEVENT", rows)


def test_9_9_an_override_counts_where_it_lies(any_calendar: Place) -> None:
    master = (
        "DTSTART:20261123T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=3\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20261101T080000Z\r\nRECURRENCE-ID:20261124T090000Z\r\n"
        "DTSTART:20261128T150000Z\r\nDURATION:PT2H\r\n"
    )
    any_calendar.put("a.ics", component("VEVENT", "a", master))
    rows = {
        "23T0000-24T0000": True,
        "24T0000-25T0000": False,
        "25T0000-26T0000": True,
        "26T0000-28T1500": False,
        "28T1659.59-": True,
        "28T1700-": False,
    }
    _assert_rows(any_calendar, "VEVENT", rows)


def test_9_9_an_override_alone(perso: Place) -> None:
    lines = "RECURRENCE-ID:20261101T090000Z\r\nDTSTART:20261125T090000Z\r\nDURATION:PT1H\r\n"
    perso.put("a.ics", component("VEVENT", "a", lines))
    _assert_rows(perso, "VEVENT", TIMED)


def test_9_9_over_the_end_of_summer_time(any_calendar: Place) -> None:
    lines = (
        "DTSTART;TZID=Europe/Paris:20261024T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=2\r\n"
    )
    any_calendar.put("a.ics", component("VEVENT", "a", lines))
    for start, end, hit in (
        ("20261024T070000Z", "20261024T070001Z", True),
        ("20261025T070000Z", "20261025T080000Z", False),
        ("20261025T085959Z", "20261025T090000Z", True),
        ("20261025T090000Z", "20261025T100000Z", False),
    ):
        assert bool(any_calendar.hits(comp("VEVENT", time_range(start, end)))) == hit, start


DTSTART, DUE = "DTSTART:20261125T090000Z\r\n", "DUE:20261125T100000Z\r\n"
COMPLETED, CREATED = "COMPLETED:20261125T100000Z\r\n", "CREATED:20261125T090000Z\r\n"
TODOS = {
    "DTSTART, DURATION": (
        f"{DTSTART}DURATION:PT1H\r\n",
        {
            "25T0800-25T0900": False,
            "25T0800-25T0900.01": True,
            "25T0930-25T0931": True,
            "25T1000-25T1100": True,
            "25T1000.01-25T1100": False,
        },
    ),
    "DTSTART, DUE": (
        f"{DTSTART}{DUE}",
        {
            "25T0800-25T0900": False,
            "25T0800-25T0900.01": True,
            "25T0930-25T0931": True,
            "25T0959.59-25T1100": True,
            "25T1000-25T1100": False,
        },
    ),
    "DTSTART": (DTSTART, INSTANT),
    "DUE": (
        DUE,
        {
            "25T0800-25T0959.59": False,
            "25T0800-25T1000": True,
            "25T0959.59-25T1100": True,
            "25T1000-25T1100": False,
        },
    ),
    "COMPLETED, CREATED": (
        f"{COMPLETED}{CREATED}",
        {
            "25T0700-25T0859.59": False,
            "25T0800-25T0900": True,
            "25T0930-25T0931": True,
            "25T1000-25T1100": True,
            "25T1000.01-25T1100": False,
        },
    ),
    "COMPLETED": (
        COMPLETED,
        {
            "25T0800-25T0959.59": False,
            "25T0800-25T1000": True,
            "25T1000-25T1100": True,
            "25T1000.01-25T1100": False,
        },
    ),
    "CREATED": (
        CREATED,
        {"25T0800-25T0900": False, "25T0800-25T0900.01": True, "28T0000-29T0000": True},
    ),
    "none": ("", {"01T0000-02T0000": True, "28T0000-": True, "-01T0000": True}),
    "a series": (
        f"{DTSTART}DUE:20261125T100000Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\n",
        {
            "25T0800-25T0900": False,
            "26T0930-26T0931": True,
            "27T0959.59-": True,
            "27T1000-": False,
            "26T1000-27T0900": False,
        },
    ),
    "dates": (
        "DTSTART;VALUE=DATE:20261125\r\nDUE;VALUE=DATE:20261126\r\n",
        {"24T2200-24T2300": False, "24T2200-24T2300.01": True, "25T2300-": False},
    ),
}


@pytest.mark.parametrize("case", TODOS)
def test_9_9_todos(perso: Place, case: str) -> None:
    lines, rows = TODOS[case]
    perso.put("a.ics", component("VTODO", "a", lines))
    _assert_rows(perso, "VTODO", rows)
    assert perso.hits(comp("VEVENT", time_range("20000101T000000Z"))) == set()


JOURNALS = {
    "an instant": (DTSTART, INSTANT),
    "a date": ("DTSTART;VALUE=DATE:20261125\r\n", DAY_IN_PARIS),
    "none": ("", {"01T0000-02T0000": False, "01T0000-": False, "-01T0000": False}),
}


@pytest.mark.parametrize("case", JOURNALS)
def test_9_9_journals(perso: Place, case: str) -> None:
    lines, rows = JOURNALS[case]
    perso.put("a.ics", component("VJOURNAL", "a", lines))
    _assert_rows(perso, "VJOURNAL", rows)


def _alarm(lines: str) -> str:
    return f"BEGIN:VALARM\r\nACTION:AUDIO\r\n{lines}END:VALARM\r\n"


BEFORE, AFTER = "TRIGGER:-PT1H\r\n", "TRIGGER;RELATED=END:-PT2H\r\n"
ABSOLUTE = "TRIGGER;VALUE=DATE-TIME:20261125T080000Z\r\n"
HOUR = f"{DTSTART}DTEND:20261125T100000Z\r\n"
AT_8 = {
    "25T0700-25T0800": False,
    "25T0700-25T0800.01": True,
    "25T0800-25T0801": True,
    "25T0800.01-25T0900": False,
}
ALARMS = {
    "before the start": (f"{HOUR}{_alarm(BEFORE)}", AT_8),
    "before the end": (
        f"{HOUR}{_alarm(AFTER)}",
        AT_8,
    ),
    "absolute": (
        f"{HOUR}{_alarm(ABSOLUTE)}",
        AT_8,
    ),
    "repeated": (
        HOUR + _alarm("TRIGGER:-PT2H\r\nREPEAT:2\r\nDURATION:PT30M\r\n"),
        {
            "25T0659-25T0700": False,
            "25T0700-25T0700.01": True,
            "25T0700.01-25T0730": False,
            "25T0730-25T0731": True,
            "25T0800-25T0801": True,
            "25T0801-25T0900": False,
        },
    ),
    "of a series": (
        f"{HOUR}RRULE:FREQ=DAILY;COUNT=2\r\n" + _alarm("TRIGGER:-PT1H\r\n"),
        AT_8 | {"26T0800-26T0801": True, "27T0800-27T0801": False},
    ),
    "of two": (
        HOUR + _alarm("TRIGGER:PT0S\r\n") + _alarm("TRIGGER:-PT1H\r\n"),
        {"25T0800-25T0801": True, "25T0801-25T0900": False, "25T0900-25T0901": True},
    ),
    "none": (HOUR, {"-": False} | dict.fromkeys(AT_8, False)),
}


@pytest.mark.parametrize("case", ALARMS)
def test_9_9_alarms(any_calendar: Place, case: str) -> None:
    lines, rows = ALARMS[case]
    any_calendar.put("a.ics", component("VEVENT", "a", lines))
    for row, hit in rows.items():
        if row == "-":
            condition = comp("VEVENT", comp("VALARM"))
        else:
            condition = comp("VEVENT", comp("VALARM", _range(row)))
        assert bool(any_calendar.hits(condition)) == hit, row


def test_9_9_an_alarm_of_a_todo_is_before_its_due(perso: Place) -> None:
    lines = DUE + _alarm("TRIGGER;RELATED=END:-PT2H\r\n")
    perso.put("a.ics", component("VTODO", "a", lines))
    for row, hit in AT_8.items():
        assert bool(perso.hits(comp("VTODO", comp("VALARM", _range(row))))) == hit, row


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("VTODO", "COMPLETED"),
        ("VTODO", "DUE"),
        ("VTODO", "CREATED"),
        ("VTODO", "LAST-MODIFIED"),
        ("VTODO", "DTSTART"),
        ("VEVENT", "DTEND"),
        ("VJOURNAL", "CREATED"),
    ],
)
def test_9_9_properties(perso: Place, kind: str, name: str) -> None:
    start = "DTSTART:20261120T090000Z\r\n" if kind == "VEVENT" else ""
    perso.put("a.ics", component(kind, "a", f"{start}{name}:20261125T090000Z\r\n"))
    perso.put("b.ics", component(kind, "b", "DTSTART:20251120T090000Z\r\n"))
    for row, hit in INSTANT.items():
        assert ("a.ics" in perso.hits(comp(kind, prop(name, _range(row))))) == hit, row
        assert "b.ics" not in perso.hits(comp(kind, prop(name, _range("24T0000-26T0000"))))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("", ""),
        ("20261125", "20261126"),
        ("20261125T090000", "20261125T100000"),
        ("2026-11-25T09:00:00Z", "2026-11-25T10:00:00Z"),
        ("x", ""),
        ("20261125T090000Z", "20261125T080000Z"),
        ("20261335T090000Z", ""),
    ],
)
def test_7_8_valid_filter_for_ranges_that_are_none(
    any_calendar: Place, start: str, end: str
) -> None:
    body_filter = comp("VEVENT", time_range(start, end))
    path = any_calendar.path
    answer = any_calendar.client.request("REPORT", path, query(body_filter), depth="1")
    assert_refused(answer, f"{CALDAV}valid-filter", 400, 403)


def test_7_8_dates_at_the_ends_of_time(any_calendar: Place) -> None:
    any_calendar.put("a.ics", component("VEVENT", "a", HOUR))
    for start, end in (("00010101T000000Z", ""), ("", "99991231T235959Z")):
        body = query(comp("VEVENT", time_range(start, end)))
        answer = any_calendar.client.request("REPORT", any_calendar.path, body, depth="1")
        assert answer.status in (207, 403)
        if answer.status == 207:
            assert b"a.ics" in answer.body

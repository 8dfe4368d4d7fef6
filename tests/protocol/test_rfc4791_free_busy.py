"""RFC 4791 (CalDAV) §7.10: free-busy-query."""

from __future__ import annotations

import re

import icalendar
import pytest

from support.caldav import XMLNS, Place, busy_query, component
from support.dav import CALDAV, Answer, DavClient
from support.objects import event

SPAN = ("20261125T000000Z", "20261126T000000Z")
EIGHT = "DTSTART:20261125T080000Z\r\nDTEND:20261125T090000Z\r\n"
DAILY = "DTSTART:20261120T080000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n"
MOVED = (
    "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20261101T080000Z\r\n"
    "RECURRENCE-ID:20261125T080000Z\r\nDTSTART:20261125T150000Z\r\nDURATION:PT2H\r\n"
)
PERIOD = re.compile(r"^FREEBUSY(?:;FBTYPE=([A-Z-]+))?:(.*)$", re.MULTILINE)


def _busy(answer: Answer) -> dict[str, list[str]]:
    """Return the periods by their type, as start/end of hours and minutes."""
    assert answer.headers["content-type"].startswith("text/calendar")
    (found,) = icalendar.Calendar.from_ical(answer.text).walk("VFREEBUSY")
    assert f"DTSTART:{SPAN[0]}\r\n" in answer.text
    assert f"DTEND:{SPAN[1]}\r\n" in answer.text
    assert "UID" in found
    assert "DTSTAMP" in found
    unfolded = answer.text.replace("\r\n ", "").replace("\r\n", "\n")
    kinds: dict[str, list[str]] = {}
    for kind, periods in PERIOD.findall(unfolded):
        kinds.setdefault(kind or "BUSY", []).extend(map(_hours, periods.split(",")))
    return kinds


def _hours(period: str) -> str:
    start, _, end = period.partition("/")
    assert start.endswith("Z")
    if end.startswith("P"):
        moment = icalendar.vDDDTypes.from_ical(start)
        end = (moment + icalendar.vDuration.from_ical(end)).strftime("%Y%m%dT%H%M%SZ")
    return f"{start[6:8]}T{start[9:13]}-{end[6:8]}T{end[9:13]}"


def _ask(place: Place) -> dict[str, list[str]]:
    return _busy(place.report(busy_query(*SPAN), expect=200))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (EIGHT, {"BUSY": ["25T0800-25T0900"]}),
        (f"{EIGHT}TRANSP:OPAQUE\r\n", {"BUSY": ["25T0800-25T0900"]}),
        (f"{EIGHT}TRANSP:TRANSPARENT\r\n", {}),
        (
            "DTSTART;TZID=Europe/Paris:20261125T090000\r\nDURATION:PT90M\r\n",
            {"BUSY": ["25T0800-25T0930"]},
        ),
        ("DTSTART:20261125T090000\r\nDURATION:PT1H\r\n", {"BUSY": ["25T0800-25T0900"]}),
        ("DTSTART:20261125T080000Z\r\n", {}),
        ("DTSTART:20261124T080000Z\r\nDURATION:PT1H\r\n", {}),
        (
            DAILY,
            {"BUSY": ["25T0800-25T0900"]},
        ),
        (
            f"{DAILY}EXDATE:20261125T080000Z\r\n",
            {},
        ),
        (
            f"{DAILY}{MOVED}",
            {"BUSY": ["25T1500-25T1700"]},
        ),
        (
            f"{DAILY}{MOVED}TRANSP:TRANSPARENT\r\n",
            {},
        ),
    ],
)
def test_7_10_what_is_busy(any_calendar: Place, lines: str, expected: dict[str, list[str]]) -> None:
    any_calendar.put("a.ics", component("VEVENT", "a", lines))
    assert _ask(any_calendar) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("CONFIRMED", {"BUSY": ["25T0800-25T0900"]}),
        ("TENTATIVE", {"BUSY-TENTATIVE": ["25T0800-25T0900"]}),
        ("CANCELLED", {}),
    ],
)
def test_7_10_as_the_status_says(perso: Place, status: str, expected: dict[str, list[str]]) -> None:
    perso.put("a.ics", component("VEVENT", "a", f"{EIGHT}STATUS:{status}\r\n"))
    assert _ask(perso) == expected


def test_7_10_a_day_is_one_of_the_calendars_zone(any_calendar: Place) -> None:
    lines = "DTSTART;VALUE=DATE:20261125\r\nTRANSP:OPAQUE\r\n"
    any_calendar.put("a.ics", component("VEVENT", "a", lines))
    (period,) = _ask(any_calendar)["BUSY"]
    assert period in ("25T0000-25T2300", "24T2300-25T2300")


def test_7_10_todos_and_journals_are_not_busy(perso: Place) -> None:
    perso.put("a.ics", component("VTODO", "a", "DTSTART:20261125T080000Z\r\nDURATION:PT1H\r\n"))
    perso.put("b.ics", component("VJOURNAL", "b", "DTSTART:20261125T080000Z\r\n"))
    assert _ask(perso) == {}


def test_7_10_periods_of_several_are_one_coverage(any_calendar: Place) -> None:
    for name, start, hours in (("a", "08", 2), ("b", "09", 2), ("c", "11", 1), ("d", "15", 1)):
        lines = f"DTSTART:20261125T{start}0000Z\r\nDURATION:PT{hours}H\r\n"
        any_calendar.put(f"{name}.ics", component("VEVENT", name, lines))
    covered: set[int] = set()
    for period in _ask(any_calendar)["BUSY"]:
        covered |= set(range(int(period[3:5]), int(period[11:13])))
    assert covered == {8, 9, 10, 11, 15}


def test_7_10_nothing_busy_is_an_answer_too(any_calendar: Place) -> None:
    assert _ask(any_calendar) == {}


@pytest.mark.parametrize(
    "inner",
    [
        "",
        "<C:time-range/>",
        '<C:time-range start="20261125T000000Z"/>',
        '<C:time-range end="20261125T000000Z"/>',
        '<C:time-range start="20261125" end="20261126"/>',
        '<C:time-range start="20261126T000000Z" end="20261125T000000Z"/>',
    ],
)
def test_7_10_needs_a_time_range(any_calendar: Place, inner: str) -> None:
    body = f"<C:free-busy-query {XMLNS}>{inner}</C:free-busy-query>"
    answer = any_calendar.client.request("REPORT", any_calendar.path, body, depth="1")
    assert answer.status in (400, 403)


def test_7_10_a_hundred_years_are_bounded(any_calendar: Place) -> None:
    lines = "DTSTART:20261125T080000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n"
    any_calendar.put("a.ics", component("VEVENT", "a", lines))
    body = busy_query("20000101T000000Z", "21000101T000000Z")
    answer = any_calendar.client.request("REPORT", any_calendar.path, body, depth="1")
    assert answer.status in (200, 403, 507)


def test_7_10_the_home_tells_of_all_its_calendars(alice: DavClient, perso: Place) -> None:
    perso.put("a.ics", component("VEVENT", "a", EIGHT))
    times = "DTSTART:20261125T130000Z\r\nDURATION:PT1H\r\n"
    alice.put("/alice/alice/b.ics", event("b", times=times), expect=201)
    answer = alice.request("REPORT", "/alice/", busy_query(*SPAN), expect=200, depth="infinity")
    periods = _busy(answer)["BUSY"]
    assert {"25T0800-25T0900", "25T1300-25T1400"} <= set(periods)


def test_6_1_1_read_free_busy_is_a_privilege(any_calendar: Place) -> None:
    names = "{DAV:}supported-privilege-set", "{DAV:}current-user-privilege-set"
    (found,) = any_calendar.client.propfind(any_calendar.path, *names).values()
    for name in names:
        assert found.props[name].find(f".//{CALDAV}read-free-busy") is not None, name


def test_7_10_a_refused_appointment_keeps_nobody_busy(alice: DavClient, ivan: DavClient) -> None:
    lines = "ATTENDEE:mailto:ivan@agence.example\r\n"
    alice.put("/alice/alice/a.ics", event(lines=lines), expect=201)
    place = Place(ivan, "/ivan/ivan/")
    assert _ask(place)
    got = ivan.get("/ivan/ivan/a.ics")
    answered = re.sub(
        r"ATTENDEE[^:]*:mailto:ivan@agence.example",
        "ATTENDEE;PARTSTAT=DECLINED:mailto:ivan@agence.example",
        got.text.replace("\r\n ", ""),
    )
    ivan.put("/ivan/ivan/a.ics", answered, expect=204)
    assert _ask(place) == {}

"""RFC 4791 (CalDAV): calendar-data (§9.6), partial retrieval (§7.6), expansion and limits."""

from __future__ import annotations

from typing import Any

import icalendar
import pytest

from support.caldav import (
    Place,
    assert_refused,
    comp,
    component,
    expand,
    multiget,
    query,
    time_range,
)
from support.dav import CALDAV, Answer
from support.objects import event

WEEK = ("20261123T000000Z", "20261130T000000Z")
ALARM = "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n"
ALL_OF_IT = '<C:comp name="VCALENDAR"><C:allprop/><C:allcomp/></C:comp>'
SERIES = (
    "DTSTART;TZID=Europe/Paris:20261123T090000\r\nDTEND;TZID=Europe/Paris:20261123T100000\r\n"
    "SUMMARY:Alle\r\nRRULE:FREQ=DAILY;COUNT=10\r\nEXDATE;TZID=Europe/Paris:20261125T090000\r\n"
    f"{ALARM}END:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20261101T080000Z\r\n"
    "RECURRENCE-ID;TZID=Europe/Paris:20261126T090000\r\n"
    "DTSTART;TZID=Europe/Paris:20261126T150000\r\nDTEND;TZID=Europe/Paris:20261126T160000\r\n"
    "SUMMARY:Einer\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20261101T080000Z\r\n"
    "RECURRENCE-ID;TZID=Europe/Paris:20261201T090000\r\n"
    "DTSTART;TZID=Europe/Paris:20261128T070000\r\nDTEND;TZID=Europe/Paris:20261128T080000\r\n"
    "SUMMARY:Vorgezogen\r\n"
)


def _expanded(place: Place, *span: str) -> dict[str, tuple[str, str, str]]:
    """Return start, end and recurrence id of each date, by start, with its summary."""
    chosen = span or WEEK
    text = place.data("a.ics", expand(*chosen), comp("VEVENT", time_range(*chosen)))
    return {
        _written(event, "DTSTART"): (
            _written(event, "DTEND"),
            _written(event, "RECURRENCE-ID"),
            str(event.get("SUMMARY")),
        )
        for event in icalendar.Calendar.from_ical(text).walk("VEVENT")
    }


def _written(event: Any, name: str) -> str:
    written: bytes = event[name].to_ical() if name in event else b""
    return written.decode()


def test_9_6_5_each_date_in_utc(any_calendar: Place) -> None:
    any_calendar.put("a.ics", component("VEVENT", "a", SERIES))
    assert _expanded(any_calendar) == {
        "20261123T080000Z": ("20261123T090000Z", "20261123T080000Z", "Alle"),
        "20261124T080000Z": ("20261124T090000Z", "20261124T080000Z", "Alle"),
        "20261126T140000Z": ("20261126T150000Z", "20261126T080000Z", "Einer"),
        "20261127T080000Z": ("20261127T090000Z", "20261127T080000Z", "Alle"),
        "20261128T080000Z": ("20261128T090000Z", "20261128T080000Z", "Alle"),
        "20261128T060000Z": ("20261128T070000Z", "20261201T080000Z", "Vorgezogen"),
        "20261129T080000Z": ("20261129T090000Z", "20261129T080000Z", "Alle"),
    }


def test_9_6_5_nothing_is_left_of_the_recurrence(any_calendar: Place) -> None:
    any_calendar.put("a.ics", component("VEVENT", "a", SERIES))
    text = any_calendar.data("a.ics", expand(*WEEK), comp("VEVENT", time_range(*WEEK)))
    for name in ("RRULE", "EXDATE", "RDATE", "TZID", "VTIMEZONE"):
        assert name not in text
    assert text.splitlines().count("UID:a") == 7


def test_9_6_5_only_dates_that_overlap(any_calendar: Place) -> None:
    any_calendar.put("a.ics", component("VEVENT", "a", SERIES))
    span = ("20261124T083000Z", "20261127T080000Z")
    assert set(_expanded(any_calendar, *span)) == {"20261124T080000Z", "20261126T140000Z"}


def test_9_6_5_over_the_end_of_summer_time(any_calendar: Place) -> None:
    lines = (
        "DTSTART;TZID=Europe/Paris:20261024T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=2\r\n"
    )
    any_calendar.put("a.ics", component("VEVENT", "a", lines))
    found = _expanded(any_calendar, "20261020T000000Z", "20261030T000000Z")
    assert set(found) == {"20261024T070000Z", "20261025T080000Z"}


def test_9_6_5_days_stay_days(any_calendar: Place) -> None:
    lines = "DTSTART;VALUE=DATE:20261123\r\nSUMMARY:x\r\nRRULE:FREQ=DAILY;INTERVAL=2;COUNT=3\r\n"
    any_calendar.put("a.ics", component("VEVENT", "a", lines))
    found = _expanded(any_calendar)
    assert {start: one[1] for start, one in found.items()} == {
        day: day for day in ("20261123", "20261125", "20261127")
    }


def test_9_6_5_what_does_not_recur_is_told_in_utc_too(any_calendar: Place) -> None:
    lines = "DTSTART;TZID=Europe/Paris:20261125T090000\r\nDURATION:PT1H\r\nSUMMARY:x\r\n"
    any_calendar.put("a.ics", component("VEVENT", "a", lines))
    text = any_calendar.data("a.ics", expand(*WEEK), comp("VEVENT", time_range(*WEEK)))
    assert "DTSTART:20261125T080000Z" in text
    assert "RECURRENCE-ID" not in text
    assert "VTIMEZONE" not in text


def test_9_6_5_floating_times_have_the_calendars_zone(perso: Place) -> None:
    lines = "DTSTART:20261125T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=2\r\n"
    perso.put("a.ics", component("VEVENT", "a", lines))
    assert set(_expanded(perso)) == {"20261125T080000Z", "20261126T080000Z"}


def test_9_6_5_dates_of_rdate(any_calendar: Place) -> None:
    lines = (
        "DTSTART:20261123T080000Z\r\nDURATION:PT1H\r\nRDATE:20261125T100000Z,20261127T110000Z\r\n"
    )
    any_calendar.put("a.ics", component("VEVENT", "a", lines))
    starts = {"20261123T080000Z", "20261125T100000Z", "20261127T110000Z"}
    assert set(_expanded(any_calendar)) == starts


def test_9_6_5_an_override_alone(perso: Place) -> None:
    lines = (
        "RECURRENCE-ID;TZID=Europe/Paris:20261124T090000\r\n"
        "DTSTART;TZID=Europe/Paris:20261125T090000\r\nDURATION:PT1H\r\nSUMMARY:x\r\n"
    )
    perso.put("a.ics", component("VEVENT", "a", lines))
    found = _expanded(perso)
    assert {start: one[1] for start, one in found.items()} == {
        "20261125T080000Z": "20261124T080000Z"
    }


def test_9_6_5_todos_too(perso: Place) -> None:
    lines = "DTSTART:20261124T080000Z\r\nDUE:20261124T090000Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"
    perso.put("a.ics", component("VTODO", "a", lines))
    text = perso.data("a.ics", expand(*WEEK), comp("VTODO"))
    assert text.count("BEGIN:VTODO") == 3
    assert "RRULE" not in text


def test_9_6_5_in_a_multiget(any_calendar: Place) -> None:
    any_calendar.put("a.ics", component("VEVENT", "a", SERIES))
    body = multiget(f"{any_calendar.url}a.ics", props=expand(*WEEK))
    text = any_calendar.texts(any_calendar.report(body))["a.ics"]
    assert text.count("BEGIN:VEVENT") == 7


def _ask(place: Place, data: str) -> Answer:
    body = query(comp("VEVENT"), props=data)
    return place.client.request("REPORT", place.path, body, depth="1")


@pytest.mark.parametrize("kind", ["expand", "limit-recurrence-set", "limit-freebusy-set"])
@pytest.mark.parametrize(
    "span",
    [
        "",
        'start="20261123T000000Z"',
        'end="20261123T000000Z"',
        'start="x" end="y"',
        'start="20261123" end="20261124"',
        'start="20261130T000000Z" end="20261123T000000Z"',
    ],
)
def test_9_6_5_spans_that_are_none(any_calendar: Place, kind: str, span: str) -> None:
    any_calendar.put("a.ics", component("VEVENT", "a", SERIES))
    answer = _ask(any_calendar, f"<C:calendar-data><C:{kind} {span}/></C:calendar-data>")
    assert answer.status in (400, 403)


def test_9_6_5_an_expansion_without_end_is_bounded(any_calendar: Place) -> None:
    lines = "DTSTART:20261123T080000Z\r\nDURATION:PT1M\r\nRRULE:FREQ=DAILY\r\n"
    any_calendar.put("a.ics", component("VEVENT", "a", lines))
    answer = _ask(any_calendar, expand("20000101T000000Z", "21990101T000000Z"))
    assert answer.status in (207, 403, 507)
    if answer.status == 403:
        assert_refused(answer, f"{CALDAV}max-instances")


def test_9_6_6_only_overrides_that_touch_the_range(any_calendar: Place) -> None:
    any_calendar.put("a.ics", component("VEVENT", "a", SERIES))
    cases = {
        WEEK: {"Alle", "Einer", "Vorgezogen"},
        ("20261126T000000Z", "20261127T000000Z"): {"Alle", "Einer"},
        # by its new time, and by the one it had
        ("20261128T000000Z", "20261129T000000Z"): {"Alle", "Vorgezogen"},
        ("20261201T000000Z", "20261202T000000Z"): {"Alle", "Vorgezogen"},
        ("20261124T000000Z", "20261125T000000Z"): {"Alle"},
    }
    for (start, end), expected in cases.items():
        shape = f'<C:limit-recurrence-set start="{start}" end="{end}"/>'
        text = any_calendar.data(
            "a.ics", f"<C:calendar-data>{shape}</C:calendar-data>", comp("VEVENT")
        )
        events = icalendar.Calendar.from_ical(text).walk("VEVENT")
        assert {str(event["SUMMARY"]) for event in events} == expected, start
        assert "RRULE:FREQ=DAILY;COUNT=10" in text


def test_9_6_7_limit_freebusy_set_leaves_events_alone(any_calendar: Place) -> None:
    any_calendar.put("a.ics", component("VEVENT", "a", SERIES))
    shape = f'<C:limit-freebusy-set start="{WEEK[0]}" end="{WEEK[1]}"/>'
    text = any_calendar.data("a.ics", f"<C:calendar-data>{shape}</C:calendar-data>", comp("VEVENT"))
    got = any_calendar.client.get(f"{any_calendar.path}a.ics").text
    assert text.splitlines() == got.splitlines()


def test_9_6_the_whole_object_is_what_get_says(any_calendar: Place) -> None:
    any_calendar.put("a.ics", component("VEVENT", "a", SERIES))
    whole = any_calendar.client.get(f"{any_calendar.path}a.ics").text
    shapes = (
        "<C:calendar-data/>",
        '<C:calendar-data content-type="text/calendar" version="2.0"/>',
        f"<C:calendar-data>{ALL_OF_IT}</C:calendar-data>",
    )
    for shape in shapes:
        text = any_calendar.data("a.ics", shape, comp("VEVENT"))
        # XML parsers read CRLF as LF, unless it was written as a character reference
        assert text.splitlines() == whole.splitlines(), shape


def test_7_6_chosen_components_and_properties(any_calendar: Place) -> None:
    any_calendar.put("a.ics", component("VEVENT", "a", f"{SERIES}{ALARM}LOCATION:x\r\n"))
    shape = (
        '<C:calendar-data><C:comp name="VCALENDAR"><C:prop name="VERSION"/>'
        '<C:comp name="VEVENT"><C:prop name="SUMMARY"/><C:prop name="uid"/>'
        '<C:prop name="RRULE" novalue="yes"/></C:comp></C:comp></C:calendar-data>'
    )
    text = any_calendar.data("a.ics", shape, comp("VEVENT"))
    assert set(text.splitlines()) == {
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "BEGIN:VEVENT",
        "UID:a",
        "SUMMARY:Alle",
        "SUMMARY:Einer",
        "SUMMARY:Vorgezogen",
        "RRULE:",
        "END:VEVENT",
        "END:VCALENDAR",
    }


@pytest.mark.parametrize(
    ("inner", "has", "lacks"),
    [
        ('<C:allprop/><C:comp name="VEVENT"><C:allprop/></C:comp>', "SUMMARY:x", "VALARM"),
        ('<C:allprop/><C:comp name="VEVENT"><C:allcomp/></C:comp>', "BEGIN:VALARM", "SUMMARY"),
        ("<C:allcomp/>", "SUMMARY:x", "PRODID"),
        ("<C:allprop/>", "PRODID", "VEVENT"),
        ('<C:comp name="VEVENT"><C:prop name="UID"/></C:comp>', "BEGIN:VEVENT", "SUMMARY"),
        ('<C:comp name="VTODO"><C:allprop/></C:comp>', "BEGIN:VCALENDAR", "VEVENT"),
    ],
)
def test_9_6_1_what_is_named_comes_and_nothing_else(
    any_calendar: Place, inner: str, has: str, lacks: str
) -> None:
    lines = f"DTSTART:20261123T080000Z\r\nSUMMARY:x\r\n{ALARM}"
    any_calendar.put("a.ics", component("VEVENT", "a", lines))
    shape = f'<C:calendar-data><C:comp name="VCALENDAR">{inner}</C:comp></C:calendar-data>'
    text = any_calendar.data("a.ics", shape, comp("VEVENT"))
    assert has in text
    assert lacks not in text


def test_7_8_1_a_component_without_conditions_is_whole(perso: Place) -> None:
    """As VTIMEZONE in the example of the RFC."""
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Ost\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        "TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    times = "DTSTART;TZID=Ost:20261125T090000\r\nDURATION:PT1H\r\n"
    perso.put("a.ics", event(times=times, before=zone))
    shape = (
        '<C:calendar-data><C:comp name="VCALENDAR"><C:prop name="VERSION"/><C:comp name="VEVENT">'
        '<C:prop name="UID"/></C:comp><C:comp name="VTIMEZONE"/></C:comp></C:calendar-data>'
    )
    text = perso.data("a.ics", shape, comp("VEVENT"))
    assert zone.replace("\r\n", "\n") in text.replace("\r\n", "\n")
    assert "SUMMARY" not in text


@pytest.mark.parametrize(
    "kind", ['content-type="image/png"', 'content-type="text/calendar" version="1.0"']
)
@pytest.mark.parametrize("report", ["calendar-query", "calendar-multiget"])
def test_7_8_supported_calendar_data(any_calendar: Place, kind: str, report: str) -> None:
    any_calendar.put("a.ics", component("VEVENT", "a", SERIES))
    props = f"<C:calendar-data {kind}/>"
    body = query(comp("VEVENT"), props=props)
    if report == "calendar-multiget":
        body = multiget(f"{any_calendar.url}a.ics", props=props)
    answer = any_calendar.client.request("REPORT", any_calendar.path, body, depth="1")
    assert_refused(answer, f"{CALDAV}supported-calendar-data")

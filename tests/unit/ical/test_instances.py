"""The dates of an object: series, overrides, lone ones, mixed times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rdv_caldav.domain.errors import TooManyInstances
from rdv_caldav.ical.contentlines import Component, parse_components
from rdv_caldav.ical.instances import instances
from rdv_caldav.ical.moments import utc_text
from support.caldav import component
from support.objects import event, override

PARIS = "Europe/Paris"
NINE = "DTSTART;TZID=Europe/Paris:20261125T090000\r\nDURATION:PT1H\r\n"
DAILY = "RRULE:FREQ=DAILY;COUNT=4\r\n"
NEXT = "END:{kind}\r\nBEGIN:{kind}\r\nUID:a\r\nDTSTAMP:20261101T080000Z\r\nRECURRENCE-ID{which}\r\n"


def _next(which: str, *, kind: str = "VEVENT") -> str:
    return NEXT.format(kind=kind, which=which)


def _instant(written: str) -> datetime | None:
    return datetime.strptime(written, "%Y%m%d").replace(tzinfo=UTC) if written else None


def _found(
    lines: str,
    *,
    start: str = "20261101",
    end: str = "20270101",
    kind: str = "VEVENT",
    zone: str = PARIS,
    most: int = 10_000,
) -> list[str]:
    tree = parse_components(component(kind, "a", lines))
    found = instances(tree, start=_instant(start), end=_instant(end), floating_zone=zone, most=most)
    assert found == sorted(found, key=lambda each: each.start)
    return [
        f"{utc_text(each.start)[4:13]}-{utc_text(each.end)[4:13]} {each.original:%m%dT%H}"
        for each in found
    ]


def test_a_single_event() -> None:
    assert _found(NINE) == ["1125T0800-1125T0900 1125T09"]
    assert _found(NINE, start="20261126") == []


def test_a_calendar_may_be_given_itself() -> None:
    calendar = parse_components(component("VEVENT", "a", NINE)).items[0]
    assert isinstance(calendar, Component)
    assert len(instances(calendar, start=None, end=None, floating_zone=PARIS)) == 1


def test_added_and_excluded_dates() -> None:
    lines = (
        f"{NINE}{DAILY}EXDATE:20261126T080000Z\r\nEXDATE;VALUE=DATE:20261127\r\n"
        "EXDATE:20261225T090000,x\r\n"
        "RDATE;TZID=Europe/Paris:20261110T090000,20261224T090000\r\nRDATE:20261125T080000Z\r\n"
        "RDATE;VALUE=PERIOD:20261201T100000Z/PT3H,20261202T100000Z/20261202T093000Z\r\n"
    )
    assert _found(lines) == [
        "1110T0800-1110T0900 1110T09",
        "1125T0800-1125T0900 1125T09",
        "1128T0800-1128T0900 1128T09",
        "1201T1000-1201T1300 1201T11",
        "1202T1000-1202T1000 1202T11",
        "1224T0800-1224T0900 1224T09",
    ]


def test_a_change_of_time_within_a_series() -> None:
    lines = "DTSTART;TZID=Europe/Paris:20261024T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n"
    assert _found(lines, start="20261024", end="20261026") == [
        "1024T0700-1024T0800 1024T09",
        "1025T0800-1025T0900 1025T09",
    ]


def test_an_end_within_the_hour_that_lacks() -> None:
    lines = (
        "DTSTART;TZID=Europe/Paris:20260329T013000\r\nDTEND;TZID=Europe/Paris:20260329T023000\r\n"
    )
    assert _found(lines, start="20260301") == ["0329T0030-0329T0130 0329T01"]
    lines = (
        "DTSTART;TZID=Europe/Paris:20260329T023000\r\nDTEND;TZID=Europe/Paris:20260329T030000\r\n"
    )
    assert _found(lines, start="20260301") == ["0329T0130-0329T0130 0329T02"]


def test_days_are_those_of_the_floating_zone() -> None:
    lines = f"DTSTART;VALUE=DATE:20261125\r\n{DAILY}EXDATE:20261126T080000Z\r\n"
    assert _found(lines)[:2] == ["1124T2300-1125T2300 1125T00", "1126T2300-1127T2300 1127T00"]
    assert _found(lines, zone="Asia/Tokyo")[0] == "1124T1500-1125T1500 1125T00"


def test_overrides_stand_in_their_places() -> None:
    moved = override(26, on=28, lines="STATUS:CANCELLED\r\n").removesuffix("END:VEVENT\r\n")
    lines = f"{NINE}{DAILY}END:VEVENT\r\n{moved}"
    assert _found(lines) == [
        "1125T0800-1125T0900 1125T09",
        "1127T0800-1127T0900 1127T09",
        "1128T0800-1128T0900 1126T09",
        "1128T0800-1128T0900 1128T09",
    ]
    tree = parse_components(component("VEVENT", "a", lines))
    found = instances(tree, start=None, end=None, floating_zone=PARIS)
    assert [each.component.line("STATUS") is not None for each in found] == [
        *(False, False, True, False)
    ]
    assert all(each.repeats for each in found)


@pytest.mark.parametrize(
    "which",
    [
        ":20261126T080000Z",
        ":20261126T090000",
        ";TZID=Europe/Paris:20261126T090000",
        ";TZID=Asia/Tokyo:20261126T170000",
        ";VALUE=DATE:20261126",
    ],
)
def test_ways_to_name_a_date(which: str) -> None:
    moved = f"{_next(which)}DTSTART:20261230T080000Z\r\n"
    found = _found(f"{NINE}{DAILY}{moved}")
    assert len(found) == 4
    assert found[-1] == "1230T0800-1230T0800 1126T09"


def test_a_date_out_of_turn_is_shown() -> None:
    moved = f"{_next(':20261226T080000Z')}DTSTART:20261230T080000Z\r\n"
    assert len(_found(f"{NINE}{DAILY}{moved}")) == 5


def test_overrides_alone_with_mixed_times() -> None:
    lines = (
        "RECURRENCE-ID:20261124T090000\r\nDTSTART:20261125T090000\r\nDTEND:20261125T093000Z\r\n"
        f"{_next(';VALUE=DATE:20261126')}DTSTART;VALUE=DATE:20261127\r\n"
        f"{_next(':20261128T090000Z')}SUMMARY:nowhere\r\n"
    )
    assert _found(lines) == [
        "1125T0800-1125T0930 1124T09",
        "1126T2300-1127T2300 1126T00",
        "1128T0900-1128T0900 1128T09",
    ]


def test_all_later_dates_moved() -> None:
    moved = (
        f"{_next(';RANGE=THISANDFUTURE:20261127T080000Z')}"
        "DTSTART;TZID=Europe/Paris:20261127T140000\r\nDURATION:PT2H\r\n"
    )
    lines = f"{NINE}RRULE:FREQ=DAILY\r\nEXDATE:20261129T080000Z\r\n{moved}"
    assert _found(lines, end="20261201") == [
        "1125T0800-1125T0900 1125T09",
        "1126T0800-1126T0900 1126T09",
        "1127T1300-1127T1500 1127T09",
        "1128T1300-1128T1500 1128T09",
        "1130T1300-1130T1500 1130T09",
    ]
    again = (
        f"{moved}{_next(';RANGE=THISANDFUTURE:20261128T080000Z')}"
        "DTSTART;TZID=Europe/Paris:20261120T140000\r\nDURATION:PT2H\r\n"
    )
    found = _found(f"{NINE}RRULE:FREQ=DAILY\r\n{again}", start="20261124", end="20261125")
    assert found == ["1124T1300-1124T1500 1202T09"]


def test_all_later_dates_of_another_kind_are_one_date() -> None:
    moved = f"{_next(';RANGE=THISANDFUTURE:20261127T080000Z')}DTSTART;VALUE=DATE:20261127\r\n"
    assert _found(f"{NINE}{DAILY}{moved}")[2:] == [
        "1126T2300-1127T2300 1127T09",
        "1128T0800-1128T0900 1128T09",
    ]


def test_a_long_date_that_began_before_the_range() -> None:
    lines = "DTSTART:20261101T080000Z\r\nDURATION:P20D\r\nRRULE:FREQ=MONTHLY;COUNT=2\r\n"
    assert len(_found(lines, start="20261120", end="20261121")) == 1


def test_a_series_without_end_is_bounded() -> None:
    lines = f"{NINE}RRULE:FREQ=DAILY\r\n"
    with pytest.raises(TooManyInstances):
        _found(lines, end="", most=100)
    assert len(_found(lines, start="", end="20261127")) == 2


@pytest.mark.parametrize(
    "lines",
    [
        f"{NINE}RRULE:FREQ=SECONDLY\r\n",
        f"{NINE}RRULE:FREQ=OFTEN\r\n",
        f"{NINE}RRULE:FREQ=DAILY;UNTIL=soon\r\n",
        f"{NINE}RRULE:FREQ=DAILY;BYDAY={'MO,' * 400}MO\r\n",
    ],
)
def test_a_rule_that_is_not_understood_yields_nothing_more(lines: str) -> None:
    assert _found(lines) == ["1125T0800-1125T0900 1125T09"]


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("VEVENT", ""),
        ("VEVENT", "DTSTART:x\r\nRRULE:FREQ=DAILY\r\n"),
        ("VJOURNAL", ""),
        ("VFREEBUSY", NINE),
    ],
)
def test_what_has_no_dates(kind: str, lines: str) -> None:
    assert _found(lines, start="", end="", kind=kind) == []


@pytest.mark.parametrize(
    ("lines", "first", "last"),
    [
        ("", "0101T0000", "1231T2359"),
        ("COMPLETED:20261125T100000Z\r\n", "1125T1000", "1125T1000"),
        ("DUE:20261125T100000Z\r\nRRULE:FREQ=DAILY;COUNT=1\r\n", "1125T1000", "1125T1000"),
        ("DTSTART:20261125T090000Z\r\nDUE:20261125T100000Z\r\n", "1125T0900", "1125T1000"),
        # a due date before the start is told as it is
        ("DTSTART:20261125T090000Z\r\nDUE:20261125T080000Z\r\n", "1125T0900", "1125T0800"),
    ],
)
def test_todos(lines: str, first: str, last: str) -> None:
    (found,) = _found(lines, start="", end="", kind="VTODO")
    assert found.startswith(f"{first}-{last} ")


def test_an_override_of_a_todo_without_dates_keeps_its_own() -> None:
    lines = f"{NINE}{DAILY}{_next(':20261126T080000Z', kind='VTODO')}STATUS:COMPLETED\r\n"
    assert "1126T0800-1126T0800 1126T09" in _found(lines, kind="VTODO")


def test_two_masters_are_two_series() -> None:
    text = event(lines="RRULE:FREQ=DAILY;COUNT=2\r\n", after=event().split("\r\n", 3)[3])
    tree = parse_components(text.replace("END:VCALENDAR\r\nEND:VCALENDAR", "END:VCALENDAR"))
    assert len(instances(tree, start=None, end=None, floating_zone=PARIS)) == 3


def test_dates_in_the_far_past_and_future() -> None:
    for year in ("0001", "9999"):
        lines = (
            f"DTSTART;TZID=Asia/Tokyo:{year}0101T000000\r\nDURATION:P9D\r\nRRULE:FREQ=WEEKLY\r\n"
        )
        assert _found(lines, start="", end="00010102" if year == "0001" else "99990102")
    distant = datetime(2500, 1, 1, tzinfo=UTC)
    tree = parse_components(component("VEVENT", "a", f"{NINE}RRULE:FREQ=YEARLY\r\n"))
    end = distant + timedelta(days=365)
    assert len(instances(tree, start=distant, end=end, floating_zone=PARIS)) == 1

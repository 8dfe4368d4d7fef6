"""RFC 4791 §9.9 on VALARM: when alarms go off, of one date and of series."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from rdv_caldav.ical.filters import ComponentFilter, PropFilter, TextMatch, TimeRange
from rdv_caldav.ical.matching import matches
from support.caldav import component

HOUR = "DTSTART:20261125T090000Z\r\nDTEND:20261125T100000Z\r\n"
DUE = "DUE:20261125T100000Z\r\n"


def _alarm(lines: str, action: str = "AUDIO") -> str:
    return f"BEGIN:VALARM\r\nACTION:{action}\r\n{lines}END:VALARM\r\n"


def _span(written: str) -> TimeRange:
    start, end = (
        datetime.strptime(f"202611{side}", "%Y%m%dT%H%M%S").replace(tzinfo=UTC) if side else None
        for side in written.split("-")
    )
    return TimeRange(start, end)


def _hits(
    lines: str,
    written: str,
    *,
    kind: str = "VEVENT",
    props: tuple[PropFilter, ...] = (),
    within: TimeRange | None = None,
) -> bool:
    alarm = ComponentFilter(name="valarm", time_range=_span(written), props=props)
    inner = ComponentFilter(name=kind, time_range=within, components=(alarm,))
    condition = ComponentFilter(name="VCALENDAR", components=(inner,))
    return matches(component(kind, "a", lines), condition, floating_zone="Europe/Paris")


AT_8 = {
    "before the start": HOUR + _alarm("TRIGGER:-PT1H\r\n"),
    "before the end": HOUR + _alarm("TRIGGER;RELATED=END:-PT2H\r\n"),
    "at a time": HOUR + _alarm("TRIGGER;VALUE=DATE-TIME:20261125T080000Z\r\n"),
    "repeated at once": HOUR + _alarm("TRIGGER:-PT1H\r\nREPEAT:5\r\nDURATION:PT0S\r\n"),
    "repeated without interval": HOUR + _alarm("TRIGGER:-PT1H\r\nREPEAT:5\r\n"),
    "repeated oddly": HOUR + _alarm("TRIGGER:-PT1H\r\nREPEAT:x\r\nDURATION:PT1H\r\n"),
    "beside others": HOUR + _alarm("TRIGGER:x\r\n") + _alarm("") + _alarm("TRIGGER:-PT1H\r\n"),
}


@pytest.mark.parametrize("case", AT_8)
def test_one_alarm(case: str) -> None:
    for written, hit in {
        "25T070000-25T080000": False,
        "25T070000-25T080001": True,
        "25T080000-25T080100": True,
        "25T080001-25T090000": False,
        "25T080001-": False,
        "-25T080000": False,
        "-25T080001": True,
    }.items():
        assert _hits(AT_8[case], written) == hit, written


def test_repetitions() -> None:
    lines = HOUR + _alarm("TRIGGER:-PT2H\r\nREPEAT:2\r\nDURATION:PT30M\r\n")
    for written, hit in {
        "25T065900-25T070000": False,
        "25T070000-25T070001": True,
        "25T070001-25T073000": False,
        "25T073000-25T073100": True,
        "25T080000-25T080100": True,
        "25T080001-25T093000": False,
    }.items():
        assert _hits(lines, written) == hit, written


@pytest.mark.parametrize(
    "trigger",
    ["TRIGGER:-PT1H\r\n", "TRIGGER;RELATED=END:-PT2H\r\n", "TRIGGER:-P1DT1H\r\n"],
)
def test_of_a_series(trigger: str) -> None:
    lines = f"{HOUR}RRULE:FREQ=DAILY;COUNT=10\r\n" + _alarm(trigger)
    for written, hit in {
        "26T080000-26T080100": True,
        "30T080000-30T080100": True,
        "30T080001-30T100000": False,
        "23T080000-23T090000": False,
    }.items():
        assert _hits(lines, written) == hit, written


def test_a_time_of_its_own_in_a_series() -> None:
    lines = f"{HOUR}RRULE:FREQ=DAILY\r\nEXDATE:20261125T090000Z\r\n" + _alarm(
        "TRIGGER;VALUE=DATE-TIME:20261110T080000Z\r\n"
    )
    assert _hits(lines, "10T080000-10T080100")
    assert not _hits(lines, "11T080000-11T080100")


def test_an_override_has_its_own_alarms() -> None:
    lines = (
        f"{HOUR}RRULE:FREQ=DAILY\r\n{_alarm('TRIGGER:-PT1H')}END:VEVENT\r\nBEGIN:VEVENT\r\n"
        "UID:a\r\nRECURRENCE-ID:20261126T090000Z\r\nDTSTART:20261126T090000Z\r\n"
    )
    lines = lines.replace("TRIGGER:-PT1HEND", "TRIGGER:-PT1H\r\nEND")
    assert _hits(lines, "27T080000-27T080100")
    assert not _hits(lines, "26T080000-26T080100")


@pytest.mark.parametrize(
    ("lines", "hit"),
    [
        (f"{DUE}{_alarm('TRIGGER;RELATED=END:-PT2H' + chr(13) + chr(10))}", True),
        (f"{DUE}{_alarm('TRIGGER:-PT2H' + chr(13) + chr(10))}", True),
        (f"{DUE}{_alarm('TRIGGER:-PT1H' + chr(13) + chr(10))}", False),
        (_alarm("TRIGGER;VALUE=DATE-TIME:20261125T080000Z\r\n"), True),
        (DUE, False),
    ],
)
def test_of_todos(lines: str, hit: bool) -> None:
    assert _hits(lines, "25T080000-25T080100", kind="VTODO") == hit


def test_an_alarm_meets_all_that_is_asked_of_it() -> None:
    lines = HOUR + _alarm("TRIGGER:-PT1H\r\n") + _alarm("TRIGGER:-PT2H\r\n", "DISPLAY")
    for action, hit in (("AUDIO", True), ("DISPLAY", False)):
        prop = PropFilter(name="ACTION", text_match=TextMatch(text=action))
        assert _hits(lines, "25T080000-25T080100", props=(prop,)) == hit


def test_date_and_alarm_meet_in_one_date() -> None:
    lines = f"{HOUR}RRULE:FREQ=DAILY\r\n" + _alarm("TRIGGER:-PT1H\r\n")
    for day, hit in ((26, True), (27, False)):
        within = _span(f"{day}T000000-{day + 1}T000000")
        assert _hits(lines, "26T080000-26T080100", within=within) == hit


def test_alarms_within_alarms_have_no_time() -> None:
    innermost = ComponentFilter(name="VALARM", time_range=_span("01T000000-30T000000"))
    inner = ComponentFilter(name="VALARM", components=(innermost,))
    lines = f"{HOUR}BEGIN:VALARM\r\nTRIGGER:PT0S\r\n{_alarm('TRIGGER:PT0S')}END:VALARM\r\n"
    condition = ComponentFilter(
        name="VCALENDAR", components=(ComponentFilter(name="VEVENT", components=(inner,)),)
    )
    text = component("VEVENT", "a", lines.replace("PT0SEND", "PT0S\r\nEND"))
    assert not matches(text, condition, floating_zone="Europe/Paris")


@pytest.mark.parametrize(
    "lines",
    [
        _alarm("TRIGGER:-P999999W\r\nREPEAT:999999999\r\nDURATION:P999999W\r\n"),
        _alarm("TRIGGER:P9999999D\r\nREPEAT:999999\r\nDURATION:PT1S\r\n"),
        "".join(_alarm(f"TRIGGER:-P{n}D\r\n") for n in range(13_000)),
    ],
)
def test_absurd_alarms_are_bounded(lines: str) -> None:
    started = time.process_time()
    assert not _hits(f"{HOUR}RRULE:FREQ=DAILY\r\n{lines}", "25T093000-25T093001")
    assert time.process_time() - started < 2

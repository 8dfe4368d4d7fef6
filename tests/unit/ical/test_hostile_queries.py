"""No object that was stored makes a query of its calendar last."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from rdv_caldav.domain.errors import CalendarDataRefused
from rdv_caldav.ical.busy import busy_periods
from rdv_caldav.ical.contentlines import parse_components
from rdv_caldav.ical.filters import ComponentFilter, PropFilter, TextMatch, TimeRange
from rdv_caldav.ical.instances import index_of
from rdv_caldav.ical.matching import matches
from rdv_caldav.ical.shaping import DataShape, shaped
from support.caldav import component
from support.lens import NOW
from support.objects import event, override

PARIS = "Europe/Paris"
SECONDS = 3
"""Some three times what the slowest takes on a busy machine."""

FAR = TimeRange(NOW + timedelta(days=60_000), None)
BLOCK = (
    "BEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0207\r\nTZOFFSETTO:+0107\r\n"
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n"
)


def _later(number: int) -> str:
    moved = override(26, on=27, lines="BEGIN:VALARM\r\nTRIGGER:-P1D\r\nEND:VALARM\r\n")
    day = f"20{27 + number // 336}{number // 28 % 12 + 1:02}{number % 28 + 1:02}"
    return moved.replace("RECURRENCE-ID;", "RECURRENCE-ID;RANGE=THISANDFUTURE;").replace(
        "20261126", day
    )


HOSTILE: dict[str, Callable[[], str]] = {
    "twelve times a day": lambda: event(
        lines="RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7,8,9,10,11,12\r\n"
    ),
    "as often, and counted": lambda: event(
        lines="RRULE:FREQ=DAILY;COUNT=99999999;BYHOUR=1,2,3,4,5,6,7,8,9,10,11,12\r\n"
    ),
    "never": lambda: event(lines="RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\r\n" * 2),
    "every second": lambda: event(lines="RRULE:FREQ=SECONDLY\r\n"),
    "for a thousand years": lambda: event(
        times="DTSTART:20261125T080000Z\r\nDURATION:P365000D\r\n", lines="RRULE:FREQ=DAILY\r\n"
    ),
    "changed for all later dates a thousand times": lambda: event(
        lines="RRULE:FREQ=DAILY\r\n", after="".join(map(_later, range(999)))
    ),
    "ten thousand excluded dates": lambda: event(
        lines="RRULE:FREQ=DAILY\r\n" + "EXDATE;TZID=Europe/Paris:20261126T090000\r\n" * 9_999
    ),
    "ten thousand added periods": lambda: event(
        lines="RDATE;VALUE=PERIOD:" + "20261126T080000Z/PT1H," * 9_999 + "20261127T080000Z/PT1H\r\n"
    ),
    "many alarms": lambda: event(
        lines="RRULE:FREQ=DAILY\r\n"
        + "".join(f"BEGIN:VALARM\r\nTRIGGER:-PT{n}M\r\nEND:VALARM\r\n" for n in range(9_999))
    ),
    "many busy periods": lambda: component(
        "VFREEBUSY", "a", "FREEBUSY:" + "20261126T080000Z/PT1H," * 29_999 + "x\r\n"
    ),
    "many zones of nobody's": lambda: event(
        times="DTSTART;TZID=Zone 0:20261125T090000\r\n",
        lines="".join(f"EXDATE;TZID=Zone {n}:20261126T090000\r\n" for n in range(300)),
        before="".join(
            f"BEGIN:VTIMEZONE\r\nTZID:Zone {n}\r\n{BLOCK}END:VTIMEZONE\r\n" for n in range(300)
        ),
    ),
}


def _ask(text: str) -> None:
    prop = PropFilter(name="SUMMARY", text_match=TextMatch(text="nothing", negated=True))
    alarm = ComponentFilter(name="VALARM", time_range=FAR)
    for inner in (
        ComponentFilter(name="VEVENT", time_range=FAR, props=(prop,)),
        ComponentFilter(name="VEVENT", components=(alarm,)),
        ComponentFilter(name="VFREEBUSY", time_range=FAR),
    ):
        condition = ComponentFilter(name="VCALENDAR", components=(inner,))
        matches(text, condition, floating_zone=PARIS)


def _shape(text: str) -> None:
    for shape in (
        DataShape(expand=TimeRange(NOW, NOW + timedelta(days=36_500))),
        DataShape(limit_recurrence=FAR, limit_freebusy=FAR),
    ):
        with contextlib.suppress(CalendarDataRefused):
            shaped(text, shape, floating_zone=PARIS)


def _busy(text: str) -> None:
    end = NOW + timedelta(days=36_500)
    busy_periods(text, start=NOW, end=end, floating_zone=PARIS, addresses=["a@b.example"])


def _index(text: str) -> None:
    with contextlib.suppress(CalendarDataRefused):
        index_of(parse_components(text), floating_zone=PARIS, now=NOW)


@pytest.mark.parametrize("what", [_ask, _shape, _busy, _index])
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_object_is_dealt_with_in_time(case: str, what: Callable[[str], None]) -> None:
    text = HOSTILE[case]()
    started = time.process_time()
    what(text)
    assert time.process_time() - started < SECONDS

"""A megabyte of anything is refused or read within moments; nothing of it stays behind."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from icalendar.timezone import tzp

from rdv_caldav.domain.errors import CalendarDataRefused
from rdv_caldav.ical.objects import parse
from rdv_caldav.ical.recurrence import MAX_DATES, time_index
from support.lens import NOW, drafted, settled
from support.objects import TIMES, event, override

SIZE = 990_000
SECONDS = 6
"""Some three times what the slowest takes on a busy machine."""

DAILY = "RRULE:FREQ=DAILY\r\n"
BLOCK = (
    "BEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0207\r\nTZOFFSETTO:+0107\r\n"
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n"
)
OWN_TIMES = "DTSTART;TZID=Zone 1:20261125T090000\r\n"
CORPUS = sorted((Path(__file__).parents[4] / "shared" / "data" / "ics").glob("**/*.ics"))


def _much(of: str, size: int = SIZE) -> str:
    return of * ((size - 1_000) // len(of))


def _zone(name: str, blocks: str = BLOCK) -> str:
    return f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\n{blocks}END:VTIMEZONE\r\n"


def _moved(number: int, zone: str) -> str:
    moved = override(26, on=27).replace("TZID=Europe/Paris", f"TZID={zone}")
    return moved.replace("20261126", f"{20300101 + number // 28 % 12 * 100 + number % 28}")


HOSTILE: dict[str, Callable[[], str]] = {
    "zones without end": lambda: event(before=_much("BEGIN:VTIMEZONE\r\n", 600_000)),
    "zones without end, named": lambda: event(before=_much("BEGIN:VTIMEZONE\r\nTZID:x\r\n")),
    "a zone of many names": lambda: event(before=_zone("x", _much("TZID:x\r\n", 300_000))),
    "a name of many folds": lambda: event(before=_zone("x" + _much("\r\n "))),
    "many known zones": lambda: event(before=_much(_zone("Europe/Paris"))),
    "many own zones": lambda: event(before="".join(_zone(f"Zone {n}") for n in range(4_000))),
    "many own zones in use": lambda: event(
        times=OWN_TIMES,
        lines=DAILY,
        before="".join(_zone(f"Zone {n}") for n in range(300)),
        after="".join(_moved(n, f"Zone {n}") for n in range(300)),
    ),
    "a zone of many blocks": lambda: event(
        times=OWN_TIMES, before=_zone("Zone 1", _much(BLOCK, 900_000))
    ),
    "a zone that changes every second": lambda: event(
        times=OWN_TIMES, before=_zone("Zone 1", BLOCK.replace("YEARLY", "SECONDLY"))
    ),
    "a zone that never changes": lambda: event(
        times=OWN_TIMES,
        before=_zone("Zone 1", BLOCK.replace("BYDAY=-1SU;BYMONTH=10", "BYMONTH=2;BYMONTHDAY=30")),
    ),
    "many rules": lambda: event(lines=_much("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\r\n")),
    "a long rule": lambda: event(lines="RRULE:FREQ=DAILY;BYMONTHDAY=" + _much("30,") + "30\r\n"),
    "two rules that never match": lambda: event(
        lines="RRULE:FREQ=HOURLY;COUNT=3;BYMONTHDAY=12;BYYEARDAY=282\r\n" * 2
    ),
    "many excluded dates": lambda: event(
        lines=f"{DAILY}EXDATE:" + _much("20261126T080000Z,") + "20261126T080000Z\r\n"
    ),
    "as many excluded dates as may be, in a zone of nobody's": lambda: event(
        lines=DAILY + "EXDATE;TZID=Nulle:20261126T090000\r\n" * MAX_DATES
    ),
    "as many added dates as may be": lambda: event(
        lines="RDATE:"
        + ",".join(f"20261126T{n // 3600:02}{n // 60 % 60:02}{n % 60:02}Z" for n in range(9_999))
        + "\r\n"
    ),
    "as many overrides as may be": lambda: event(
        lines=DAILY, after="".join(_moved(n, f"Zone {n}") for n in range(300))
    ),
    "too many overrides": lambda: event(lines=DAILY, after=_much(override(26, on=27))),
    "many attendees": lambda: event(lines=_much("ATTENDEE:mailto:x@y.example\r\n")),
    "many alarms": lambda: event(lines="BEGIN:VALARM\r\nEND:VALARM\r\n" * 19_000),
    "deep": lambda: event(lines="BEGIN:X\r\n" * 19_000 + "END:X\r\n" * 19_000),
    "deep calendars": lambda: (
        "BEGIN:VCALENDAR\r\n" * 19_000 + event() + "END:VCALENDAR\r\n" * 19_000
    ),
    "many lines": lambda: event(lines="A:\r\n" * 39_000),
    "too many lines": lambda: event(lines=_much("A:\r\n")),
    "lines of nothing": lambda: event(lines="A\r\n" * 39_000),
    "blank lines": lambda: event(lines=_much("\n")),
    "blanks": lambda: event(lines=_much(" ")),
    "folds": lambda: event(lines="DESCRIPTION:" + _much("\r\n ") + "\r\n"),
    "parameters": lambda: event(lines="ATTENDEE" + _much(";A=1") + ":mailto:x@y.example\r\n"),
    "quotes": lambda: event(lines="ATTENDEE;CN=" + _much('"') + ":mailto:x@y.example\r\n"),
    "quoted values": lambda: event(lines="ATTENDEE;CN=" + _much('"a",') + "b:mailto:x@y\r\n"),
    "carets": lambda: event(lines="ATTENDEE;CN=" + _much("^n") + ":mailto:x@y.example\r\n"),
    "semicolons": lambda: event(lines="SUMMARY" + _much(";") + ":x\r\n"),
    "colons": lambda: event(lines="SUMMARY" + _much(":") + "\r\n"),
    "backslashes": lambda: event(lines="LOCATION:" + _much("\\") + "\r\n"),
    "categories": lambda: event(lines="CATEGORIES:" + _much("a,") + "\r\n"),
    "digits": lambda: event(lines="SEQUENCE:" + _much("9") + "\r\n"),
    "a long name of a zone": lambda: event(
        times=TIMES.replace("Europe/Paris", _much("a/", 400_000)),
    ),
}


def _outcome(text: str) -> None:
    with contextlib.suppress(CalendarDataRefused):
        time_index(settled(text), now=NOW)


@pytest.mark.parametrize("case", HOSTILE)
def test_a_megabyte_is_dealt_with_in_time(case: str) -> None:
    text = HOSTILE[case]()
    assert len(text) <= 1_000_000
    started = time.process_time()
    _outcome(text)
    assert time.process_time() - started < SECONDS


def test_zones_are_not_kept_by_the_library() -> None:
    """It would keep each for ever, and lend it to the objects of other people."""
    text = event(times=OWN_TIMES, before=_zone("Zone 1", BLOCK.replace("0107", "0900")))
    parse(text)
    drafted(text)
    assert tzp.timezone("Zone 1") is None


@pytest.mark.skipif(not CORPUS, reason="the corpus is not here")
def test_the_corpus_as_it_stands() -> None:
    """Whole files, as somebody might put them, beside their parts in the tests of the laws."""
    taken = 0
    for path in CORPUS:
        text = path.read_bytes().decode("utf-8", "replace")
        started = time.process_time()
        with contextlib.suppress(CalendarDataRefused):
            drafted(text)
            taken += 1
        assert time.process_time() - started < SECONDS, path
    assert taken > 50

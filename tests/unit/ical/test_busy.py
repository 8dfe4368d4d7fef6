"""RFC 4791 §7.10: what makes busy, and how that is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_caldav.ical.busy import BusyKind, BusyPeriod, busy_periods, free_busy_text
from support.caldav import component

DAY = datetime(2026, 11, 25, tzinfo=UTC)
END = DAY + timedelta(days=1)
STAMP = datetime(2026, 11, 24, 8, tzinfo=UTC)
EIGHT = "DTSTART:20261125T080000Z\r\nDTEND:20261125T090000Z\r\n"
DAILY = "DTSTART:20261120T080000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n"
MOVED = (
    "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID:20261125T080000Z\r\n"
    "DTSTART:20261125T150000Z\r\nDURATION:PT2H\r\n"
)
OWN = "ATTENDEE;PARTSTAT={}:mailto:Claire@Famille.example\r\n"


def _busy(lines: str, *addresses: str, kind: str = "VEVENT") -> list[str]:
    found = busy_periods(
        component(kind, "a", lines),
        start=DAY,
        end=END,
        floating_zone="Europe/Paris",
        addresses=addresses,
    )
    return [f"{p.start:%dT%H%M}-{p.end:%dT%H%M} {p.kind}" for p in found]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (EIGHT, ["25T0800-25T0900 BUSY"]),
        (f"{EIGHT}TRANSP:OPAQUE\r\nSTATUS:CONFIRMED\r\n", ["25T0800-25T0900 BUSY"]),
        (f"{EIGHT}TRANSP:transparent\r\n", []),
        (f"{EIGHT}STATUS:CANCELLED\r\n", []),
        (f"{EIGHT}STATUS:TENTATIVE\r\n", ["25T0800-25T0900 BUSY-TENTATIVE"]),
        ("DTSTART:20261125T080000Z\r\n", []),
        ("DTSTART:20261125T090000\r\nDURATION:PT1H\r\n", ["25T0800-25T0900 BUSY"]),
        ("DTSTART;VALUE=DATE:20261125\r\n", ["24T2300-25T2300 BUSY"]),
        (EIGHT.replace("1125", "1126"), []),
        (EIGHT.replace("1125", "1124"), []),
        (DAILY, ["25T0800-25T0900 BUSY"]),
        (f"{DAILY}{MOVED}", ["25T1500-25T1700 BUSY"]),
        (f"{DAILY}{MOVED}TRANSP:TRANSPARENT\r\n", []),
        (f"{DAILY}TRANSP:TRANSPARENT\r\n{MOVED}", ["25T1500-25T1700 BUSY"]),
        (f"{DAILY}{MOVED.replace('ID:', 'ID;RANGE=THISANDFUTURE:')}", ["25T1500-25T1700 BUSY"]),
    ],
)
def test_events(lines: str, expected: list[str]) -> None:
    assert _busy(lines) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (OWN.format("ACCEPTED"), "BUSY"),
        (OWN.format("NEEDS-ACTION"), "BUSY"),
        (OWN.format("TENTATIVE"), "BUSY-TENTATIVE"),
        (OWN.format("DECLINED"), ""),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:other@famille.example\r\n", "BUSY"),
        ("ATTENDEE;PARTSTAT=DECLINED;EMAIL=claire@famille.example:mailto:p-7@x.invalid\r\n", ""),
        ("", "BUSY"),
    ],
)
def test_the_own_answer_counts(lines: str, expected: str) -> None:
    kinds = [each.split(" ")[1] for each in _busy(f"{EIGHT}{lines}", "claire@famille.example")]
    assert kinds == ([expected] if expected else [])
    assert len(_busy(f"{EIGHT}{lines}")) == 1


def test_periods_that_are_told() -> None:
    lines = (
        "FREEBUSY:20261125T080000Z/PT1H,20261127T080000Z/PT1H\r\n"
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20261125T100000Z/20261125T110000Z\r\n"
        "FREEBUSY;FBTYPE=FREE:20261125T120000Z/PT1H\r\nFREEBUSY;FBTYPE=X-LATE:20261125T130000Z/PT1H\r\n"
        "FREEBUSY:x\r\n"
    )
    assert _busy(lines, kind="VFREEBUSY") == [
        "25T0800-25T0900 BUSY",
        "25T1000-25T1100 BUSY-UNAVAILABLE",
        "25T1300-25T1400 BUSY",
    ]
    assert _busy(EIGHT, kind="VTODO") == []


def _period(first: int, last: int, kind: BusyKind = BusyKind.BUSY) -> BusyPeriod:
    return BusyPeriod(DAY + timedelta(hours=first), DAY + timedelta(hours=last), kind)


def _told(periods: list[BusyPeriod]) -> list[str]:
    text = free_busy_text(periods, start=DAY, end=END, stamp=STAMP)
    return [line[9:] for line in text.split("\r\n") if line.startswith("FREEBUSY;")]


def test_periods_are_cut_and_become_one() -> None:
    tentative = BusyKind.TENTATIVE
    told = _told(
        [
            *(_period(15, 16), _period(9, 11), _period(8, 10), _period(11, 12), _period(-2, 1)),
            *(_period(9, 10), _period(23, 30), _period(30, 31), _period(9, 13, tentative)),
        ]
    )
    assert told == [
        "FBTYPE=BUSY:20261125T000000Z/20261125T010000Z",
        "FBTYPE=BUSY:20261125T080000Z/20261125T120000Z",
        "FBTYPE=BUSY-TENTATIVE:20261125T090000Z/20261125T130000Z",
        "FBTYPE=BUSY:20261125T150000Z/20261125T160000Z",
        "FBTYPE=BUSY:20261125T230000Z/20261126T000000Z",
    ]


def test_the_text_is_one_free_busy() -> None:
    text = free_busy_text([_period(8, 9)], start=DAY, end=END, stamp=STAMP)
    assert text == free_busy_text([_period(8, 9)], start=DAY, end=END, stamp=STAMP)
    assert text.endswith("END:VFREEBUSY\r\nEND:VCALENDAR\r\n")
    (found,) = icalendar.Calendar.from_ical(text).walk("VFREEBUSY")
    moments: list[Any] = [found[name] for name in ("DTSTART", "DTEND", "DTSTAMP")]
    assert [moment.dt for moment in moments] == [DAY, END, STAMP]
    assert found["UID"]
    assert "METHOD" not in text
    assert "ORGANIZER" not in text


def test_an_answer_in_scheduling() -> None:
    text = free_busy_text(
        [],
        start=DAY,
        end=END,
        stamp=STAMP,
        uid=f"asked {'x' * 90}",
        organizer="mailto:alice@agence.example",
        attendee="mailto:ivan@agence.example",
        method="REPLY",
    )
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    calendar = icalendar.Calendar.from_ical(text)
    (found,) = calendar.walk("VFREEBUSY")
    assert calendar["METHOD"] == "REPLY"
    assert found["UID"] == f"asked {'x' * 90}"
    assert found["ORGANIZER"] == "mailto:alice@agence.example"
    assert found["ATTENDEE"] == "mailto:ivan@agence.example"


@given(
    st.lists(
        st.builds(
            lambda first, length, kind: _period(first, first + length, kind),
            st.integers(-3, 26),
            st.integers(0, 5),
            st.sampled_from(BusyKind),
        ),
        max_size=12,
    )
)
def test_what_is_told_covers_just_what_is_busy(periods: list[BusyPeriod]) -> None:
    text = free_busy_text(periods, start=DAY, end=END, stamp=STAMP)
    (found,) = icalendar.Calendar.from_ical(text).walk("VFREEBUSY")
    lines = found.get("FREEBUSY", [])
    told: dict[str, list[int]] = {}
    for line in lines if isinstance(lines, list) else [lines]:
        first, last = ((moment - DAY) // timedelta(hours=1) for moment in line.dt)
        told.setdefault(line.params["FBTYPE"], []).extend(range(first, last))
    for kind in BusyKind:
        hours = {
            hour
            for hour in range(24)
            for period in periods
            if period.kind is kind and period.start <= DAY + timedelta(hours=hour) < period.end
        }
        assert sorted(told.get(kind, [])) == sorted(hours)

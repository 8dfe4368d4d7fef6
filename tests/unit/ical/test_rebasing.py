"""Dates that a program left behind when it moved their series."""

from __future__ import annotations

import pytest

from rdv_caldav.ical.rebasing import rebased
from support.lens import drafted, settled
from support.objects import TIMES, event, override

LATER = TIMES.replace("T090000", "T110000").replace("T100000", "T120000")
DAILY = "RRULE:FREQ=DAILY;COUNT=9\r\n"
LEFT_OUT = "EXDATE;TZID=Europe/Paris:20261128T090000,20261129T090000\r\n"


def made(before: str, after: str) -> str | None:
    return rebased(after, drafted(after), settled(before))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # not moved; no series before, or after; in another zone; nothing is left behind
        (event(lines=DAILY), event(lines=DAILY)),
        (event(), event(times=LATER, lines=DAILY, after=override(26, on=26))),
        (event(lines=DAILY, after=override(26, on=26)), event(times=LATER)),
        (
            event(lines=DAILY, after=override(26, on=26)),
            event(
                times=LATER.replace("Europe/Paris", "Europe/London"),
                lines=DAILY,
                after=override(26, on=26),
            ),
        ),
        (event(lines=DAILY), event(times=LATER, lines=DAILY)),
        # what the program named beside is a new date
        (event(lines=DAILY), event(times=LATER, lines=DAILY, after=override(26, on=26))),
    ],
)
def test_objects_that_are_as_they_are_meant(before: str, after: str) -> None:
    assert made(before, after) is None


def test_a_date_that_is_named_both_ways_is_two_dates() -> None:
    before = event(lines=DAILY, after=override(26, on=26))
    along = override(26, on=27).replace(
        "RECURRENCE-ID;TZID=Europe/Paris:20261126T09", "RECURRENCE-ID;TZID=Europe/Paris:20261126T11"
    )
    after = event(times=LATER, lines=DAILY, after=override(26, on=26) + along)
    assert made(before, after) is None


def test_dates_and_exclusions_move_along() -> None:
    own = override(26, on=26, lines="SUMMARY:Autre\r\n")
    elsewhere, new = override(27, on=30), override(25, on=25)
    before = event(lines=f"{DAILY}{LEFT_OUT}", after=own + elsewhere)
    text = made(before, event(times=LATER, lines=f"{DAILY}{LEFT_OUT}", after=own + elsewhere + new))
    assert text is not None
    assert text.count("EXDATE") == 2
    for moved in (
        "EXDATE;TZID=Europe/Paris:20261128T110000",
        "EXDATE;TZID=Europe/Paris:20261129T110000",
        "RECURRENCE-ID;TZID=Europe/Paris:20261126T110000",
        "DTSTART;TZID=Europe/Paris:20261126T110000",
        "RECURRENCE-ID;TZID=Europe/Paris:20261127T110000",
        # it was moved by itself, or is new
        "DTSTART;TZID=Europe/Paris:20261130T090000",
        "RECURRENCE-ID;TZID=Europe/Paris:20261125T090000",
    ):
        assert f"{moved}\r\n" in text, moved


def test_exclusions_that_are_still_of_the_series_stay() -> None:
    kept = "EXDATE;TZID=Europe/Paris:20261128T110000,20261129T090000\r\n"
    after = event(times=LATER, lines=f"{DAILY}{kept}")
    text = made(event(lines=f"{DAILY}{LEFT_OUT}"), after)
    assert text is not None
    assert "EXDATE;TZID=Europe/Paris:20261128T110000\r\n" in text
    assert "EXDATE;TZID=Europe/Paris:20261129T110000\r\n" in text

"""Times and series: which lines change, and in which form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import (
    Appointment,
    Recurrence,
    Span,
    State,
)
from rdv_caldav.ical.contentlines import unfold
from rdv_caldav.ical.writer import patch
from support.lens import (
    NOW,
    WORDS,
    stored,
)
from support.objects import event
from support.patched import Change, changed, differences, named


def _until(hour: int) -> Change:
    return lambda a: replace(a, span=replace(a.span, end=a.span.start.replace(hour=hour)))


def _later(days: int) -> Change:
    return lambda a: replace(a, span=a.span.moved_to(a.span.start + timedelta(days=days)))


# -- times --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "change", "expected"),
    [
        (
            "DTSTART:20261125T080000Z\r\nDTEND:20261125T090000Z\r\n",
            _until(11),
            ["DTSTART:20261125T080000Z", "DTEND:20261125T110000Z"],
        ),
        (
            "DTSTART:20261125T080000\r\nDTEND:20261125T090000\r\n",
            _until(11),
            ["DTSTART:20261125T080000", "DTEND:20261125T110000"],
        ),
        (
            "DTSTART:20261125T080000\r\nDTEND:20261125T090000\r\n",
            _later(1),
            [
                "DTSTART;TZID=Europe/Paris:20261126T080000",
                "DTEND;TZID=Europe/Paris:20261126T090000",
            ],
        ),
        (
            "DTSTART;TZID=Romance Standard Time:20261125T080000\r\nDURATION:PT1H\r\n",
            _later(1),
            ['DTSTART;TZID="Romance Standard Time":20261126T080000'],
        ),
        (
            "DTSTART;TZID=Romance Standard Time:20261125T080000\r\nDURATION:PT1H\r\n",
            _until(11),
            [
                "DTSTART;TZID=Romance Standard Time:20261125T080000",
                'DTEND;TZID="Romance Standard Time":20261125T110000',
            ],
        ),
        (
            "DTSTART;VALUE=DATE:20261125\r\n",
            _later(1),
            ["DTSTART;VALUE=DATE:20261126", "DTEND;VALUE=DATE:20261127"],
        ),
        (
            "DTSTART;VALUE=DATE:20261125\r\nDURATION:P1D\r\n",
            lambda a: replace(
                a,
                span=Span(
                    start=datetime(2026, 11, 25),
                    end=datetime(2026, 11, 26),
                    zone="America/New_York",
                ),
            ),
            [
                "DTSTART;TZID=America/New_York:20261125T000000",
                "DTEND;TZID=America/New_York:20261126T000000",
            ],
        ),
        (
            "DTSTART;TZID=Nulle/Part:20261125T080000\r\nDURATION:PT1H\r\n",
            _later(1),
            ["DTSTART;TZID=Europe/Paris:20261126T080000"],
        ),
    ],
)
def test_times_keep_their_form(times: str, change: Change, expected: list[str]) -> None:
    text, old = stored(event(times=times))
    assert named(changed(text, old, change), "DTSTART", "DTEND") == expected


def test_an_end_in_another_zone_is_kept_while_it_is_right() -> None:
    times = (
        "DTSTART;TZID=Europe/Paris:20261125T090000\r\nDTEND;TZID=Europe/London:20261125T090000\r\n"
    )
    text, old = stored(event(times=times))
    after = changed(text, old, lambda a: replace(a, subject="Autre"))
    assert "DTEND;TZID=Europe/London:20261125T090000" in unfold(after)
    assert after.count("BEGIN:VTIMEZONE") == 2
    assert "DTEND;TZID=Europe/Paris:20261125T110000" in unfold(changed(text, old, _until(11)))


# -- series -------------------------------------------------------------------------------

SERIES = (
    "RRULE:FREQ=DAILY;COUNT=9\r\nRDATE;VALUE=PERIOD:20261220T080000Z/PT1H\r\n"
    "EXDATE:20261126T080000Z\r\n"
)
PLAIN = "RRULE:FREQ=DAILY;COUNT=9\r\n"


def _recurrence(change: Callable[[Recurrence], Recurrence]) -> Change:
    def altered(appointment: Appointment) -> Appointment:
        assert appointment.recurrence is not None
        return replace(appointment, recurrence=change(appointment.recurrence))

    return altered


def test_one_more_excluded_date_leaves_the_rule_and_the_periods() -> None:
    text, old = stored(event(lines=SERIES))
    excluded = (datetime(2026, 11, 26, 9), datetime(2026, 11, 28, 9))
    removed, added = differences(
        text, changed(text, old, _recurrence(lambda r: replace(r, excluded=excluded)))
    )
    assert removed == ["EXDATE:20261126T080000Z"]
    assert added == [
        "EXDATE;TZID=Europe/Paris:20261126T090000",
        "EXDATE;TZID=Europe/Paris:20261128T090000",
    ]


def test_another_rule_leaves_the_dates() -> None:
    text, old = stored(event(lines=SERIES))
    removed, added = differences(
        text, changed(text, old, _recurrence(lambda r: replace(r, rules=("FREQ=WEEKLY;COUNT=3",))))
    )
    assert removed == ["RRULE:FREQ=DAILY;COUNT=9"]
    assert added == ["RRULE:FREQ=WEEKLY;COUNT=3"]
    emptied = changed(text, old, _recurrence(lambda r: replace(r, added=(), excluded=())))
    assert named(emptied, "RDATE", "EXDATE") == []


def test_a_single_event_with_a_stray_exdate_is_left_alone() -> None:
    text, old = stored(event(lines="EXDATE:20261126T080000Z\r\n"))
    assert "EXDATE:20261126T080000Z" in unfold(text)
    assert named(changed(text, old, _recurrence_of(PLAIN)), "RRULE") == ["RRULE:FREQ=DAILY;COUNT=9"]


def _recurrence_of(line: str) -> Change:
    rule = line.strip().partition(":")[2]
    excluded = (datetime(2026, 11, 26, 9),)
    return lambda a: replace(a, recurrence=Recurrence(rules=(rule,), excluded=excluded))


@pytest.mark.parametrize(
    ("times", "original", "expected"),
    [
        (
            "DTSTART:20261125T080000Z\r\nDTEND:20261125T090000Z\r\n",
            datetime(2026, 11, 27, 8),
            [
                "RECURRENCE-ID:20261127T080000Z",
                "DTSTART:20261127T080000Z",
                "DTEND:20261127T090000Z",
            ],
        ),
        (
            "DTSTART;TZID=Romance Standard Time:20261125T080000\r\nDURATION:PT1H\r\n",
            datetime(2026, 11, 27, 8),
            [
                'RECURRENCE-ID;TZID="Romance Standard Time":20261127T080000',
                'DTSTART;TZID="Romance Standard Time":20261127T080000',
            ],
        ),
        (
            "DTSTART:20261125T080000\r\n",
            datetime(2026, 11, 27, 8),
            ["RECURRENCE-ID:20261127T080000", "DTSTART:20261127T080000"],
        ),
        (
            "DTSTART;VALUE=DATE:20261125\r\nDTEND;VALUE=DATE:20261126\r\n",
            datetime(2026, 11, 27),
            [
                "RECURRENCE-ID;VALUE=DATE:20261127",
                "DTSTART;VALUE=DATE:20261127",
                "DTEND;VALUE=DATE:20261128",
            ],
        ),
    ],
)
def test_a_date_of_its_own_is_written_as_its_series(
    times: str, original: datetime, expected: list[str]
) -> None:
    text, old = stored(event(times=times, lines=f"{PLAIN}X-KEPT:1\r\nEXDATE:20261126T080000Z\r\n"))

    def cancel(appointment: Appointment) -> Appointment:
        return rules.set_state(appointment, State.CANCELLED, now=NOW, original=original)

    after = changed(text, old, cancel)
    override = after.split("BEGIN:VEVENT")[2]
    assert named(f"BEGIN:VEVENT{override}", "RECURRENCE-ID", "DTSTART", "DTEND") == expected
    assert "X-KEPT:1" in override
    assert "RRULE" not in override
    assert "EXDATE" not in override


def test_a_series_that_moves_to_another_zone_takes_its_dates_along() -> None:
    text, old = stored(event(lines=f"{PLAIN}EXDATE:20261126T080000Z\r\n"))
    original = datetime(2026, 11, 27, 9)
    text = patch(
        text,
        (series := rules.set_state(old, State.CANCELLED, now=NOW, original=original)),
        WORDS,
        said=old,
        stamp=NOW,
    )

    def abroad(appointment: Appointment) -> Appointment:
        def in_london(span: Span) -> Span:
            return replace(span, zone="Europe/London")

        dates = tuple(replace(o, span=in_london(o.span)) for o in appointment.occurrences)
        return replace(appointment, span=in_london(appointment.span), occurrences=dates)

    after = changed(text, series, abroad)
    assert "RECURRENCE-ID;TZID=Europe/London:20261127T090000" in unfold(after)
    assert named(after, "EXDATE") == ["EXDATE;TZID=Europe/London:20261126T090000"]
    assert "BEGIN:VTIMEZONE\r\nTZID:Europe/London" in after


def test_a_date_in_a_zone_of_its_own() -> None:
    text, old = stored(event(lines=PLAIN))
    original = datetime(2026, 11, 27, 9)
    span = Span(
        start=datetime(2026, 11, 27, 9), end=datetime(2026, 11, 27, 10), zone="Europe/London"
    )
    occurrence = replace(rules.occurrence_at(old, original), span=span)
    after = changed(text, old, lambda a: rules.with_occurrence(a, occurrence))
    assert "DTSTART;TZID=Europe/London:20261127T090000" in unfold(after)
    assert "RECURRENCE-ID;TZID=Europe/Paris:20261127T090000" in unfold(after)

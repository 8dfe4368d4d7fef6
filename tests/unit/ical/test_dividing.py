"""A series in two, at one of its dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import Appointment, Recurrence, Span
from rdv_caldav.domain.errors import UnknownOccurrence
from rdv_caldav.ical.contentlines import parse_components
from rdv_caldav.ical.dividing import divided, with_uid
from rdv_caldav.ical.recurrence import time_index
from support.agency import FIRST, FOURTH, NOON, SECOND, THIRD, WEEKLY, series, visit

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def repeating(*rule: str, **more: tuple[datetime, ...]) -> Appointment:
    return visit(recurrence=Recurrence(rules=rule, **more))


def dates(appointment: Appointment) -> list[datetime]:
    return sorted(each.original for each in time_index(appointment, now=NOON).listed)


def test_what_comes_before_and_what_follows() -> None:
    head, tail = divided(series(), THIRD)
    assert dates(head) == [FIRST, SECOND]
    assert dates(tail) == [THIRD, FOURTH]
    assert head.uid == series().uid
    assert tail.uid != series().uid
    assert tail.participants == series().participants


def test_exceptions_and_added_dates_go_where_they_belong() -> None:
    recurrence = Recurrence(
        rules=WEEKLY.rules, added=(FIRST + DAY, THIRD + DAY), excluded=(SECOND, FOURTH)
    )
    whole = replace(series(), recurrence=recurrence)
    for original in (FIRST, THIRD):
        date = rules.occurrence_at(whole, original)
        whole = rules.with_occurrence(whole, replace(date, subject="Autre"))
    head, tail = divided(replace(whole, sequence=4, time_sequence=3), THIRD)
    assert dates(head) == [FIRST, FIRST + DAY]
    assert dates(tail) == [THIRD, THIRD + DAY]
    assert [o.original for o in head.occurrences] == [FIRST]
    assert [o.original for o in tail.occurrences] == [THIRD]
    assert (head.sequence, tail.sequence, tail.time_sequence) == (4, 0, 0)


def test_whole_days_end_with_a_day() -> None:
    start = datetime(2026, 11, 25)
    whole = Span(start=start, end=start + DAY, zone="Europe/Paris", all_day=True)
    head, tail = divided(replace(repeating("FREQ=DAILY;COUNT=5"), span=whole), start + 2 * DAY)
    assert head.recurrence
    assert head.recurrence.rules == ("FREQ=DAILY;UNTIL=20261126",)
    assert len(dates(tail)) == 3


def test_a_rule_that_ends_before_is_left_alone() -> None:
    ended = "FREQ=DAILY;UNTIL=20261126T235959Z"
    head, tail = divided(repeating(ended, "FREQ=WEEKLY"), THIRD)
    assert head.recurrence
    assert tail.recurrence
    assert head.recurrence.rules[0] == ended
    assert tail.recurrence.rules == ("FREQ=WEEKLY",)


def test_a_rule_that_is_used_up_goes() -> None:
    _, tail = divided(repeating("FREQ=DAILY;COUNT=2", "FREQ=WEEKLY;COUNT=4"), THIRD)
    assert tail.recurrence
    assert tail.recurrence.rules == ("FREQ=WEEKLY;COUNT=2",)


@pytest.mark.parametrize("original", [FIRST, SECOND + HOUR, FIRST + DAY])
def test_not_divided_there(original: datetime) -> None:
    with pytest.raises(UnknownOccurrence):
        divided(repeating("FREQ=WEEKLY;COUNT=4", added=(FIRST + DAY,)), original)


def test_a_single_one_is_not_divided() -> None:
    with pytest.raises(UnknownOccurrence):
        divided(visit(), FIRST)


@given(
    rule=st.sampled_from(
        [
            "FREQ=DAILY;COUNT=30",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR;COUNT=20",
            "FREQ=MONTHLY;BYDAY=4WE;COUNT=10",
            "FREQ=DAILY;INTERVAL=3;UNTIL=20270301T120000Z",
            "FREQ=WEEKLY",
        ]
    ),
    number=st.integers(1, 9),
)
def test_no_date_is_lost_or_doubled(rule: str, number: int) -> None:
    whole = repeating(rule)
    all_dates = dates(whole)
    original = all_dates[number]
    head, tail = divided(whole, original)
    assert dates(head) == all_dates[:number]
    assert dates(tail)[: len(all_dates) - number] == all_dates[number:]


def test_another_uid_in_every_component() -> None:
    text = (
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:eins\r\nSUMMARY:Un\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nUID:eins\r\nRECURRENCE-ID:20261125T090000\r\nEND:VEVENT\r\n"
        "END:VCALENDAR\r\n"
    )
    renamed = with_uid(text, "zwei, drei")
    assert renamed == text.replace("UID:eins", "UID:zwei\\, drei")
    assert parse_components(renamed).components("VCALENDAR")

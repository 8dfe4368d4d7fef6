"""Repetitions as a form says them, to RRULE and back."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_caldav.domain.appointment import Span
from rdv_caldav.domain.repetition import (
    Frequency,
    Repetition,
    carried_along,
    nth_of_month,
    repetition_of,
    rule_of,
)

PARIS = "Europe/Paris"
TUESDAY = Span(start=datetime(2026, 11, 24, 10), end=datetime(2026, 11, 24, 11), zone=PARIS)
WHOLE_DAY = Span(start=datetime(2026, 11, 24), end=datetime(2026, 11, 25), zone=PARIS, all_day=True)
DAILY, WEEKLY, MONTHLY = Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        (Repetition(frequency=DAILY), "FREQ=DAILY"),
        (Repetition(frequency=Frequency.YEARLY, count=3), "FREQ=YEARLY;COUNT=3"),
        (Repetition(frequency=WEEKLY, weekdays=frozenset({1})), "FREQ=WEEKLY"),
        (
            Repetition(frequency=WEEKLY, weekdays=frozenset({4, 1}), interval=2),
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,FR",
        ),
        (Repetition(frequency=MONTHLY, by_weekday=True), "FREQ=MONTHLY;BYDAY=4TU"),
        (
            Repetition(frequency=DAILY, until=date(2026, 12, 31)),
            "FREQ=DAILY;UNTIL=20261231T225959Z",
        ),
    ],
)
def test_what_a_form_says_is_written_and_read_again(said: Repetition, rule: str) -> None:
    assert rule_of(said, TUESDAY) == rule
    assert repetition_of(rule, TUESDAY) == said


def test_the_end_of_whole_days_is_a_date() -> None:
    said = Repetition(frequency=DAILY, until=date(2026, 12, 31))
    assert rule_of(said, WHOLE_DAY) == "FREQ=DAILY;UNTIL=20261231"
    assert repetition_of("FREQ=DAILY;UNTIL=20261231", WHOLE_DAY) == said


def test_the_day_of_the_start_is_always_one() -> None:
    said = Repetition(frequency=WEEKLY, weekdays=frozenset({0}))
    assert rule_of(said, TUESDAY) == "FREQ=WEEKLY;BYDAY=MO,TU"


@pytest.mark.parametrize(
    ("rule", "alike"),
    [
        ("freq=weekly;byday=tu;wkst=mo", "FREQ=WEEKLY"),
        ("FREQ=WEEKLY;INTERVAL=1;BYDAY=FR,TU", "FREQ=WEEKLY;BYDAY=TU,FR"),
        ("FREQ=MONTHLY;BYMONTHDAY=24", "FREQ=MONTHLY"),
        ("FREQ=DAILY;UNTIL=20261231T100000", "FREQ=DAILY;UNTIL=20261231T225959Z"),
        ("FREQ=DAILY;UNTIL=20261231T230000Z", "FREQ=DAILY;UNTIL=20270101T225959Z"),
    ],
)
def test_what_programs_write_otherwise_is_understood(rule: str, alike: str) -> None:
    said = repetition_of(rule, TUESDAY)
    assert said is not None
    assert rule_of(said, TUESDAY) == alike


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "FREQ=HOURLY;COUNT=3",
        "FREQ=DAILY;BYMONTH=1",
        "FREQ=WEEKLY;BYDAY=WE",
        "FREQ=WEEKLY;BYDAY=XX,TU",
        "FREQ=MONTHLY;BYDAY=-1TU",
        "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=zwei",
        "FREQ=DAILY;UNTIL=morgen",
        "FREQ=DAILY;UNTIL=20261399",
    ],
)
def test_a_form_has_no_words_for_it(rule: str) -> None:
    assert repetition_of(rule, TUESDAY) is None


def test_the_last_of_five_is_the_last() -> None:
    assert nth_of_month(date(2026, 11, 24)) == 4
    assert nth_of_month(date(2026, 9, 29)) == -1


def test_the_weekday_of_the_start_goes_with_it() -> None:
    said = Repetition(frequency=WEEKLY, weekdays=frozenset({1, 4}))
    moved = carried_along(said, date(2026, 11, 24), date(2026, 11, 25))
    assert moved.weekdays == {2, 4}
    assert carried_along(said, date(2026, 11, 24), date(2026, 12, 1)) == said
    monthly = Repetition(frequency=MONTHLY)
    assert carried_along(monthly, date(2026, 11, 24), date(2026, 11, 25)) == monthly


ENDS: st.SearchStrategy[dict[str, object]] = st.one_of(
    st.fixed_dictionaries({}),
    st.fixed_dictionaries({"count": st.integers(1, 500)}),
    st.fixed_dictionaries({"until": st.dates(date(2026, 12, 1), date(2030, 1, 1))}),
)


@given(
    frequency=st.sampled_from(Frequency),
    interval=st.integers(1, 99),
    weekdays=st.frozensets(st.integers(0, 6)),
    by_weekday=st.booleans(),
    ends=ENDS,
    days=st.integers(0, 800),
    span=st.sampled_from([TUESDAY, WHOLE_DAY]),
)
def test_every_repetition_of_the_form_survives(
    frequency: Frequency,
    interval: int,
    weekdays: frozenset[int],
    by_weekday: bool,
    ends: dict[str, object],
    days: int,
    span: Span,
) -> None:
    span = span.moved_to(span.start + timedelta(days=days))
    own = span.start.weekday()
    said = Repetition(
        frequency=frequency,
        interval=interval,
        weekdays=weekdays | {own} if frequency is WEEKLY else frozenset(),
        by_weekday=by_weekday and frequency is MONTHLY,
        **ends,  # type: ignore[arg-type]
    )
    assert repetition_of(rule_of(said, span), span) == said

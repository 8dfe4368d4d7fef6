"""Ranges of time as values."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rdv_caldav.ical.filters import TimeRange
from support.lens import NOW

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("span", "held"),
    [
        (TimeRange(NOW, NOW + SECOND), [False, True, False]),
        (TimeRange(None, NOW), [True, False, False]),
        (TimeRange(NOW, None), [False, True, True]),
        (TimeRange(None, None), [True, True, True]),
    ],
)
def test_the_end_is_not_within(span: TimeRange, held: list[bool]) -> None:
    assert [span.holds(moment) for moment in (NOW - SECOND, NOW, NOW + SECOND)] == held

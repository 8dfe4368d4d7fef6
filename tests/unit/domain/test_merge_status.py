"""What of STATUS counts for the state (rule 3; DESIGN: STATUS)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rdv_caldav.domain import rules
from rdv_caldav.domain.agency import PlannedStatus
from rdv_caldav.domain.appointment import State
from rdv_caldav.domain.draft import StatedStatus
from rdv_caldav.domain.merge import served_status, settle
from support.agency import (
    ALICE,
    NOON,
    SECOND,
    SETTINGS,
    THIRD,
    override,
    series,
    served,
    visit,
    writing,
)


@pytest.mark.parametrize(
    ("planned_status", "status"),
    [
        (PlannedStatus.NONE, None),
        (PlannedStatus.TENTATIVE, StatedStatus.TENTATIVE),
        (PlannedStatus.CONFIRMED, StatedStatus.CONFIRMED),
    ],
)
def test_what_is_served(planned_status: PlannedStatus, status: StatedStatus | None) -> None:
    settings = replace(SETTINGS, planned_status=planned_status)
    assert served_status(State.PLANNED, settings) is status
    assert served_status(State.HELD, settings) is StatedStatus.CONFIRMED
    assert served_status(State.CANCELLED, settings) is StatedStatus.CANCELLED


TENTATIVE, CONFIRMED, CANCELLED = StatedStatus


@pytest.mark.parametrize(
    ("before", "status", "after_begin", "before_begin"),
    [
        # absent means unchanged
        (State.PLANNED, None, State.PLANNED, State.PLANNED),
        (State.HELD, None, State.HELD, State.HELD),
        (State.CANCELLED, None, State.CANCELLED, State.CANCELLED),
        (State.PLANNED, TENTATIVE, State.PLANNED, State.PLANNED),
        (State.HELD, TENTATIVE, State.PLANNED, State.PLANNED),
        (State.CANCELLED, TENTATIVE, State.PLANNED, State.PLANNED),
        # held only once it has begun
        (State.PLANNED, CONFIRMED, State.HELD, State.PLANNED),
        (State.HELD, CONFIRMED, State.HELD, State.HELD),
        (State.CANCELLED, CONFIRMED, State.HELD, State.PLANNED),
        (State.PLANNED, CANCELLED, State.CANCELLED, State.CANCELLED),
        (State.HELD, CANCELLED, State.CANCELLED, State.CANCELLED),
        (State.CANCELLED, CANCELLED, State.CANCELLED, State.CANCELLED),
    ],
)
def test_states_taken_from_status(
    before: State, status: StatedStatus | None, after_begin: State, before_begin: State
) -> None:
    start = visit().span.starts_at
    old = replace(visit(), state=before)
    draft = replace(served(old, ALICE), status=status)
    begun = settle(draft, old, writing(ALICE, now=start))
    coming = settle(draft, old, writing(ALICE, now=start - timedelta(seconds=1)))
    assert (begun.state, coming.state) == (after_begin, before_begin)


def test_confirmed_is_not_held_where_planned_is_served_as_confirmed() -> None:
    settings = replace(SETTINGS, planned_status=PlannedStatus.CONFIRMED)
    draft = replace(served(visit(), ALICE), status=CONFIRMED)
    settled = settle(
        draft, visit(), writing(ALICE, now=NOON + timedelta(days=9), settings=settings)
    )
    assert settled.state is State.PLANNED


def test_one_date_is_held_by_its_own_time() -> None:
    draft = served(series(), ALICE)
    now = rules.occurrence_at(series(), SECOND).span.starts_at
    dates = tuple(replace(override(draft, d), status=CONFIRMED) for d in (SECOND, THIRD))
    settled = settle(replace(draft, occurrences=dates), series(), writing(ALICE, now=now))
    assert [o.state for o in settled.occurrences] == [State.HELD, State.PLANNED]
    assert settled.state is State.PLANNED

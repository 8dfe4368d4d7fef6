"""Words of the appointment: spans, participants, dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rdv_caldav.domain.appointment import Participant, Span
from rdv_caldav.domain.clock import system_clock
from rdv_caldav.domain.diff import implied_occurrence
from rdv_caldav.domain.errors import OwnerMissing
from support.agency import (
    ALICE,
    CLAIRE,
    GUEST,
    IVAN,
    JEAN,
    SECOND,
    THIRD,
    guest,
    owner,
    series,
    span,
    taking_part,
    visit,
)


@pytest.mark.parametrize(
    ("day", "hour_utc"), [(datetime(2026, 11, 25), 8), (datetime(2026, 7, 1), 7)]
)
def test_a_span_is_wall_clock_time_of_its_zone(day: datetime, hour_utc: int) -> None:
    start = day.replace(hour=9)
    said = Span(start=start, end=start + timedelta(hours=1), zone="Europe/Paris")
    assert said.starts_at == day.replace(hour=hour_utc, tzinfo=UTC)
    assert said.ends_at == day.replace(hour=hour_utc + 1, tzinfo=UTC)


def test_the_length_is_counted_on_the_clock_over_a_change_to_winter_time() -> None:
    night = Span(
        start=datetime(2026, 10, 24, 22), end=datetime(2026, 10, 25, 6), zone="Europe/Paris"
    )
    assert night.duration == timedelta(hours=8)
    assert night.ends_at - night.starts_at == timedelta(hours=9)


def test_a_span_by_the_clock_of_another_zone_is_the_same_time() -> None:
    noon = datetime(2026, 11, 24, 12)
    there = Span(start=noon, end=noon + timedelta(hours=1), zone="UTC")
    here = there.on_clock_of("Europe/Paris")
    assert (here.start, here.end) == (datetime(2026, 11, 24, 13), datetime(2026, 11, 24, 14))
    assert (here.starts_at, here.ends_at) == (there.starts_at, there.ends_at)
    assert here.on_clock_of("Europe/Paris") is here
    whole_day = replace(there, start=datetime(2026, 11, 24), all_day=True)
    assert whole_day.on_clock_of("Pacific/Auckland") is whole_day


def test_a_moved_span_keeps_length_zone_and_sort() -> None:
    whole_day = Span(
        start=datetime(2026, 11, 25), end=datetime(2026, 11, 27), zone="Europe/Paris", all_day=True
    )
    moved = whole_day.moved_to(datetime(2026, 12, 1))
    assert moved == replace(whole_day, start=datetime(2026, 12, 1), end=datetime(2026, 12, 3))


def test_a_participant_is_known_by_person_or_by_address() -> None:
    assert taking_part(IVAN).key == IVAN.id
    assert guest().key == GUEST
    appointment = visit(owner(CLAIRE), guest())
    assert appointment.participant(GUEST) == guest()
    assert appointment.participant(CLAIRE.id) == owner(CLAIRE)
    assert appointment.participant(IVAN.id) is None
    assert appointment.participant(None) is None


def test_guests_are_no_persons_of_the_agency() -> None:
    assert visit(owner(CLAIRE), guest()).person_ids == {CLAIRE.id}


def test_the_owner_is_the_participant_with_the_star() -> None:
    assert visit(taking_part(ALICE), owner(CLAIRE)).owner.person_id == CLAIRE.id


def test_an_appointment_without_star_breaks_rule_1() -> None:
    with pytest.raises(OwnerMissing, match="visite@agence"):
        _ = visit(taking_part(ALICE)).owner


def test_whoever_takes_part_in_one_date_only_is_a_person_of_the_series() -> None:
    weekly = series(owner(CLAIRE))
    date = implied_occurrence(weekly, SECOND)
    with_jean = replace(date, participants=(*date.participants, Participant(person_id=JEAN.id)))
    weekly = replace(weekly, occurrences=(with_jean,))
    assert weekly.person_ids == {CLAIRE.id}
    assert weekly.all_person_ids == {CLAIRE.id, JEAN.id}
    assert weekly.occurrence(SECOND) == with_jean
    assert weekly.occurrence(THIRD) is None


def test_a_name_is_first_name_then_last_name() -> None:
    assert IVAN.name == "Ivan Intervenant"
    assert replace(IVAN, first_name="").name == "Intervenant"


def test_the_system_clock_is_aware() -> None:
    assert system_clock().tzinfo is UTC
    assert span().starts_at.tzinfo is UTC

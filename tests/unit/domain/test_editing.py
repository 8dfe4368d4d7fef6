"""Sheets of a form: what was changed in them, put upon whatever stands by now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from rdv_caldav.domain import rules
from rdv_caldav.domain.appointment import Appointment, Presence, Recurrence, Span
from rdv_caldav.domain.editing import Sheet, put_date, put_whole, reconcile, sheet_of
from rdv_caldav.domain.errors import OwnerCannotLeave, UnknownOccurrence
from support.agency import (
    ALICE,
    CLAIRE,
    FIRST,
    FOURTH,
    IVAN,
    JEAN,
    SECOND,
    THIRD,
    WEEKLY,
    guest,
    owner,
    series,
    span,
    taking_part,
    visit,
)

PARIS = "Europe/Paris"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WHOLE_DAY = Span(start=datetime(2026, 11, 26), end=datetime(2026, 11, 27), zone=PARIS, all_day=True)


def sheet(appointment: Appointment, original: datetime | None = None) -> Sheet:
    return sheet_of(appointment, original, zone=PARIS)


def later(said: Sheet, by: timedelta = HOUR) -> Sheet:
    return replace(said, span=said.span.moved_to(said.span.start + by))


def moved_date(appointment: Appointment, original: datetime, by: timedelta) -> Appointment:
    date = rules.occurrence_at(appointment, original)
    return rules.with_occurrence(
        appointment, replace(date, span=date.span.moved_to(date.span.start + by))
    )


# -- what a form shows --------------------------------------------------------------------


def test_a_sheet_says_all_that_a_form_changes() -> None:
    said = sheet(series())
    assert (said.subject, said.rule, said.owner) == ("Visite", "FREQ=WEEKLY;COUNT=4", CLAIRE.id)
    assert said.keys == {CLAIRE.id, ALICE.id, IVAN.id}
    assert sheet(visit()).rule == ""
    assert sheet(moved_date(series(), SECOND, HOUR), SECOND).span.start == SECOND + HOUR


def test_a_single_one_is_shown_in_the_agencys_zone() -> None:
    elsewhere = replace(visit(), span=replace(span(), zone="America/New_York"))
    assert sheet(elsewhere).span == Span(
        start=datetime(2026, 11, 25, 15), end=datetime(2026, 11, 25, 16), zone=PARIS
    )
    whole = replace(WHOLE_DAY, zone="America/New_York")
    assert sheet(replace(visit(), span=whole)).span == whole
    repeated = replace(elsewhere, recurrence=WEEKLY)
    assert sheet(repeated).span == elsewhere.span


# -- two at the same time -----------------------------------------------------------------


def test_changes_to_different_fields_are_all_kept() -> None:
    base = sheet(visit())
    mine, theirs = replace(base, subject="Bilan"), replace(later(base), notes="Autre")
    found = reconcile(base, mine, theirs)
    assert found.sheet == replace(theirs, subject="Bilan")
    assert found.clashes == ()


def test_who_changed_the_same_otherwise_has_to_choose() -> None:
    base = sheet(visit())
    mine = replace(base, subject="Bilan", location="Ici")
    theirs = replace(base, subject="Contrat", location="Ici")
    found = reconcile(base, mine, theirs)
    assert found.clashes == ("subject",)
    assert found.sheet.subject == "Bilan"


def test_participants_come_and_go_by_both() -> None:
    base = sheet(visit())
    mine = replace(
        base,
        participants=(taking_part(CLAIRE), taking_part(ALICE), taking_part(JEAN)),
    )
    theirs = replace(base, participants=(*base.participants, guest()))
    found = reconcile(base, mine, theirs)
    assert found.sheet.keys == {CLAIRE.id, ALICE.id, JEAN.id, guest().key}
    again = reconcile(
        base, mine, replace(theirs, participants=(*theirs.participants, *mine.participants[2:]))
    )
    assert len(again.sheet.participants) == 4


def test_who_has_the_star_stays() -> None:
    base = sheet(visit())
    without_ivan = tuple(p for p in base.participants if p.key != IVAN.id)
    given = reconcile(base, replace(base, participants=without_ivan), replace(base, owner=IVAN.id))
    assert IVAN.id in given.sheet.keys
    left = reconcile(base, replace(base, owner=IVAN.id), replace(base, participants=without_ivan))
    assert left.sheet.owner == IVAN.id
    assert IVAN.id in left.sheet.keys


# -- the whole ----------------------------------------------------------------------------


def test_nothing_changed_changes_nothing() -> None:
    appointment = moved_date(series(), SECOND, HOUR)
    assert put_whole(appointment, sheet(appointment), sheet(appointment)) == appointment
    assert put_date(appointment, THIRD, sheet(appointment, THIRD), sheet(appointment, THIRD)) == (
        appointment
    )


def test_texts_and_type_of_a_single_one() -> None:
    before = sheet(visit())
    after = replace(before, subject="Bilan", location="Ici", notes="", type_code="interne")
    new = put_whole(visit(), before, later(after))
    assert (new.subject, new.location, new.notes) == ("Bilan", "Ici", "")
    assert new.type_code == "interne"
    assert new.span == span(hour=10)


def test_dates_that_differ_in_a_text_keep_theirs() -> None:
    appointment = series()
    own = replace(rules.occurrence_at(appointment, SECOND), subject="Autre")
    appointment = rules.with_occurrence(appointment, own)
    before = sheet(appointment)
    new = put_whole(appointment, before, replace(before, subject="Bilan", location="Ici"))
    assert new.subject == "Bilan"
    assert new.occurrences[0].subject == "Autre"
    assert new.occurrences[0].location == "Ici"


def test_a_series_moves_with_all_that_belongs_to_it() -> None:
    recurrence = Recurrence(rules=WEEKLY.rules, added=(THIRD + DAY,), excluded=(FOURTH,))
    appointment = moved_date(replace(series(), recurrence=recurrence), SECOND, 2 * HOUR)
    cancelled = rules.occurrence_at(appointment, THIRD)
    appointment = rules.with_occurrence(appointment, replace(cancelled, subject="Autre"))
    before = sheet(appointment)
    new = put_whole(appointment, before, later(before))
    assert new.span.start == FIRST + HOUR
    assert new.recurrence == Recurrence(
        rules=WEEKLY.rules, added=(THIRD + DAY + HOUR,), excluded=(FOURTH + HOUR,)
    )
    moved, told = new.occurrences
    assert (moved.original, moved.span.start) == (SECOND + HOUR, SECOND + 2 * HOUR)
    assert (told.original, told.span.start) == (THIRD + HOUR, THIRD + HOUR)


def test_one_date_moves_all_others_by_as_much() -> None:
    appointment = moved_date(series(), SECOND, HOUR)
    before = sheet(appointment, SECOND)
    after = replace(
        before, span=replace(before.span, start=SECOND + 2 * HOUR, end=SECOND + 4 * HOUR)
    )
    new = put_whole(appointment, before, after)
    assert new.span == Span(start=FIRST + HOUR, end=FIRST + 3 * HOUR, zone=PARIS)


def test_a_series_becomes_one_of_whole_days() -> None:
    appointment = replace(series(), recurrence=replace(WEEKLY, excluded=(FOURTH,)))
    appointment = rules.with_occurrence(
        appointment, replace(rules.occurrence_at(appointment, SECOND), subject="Autre")
    )
    before = sheet(appointment)
    new = put_whole(appointment, before, replace(before, span=WHOLE_DAY))
    assert new.span == WHOLE_DAY
    assert new.recurrence
    assert new.recurrence.excluded == (datetime(2026, 12, 17),)
    assert new.occurrences[0].original == datetime(2026, 12, 3)
    assert new.occurrences[0].span.all_day


def test_it_begins_repeats_otherwise_and_ceases() -> None:
    single = put_whole(visit(), sheet(visit()), replace(sheet(visit()), rule="FREQ=DAILY;COUNT=2"))
    assert single.recurrence == Recurrence(rules=("FREQ=DAILY;COUNT=2",))
    kept = replace(series(), recurrence=replace(WEEKLY, excluded=(FOURTH,)))
    other = put_whole(kept, sheet(kept), replace(sheet(kept), rule="FREQ=WEEKLY"))
    assert other.recurrence == Recurrence(rules=("FREQ=WEEKLY",), excluded=(FOURTH,))
    moved = moved_date(series(), SECOND, HOUR)
    ceased = put_whole(moved, sheet(moved), replace(sheet(moved), rule=""))
    assert ceased.recurrence is None
    assert ceased.occurrences == ()


def test_participants_of_all_dates() -> None:
    appointment = moved_date(series(), SECOND, HOUR)
    before = sheet(appointment)
    seats = (taking_part(IVAN), taking_part(JEAN, Presence.ACCEPTED), taking_part(ALICE))
    new = put_whole(appointment, before, replace(before, participants=seats, owner=IVAN.id))
    for details in (new, *new.occurrences):
        assert details.person_ids == {IVAN.id, JEAN.id, ALICE.id}
    assert new.owner.key == IVAN.id
    joined = new.participant(JEAN.id)
    assert joined
    assert joined.presence is Presence.ACCEPTED
    alice = new.participant(ALICE.id)
    assert alice
    assert alice.presence is Presence.ACCEPTED, "answers are no field of the form"


def test_who_left_a_series_before_is_no_reason_to_fail() -> None:
    before = sheet(visit())
    seats = tuple(p for p in before.participants if p.key != IVAN.id)
    gone = visit(owner(CLAIRE), taking_part(ALICE))
    assert put_whole(gone, before, replace(before, participants=seats)) == gone


# -- one date -----------------------------------------------------------------------------


def test_one_date_differs_from_then_on() -> None:
    before = sheet(series(), SECOND)
    seats = (*(p for p in before.participants if p.key != IVAN.id), guest())
    after = replace(later(before), notes="Autre", participants=seats)
    new = put_date(series(), SECOND, before, after)
    (date,) = new.occurrences
    assert (date.original, date.span.start, date.notes) == (SECOND, SECOND + HOUR, "Autre")
    assert date.participant(IVAN.id) is None
    assert date.participant(guest().key)
    assert date.subject == "Visite"
    assert new.participants == series().participants


def test_who_came_to_one_date_meanwhile_is_not_added_twice() -> None:
    before = sheet(series(), SECOND)
    after = replace(before, participants=(*before.participants, guest()))
    once = put_date(series(), SECOND, before, after)
    assert put_date(once, SECOND, before, after) == once


def test_the_owner_takes_part_in_every_date() -> None:
    before = sheet(series(), SECOND)
    seats = tuple(p for p in before.participants if p.key != CLAIRE.id)
    with pytest.raises(OwnerCannotLeave):
        put_date(series(), SECOND, before, replace(before, participants=seats))


def test_a_single_one_has_no_other_date() -> None:
    with pytest.raises(UnknownOccurrence):
        sheet(visit(), SECOND)

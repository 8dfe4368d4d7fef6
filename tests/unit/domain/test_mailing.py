"""Who is written what about a change, and by which way (rule 13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rdv_caldav.domain import events, rules
from rdv_caldav.domain.appointment import (
    Appointment,
    Occurrence,
    Participant,
    Presence,
    Recurrence,
    State,
)
from rdv_caldav.domain.diff import diff
from rdv_caldav.domain.mailing import (
    CANCEL,
    REQUEST,
    ContactBy,
    Medium,
    Message,
    Reachable,
    Way,
    changes_dates,
    messages_for,
    next_start,
    way_to,
    way_to_remind,
)
from rdv_caldav.ical.recurrence import time_index
from support.agency import (
    ALICE,
    CLAIRE,
    FIRST,
    FOURTH,
    GUEST,
    IVAN,
    NOON,
    SECOND,
    SETTINGS,
    THIRD,
    WEEKLY,
    guest,
    owner,
    series,
    span,
    taking_part,
    visit,
)

ALONE = visit(owner(CLAIRE))
BOTH = visit(owner(CLAIRE), guest())
SERIES = series(owner(CLAIRE), guest())
OWN_SERIES = series(owner(CLAIRE))
REFUSED = guest(Presence.DECLINED)


def _date(appointment: Appointment, *originals: datetime, **changes: object) -> Appointment:
    for original in originals:
        date = rules.occurrence_at(appointment, original)
        changed: Occurrence = replace(date, **changes)  # type: ignore[arg-type]
        appointment = rules.with_occurrence(appointment, changed)
    return appointment


def _told(
    old: Appointment | None,
    new: Appointment,
    *more: events.Event,
    key: int | str = GUEST,
) -> list[tuple[str, datetime | None]]:
    messages = messages_for((*diff(old, new), *more), new)
    return [(m.method, m.original) for m in messages if m.participant.key == key]


INVITED, OFF = [(REQUEST, None)], [(CANCEL, None)]
CANCELLED = replace(BOTH, state=State.CANCELLED)
MOVED = replace(BOTH, span=span(26))
ONE_DATE = _date(OWN_SERIES, SECOND, participants=(owner(CLAIRE), guest()))
"""A series of which the guest has one date only."""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param(None, BOTH, INVITED, id="planned"),
        pytest.param(ALONE, BOTH, INVITED, id="added"),
        pytest.param(
            ALONE, replace(ALONE, participants=(owner(CLAIRE), REFUSED)), [], id="refuser"
        ),
        pytest.param(BOTH, ALONE, OFF, id="removed"),
        pytest.param(replace(BOTH, participants=(owner(CLAIRE), REFUSED)), ALONE, [], id="left"),
        pytest.param(None, CANCELLED, [], id="planned-cancelled"),
        pytest.param(BOTH, CANCELLED, OFF, id="cancelled"),
        pytest.param(CANCELLED, BOTH, INVITED, id="planned-again"),
        pytest.param(CANCELLED, replace(CANCELLED, location="Ailleurs"), [], id="moved-cancelled"),
        pytest.param(CANCELLED, replace(ALONE, state=State.CANCELLED), [], id="removed-cancelled"),
        pytest.param(BOTH, replace(ALONE, state=State.CANCELLED), OFF, id="removed-and-cancelled"),
        pytest.param(BOTH, MOVED, INVITED, id="moved"),
        pytest.param(BOTH, replace(BOTH, location="Ailleurs"), INVITED, id="relocated"),
        pytest.param(BOTH, replace(BOTH, subject="Autre"), INVITED, id="renamed"),
        pytest.param(BOTH, replace(BOTH, notes="Autre"), [], id="notes"),
        pytest.param(BOTH, replace(BOTH, type_code="interne"), [], id="type"),
        pytest.param(BOTH, replace(BOTH, state=State.HELD), [], id="held"),
        pytest.param(
            BOTH,
            replace(BOTH, participants=(owner(CLAIRE), guest(Presence.ACCEPTED))),
            [],
            id="answered",
        ),
        pytest.param(
            replace(BOTH, participants=(owner(CLAIRE), REFUSED)),
            replace(MOVED, participants=(owner(CLAIRE), REFUSED)),
            [],
            id="refuser-not-asked-anew",
        ),
        pytest.param(
            replace(BOTH, participants=(owner(CLAIRE), REFUSED)), MOVED, INVITED, id="asked-anew"
        ),
    ],
)
def test_a_single_appointment(
    old: Appointment | None, new: Appointment, told: Sequence[tuple[str, datetime | None]]
) -> None:
    assert _told(old, new) == told


def _without(*originals: datetime, of: Appointment = SERIES) -> Appointment:
    kept = tuple(each for each in of.occurrences if each.original not in originals)
    return replace(of, recurrence=replace(WEEKLY, excluded=originals), occurrences=kept)


CHANGED = _date(SERIES, SECOND, location="Ailleurs")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param(None, CHANGED, INVITED, id="planned"),
        pytest.param(OWN_SERIES, CHANGED, INVITED, id="added-everywhere"),
        pytest.param(CHANGED, OWN_SERIES, OFF, id="removed-everywhere"),
        pytest.param(SERIES, CHANGED, [(REQUEST, SECOND)], id="one-date-moved"),
        pytest.param(
            SERIES,
            _date(SERIES, SECOND, THIRD, location="Ailleurs"),
            [(REQUEST, SECOND), (REQUEST, THIRD)],
            id="one-mail-for-each-date",
        ),
        pytest.param(
            SERIES, _date(SERIES, SECOND, state=State.CANCELLED), [(CANCEL, SECOND)], id="date-off"
        ),
        pytest.param(SERIES, _without(SECOND), [(CANCEL, SECOND)], id="date-taken-out"),
        pytest.param(
            _date(SERIES, SECOND, state=State.CANCELLED), _without(SECOND), [], id="was-off-already"
        ),
        pytest.param(CHANGED, _without(SECOND), [(CANCEL, SECOND)], id="changed-date-taken-out"),
        pytest.param(
            SERIES, _without(FIRST, SECOND, THIRD, FOURTH), INVITED, id="many-dates-taken-out"
        ),
        pytest.param(_without(SECOND), SERIES, [(REQUEST, SECOND)], id="date-brought-back"),
        pytest.param(_without(SECOND), CHANGED, [(REQUEST, SECOND)], id="as-it-was"),
        pytest.param(
            _without(SECOND),
            _without(THIRD),
            [(REQUEST, SECOND), (CANCEL, THIRD)],
            id="another-date-taken-out-instead",
        ),
        pytest.param(
            SERIES, replace(_without(SECOND), location="Ailleurs"), INVITED, id="also-relocated"
        ),
        pytest.param(
            SERIES,
            replace(SERIES, recurrence=Recurrence(rules=("FREQ=DAILY",))),
            INVITED,
            id="other-rule",
        ),
        pytest.param(BOTH, SERIES, INVITED, id="began-to-repeat"),
        pytest.param(None, ONE_DATE, [(REQUEST, SECOND)], id="one-date-only"),
        pytest.param(
            ONE_DATE, replace(ONE_DATE, subject="Autre"), [], id="of-one-date-not-the-whole"
        ),
        pytest.param(ONE_DATE, OWN_SERIES, [(CANCEL, SECOND)], id="one-date-no-more"),
        pytest.param(
            ONE_DATE, _without(SECOND, of=ONE_DATE), [(CANCEL, SECOND)], id="one-date-taken-out"
        ),
        pytest.param(
            _date(ONE_DATE, SECOND, state=State.CANCELLED),
            _without(SECOND, of=ONE_DATE),
            [],
            id="one-date-that-was-off",
        ),
        pytest.param(SERIES, ONE_DATE, [(CANCEL, None), (REQUEST, SECOND)], id="one-date-stays"),
        pytest.param(
            SERIES,
            _date(SERIES, SECOND, participants=(owner(CLAIRE),)),
            [(CANCEL, SECOND)],
            id="without-one-date",
        ),
    ],
)
def test_a_series(
    old: Appointment | None, new: Appointment, told: Sequence[tuple[str, datetime | None]]
) -> None:
    assert _told(old, new) == told


@pytest.mark.parametrize(
    ("new", "also", "told"),
    [
        pytest.param(CANCELLED, (), OFF, id="deleted"),
        pytest.param(CANCELLED, None, [], id="deleted-after-it-was-cancelled"),
        pytest.param(ONE_DATE, (), [(CANCEL, SECOND)], id="one-date"),
        pytest.param(
            _date(ONE_DATE, SECOND, state=State.CANCELLED), None, [], id="one-date-that-was-off"
        ),
    ],
)
def test_the_corbeille(
    new: Appointment, also: tuple[()] | None, told: Sequence[tuple[str, datetime | None]]
) -> None:
    before = new if also is None else replace(new, state=State.PLANNED)
    assert _told(before, new, events.Trashed()) == told


def test_what_is_gone_is_told_by_the_text_before() -> None:
    (left,) = messages_for(diff(BOTH, ALONE), ALONE)
    assert left == Message(CANCEL, guest(), None, of_before=True)
    (off,) = [m for m in messages_for(diff(BOTH, CANCELLED), CANCELLED) if m.participant == guest()]
    assert not off.of_before
    messages = messages_for(diff(SERIES, _without(SECOND)), _without(SECOND))
    assert {m.of_before for m in messages} == {True}


def test_persons_are_told_as_guests_are() -> None:
    new = replace(ALONE, participants=(*ALONE.participants, taking_part(IVAN)))
    assert _told(ALONE, new, key=IVAN.id) == INVITED
    assert _told(ALONE, new, key=CLAIRE.id) == []
    assert _told(ALONE, new, key=ALICE.id) == []


def test_a_program_asks_for_an_invitation() -> None:
    asked = events.InvitationAsked(address=GUEST)
    assert _told(BOTH, BOTH, asked) == INVITED
    assert _told(ONE_DATE, ONE_DATE, asked) == [(REQUEST, SECOND)]
    assert _told(CANCELLED, CANCELLED, asked) == []
    refused = replace(BOTH, participants=(owner(CLAIRE), REFUSED))
    assert _told(refused, refused, asked) == INVITED


# -- what is to come ----------------------------------------------------------------------


def _starts(
    new: Appointment,
    original: datetime | None = None,
    *,
    old: Appointment | None = None,
    now: datetime = NOON,
) -> datetime | None:
    happened = diff(old, new) if old else ()
    indexed = [each for each in (new, old) if each is not None]
    indexes = [time_index(each, now=now) for each in indexed]
    return next_start(original, happened, new, indexes, now=now)


def _paris(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)  # type: ignore[arg-type, misc]


def test_what_is_over_is_told_to_nobody() -> None:
    begins = _paris(2026, 11, 25, 9)
    assert _starts(BOTH) == begins
    assert _starts(BOTH, now=begins + timedelta(minutes=59)) == begins
    assert _starts(BOTH, now=begins + timedelta(hours=1)) is None
    assert _starts(BOTH, old=MOVED) == begins
    assert _starts(MOVED, old=BOTH) == begins
    assert _starts(MOVED, old=BOTH, now=begins) == _paris(2026, 11, 26, 9)


def test_a_series_is_told_while_it_has_dates_to_come() -> None:
    after_second = _paris(2026, 12, 2, 12)
    assert _starts(SERIES) == _paris(2026, 11, 25, 9)
    assert _starts(SERIES, now=after_second) == _paris(2026, 12, 9, 9)
    assert _starts(SERIES, now=_paris(2026, 12, 17, 9)) is None
    assert _starts(SERIES, SECOND, now=after_second) is None
    assert _starts(SERIES, SECOND) == _paris(2026, 12, 2, 9)
    assert _starts(_date(SERIES, SECOND, span=span(30)), SECOND) == _paris(2026, 11, 30, 9)
    rare = replace(SERIES, recurrence=Recurrence(rules=("FREQ=YEARLY;INTERVAL=9",)))
    assert _starts(rare, now=after_second) == after_second + timedelta(days=730)


def test_who_had_dates_to_come_is_told_that_they_are_gone() -> None:
    ended = replace(SERIES, recurrence=Recurrence(rules=("FREQ=WEEKLY;COUNT=2",)))
    after_second = _paris(2026, 12, 2, 12)
    assert _starts(ended, now=after_second) is None
    assert _starts(ended, old=SERIES, now=after_second) == _paris(2026, 12, 9, 9)
    assert changes_dates(diff(SERIES, ended))
    assert not changes_dates(diff(SERIES, CHANGED))


# -- by which way -------------------------------------------------------------------------

ADDRESS, PHONE = "claire@famille.example", "+33 6 39 98 00 00"
MAIL, SMS = Way(Medium.MAIL, ADDRESS), Way(Medium.SMS, PHONE)
REACHED = Reachable(addresses=(ADDRESS, "autre@famille.example"), phone=PHONE)
PERSONS = replace(SETTINGS, invite_persons=True)
BESIDE = replace(PERSONS, notices_beside_calendar=True)


@pytest.mark.parametrize(
    ("changes", "way", "beside"),
    [
        ({}, MAIL, MAIL),
        ({"is_active": False}, None, None),
        ({"contact_by": ContactBy.NONE}, None, None),
        ({"contact_by": ContactBy.SMS}, SMS, SMS),
        ({"contact_by": ContactBy.SMS, "phone": ""}, MAIL, MAIL),
        ({"addresses": ()}, None, None),
        ({"synchronises": True}, None, replace(MAIL, is_notice=True)),
        ({"synchronises": True, "contact_by": ContactBy.MAIL}, MAIL, MAIL),
        ({"synchronises": True, "was_mailed": True}, MAIL, MAIL),
    ],
)
def test_one_channel_for_each_person(
    changes: dict[str, object], way: Way | None, beside: Way | None
) -> None:
    person = replace(REACHED, **changes)  # type: ignore[arg-type]
    assert way_to(person, PERSONS) == way
    assert way_to(person, BESIDE) == beside


SMS_TOO = replace(SETTINGS, remind_by_sms=True)


@pytest.mark.parametrize(
    ("changes", "none", "persons", "sms"),
    [
        ({}, None, MAIL, None),
        ({"contact_by": ContactBy.NONE}, None, None, None),
        ({"is_active": False}, None, None, None),
        ({"contact_by": ContactBy.MAIL}, MAIL, MAIL, MAIL),
        ({"contact_by": ContactBy.SMS}, SMS, SMS, SMS),
        ({"contact_by": ContactBy.SMS, "phone": ""}, MAIL, MAIL, MAIL),
        ({"addresses": ()}, None, None, SMS),
        ({"addresses": (), "phone": ""}, None, None, None),
        ({"synchronises": True}, None, None, None),
    ],
)
def test_who_is_reminded_and_how(
    changes: dict[str, object], none: Way | None, persons: Way | None, sms: Way | None
) -> None:
    person = replace(REACHED, **changes)  # type: ignore[arg-type]
    found = [way_to_remind(person, settings) for settings in (SETTINGS, PERSONS, SMS_TOO)]
    assert found == [none, persons, sms]


def test_who_synchronises_is_reminded_where_notices_are_wanted() -> None:
    assert way_to_remind(replace(REACHED, synchronises=True), BESIDE) == MAIL


def test_somebody_else_of_the_same_name_is_somebody_else() -> None:
    other = Participant(address="autre@exterieur.example", name="Invité")
    new = replace(BOTH, participants=(owner(CLAIRE), other))
    assert _told(BOTH, new) == OFF
    assert _told(BOTH, new, key=other.address) == INVITED

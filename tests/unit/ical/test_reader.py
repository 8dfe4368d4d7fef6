"""What each client program's object says."""

from __future__ import annotations

from datetime import datetime

import pytest

from rdv_caldav.domain.appointment import Presence, Recurrence, Span
from rdv_caldav.domain.draft import CalendarUser, StatedStatus
from rdv_caldav.ical.reader import addresses_in
from support.lens import client_text, drafted
from support.objects import event

PARIS = "Europe/Paris"


def _span(start: str, end: str, *, zone: str = PARIS, all_day: bool = False) -> Span:
    return Span(
        start=datetime.fromisoformat(start),
        end=datetime.fromisoformat(end),
        zone=zone,
        all_day=all_day,
    )


def test_thunderbird() -> None:
    draft = drafted(client_text("thunderbird"))
    assert draft.span == _span("2026-11-25T09:00", "2026-11-25T10:00")
    assert draft.location == "3, rue des Lilas"
    assert draft.notes == "Première ligne\nseconde ligne"
    assert draft.organizer == CalendarUser(
        address="alice@agence.example", name="Alice Gestion", presence=Presence.ACCEPTED
    )
    assert addresses_in(draft) == {"alice@agence.example", "ivan@agence.example"}


def test_evolution() -> None:
    draft = drafted(client_text("evolution"))
    assert draft.span == _span("2026-11-26T14:00", "2026-11-26T15:00")
    chair, delegated = draft.attendees
    assert (chair.is_chair, chair.presence) == (True, Presence.ACCEPTED)
    assert (delegated.is_chair, delegated.presence) == (False, Presence.NEEDS_ACTION)
    assert draft.organizer is not None
    assert draft.organizer.presence is None
    assert draft.type_code is None


def test_apple() -> None:
    draft = drafted(client_text("apple"))
    assert draft.recurrence == Recurrence(rules=("FREQ=WEEKLY;COUNT=4",))
    (moved,) = draft.occurrences
    assert moved.original == datetime(2026, 12, 4, 10, 30)
    assert moved.span == _span("2026-12-05T14:30", "2026-12-05T15:30")
    assert draft.says_nothing_of_participants


def test_davx5() -> None:
    draft = drafted(client_text("davx5"))
    assert draft.span == _span("2026-12-28", "2027-01-02", all_day=True)
    assert draft.status is StatedStatus.CONFIRMED


def test_outlook_caldavsynchronizer() -> None:
    draft = drafted(client_text("outlook_caldavsynchronizer"))
    assert draft.span == _span("2026-11-30T10:00", "2026-11-30T11:00")
    assert (draft.subject, draft.status) == ("Entretien", StatedStatus.CANCELLED)


def test_outlook_with_a_localised_zone() -> None:
    assert drafted(client_text("outlook_localised")).span.zone == PARIS


def test_calcurse() -> None:
    draft = drafted(client_text("calcurse"))
    assert draft.span == _span("2026-11-25T09:00", "2026-11-25T10:30")
    assert draft.says_nothing_of_participants
    assert draft.status is None


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ("DTSTART:20261125T080000Z\r\n", _span("2026-11-25T08", "2026-11-25T08", zone="UTC")),
        (
            "DTSTART;VALUE=DATE:20261125\r\n",
            _span("2026-11-25", "2026-11-26", all_day=True),
        ),
        (
            "DTSTART;VALUE=DATE:20261125\r\nDTEND;VALUE=DATE:20261125\r\n",
            _span("2026-11-25", "2026-11-26", all_day=True),
        ),
        (
            "DTSTART;VALUE=DATE:20261125\r\nDURATION:P3D\r\n",
            _span("2026-11-25", "2026-11-28", all_day=True),
        ),
        (
            "DTSTART;TZID=Europe/Paris:20261125T090000\r\nDTEND:20261125T090000Z\r\n",
            _span("2026-11-25T09", "2026-11-25T10"),
        ),
        (
            (
                "DTSTART;TZID=America/New_York:20261125T090000\r\n"
                "DTEND;TZID=Europe/Paris:20261125T170000\r\n"
            ),
            _span("2026-11-25T09", "2026-11-25T11", zone="America/New_York"),
        ),
        ("DTSTART:20261125T090000\r\n", _span("2026-11-25T09", "2026-11-25T09")),
        # the night without and the night with an hour twice
        (
            "DTSTART;TZID=Europe/Paris:20260329T013000\r\nDTEND;TZID=Europe/Paris:20260329T033000\r\n",
            _span("2026-03-29T01:30", "2026-03-29T03:30"),
        ),
        (
            "DTSTART;TZID=Europe/Paris:20261025T013000\r\nDURATION:PT4H\r\n",
            _span("2026-10-25T01:30", "2026-10-25T05:30"),
        ),
    ],
)
def test_times(times: str, expected: Span) -> None:
    assert drafted(event(times=times)).span == expected


def test_a_series_in_utc_and_dates_in_other_zones() -> None:
    lines = (
        "RRULE:FREQ=DAILY;COUNT=5\r\nEXDATE:20261126T080000Z\r\n"
        "EXDATE;TZID=America/New_York:20261127T030000\r\nRDATE;VALUE=PERIOD:20261224T080000Z/PT1H\r\n"
        "EXDATE;VALUE=DATE:20261128\r\n"
    )
    recurrence = drafted(event(lines=lines)).recurrence
    assert recurrence is not None
    assert recurrence.excluded == tuple(datetime(2026, 11, day, 9) for day in (26, 27, 28))
    assert recurrence.added == (datetime(2026, 12, 24, 9),)


def test_an_all_day_series() -> None:
    text = event(
        times="DTSTART;VALUE=DATE:20261125\r\n",
        lines="RRULE:FREQ=DAILY;COUNT=3\r\nEXDATE:20261126T000000\r\nRDATE;VALUE=DATE:20261224\r\n",
    )
    recurrence = drafted(text).recurrence
    assert recurrence is not None
    assert recurrence.excluded == (datetime(2026, 11, 26),)
    assert recurrence.added == (datetime(2026, 12, 24),)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("X-RDV-TYPE:interne", "interne"),
        ("X-RDV-TYPE:inconnu", None),
        ("CATEGORIES:Autre,RENDEZ-VOUS intervenant", "intervenant"),
        ("CATEGORIES:Autre\r\nCATEGORIES:Rendez-vous client", "client"),
    ],
)
def test_types(line: str, code: str | None) -> None:
    assert drafted(event(lines=f"{line}\r\n")).type_code == code


@pytest.mark.parametrize(
    ("line", "user"),
    [
        (
            "ATTENDEE;EMAIL=Ivan@Agence.example:urn:uuid:1",
            CalendarUser(address="ivan@agence.example", presence=Presence.NEEDS_ACTION),
        ),
        (
            'ATTENDEE;CN="Dupont, Jean";PARTSTAT=X-ODD;X-RESPONSE-COMMENT=Oui:MAILTO:A@B.example',
            CalendarUser(
                address="a@b.example",
                name="Dupont, Jean",
                presence=Presence.NEEDS_ACTION,
                comment="Oui",
            ),
        ),
        (
            'ATTENDEE;MEMBER="mailto:a@x.example","mailto:b@x.example";PARTSTAT=declined:a@b.example',
            CalendarUser(address="a@b.example", presence=Presence.DECLINED),
        ),
    ],
)
def test_attendees(line: str, user: CalendarUser) -> None:
    assert drafted(event(lines=f"{line}\r\n")).attendees == (user,)


def test_unknown_status_says_nothing_and_lists_are_joined() -> None:
    lines = "STATUS:MAYBE\r\nATTENDEE;CN=a,b:mailto:x@y.example\r\n"
    draft = drafted(event(lines=lines))
    assert draft.status is None
    assert draft.attendees[0].name == "a,b"


@pytest.mark.parametrize("prefix", ["Canceled: ", "cancelled: ", "Annulé : ", "Annulée: "])
def test_prefixes_of_cancelled_subjects(prefix: str) -> None:
    draft = drafted(event(summary=f"{prefix}Suivi"))
    assert (draft.subject, draft.status) == ("Suivi", StatedStatus.CANCELLED)

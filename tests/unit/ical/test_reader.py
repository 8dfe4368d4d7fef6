"""What each client program's object says."""

from __future__ import annotations

from datetime import datetime

import pytest

from rdv_caldav.domain.appointment import Presence, Recurrence, Span
from rdv_caldav.domain.draft import CalendarUser, StatedStatus
from rdv_caldav.domain.errors import InvalidCalendarObject
from rdv_caldav.ical.reader import addresses_in
from rdv_caldav.ical.views import find_slots
from support.lens import client_text, drafted
from support.objects import event, override

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


def test_addresses_of_single_dates_count() -> None:
    assert addresses_in(drafted(event())) == frozenset()
    moved = override(26, on=27, lines="ATTENDEE:mailto:Ivan@Agence.example\r\n")
    text = event(lines="RRULE:FREQ=DAILY\r\nORGANIZER:mailto:rdv@agence.example\r\n", after=moved)
    assert addresses_in(drafted(text)) == {"ivan@agence.example", "rdv@agence.example"}


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


def test_gnome() -> None:
    draft = drafted(client_text("gnome"))
    assert draft.span == _span("2026-12-01", "2026-12-04", all_day=True)
    assert draft.recurrence == Recurrence(
        rules=("FREQ=MONTHLY;UNTIL=20270601;BYMONTHDAY=1",), excluded=(datetime(2027, 1, 1),)
    )
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
        # against RFC 5545 §3.2.19 and seen all the same
        (
            "DTSTART;TZID=Europe/Paris:20261125T080000Z\r\nDTEND;TZID=Europe/Paris:20261125T090000Z\r\n",
            _span("2026-11-25T08", "2026-11-25T09", zone="UTC"),
        ),
        (
            "DTSTART;TZID=Europe/Paris;VALUE=DATE:20261125\r\n",
            _span("2026-11-25", "2026-11-26", all_day=True),
        ),
        # an end that nobody could compare without knowing the zones
        (
            "DTSTART:20261125T090000\r\nDTEND:20261125T073000Z\r\n",
            _span("2026-11-25T09", "2026-11-25T09"),
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


@pytest.mark.parametrize(
    ("original", "expected"),
    [
        ("RECURRENCE-ID;TZID=America/New_York:20261126T090000", datetime(2026, 11, 26, 9)),
        ("RECURRENCE-ID:20261126T140000Z", datetime(2026, 11, 26, 9)),
        ("RECURRENCE-ID;TZID=Europe/Paris:20261126T150000", datetime(2026, 11, 26, 9)),
        ("RECURRENCE-ID:20261126T090000", datetime(2026, 11, 26, 9)),
        ("RECURRENCE-ID;TZID=Nulle:20261126T090000", datetime(2026, 11, 26, 9)),
        ("RECURRENCE-ID;TZID=Europe/Paris:20261126T140000Z", datetime(2026, 11, 26, 9)),
    ],
)
def test_originals_are_on_the_clock_of_their_series(original: str, expected: datetime) -> None:
    """And the text's own components are called the same, so that each viewer finds his own."""
    times = "DTSTART;TZID=America/New_York:20261125T090000\r\nDURATION:PT1H\r\n"
    moved = override(26, on=27).replace("RECURRENCE-ID;TZID=Europe/Paris:20261126T090000", original)
    text = event(times=times, lines="RRULE:FREQ=DAILY\r\n", after=moved)
    assert [occurrence.original for occurrence in drafted(text).occurrences] == [expected]
    assert f"|{expected.isoformat()}|" in find_slots(text, zone="America/New_York")


def test_one_date_written_in_two_zones_is_refused() -> None:
    other = override(26, on=28).replace(
        "RECURRENCE-ID;TZID=Europe/Paris:20261126T090000", "RECURRENCE-ID:20261126T080000Z"
    )
    text = event(lines="RRULE:FREQ=DAILY\r\n", after=override(26, on=27) + other)
    with pytest.raises(InvalidCalendarObject):
        drafted(text)


def test_a_date_that_differs_makes_a_series() -> None:
    """Some programs leave the dates when the rule is removed: they still take place."""
    draft = drafted(event(after=override(26, on=27)))
    assert draft.recurrence == Recurrence()
    assert len(draft.occurrences) == 1


def test_an_override_of_this_and_future_is_refused() -> None:
    """Programs split a series instead; one that reads the range and one that does not differ."""
    later = override(26, on=27).replace("RECURRENCE-ID;", "RECURRENCE-ID;RANGE=THISANDFUTURE;")
    with pytest.raises(InvalidCalendarObject, match="RANGE"):
        drafted(event(lines="RRULE:FREQ=DAILY\r\n", after=later))


def test_dates_of_a_series_in_a_zone_of_the_clients_own() -> None:
    times = 'DTSTART;TZID="Paris, Madrid":20260706T090000\r\nDURATION:PT1H\r\n'
    zone = client_text("outlook_localised").replace("\r\n", "\n").replace("\n", "\r\n")
    definition = zone[zone.index("BEGIN:VTIMEZONE") : zone.index("BEGIN:VEVENT")]
    lines = (
        'RRULE:FREQ=DAILY\r\nEXDATE;TZID="Paris, Madrid":20260707T090000\r\n'
        "EXDATE:20260708T070000Z\r\n"
    )
    draft = drafted(event(times=times, lines=lines, before=definition))
    assert draft.span.zone == PARIS
    assert draft.recurrence is not None
    assert draft.recurrence.excluded == (datetime(2026, 7, 7, 9), datetime(2026, 7, 8, 9))


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
        ("CATEGORIES;VALUE=TEXT;LANGUAGE=fr:Autre,Rendez-vous client", "client"),
        ("CATEGORIES;VALUE=BINARY;ENCODING=BASE64:Rendez-vous client", "client"),
        ("CATEGORIES:", None),
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


def test_lines_without_an_address_are_nobody() -> None:
    lines = "ATTENDEE;CN=Personne:mailto:\r\nATTENDEE:\r\nORGANIZER;PARTSTAT=ACCEPTED:\r\n"
    draft = drafted(event(lines=lines))
    assert draft.attendees == ()
    assert draft.organizer == CalendarUser(address="", presence=Presence.ACCEPTED)


def test_texts_are_texts_whatever_type_they_state() -> None:
    lines = "LOCATION;VALUE=DATE:20261125\r\nDESCRIPTION;VALUE=URI:a\\, b\\nc\r\n"
    draft = drafted(event(lines=lines))
    assert (draft.location, draft.notes) == ("20261125", "a, b\nc")


def test_unknown_status_says_nothing_and_lists_are_joined() -> None:
    lines = "STATUS:MAYBE\r\nATTENDEE;CN=a,b:mailto:x@y.example\r\n"
    draft = drafted(event(lines=lines))
    assert draft.status is None
    assert draft.attendees[0].name == "a,b"


@pytest.mark.parametrize("prefix", ["Canceled: ", "cancelled: ", "Annulé : ", "Annulée: "])
def test_prefixes_of_cancelled_subjects(prefix: str) -> None:
    draft = drafted(event(summary=f"{prefix}Suivi"))
    assert (draft.subject, draft.status) == ("Suivi", StatedStatus.CANCELLED)

"""What a mail says of an appointment to its one recipient (RFC 5546, RFC 6047)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.inbox import Method
from rdv_caldav.ical.imip import Addressed, Attendee, mailed
from support.objects import event, override
from support.scheduling import CLAIRE, GUEST, attendee, lines_of, organizer

STAMP = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANSWERS = "rdv-abc@reponses.example"
ADDRESSED = Addressed(
    organizer=ANSWERS,
    organizer_name="Agence",
    recipient=GUEST,
    recipient_name="Dr Exemple",
    untitled="Rendez-vous",
    presences={"": Presence.ACCEPTED, "2026-11-26T09:00:00": Presence.TENTATIVE},
    others={},
)
PRIVATE = (
    organizer("alice.perso@mail.example")
    + attendee(CLAIRE, PARTSTAT="ACCEPTED", X_RDV_ID="3", SCHEDULE_AGENT="CLIENT")
    + attendee(GUEST)
    + "DESCRIPTION:Code 1234\r\nX-ALT-DESC:Code 1234\r\nURL:https://rdv.example/rendez-vous/1\r\n"
    'LOCATION;ALTREP="https://interne.example/plan":1 rue de l\'Exemple\r\n'
    "CATEGORIES:Rendez-vous client\r\nX-RDV-TYPE:client\r\nX-MOZ-LASTACK:20261124T080000Z\r\n"
    "X-RDV-ETAT:PLANIFIE\r\nATTACH:https://interne.example/1\r\nSTATUS:TENTATIVE\r\n"
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:x\r\nEND:VALARM\r\n"
)
WEEKLY = "RRULE:FREQ=DAILY;COUNT=5\r\nEXDATE;TZID=Europe/Paris:20261127T090000\r\n"
SECOND = datetime(2026, 11, 26, 9)


def _mailed(
    text: str,
    method: Method = Method.REQUEST,
    *dates: datetime,
    addressed: Addressed = ADDRESSED,
    zone: str = "Europe/Paris",
) -> str:
    return mailed(
        text, method, zone=zone, stamp=STAMP, sequence=7, dates=dates, addressed=addressed
    )


def test_only_what_concerns_the_recipient_goes_out() -> None:
    text = _mailed(event(lines=PRIVATE, before="X-WR-CALNAME:Claire\r\n"))
    assert lines_of(text, "ORGANIZER") == [f"ORGANIZER;CN=Agence:mailto:{ANSWERS}"]
    (own,) = lines_of(text, "ATTENDEE")
    assert own == (
        'ATTENDEE;CN="Dr Exemple";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;'
        f"PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:{GUEST}"
    )
    assert lines_of(text, "LOCATION") == ["LOCATION:1 rue de l'Exemple"]
    assert lines_of(text, "STATUS") == ["STATUS:CONFIRMED"]
    assert lines_of(text, "SEQUENCE") == ["SEQUENCE:7"]
    assert lines_of(text, "DTSTAMP") == ["DTSTAMP:20261124T120000Z"]
    for private in ("1234", "X-RDV", "X-MOZ", "URL", "VALARM", "ATTACH", "mail.example", CLAIRE):
        assert private not in text
    assert "CATEGORIES" not in text
    assert "X-WR-CALNAME" not in text


def test_staff_read_notes_and_the_link() -> None:
    text = _mailed(
        event(lines=PRIVATE), addressed=replace(ADDRESSED, with_notes=True, with_link=True)
    )
    assert lines_of(text, "DESCRIPTION") == ["DESCRIPTION:Code 1234"]
    assert lines_of(text, "URL") == ["URL:https://rdv.example/rendez-vous/1"]


def test_others_are_named_by_addresses_that_lead_nowhere() -> None:
    claire = Attendee(
        address="p-3@personnes.invalid", name="Claire", presence=Presence.DECLINED, is_owner=True
    )
    alone = replace(ADDRESSED, recipient_name="", organizer_name="", others={"": (claire,)})
    text = _mailed(event(lines=PRIVATE), addressed=alone)
    _own, other = lines_of(text, "ATTENDEE")
    assert other == (
        "ATTENDEE;CN=Claire;CUTYPE=INDIVIDUAL;ROLE=CHAIR;PARTSTAT=DECLINED:"
        "mailto:p-3@personnes.invalid"
    )
    assert lines_of(text, "ORGANIZER") == [f"ORGANIZER:mailto:{ANSWERS}"]
    assert "CN=Dr" not in text


def test_who_never_answered_is_asked() -> None:
    text = _mailed(event(lines=PRIVATE), addressed=replace(ADDRESSED, presences={}))
    assert "PARTSTAT=NEEDS-ACTION;RSVP=TRUE" in lines_of(text, "ATTENDEE")[0]


def test_a_series_has_its_dates_with_the_answers_to_them() -> None:
    text = _mailed(event(lines=WEEKLY + PRIVATE, after=override(26, on=28, lines=PRIVATE)))
    asked = [each.split("PARTSTAT=")[1].split(";")[0] for each in lines_of(text, "ATTENDEE")]
    assert asked == ["ACCEPTED", "TENTATIVE"]
    assert lines_of(text, "EXDATE") == ["EXDATE;TZID=Europe/Paris:20261127T090000"]
    assert text.count("BEGIN:VTIMEZONE") == 1
    # an override that says nothing of a subject gets one
    assert lines_of(text, "SUMMARY") == ["SUMMARY:Essai", "SUMMARY:Rendez-vous"]


def test_one_date_stands_alone() -> None:
    text = _mailed(event(lines=WEEKLY + PRIVATE), Method.REQUEST, SECOND)
    assert lines_of(text, "RECURRENCE-ID") == ["RECURRENCE-ID;TZID=Europe/Paris:20261126T090000"]
    assert "FREQ=DAILY" not in text
    assert "PARTSTAT=TENTATIVE" in lines_of(text, "ATTENDEE")[0]


@pytest.mark.parametrize(
    ("dates", "name", "written"),
    [((), "DTSTART", "20261125T080000Z"), ((SECOND,), "RECURRENCE-ID", "20261126T080000Z")],
)
def test_a_cancellation_is_in_utc(dates: tuple[datetime, ...], name: str, written: str) -> None:
    text = _mailed(event(lines=WEEKLY + PRIVATE), Method.CANCEL, *dates)
    assert lines_of(text, name) == [f"{name}:{written}"]
    assert lines_of(text, "STATUS") == ["STATUS:CANCELLED"]
    assert "RSVP" not in text
    for repeating in ("RRULE", "EXDATE", "VTIMEZONE", "TZID"):
        assert repeating not in text


def test_a_whole_day_has_no_zone() -> None:
    times = "DTSTART;VALUE=DATE:20261125\r\nDTEND;VALUE=DATE:20261126\r\n"
    for method in (Method.REQUEST, Method.CANCEL):
        text = _mailed(event(times=times, lines=PRIVATE), method)
        assert lines_of(text, "DTSTART") == ["DTSTART;VALUE=DATE:20261125"]
        assert "VTIMEZONE" not in text


@pytest.mark.parametrize(
    ("start", "written"),
    [
        ("DTSTART;TZID=Romance Standard Time:20261125T090000", ";TZID=Europe/Paris:"),
        ("DTSTART:20261125T090000", ";TZID=Europe/Paris:"),
        ("DTSTART;TZID=Nulle part:20261125T090000", ";TZID=Europe/Paris:"),
        ("DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Rome:20261125T090000", "/Rome:"),
    ],
)
def test_zones_are_those_that_every_program_knows(start: str, written: str) -> None:
    times = f"{start}\r\n{start.replace('DTSTART', 'DTEND').replace('T09', 'T10')}\r\n"
    text = _mailed(event(times=times, lines=PRIVATE))
    (found,) = lines_of(text, r"DTSTART;TZID=Europe/\w+")
    assert found.endswith(f"{written}20261125T090000")
    assert text.count("BEGIN:VTIMEZONE") == 1


def test_utc_by_name_is_written_as_utc() -> None:
    times = (
        "DTSTART;TZID=UTC:20261125T090000\r\nDTEND;TZID=UTC:20261125T100000\r\n"
        "RRULE:FREQ=DAILY;COUNT=9\r\nEXDATE;TZID=UTC:20261126T090000,20261127T090000\r\n"
        "RDATE:irgendwann\r\n"
    )
    text = _mailed(event(times=times, lines=PRIVATE), zone="UTC")
    assert lines_of(text, "DTSTART") == ["DTSTART:20261125T090000Z"]
    assert lines_of(text, "EXDATE") == ["EXDATE:20261126T090000Z,20261127T090000Z"]
    assert "VTIMEZONE" not in text

"""What common programs answer to our invitations is read as what was meant."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.errors import CalendarDataRefused
from rdv_caldav.domain.replies import Authentication, MatchReason, who_answers
from rdv_caldav.ical.itip_reading import SchedulingMessage, read_scheduling_message
from rdv_caldav.mail.incoming import Automatic, ReceivedMail, read_mail
from rdv_caldav.mail.message import OutgoingMail, build
from support.reply_shapes import NOON, Shape, reply

GUEST = "sophie@famille.example"
TOKEN = "rdv-k3f7q2zt5a@agence.example"
UID = "0f1c2c4e-7a3b-4b3c-9a55-1d2e3f405162"
_SINGLE = "DTSTART;TZID=Europe/Paris:20261201T143000\r\nDTEND;TZID=Europe/Paris:20261201T153000\r\n"
_ALL_DAY = "DTSTART;VALUE=DATE:20261201\r\nDTEND;VALUE=DATE:20261202\r\n"
_ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\n"
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
    "END:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\n"
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"
    "END:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
)


def invitation(times: str = _SINGLE, *, rule: str = "") -> bytes:
    calendar = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//agence.example//FR\r\nMETHOD:REQUEST\r\n"
        f"{_ZONE if 'TZID' in times else ''}BEGIN:VEVENT\r\nUID:{UID}\r\n"
        f"DTSTAMP:20261123T080000Z\r\nSEQUENCE:2\r\n{times}{rule}"
        "SUMMARY:Visite d'évaluation\\, premier étage\r\n"
        f"ORGANIZER;CN=Agence:mailto:{TOKEN}\r\n"
        "ATTENDEE;CN=Sophie;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;ROLE=REQ-PARTICIPANT:"
        f"mailto:{GUEST}\r\nSTATUS:CONFIRMED\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    mail = OutgoingMail(
        sender=TOKEN,
        sender_name="Agence",
        recipient=GUEST,
        recipient_name="Sophie",
        subject="Visite d'évaluation",
        text="Bonjour, voici votre rendez-vous.\n",
        html="<p>Bonjour, voici votre rendez-vous.</p>",
        calendar=calendar,
        method="REQUEST",
        message_id="<invitation.1@agence.example>",
        date=datetime(2026, 11, 23, 9, tzinfo=UTC),
    )
    return build(mail)


def read(raw: bytes) -> tuple[ReceivedMail, SchedulingMessage]:
    mail = read_mail(raw)
    assert not mail.faults
    return mail, read_scheduling_message(mail.calendars[0])


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("presence", [Presence.ACCEPTED, Presence.TENTATIVE, Presence.DECLINED])
def test_a_single_appointment_is_answered(shape: Shape, presence: Presence) -> None:
    raw = reply(shape, invitation(), presence.value, comment="Avec plaisir, à bientôt")
    mail, message = read(raw)
    assert mail.recipients[0] == TOKEN
    assert (mail.automatic, mail.bounce) == (Automatic.NO, None)
    assert (message.method, message.uid) == ("REPLY", UID)
    (event,) = message.events
    assert (event.original, event.sequence, event.stamp) == (None, 2, NOON)
    (attendee,) = event.attendees
    assert attendee.presence is presence
    if shape is not Shape.PROTON:
        assert attendee.comment == "Avec plaisir, à bientôt"
    assert event.start is not None
    assert event.start.instant == datetime(2026, 12, 1, 13, 30, tzinfo=UTC)
    match = who_answers(
        event.attendees,
        guest=(GUEST,),
        others=("alice@agence.example",),
        sender=mail.sender,
        authentication=Authentication.NONE,
    )
    wanted = MatchReason.TOKEN_ALIAS if shape is Shape.APPLE else MatchReason.TOKEN
    assert (match.reason, match.respondent) == (wanted, attendee)


@pytest.mark.parametrize("shape", Shape)
def test_single_dates_of_a_series_are_answered(shape: Shape) -> None:
    dates = [datetime(2026, 12, 8, 14, 30), datetime(2027, 6, 1, 14, 30)]
    raw = reply(shape, invitation(rule="RRULE:FREQ=WEEKLY\r\n"), "DECLINED", dates=dates)
    _, message = read(raw)
    told = {
        event.original.wall_in("Europe/Paris"): event.attendees[0].presence
        for event in message.events
        if event.original is not None
    }
    assert told == dict.fromkeys(dates, Presence.DECLINED)
    whole = [event for event in message.events if event.original is None]
    assert len(whole) == (shape is Shape.THUNDERBIRD)
    assert all(event.attendees[0].presence is Presence.NEEDS_ACTION for event in whole)


@pytest.mark.parametrize("shape", Shape)
def test_whole_days_of_a_series_are_answered(shape: Shape) -> None:
    raw = reply(
        shape, invitation(_ALL_DAY, rule="RRULE:FREQ=DAILY\r\n"), dates=[datetime(2026, 12, 3)]
    )
    _, message = read(raw)
    original = message.events[-1].original
    assert original is not None
    assert original.is_date
    assert original.instant is None
    assert original.wall_in("Europe/Paris") == datetime(2026, 12, 3)


@pytest.mark.parametrize("shape", [Shape.OUTLOOK, Shape.GMAIL])
def test_another_time_is_proposed(shape: Shape) -> None:
    proposed = (datetime(2026, 12, 2, 9), datetime(2026, 12, 2, 10))
    _, message = read(reply(shape, invitation(), "TENTATIVE", proposed=proposed))
    assert message.method == "COUNTER"
    (event,) = message.events
    assert event.start is not None
    assert event.end is not None
    assert event.start.instant == datetime(2026, 12, 2, 8, tzinfo=UTC)
    assert event.end.instant == datetime(2026, 12, 2, 9, tzinfo=UTC)
    if shape is Shape.OUTLOOK:
        assert event.previous_start is not None
        assert event.previous_start.wall == datetime(2026, 12, 1, 14, 30)


def test_what_outlook_leaves_out_and_puts_before() -> None:
    mail, message = read(reply(Shape.OUTLOOK, invitation()))
    (event,) = message.events
    assert event.organizer == ""
    assert event.summary == "Accepté: Visite d'évaluation, premier étage"
    assert (event.comment, mail.text) == ("", "")
    assert mail.in_reply_to == "<invitation.1@agence.example>"


def test_google_says_automatic_of_what_people_answer_and_lowers_addresses() -> None:
    raw = reply(Shape.GMAIL, invitation(), to=TOKEN.upper(), stamp=NOON)
    mail, _ = read(raw)
    assert b"Auto-Submitted: auto-generated" in raw
    assert (mail.automatic, mail.recipients) == (Automatic.NO, (TOKEN,))


def test_no_sequence_and_another_one() -> None:
    assert read(reply("zimbra", invitation(), sequence=None))[1].events[0].sequence is None
    assert read(reply("apple", invitation(), sequence=7))[1].events[0].sequence == 7


def test_servers_put_their_fields_on_top() -> None:
    results = "mx.agence.example; dmarc=pass header.from=famille.example"
    raw = reply("zimbra", invitation(), headers=[("Authentication-Results", results)])
    assert read_mail(raw, authserv_ids=["mx.agence.example"]).dmarc is Authentication.PASS


ANSWERS = [
    reply(shape, invitation(rule="RRULE:FREQ=WEEKLY\r\n"), dates=[datetime(2026, 12, 8, 14, 30)])
    for shape in Shape
]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(ANSWERS), st.data())
def test_torn_and_spoiled_answers_are_refused_or_read(raw: bytes, data: st.DataObject) -> None:
    """Whatever is cut out, doubled or overwritten: nothing but a refusal is raised."""
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw)))
        stop = data.draw(st.integers(start, min(len(raw), start + 300)))
        between = data.draw(st.sampled_from([b"", raw[start:stop] * 3]) | st.binary(max_size=5))
        raw = raw[:start] + between + raw[stop:]
    for text in read_mail(raw).calendars:
        try:
            message = read_scheduling_message(text)
        except CalendarDataRefused:
            continue
        assert message.uid
        assert message.events

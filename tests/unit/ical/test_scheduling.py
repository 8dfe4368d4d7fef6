"""Requests for free/busy, and who writes to whom."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rdv_caldav.domain.errors import InvalidSchedulingMessage, NotCalendarData
from rdv_caldav.ical.scheduling import (
    MOST_ATTENDEES,
    Asked,
    asked_to_send,
    read_free_busy_request,
    schedule_agents,
)
from support.objects import event

RANGE = "DTSTART:20261125T000000Z\r\nDTEND:20261126T000000Z\r\n"
ORGANIZER = "ORGANIZER:mailto:alice@agence.example\r\n"
IVAN = "ATTENDEE;CN=Ivan:mailto:ivan@agence.example\r\n"


def request(
    lines: str = f"UID:q{chr(13)}{chr(10)}{ORGANIZER}{IVAN}{RANGE}",
    *,
    method: str = "METHOD:REQUEST\r\n",
    more: str = "",
) -> str:
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{method}"
        f"BEGIN:VFREEBUSY\r\n{lines}END:VFREEBUSY\r\n{more}END:VCALENDAR\r\n"
    )


def test_who_asks_of_whom_about_when() -> None:
    asked = read_free_busy_request(request())
    assert (asked.uid, asked.organizer) == ("q", "mailto:alice@agence.example")
    assert asked.attendees == (Asked("mailto:ivan@agence.example", "Ivan"),)
    assert asked.start == datetime(2026, 11, 25, tzinfo=UTC)
    assert asked.end == datetime(2026, 11, 26, tzinfo=UTC)


def test_a_question_without_uid() -> None:
    assert read_free_busy_request(request(f"{ORGANIZER}{IVAN}{RANGE}")).uid == ""


@pytest.mark.parametrize("text", ["", "x", request() + request(), "BEGIN:VCALENDAR\r\n"])
def test_what_is_no_calendar(text: str) -> None:
    with pytest.raises(NotCalendarData):
        read_free_busy_request(text)


@pytest.mark.parametrize(
    "text",
    [
        request(method=""),
        request(method="METHOD:CANCEL\r\n"),
        request(more="BEGIN:VEVENT\r\nEND:VEVENT\r\n"),
        request(more="BEGIN:VFREEBUSY\r\nEND:VFREEBUSY\r\n"),
        request(f"{ORGANIZER}{RANGE}"),
        request(f"{IVAN}{RANGE}"),
        request(f"{ORGANIZER}{IVAN}"),
        request(f"{ORGANIZER}{IVAN}DTSTART:20261125T000000\r\nDTEND:20261126T000000Z\r\n"),
        request(f"{ORGANIZER}{IVAN}DTSTART:20261126T000000Z\r\nDTEND:20261125T000000Z\r\n"),
        request(f"{ORGANIZER}{IVAN}DTSTART:20261126T000000Z\r\nDTEND:20961125T000000Z\r\n"),
        request(
            ORGANIZER
            + RANGE
            + "".join(f"ATTENDEE:mailto:a{n}@x.example\r\n" for n in range(MOST_ATTENDEES + 1))
        ),
    ],
)
def test_what_is_not_answered(text: str) -> None:
    with pytest.raises(InvalidSchedulingMessage):
        read_free_busy_request(text)


def test_who_writes_to_whom() -> None:
    lines = (
        "ATTENDEE:mailto:a@x.example\r\nATTENDEE;SCHEDULE-AGENT=client:mailto:B@x.example\r\n"
        "ATTENDEE;SCHEDULE-AGENT=NONE:mailto:c@x.example\r\n"
    )
    agents = {"a@x.example": "SERVER", "b@x.example": "CLIENT", "c@x.example": "NONE"}
    assert schedule_agents(event(lines=lines)) == agents
    assert schedule_agents("") == {}


def test_who_is_written_to_anyhow() -> None:
    lines = (
        "ATTENDEE;SCHEDULE-FORCE-SEND=REQUEST:mailto:a@x.example\r\n"
        "ATTENDEE;SCHEDULE-FORCE-SEND=REPLY:mailto:b@x.example\r\nATTENDEE:mailto:c@x.example\r\n"
    )
    assert asked_to_send(event(lines=lines)) == ("a@x.example",)
    assert asked_to_send(event()) == ()

"""Scheduling messages (RFC 5546) made of what somebody may read."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import icalendar
import pytest

from rdv_caldav.domain.inbox import Method
from rdv_caldav.ical.itip import message
from support.objects import TIMES, event, override
from support.scheduling import ALICE, CLAIRE, GUEST, IVAN, attendee, lines_of, organizer

STAMP = datetime(2026, 11, 24, 12, tzinfo=UTC)
PEOPLE = organizer("rdv@agence.example") + attendee(IVAN, PARTSTAT="ACCEPTED") + attendee(CLAIRE)
ALARM = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:x\r\nEND:VALARM\r\n"
DAILY = "RRULE:FREQ=DAILY;COUNT=5\r\nEXDATE;TZID=Europe/Paris:20261127T090000\r\n"
SERIES = event(lines=DAILY + PEOPLE, after=override(26, on=28, lines=PEOPLE))
SECOND, THIRD = datetime(2026, 11, 26, 9), datetime(2026, 11, 27, 9)


def _said(
    text: str,
    method: Method = Method.REQUEST,
    *dates: datetime,
    attendees: Collection[str] | None = None,
    sequence: int | None = None,
    zone: str = "Europe/Paris",
) -> str:
    return message(
        text,
        method,
        zone=zone,
        stamp=STAMP,
        dates=dates,
        attendees=attendees,
        sequence=sequence,
    )


def _events(text: str) -> list[Any]:
    return list(icalendar.Calendar.from_ical(text).events)


@pytest.mark.parametrize("method", Method)
def test_the_method_stands_before_the_events(method: Method) -> None:
    text = _said(event(lines=PEOPLE), method)
    assert lines_of(text, "METHOD") == [f"METHOD:{method}"]
    assert text.index("METHOD") < text.index("BEGIN:VEVENT")
    assert lines_of(text, "DTSTAMP") == ["DTSTAMP:20261124T120000Z"]
    (only,) = _events(text)
    assert only["UID"] == "essai"


def test_a_request_says_all_of_it() -> None:
    text = _said(SERIES)
    assert "RRULE:FREQ=DAILY" in text
    assert len(_events(text)) == 2
    assert len(lines_of(text, "ATTENDEE")) == 4
    assert lines_of(text, "SEQUENCE") == []


def test_what_is_ones_own_or_about_sending_is_left_out() -> None:
    sent = attendee(GUEST, SCHEDULE_AGENT="CLIENT", SCHEDULE_STATUS='"2.0"', X_NOTE="1")
    forced = organizer(ALICE, SCHEDULE_FORCE_SEND="REQUEST", CN="Alice")
    text = _said(event(lines=f"{forced}{sent}X-MOZ-LASTACK:20261124T080000Z\r\n{ALARM}"))
    assert "SCHEDULE-" not in text
    assert "VALARM" not in text
    assert "LASTACK" not in text
    assert lines_of(text, "ATTENDEE") == [f"ATTENDEE;X-NOTE=1:mailto:{GUEST}"]
    assert lines_of(text, "ORGANIZER") == [f"ORGANIZER;CN=Alice:mailto:{ALICE}"]


def test_one_attendee_alone_is_named() -> None:
    behind = attendee("p-4@personnes.rdv.invalid", EMAIL="Dupont@famille.example")
    text = event(lines=PEOPLE + behind)
    assert lines_of(_said(text, attendees={CLAIRE}), "ATTENDEE") == [f"ATTENDEE:mailto:{CLAIRE}"]
    (line,) = lines_of(_said(text, attendees={"dupont@famille.example"}), "ATTENDEE")
    assert "p-4@" in line
    assert lines_of(_said(text, attendees=()), "ATTENDEE") == []


def test_the_whole_is_cancelled_by_its_series_alone() -> None:
    text = _said(SERIES, Method.CANCEL, sequence=7)
    (only,) = _events(text)
    assert "RECURRENCE-ID" not in only
    assert only["STATUS"] == "CANCELLED"
    assert only["SEQUENCE"] == 7


def test_dates_without_their_series_are_cancelled_each() -> None:
    text = SERIES.replace("RRULE", "RECURRENCE-ID;TZID=Europe/Paris:20261125T090000\r\nX-R")
    assert len(_events(_said(text, Method.CANCEL))) == 2


def test_a_date_that_differs_is_told_as_it_is() -> None:
    (only,) = _events(_said(SERIES, Method.REQUEST, SECOND))
    assert only["RECURRENCE-ID"].dt.day == 26
    assert only["DTSTART"].dt.day == 28


def test_a_date_that_does_not_differ_is_made_of_the_series() -> None:
    text = _said(SERIES, Method.CANCEL, THIRD, SECOND)
    third, second = _events(text)
    assert "FREQ=DAILY" not in text
    assert not lines_of(text, "EXDATE")
    assert [each["RECURRENCE-ID"].dt.day for each in (third, second)] == [27, 26]
    assert [each["STATUS"] for each in (third, second)] == ["CANCELLED", "CANCELLED"]
    assert (third["DTSTART"].dt.day, third["DTSTART"].dt.hour) == (27, 9)
    assert (third["DTEND"].dt.day, third["DTEND"].dt.hour) == (27, 10)
    assert third["ATTENDEE"]


@pytest.mark.parametrize(
    ("times", "original", "expected"),
    [
        (
            "DTSTART;TZID=Europe/Paris:20261125T090000\r\nDURATION:PT2H\r\n",
            THIRD,
            {"DTSTART;TZID=Europe/Paris:20261127T090000", "DURATION:PT2H"},
        ),
        (
            "DTSTART;VALUE=DATE:20261125\r\nDTEND;VALUE=DATE:20261127\r\n",
            datetime(2026, 11, 27),
            {"DTSTART;VALUE=DATE:20261127", "DTEND;VALUE=DATE:20261129"},
        ),
        (
            "DTSTART:20261125T080000Z\r\nDTEND;TZID=Europe/Paris:20261125T103000\r\n",
            datetime(2026, 11, 27, 8),
            {"DTSTART:20261127T080000Z", "DTEND:20261127T093000Z"},
        ),
    ],
    ids=["duration", "days", "utc"],
)
def test_a_date_is_written_as_its_series_is(
    times: str, original: datetime, expected: set[str]
) -> None:
    zone = "UTC" if "080000Z" in times else "Europe/Paris"
    text = _said(event(times=times, lines=DAILY), Method.REQUEST, original, zone=zone)
    inner = text[text.index("BEGIN:VEVENT") :]
    found = {line for name in ("DTSTART", "DTEND", "DURATION") for line in lines_of(inner, name)}
    assert found == expected


def test_a_reply_names_who_answers() -> None:
    comment = attendee(IVAN, PARTSTAT="TENTATIVE", RSVP="TRUE", X_RESPONSE_COMMENT='"Oui; si"')
    text = _said(
        event(lines=comment + attendee(CLAIRE), after=override(26, on=28, lines=attendee(CLAIRE))),
        Method.REPLY,
        attendees={IVAN},
    )
    (only,) = _events(text)
    assert lines_of(text, "ATTENDEE") == [f"ATTENDEE;PARTSTAT=TENTATIVE:mailto:{IVAN}"]
    assert only["COMMENT"] == "Oui; si"
    assert lines_of(text, "REQUEST-STATUS") == ["REQUEST-STATUS:2.0;Success"]
    assert "STATUS" not in only


def test_zones_and_lines_around_stay() -> None:
    zone = "BEGIN:VTIMEZONE\r\nTZID:Ici\r\nEND:VTIMEZONE\r\n"
    text = _said(event(lines=DAILY, before=zone, after="X-AFTER:1\r\n"), Method.REQUEST, THIRD)
    assert zone in text
    assert "X-AFTER:1" in text
    assert TIMES.split("\r\n", maxsplit=1)[0] not in text

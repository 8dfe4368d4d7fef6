"""RFC 5545 §3.8.4.4, §3.8.5: what becomes of single dates when their series is moved or split."""

from __future__ import annotations

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from support.dav import DavClient
from support.objects import event, override
from support.scheduling import (
    GUEST,
    IVAN,
    answer_at,
    answered,
    attendee,
    lines_of,
    presence,
    queued,
)

PATH, IVANS = "/alice/alice/s.ics", "/ivan/ivan/s.ics"
LATER, IVANS_LATER = "/alice/alice/t.ics", "/ivan/ivan/t.ics"
SERIES = "RRULE:FREQ=DAILY;COUNT=9\r\n"
ROOM = f"SUMMARY:Ailleurs\r\n{attendee(IVAN)}"


def components(text: str) -> list[str]:
    return text.split("BEGIN:VEVENT")[1:]


def starts(text: str, name: str = "DTSTART") -> list[str]:
    """The wall clocks of a property in each VEVENT that has it, its zone left out."""
    found = (lines_of(part, name) for part in components(text))
    return [line.rpartition(":")[2] for lines in found for line in lines]


@pytest.fixture
def series(alice: DavClient, ivan: DavClient) -> str:
    """A daily series at nine, its 27th elsewhere, the 28th at another day, the 29th left out."""
    lines = f"{SERIES}EXDATE;TZID=Europe/Paris:20261129T090000\r\n{attendee(IVAN)}"
    dates = override(27, on=27, lines=ROOM) + override(28, on=30, lines=ROOM)
    alice.put(PATH, event(lines=lines, after=dates), expect=201)
    answer_at(ivan, IVANS, IVAN, "ACCEPTED")
    return alice.get(PATH).text


def later(text: str) -> str:
    """The object with its master at eleven, and all else where it was."""
    master = components(text)[0]
    moved = master
    for name, hour in (("DTSTART", "09"), ("DTEND", "10")):
        (line,) = lines_of(master, name)
        moved = moved.replace(line, line.replace(f"T{hour}", f"T{int(hour) + 2}"))
    return text.replace(master, moved)


def test_dates_that_a_program_left_behind_move_along(series: str, alice: DavClient) -> None:
    alice.put(PATH, later(series), expect=204)
    text = alice.get(PATH).text
    assert starts(text, "RECURRENCE-ID") == ["20261127T110000", "20261128T110000"]
    # one that was moved by itself stays where it was put
    assert starts(text) == ["20261125T110000", "20261127T110000", "20261130T090000"]
    assert starts(text, "EXDATE") == ["20261129T110000"]
    assert text.count("SUMMARY:Ailleurs") == 2


def test_dates_that_a_program_took_along_are_the_same_dates(
    series: str, alice: DavClient, book: AppointmentBook
) -> None:
    text = later(series)
    for name in ("RECURRENCE-ID", "EXDATE"):
        for line in lines_of(text, name):
            text = text.replace(line, line.replace("T090000", "T110000"))
    alice.put(PATH, text, expect=204)
    seen = alice.get(PATH).text
    assert starts(seen, "RECURRENCE-ID") == ["20261127T110000", "20261128T110000"]
    _, kept, moved = components(seen)
    # neither of them takes place at another time than before: answers stand
    assert [presence(part, IVAN) for part in (kept, moved)] == ["ACCEPTED", "ACCEPTED"]
    with book.database.reading() as tx:
        found = [entry.event for entry in tx.journal.entries_for(1)]
    assert "OccurrenceRejoined" not in found


def test_a_series_that_still_has_its_dates_keeps_them(series: str, alice: DavClient) -> None:
    master = components(series)[0]
    moved = master.replace("20261125T", "20261126T")
    alice.put(PATH, series.replace(master, moved), expect=204)
    seen = alice.get(PATH).text
    assert starts(seen, "RECURRENCE-ID") == ["20261127T090000", "20261128T090000"]
    assert starts(seen, "EXDATE") == ["20261129T090000"]


def test_dates_that_are_not_sent_along_are_as_the_series(series: str, alice: DavClient) -> None:
    text = later(series)
    for part in components(text)[1:]:
        text = text.replace(f"BEGIN:VEVENT{part}", "")
    alice.put(PATH, f"{text}END:VCALENDAR\r\n", expect=204)
    assert starts(alice.get(PATH).text) == ["20261125T110000"]


def test_an_attendees_program_moves_nothing(series: str, alice: DavClient, ivan: DavClient) -> None:
    ivan.put(IVANS, later(ivan.get(IVANS).text), expect=204)
    assert alice.get(PATH).text == series


# -- this and following: programs end one series and begin another (RFC 5545 §3.8.4.5) ----


def split(alice: DavClient, *, answer: str = "ACCEPTED", lines: str = "") -> None:
    """End the series of nine days on the third, and begin another on the fourth."""
    text = alice.get(PATH).text
    ended = text.replace("FREQ=DAILY;COUNT=9", "FREQ=DAILY;UNTIL=20261127T080000Z")
    alice.put(PATH, ended, expect=204)
    times = (
        "DTSTART;TZID=Europe/Paris:20261128T110000\r\nDTEND;TZID=Europe/Paris:20261128T120000\r\n"
    )
    rest = f"RRULE:FREQ=DAILY;COUNT=6\r\nRELATED-TO;RELTYPE=SIBLING:essai\r\n{lines}"
    guest = attendee(GUEST, PARTSTAT="ACCEPTED")
    new = event("essai-2", times=times, lines=f"{rest}{attendee(IVAN, PARTSTAT=answer)}{guest}")
    alice.put(LATER, new, expect=201)


@pytest.fixture
def two(alice: DavClient, ivan: DavClient) -> None:
    """A series with a guest, which Ivan has accepted, split by Alice's program."""
    alice.put(PATH, event(lines=f"{SERIES}{attendee(IVAN)}{attendee(GUEST)}"), expect=201)
    answer_at(ivan, IVANS, IVAN, "ACCEPTED")
    split(alice)


def test_the_first_part_ends(two: None, alice: DavClient, ivan: DavClient) -> None:
    assert "UNTIL=20261127T080000Z" in ivan.get(IVANS).text
    found = ivan.query("/ivan/ivan/", "20261128T000000Z", "20261129T000000Z")
    assert [path.rpartition("/")[2] for path in found] == ["t.ics"]


def test_the_second_part_says_what_it_comes_from(two: None, ivan: DavClient) -> None:
    assert lines_of(ivan.get(IVANS_LATER).text, "RELATED-TO") == [
        "RELATED-TO;RELTYPE=SIBLING:essai"
    ]


def test_answers_and_owner_come_along(two: None, alice: DavClient) -> None:
    text = alice.get(LATER).text
    assert presence(text, IVAN) == "ACCEPTED"
    assert presence(text, GUEST) == "ACCEPTED"
    (owner,) = [line for line in lines_of(text, "ATTENDEE") if "ROLE=CHAIR" in line]
    assert owner.endswith("alice@agence.example")


def test_guests_are_told_once_of_each_part(two: None, book: AppointmentBook) -> None:
    told = queued(book)
    # invited, told that it ends earlier, invited to the rest
    assert told == [("REQUEST", GUEST)] * 3


# -- what a rule ends with, and nights that have an hour more or less ----------------------


def test_all_day_series_end_with_a_date(alice: DavClient, ivan: DavClient) -> None:
    times = "DTSTART;VALUE=DATE:20261125\r\nDTEND;VALUE=DATE:20261126\r\n"
    date = "BEGIN:VEVENT\r\nUID:essai\r\nDTSTAMP:20261124T080000Z\r\n"
    dates = "".join(
        f"{date}RECURRENCE-ID;VALUE=DATE:202611{day}\r\nDTSTART;VALUE=DATE:202611{day}\r\n"
        f"{attendee(IVAN)}END:VEVENT\r\n"
        for day in (26, 28)
    )
    alice.put(PATH, event(times=times, lines="RRULE:FREQ=DAILY\r\n", after=dates), expect=201)
    master = components(ivan.get(IVANS).text)[0]
    assert lines_of(master, "RRULE") == ["RRULE:FREQ=DAILY;UNTIL=20261128"]
    assert lines_of(master, "EXDATE") == ["EXDATE;VALUE=DATE:20261127"]


def test_dates_of_an_added_list_are_listed(alice: DavClient, ivan: DavClient) -> None:
    added = "RDATE;TZID=Europe/Paris:20261127T090000,20261203T090000\r\n"
    dates = override(27, on=27, lines=ROOM) + override(25, on=25, lines=ROOM)
    alice.put(PATH, event(lines=added, after=dates), expect=201)
    master = components(ivan.get(IVANS).text)[0]
    assert lines_of(master, "RDATE") == ["RDATE;TZID=Europe/Paris:20261127T090000"]
    assert lines_of(master, "RRULE") == []


@pytest.mark.parametrize(
    ("first", "hits"),
    [
        # 29 March 2026: half past two is skipped; 25 October: it comes twice
        ("20260328T023000", {"28": "0130", "29": "0130", "30": "0030"}),
        ("20261024T023000", {"24": "0030", "25": "0030", "26": "0130"}),
    ],
)
def test_nights_of_a_change_of_time(
    alice: DavClient, ivan: DavClient, first: str, hits: dict[str, str]
) -> None:
    times = f"DTSTART;TZID=Europe/Paris:{first}\r\nDURATION:PT20M\r\n"
    month = first[:6]
    days = list(hits)
    dates = "".join(
        f"BEGIN:VEVENT\r\nUID:essai\r\nDTSTAMP:20261124T080000Z\r\n"
        f"RECURRENCE-ID;TZID=Europe/Paris:{month}{day}T023000\r\n"
        f"DTSTART;TZID=Europe/Paris:{month}{day}T023000\r\nDURATION:PT20M\r\n"
        f"{attendee(IVAN)}END:VEVENT\r\n"
        for day in days[:2]
    )
    alice.put(PATH, event(times=times, lines=SERIES, after=dates), expect=201)
    for day, clock in hits.items():
        span = (f"{month}{day}T{clock}00Z", f"{month}{day}T{clock[:2]}5900Z")
        found = ivan.query("/ivan/ivan/", *span)
        assert bool(found) == (day in days[:2]), day
        assert alice.query("/alice/alice/", *span), day


def test_an_answer_of_a_date_stays_with_its_date(
    series: str, alice: DavClient, ivan: DavClient
) -> None:
    text = ivan.get(IVANS).text
    part = components(text)[1]
    ivan.put(IVANS, text.replace(part, answered(part, IVAN, "DECLINED")), expect=204)
    alice.put(PATH, alice.get(PATH).text.replace("SUMMARY:Ailleurs", "SUMMARY:Salle 3"), expect=204)
    _, first, second = components(alice.get(PATH).text)
    assert (presence(first, IVAN), presence(second, IVAN)) == ("DECLINED", "ACCEPTED")

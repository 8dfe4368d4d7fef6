"""RFC 6638 §3.2.6: who takes part on some dates of a series is told of these only."""

from __future__ import annotations

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from support.dav import DavClient
from support.inbox import IVANS, MINE, edit, empty, only, switch, texts
from support.objects import event, override
from support.scheduling import ALICE, CLAIRE, IVAN, answer_at, attendee, lines_of

WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=4\r\n"
ZONED = "TZID=Europe/Paris:"


@pytest.fixture(autouse=True)
def listening(book: AppointmentBook) -> None:
    switch(book, "alice", "ivan", "claire")


def date(day: str, *addresses: str, lines: str = "") -> str:
    """A date of the series, ``1202`` and so forth, with those who are expected on it."""
    invited = "".join(map(attendee, (ALICE, *addresses)))
    text = override(25, on=25, uid="a", lines=f"SUMMARY:Essai\r\n{lines}{invited}")
    return text.replace("1125", day)


def plan(alice: DavClient, *addresses: str, dates: str) -> None:
    """Four Wednesdays at nine, from 25 November on."""
    invited = "".join(map(attendee, addresses))
    alice.put(MINE, event("a", lines=WEEKLY + invited, after=dates), expect=201)


def of(name: str, text: str) -> list[str]:
    """Return the days that a property names."""
    return [line.partition(ZONED)[2][4:8] for line in lines_of(text, name)]


def test_of_all_his_dates_and_no_others(alice: DavClient, ivan: DavClient) -> None:
    plan(alice, CLAIRE, dates=date("1202", CLAIRE, IVAN) + date("1216", CLAIRE, IVAN))
    told = only(ivan)
    assert of("RECURRENCE-ID", told) == ["1202", "1216"]
    assert of("DTSTART", told)[-2:] == ["1202", "1216"]
    assert "FREQ=WEEKLY" not in told


def test_not_of_what_happens_to_others_dates(alice: DavClient, ivan: DavClient) -> None:
    dates = date("1202", CLAIRE, IVAN) + date("1209", CLAIRE)
    plan(alice, CLAIRE, dates=dates)
    empty(ivan)
    edit(alice, MINE, "20261209T100000", "20261209T103000")
    assert texts(ivan) == []
    edit(alice, MINE, "20261202T100000", "20261202T103000")
    told = only(ivan)
    assert of("RECURRENCE-ID", told) == ["1202"]
    assert "20261202T103000" in told


def test_an_invitation_leaves_out_where_one_is_not_expected(
    alice: DavClient, ivan: DavClient, claire: DavClient
) -> None:
    plan(alice, CLAIRE, IVAN, dates=date("1202", CLAIRE))
    told = only(ivan)
    assert lines_of(told, "METHOD") == ["METHOD:REQUEST"]
    assert of("EXDATE", told) == ["1202"]
    assert not lines_of(told, "RECURRENCE-ID")
    assert not lines_of(only(claire), "EXDATE")


def test_who_is_taken_off_a_date_hears_no_more_of_it(alice: DavClient, ivan: DavClient) -> None:
    plan(alice, CLAIRE, IVAN, dates="")
    empty(ivan)
    text = alice.get(MINE).text
    without = date("1202", CLAIRE, lines="LOCATION:Ici\r\n")
    alice.put(MINE, text.replace("END:VCALENDAR", f"{without}END:VCALENDAR"), expect=204)
    told = only(ivan)
    assert lines_of(told, "METHOD") == ["METHOD:CANCEL"]
    assert of("RECURRENCE-ID", told) == ["1202"]
    empty(ivan)
    edit(alice, MINE, "LOCATION:Ici", "LOCATION:Ailleurs")
    assert texts(ivan) == []
    edit(alice, MINE, "RRULE:FREQ=WEEKLY;COUNT=4", "RRULE:FREQ=WEEKLY;COUNT=6")
    told = only(ivan)
    assert lines_of(told, "METHOD") == ["METHOD:REQUEST"]
    assert of("EXDATE", told) == ["1202"]
    assert "Ailleurs" not in told


def test_answers_are_told_of_ones_own_dates(
    alice: DavClient, claire: DavClient, ivan: DavClient
) -> None:
    """Alice, who may edit Claire's, is not there on the second date."""
    elsewhere = date("1202", CLAIRE, IVAN).replace(attendee(ALICE), "")
    invited = attendee(ALICE) + attendee(CLAIRE) + attendee(IVAN)
    text = event("a", lines=WEEKLY + invited, after=elsewhere)
    alice.put("/alice/claire/a.ics", text, expect=201)
    answer_at(ivan, IVANS, IVAN, "ACCEPTED")
    told = only(alice)
    assert lines_of(told, "METHOD") == ["METHOD:REPLY"]
    assert not lines_of(told, "RECURRENCE-ID")

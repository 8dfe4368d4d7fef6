"""RFC 6638 §3.2.6: who takes part on some dates of a series only sees those."""

from __future__ import annotations

import pytest

from support.caldav import Place, comp, expand, query, time_range
from support.dav import DavClient
from support.objects import event, override
from support.scheduling import ALICE, CLAIRE, IVAN, answer_at, ask, attendee, busy_times, lines_of

PATH, IVANS = "/alice/alice/s.ics", "/ivan/ivan/s.ics"
SERIES = "RRULE:FREQ=DAILY;COUNT=5\r\n"
DATES = ("25", "26", "27", "28", "29")


@pytest.fixture
def once(alice: DavClient) -> None:
    """Alice's and Claire's series of five days, to whose second Ivan is invited."""
    alice.put(PATH, event(lines=f"{SERIES}{attendee(CLAIRE)}"), expect=201)
    lines = f"SUMMARY:Essai\r\n{attendee(ALICE)}{attendee(CLAIRE)}{attendee(IVAN)}"
    _add(alice, override(26, on=26, lines=lines))


@pytest.fixture
def all_but_once(alice: DavClient) -> None:
    """Alice's and Ivan's series of five days, on whose second Ivan is not expected."""
    alice.put(PATH, event(lines=f"{SERIES}{attendee(IVAN)}"), expect=201)
    _add(alice, override(26, on=26, lines=f"SUMMARY:Essai\r\n{attendee(ALICE)}"))


def _add(client: DavClient, date: str) -> None:
    text = client.get(PATH).text
    client.put(PATH, text.replace("END:VCALENDAR", f"{date}END:VCALENDAR"), expect=204)


def _dates(client: DavClient, path: str) -> list[str]:
    """Return the days in November on which a calendar shows something."""
    shape = expand("20261120T000000Z", "20261210T000000Z")
    place = Place(client, path)
    texts = place.texts(place.report(query(comp("VEVENT"), props=shape))).values()
    starts = [line for text in texts for line in lines_of(text, "DTSTART")]
    return sorted(line.rpartition(":")[2][6:8] for line in starts)


def _hits(client: DavClient, path: str, day: int) -> set[str]:
    span = time_range(f"202611{day}T000000Z", f"202611{day + 1}T000000Z")
    return Place(client, path).hits(comp("VEVENT", span))


def test_3_2_6_only_the_dates_one_is_invited_to(once: None, ivan: DavClient) -> None:
    assert _dates(ivan, "/ivan/ivan/") == ["26"]
    assert _hits(ivan, "/ivan/ivan/", 26) == {"s.ics"}
    assert _hits(ivan, "/ivan/ivan/", 25) == set()


def test_3_2_6_the_others_see_all(once: None, alice: DavClient, claire: DavClient) -> None:
    assert _dates(alice, "/alice/alice/") == list(DATES)
    assert _dates(claire, "/claire/claire/") == list(DATES)


def test_3_2_6_never_a_date_without_its_series(once: None, ivan: DavClient) -> None:
    components = ivan.get(IVANS).text.split("BEGIN:VEVENT")[1:]
    # many programs fail at an override that stands alone
    assert len([each for each in components if not lines_of(each, "RECURRENCE-ID")]) == 1


def test_3_2_6_one_is_busy_on_these_dates_alone(once: None, alice: DavClient) -> None:
    assert busy_times(alice, CLAIRE) == {"BUSY": ["0800-0900"]}
    assert busy_times(alice, IVAN) == {}


def test_3_2_6_one_answers_for_these_dates(once: None, alice: DavClient, ivan: DavClient) -> None:
    answer_at(ivan, IVANS, IVAN, "ACCEPTED")
    series, date = alice.get(PATH).text.split("BEGIN:VEVENT")[1:]
    assert "PARTSTAT=ACCEPTED" in next(
        line for line in lines_of(date, "ATTENDEE") if line.endswith(IVAN)
    )
    assert IVAN not in series.replace("\r\n ", "")


def test_3_2_6_a_date_one_is_left_out_of(all_but_once: None, ivan: DavClient) -> None:
    assert _dates(ivan, "/ivan/ivan/") == ["25", "27", "28", "29"]
    assert _hits(ivan, "/ivan/ivan/", 26) == set()
    assert _hits(ivan, "/ivan/ivan/", 27) == {"s.ics"}


def test_3_2_6_one_is_free_on_a_date_one_is_left_out_of(
    all_but_once: None, alice: DavClient
) -> None:
    times = "DTSTART:20261126T000000Z\r\nDTEND:20261127T000000Z\r\n"
    assert [each.busy for each in ask(alice, IVAN, ALICE, times=times)] == [
        {},
        {"BUSY": ["0800-0900"]},
    ]


def test_3_2_6_nobody_who_answers_undoes_it(
    all_but_once: None, alice: DavClient, ivan: DavClient
) -> None:
    answer_at(ivan, IVANS, IVAN, "ACCEPTED")
    assert _dates(alice, "/alice/alice/") == list(DATES)
    assert _dates(ivan, "/ivan/ivan/") == ["25", "27", "28", "29"]
    _, date = alice.get(PATH).text.split("BEGIN:VEVENT")[1:]
    assert IVAN not in date.replace("\r\n ", "")

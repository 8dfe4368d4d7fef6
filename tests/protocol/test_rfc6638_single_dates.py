"""RFC 6638 §3.2.6: what is written by, and for, those who take part on some dates of a series."""

from __future__ import annotations

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.agency import PersonKind, Role
from rdv_radicale.application import create_app
from support.dav import DavClient
from support.objects import event, override
from support.scheduling import (
    ALICE,
    CLAIRE,
    IVAN,
    admit,
    answer_at,
    answered,
    attendee,
    busy_times,
    hire,
    lines_of,
    presence,
)

PATH, IVANS = "/alice/alice/s.ics", "/ivan/ivan/s.ics"
AT_IVANS = "/alice/ivan/s.ics"
SERIES = "RRULE:FREQ=DAILY;COUNT=9\r\n"
ALARM = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Rappel\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n"


def series(*dates: str, lines: str = SERIES) -> str:
    return event(lines=f"{lines}{attendee(CLAIRE)}", after="".join(dates))


def invited(day: int, *, on: int | None = None) -> str:
    """A date to which Ivan is invited too."""
    lines = f"SUMMARY:Essai\r\n{attendee(ALICE)}{attendee(CLAIRE)}{attendee(IVAN)}"
    return override(day, on=on or day, lines=lines)


def components(text: str) -> list[str]:
    return text.split("BEGIN:VEVENT")[1:]


def at(text: str, day: int) -> str:
    """The component that stands for a date."""
    return next(
        part for part in components(text) if f"{day}T090000" in "".join(lines_of(part, "RECURR.*"))
    )


@pytest.fixture
def one(alice: DavClient) -> str:
    """Ivan takes part on the 26th only; what Alice reads."""
    alice.put(PATH, series(invited(26)), expect=201)
    return alice.get(PATH).text


@pytest.fixture
def three(alice: DavClient) -> str:
    """Ivan takes part on the 26th, the 28th (moved to the 29th) and the 30th."""
    dates = (invited(26), invited(28, on=29), invited(30))
    alice.put(PATH, series(*dates), expect=201)
    return alice.get(PATH).text


def test_a_single_date_is_a_plain_event(one: str, ivan: DavClient) -> None:
    (only,) = components(ivan.get(IVANS).text)
    assert lines_of(only, "(RECURRENCE-ID|RRULE|RDATE|EXDATE)") == []
    assert lines_of(only, "DTSTART") == ["DTSTART;TZID=Europe/Paris:20261126T090000"]


def test_several_dates_are_the_rule_cut_to_them(three: str, ivan: DavClient) -> None:
    master, *dates = components(ivan.get(IVANS).text)
    assert lines_of(master, "DTSTART") == ["DTSTART;TZID=Europe/Paris:20261126T090000"]
    assert lines_of(master, "RRULE") == ["RRULE:FREQ=DAILY;UNTIL=20261130T080000Z"]
    assert [line[-15:-7] for line in lines_of(master, "EXDATE")] == ["20261127", "20261129"]
    assert len(dates) == 3


def test_a_plain_event_sent_back_changes_nothing(one: str, alice: DavClient) -> None:
    alice.put(AT_IVANS, alice.get(AT_IVANS).text, expect=204)
    assert alice.get(PATH).text == one


def test_what_is_sent_back_as_it_was_read_changes_nothing(
    three: str, alice: DavClient, ivan: DavClient
) -> None:
    answer = ivan.put(IVANS, ivan.get(IVANS).text, expect=204)
    assert answer.etag == ivan.get(IVANS).etag
    assert alice.get(PATH).text == three


def test_the_same_by_an_editor(three: str, alice: DavClient) -> None:
    alice.put(AT_IVANS, alice.get(AT_IVANS).text, expect=204)
    assert alice.get(PATH).text == three


def test_answering_one_of_several_dates(three: str, alice: DavClient, ivan: DavClient) -> None:
    text = ivan.get(IVANS).text
    part = at(text, 28)
    ivan.put(IVANS, text.replace(part, answered(part, IVAN, "TENTATIVE")), expect=204)
    seen = alice.get(PATH).text
    found = [presence(at(seen, day), IVAN) for day in (26, 28, 30)]
    assert found == ["NEEDS-ACTION", "TENTATIVE", "NEEDS-ACTION"]


def test_answering_all_of_them_by_their_master(
    three: str, alice: DavClient, ivan: DavClient
) -> None:
    text = ivan.get(IVANS).text
    part = at(text, 28)
    ivan.put(IVANS, text.replace(part, answered(part, IVAN, "DECLINED")), expect=204)
    text = ivan.get(IVANS).text
    master = components(text)[0]
    ivan.put(IVANS, text.replace(master, answered(master, IVAN, "ACCEPTED")), expect=204)
    seen = alice.get(PATH).text
    found = [presence(at(seen, day), IVAN) for day in (26, 28, 30)]
    assert found == ["ACCEPTED", "DECLINED", "ACCEPTED"]
    assert IVAN not in components(seen)[0]


def test_who_refuses_his_only_date_is_free_then(
    one: str, alice: DavClient, ivan: DavClient
) -> None:
    answer_at(ivan, IVANS, IVAN, "DECLINED")
    assert "TRANSP:TRANSPARENT" in ivan.get(IVANS).text
    answer_at(ivan, IVANS, IVAN, "ACCEPTED")
    assert "TRANSP:TRANSPARENT" not in ivan.get(IVANS).text


def test_taking_a_date_out_is_refusing_it(three: str, alice: DavClient, ivan: DavClient) -> None:
    text = ivan.get(IVANS).text
    text = text.replace(f"BEGIN:VEVENT{at(text, 30)}", "END:VCALENDAR\r\n")
    exclusion = "EXDATE;TZID=Europe/Paris:20261130T090000\r\nRRULE:FREQ=DAILY"
    ivan.put(IVANS, text.replace("RRULE:FREQ=DAILY", exclusion, 1), expect=204)
    seen = alice.get(PATH).text
    assert presence(at(seen, 30), IVAN) == "DECLINED"
    assert presence(at(seen, 26), IVAN) == "NEEDS-ACTION"
    assert lines_of(seen, "EXDATE") == []


@pytest.mark.parametrize("days", [("26",), ("26", "28", "30")])
def test_alarms_stay_where_they_were_set(
    days: tuple[str, ...], alice: DavClient, ivan: DavClient
) -> None:
    alice.put(PATH, series(*(invited(int(day)) for day in days)), expect=201)
    text = ivan.get(IVANS).text.replace("END:VEVENT", f"{ALARM}END:VEVENT")
    answer = ivan.put(IVANS, text, expect=204)
    assert ivan.get(IVANS).text == text
    assert answer.etag is not None
    assert "VALARM" not in alice.get(PATH).text


def test_deleting_it_refuses_his_dates_and_leaves_the_series(
    three: str, alice: DavClient, ivan: DavClient
) -> None:
    ivan.request("DELETE", IVANS, expect=204)
    seen = alice.get(PATH).text
    assert [presence(at(seen, day), IVAN) for day in (26, 28, 30)] == ["DECLINED"] * 3
    assert ivan.request("GET", IVANS).status == 404


def test_who_deleted_it_sees_another_date_that_he_is_invited_to(
    one: str, alice: DavClient, ivan: DavClient
) -> None:
    ivan.request("DELETE", IVANS, expect=204)
    text = alice.get(PATH).text
    alice.put(PATH, text.replace("END:VCALENDAR", f"{invited(28)}END:VCALENDAR"), expect=204)
    assert "20261128T090000" in ivan.get(IVANS).text


def test_a_cancelled_date_is_tidied_away_without_an_answer(
    one: str, alice: DavClient, ivan: DavClient
) -> None:
    cancelled = at(one, 26).replace("SUMMARY", "STATUS:CANCELLED\r\nSUMMARY")
    alice.put(PATH, one.replace(at(one, 26), cancelled), expect=204)
    ivan.request("DELETE", IVANS, expect=204)
    assert presence(at(alice.get(PATH).text, 26), IVAN) == "NEEDS-ACTION"


# -- editors ------------------------------------------------------------------------------


def test_an_editor_who_changes_a_date_there_keeps_the_series(one: str, alice: DavClient) -> None:
    text = alice.get(AT_IVANS).text
    alice.put(AT_IVANS, text.replace("SUMMARY:Essai", "SUMMARY:Avec Ivan"), expect=204)
    master, date = components(alice.get(PATH).text)
    assert "RRULE:FREQ=DAILY;COUNT=9" in master
    assert "SUMMARY:Essai" in master
    assert "SUMMARY:Avec Ivan" in date


def test_an_editor_who_moves_his_dates_moves_no_other(three: str, alice: DavClient) -> None:
    text = alice.get(AT_IVANS).text
    master = components(text)[0]
    moved = master.replace("T090000", "T110000").replace("T100000", "T120000")
    alice.put(AT_IVANS, text.replace(master, moved), expect=204)
    series_, *dates = components(alice.get(PATH).text)
    assert lines_of(series_, "DTSTART") == ["DTSTART;TZID=Europe/Paris:20261125T090000"]
    starts = [lines_of(date, "DTSTART")[0].rpartition(":")[2] for date in dates]
    assert starts == ["20261126T110000", "20261129T110000", "20261130T110000"]
    assert all("T090000" in lines_of(date, "RECURRENCE-ID")[0] for date in dates)


def test_an_editor_who_takes_a_date_out_has_its_person_refuse(three: str, alice: DavClient) -> None:
    text = alice.get(AT_IVANS).text
    text = text.replace(f"BEGIN:VEVENT{at(text, 30)}", "END:VCALENDAR\r\n")
    exclusion = "EXDATE;TZID=Europe/Paris:20261130T090000\r\nRRULE:FREQ=DAILY"
    alice.put(AT_IVANS, text.replace("RRULE:FREQ=DAILY", exclusion, 1), expect=204)
    seen = alice.get(PATH).text
    assert presence(at(seen, 30), IVAN) == "DECLINED"
    assert presence(at(seen, 30), CLAIRE) == "NEEDS-ACTION"


def test_the_whole_series_put_there_is_the_whole_series(one: str, alice: DavClient) -> None:
    changed = one.replace("RRULE:FREQ=DAILY", "LOCATION:Salle 2\r\nRRULE:FREQ=DAILY", 1)
    alice.put(AT_IVANS, changed, expect=204)
    master, date = components(alice.get(PATH).text)
    assert "LOCATION:Salle 2" in master
    assert lines_of(date, "LOCATION") == []


def test_a_copy_of_a_date_adds_somebody_to_that_date(
    one: str, book: AppointmentBook, alice: DavClient
) -> None:
    hire(book, "zoe", PersonKind.INTERVENANT)
    admit(book, "zoe", Role.INTERVENANT)
    zoe = DavClient(create_app(book), "zoe")
    alice.put("/alice/zoe/s.ics", alice.get(AT_IVANS).text, expect=201)
    master, date = components(alice.get(PATH).text)
    assert "COUNT=9" in master
    assert "zoe@agence.example" not in master
    assert "zoe@agence.example" in date
    assert len(components(zoe.get("/zoe/zoe/s.ics").text)) == 1


def test_moving_his_dates_to_somebody_else(
    three: str, book: AppointmentBook, alice: DavClient, ivan: DavClient
) -> None:
    hire(book, "zoe", PersonKind.INTERVENANT)
    alice.move(AT_IVANS, "/alice/zoe/s.ics")
    master, *dates = components(alice.get(PATH).text)
    assert "zoe@agence.example" not in master
    assert all("zoe@agence.example" in date.replace("\r\n ", "") for date in dates)
    assert ivan.request("GET", IVANS).status == 404
    assert len(components(alice.get("/alice/zoe/s.ics").text)) == 4


def test_the_changes_of_his_dates_are_told_to_his_program(
    one: str, alice: DavClient, ivan: DavClient
) -> None:
    token, *_ = ivan.sync("/ivan/ivan/")
    etag = ivan.get(IVANS).etag
    date = at(one, 26)
    moved = date.replace("DTSTART;TZID=Europe/Paris:20261126", "DTSTART;TZID=Europe/Paris:20261127")
    moved = moved.replace("DTEND;TZID=Europe/Paris:20261126", "DTEND;TZID=Europe/Paris:20261127")
    alice.put(PATH, one.replace(date, moved), expect=204)
    _, changed, _ = ivan.sync("/ivan/ivan/", token)
    assert [path.rpartition("/")[2] for path in changed] == ["s.ics"]
    assert ivan.get(IVANS).etag != etag
    assert ivan.query("/ivan/ivan/", "20261126T000000Z", "20261127T000000Z") == {}
    assert len(ivan.query("/ivan/ivan/", "20261127T000000Z", "20261128T000000Z")) == 1


# -- all dates but some -------------------------------------------------------------------


@pytest.fixture
def all_but(alice: DavClient) -> str:
    """Ivan takes part in the series, but not on the 26th."""
    without = override(26, on=26, lines=f"SUMMARY:Sans\r\n{attendee(ALICE)}")
    alice.put(PATH, event(lines=f"{SERIES}{attendee(IVAN)}", after=without), expect=201)
    return alice.get(PATH).text


def test_a_date_one_is_left_out_of_is_excluded(all_but: str, ivan: DavClient) -> None:
    (master,) = components(ivan.get(IVANS).text)
    assert lines_of(master, "EXDATE") == ["EXDATE;TZID=Europe/Paris:20261126T090000"]


def test_it_is_still_there_for_the_others(all_but: str, alice: DavClient, ivan: DavClient) -> None:
    answer = ivan.put(IVANS, ivan.get(IVANS).text, expect=204)
    assert answer.etag is not None
    alice.put(AT_IVANS, alice.get(AT_IVANS).text, expect=204)
    assert alice.get(PATH).text == all_but


@pytest.mark.parametrize("shifts", [True, False])
def test_an_editor_who_moves_the_series_there(all_but: str, alice: DavClient, shifts: bool) -> None:
    text = alice.get(AT_IVANS).text
    kept = "EXDATE;TZID=Europe/Paris:20261126T090000"
    text = text.replace("T090000", "T110000").replace("T100000", "T120000")
    if not shifts:
        text = text.replace(kept.replace("T09", "T11"), kept)
    alice.put(AT_IVANS, text, expect=204)
    master, date = components(alice.get(PATH).text)
    assert lines_of(master, "EXDATE") == []
    assert lines_of(date, "RECURRENCE-ID")[0].endswith("20261126T110000")
    assert lines_of(date, "DTSTART") == ["DTSTART;TZID=Europe/Paris:20261126T110000"]
    assert "SUMMARY:Sans" in date


def test_refusing_another_date_by_leaving_it_out(
    all_but: str, alice: DavClient, ivan: DavClient
) -> None:
    text = ivan.get(IVANS).text
    ivan.put(
        IVANS,
        text.replace("RRULE:FREQ=DAILY", "EXDATE:20261127T080000Z\r\nRRULE:FREQ=DAILY", 1),
        expect=204,
    )
    seen = alice.get(PATH).text
    assert presence(at(seen, 27), IVAN) == "DECLINED"
    assert IVAN not in at(seen, 26)


# -- free/busy ----------------------------------------------------------------------------


def test_a_moved_date_keeps_busy_where_it_was_moved_to(alice: DavClient, ivan: DavClient) -> None:
    alice.put(PATH, series(invited(27, on=25)), expect=201)
    assert busy_times(alice, IVAN) == {"BUSY": ["0800-0900"]}

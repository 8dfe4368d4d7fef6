"""A series as it is shown to who takes part in some dates, and whole again from what he writes."""

from __future__ import annotations

from datetime import datetime

import pytest

from rdv_caldav.domain.appointment import Appointment
from rdv_caldav.domain.parts import Part, part_of
from rdv_caldav.ical.contentlines import unfold
from rdv_caldav.ical.parts import shown
from rdv_caldav.ical.views import find_slots
from rdv_caldav.ical.widening import Widened, part_like, widened
from support.agency import IVAN, JEAN
from support.lens import stored
from support.objects import event, override
from support.scheduling import CLAIRE, attendee
from support.scheduling import IVAN as IVANS_ADDRESS

DAILY = "RRULE:FREQ=DAILY;COUNT=9\r\n"
INVITED = f"SUMMARY:Essai\r\n{attendee(CLAIRE)}{attendee(IVANS_ADDRESS)}"


def invited(day: int, *, on: int | None = None) -> str:
    return override(day, on=on or day, lines=INVITED)


def series(*days: int, lines: str = DAILY) -> tuple[str, Appointment]:
    """The stored series, to some dates of which Ivan is invited."""
    dates = "".join(map(invited, days))
    return stored(event(lines=f"{lines}{attendee(CLAIRE)}", after=dates))


def ivans(appointment: Appointment) -> Part:
    part = part_of(appointment, IVAN.id)
    assert part is not None
    return part


def seen(text: str, appointment: Appointment) -> str:
    return shown(text, appointment, ivans(appointment))[0]


def again(sent: str, text: str, appointment: Appointment) -> Widened:
    return widened(sent, text, appointment, ivans(appointment))


def masters(text: str, name: str) -> list[str]:
    """The lines of a property in the first VEVENT."""
    return [line for line in unfold(text.split("BEGIN:VEVENT")[1]) if line.startswith(name)]


# -- what is shown ------------------------------------------------------------------------


def test_the_rule_is_cut_to_the_stretch_of_his_dates() -> None:
    text = seen(*series(26, 27, 29))
    assert masters(text, "RRULE") == ["RRULE:FREQ=DAILY;UNTIL=20261129T080000Z"]
    assert masters(text, "EXDATE") == ["EXDATE;TZID=Europe/Paris:20261128T090000"]


def test_a_rule_of_weeks_starts_at_the_first_of_them() -> None:
    rule = "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE\r\n"
    text, appointment = stored(
        event(
            lines=f"{rule}{attendee(CLAIRE)}",
            after="".join(invited(day).replace("202611", "202612") for day in (7, 9, 21)),
        )
    )
    shown_text = seen(text, appointment)
    assert masters(shown_text, "RRULE") == [
        "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;UNTIL=20261221T080000Z"
    ]
    assert masters(shown_text, "EXDATE") == []


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        # no rule at all, two of them, a date that the rule does not yield
        ("RDATE;TZID=Europe/Paris:20261126T090000,20261128T090000\r\n", (26, 28)),
        (f"{DAILY}RRULE:FREQ=WEEKLY\r\n", (26, 28)),
        ("RRULE:FREQ=WEEKLY\r\nRDATE;TZID=Europe/Paris:20261126T090000\r\n", (26, 28)),
    ],
)
def test_dates_that_one_rule_does_not_yield_are_listed(lines: str, days: tuple[int, ...]) -> None:
    text = seen(*series(*days, lines=lines))
    assert masters(text, "RRULE") == []
    assert masters(text, "RDATE") == ["RDATE;TZID=Europe/Paris:20261128T090000"]


def test_dates_too_far_apart_are_listed() -> None:
    far = invited(26).replace("202611", "202711")
    text, appointment = stored(
        event(lines=f"RRULE:FREQ=DAILY\r\n{attendee(CLAIRE)}", after=invited(26) + far)
    )
    assert masters(seen(text, appointment), "RDATE") == ["RDATE;TZID=Europe/Paris:20271126T090000"]


def test_a_series_of_his_own_is_never_like_the_whole_one() -> None:
    lines = "RRULE:FREQ=DAILY;UNTIL=20261126T080000Z\r\n"
    text = seen(*series(25, 26, lines=lines))
    assert masters(text, "RRULE") == []
    assert masters(text, "RDATE") == ["RDATE;TZID=Europe/Paris:20261126T090000"]


def test_floating_and_utc_series() -> None:
    for zone, mark in (("", ""), ("", "Z")):
        text = event(
            times=f"DTSTART{zone}:20261125T090000{mark}\r\nDURATION:PT1H\r\n",
            lines=f"{DAILY}{attendee(CLAIRE)}",
            after="".join(
                f"BEGIN:VEVENT\r\nUID:essai\r\nDTSTAMP:20261124T080000Z\r\n"
                f"RECURRENCE-ID:202611{day}T090000{mark}\r\nDTSTART:202611{day}T090000{mark}\r\n"
                f"DURATION:PT1H\r\n{INVITED}END:VEVENT\r\n"
                for day in (26, 27)
            ),
        )
        found = seen(*stored(text))
        assert masters(found, "RRULE") == [f"RRULE:FREQ=DAILY;UNTIL=20261127T090000{mark}"]
        assert masters(found, "DTEND") == [f"DTEND:20261126T100000{mark}"]


def test_a_plain_event_keeps_the_key_of_its_date() -> None:
    text, appointment = series(26)
    found, slots = shown(text, appointment, ivans(appointment))
    assert {slot.split("|")[1] for slot in slots.split(";")} == {"2026-11-26T09:00:00"}
    assert slots != find_slots(found, zone="Europe/Paris")


# -- whole again --------------------------------------------------------------------------


@pytest.mark.parametrize("days", [(26,), (26, 28), (26, 27, 28)])
def test_what_comes_back_as_it_was_shown_is_what_is_stored(days: tuple[int, ...]) -> None:
    text, appointment = series(*days)
    assert again(seen(text, appointment), text, appointment).text == text


def test_what_is_changed_in_his_master_is_changed_in_his_dates() -> None:
    text, appointment = series(26, 28)
    sent = seen(text, appointment).replace("SUMMARY:Essai", "SUMMARY:Autre", 1)
    sent = sent.replace("COLOR:royalblue\r\n", "", 1)
    whole = again(sent, text, appointment).text
    master, *dates = whole.split("BEGIN:VEVENT")[1:]
    assert "SUMMARY:Essai" in master
    assert "COLOR" in master
    for date in dates:
        assert "SUMMARY:Autre" in date
        assert "COLOR" not in date


def test_a_date_that_differs_already_does_not_follow() -> None:
    dates = invited(26) + invited(28).replace("SUMMARY:Essai", "SUMMARY:Ailleurs")
    text, appointment = stored(event(lines=f"{DAILY}{attendee(CLAIRE)}", after=dates))
    sent = seen(text, appointment).replace("SUMMARY:Essai", "SUMMARY:Autre", 1)
    whole = again(sent, text, appointment).text
    assert whole.count("SUMMARY:Autre") == 1
    assert "SUMMARY:Ailleurs" in whole


def test_moving_his_dates_moves_them_wherever_their_names_went() -> None:
    text, appointment = series(26, 28)
    found = seen(text, appointment)
    head, master, *rest = found.split("BEGIN:VEVENT")
    later = "BEGIN:VEVENT".join(
        (head, master.replace("T090000", "T110000").replace("T100000", "T120000"), *rest)
    )
    along = later.replace(
        "RECURRENCE-ID;TZID=Europe/Paris:20261128T09", "RECURRENCE-ID;TZID=Europe/Paris:20261128T11"
    )
    for sent in (later, along):
        whole = again(sent, text, appointment).text
        assert whole.count("BEGIN:VEVENT") == 3
        assert "DTSTART;TZID=Europe/Paris:20261128T110000" in whole
        assert "RECURRENCE-ID;TZID=Europe/Paris:20261128T090000" in whole


def test_another_zone_of_the_master_moves_nothing() -> None:
    text, appointment = series(26, 28)
    sent = seen(text, appointment).replace(
        "DTSTART;TZID=Europe/Paris:20261126T09", "DTSTART;TZID=Asia/Tokyo:20261126T17", 1
    )
    assert "DTSTART;TZID=Europe/Paris:20261126T090000" in again(sent, text, appointment).text


def test_a_date_that_is_left_out_by_its_day() -> None:
    text, appointment = series(26, 28)
    found = seen(text, appointment)
    date = f"BEGIN:VEVENT{found.split('BEGIN:VEVENT')[-1]}"
    sent = found.replace(date, "END:VCALENDAR\r\n").replace(
        "EXDATE", "EXDATE;VALUE=DATE:20261128\r\nEXDATE", 1
    )
    whole = again(sent, text, appointment)
    assert whole.left_out == (datetime(2026, 11, 28, 9),)
    assert whole.text == text


def test_a_date_that_is_not_sent_stays() -> None:
    text, appointment = series(26, 28)
    found = seen(text, appointment)
    date = f"BEGIN:VEVENT{found.split('BEGIN:VEVENT')[-1]}"
    whole = again(found.replace(date, "END:VCALENDAR\r\n"), text, appointment)
    assert whole == Widened(text)


def test_a_date_that_is_new_comes_along_with_its_zone() -> None:
    text, appointment = series(26, 28)
    zone = "BEGIN:VTIMEZONE\r\nTZID:Chez nous\r\nEND:VTIMEZONE\r\n"
    new = invited(30).replace("DTSTART;TZID=Europe/Paris", "DTSTART;TZID=Chez nous")
    sent = seen(text, appointment).replace("END:VCALENDAR", f"{zone}{new}END:VCALENDAR")
    whole = again(sent, text, appointment).text
    assert "TZID:Chez nous" in whole
    assert "RECURRENCE-ID;TZID=Europe/Paris:20261130T090000" in whole


def test_a_plain_event_that_is_made_a_series_stays_one_date() -> None:
    text, appointment = series(26)
    sent = seen(text, appointment).replace("SUMMARY", "RRULE:FREQ=DAILY\r\nSUMMARY", 1)
    assert again(sent, text, appointment).text == text


def test_the_whole_series_is_taken_as_it_is() -> None:
    text, appointment = series(26)
    sent = text.replace("SUMMARY:Essai", "SUMMARY:Autre")
    assert again(sent, text, appointment) == Widened(sent)


# -- copies -------------------------------------------------------------------------------


def test_a_copy_tells_whose_part_it_is_of() -> None:
    without = override(27, on=27, lines=f"SUMMARY:Sans\r\n{attendee(CLAIRE)}")
    jean = f"{DAILY}{attendee(CLAIRE)}{attendee('jean@famille.example')}"
    text, appointment = stored(event(lines=jean, after=invited(26) + without))
    part = ivans(appointment)
    assert part_like(shown(text, appointment, part)[0], text, appointment) == part
    assert part_like(text, text, appointment) is None
    other = text.replace("COUNT=9", "COUNT=8")
    assert part_like(other, text, appointment) is None
    assert part_of(appointment, JEAN.id) != part

"""Dates of a series in the form: one, those that follow, all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import State
from support.appointment_form import Form, day_of, planned, show, stored, typed
from support.panel import PanelClient


@pytest.fixture
def series(book: AppointmentBook, alice: PanelClient) -> int:
    return planned(book, alice, repeat="WEEKLY", ends="count", count="5", weekdays=[])


def date_of(book: AppointmentBook, weeks: int) -> str:
    return f"{day_of(book) + timedelta(weeks=weeks)}T10:00:00"


def on(book: AppointmentBook, weeks: int, **more: Any) -> dict[str, Any]:
    day = (day_of(book) + timedelta(weeks=weeks)).isoformat()
    return typed(book, start_day=day, end_day=day, **more)


def test_one_date_is_moved_alone(book: AppointmentBook, alice: PanelClient, series: int) -> None:
    form = Form(alice, show(series, date_of(book, 2)))
    form.fill(**on(book, 2, start_time="15:00", end_time="16:00"), scope="date").press("save")
    appointment = stored(book, series)
    assert [o.span.start.hour for o in appointment.occurrences] == [15]
    assert appointment.span.start.hour == 10
    form.fill(**on(book, 2), owner="p999").fill(scope="date").press("save", 422)
    assert "valent pour toute la série" in form.page


def test_a_date_and_those_that_follow_become_a_series_of_their_own(
    book: AppointmentBook, alice: PanelClient, series: int
) -> None:
    form = Form(alice, show(series, date_of(book, 2)))
    form.fill(**on(book, 2, subject="Nouvel objet"), scope="following").press("save")
    new = int(form.where.rsplit("/", 1)[1])
    assert new != series
    before, after = stored(book, series), stored(book, new)
    assert before.recurrence
    assert after.recurrence
    assert "UNTIL" in before.recurrence.rules[0]
    assert after.recurrence.rules == ("FREQ=WEEKLY;COUNT=3",)
    assert (before.subject, after.subject) == ("Bilan", "Nouvel objet")
    assert after.span.start.isoformat() == date_of(book, 2)
    assert after.person_ids == before.person_ids


def test_all_dates_are_moved_with_one(
    book: AppointmentBook, alice: PanelClient, series: int
) -> None:
    form = Form(alice, show(series, date_of(book, 1)))
    form.fill(**on(book, 1, start_time="10:30", end_time="11:30"), scope="all").press("save")
    appointment = stored(book, series)
    assert appointment.occurrences == ()
    assert appointment.span.start.isoformat() == date_of(book, 0).replace("10:00", "10:30")


def test_one_date_is_cancelled(book: AppointmentBook, alice: PanelClient, series: int) -> None:
    Form(alice, show(series, date_of(book, 1))).fill(**on(book, 1)).press("state:ANNULE")
    appointment = stored(book, series)
    assert appointment.state is State.PLANNED
    assert [o.state for o in appointment.occurrences] == [State.CANCELLED]
    assert "Annulé" in alice.get(show(series)).text


def test_dates_that_are_none_are_not_found(
    book: AppointmentBook, alice: PanelClient, series: int
) -> None:
    assert alice.get(show(series, "2026-01-01T10:00:00")).status_code == 422
    assert alice.get(show(series, "rien")).status_code == 404


def test_one_date_is_deleted_after_a_look_and_restored(
    book: AppointmentBook, alice: PanelClient, series: int
) -> None:
    date = date_of(book, 1)
    Form(alice, show(series, date)).fill(**on(book, 1, subject="À part"), scope="date").press(
        "save"
    )
    page = alice.get(show(series, date)).text
    way = f"/rendez-vous/{series}/suppression?date={date}"
    assert f'href="{way.replace(":", "%3A")}"' in page or way in page
    page = alice.get(way).text
    assert "Supprimer cette date ?" in page
    assert "À part" in page
    assert len(stored(book, series).occurrences) == 1, "nothing is done by looking"
    page = alice.post_form(way).text
    assert "est supprimée" in page
    assert "Dates supprimées" in page
    assert "Date supprimée : " in page, "in its history"
    assert alice.get(show(series, date)).status_code == 422
    page = alice.post_form(f"/rendez-vous/{series}/retablissement?date={date}").text
    assert "est rétablie" in page
    assert "Dates supprimées" not in page
    assert [o.subject for o in stored(book, series).occurrences] == ["À part"]
    again = alice.post_form(f"/rendez-vous/{series}/retablissement?date={date}").text
    assert "La série n’a pas de rendez-vous à cette date." in again


def test_guests_who_will_be_told_are_named_before_a_date_is_deleted(
    book: AppointmentBook, alice: PanelClient, series: int
) -> None:
    guest = {"guest_name": "Invité Démo", "guest_address": "invite@exterieur.example"}
    kept = {"repeat": "WEEKLY", "ends": "count", "count": "5", "weekdays": []}
    Form(alice, show(series)).fill(**on(book, 0, **kept), **guest).press("insist")
    way = f"/rendez-vous/{series}/suppression?date={date_of(book, 1)}"
    assert "Reçoivent la série sans cette date par e-mail : Invité Démo." in alice.get(way).text
    with book.database.writing() as tx:
        tx.agency.save_setting("invite_external_guests", False)
    assert "par e-mail" not in alice.get(way).text


def test_the_last_date_is_not_deleted(book: AppointmentBook, alice: PanelClient) -> None:
    twice = planned(book, alice, repeat="WEEKLY", ends="count", count="2", weekdays=[])
    ways = [f"/rendez-vous/{twice}/suppression?date={date_of(book, week)}" for week in (0, 1)]
    pages = [alice.post_form(way).text for way in ways]
    assert "C’est la dernière date de la série" in pages[1]


def test_dates_are_deleted_by_who_edits_the_series(
    book: AppointmentBook, alice: PanelClient, claire: PanelClient, series: int
) -> None:
    single = planned(book, alice)
    for action in ("suppression", "retablissement"):
        way = f"/rendez-vous/{series}/{action}?date={date_of(book, 1)}"
        assert claire.post_form(way).status_code in (403, 404)
        assert alice.post_form(f"/rendez-vous/{series}/{action}").status_code == 404
    for client, appointment_id in ((claire, series), (alice, single)):
        way = f"/rendez-vous/{appointment_id}/suppression?date={date_of(book, 0)}"
        assert client.get(way).status_code in (404, 422)
    recurrence = stored(book, series).recurrence
    assert recurrence
    assert recurrence.excluded == ()

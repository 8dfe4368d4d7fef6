"""What a new rendez-vous starts with."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.defaults import AppointmentDefaults

NOON = datetime(2026, 11, 24, 12, 5)


def test_without_a_time_the_next_full_hour_is_taken() -> None:
    defaults = AppointmentDefaults(duration_minutes=90)
    assert defaults.start_after(NOON) == datetime(2026, 11, 24, 13)
    assert defaults.duration == timedelta(minutes=90)


def test_the_time_is_today_while_it_is_to_come_else_tomorrow() -> None:
    assert AppointmentDefaults(start_time=time(14, 30)).start_after(NOON) == datetime(
        2026, 11, 24, 14, 30
    )
    assert AppointmentDefaults(start_time=time(9)).start_after(NOON) == datetime(2026, 11, 25, 9)


def test_they_are_kept_as_they_were_given(book: AppointmentBook) -> None:
    given = AppointmentDefaults(
        subject="Suivi",
        start_time=time(9, 30),
        participant_ids=(1, 2),
        presence=Presence.ACCEPTED,
        reminder_minutes=15,
    )
    with book.database.writing() as tx:
        tx.agency.save_setting("appointment_defaults", given)
    with book.database.reading() as tx:
        assert tx.agency.settings().appointment_defaults == given

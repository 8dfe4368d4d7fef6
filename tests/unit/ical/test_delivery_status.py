"""SCHEDULE-STATUS of an attendee (RFC 6638 §7.3)."""

from __future__ import annotations

from rdv_caldav.ical.delivery_status import GIVEN_UP, NO_WAY, keep_statuses, put_status
from rdv_caldav.ical.views import View, find_slots, render

GUEST = "invite@exterieur.example"
OTHER = "autre@exterieur.example"
TEXT = (
    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\n"
    f"ATTENDEE;CN=Invité:mailto:{GUEST}\r\nATTENDEE:mailto:{OTHER}\r\nEND:VEVENT\r\n"
    f"BEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID:20261125T080000Z\r\nATTENDEE:MAILTO:{GUEST.upper()}\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def test_the_lines_of_one_attendee_say_it_and_no_others() -> None:
    told = put_status(TEXT, {GUEST}, NO_WAY)
    assert f"ATTENDEE;CN=Invité;SCHEDULE-STATUS=5.2:mailto:{GUEST}" in told.replace("\r\n ", "")
    assert f"ATTENDEE;SCHEDULE-STATUS=5.2:MAILTO:{GUEST.upper()}" in told.replace("\r\n ", "")
    assert f"ATTENDEE:mailto:{OTHER}\r\n" in told
    assert put_status(told, {GUEST}, NO_WAY) == told
    assert "5.1" in put_status(told, {GUEST}, GIVEN_UP)
    assert put_status(TEXT, {"personne@exterieur.example"}, NO_WAY) == TEXT


def test_who_may_not_edit_does_not_read_it() -> None:
    told = put_status(TEXT, {GUEST}, NO_WAY)
    slots = find_slots(told, zone="Europe/Paris")
    assert render(told, slots, View()) == TEXT
    assert render(told, slots, View(organizer_address="alice@agence.example")) == told


def test_it_holds_until_he_answers() -> None:
    told = put_status(put_status(TEXT, {GUEST}, NO_WAY), {OTHER}, GIVEN_UP)
    assert keep_statuses(told, TEXT) == told
    assert keep_statuses(TEXT, "anything") == "anything"
    answered = TEXT.replace("CN=Invité", "CN=Invité;PARTSTAT=DECLINED")
    kept = keep_statuses(told, answered)
    assert kept == put_status(answered, {OTHER}, GIVEN_UP)
    assert keep_statuses(told, TEXT.replace(OTHER, "lui@exterieur.example")).count("5.1") == 0

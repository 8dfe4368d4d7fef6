"""What each viewer reads of one text; what a writer keeps for himself."""

from __future__ import annotations

import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdv_caldav.domain.appointment import Presence
from rdv_caldav.ical.contentlines import to_crlf, unfold
from rdv_caldav.ical.views import (
    View,
    find_slots,
    reminder,
    render,
    same_private,
    withdraw_private,
)
from support.lens import client_text, stored
from support.objects import TIMES, event

PARIS = "Europe/Paris"
ALARM = (
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Rappel\r\nTRIGGER:-PT15M\r\n"
    "X-APPLE-DEFAULT-ALARM:TRUE\r\nEND:VALARM\r\n"
)
DECLINED = View(presences={"": Presence.DECLINED}, private={"": ALARM})


def _override(original: str, lines: str = "") -> str:
    return (
        f"BEGIN:VEVENT\r\nUID:essai\r\nDTSTAMP:20261124T080000Z\r\n{original}\r\n{TIMES}{lines}"
        "END:VEVENT\r\n"
    )


SERIES = event(
    lines=f"RRULE:FREQ=DAILY;COUNT=5\r\nDESCRIPTION:Secret\r\n{ALARM}",
    after=_override("RECURRENCE-ID:20261126T080000Z", f"X-MOZ-LASTACK:20261124T080000Z\r\n{ALARM}")
    + _override("RECURRENCE-ID;TZID=Europe/Paris:20261127T090000", "DESCRIPTION:Autre\r\n"),
)
SECOND = "2026-11-26T09:00:00"


def _seen(text: str, view: View) -> str:
    return render(text, find_slots(text, zone=PARIS), view)


def test_alarms_come_back_to_the_letter_and_to_the_right_date() -> None:
    shared, private = withdraw_private(SERIES, zone=PARIS)
    assert "VALARM" not in shared
    assert "LASTACK" not in shared
    assert private == {"": ALARM, SECOND: f"X-MOZ-LASTACK:20261124T080000Z\r\n{ALARM}"}
    assert _seen(shared, View(private=private)) == SERIES
    assert _seen(shared, View()) == shared


def test_nothing_private_is_the_same_text() -> None:
    text = event(lines="X-MOZ-GENERATION:2\r\n")
    assert withdraw_private(text, zone=PARIS) == (text, {})


@pytest.mark.parametrize(
    "name", ["X-MOZ-SNOOZE-TIME-1764000000", "x-moz-lastack", "X-MOZ-LAST\r\n ACK"]
)
def test_snooze_marks_are_private(name: str) -> None:
    shared, private = withdraw_private(event(lines=f"{name}:20261124T080000Z\r\n"), zone=PARIS)
    assert shared == event()
    assert private[""] == f"{name}:20261124T080000Z\r\n"


def test_notes_are_hidden_wherever_they_stand() -> None:
    lines = (
        'DESCRIP\r\n TION;ALTREP="data:text/html,Secret":Secret\r\n  Secret\r\n'
        "X-ALT-DESC:Secret\r\n"
        "description:Secret\r\nSTYLED-DESCRIPTION:Secret\r\nSUMMARY-X:ok\r\n"
    )
    text = event(lines=lines, after=_override("RECURRENCE-ID:20261126T080000Z", lines))
    seen = _seen(text, View(notes_hidden=True))
    assert "Secret" not in seen
    assert seen.count("SUMMARY-X:ok") == 2


def test_a_blank_line_hides_no_notes_from_the_mask() -> None:
    text = to_crlf(event(lines="DESCRIPTION:Secret\r\n\r\n  Secret\r\n"))
    assert "Secret" not in _seen(text, View(notes_hidden=True))


def test_an_alarms_own_description_is_no_note() -> None:
    seen = _seen(
        event(lines="DESCRIPTION:Secret\r\n"), View(notes_hidden=True, private={"": ALARM})
    )
    assert "Rappel" in seen
    assert "Secret" not in seen


@pytest.mark.parametrize("lines", ["", "TRANSP:OPAQUE\r\n", "TRANSP:TRANSPARENT\r\nX-A:1\r\n"])
def test_refusing_frees_the_time_and_silences_alarms(lines: str) -> None:
    seen = _seen(event(lines=lines), DECLINED)
    assert unfold(seen).count("TRANSP:TRANSPARENT") == 1
    assert "OPAQUE" not in seen
    assert "VALARM" not in seen


def test_a_property_never_follows_an_inner_component() -> None:
    inner = "BEGIN:X-PART\r\nTRANSP:X\r\nDESCRIPTION:X\r\nEND:X-PART\r\n"
    seen = _seen(event(lines=inner), DECLINED)
    assert seen.index("TRANSP:TRANSPARENT") < seen.index("BEGIN:X-PART")
    assert inner in seen


def test_one_refused_date() -> None:
    shared, private = withdraw_private(SERIES, zone=PARIS)
    view = View(
        organizer_address="alice@agence.example",
        organizer_name="Agence, Sud",
        presences={"": Presence.ACCEPTED, SECOND: Presence.DECLINED},
        private=private,
    )
    text = shared.replace("RRULE", "ORGANIZER:mailto:rdv@agence.example\r\nRRULE").replace(
        "DESCRIPTION:Autre", "ORGANIZER:mailto:rdv@agence.example\r\nDESCRIPTION:Autre"
    )
    master, second, third = _seen(text, view).split("BEGIN:VEVENT")[1:]
    organizer = 'ORGANIZER;CN="Agence, Sud";PARTSTAT=ACCEPTED:mailto:alice@agence.example'
    assert organizer in unfold(master)
    assert organizer in unfold(third)
    assert "VALARM" in master
    assert "VALARM" not in second
    assert "TRANSP:TRANSPARENT" in second
    assert "TRANSP" not in third


def test_who_takes_no_part_has_no_presence() -> None:
    text = event(lines="ORGANIZER:mailto:rdv@agence.example\r\n")
    view = View(organizer_address="alice@agence.example", organizer_name="Agence")
    assert "ORGANIZER;CN=Agence:mailto:alice@agence.example" in unfold(_seen(text, view))
    assert "rdv@agence.example" in _seen(text, View(presences={"": Presence.ACCEPTED}))


def test_an_event_within_something_else_is_not_looked_at() -> None:
    odd = event(lines="BEGIN:VEVENT\r\nRECURRENCE-ID:jamais\r\nDESCRIPTION:X\r\nEND:VEVENT\r\n")
    assert odd == render(odd, find_slots(odd, zone=PARIS), View())
    assert find_slots("BEGIN:VEVENT\r\nEND:VEVENT\r\nA:1\r\n", zone=PARIS) == ""
    junk = "A:1\r\nBEGIN:X\r\nEND:X\r\n" + event(lines="DESCRIPTION:Secret\r\n", before="A:1\r\n")
    assert "Secret" not in _seen(junk, View(notes_hidden=True))


LINES = st.lists(
    st.sampled_from(
        [
            *("DESCRIPTION:é\r\n", "TRANSP:OPAQUE\r\n", "ORGANIZER:mailto:a@b.example\r\n"),
            *("X-A:\U0001f600\r\n", "BEGIN:X\r\nDESCRIPTION:y\r\nEND:X\r\n", "X-B:1\r\n  2\r\n"),
        ]
    ),
    max_size=6,
).map("".join)


@given(LINES, LINES, st.booleans(), st.booleans())
def test_laws_of_views(first: str, second: str, has_alarm: bool, has_mark: bool) -> None:
    mark = "X-MOZ-LASTACK:20261124T080000Z\r\n" * has_mark
    sent = event(
        lines=f"{first}{ALARM * has_alarm}",
        after=_override("RECURRENCE-ID:20261126T080000Z", f"{second}{mark}{ALARM}"),
    )
    shared, private = withdraw_private(sent, zone=PARIS)
    assert _seen(shared, View()) == shared
    assert _seen(shared, View(private=private)) == sent
    assert withdraw_private(shared, zone=PARIS) == (shared, {})
    masked = _seen(shared, View(notes_hidden=True))
    assert masked == _seen(masked, View(notes_hidden=True))
    assert "é" not in masked
    refused = _seen(shared, DECLINED)
    assert _seen(refused, DECLINED) == refused


def test_reading_costs_next_to_nothing() -> None:
    text, _ = stored(client_text("thunderbird"))
    slots = find_slots(text, zone=PARIS)
    view = View(
        organizer_address="alice@agence.example",
        organizer_name="Agence",
        presences={"": Presence.ACCEPTED},
        notes_hidden=True,
        private={"": ALARM},
    )
    best = min(timeit.repeat(lambda: render(text, slots, view), number=1000, repeat=5)) / 1000
    assert best < 50e-6, "10 microseconds by budget, the rest is for busy machines"


# -- reminders by default -----------------------------------------------------------------


def test_a_reminder_stands_where_ones_own_alarms_would() -> None:
    shared, _ = withdraw_private(SERIES, zone=PARIS)
    assert _seen(shared, View(reminder=reminder(15))).count("TRIGGER:-PT15M\r\n") == 3
    by_date = View(reminder=reminder(15), presences={SECOND: Presence.DECLINED})
    assert _seen(shared, by_date).count("TRIGGER:-PT15M\r\n") == 2
    everywhere = View(reminder=reminder(15), presences=DECLINED.presences)
    assert "VALARM" not in _seen(shared, everywhere)


def test_nobody_is_reminded_of_what_is_cancelled_but_keeps_his_own() -> None:
    text = event(lines="STATUS:cancelled\r\n")
    assert "VALARM" not in _seen(text, View(reminder=reminder(15)))
    assert ALARM in _seen(text, View(private={"": ALARM}))
    assert ALARM not in _seen(text, DECLINED)
    planned = event(lines="STATUS:CONFIRMED\r\n")
    assert "VALARM" in _seen(planned, View(reminder=reminder(15)))


def test_own_lines_are_the_same_in_any_order() -> None:
    begin, action, *others, end = ALARM.splitlines(keepends=True)
    turned = "".join((begin, *others, action, end))
    assert same_private({"": ALARM}, {"": turned})
    assert not same_private({"": ALARM}, {SECOND: ALARM})
    assert not same_private({"": ALARM}, {"": ALARM.replace("15", "16")})

"""What a text says of conflicts, whatever programs send back of it."""

from __future__ import annotations

import pytest

from rdv_caldav.ical.conflict_lines import Note, free_components, put_conflicts, says_conflicts
from rdv_caldav.ical.contentlines import same_but_answers, same_but_stamps, unfold
from rdv_caldav.ical.views import View, find_slots, render
from support.objects import TIMES, event

PARIS = "Europe/Paris"
NOTE = Note("OVERLAP", "Ivan Intervenant : déjà un rendez-vous, le 25/11/2026")
LINE = (
    "X-RDV-CONFLIT;X-RDV-REGLE=OVERLAP:Ivan Intervenant : déjà un rendez-vous\\, le 25/11/2026\r\n"
)
FORGED = "X-RDV-CONFLIT:Rien du tout\r\n"
OVERRIDE = (
    "BEGIN:VEVENT\r\nUID:essai\r\nDTSTAMP:20261124T080000Z\r\n"
    f"RECURRENCE-ID;TZID=Europe/Paris:20261126T090000\r\n{TIMES}{{}}END:VEVENT\r\n"
)
SERIES = event(lines="RRULE:FREQ=DAILY;COUNT=5\r\n", after=OVERRIDE.format(FORGED))


def test_without_any_the_text_stays_as_it_is() -> None:
    assert put_conflicts(event(), ()) == event()
    assert not says_conflicts(event())


def test_what_was_put_is_there_once_and_goes_again() -> None:
    noted = put_conflicts(event(), [NOTE])
    assert unfold(noted) == unfold(event(lines=LINE))
    assert says_conflicts(noted)
    assert put_conflicts(noted, [NOTE]) == noted
    assert put_conflicts(noted, ()) == event()


@pytest.mark.parametrize("forged", [FORGED, FORGED.lower(), "X-RDV-CON\r\n FLIT:Rien\r\n"])
def test_what_programs_say_of_them_counts_for_nothing(forged: str) -> None:
    assert put_conflicts(event(lines=forged), ()) == event()


def test_of_a_series_the_master_says_it() -> None:
    noted = put_conflicts(SERIES, [NOTE])
    assert noted.count("X-RDV-CONFLIT") == 1
    assert noted.index("X-RDV-CONFLIT") < noted.index("RECURRENCE-ID")


def test_who_may_not_edit_does_not_read_it() -> None:
    noted = put_conflicts(event(), [NOTE, NOTE])
    slots = find_slots(noted, zone=PARIS)
    assert render(noted, slots, View()) == noted
    assert render(noted, slots, View(conflicts_hidden=True)) == event()


def test_they_are_no_change_of_the_appointment() -> None:
    noted = put_conflicts(event(), [NOTE])
    assert same_but_stamps(noted, event())
    assert same_but_answers(noted, event())


@pytest.mark.parametrize("line", ["TRANSP:TRANSPARENT\r\n", "transp:TRANS\r\n PARENT\r\n"])
def test_time_that_is_not_blocked(line: str) -> None:
    assert free_components(event(lines=line), zone=PARIS) == {""}
    one_date = event(lines="RRULE:FREQ=DAILY;COUNT=5\r\n", after=OVERRIDE.format(line))
    assert free_components(one_date, zone=PARIS) == {"2026-11-26T09:00:00"}


def test_time_that_is_blocked() -> None:
    assert free_components(event(), zone=PARIS) == frozenset()
    assert free_components(event(lines="SUMMARY:TRANSPARENT\r\n"), zone=PARIS) == frozenset()
    assert free_components(event(lines="TRANSP:OPAQUE\r\nX-A:TRANSPARENT\r\n"), zone=PARIS) == (
        frozenset()
    )

"""What the form offers and understands, and what two people make of it at once."""

from __future__ import annotations

import re
from dataclasses import replace

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import Recurrence, State
from rdv_caldav.domain.conflicts import ConflictCode, ConflictRule
from rdv_caldav.services import appointments
from rdv_caldav.services.access import Channel, actor_for
from support.appointment_form import NEW, Form, day_of, key, planned, show, stored, typed
from support.panel import PanelClient


def test_a_proposed_time_and_place_are_taken_over(
    book: AppointmentBook, alice: PanelClient
) -> None:
    with book.database.writing() as tx:
        claire = tx.people.by_slug("claire")
        assert claire
        tx.people.update(replace(claire, home_address="12 rue\nde l’Exemple"))
    planned(book, alice)
    form = Form(alice, NEW).fill(**typed(book)).press("search")
    (first, *_others) = re.findall(r'value="time:([^"]+)"', form.page)
    form.press(f"time:{first}")
    assert f'type="date" value="{first[:10]}"' in form.page
    assert f'value="{first[11:16]}"' in form.page
    form.press(f"home:{key(book, 'claire')}")
    assert 'value="12 rue de l’Exemple"' in form.page
    form.press("time:rien")
    form.press("rien:du:tout")


def test_what_blocks_keeps_a_state_too(book: AppointmentBook, alice: PanelClient) -> None:
    made = planned(book, alice)
    form = Form(alice, show(made)).fill(**typed(book)).press("state:ANNULE")
    planned(book, alice)
    with book.database.writing() as tx:
        rule = ConflictRule(code=ConflictCode.OVERLAP, blocking=True)
        tx.agency.save_setting("conflict_rules", (rule,))
    form.press("state:PLANIFIE", 409)
    assert "Conflit bloquant" in form.page
    assert stored(book, made).state is State.CANCELLED
    form.press("state:RIEN")


def test_a_special_repetition_is_kept(book: AppointmentBook, alice: PanelClient) -> None:
    made = planned(book, alice)
    special = Recurrence(rules=("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1;COUNT=4",))
    with book.database.writing() as tx:
        actor = actor_for(tx, "alice", channel=Channel.WEB)
        appointments.revise(
            tx, actor, made, lambda a: replace(a, recurrence=special), now=book.clock()
        )
    form = Form(alice, show(made))
    assert "Répétition particulière, gardée" in form.page
    form.fill(**typed(book, repeat="kept", subject="Autre")).press("save")
    assert stored(book, made).recurrence == special
    form.fill(**typed(book, repeat="DAILY", ends="until", until=str(day_of(book, 9)))).press(
        "insist"
    )
    assert stored(book, made).recurrence != special
    assert "Tous les jours, jusqu’au" in form.page
    assert "Répétition modifiée" in form.page
    form.fill(**typed(book)).press("save")
    assert stored(book, made).recurrence is None
    assert "Ne se répète plus" in form.page


def test_two_people_change_times_owner_and_repetition(
    book: AppointmentBook, alice: PanelClient, admin: PanelClient
) -> None:
    made = planned(book, alice, add=[key(book, "ivan"), key(book, "paul")])
    mine, theirs = Form(alice, show(made)), Form(admin, show(made))
    theirs.fill(
        **typed(book, repeat="DAILY", ends="never", start_time="08:00", type_code="interne")
    )
    theirs.fill(owner=key(book, "ivan")).press("insist")
    mine.fill(**typed(book, repeat="WEEKLY", ends="never", weekdays=[], start_time="09:00"))
    mine.fill(type_code="intervenant", owner=key(book, "paul")).press("insist", 409)
    for words in ("Ivan Intervenant", "Paul Sansmail", "Toutes les semaines", "08:00 – 11:00"):
        assert words in mine.page
    names = ("type_code", "span", "rule", "owner")
    mine.fill(clash=list(names))
    for name in names:
        mine.press(f"take:{name}")
        mine.fill(owner=mine.fields["owner"])
    assert mine.fields["owner"] == key(book, "ivan")
    assert 'value="08:00"' not in mine.page, "each press sends what the browser holds"

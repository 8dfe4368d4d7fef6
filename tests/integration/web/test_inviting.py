"""*Inviter*, the button: who is chosen, who cannot be invited and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import State
from rdv_caldav.services import appointments
from rdv_caldav.services.access import Channel, actor_for
from support.appointment_form import key, planned, show
from support.panel import PanelClient
from support.scenario import Clock


def _waiting(book: AppointmentBook, appointment_id: int) -> list[tuple[str, str]]:
    with book.database.reading() as tx:
        rows = tx.outbox.of_appointment(appointment_id)
    return sorted((row.method, row.recipient) for row in rows)


def _ticked(page: str) -> Sequence[str]:
    return re.findall(r'value="([^"]+)" checked', page)


def test_the_button_invites_whom_one_chooses(book: AppointmentBook, alice: PanelClient) -> None:
    with book.database.writing() as tx:
        tx.contacts.note_synchronised("ivan", book.clock())
    everybody = [key(book, slug) for slug in ("ivan", "alice", "paul")]
    made = planned(book, alice, add=everybody)
    url = f"/rendez-vous/{made}/inviter"
    assert f'href="{url}"' in alice.get(show(made)).text
    page = alice.get(url).text
    assert _ticked(page) == [key(book, "claire")]
    for words in ("le voit dans son agenda", "vous-même", "sans adresse e-mail"):
        assert words in page
    assert "Choisissez au moins un destinataire." in alice.post_form(url, {}).text
    assert _waiting(book, made) == []
    page = alice.post_form(url, {"to": [key(book, "claire"), *everybody[::2]]}).text
    assert "2 messages sont prêts à partir." in page
    assert "Pas d’invitation à Paul Sansmail : sans adresse e-mail." in page
    assert "Invitation" in page, "the messages are listed in the history"
    invited = [("REQUEST", "claire@famille.example"), ("REQUEST", "ivan@agence.example")]
    assert _waiting(book, made) == invited
    alice.post_form(url, {"to": [key(book, "claire")]})
    assert _waiting(book, made) == invited, "one that waits already is enough"


@pytest.mark.parametrize("why", ["le rendez-vous est annulé", "le rendez-vous est passé"])
def test_nobody_is_invited_to_what_is_off_or_over(
    book: AppointmentBook, alice: PanelClient, clock: Clock, why: str
) -> None:
    made = planned(book, alice)
    url = f"/rendez-vous/{made}/inviter"
    if "annulé" in why:
        with book.database.writing() as tx:
            actor = actor_for(tx, "alice", channel=Channel.WEB)
            appointments.set_state(tx, actor, made, State.CANCELLED, now=book.clock())
        assert url not in alice.get(show(made)).text
    else:
        clock.now += timedelta(days=7, hours=2)
        alice.log_in("alice")
    page = alice.get(url).text
    assert why in page
    assert "<button" not in page[page.index("<fieldset") :]
    page = alice.post_form(url, {"to": [key(book, "claire")]}).text
    assert f"Pas d’invitation à Claire Cliente : {why}." in page
    assert _waiting(book, made) == []

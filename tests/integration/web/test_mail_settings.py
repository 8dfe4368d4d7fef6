"""*Configuration > Courriel*: who is mailed, where answers go, what is set up, and a trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from support.panel import PanelClient, words_of
from support.postroom import Postroom

COURIER = "/administration/configuration/courriel"
LogIn = Callable[[str], PanelClient]

RIGHT = {
    "invite_persons": "y",
    "notes_in_mails": "y",
    "language": "en",
    "scheduling_address": "RDV@agence.example",
    "answers_domain": "Reponses.agence.example",
    "quiet_from": "21:00",
    "quiet_until": "07:30",
    "remind_hours": "24",
}


def test_settings_of_mails_are_kept(book: AppointmentBook, admin: PanelClient) -> None:
    assert "Courriel" in admin.get("/administration/parametres").text
    page = admin.post_form(COURIER, RIGHT)
    assert "Les choix pour les courriels sont enregistrés." in page.text
    with book.database.reading() as tx:
        kept = tx.agency.settings()
    assert (kept.invite_persons, kept.invite_external_guests, kept.notes_in_mails) == (
        True,
        False,
        True,
    )
    assert (kept.scheduling_address, kept.answers_domain) == (
        "rdv@agence.example",
        "reponses.agence.example",
    )
    assert (kept.quiet_from, kept.quiet_until, kept.remind_hours) == ("21:00", "07:30", 24)
    assert kept.language == "en"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("scheduling_address", "rdv", "Ce n’est pas une adresse e-mail."),
        ("scheduling_address", "", 'aria-invalid="true"'),
        ("scheduling_address", "ivan@agence.example", "C’est l’adresse d’une personne"),
        ("answers_domain", "rdv@x.example", "Ce n’est pas un domaine"),
        ("quiet_from", "25:00", "Ce n’est pas une heure."),
        ("quiet_until", "", "Indiquez les deux heures"),
        ("quiet_until", "21:00", "Les deux heures sont les mêmes."),
        ("remind_hours", "-1", "entre 0 et"),
        ("language", "xx", "choi"),
    ],
)
def test_settings_that_are_wrong_change_nothing(
    book: AppointmentBook, admin: PanelClient, field: str, value: str, words: str
) -> None:
    with book.database.reading() as tx:
        before = tx.agency.settings()
    page = admin.post_form(COURIER, {**RIGHT, field: value})
    assert page.status_code == 422
    assert words in page.text
    assert 'value="07:30"' in page.text or field == "quiet_until"
    with book.database.reading() as tx:
        assert tx.agency.settings() == before


def test_a_new_address_of_the_agency_reaches_the_calendars(
    postroom: Postroom, log_in: LogIn
) -> None:
    planned = postroom.mailroom.plan("claire")
    assert "mailto:rdv@agence.example" in "".join(postroom.object_of(planned, login="claire"))
    log_in("admin").post_form(COURIER, {**RIGHT, "scheduling_address": "visites@agence.example"})
    assert "mailto:visites@agence.example" in "".join(postroom.object_of(planned, login="claire"))


def test_a_trial_goes_to_oneself(postroom: Postroom, log_in: LogIn) -> None:
    admin = log_in("admin")
    assert "Planifiez d’abord un rendez-vous" in admin.post_form(f"{COURIER}/essai").text
    postroom.mailroom.plan("claire")
    assert "Votre fiche n’a pas d’adresse" in admin.post_form(f"{COURIER}/essai").text
    with postroom.mailroom.desk() as desk:
        person = replace(desk.person("admin"), addresses=("a@agence.example",))
        desk.tx.people.update(person)
    page = admin.post_form(f"{COURIER}/essai")
    assert "Un message d’essai à a@agence.example attend son envoi." in page.text
    assert "Essai" in words_of(page)
    postroom.mailroom.send()
    assert "a@agence.example" in {
        to for mail in postroom.mailroom.sink.mails for to in mail.recipients
    }


def test_the_state_of_the_server_is_told_without_passwords(
    postroom: Postroom, log_in: LogIn
) -> None:
    page = log_in("admin").get(COURIER)
    assert "Envoi d’e-mails (SMTP) : oui" in words_of(page)
    assert "Boîte des réponses (IMAP) : non" in words_of(page)
    assert "smtp://" not in page.text

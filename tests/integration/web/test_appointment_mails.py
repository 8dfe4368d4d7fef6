"""What a rendez-vous sends and tells: letters, reminders, calendars, history."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain import events
from rdv_caldav.domain.defaults import AppointmentDefaults
from rdv_caldav.domain.errors import AlreadyOver
from rdv_caldav.domain.mail_templates import MailTemplate, Occasion
from rdv_caldav.ical.objects import parse
from rdv_caldav.services import appointment_mails, calendars, mail_templates
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.calendar_objects.put import put_object
from rdv_web.pages.appointments.wording import Historian
from support.appointment_form import NEW, Form, day_of, key, planned, show, typed
from support.panel import PanelClient
from support.scenario import Clock


def test_each_participant_gets_a_message_of_his_own(
    book: AppointmentBook, alice: PanelClient
) -> None:
    made = planned(
        book, alice, add=[key(book, "paul"), key(book, "jean-dupont"), key(book, "marie-dupont")]
    )
    url = f"/rendez-vous/{made}/email"
    page = alice.get(url).text
    assert "sans adresse e-mail" in page
    assert "Note interne" not in page, "notes are never proposed to be mailed"
    everybody = [key(book, slug) for slug in ("claire", "paul", "jean-dupont", "marie-dupont")]
    typed = {"to": everybody, "subject": "Votre visite", "body": "Bonjour,\r\nà demain."}
    preview = alice.post_form(url, {**typed, "do": "preview"}).text
    assert preview.count("<article") == 3
    with book.database.reading() as tx:
        assert tx.outbox.of_appointment(made) == []
    page = alice.post_form(url, {**typed, "do": "send"}).text
    assert "3 messages sont prêts à partir." in page
    assert "en attente" in page
    assert "Votre visite" in page
    with book.database.reading() as tx:
        rows = tx.outbox.of_appointment(made)
    assert sorted((row.recipient, row.recipient_name) for row in rows) == [
        ("claire@famille.example", "Claire Cliente"),
        ("dupont@famille.example", "Jean Dupont"),
        ("dupont@famille.example", "Marie Dupont"),
    ]
    assert {row.body.strip() for row in rows} == {"Bonjour,\nà demain."}


def test_participants_are_written_to_on_saving_where_that_is_ticked(
    book: AppointmentBook, alice: PanelClient
) -> None:
    with book.database.writing() as tx:
        tx.agency.save_setting(
            "appointment_defaults", AppointmentDefaults(invites_automatically=True)
        )
    form = Form(alice, NEW)
    assert re.search(r"checked[^>]*name=.invite", form.page)
    form.fill(**typed(book), add=[key(book, "ivan"), key(book, "alice")], invite="y").press("save")
    made = int(form.where.rsplit("/", 1)[1])
    with book.database.reading() as tx:
        rows = tx.outbox.of_appointment(made)
    assert {row.recipient for row in rows} == {"claire@famille.example", "ivan@agence.example"}
    assert {(row.method, row.body) for row in rows} == {("REQUEST", "")}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"to": []}, "au moins un destinataire"),
        ({"subject": " "}, "Il faut un objet et un texte."),
        ({"subject": "x" * 251}, "trop long"),
        ({"subject": "Deux\nlignes"}, "message error"),
        ({"body": "{{ inconnu }}"}, "inconnu"),
        ({"body": "{% for %}"}, "message error"),
    ],
)
def test_a_message_that_cannot_be_sent_is_kept(
    book: AppointmentBook, alice: PanelClient, fields: dict[str, Any], words: str
) -> None:
    made = planned(book, alice)
    letter = {"to": [key(book, "claire")], "subject": "Visite", "body": "À garder", "do": "send"}
    answer = alice.post_form(f"/rendez-vous/{made}/email", {**letter, **fields})
    assert answer.status_code == 422
    assert words in answer.text
    kept = {"body": letter["body"], **fields}["body"]
    assert kept in answer.text
    with book.database.reading() as tx:
        assert tx.outbox.of_appointment(made) == []


def test_templates_are_filled_in_for_each(book: AppointmentBook, alice: PanelClient) -> None:
    made = planned(book, alice, add=[key(book, "ivan")])
    url = f"/rendez-vous/{made}/email"
    chosen = {"template": "mail-reminder-fr", "to": [key(book, "claire")], "do": "template"}
    page = alice.post_form(url, chosen).text
    assert "{{ destinataire }}" in page
    assert "Lieu : 1 rue de l’Exemple" in page, "what is the same for all is filled in"
    assert "Note interne" not in page
    subject = re.search(r'name="subject" value="([^"]*)"', page)
    text = re.search(r'name="body"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert subject
    assert text
    both = {
        "to": [key(book, "claire"), key(book, "ivan")],
        "subject": unescape(subject[1]),
        "template": "mail-reminder-fr",
        "do": "send",
    }
    alice.post_form(url, {**both, "body": unescape(text[1])})
    alice.post_form(url, {**both, "body": "Cher {{ destinataire }}, rendez-vous à {{ lieu }}."})
    with book.database.reading() as tx:
        own, own_too, whole, whole_too = tx.outbox.of_appointment(made)
    assert {own.body.strip(), own_too.body.strip()} == {
        "Cher Claire Cliente, rendez-vous à 1 rue de l’Exemple.",
        "Cher Ivan Intervenant, rendez-vous à 1 rue de l’Exemple.",
    }
    assert own.html == "", "it would say something else"
    assert "Bilan" in whole.html
    assert "Bilan" in whole_too.body
    alice.post_form(url, {**chosen, "template": "99"})


def test_the_agencys_own_template_is_offered_first(
    book: AppointmentBook, alice: PanelClient
) -> None:
    template = MailTemplate(
        name="Maison", occasion=Occasion.MESSAGE, subject="Notre objet", text="Notre texte"
    )
    with book.database.writing() as tx:
        admin = actor_for(tx, "admin", channel=Channel.WEB)
        kept = mail_templates.create(tx, admin, template, now=book.clock())
        tx.agency.save_setting("appointment_defaults", AppointmentDefaults(template_id=kept.id))
    made = planned(book, alice)
    assert "Notre texte" in alice.get(f"/rendez-vous/{made}/email").text
    Form(alice, show(made)).fill(**typed(book)).press("state:ANNULE")
    assert "Notre texte" not in alice.get(f"/rendez-vous/{made}/email").text


def test_participants_write_to_nobody(
    book: AppointmentBook, alice: PanelClient, claire: PanelClient
) -> None:
    made = planned(book, alice)
    assert claire.get(f"/rendez-vous/{made}/email").status_code == 404
    assert claire.post_form(f"/rendez-vous/{made}/email", {"do": "send"}).status_code == 404


def test_what_is_planned_here_is_in_calendars_and_the_other_way_round(
    book: AppointmentBook, alice: PanelClient
) -> None:
    made = planned(book, alice, add=[key(book, "ivan"), key(book, "alice")])
    texts: dict[str, calendars.CalendarObject] = {}
    with book.database.writing() as tx:
        actor = actor_for(tx, "alice", channel=Channel.CALDAV, device="Thunderbird")
        for slug in ("claire", "ivan", "alice"):
            objects = calendars.objects(tx, calendars.calendar(tx, actor, slug))
            texts[slug] = next(objects)
            assert "SUMMARY:Bilan" in texts[slug].text
        found = texts["alice"]
        day = f"{day_of(book):%Y%m%d}"
        moved = found.text.replace(f"{day}T100000", f"{day}T160000")
        moved = moved.replace(f"{day}T110000", f"{day}T170000")
        put_object(tx, actor, "alice", found.href, parse(moved), now=book.clock())
    page = alice.get(show(made)).text
    assert 'value="16:00"' in page
    assert "depuis un agenda" in page


def test_participants_are_reminded(book: AppointmentBook, alice: PanelClient) -> None:
    with book.database.writing() as tx:
        tx.agency.save_setting("appointment_defaults", AppointmentDefaults(reminder_minutes=45))
    assert 'name="reminder" type="number" value="45"' in alice.get(NEW).text
    planned(book, alice, add=[key(book, "ivan")], reminder="30")
    with book.database.reading() as tx:
        for login, slug in (("ivan", "ivan"), ("claire", "claire"), ("admin", "claire")):
            actor = actor_for(tx, login, channel=Channel.CALDAV)
            (found,) = calendars.objects(tx, calendars.calendar(tx, actor, slug))
            assert ("TRIGGER:-PT30M" in found.text) == (login == slug)
    form = Form(alice, NEW).fill(**typed(book, reminder="-1")).press("save", 422)
    assert "reminder-error" in form.page


def test_every_event_is_told_in_words() -> None:
    told = {name[1:] for name in vars(Historian) if name[1:2].isupper()}
    assert {kind.__name__ for kind in events.Event.__subclasses__()} == told


def test_history_tells_everything(book: AppointmentBook, alice: PanelClient) -> None:
    made = planned(book, alice, add=[key(book, "ivan")])
    form = Form(alice, show(made)).fill(
        **typed(book, type_code="interne", notes="", location="", repeat="DAILY", ends="never"),
        owner=key(book, "ivan"),
    )
    form.press("insist")
    kept = [who for who in form.fields["who"] if who != key(book, "claire")]
    form.fill(who=kept, guest_name="Invité Démo", guest_address="invite@exterieur.example")
    form.press("insist")
    for words in (
        "Type : «",
        "Notes : «",
        "(vide)",
        "Se répète désormais",
        "Propriétaire : «",
        "Participant retiré : Claire Cliente",
        "Participant ajouté : Invité Démo",
    ):
        assert words in form.page


def _queued(book: AppointmentBook, appointment_id: int) -> int:
    with book.database.reading() as tx:
        return len(tx.outbox.of_appointment(appointment_id))


def test_nobody_is_written_to_about_what_is_over(
    book: AppointmentBook, alice: PanelClient, clock: Clock
) -> None:
    made = planned(book, alice)
    url = f"/rendez-vous/{made}/email"
    letter = {"to": [key(book, "claire")], "subject": "Visite", "body": "Merci", "do": "send"}
    assert "Envoyer" in alice.get(url).text
    clock.now += timedelta(days=7, hours=2)  # it ended just now
    alice.log_in("alice")
    assert "Ce rendez-vous est passé" in alice.get(url).text
    answer = alice.post_form(url, letter)
    assert answer.status_code == 422
    assert "plus aucun message n’est envoyé" in answer.text
    assert _queued(book, made) == 0
    with book.database.writing() as tx, pytest.raises(AlreadyOver):
        actor = actor_for(tx, "alice", channel=Channel.WEB)
        write = appointment_mails.Letter(subject="Visite", body="Merci")
        appointment_mails.send(tx, actor, made, [], lambda _recipient: write, now=book.clock())


def test_a_series_is_written_about_until_its_last_date_is_over(
    book: AppointmentBook, alice: PanelClient, clock: Clock
) -> None:
    made = planned(book, alice, repeat="DAILY", ends="count", count="3")
    day = day_of(book).isoformat()
    first, whole = f"/rendez-vous/{made}/email?date={day}T10:00", f"/rendez-vous/{made}/email"
    clock.now += timedelta(days=8)
    alice.log_in("alice")
    assert "ouvrez cette date" in alice.get(first).text
    letter = {"to": [key(book, "claire")], "subject": "Visite", "body": "Merci", "do": "send"}
    assert "1 message est prêt" in alice.post_form(whole, letter).text
    clock.now += timedelta(days=2)
    alice.log_in("alice")
    assert alice.post_form(whole, letter).status_code == 422
    assert _queued(book, made) == 1

"""*Modèles d’e-mails / SMS*: written, tried and chosen in the panel by administrateurs."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.mail_templates import MailTemplate, Medium, Occasion
from rdv_caldav.services import mail_templates
from support.desk import Desk
from support.panel import PanelClient

PLACE = "/administration/configuration/modeles"
FIELDS = {
    "name": "Lettre",
    "occasion": "invitation",
    "language": "fr",
    "subject": "{{ objet }}",
    "text": "Bonjour {{ prenom }}",
    "html": "<p>{{ lieu }}</p>",
}


def stored(book: AppointmentBook) -> list[MailTemplate]:
    with book.database.reading() as tx:
        return tx.mail_templates.all()


def planned(book: AppointmentBook) -> int:
    with book.database.writing() as tx:
        return Desk(tx=tx, now=book.clock()).plan("ivan")


@pytest.fixture
def written(book: AppointmentBook, admin: PanelClient) -> MailTemplate:
    admin.post_form(f"{PLACE}/nouveau", FIELDS)
    (template,) = stored(book)
    return template


@pytest.mark.parametrize("login", ["alice", "ivan", "claire"])
def test_only_administrators(request: pytest.FixtureRequest, login: str) -> None:
    client: PanelClient = request.getfixturevalue(login)
    for path in ("", "/nouveau", "/1", "/apercu/mail-message-fr"):
        assert client.get(PLACE + path).status_code == 403
    for path in ("/nouveau", "/1/retrait", "/1/par-defaut", "/mail-message-fr/copie"):
        assert client.post_form(PLACE + path).status_code == 403


def test_shipped_templates_are_listed_and_copied(book: AppointmentBook, admin: PanelClient) -> None:
    page = admin.get(PLACE).text
    assert page.count("(fourni)") == 10
    assert "Modèles d’e-mails" in admin.get("/administration/parametres").text
    page = admin.post_form(f"{PLACE}/mail-reminder-en/copie").text
    assert "« Reminder (copie) » est créé" in page
    (copy,) = stored(book)
    assert (copy.occasion, copy.language) == (Occasion.REMINDER, "en")
    assert admin.post_form(f"{PLACE}/mail-nothing-fr/copie").status_code == 404


def test_a_new_template_begins_with_the_standard_one(admin: PanelClient) -> None:
    page = admin.get(f"{PLACE}/nouveau").text
    assert "Voici les informations de votre rendez-vous." in page
    assert "{{ liste_participants }}" in page
    assert "Noms des participants" in page


def test_a_template_is_written_and_changed(
    book: AppointmentBook, admin: PanelClient, written: MailTemplate
) -> None:
    assert (written.name, written.text) == ("Lettre", "Bonjour {{ prenom }}")
    url = f"{PLACE}/{written.id}"
    assert "Bonjour {{ prenom }}" in admin.get(url).text
    page = admin.post_form(url, FIELDS | {"name": "Autre", "language": "en"})
    assert "Le modèle « Autre » est enregistré." in page.text
    assert [(each.name, each.language) for each in stored(book)] == [("Autre", "en")]
    assert admin.get(f"{PLACE}/99").status_code == 404


def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(
    book: AppointmentBook, admin: PanelClient
) -> None:
    endless = "ligne\n{% for i in (1..1000000000) %}x{% endfor %}"
    page = admin.post_form(f"{PLACE}/nouveau", FIELDS | {"text": endless, "subject": "{{ sujet }}"})
    assert page.status_code == 422
    assert "La variable « sujet » n’existe pas" in page.text
    assert "{% for i in (1..1000000000) %}x{% endfor %}" in page.text
    page = admin.post_form(f"{PLACE}/nouveau", FIELDS | {"text": endless})
    assert "Ligne 2 : Une boucle se répète trop souvent." in page.text
    assert page.status_code == 422
    assert not stored(book)
    page = admin.post_form(f"{PLACE}/nouveau?lang=en", FIELDS | {"text": endless})
    assert "Line 2: A loop repeats too often." in page.text


def test_a_default_is_chosen_retired_and_brought_back(
    book: AppointmentBook, admin: PanelClient, written: MailTemplate
) -> None:
    url = f"{PLACE}/{written.id}"
    page = admin.post_form(f"{url}/par-defaut", {"chosen": "yes"}).text
    assert "« Lettre » est désormais le modèle par défaut." in page
    assert stored(book)[0].is_default
    assert "n’est plus le modèle par défaut" in admin.post_form(f"{url}/par-defaut").text
    assert "« Lettre » est retiré." in admin.post_form(f"{url}/retrait", {"active": "no"}).text
    assert not stored(book)[0].active
    assert "de nouveau" in admin.post_form(f"{url}/retrait", {"active": "yes"}).text


def test_defaults_of_rendez_vous_offer_own_templates(
    admin: PanelClient, written: MailTemplate
) -> None:
    page = admin.get("/administration/valeurs-par-defaut/rendez-vous").text
    assert f'<option value="{written.id}">Lettre</option>' in page


def test_a_preview_shows_a_real_rendez_vous_and_can_do_nothing(
    book: AppointmentBook, admin: PanelClient, written: MailTemplate
) -> None:
    appointment_id = planned(book)
    answer = admin.get(f"{PLACE}/apercu/{written.key}?exemple={appointment_id}")
    assert "Bonjour Claire" in answer.text
    assert "1 rue de l&#39;Exemple" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script-src" not in policy
    assert "frame-src 'self'" in admin.get(PLACE).headers["Content-Security-Policy"]
    hostile = FIELDS | {"html": "<script>alert(1)</script>{{ objet }}", "example": ""}
    typed = admin.post_form(f"{PLACE}/apercu", hostile)
    assert typed.headers["Content-Security-Policy"] == policy
    assert len(stored(book)) == 1


def test_a_preview_says_what_is_wrong(admin: PanelClient) -> None:
    page = admin.post_form(f"{PLACE}/apercu", FIELDS | {"html": "{{ nope }}"}).text
    assert "Version HTML – Ligne 1 : La variable « nope » n’existe pas" in page
    assert admin.post_form(f"{PLACE}/apercu", FIELDS | {"example": "99"}).status_code == 404
    assert admin.post_form(f"{PLACE}/apercu", {"occasion": "x"}).status_code == 422
    assert admin.get(f"{PLACE}/apercu/99").status_code == 404


def test_a_test_is_queued_for_oneself(book: AppointmentBook, admin: PanelClient) -> None:
    asked = FIELDS | {"do": "test", "example": str(planned(book))}
    page = admin.post_form(f"{PLACE}/nouveau", asked)
    assert "Votre fiche n’a pas d’adresse e-mail" in page.text
    with book.database.writing() as tx:
        person = Desk(tx=tx, now=book.clock()).person("admin")
        tx.people.update(replace(person, addresses=("chef@agence.example",)))
    page = admin.post_form(f"{PLACE}/nouveau", asked)
    assert "L’essai est prêt à partir vers chef@agence.example." in page.text
    assert 'value="Lettre"' in page.text
    with book.database.reading() as tx:
        queued = tx.outbox.pending()[-1]
    assert (queued.recipient, queued.subject) == ("chef@agence.example", "Visite")
    assert not stored(book)
    page = admin.post_form(f"{PLACE}/nouveau", asked | {"example": ""})
    assert "Choisissez un rendez-vous pour l’essai." in page.text


def test_text_messages_have_a_tab_of_their_own(book: AppointmentBook, admin: PanelClient) -> None:
    page = admin.get(f"{PLACE}?canal=sms").text
    assert page.count("(fourni)") == 10
    page = admin.get(f"{PLACE}/nouveau?canal=sms").text
    assert 'name="html"' not in page
    admin.post_form(f"{PLACE}/nouveau?canal=sms", FIELDS)
    (sms,) = stored(book)
    assert (sms.medium, sms.subject, sms.html) == (Medium.SMS, "", "")
    assert "14 caractères" in admin.get(f"{PLACE}/apercu/{sms.key}").text
    assert "Lettre" not in admin.get(PLACE).text


def test_too_many_templates_are_refused(
    admin: PanelClient, written: MailTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_templates, "MOST_TEMPLATES", 1)
    page = admin.post_form(f"{PLACE}/nouveau", FIELDS)
    assert page.status_code == 422
    assert "Il y a trop de modèles" in page.text
    assert "Il y a trop de modèles" in admin.post_form(f"{PLACE}/{written.key}/copie").text


def test_pages_have_one_heading(admin: PanelClient, written: MailTemplate) -> None:
    for path in ("", "/nouveau", f"/{written.id}"):
        assert len(re.findall("<h1", admin.get(PLACE + path).text)) == 1

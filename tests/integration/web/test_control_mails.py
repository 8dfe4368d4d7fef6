"""*Email* about many rendez-vous of the control table: whom it reaches, and whom it spares."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.outbox import OutboxMessage
from rdv_caldav.domain.mail_templates import MailTemplate, Occasion
from rdv_caldav.services import mail_templates
from rdv_caldav.services.access import Channel, actor_for
from support.busy_agency import fill
from support.panel import PanelClient

TABLE = "/analyse/rendez-vous"
MAIL = f"{TABLE}/email"
COMING = {"filtre": "lancer=1&du=2026-12-01&etat=PLANIFIE", "lignes": "tout"}


@pytest.fixture(autouse=True)
def busy(book: AppointmentBook) -> None:
    """The busy agency."""
    fill(book, 18)


def rows_of(page: str) -> list[str]:
    return re.findall(r'name="ligne" value="([^"]+)"', page)


def ticked(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'name="to" value="([^"]+)" checked', page)]


def template_of(page: str) -> str:
    found = re.search(r'<option value="([^"]+)" selected', page)
    assert found is not None
    return found.group(1)


def typed_of(page: str) -> dict[str, Any]:
    """Return what the dialog sends as it stands."""
    subject = re.search(r'name="subject" value="([^"]*)"', page)
    body = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert subject is not None
    assert body is not None
    return {
        "filtre": COMING["filtre"],
        "ligne": rows_of(page),
        "to": ticked(page),
        "template": template_of(page),
        "subject": unescape(subject.group(1)),
        "body": unescape(body.group(1)),
    }


def letters(book: AppointmentBook, rows: list[str]) -> list[OutboxMessage]:
    with book.database.reading() as tx:
        ids = {int(row.partition("/")[0]) for row in rows}
        found = [each for number in ids for each in tx.outbox.of_appointment(number)]
    return [each for each in found if each.method == "MESSAGE"]


def test_everybody_gets_one_message_about_each_rendez_vous(
    book: AppointmentBook, alice: PanelClient
) -> None:
    page = alice.post_form(MAIL, COMING).text
    form = typed_of(page)
    chosen = ticked(page)
    assert len(chosen) > 5
    assert "Rien n’est encore envoyé." in page
    assert "sans adresse e-mail" in page
    assert "{%" not in form["body"], "nobody has to read a program"
    assert letters(book, rows_of(page)) == []
    preview = alice.post_form(MAIL, {**form, "do": "preview"}).text
    assert preview.count("<article") == min(10, len(chosen))
    assert ticked(preview) == chosen
    assert letters(book, rows_of(page)) == []
    done = alice.post_form(MAIL, {**form, "do": "send"})
    assert f"{len(chosen)} messages sont prêts à partir." in done.text
    assert done.request.path == TABLE
    queued = letters(book, rows_of(page))
    assert len(queued) == len(chosen)
    assert len({(m.appointment_id, m.original, m.recipient_name) for m in queued}) == len(chosen)
    assert not any("{" in message.body or "{" in message.subject for message in queued)
    assert "alice@agence.example" not in {message.recipient for message in queued}
    assert all(message.html for message in queued), "an untouched template keeps its HTML"


def test_dates_of_a_series_are_written_about_one_by_one(
    book: AppointmentBook, alice: PanelClient
) -> None:
    page = alice.post_form(MAIL, COMING).text
    dates = [row for row in rows_of(page) if "/" in row]
    assert dates
    form = {**COMING, "lignes": "", "ligne": dates[:1]}
    alice.post_form(MAIL, {**typed_of(alice.post_form(MAIL, form).text), "do": "send"})
    queued = letters(book, dates[:1])
    assert queued
    assert {each.original.isoformat() for each in queued if each.original} == {
        dates[0].partition("/")[2]
    }


def test_past_and_cancelled_ones_are_left_out_and_why(
    book: AppointmentBook, alice: PanelClient
) -> None:
    shown = alice.post_form(MAIL, {"filtre": "lancer=1&corbeille=avec", "lignes": "tout"}).text
    for words in ("Il est passé.", "Il est annulé.", "Il est dans la corbeille."):
        assert words in shown
    past = {"filtre": "lancer=1&au=2026-11-20", "lignes": "tout"}
    page = alice.post_form(MAIL, past).text
    assert "Personne ne peut recevoir de message." in page
    assert 'name="subject"' not in page
    rows = rows_of(alice.get(f"{TABLE}?{past['filtre']}").text)
    assert rows
    forged = {
        "filtre": past["filtre"],
        "ligne": rows,
        "to": [f"{row} p1" for row in rows],
        "subject": "Objet",
        "body": "Texte",
        "do": "send",
    }
    assert alice.post_form(MAIL, forged).status_code == 422
    assert letters(book, rows) == []


def test_what_is_typed_stays_with_what_is_wrong(book: AppointmentBook, alice: PanelClient) -> None:
    form = typed_of(alice.post_form(MAIL, COMING).text)
    one = form["to"][0]
    for wrong, words in (
        ({"to": []}, "au moins un destinataire"),
        ({"subject": " "}, "Il faut un objet et un texte."),
        ({"subject": "x" * 251}, "trop long"),
        ({"body": "Mon texte {{ inconnu }}"}, "inconnu"),
    ):
        typed = {**form, "to": [one], "body": "Mon texte", **wrong, "do": "send"}
        answer = alice.post_form(MAIL, typed)
        assert answer.status_code == 422
        assert words in answer.text
        assert "Mon texte" in answer.text
        assert ticked(answer.text) == typed["to"]
    assert letters(book, form["ligne"]) == []


def test_own_words_replace_those_of_the_template(book: AppointmentBook, alice: PanelClient) -> None:
    form = typed_of(alice.post_form(MAIL, COMING).text)
    one = form["to"][0]
    typed = {**form, "to": [one], "body": "Bonjour {{ destinataire }},\r\nà {{ lieu }}"}
    assert "1 message est prêt" in alice.post_form(MAIL, {**typed, "do": "send"}).text
    (sent,) = letters(book, [one.partition(" ")[0]])
    assert sent.body.startswith(f"Bonjour {sent.recipient_name},")
    assert sent.html == ""


def test_another_template_is_taken(book: AppointmentBook, alice: PanelClient) -> None:
    with book.database.writing() as tx:
        admin = actor_for(tx, "admin", channel=Channel.WEB)
        made = mail_templates.create(
            tx,
            admin,
            MailTemplate(
                name="Rappel",
                occasion=Occasion.MESSAGE,
                subject="Rappel : {{ objet }}",
                text="{% if lieu %}À {{ lieu }}{% endif %} {{ nom | upcase }}",
            ),
            now=book.clock(),
        )
    form = {**typed_of(alice.post_form(MAIL, COMING).text), "template": made.key}
    page = alice.post_form(MAIL, {**form, "do": "template"}).text
    taken = typed_of(page)
    assert template_of(page) == made.key
    assert taken["to"] == form["to"]
    assert taken["subject"] == "Rappel : {{ objet }}"
    assert "upcase" in taken["body"], "what cannot be said more simply stays as it is"


@pytest.mark.parametrize("form", [{}, {"ligne": "x"}, {"filtre": "du=hier", "lignes": "tout"}])
def test_no_rows_at_all(alice: PanelClient, form: dict[str, str]) -> None:
    answer = alice.post_form(MAIL, {"filtre": "lancer=1", **form})
    assert answer.status_code == 422
    assert "Choisissez des lignes" in answer.text or "Ce n’est pas une date." in answer.text


def test_who_may_not_see_a_rendez_vous_writes_to_nobody(
    book: AppointmentBook,
    logged_in: Callable[[str], PanelClient],
    admin: PanelClient,
    ivan: PanelClient,
) -> None:
    assert ivan.post_form(MAIL, COMING).status_code == 403
    nora = logged_in("nora")
    seen = set(rows_of(nora.post_form(MAIL, COMING).text))
    page = admin.post_form(MAIL, COMING).text
    hidden = sorted(set(rows_of(page)) - seen)
    assert hidden
    answer = nora.post_form(MAIL, {"filtre": "lancer=1", "ligne": hidden})
    assert "Personne ne peut recevoir de message." in answer.text
    assert "Sophie" not in answer.text
    forged = {**typed_of(page), "ligne": [*hidden], "do": "send"}
    assert nora.post_form(MAIL, forged).status_code == 422
    assert letters(book, hidden) == []

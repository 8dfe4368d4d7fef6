"""Who reads, answers and changes a rendez-vous in the panel, and who learns nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import State
from rdv_caldav.services import appointments
from rdv_caldav.services.access import Channel, actor_for
from support.appointment_form import NEW, Form, key, planned, show, stored, typed
from support.panel import PanelClient


def test_participants_read_and_answer(
    book: AppointmentBook, alice: PanelClient, claire: PanelClient, ivan: PanelClient
) -> None:
    made = planned(book, alice, notes="Pour l’agence seule")
    page = claire.get(show(made)).text
    assert "Bilan" in page
    assert "Pour l’agence seule" not in page
    assert "Enregistrer" not in page
    answer = {"presence": "TENTATIVE", "comment": "Plutôt le matin"}
    page = claire.post_form(f"/rendez-vous/{made}/reponse", answer).text
    assert "Votre réponse est enregistrée." in page
    assert stored(book, made).owner.comment == "Plutôt le matin"
    assert "Plutôt le matin" in alice.get(show(made)).text
    assert ivan.get(show(made)).status_code == 404, "who takes no part learns nothing"
    assert ivan.post_form(f"/rendez-vous/{made}/reponse", answer).status_code == 404
    assert ivan.get(show(999)).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/nouveau",
        "/1",
        "/1/email",
        "/personnes",
        "/disponibilites",
        "/1/reponse",
        "/1/corbeille",
    ],
)
def test_nobody_reads_or_writes_without_a_login(browser: PanelClient, path: str) -> None:
    answer = browser.get(f"/rendez-vous{path}")
    assert answer.status_code in (302, 404, 405)
    assert browser.post_form(f"/rendez-vous{path}", {}).status_code in (401, 404, 405)


@pytest.mark.parametrize("action", ["", "/corbeille", "/restauration"])
def test_clients_change_nothing(
    book: AppointmentBook, alice: PanelClient, claire: PanelClient, action: str
) -> None:
    made = planned(book, alice)
    answer = claire.post_form(f"/rendez-vous/{made}{action}", typed(book, subject="Piraté"))
    assert answer.status_code in (403, 404)
    assert stored(book, made).subject == "Bilan"
    assert stored(book, made).state is State.PLANNED


def test_who_plans_for_whom(
    claire: PanelClient, ivan: PanelClient, alice: PanelClient, logged_in: Any
) -> None:
    assert claire.get("/rendez-vous/nouveau").status_code == 403
    assert ivan.get(NEW).status_code == 404
    assert "Nouveau rendez-vous" in ivan.get("/rendez-vous/nouveau").text
    assert logged_in("nora").get("/rendez-vous/nouveau?personne=sophie").status_code == 404
    assert "Chez qui" in logged_in("nora").get("/rendez-vous/nouveau").text


def test_an_intervenant_plans_and_edits_what_he_owns(
    book: AppointmentBook, ivan: PanelClient
) -> None:
    form = Form(ivan, "/rendez-vous/nouveau").fill(**typed(book), add=[key(book, "alice")])
    form.press("save")
    made = int(form.where.rsplit("/", 1)[1])
    assert f"p{stored(book, made).owner.person_id}" == key(book, "ivan")
    form = Form(ivan, show(made)).fill(**typed(book, subject="Le mien")).press("save")
    assert stored(book, made).subject == "Le mien"
    form.fill(owner=key(book, "alice")).press("save")
    page = ivan.get(show(made)).text
    assert "Enregistrer" not in page, "what he gave away he only reads"
    assert "Votre réponse" in page


def test_nobody_is_added_whom_one_may_not_know(book: AppointmentBook, logged_in: Any) -> None:
    nora = logged_in("nora")
    sophie = key(book, "sophie")
    assert "Sophie" not in nora.get("/rendez-vous/personnes?words=sophie").text
    assert "Claire" in nora.get("/rendez-vous/personnes?words=CLAIRE").text
    form = Form(nora, NEW).fill(**typed(book), add=[sophie]).press("add")
    assert sophie not in form.fields["who"]
    forced = [*form.fields["who"], sophie]
    assert nora.post_form(NEW, {**form.fields, "who": forced, "do": "save"}).status_code == 403


def test_links_of_calendars_lead_here(book: AppointmentBook, alice: PanelClient) -> None:
    made = planned(book, alice)
    answer = alice.get(f"/rendez-vous/{stored(book, made).uid}")
    assert answer.location == f"/rendez-vous/{made}"
    assert alice.get("/rendez-vous/inconnu").status_code == 404


def test_what_a_form_was_shown_counts_for_that_account_only(
    book: AppointmentBook, alice: PanelClient, admin: PanelClient
) -> None:
    form = Form(alice, NEW).fill(**typed(book), appointment="")
    assert "libre" in alice.post_form("/rendez-vous/disponibilites", form.fields).text
    assert admin.post_form("/rendez-vous/disponibilites", form.fields).text == ""


def test_a_copy_keeps_what_was_typed_when_somebody_of_it_cannot_be_added(
    book: AppointmentBook, alice: PanelClient, logged_in: Any
) -> None:
    made = planned(book, alice, add=[key(book, "sophie"), key(book, "ivan")])
    nora, sophie = logged_in("nora"), key(book, "sophie")
    form = Form(nora, f"{NEW}&copie={made}").fill(**typed(book, subject="Tapé longuement"))
    assert sophie in form.fields["who"], "she saw her there"
    form.press("save", 422)
    assert "Sophie" in re.findall(r'class="problem" role="alert">([^<]+)', form.page)[0]
    assert 'value="Tapé longuement"' in form.page
    assert sophie in form.fields["who"]
    form.press(f"remove:{sophie}")
    form.press("insist")
    assert form.where != "/rendez-vous/nouveau"
    copied = stored(book, int(form.where.rsplit("/", 1)[1]))
    assert copied.subject == "Tapé longuement"
    assert len(copied.participants) == 2


def test_times_are_shown_by_the_agencys_clock(
    book: AppointmentBook, alice: PanelClient, claire: PanelClient
) -> None:
    made = planned(book, alice)
    before = stored(book, made).span
    elsewhere = before.on_clock_of("America/New_York")
    assert elsewhere.start != before.start
    with book.database.writing() as tx:
        actor = actor_for(tx, "alice", channel=Channel.COMMAND)
        appointments.revise(tx, actor, made, lambda a: replace(a, span=elsewhere), now=book.clock())
    assert stored(book, made).span.zone == "America/New_York"
    for reader in (alice, claire):
        page = reader.get(show(made)).text
        assert f"{before.start:%H:%M}" in page
        assert f"{elsewhere.start:%H:%M}" not in page

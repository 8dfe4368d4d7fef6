"""The first page after login: what it tells, to whom, and the pages of a module that is off."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from rdv_caldav.bootstrap import AppointmentBook
from support.appointment_form import Form, typed
from support.panel import PanelClient

LOGINS = ("admin", "alice", "nora", "ivan", "claire", "héloïse@agence.example")


@pytest.mark.parametrize("login", LOGINS)
def test_everybody_finds_his_week(logged_in: Callable[[str], PanelClient], login: str) -> None:
    answer = logged_in(login).get("/")
    assert answer.status_code == 200
    assert "Aujourd’hui et les six jours qui suivent" in answer.text
    assert "Adresse CalDAV" not in answer.text


def test_how_to_connect_has_a_page_of_its_own(alice: PanelClient) -> None:
    assert 'href="/agenda"' in alice.get("/").text
    assert "http://localhost/dav/" in alice.get("/agenda").text


def test_pages_of_rendez_vous_are_gone_with_the_module(
    app: Flask, book: AppointmentBook, admin: PanelClient
) -> None:
    with book.database.writing() as tx:
        tx.agency.save_setting("module_enabled", False)
    home = admin.get("/")
    assert home.status_code == 200
    assert "Le module Rendez-vous est désactivé" in home.text
    pages = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in {"appointments", "control", "planning"}
        and "GET" in (rule.methods or ())
        and not rule.arguments
        and rule.endpoint != "control.schema"
    ]
    assert len(pages) >= 4
    answers = {path: admin.get(path).status_code for path in [*pages, "/compte/rendez-vous"]}
    assert set(answers.values()) == {404}, answers


def test_the_week_and_what_waits_are_told_to_who_takes_part(
    book: AppointmentBook,
    alice: PanelClient,
    admin: PanelClient,
    claire: PanelClient,
    ivan: PanelClient,
) -> None:
    form = Form(admin, "/rendez-vous/nouveau?personne=claire")
    today = {"start_day": "2026-11-25", "end_day": "2026-11-25"}
    form.fill(**typed(book, subject="Visite chez Claire", **today)).press("insist")
    for browser in (claire, alice):
        assert "Visite chez Claire" in browser.get("/").text, "own, and followed by Alice"
    assert "Visite chez Claire" not in ivan.get("/").text


def test_what_is_over_and_still_planned_is_told_to_staff(
    book: AppointmentBook, alice: PanelClient, admin: PanelClient, claire: PanelClient
) -> None:
    form = Form(admin, "/rendez-vous/nouveau?personne=claire")
    past = {"start_day": "2026-11-20", "end_day": "2026-11-20"}
    form.fill(**typed(book, subject="Déjà passé", **past)).press("insist")
    page = alice.get("/").text
    assert "Passés et encore planifiés" in page
    assert "Déjà passé" in page
    assert "Passés et encore planifiés" not in claire.get("/").text

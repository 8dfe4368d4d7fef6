"""Who gets into which page: every endpoint has its row here, and a new one without fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from rdv_caldav.bootstrap import AppointmentBook
from support.appointment_form import Form, typed
from support.panel import PanelClient

OPEN = frozenset(
    {
        "front_page.front_page",
        "health.health",
        "login.enter",
        "login.form",
        "static",
        "types.stylesheet",
    }
)
"""What answers without a login."""

EVERYBODY = frozenset(
    {
        "account.appointments",
        "account.change_password",
        "account.choose_language",
        "account.end_session",
        "account.follow",
        "account.move_up",
        "account.preferences",
        "account.unfollow",
        "appointments.answer",
        "appointments.edit",
        "appointments.free",
        "appointments.mail",
        "appointments.new",
        "appointments.of_uid",
        "appointments.persons",
        "appointments.plan",
        "appointments.restore",
        "appointments.send_mail",
        "appointments.show",
        "appointments.trash",
        "front_page.connecting",
        "login.leave",
        "planning.move",
        "planning.move_in_team",
        "planning.person",
        "planning.team",
    }
)
"""What answers by whose rendez-vous and calendars these are, not by role alone."""

STAFF = ("people.", "control.")
ADMINISTRATORS = ("administration.",)

VALUES = {
    "appointment_id": 1,
    "code": "visite",
    "ending": "csv",
    "filter_id": 1,
    "key": "1",
    "kind": "clients",
    "sector_id": 1,
    "setting": "module_enabled",
    "slug": "sophie",
    "template_id": 1,
    "uid": "none",
}
OUTSIDE = ("Sophie", "sophie@famille.example")
"""Somebody of another secteur, with nothing to do with whoever asks."""


def _rules(app: Flask) -> Iterator[Rule]:
    return app.url_map.iter_rules()


def _url(app: Flask, rule: Rule) -> str:
    values = {name: VALUES[name] for name in rule.arguments}
    with app.test_request_context():
        built = app.url_map.bind("localhost").build(rule.endpoint, values, method=_method(rule))
    return str(built)


def _method(rule: Rule) -> str:
    return "POST" if "POST" in (rule.methods or ()) else "GET"


def test_every_endpoint_has_a_row(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in _rules(app)}
    by_role = {name for name in endpoints if name.startswith(STAFF + ADMINISTRATORS)}
    assert endpoints - by_role == OPEN | EVERYBODY


def _answers(app: Flask, client: PanelClient, begins: tuple[str, ...]) -> dict[str, int]:
    found = {}
    for rule in _rules(app):
        if rule.endpoint.startswith(begins):
            for method in sorted({"GET", "POST"} & set(rule.methods or ())):
                url = _url(app, rule)
                answer = client.get(url) if method == "GET" else client.post_form(url)
                assert not any(words in answer.text for words in OUTSIDE), (method, url)
                found[f"{method} {url}"] = answer.status_code
    return found


@pytest.mark.parametrize("login", ["ivan", "claire"])
def test_staff_pages_refuse_everybody_else(
    app: Flask, logged_in: Callable[[str], PanelClient], login: str
) -> None:
    answers = _answers(app, logged_in(login), STAFF + ADMINISTRATORS)
    entered = {url: status for url, status in answers.items() if status not in (403, 404)}
    assert not entered


@pytest.mark.parametrize("login", ["alice", "nora"])
def test_administration_refuses_gestionnaires(
    app: Flask, logged_in: Callable[[str], PanelClient], login: str
) -> None:
    answers = _answers(app, logged_in(login), ADMINISTRATORS)
    entered = {url: status for url, status in answers.items() if status not in (403, 404)}
    assert not entered


def test_without_a_login_nothing_is_told(app: Flask, browser: PanelClient) -> None:
    for rule in _rules(app):
        if rule.endpoint in OPEN:
            continue
        for method in sorted({"GET", "POST"} & set(rule.methods or ())):
            url = _url(app, rule)
            answer = browser.get(url) if method == "GET" else browser.post_form(url)
            assert answer.status_code == (302 if method == "GET" else 401), (method, url)
            assert not any(words in answer.text for words in OUTSIDE), (method, url)


@pytest.mark.parametrize("login", ["nora", "ivan", "claire"])
def test_another_secteur_is_nowhere_to_be_found(
    app: Flask,
    book: AppointmentBook,
    admin: PanelClient,
    logged_in: Callable[[str], PanelClient],
    login: str,
) -> None:
    form = Form(admin, "/rendez-vous/nouveau?personne=sophie")
    form.fill(**typed(book, subject="Affaire réservée")).press("insist")
    assert "Affaire réservée" in admin.get("/analyse/rendez-vous?texte=Affaire&lancer=1").text
    client = logged_in(login)
    for rule in _rules(app):
        if "GET" not in (rule.methods or ()) or rule.endpoint in {"static", "login.form"}:
            continue
        for query in ("", "?texte=Affaire&lancer=1&words=Sophie&mots=Sophie"):
            values = {name: VALUES[name] for name in rule.arguments}
            url = str(app.url_map.bind("localhost").build(rule.endpoint, values, method="GET"))
            text = client.get(url + query).text.replace(query.partition("?")[2], "")
            assert "Affaire réservée" not in text, url
            assert "sophie@famille.example" not in text, url

"""Sessions: who gets in, who is sent to log in, and what becomes of what was typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from werkzeug.test import TestResponse

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.services import web_sessions
from rdv_caldav.services.web_sessions import IDLE
from support.panel import PanelClient
from support.scenario import Clock

LogIn = Callable[[str], PanelClient]


def test_wrong_password_is_refused_and_the_login_kept(browser: PanelClient) -> None:
    answer = browser.post_form("/connexion", {"login": "alice", "password": "wrong"})
    assert answer.status_code == 401
    assert "incorrect" in answer.text
    assert 'value="alice"' in answer.text
    assert "wrong" not in answer.text


def test_pages_ask_for_a_login_and_go_on_afterwards(browser: PanelClient) -> None:
    answer = browser.get("/types.css")
    assert answer.status_code == 200
    form = browser.get("/connexion?next=/types.css?a=1")
    assert 'name="next" value="/types.css?a=1"' in form.text
    entered = browser.post_form(
        "/connexion",
        {"login": "alice", "password": "demo", "next": "/types.css?a=1"},
        follow_redirects=False,
    )
    assert entered.headers["Location"] == "/types.css?a=1"


@pytest.mark.parametrize(
    "target", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_no_open_redirect(browser: PanelClient, target: str) -> None:
    entered = browser.post_form(
        "/connexion",
        {"login": "alice", "password": "demo", "next": target},
        follow_redirects=False,
    )
    assert entered.headers["Location"] == "/"


def test_logging_out_ends_the_session_for_every_copy_of_the_cookie(alice: PanelClient) -> None:
    cookie = alice.get_cookie("rdv")
    assert cookie is not None
    alice.post_form("/deconnexion")
    alice.set_cookie("rdv", cookie.value)
    assert "Se déconnecter" not in alice.get("/").text


def test_a_session_ends_when_it_is_not_used(alice: PanelClient, clock: Clock) -> None:
    clock.now += IDLE - timedelta(minutes=1)
    assert "Se déconnecter" in alice.get("/").text
    clock.now += IDLE - timedelta(minutes=1)
    assert "Se déconnecter" in alice.get("/").text
    clock.now += IDLE + timedelta(minutes=1)
    assert "Se déconnecter" not in alice.get("/").text


def test_other_sessions_can_be_ended(book: AppointmentBook, logged_in: LogIn) -> None:
    first, second = logged_in("alice"), logged_in("alice")
    with book.database.writing() as tx:
        account = tx.accounts.by_login("alice")
        assert account is not None
        newest, _older = web_sessions.sessions(tx, account)
        web_sessions.end_others(tx, account, newest)
    still_in = ["Se déconnecter" in each.get("/").text for each in (first, second)]
    assert sorted(still_in) == [False, True]


def test_nothing_is_done_without_a_token(alice: PanelClient) -> None:
    answer = alice.post("/deconnexion", data={"x": "typed"})
    assert answer.status_code == 401
    assert "typed" not in answer.text
    assert "Se déconnecter" in alice.get("/").text


def test_a_stale_page_of_ours_is_offered_again(alice: PanelClient) -> None:
    answer = alice.post_stale("/compte/langue", {"note": "typed"}, login="alice")
    assert answer.status_code == 400
    assert 'name="note" value="typed"' in answer.text
    assert "Se déconnecter" in alice.get("/").text


def test_a_stale_page_is_offered_to_nobody_else(alice: PanelClient) -> None:
    answer = alice.post_stale("/compte/langue", {"note": "typed"}, login="claire")
    assert answer.status_code == 401
    assert "ouverte avec un autre compte" in answer.text
    assert "typed" not in answer.text
    login = {"password": "demo", "kept": _kept(answer)}
    assert "typed" not in alice.post_form("/connexion", {"login": "claire", **login}).text
    offered = alice.post_form("/connexion", {"login": "alice", **login})
    assert 'name="note" value="typed"' in offered.text


def _kept(answer: TestResponse) -> str:
    """Return what a login page keeps of a form."""
    found = re.search(r'name="kept" value="([^"]+)"', answer.text)
    assert found is not None
    return unescape(found[1])


def test_what_was_typed_survives_an_expired_session(admin: PanelClient, clock: Clock) -> None:
    path = "/administration/configuration/rendez-vous/nouveau"
    typed = {"label": "Été à « Nice »", "category": "interne", "colour": "#123456"}
    clock.now += IDLE + timedelta(minutes=1)
    expired = admin.post_form(path, typed)
    assert expired.status_code == 401
    assert "Ce que vous aviez saisi est gardé" in expired.text
    login = {"login": "admin", "password": "demo", "kept": _kept(expired)}
    mistaken = admin.post_form("/connexion", {**login, "password": "wrong"})
    assert _kept(mistaken) == login["kept"]
    somebody = admin.post_form("/connexion", {**login, "login": "alice"})
    assert somebody.status_code == 200
    assert "à « Nice »" not in somebody.text
    offered = admin.post_form("/connexion", login)
    assert f'action="{path}"' in offered.text
    assert 'name="label" value="Été à « Nice »"' in offered.text
    assert re.findall("<dt>(.+?)</dt>", offered.text) == ["Nom"], "what he knows again, no more"
    assert "est ajouté" in admin.post_form(path, typed).text


def test_what_another_site_sends_is_not_kept(admin: PanelClient, clock: Clock) -> None:
    clock.now += IDLE + timedelta(minutes=1)
    expired = admin.post_form(
        "/administration/options/demo",
        {"enabled": "yes"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert expired.status_code == 401
    assert 'name="kept"' not in expired.text


def test_a_kept_form_of_ones_own_making_is_refused(browser: PanelClient) -> None:
    login = {"login": "alice", "password": "demo", "kept": "made.up"}
    assert "Vos saisies" not in browser.post_form("/connexion", login).text

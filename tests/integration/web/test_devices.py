"""*Mes appareils*, and the login page under guesses."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.throttling import PAIR
from rdv_caldav.services import devices
from rdv_radicale.application import create_app
from support.dav import DavClient
from support.panel import PanelClient, words_of

PAGE = "/compte/appareils"


def secret_on(text: str) -> str:
    found = re.search(r'id="secret"[^>]* value="([a-z2-7-]+)"', text)
    assert found is not None
    return found.group(1)


def device_of(book: AppointmentBook, login: str) -> int:
    with book.database.reading() as tx:
        account = tx.accounts.by_login(login)
        assert account is not None
        return devices.listed(tx, account)[0].id


def test_a_device_is_made_shown_once_used_and_revoked(
    book: AppointmentBook, claire: PanelClient
) -> None:
    assert "acceptent encore le mot de passe du compte" in words_of(claire.get(PAGE))
    made = claire.post_form(PAGE, {"label": " Téléphone de Claire "})
    secret = secret_on(made.text)
    assert 'value="http://localhost/dav/"' in made.text
    assert 'value="claire"' in made.text
    listed = claire.get(PAGE)
    assert secret not in listed.text
    assert "Téléphone de Claire" in words_of(listed)
    assert "n’acceptent pas le mot de passe du compte" in words_of(listed)
    program = DavClient(create_app(book), "claire", secret)
    program.propfind("/claire/")
    assert "jamais" not in words_of(claire.get(PAGE))
    number = device_of(book, "claire")
    path = f"{PAGE}/de/claire/{number}/revoquer"
    assert "Révoquer « Téléphone de Claire » ?" in words_of(claire.get(path))
    program.propfind("/claire/")
    page = claire.post_form(path)
    assert "n’a plus accès" in page.text
    assert "Aucun pour le moment." in page.text
    program.propfind("/claire/", expect=401)
    assert claire.post_form(path).status_code == 404
    # it opens calendars only
    assert claire.get("/compte").status_code == 200


def test_a_name_is_needed(claire: PanelClient) -> None:
    page = claire.post_form(PAGE, {"label": "x" * 61})
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.text
    assert "x" * 61 in page.text


def test_the_panel_is_closed_to_devices(browser: PanelClient, claire: PanelClient) -> None:
    secret = secret_on(claire.post_form(PAGE, {"label": "Téléphone"}).text)
    answer = browser.post_form("/connexion", {"login": "claire", "password": secret})
    assert answer.status_code == 401


def test_administrators_revoke_those_of_others(
    book: AppointmentBook, admin: PanelClient, claire: PanelClient, alice: PanelClient
) -> None:
    claire.post_form(PAGE, {"label": "Perdu"})
    path = f"{PAGE}/de/claire/{device_of(book, 'claire')}/revoquer"
    assert f'href="{PAGE}/de/claire"' in admin.get(PAGE).text
    assert f'href="{PAGE}/de/claire"' not in alice.get(PAGE).text
    assert alice.post_form(path).status_code == 403
    assert admin.get(f"{PAGE}/de/nobody").status_code == 404
    others = admin.get(f"{PAGE}/de/claire")
    assert "Perdu" in others.text
    assert 'name="label"' not in others.text
    assert "n’a plus accès" in admin.post_form(path).text
    assert "Perdu" not in claire.get(PAGE).text


def test_the_agency_decides_about_accounts_passwords(
    book: AppointmentBook, admin: PanelClient
) -> None:
    rules = "/administration/configuration/regles"
    fields = {"personal_collections": "7", "personal_megabytes": "7"}
    admin.post_form(rules, {**fields, "account_password_on_caldav": "never"})
    DavClient(create_app(book), "claire").propfind("/claire/", expect=401)
    admin.post_form(rules, fields)
    with book.database.reading() as tx:
        assert tx.agency.settings().account_password_on_caldav.value == "never"
    answer = admin.post_form(rules, {**fields, "account_password_on_caldav": "nonsense"})
    assert answer.status_code == 422


@pytest.mark.parametrize("login", ["alice", "nobody-of-this-name"])
def test_many_wrong_passwords(
    browser: PanelClient, logged_in: Callable[[str], PanelClient], login: str
) -> None:
    inside = logged_in("alice")
    for number in range(PAIR.burst):
        answer = browser.post_form("/connexion", {"login": login, "password": f"guess {number}"})
        assert answer.status_code == 401
    answer = browser.post_form("/connexion", {"login": login, "password": "demo"})
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == str(PAIR.cost)
    assert f'value="{login}"' in answer.text
    assert "réessayez dans une minute" in answer.text
    english = browser.post_form(
        "/connexion", {"login": login, "password": "x"}, headers={"Accept-Language": "en"}
    )
    assert "try again in a minute" in english.text
    assert inside.get("/compte").status_code == 200

"""Mon compte: the account's own rendez-vous, language, password, sessions, followed calendars."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.services import inbox
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.accounts import verify
from support.appointment_form import planned
from support.panel import PanelClient

LogIn = Callable[[str], PanelClient]


@pytest.mark.parametrize("login", ["admin", "alice", "nora", "ivan", "claire"])
@pytest.mark.parametrize("path", ["/compte", "/compte/rendez-vous"])
def test_everybody_has_his_own_pages(logged_in: LogIn, login: str, path: str) -> None:
    assert logged_in(login).get(path).status_code == 200


def test_an_account_of_nobody_has_no_rendez_vous(logged_in: LogIn) -> None:
    assert "n’est lié à aucune fiche" in logged_in("nora").get("/compte/rendez-vous").text


def test_the_language_is_that_of_the_account(alice: PanelClient) -> None:
    page = alice.post_form("/compte/langue", {"language": "en"})
    assert "Your language is saved." in page.text
    assert '<html lang="en">' in alice.get("/compte").text
    assert "24 November 2026" in alice.get("/").text, "the day before the month, as here"
    alice.post_form("/compte/langue", {"language": "xx"})
    assert '<html lang="en">' in alice.get("/compte").text


def test_the_password_is_changed(
    alice: PanelClient, logged_in: LogIn, book: AppointmentBook
) -> None:
    elsewhere = logged_in("alice")
    new = "une phrase assez longue"
    typed = {"present": "demo", "new": new, "again": new}
    for wrong, words in (
        ({"present": "autre"}, "Ce n’est pas votre mot de passe actuel."),
        ({"new": "court", "again": "court"}, "Il faut au moins 10 caractères"),
        ({"again": "autre"}, "Ce n’est pas le même."),
    ):
        page = alice.post_form("/compte/mot-de-passe", {**typed, **wrong})
        assert page.status_code == 422
        assert words in page.text
        assert new not in page.text
    page = alice.post_form("/compte/mot-de-passe", typed)
    assert "Votre mot de passe est changé" in page.text
    with book.database.reading() as tx:
        assert verify(tx, "alice", new) is not None
    assert alice.get("/compte").status_code == 200
    assert elsewhere.get("/compte").status_code == 302


def test_a_session_elsewhere_is_closed(alice: PanelClient, logged_in: LogIn) -> None:
    elsewhere = logged_in("alice")
    page = alice.get("/compte").text
    name = page.split('name="name" value="')[1].split('"')[0]
    assert logged_in("ivan").post_form("/compte/sessions", {"name": name}).status_code == 404
    assert elsewhere.get("/compte").status_code == 200
    assert "La session est fermée." in alice.post_form("/compte/sessions", {"name": name}).text
    assert elsewhere.get("/compte").status_code == 302


def test_calendars_are_followed_and_left(alice: PanelClient) -> None:
    assert "Ne plus suivre<" in alice.get("/compte").text
    found = alice.get("/compte?q=sophie").text
    assert 'action="/compte/agendas/sophie/suivre"' in found
    alice.post_form("/compte/agendas/sophie/suivre")
    alice.post_form("/compte/agendas/sophie/monter")
    page = alice.get("/compte").text
    assert page.index("agendas/sophie/quitter") < page.index("agendas/claire/quitter")
    alice.post_form("/compte/agendas/sophie/quitter")
    assert "sophie" not in alice.get("/compte").text


def test_nobody_follows_whom_he_may_not_see(logged_in: LogIn) -> None:
    assert logged_in("nora").post_form("/compte/agendas/sophie/suivre").status_code == 404
    assert "Sophie" not in logged_in("nora").get("/compte?q=sophie").text
    ivan = logged_in("ivan")
    assert ivan.post_form("/compte/agendas/claire/suivre").status_code == 404
    assert ivan.get("/compte?q=claire").status_code == 200


def test_notifications_are_switched_on_and_off_again(
    book: AppointmentBook, claire: PanelClient, alice: PanelClient
) -> None:
    page = claire.get("/compte").text
    assert "avec Thunderbird, laissez désactivé" in page
    on = claire.post_form("/compte/notifications", {"enabled": "yes"})
    assert "vous préviendra désormais" in on.text
    assert 'data-on="yes"' in on.text
    planned(book, alice)
    assert _waiting(book, "claire") == (True, 1)
    assert _waiting(book, "alice") == (False, 0), "nobody else's is switched"
    off = claire.post_form("/compte/notifications", {"enabled": "no"})
    assert "ne vous prévient plus" in off.text
    assert 'data-on="no"' in off.text
    assert _waiting(book, "claire") == (False, 0)


def _waiting(book: AppointmentBook, login: str) -> tuple[bool, int]:
    with book.database.reading() as tx:
        actor = actor_for(tx, login, channel=Channel.WEB)
        return inbox.is_on(tx, actor), len(list(inbox.messages(tx, actor)))

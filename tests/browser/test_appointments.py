"""The form of a rendez-vous in a real browser: planned, changed and answered by clicks and keys."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

PageAs = Callable[..., Page]

NEW = "/rendez-vous/nouveau?personne=claire&debut=2026-12-01T10:00"


def plan(page: Page, subject: str) -> str:
    page.goto(NEW)
    page.get_by_label("Objet").fill(subject)
    page.get_by_role("button", name="Enregistrer").first.click()
    insist = page.get_by_role("button", name="Enregistrer quand même")
    saved = page.get_by_text("Le rendez-vous est enregistré.")
    expect(saved.or_(insist)).to_be_visible()
    if insist.is_visible():
        insist.click()
        expect(saved).to_be_visible()
    return page.url


@pytest.mark.parametrize(("width", "dark", "language"), [(1280, False, "fr"), (390, True, "en")])
def test_what_is_behind_tabs_is_accessible(
    page_as: PageAs,
    accessible: Callable[[Page], None],
    width: int,
    dark: bool,
    language: str,
) -> None:
    page = page_as("alice", width=width, dark=dark, language=language)
    page.goto("/rendez-vous/2")
    for link in page.locator(".panels > .tabs a").all():
        link.click()
        accessible(page)


def test_participants_are_searched_added_and_answer_without_leaving_the_page(
    page_as: PageAs,
) -> None:
    page = page_as("alice")
    page.goto(NEW)
    page.get_by_label("Objet").fill("À garder")
    page.get_by_text("Ajouter un participant").click()
    page.get_by_label("Nom", exact=True).fill("ivan")
    page.get_by_label(re.compile("Ivan Démo")).check()
    page.get_by_role("button", name="Ajouter la sélection").click()
    expect(page.locator(".seat")).to_have_count(2)
    answers = page.get_by_role("group", name="Présence de Ivan Démo")
    answers.get_by_role("button").nth(1).click()
    expect(answers.get_by_role("button", name="Peut-être")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.get_by_role("button", name="M’ajouter comme participant").click()
    expect(page.locator(".seat")).to_have_count(3)
    expect(page.get_by_label("Objet")).to_have_value("À garder")
    page.get_by_role("button", name="Rendre Ivan Démo propriétaire").click()
    page.get_by_role("button", name="Retirer Claire Démo").click()
    expect(page.locator(".seat")).to_have_count(2)


def test_hours_follow_and_hints_come_by_themselves(page_as: PageAs) -> None:
    page = page_as("alice")
    plan(page, "Premier")
    page.goto(NEW)
    expect(page.locator("#hints")).to_contain_text("déjà un rendez-vous")
    expect(page.locator("#hints")).to_contain_text("Tout le monde est libre")
    page.get_by_label("Date de début").fill("2027-03-06")
    page.get_by_label("Heure de début").fill("22:00")
    page.get_by_label("Heure de début").blur()
    expect(page.get_by_label("Heure de fin")).to_have_value("23:00")
    expect(page.get_by_label("Date de fin")).to_have_value("2027-03-06")
    expect(page.locator("#hints")).to_contain_text("libre")
    expect(page.locator("#hints")).not_to_contain_text("déjà un rendez-vous")
    page.get_by_label("Toute la journée").check()
    expect(page.get_by_label("Heure de début")).to_be_hidden()


def test_keyboard_alone_plans_and_cancels(page_as: PageAs) -> None:
    page = page_as("alice")
    page.goto(NEW)
    page.get_by_label("Objet").focus()
    page.keyboard.type("Au clavier")
    page.keyboard.press("Enter")
    saved = page.get_by_text("Le rendez-vous est enregistré.")
    insist = page.get_by_role("button", name="Enregistrer quand même")
    expect(saved.or_(insist)).to_be_visible()
    if insist.is_visible():
        insist.focus()
        page.keyboard.press("Enter")
    expect(saved).to_be_visible()
    page.get_by_role("button", name="Annulé").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".under-title")).to_contain_text("Annulé")
    page.get_by_role("link", name="Historique").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#history")).to_contain_text(
        "État : «\u00a0Planifié\u00a0» devient «\u00a0Annulé\u00a0»"
    )
    page.get_by_role("button", name="Remettre à Planifié").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".under-title")).to_contain_text("Planifié")


def test_everything_works_without_javascript(page_as: PageAs) -> None:
    page = page_as("alice", java_script_enabled=False)
    page.goto(NEW)
    page.get_by_label("Objet").fill("Sans script")
    page.get_by_text("Ajouter un participant").click()
    page.get_by_label("Nom", exact=True).fill("ivan")
    page.keyboard.press("Enter")
    page.get_by_label(re.compile("Ivan Démo")).check()
    page.get_by_role("button", name="Ajouter la sélection").click()
    expect(page.get_by_label("Objet")).to_have_value("Sans script")
    expect(page.locator(".seat")).to_have_count(2)
    expect(page.get_by_role("heading", name="Notes")).to_be_visible()


def test_an_expired_session_loses_nothing(page_as: PageAs) -> None:
    page = page_as("alice")
    page.goto(NEW)
    page.get_by_label("Objet").fill("Après la pause")
    page.context.clear_cookies()
    page.get_by_role("button", name="M’ajouter comme participant").click()
    expect(page.get_by_text("Votre session a expiré.")).to_be_visible()
    page.fill("#login", "alice")
    page.fill("#password", "demo")
    page.click("main button.primary")
    page.get_by_role("button", name="Envoyer mes saisies").click()
    expect(page.get_by_label("Objet")).to_have_value("Après la pause")
    expect(page.locator(".seat")).to_have_count(2)

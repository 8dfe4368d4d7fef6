"""The control table in a real browser: criteria, sorting, actions by keyboard, print."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

TABLE = "/analyse/rendez-vous"
OPEN = f"{TABLE}?lancer=1&dans_notes=oui&texte=visite&colonne=date&colonne=objet&colonne=notes"


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_what_an_action_would_change_is_shown(
    page_as: Callable[..., Page], accessible: Callable[[Page], None], width: int, *, dark: bool
) -> None:
    page = page_as("alice", width=width, dark=dark, language="en")
    page.goto(OPEN)
    page.locator('input[name="ligne"]').first.check()
    page.click("button:has-text('See what will change')")
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("width", "dark"), [(1280, True), (390, False)])
def test_many_are_written_to_at_once(
    page_as: Callable[..., Page], accessible: Callable[[Page], None], width: int, *, dark: bool
) -> None:
    page = page_as("alice", width=width, dark=dark)
    page.goto(TABLE)
    day = "new Date(Date.now() + {} * 864e5).toISOString().slice(0, 10)"
    first, last = (page.evaluate(day.format(days)) for days in (0, 6))
    page.goto(f"{TABLE}?lancer=1&du={first}&au={last}")
    page.check("#lignes-2")
    page.click("button:has-text('Écrire aux participants')")
    expect(page.locator(".lead")).to_contain_text("Rien n’est encore envoyé")
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ticks = page.locator("input[name='to']:checked")
    ticks.evaluate_all("ticks => ticks.slice(2).forEach((tick) => (tick.checked = false))")
    page.fill("#body", "Bonjour {{ destinataire }}, à bientôt.")
    page.click("button:has-text('Aperçu')")
    expect(page.locator(".letter")).to_have_count(2)
    accessible(page)
    page.click("button:has-text('Envoyer')")
    expect(page.locator(".message.success")).to_contain_text("2 messages sont prêts")


def test_a_month_is_looked_at_and_finished_without_a_mouse(page_as: Callable[..., Page]) -> None:
    page = page_as("alice")
    page.goto(f"{TABLE}?lancer=1&etat=PLANIFIE")
    page.focus("#au")
    page.fill("#au", page.evaluate("new Date(Date.now() - 864e5).toISOString().slice(0, 10)"))
    page.keyboard.press("Enter")
    expect(page.locator("#found")).to_be_visible()
    rows = page.locator('input[name="ligne"]')
    count = min(rows.count(), 50)
    assert count > 0
    page.focus("[data-mark-all] input")
    page.keyboard.press("Space")
    assert page.locator('input[name="ligne"]:checked').count() == count
    expect(page.locator("#personne")).to_be_hidden()
    page.select_option("#action", "attribuer")
    expect(page.locator("#personne")).to_be_visible()
    page.select_option("#action", "tenu")
    page.focus("button:has-text('Voir ce qui changera')")
    page.keyboard.press("Enter")
    expect(page.locator(".lead")).to_contain_text("Rien n’est encore fait")
    page.focus("button:has-text('Appliquer')")
    page.keyboard.press("Enter")
    expect(page.locator(".message.success")).to_contain_text("modifiée")


def test_sorting_filters_and_files(page_as: Callable[..., Page]) -> None:
    page = page_as("admin")
    page.goto(f"{TABLE}?lancer=1")
    page.click("thead a:has-text('Objet')")
    expect(page.locator("th[aria-sort]")).to_contain_text("Objet")
    page.click("summary:has-text('Filtres enregistrés')")
    page.fill("#nom", "Par objet")
    page.click(".keep button")
    expect(page.locator(".saved [aria-current]")).to_have_text("Par objet")
    page.click("summary:has-text('Exporter')")
    with page.expect_download() as download:
        page.click("a:has-text('Excel (.xlsx)')")
    assert download.value.suggested_filename.endswith(".xlsx")
    page.keyboard.press("Escape")
    page.click("a:has-text('Imprimer')")
    expect(page.locator("[data-print]")).to_be_visible()


def test_without_scripts(page_as: Callable[..., Page]) -> None:
    page = page_as("admin", java_script_enabled=False)
    page.goto(TABLE)
    page.check("#etat-1")
    page.click("button:has-text('Lancer')")
    page.locator('input[name="ligne"]').first.check()
    page.select_option("#action", "annule")
    page.click("button:has-text('Voir ce qui changera')")
    expect(page.locator(".lead")).to_contain_text("1 ligne changera")
    page.click("button:has-text('Appliquer')")
    expect(page.locator(".message.success")).to_be_visible()

"""Fiches and Mon compte in a real browser: accessible everywhere, done by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

PageAs = Callable[..., Page]
Accessible = Callable[[Page], None]


def test_keyboard_alone_makes_and_archives_a_fiche(page_as: PageAs, accessible: Accessible) -> None:
    page = page_as("alice")
    page.goto("/intervenants")
    page.get_by_role("link", name="Nouvelle fiche").press("Enter")
    page.get_by_role("button", name="Enregistrer").press("Enter")
    expect(page.get_by_text("Indiquez un nom.")).to_be_visible()
    accessible(page)
    page.get_by_label("Nom", exact=False).first.focus()
    page.keyboard.type("Essai")
    page.keyboard.press("Tab")
    page.keyboard.type("Zoé")
    page.get_by_label("Adresses e-mail").focus()
    page.keyboard.type("zoe@agence.example")
    page.get_by_label("Lundi, de (1)").fill("08:00")
    page.get_by_label("Lundi, à (1)").fill("12:00")
    page.get_by_role("button", name="Enregistrer").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Zoé Essai")
    expect(page.get_by_text("08:00 – 12:00")).to_be_visible()
    page.get_by_role("button", name="Archiver la fiche").press("Enter")
    expect(page.get_by_text("Cette fiche est dans les archives")).to_be_visible()
    accessible(page)
    page.goto("/intervenants?q=zoe")
    expect(page.get_by_text("Aucune fiche ne correspond")).to_be_visible()


def test_a_file_is_checked_corrected_and_imported(
    page_as: PageAs, accessible: Accessible, tmp_path: Path
) -> None:
    file = tmp_path / "fiches.csv"
    file.write_text("Famille;Prénom\nImport;Une\nImport;Deux\n", "utf-8")
    page = page_as("alice", width=390)
    page.goto("/clients")
    page.get_by_role("link", name="Importer").click()
    page.get_by_label("Fichier CSV").set_input_files(file)
    page.get_by_role("button", name="Vérifier le fichier").click()
    expect(page.get_by_text("Dites quelle colonne contient le nom.")).to_be_visible()
    accessible(page)
    page.get_by_label("Famille").select_option(label="Nom")
    page.get_by_role("button", name="Vérifier à nouveau").click()
    expect(page.get_by_text("À créer (2)")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Importer").click()
    expect(page.get_by_text("2 fiches créées")).to_be_visible()


def test_a_calendar_is_followed(page_as: PageAs) -> None:
    page = page_as("alice")
    page.goto("/compte")
    page.get_by_label("Suivre l’agenda de").fill("client 03")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Suivre Client 03 Démo").click()
    expect(page.get_by_role("button", name="Ne plus suivre Client 03 Démo")).to_be_visible()
    page.get_by_role("button", name="Monter l’agenda de Client 03 Démo").click()
    page.get_by_role("button", name="Ne plus suivre Client 03 Démo").click()
    expect(page.get_by_text("L’agenda n’est plus suivi.")).to_be_visible()


def test_the_list_follows_what_is_typed(page_as: PageAs) -> None:
    page = page_as("alice")
    page.goto("/clients")
    page.get_by_label("Nom, adresse, e-mail ou téléphone").press_sequentially("client-07")
    expect(page.get_by_text("1 fiche", exact=True)).to_be_visible()
    page.get_by_label("Sans adresse e-mail").check()
    expect(page.get_by_text("Aucune fiche ne correspond")).to_be_visible()
    assert "sans_email=oui" in page.url

"""Logging in, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

PageAs = Callable[..., Page]


def test_keyboard_alone_logs_in_and_out(page_as: PageAs) -> None:
    page = page_as()
    page.goto("/connexion")
    page.focus("#login")
    page.keyboard.type("alice")
    page.keyboard.press("Tab")
    page.keyboard.type("demo")
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    page.get_by_role("button", name="Se déconnecter").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Se connecter").wait_for()


def test_the_menu_folds_on_a_phone(page_as: PageAs) -> None:
    page = page_as("alice", width=390)
    home = page.get_by_role("link", name="Accueil", exact=True)
    assert not home.is_visible()
    page.get_by_text("Menu", exact=True).click()
    assert home.is_visible()

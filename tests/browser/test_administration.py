"""Pages of administration in a real browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

RULES = "/administration/configuration/regles"


def test_what_is_wrong_in_the_rules_is_said_beside_the_field(
    page_as: Callable[..., Page], accessible: Callable[[Page], None]
) -> None:
    page = page_as("admin", width=390, dark=True, language="en")
    page.goto("/administration/parametres")
    page.locator(f'a[href="{RULES}"]').click()
    page.fill("#personal_megabytes", "0")
    page.click("main button.primary")
    expect(page.locator("#personal_megabytes-error")).to_be_visible()
    accessible(page)

"""Pages of administration in a real browser: nothing stands in anybody's way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

RULES = "/administration/configuration/regles"


@pytest.mark.parametrize(("width", "dark", "language"), [(1280, False, "fr"), (390, True, "en")])
def test_rules_of_appointments(
    page_as: Callable[..., Page],
    accessible: Callable[[Page], None],
    width: int,
    language: str,
    *,
    dark: bool,
) -> None:
    page = page_as("admin", width=width, dark=dark, language=language)
    page.goto("/administration/parametres")
    page.locator(f'a[href="{RULES}"]').click()
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.fill("#personal_megabytes", "0")
    page.click("main button.primary")
    expect(page.locator("#personal_megabytes-error")).to_be_visible()
    accessible(page)

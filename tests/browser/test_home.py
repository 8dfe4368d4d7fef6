"""The first page after login in a browser: axe-core finds nothing, in either language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page


@pytest.mark.parametrize(("width", "dark", "language"), [(1280, False, "fr"), (390, True, "en")])
def test_the_first_page_is_accessible(
    page_as: Callable[..., Page],
    accessible: Callable[[Page], Any],
    width: int,
    dark: bool,
    language: str,
) -> None:
    page = page_as("alice", width=width, dark=dark, language=language)
    accessible(page)
    page.goto("/agenda")
    accessible(page)


def test_an_answer_arrives_on_the_first_page(
    page_as: Callable[..., Page], accessible: Callable[[Page], Any]
) -> None:
    claire = page_as("claire", width=390)
    claire.locator("#week ~ ul a").first.click()
    claire.click("button.answer[data-presence=DECLINED]")
    alice = page_as("alice")
    assert "✕" in alice.locator("section[aria-labelledby=answers]").inner_text()
    accessible(alice)

"""The first page after login, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page


def test_an_answer_arrives_on_the_first_page(
    page_as: Callable[..., Page], accessible: Callable[[Page], Any]
) -> None:
    claire = page_as("claire", width=390)
    claire.locator("#week ~ ul a").first.click()
    claire.click("button.answer[data-presence=DECLINED]")
    alice = page_as("alice")
    assert "✕" in alice.locator("section[aria-labelledby=answers]").inner_text()
    accessible(alice)

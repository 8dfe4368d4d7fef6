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

"""A real browser (Chromium without a screen) on a real server of the demo agency."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from rdv_caldav.bootstrap import open_book
from rdv_caldav.settings import Settings
from support.accessibility import STANDARDS, faults_of
from support.correspondence import correspond
from support.server import rdv_caldav, running_server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
APPOINTMENTS = 120


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a browser where there is none."""
    if CHROMIUM is None:
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(scope="session")
def demo_agency(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The database of a demo agency, to copy, and what addresses call its mails."""
    file = tmp_path_factory.mktemp("demo") / "rdv.sqlite"
    database_url = f"sqlite:///{file}"
    environ = {"RDV_DATABASE_URL": database_url}
    for command in (("upgrade",), ("demo", "--appointments", str(APPOINTMENTS))):
        done = rdv_caldav(*command, environ=environ)
        assert done.returncode == 0, done.stderr
    book = open_book(Settings(database_url=database_url))
    names = correspond(book)
    book.database.dispose()
    return file, names


@pytest.fixture
def mail_names(demo_agency: tuple[Path, dict[str, str]]) -> dict[str, str]:
    """What addresses of pages call the mails that there are."""
    return demo_agency[1]


@pytest.fixture(scope="module")
def panel(
    demo_agency: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a running panel of a demo agency of this module's own."""
    folder = tmp_path_factory.mktemp("panel")
    database_url = f"sqlite:///{shutil.copy(demo_agency[0], folder)}"
    with running_server(database_url, folder / "log", workers=1) as server:
        yield server.url


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_OPTIONS))
        yield browser
        browser.close()


PageAs = Callable[..., Page]


@pytest.fixture
def page_as(chromium: Browser, panel: str) -> Iterator[PageAs]:
    """Open a page as somebody: ``page_as("alice", width=390, dark=True, language="en")``.

    Whatever goes wrong in the page (an exception, a refused resource) fails the test.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_page(
        login: str | None = None,
        *,
        width: int = 1280,
        dark: bool = False,
        language: str = "fr",
        **more: Any,
    ) -> Page:
        context = chromium.new_context(
            base_url=panel,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            locale=language,
            **more,
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: _note(faults, line.type, line.text))
        if login is not None:
            page.goto("/connexion")
            page.fill("#login", login)
            page.fill("#password", "demo")
            page.click("main button.primary")
            page.wait_for_url("**/")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults, faults


def _note(faults: list[str], kind: str, text: str) -> None:
    # a refusal that a test asks for is told as an error of loading, too
    if kind == "error" and "Failed to load resource" not in text:
        faults.append(text)


@pytest.fixture
def accessible() -> Callable[[Page], None]:
    """Assert that axe-core finds nothing on a page."""

    def check(page: Page) -> None:
        faults = faults_of(page, STANDARDS)
        assert not faults, f"{page.url}: {faults}"

    return check

"""Every page of the panel in a real browser, and the main flow in one without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Response, expect

from rdv_caldav.bootstrap import open_book
from rdv_caldav.settings import load_settings
from rdv_web import create_app

PageAs = Callable[..., Page]

KINDS = ("clients", "intervenants", "gestionnaires")
# pages that need a name or a number; the demo agency has these
NAMED = (
    "/personnes/claire",
    "/personnes/claire/modifier",
    "/personnes/claire/rendez-vous",
    "/planning/ivan",
    "/rendez-vous/1",
    "/rendez-vous/1/email",
    "/administration/configuration/rendez-vous/client",
    *(f"/{kind}" for kind in KINDS),
    *(f"/{kind}/nouveau" for kind in KINDS),
)
# a file to keep, a stylesheet, or the server's own health: nothing to look at
NO_PAGES = {"control.schema", "types.stylesheet", "health.health"}


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The path of every page."""
    monkeypatch.setenv("RDV_DATABASE_URL", f"sqlite:///{tmp_path / 'rdv.sqlite'}")
    app = create_app(open_book(load_settings()))
    plain = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and rule.endpoint not in NO_PAGES
    ]
    return [*plain, *NAMED]


@pytest.mark.parametrize(("width", "dark", "language"), [(1280, False, "fr"), (390, True, "en")])
def test_every_page_is_whole(
    page_as: PageAs, paths: list[str], panel: str, width: int, dark: bool, language: str
) -> None:
    page = page_as("admin", width=width, dark=dark, language=language)
    asked: list[str] = []
    answers: list[Response] = []
    page.on("request", lambda request: asked.append(request.url))
    # Playwright takes no method of a builtin as it is
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108
    template = page.goto("/administration/configuration/modeles")
    assert template is not None
    first = page.locator("main a[href*='/modeles/']:not([href$='nouveau'])").first
    edit = first.get_attribute("href")
    assert edit is not None
    faults = []
    for path in (*paths, edit):
        answer = page.goto(path)
        assert answer is not None
        if not answer.ok:
            faults.append(f"{path}: {answer.status}")
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            faults.append(f"{path}: {wide} px wide")
    assert not faults
    assert not [each.url for each in answers if each.status >= 400]
    host = urlsplit(panel).netloc
    assert {urlsplit(url).netloc for url in asked} == {host}


def test_without_javascript_a_rendez_vous_is_created_answered_and_cancelled(
    page_as: PageAs,
) -> None:
    page = page_as("alice", java_script_enabled=False)
    page.goto("/rendez-vous/nouveau?personne=claire&debut=2026-12-03T10:00")
    page.get_by_label("Objet").fill("Sans script")
    page.get_by_role("button", name="Enregistrer").first.click()
    saved = page.get_by_text("Le rendez-vous est enregistré.")
    insist = page.get_by_role("button", name="Enregistrer quand même")
    expect(saved.or_(insist)).to_be_visible()
    if insist.is_visible():
        insist.click()
        expect(saved).to_be_visible()
    presence = page.get_by_role("group", name="Présence de Claire").locator(
        "[data-presence=ACCEPTED]"
    )
    presence.click()
    expect(presence).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Enregistrer").first.click()
    expect(presence).to_have_attribute("aria-pressed", "true")
    page.locator("button[value='state:ANNULE']").click()
    expect(page.locator("button[value='state:PLANIFIE']")).to_be_visible()

"""Every page of the panel in a real browser, and the main flow in one without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Response, expect

from rdv_caldav.bootstrap import open_book
from rdv_caldav.settings import load_settings
from rdv_web import create_app
from support.accessibility import STANDARDS, faults_of
from support.panel_pages import NOBODY, Visit, forgotten, visits

PageAs = Callable[..., Page]

WIDTHS = {"desk": 1280, "phone": 390}
# the whole of it in the light, at both widths; in the dark nothing but colours is another
CHECKS: Sequence[tuple[str, Literal["light", "dark"], Sequence[str]]] = (
    ("desk", "light", STANDARDS),
    ("phone", "light", STANDARDS),
    ("phone", "dark", ["color-contrast"]),
    ("desk", "dark", ["color-contrast"]),
)


def test_no_page_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDV_DATABASE_URL", f"sqlite:///{tmp_path / 'rdv.sqlite'}")
    assert not forgotten(create_app(open_book(load_settings())))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_is_whole_and_accessible(
    page_as: PageAs, panel: str, mail_names: dict[str, str], language: str
) -> None:
    """By light and by dark, on a desk and on a phone, with all that folds unfolded."""
    faults: list[str] = []
    asked: set[str] = set()

    def note(answer: Response) -> None:
        if answer.status >= 400 and not answer.request.is_navigation_request():
            faults.append(f"{answer.url}: {answer.status}")

    by_login = groupby(sorted(visits(), key=attrgetter("login")), key=attrgetter("login"))
    for login, looked_at in by_login:
        page = page_as(None if login == NOBODY else login, language=language)
        page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
        page.on("response", note)
        names = mail_names | (_names(page) if login == "admin" else {})
        for visit in looked_at:
            found = _look(page, replace(visit, path=visit.path.format(**names)))
            faults.extend(f"{visit.path} ({login}) {fault}" for fault in found)
    assert not faults, "\n".join(faults)
    assert asked == {urlsplit(panel).netloc}


def _look(page: Page, visit: Visit) -> Iterator[str]:
    """Open a page once, look at it in every way, and yield what is wrong with it."""
    answer = page.goto(visit.path)
    assert answer is not None
    if answer.status != visit.status:
        yield f"answers {answer.status}"
    page.evaluate("document.querySelectorAll('details').forEach(each => (each.open = true))")
    for device, light, rules in CHECKS:
        page.set_viewport_size({"width": WIDTHS[device], "height": 900})
        # colours on their way from light to dark are neither
        page.emulate_media(color_scheme=light, reduced_motion="reduce")
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > WIDTHS[device]:
            yield f"on a {device}: {wide} px wide"
        for fault in faults_of(page, rules):
            yield f"on a {device}, {light}: {fault}"


def _names(page: Page) -> dict[str, str]:
    """Make what some pages are about, and return what their addresses call it."""
    page.goto("/administration/configuration/modeles")
    page.get_by_role("button", name=re.compile("^(Copier|Copy)")).first.click()
    template = page.url.rsplit("/", 1)[1]
    page.goto("/rendez-vous/2")
    date = page.locator(".dates a").first.get_attribute("href") or ""
    token = page.locator("main input[name=csrf_token]").first.input_value()
    wish: dict[str, str | float | bool] = {
        "filtre": "lancer=1",
        "format": "xlsx",
        "csrf_token": token,
    }
    prepared = page.request.post("/analyse/rendez-vous/exports", form=wish)
    made = page.request.post("/compte/appareils", form={"label": "x", "csrf_token": token})
    device = re.search(r"/de/admin/(\d+)/revoquer", made.text())
    assert device is not None
    return {
        "template": template,
        "device": device.group(1),
        "date": date.partition("date=")[2],
        "export": prepared.url.rsplit("/", 1)[1],
    }


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

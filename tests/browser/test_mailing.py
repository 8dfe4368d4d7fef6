"""Mails in a real browser: an answer read by somebody, without JavaScript, on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

PageAs = Callable[..., Page]
Accessible = Callable[[Page], None]


def test_an_answer_is_recorded_without_javascript_on_a_phone(
    page_as: PageAs, mail_names: dict[str, str]
) -> None:
    page = page_as("alice", width=390, java_script_enabled=False)
    page.goto("/reponses")
    page.locator(f"a[href='/reponses/{mail_names['mail']}']").click()
    page.get_by_role("radio", name=re.compile("Claire")).check()
    page.get_by_role("radio", name="Absent", exact=True).check()
    page.get_by_label("Commentaire").fill("Hors de chez elle")
    page.get_by_role("button", name="Enregistrer la réponse").click()
    expect(page.locator(".message.success")).to_contain_text("La réponse est enregistrée.")
    expect(page.get_by_text("Rien à traiter")).to_be_visible()
    page.goto(f"/reponses/{mail_names['mail']}")
    expect(page.locator(".message").first).to_contain_text("Attribuée à la main.")
    page.locator("main .card a").last.click()
    expect(page.locator("[data-presence=DECLINED][aria-pressed=true]")).to_be_visible()
    expect(page.locator("#mails")).to_contain_text("réponse enregistrée")


def test_what_is_wrong_and_what_waits_is_accessible(
    page_as: PageAs, accessible: Accessible, mail_names: dict[str, str]
) -> None:
    page = page_as("admin", width=390, dark=True, language="en")
    page.goto("/courriels?du=hier&etat=queued")
    expect(page.locator("#du-problem")).to_be_visible()
    accessible(page)
    page.goto("/administration/configuration/courriel")
    page.fill("#scheduling_address", "x")
    page.click("main button.primary")
    expect(page.locator(".problem").first).to_be_visible()
    accessible(page)
    page.goto("/reponses?vue=tout")
    accessible(page)
    page.goto(f"/reponses/{mail_names['mail']}?q=rien-de-tel")
    accessible(page)


def test_the_mails_of_a_rendez_vous_are_in_a_tab_of_it(
    page_as: PageAs, accessible: Accessible, mail_names: dict[str, str]
) -> None:
    page = page_as("alice")
    page.goto(f"/courriels/{mail_names['message']}")
    page.locator("main dl a").click()
    page.locator(".panels .tabs a[href='#mails']").click()
    panel = page.locator("#mails")
    expect(panel).to_be_visible()
    expect(panel).to_contain_text("en attente")
    accessible(page)
    panel.locator(f"a[href='/courriels/{mail_names['message']}']").click()
    expect(page.locator("h1")).to_be_visible()

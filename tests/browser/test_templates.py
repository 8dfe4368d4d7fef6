"""Templates of mails in a real browser: variables by a click, a preview that follows, a frame."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

PLACE = "/administration/configuration/modeles"


def copy_one(page: Page, name: str = "Rappel") -> None:
    """Open a copy of a shipped template."""
    page.goto(PLACE)
    row = page.locator("tr", has=page.locator("th", has_text=f"{name} (fourni)"))
    row.get_by_role("button", name="Copier").click()
    expect(page.locator("h1")).to_contain_text(f"{name} (copie)")


def test_what_is_wrong_is_said_beside_the_field(
    page_as: Callable[..., Page], accessible: Callable[[Page], None]
) -> None:
    page = page_as("admin", width=390, dark=True, language="en")
    page.goto(f"{PLACE}/nouveau?canal=sms")
    page.locator("summary").last.click()
    page.click("main button.primary")
    expect(page.locator(".problem").first).to_be_visible()
    accessible(page)


def test_the_preview_follows_what_is_typed(page_as: Callable[..., Page]) -> None:
    page = page_as("admin")
    copy_one(page)
    shown = page.frame_locator("iframe.template-preview").locator("body")
    expect(shown).to_contain_text("Rappel de votre rendez-vous")
    steps = page.evaluate("history.length")
    page.fill("#text", "Cher ")
    page.get_by_role("button", name="{{ prenom }}", exact=True).click()
    assert page.input_value("#text") == "Cher {{ prenom }}"
    expect(page.locator("#text")).to_be_focused()
    expect(shown).to_contain_text("Cher Client")
    page.fill("#html", "{{ nope }}")
    expect(shown).to_contain_text("La variable « nope » n’existe pas")
    page.fill("#html", "<style>p { color: red }</style><p>Bonjour</p>")
    expect(shown.locator("p").last).to_have_css("color", "rgb(255, 0, 0)")
    assert page.evaluate("history.length") == steps
    page.click("button:has-text('M’envoyer un essai')")
    expect(page.locator(".message.success")).to_contain_text("L’essai est prêt à partir")
    page.click("button:has-text('Enregistrer')")
    expect(page.locator(".message.success")).to_contain_text("est enregistré")


def test_a_template_is_made_the_default_by_keyboard(page_as: Callable[..., Page]) -> None:
    page = page_as("admin")
    copy_one(page, "Annulation")
    page.goto(PLACE)
    row = page.locator("tr", has=page.locator("th", has_text="Annulation (copie)"))
    row.get_by_role("button", name="Choisir").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".message.success")).to_contain_text("est désormais le modèle par défaut")
    row.get_by_role("button", name="Revenir au modèle fourni").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".message.success")).to_contain_text("n’est plus le modèle par défaut")


def test_everything_works_without_scripts(page_as: Callable[..., Page]) -> None:
    page = page_as("admin", java_script_enabled=False)
    copy_one(page, "Changement")
    expect(page.locator("code", has_text="{{ lieu }}").first).to_be_visible()
    page.fill("#text", "Sans script")
    page.click("button:has-text('Actualiser l’aperçu')")
    shown = page.frame_locator("iframe.template-preview").locator("body")
    expect(shown).to_contain_text("Sans script")
    page.click("button:has-text('Enregistrer')")
    expect(page.locator(".message.success")).to_contain_text("est enregistré")

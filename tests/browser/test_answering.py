"""The page that a mail leads to, and feeds, in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from rdv_caldav.bootstrap import open_book
from rdv_caldav.db.mail_threads import recipient_key
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.appointment import Participant, Recurrence, Span, State
from rdv_caldav.services import appointments
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.mailing import threads
from rdv_caldav.settings import Settings
from support.agency import GUEST
from support.server import running_server

PageAs = Callable[..., Page]
Links = dict[str, str]

PLANS = ("visit", "series", "over", "cancelled", "uninvited")


@pytest.fixture(scope="module")
def database(
    demo_agency: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The database of a demo agency of this module's own."""
    return Path(shutil.copy(demo_agency[0], tmp_path_factory.mktemp("answering")))


@pytest.fixture(scope="module")
def panel(database: Path) -> Iterator[str]:
    """A running panel of it."""
    url = f"sqlite:///{database}"
    with running_server(url, database.parent / "log", workers=1) as server:
        yield server.url


@pytest.fixture(scope="module")
def links(panel: str, database: Path) -> Links:
    """The links of a guest to rendez-vous of all sorts, by what they are."""
    book = open_book(Settings(database_url=f"sqlite:///{database}"))
    made: Links = {}
    for name in PLANS:
        with book.database.writing() as tx:
            made[name] = _link(tx, name, book.clock(), panel)
    book.database.dispose()
    return made


def _link(tx: Transaction, name: str, now: datetime, panel: str) -> str:
    alice = actor_for(tx, "alice", channel=Channel.WEB)
    start = now.astimezone(ZoneInfo("Europe/Paris")).replace(tzinfo=None, microsecond=0)
    start += timedelta(days=-3 if name == "over" else 3)
    guests = () if name == "uninvited" else (Participant(address=GUEST, name="Invité"),)
    plan = appointments.Plan(
        subject="Visite d’évaluation",
        span=Span(start=start, end=start + timedelta(hours=1), zone="Europe/Paris"),
        location="1 rue de l’Exemple\nBâtiment B",
        participants=guests,
        recurrence=Recurrence(rules=("FREQ=WEEKLY;COUNT=4",)) if name == "series" else None,
    )
    planned = appointments.create(tx, alice, "alice", plan, now=now)
    if name == "cancelled":
        appointments.set_state(tx, alice, planned, State.CANCELLED, now=now)
    thread = threads.open_thread(tx, planned, recipient_key(GUEST), GUEST, now)
    return threads.answer_link(tx, thread, replace(tx.agency.settings(), public_url=panel))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_state_is_accessible(
    page_as: PageAs, links: Links, accessible: Callable[[Page], None], language: str
) -> None:
    page = page_as(width=390, language=language)
    page.emulate_media(reduced_motion="reduce")
    urls = [*links.values(), f"{links['visit']}/stop", f"{links['visit']}AAAA"]
    for url in urls:
        page.goto(url)
        assert page.locator("html").get_attribute("lang") == language
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, url
            for light in ("light", "dark"):
                page.emulate_media(color_scheme=light)
                accessible(page)


def test_a_guest_answers_on_a_phone_without_javascript(page_as: PageAs, links: Links) -> None:
    page = page_as(width=390, java_script_enabled=False)
    page.goto(links["visit"])
    page.get_by_label("Un mot pour l’agence").fill("Je serai là")
    page.get_by_role("button", name="Accepter").click()
    expect(page.get_by_role("status")).to_contain_text("Votre réponse est enregistrée")
    expect(page.locator(".facts .presence")).to_have_attribute("data-presence", "ACCEPTED")
    page.get_by_role("button", name="Refuser").click()
    expect(page.locator(".facts .presence")).to_have_attribute("data-presence", "DECLINED")
    expect(page.get_by_label("Un mot pour l’agence")).to_have_value("Je serai là")
    page.goto(links["visit"] + "/stop")
    page.get_by_role("button", name="Ne plus recevoir d’e-mails").click()
    expect(page.get_by_role("status")).to_contain_text(GUEST)
    page.get_by_role("button", name="Recevoir de nouveau les e-mails").click()
    expect(page.get_by_role("button", name="Ne plus recevoir d’e-mails")).to_be_visible()


def test_keys_alone_answer_for_one_date(page_as: PageAs, links: Links) -> None:
    page = page_as()
    page.goto(links["series"])
    third = page.locator("ul.plain > li").nth(2)
    third.get_by_role("button", name="Peut-être").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_be_visible()
    given = page.locator("ul.plain > li .presence")
    expect(given.nth(2)).to_have_attribute("data-presence", "TENTATIVE")
    expect(given.nth(1)).to_have_attribute("data-presence", "NEEDS-ACTION")
    with page.expect_download() as download:
        page.get_by_role("link", name="Ajouter à mon agenda").click()
    assert "BEGIN:VEVENT" in download.value.path().read_text("utf-8")


def test_a_feed_is_made_copied_and_revoked(
    page_as: PageAs, accessible: Callable[[Page], None]
) -> None:
    page = page_as("claire", permissions=["clipboard-read", "clipboard-write"])
    page.goto("/compte")
    page.get_by_role("link", name="Mes flux d’agenda").click()
    page.get_by_label("Nom, pour le reconnaître").fill("Outlook")
    page.get_by_role("button", name="Créer un flux").click()
    address = page.get_by_label("Adresse du flux").input_value()
    expect(page.locator(".code svg")).to_be_visible()
    page.get_by_role("button", name="Copier l’adresse").click()
    expect(page.get_by_role("button", name="Copiée")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == address
    for light in ("light", "dark"):
        page.emulate_media(color_scheme=light, reduced_motion="reduce")
        accessible(page)
    page.set_viewport_size({"width": 390, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    accessible(page)
    assert page.request.get(address).status == 200
    page.get_by_role("button", name="Révoquer Outlook").click()
    expect(page.get_by_text("Le flux est révoqué")).to_be_visible()
    assert page.request.get(address).status == 410

"""Plannings in a real browser: dragged with mouse and finger, moved by keys, taken back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

PageAs = Callable[..., Page]

DAY = "2027-03-02"


def plan(page: Page, subject: str, hour: int, day: str = DAY) -> None:
    """Plan something of Ivan's on a day that has nothing else."""
    page.goto(f"/rendez-vous/nouveau?personne=ivan&debut={day}T{hour:02}:00")
    page.get_by_label("Objet").fill(subject)
    page.get_by_role("button", name="Enregistrer").first.click()
    insist = page.get_by_role("button", name="Enregistrer quand même")
    saved = page.get_by_text("Le rendez-vous est enregistré.")
    expect(saved.or_(insist)).to_be_visible()
    if insist.is_visible():
        insist.click()
        expect(saved).to_be_visible()


def entry(page: Page, subject: str) -> Locator:
    return page.locator("#planning .entry", has_text=subject)


def starts(found: Locator, start: str) -> None:
    expect(found).to_have_attribute("data-start", start)


def box(found: Locator) -> FloatRect:
    place = found.bounding_box()
    assert place is not None
    return place


def drag(page: Page, found: Locator, x: float, y: float, *, at_y: float = 6) -> None:
    """Drag by pixels, from near the upper left corner."""
    place = box(found)
    page.mouse.move(place["x"] + 14, place["y"] + at_y)
    page.mouse.down()
    page.mouse.move(place["x"] + 14 + x / 2, place["y"] + at_y + y / 2, steps=4)
    page.mouse.move(place["x"] + 14 + x, place["y"] + at_y + y, steps=4)
    page.mouse.up()


@pytest.fixture
def alice(page_as: PageAs) -> Page:
    """A gestionnaire before a high screen."""
    page = page_as("alice")
    page.set_viewport_size({"width": 1280, "height": 1400})
    return page


def test_dragging_to_another_time_and_day_and_back(
    alice: Page, accessible: Callable[[Page], None]
) -> None:
    plan(alice, "À glisser", 9)
    alice.goto(f"/planning/ivan?vue=semaine&date={DAY}")
    found = entry(alice, "À glisser")
    column = box(alice.locator(".day").nth(1))["width"]
    drag(alice, found, column, 64 * 2.5)
    starts(found, "2027-03-03T11:30")
    expect(alice.locator("#planning-toast")).to_contain_text("« À glisser »")
    accessible(alice)
    alice.get_by_role("button", name="Annuler").click()
    starts(found, f"{DAY}T09:00")
    expect(alice.locator("#planning-toast")).to_contain_text("Déplacement annulé.")
    # a click still opens it
    found.click()
    alice.wait_for_url(re.compile(r"/rendez-vous/\d+$"))


def test_pulling_the_edge_changes_how_long_it_lasts(alice: Page) -> None:
    plan(alice, "À tirer", 9, "2027-03-09")
    alice.goto("/planning/ivan?vue=semaine&date=2027-03-09")
    found = entry(alice, "À tirer")
    expect(found).to_have_attribute("data-end", "2027-03-09T10:00")
    drag(alice, found, 0, 32, at_y=box(found)["height"] - 3)
    expect(found).to_have_attribute("data-end", "2027-03-09T10:30")
    starts(found, "2027-03-09T09:00")


def test_keys_move_it_and_keep_it_in_focus(alice: Page) -> None:
    plan(alice, "Au clavier", 9, "2027-03-16")
    alice.goto("/planning/ivan?vue=semaine&date=2027-03-16")
    found = entry(alice, "Au clavier")
    found.focus()
    # faster than any answer comes
    for _ in range(3):
        alice.keyboard.press("Alt+ArrowDown")
    starts(found, "2027-03-16T09:45")
    expect(found).to_be_focused()
    alice.keyboard.press("Alt+ArrowRight")
    starts(found, "2027-03-17T09:45")
    expect(found).to_be_focused()
    alice.keyboard.press("Alt+Shift+ArrowDown")
    expect(found).to_have_attribute("data-end", "2027-03-17T11:00")


def test_dragging_to_another_person_and_keys_in_the_team(alice: Page) -> None:
    plan(alice, "Pour qui", 9, "2027-03-23")
    alice.goto("/planning?date=2027-03-23&q=i")
    rows = alice.locator("table.team tbody tr")
    found = entry(alice, "Pour qui")
    home = rows.filter(has=alice.locator(".entry", has_text="Pour qui"))
    expect(home.get_by_role("rowheader")).to_contain_text("Ivan")
    names = rows.get_by_role("rowheader").all_inner_texts()
    other = next(n for n, name in enumerate(names) if "Intervenant 15" in name)
    found.scroll_into_view_if_needed()
    place, aim = box(found), box(rows.nth(other).locator(".track"))
    drag(alice, found, 0, aim["y"] + 10 - place["y"])
    expect(rows.nth(other).locator(".entry", has_text="Pour qui")).to_be_visible()
    expect(alice.locator("#planning-toast")).to_contain_text("chez Intervenant 15")
    starts(found, "2027-03-23T09:00")
    expect(found).to_be_focused()
    alice.keyboard.press("Alt+ArrowRight")
    starts(found, "2027-03-23T09:15")
    alice.keyboard.press("Alt+ArrowUp")
    expect(rows.nth(other - 1).locator(".entry", has_text="Pour qui")).to_be_visible()


def test_empty_places_lead_to_a_new_one_there(alice: Page) -> None:
    alice.goto("/planning/ivan?vue=semaine&date=2027-05-04")
    column = alice.locator(".day").nth(1)
    column.locator(".slot").nth(3).click()
    expect(alice).to_have_url(re.compile("personne=ivan&debut=2027-05-04T10:00"))
    alice.goto("/planning?date=2027-05-04")
    track = alice.locator(".track.x[data-person=ivan]")
    track.click(position={"x": 4 * 32 * 2 + 10, "y": 20})
    expect(alice).to_have_url(re.compile("personne=ivan&debut=2027-05-04T09(:|%3A)00"))


def test_a_refused_move_stays_where_it_was_and_says_why(alice: Page) -> None:
    plan(alice, "Déjà ailleurs", 9, "2027-03-30")
    address = "/planning/ivan?vue=semaine&date=2027-03-30"
    alice.goto(address)
    stale = alice.context.new_page()
    stale.goto(address)
    entry(alice, "Déjà ailleurs").focus()
    alice.keyboard.press("Alt+ArrowDown")
    starts(entry(alice, "Déjà ailleurs"), "2027-03-30T09:15")
    entry(stale, "Déjà ailleurs").focus()
    stale.keyboard.press("Alt+ArrowRight")
    expect(stale.locator("#planning-toast")).to_contain_text("Quelqu’un d’autre")
    starts(entry(stale, "Déjà ailleurs"), "2027-03-30T09:00")


def test_a_finger_rests_then_drags(page_as: PageAs) -> None:
    page = page_as("alice", width=390, has_touch=True, is_mobile=True)
    page.set_viewport_size({"width": 390, "height": 1200})
    plan(page, "Au doigt", 9, "2027-04-06")
    page.goto("/planning/ivan?vue=jour&date=2027-04-06")
    found = entry(page, "Au doigt")
    found.scroll_into_view_if_needed()
    place = box(found)
    touch = page.context.new_cdp_session(page)
    x, y = place["x"] + 30, place["y"] + 10

    def send(kind: str, *points: dict[str, float]) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    send("touchStart", {"x": x, "y": y})
    page.wait_for_timeout(500)
    for step in range(1, 5):
        send("touchMove", {"x": x, "y": y + step * 16})
    send("touchEnd")
    starts(found, "2027-04-06T10:00")


def test_without_a_script_all_of_it_is_links_and_forms(page_as: PageAs) -> None:
    page = page_as("alice", java_script_enabled=False)
    page.goto("/planning/alice")
    page.get_by_role("link", name="Mois").click()
    page.get_by_label("Date", exact=True).fill("2026-12-24")
    page.get_by_role("button", name="Aller").click()
    expect(page.locator("h2.period")).to_have_text("décembre 2026")
    expect(page.get_by_role("button", name="Imprimer")).to_be_hidden()
    page.locator("#planning .entry").first.click()
    expect(page).to_have_url(re.compile("/rendez-vous/"))


def test_a_printed_day_of_the_team_cuts_nothing(page_as: PageAs) -> None:
    page = page_as("admin")
    page.goto(f"/rendez-vous/nouveau?personne=ivan&debut={DAY}T16:00")
    page.get_by_label("Objet").fill("Une demi-heure avec un objet qui est long")
    page.locator("[name=end_time]").fill("16:30")
    page.get_by_role("button", name="Enregistrer").first.click()
    expect(page.get_by_text("Le rendez-vous est enregistré.")).to_be_visible()
    page.goto(f"/planning?vue=jour&date={DAY}")
    found = entry(page, "Une demi-heure")
    is_cut = "each => each.scrollWidth > each.clientWidth || each.scrollHeight > each.clientHeight"
    assert found.evaluate(is_cut), "on a screen there is room for a part of it only"
    page.emulate_media(media="print")
    assert not found.evaluate(is_cut)
    expect(found.locator(".until")).to_be_visible()

"""The first page after login: what it tells, to whom, and the pages of a module that is off."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import Presence, State
from rdv_caldav.services import appointments, home
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.first_steps import Step
from support.appointment_form import Form, key, planned, typed
from support.panel import PanelClient
from support.scenario import Clock
from support.statements import counted


def home_of(book: AppointmentBook, login: str, *, now: datetime | None = None) -> home.Home:
    """Return what the first page of this login tells."""
    with book.database.reading() as tx:
        return home.read(tx, actor_for(tx, login, channel=Channel.WEB), now=now or book.clock())


LOGINS = ("admin", "alice", "nora", "ivan", "claire", "héloïse@agence.example")


@pytest.mark.parametrize("login", LOGINS)
def test_everybody_finds_his_week(logged_in: Callable[[str], PanelClient], login: str) -> None:
    answer = logged_in(login).get("/")
    assert answer.status_code == 200
    assert "Les six jours qui suivent" in answer.text
    assert "Adresse CalDAV" not in answer.text


def test_how_to_connect_has_a_page_of_its_own(alice: PanelClient) -> None:
    assert 'href="/agenda"' in alice.get("/").text
    assert "http://localhost/dav/" in alice.get("/agenda").text


def test_pages_of_rendez_vous_are_gone_with_the_module(
    app: Flask, book: AppointmentBook, admin: PanelClient
) -> None:
    with book.database.writing() as tx:
        tx.agency.save_setting("module_enabled", False)
    first = admin.get("/")
    assert first.status_code == 200
    assert "Le module Rendez-vous est désactivé" in first.text
    pages = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in {"appointments", "control", "planning"}
        and "GET" in (rule.methods or ())
        and not rule.arguments
        and rule.endpoint != "control.schema"
    ]
    assert len(pages) >= 4
    answers = {path: admin.get(path).status_code for path in [*pages, "/compte/rendez-vous"]}
    assert set(answers.values()) == {404}, answers


def test_the_week_and_what_waits_are_told_to_who_takes_part(
    book: AppointmentBook,
    alice: PanelClient,
    admin: PanelClient,
    claire: PanelClient,
    ivan: PanelClient,
) -> None:
    form = Form(admin, "/rendez-vous/nouveau?personne=claire")
    today = {"start_day": "2026-11-25", "end_day": "2026-11-25"}
    form.fill(**typed(book, subject="Visite chez Claire", **today)).press("insist")
    for browser in (claire, alice):
        assert "Visite chez Claire" in browser.get("/").text, "own, and followed by Alice"
    assert "Visite chez Claire" not in ivan.get("/").text


def test_what_is_over_and_still_planned_is_told_to_staff(
    book: AppointmentBook, alice: PanelClient, admin: PanelClient, claire: PanelClient
) -> None:
    form = Form(admin, "/rendez-vous/nouveau?personne=claire")
    past = {"start_day": "2026-11-20", "end_day": "2026-11-20"}
    form.fill(**typed(book, subject="Déjà passé", **past)).press("insist")
    page = alice.get("/").text
    assert "Passés et encore planifiés" in page
    assert "Déjà passé" in page
    assert "Passés et encore planifiés" not in claire.get("/").text


# -- today apart --------------------------------------------------------------------------


def _card(page: str, name: str) -> str:
    """Return one part of the page, empty where it is not there."""
    found = re.search(
        rf'(?s)<section class="card[^"]*" aria-labelledby="{name}">.*?</section>', page
    )
    return found[0] if found else ""


def _plan(
    book: AppointmentBook, browser: PanelClient, subject: str, first: str, last: str, **more: Any
) -> int:
    days = {"start_day": first, "end_day": last, "subject": subject, **more}
    return planned(book, browser, **days)


def test_today_stands_apart_from_the_days_after_it(
    book: AppointmentBook, admin: PanelClient, claire: PanelClient
) -> None:
    _plan(book, admin, "Ce jour", "2026-11-24", "2026-11-24")
    _plan(book, admin, "Demain", "2026-11-25", "2026-11-25")
    page = claire.get("/").text
    assert "Ce jour" in _card(page, "today")
    assert "Demain" not in _card(page, "today")
    assert "Demain" in _card(page, "week")
    assert "Ce jour" not in _card(page, "week")


def test_what_began_before_and_still_runs_is_of_today(
    book: AppointmentBook, admin: PanelClient, claire: PanelClient
) -> None:
    _plan(book, admin, "Séjour", "2026-11-21", "2026-11-26")
    _plan(book, admin, "Révolu", "2026-11-21", "2026-11-23")
    today = _card(claire.get("/").text, "today")
    assert "Séjour" in today
    assert "Révolu" not in today


def test_what_is_cancelled_is_not_of_today(
    book: AppointmentBook, admin: PanelClient, claire: PanelClient
) -> None:
    number = _plan(book, admin, "Séjour", "2026-11-21", "2026-11-26")
    with book.database.writing() as tx:
        actor = actor_for(tx, "admin", channel=Channel.WEB)
        appointments.set_state(tx, actor, number, State.CANCELLED, now=book.clock())
    assert "Séjour" not in claire.get("/").text


# -- answers that arrived -----------------------------------------------------------------


def _answer(browser: PanelClient, number: int, presence: str, comment: str = "") -> None:
    url = f"/rendez-vous/{number}/reponse"
    assert browser.post_form(url, {"presence": presence, "comment": comment}).status_code == 200


def test_answers_of_others_are_told_with_who_and_what(
    book: AppointmentBook, alice: PanelClient, claire: PanelClient, ivan: PanelClient
) -> None:
    number = _plan(book, alice, "Bilan annuel", "2026-12-20", "2026-12-20")
    assert _card(alice.get("/").text, "answers") == ""
    _answer(claire, number, "DECLINED", "Je suis <b>absente</b>")
    told = _card(alice.get("/").text, "answers")
    assert "Claire Cliente" in told
    assert 'data-presence="DECLINED"' in told
    assert "Je suis &lt;b&gt;absente&lt;/b&gt;" in told
    assert f'href="/rendez-vous/{number}"' in told
    assert told.count("<li>") == 1, "the comment stands with the answer"
    for other in (claire, ivan):
        assert _card(other.get("/").text, "answers") == "", "one's own, and not of his"


def test_answers_that_a_change_took_back_are_none(
    book: AppointmentBook, alice: PanelClient, claire: PanelClient, ivan: PanelClient
) -> None:
    both = [key(book, "claire"), key(book, "ivan")]
    day = {"start_day": "2026-12-20", "end_day": "2026-12-20"}
    number = planned(book, alice, who=both, **day)
    _answer(ivan, number, "ACCEPTED")
    form = Form(alice, f"/rendez-vous/{number}")
    form.fill(**typed(book, start_time="09:00", **day)).press("insist")
    with book.database.reading() as tx:
        taken_back = [entry.details.get("after") for entry in tx.journal.entries_for(number)]
    assert Presence.NEEDS_ACTION.value in taken_back
    told = _card(claire.get("/").text, "answers")
    assert "Ivan Intervenant" in told
    assert told.count("<li>") == 1


def test_old_answers_and_those_of_the_corbeille_are_not_told(
    book: AppointmentBook, clock: Clock, alice: PanelClient, claire: PanelClient
) -> None:
    kept = _plan(book, alice, "Gardé", "2027-01-20", "2027-01-20")
    gone = _plan(book, alice, "Jeté", "2027-01-21", "2027-01-21")
    for number in (kept, gone):
        _answer(claire, number, "TENTATIVE")
    alice.post_form(f"/rendez-vous/{gone}/corbeille")
    told = _card(alice.get("/").text, "answers")
    assert "Gardé" in told
    assert "Jeté" not in told
    later = home_of(book, "alice", now=clock() + timedelta(days=15))
    assert later.answers == ()


# -- who has no e-mail --------------------------------------------------------------------


def test_who_has_no_e_mail_is_told_to_staff(
    book: AppointmentBook, alice: PanelClient, claire: PanelClient
) -> None:
    both = [key(book, "claire"), key(book, "paul")]
    _plan(book, alice, "Avec Paul", "2026-12-05", "2026-12-05", who=both)
    _plan(book, alice, "Sans Paul", "2026-12-06", "2026-12-06")
    _plan(book, alice, "Trop loin", "2026-12-20", "2026-12-20", who=both)
    told = _card(alice.get("/").text, "unreachable")
    assert "Sans e-mail : Paul Sansmail" in told
    assert "Avec Paul" in told
    assert "Sans Paul" not in told
    assert "Trop loin" not in told
    assert _card(claire.get("/").text, "unreachable") == ""


# -- an agency that has only begun --------------------------------------------------------


def test_an_agency_without_rendez_vous_is_guided(
    book: AppointmentBook, admin: PanelClient, alice: PanelClient
) -> None:
    guide = _card(admin.get("/").text, "guide")
    assert guide.count("<li>") == 5
    done = [step for step, is_done in home_of(book, "admin").steps.items() if is_done]
    assert done == [Step.AGENCY, Step.PEOPLE], "it has a name and people"
    assert guide.count('data-state="TENU"') == 2
    for address in re.findall(r'<a href="([^"]+)"', guide):
        assert admin.get(address).status_code == 200, address
    assert _card(alice.get("/").text, "guide") == "", "an administrateur's business"


def test_the_guide_goes_with_the_first_rendez_vous(
    book: AppointmentBook, admin: PanelClient
) -> None:
    _plan(book, admin, "Le premier", "2026-12-05", "2026-12-05")
    assert _card(admin.get("/").text, "guide") == ""


# -- statements ---------------------------------------------------------------------------

STATEMENTS = 15
KEPT = 2


def test_the_first_page_takes_the_same_few_statements(
    book: AppointmentBook, alice: PanelClient, claire: PanelClient, ivan: PanelClient
) -> None:
    taken = []
    for number in range(1, 7):
        both = [key(book, "claire"), key(book, "ivan"), key(book, "paul")]
        day = f"2026-11-{24 + number}"
        of_day = _plan(book, alice, f"Visite {number}", day, day, who=both)
        _answer(claire, of_day, "ACCEPTED", "Bien")
        _answer(ivan, of_day, "DECLINED")
        with counted(book) as statements:
            found = home_of(book, "alice")
        assert len(found.answers) == min(10, 2 * number)
        taken.append(len(statements))
    first, *others = taken
    assert set(others) == {STATEMENTS}, taken
    assert first <= STATEMENTS + KEPT, "what is kept afterwards is read once"

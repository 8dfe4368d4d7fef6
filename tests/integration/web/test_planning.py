"""Plannings as pages: who sees what there, and moves with what is told of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import Presence, Span, State
from rdv_caldav.domain.conflicts import ConflictCode, ConflictRule
from rdv_caldav.services import appointments
from rdv_radicale.application import create_app as create_dav
from rdv_web.pages.planning import pages_of_team
from rdv_web.pages.planning.periods import View
from support.agency import SECOND, WEEKLY, span
from support.dav import DavClient
from support.desk import PLAN, Desk
from support.objects import event
from support.panel import PanelClient
from support.personal import Own

WEEK = "/planning/claire?vue=semaine&date=2026-11-25"
PART = {"X-Planning-Part": "yes"}


@pytest.fixture
def planned(book: AppointmentBook) -> int:
    """A visit of Claire's with Ivan, on Wednesday at nine."""
    with book.database.writing() as tx:
        return Desk(tx, book.clock()).plan("ivan")


def fields(planned: int, start: str, end: str, **more: str) -> dict[str, str]:
    return {
        "entry": str(planned),
        "from": "claire",
        "to": "claire",
        "was_start": "2026-11-25T09:00",
        "was_end": "2026-11-25T10:00",
        "start": start,
        "end": end,
    } | more


def span_of(book: AppointmentBook, planned: int) -> Span:
    with book.database.reading() as tx:
        return Desk(tx, book.clock()).appointment(planned).span


# -- showing ------------------------------------------------------------------------------


def test_a_week_shows_what_a_person_has(alice: PanelClient, planned: int) -> None:
    page = alice.get(WEEK).text
    assert "Planning : Claire Cliente" in page
    assert f'href="/rendez-vous/{planned}"' in page
    assert "09:00<span" in page
    assert "1 rue de l&#39;Exemple" in page
    assert "– Ivan Intervenant" in page
    assert "Note interne" not in page
    assert 'data-type="client"' in page
    assert "style=" not in page


@pytest.mark.parametrize("view", ["jour", "semaine", "mois", "liste"])
def test_each_view_shows_marks_with_words(
    book: AppointmentBook, alice: PanelClient, planned: int, view: str
) -> None:
    with book.database.writing() as tx:
        desk = Desk(tx, book.clock())
        appointments.set_state(tx, desk.actor("admin"), planned, State.CANCELLED, now=book.clock())
    page = alice.get(f"/planning/claire?vue={view}&date=2026-11-25").text
    assert "Visite" in page
    assert "Annulé" in page
    assert "Présent" in page
    assert "data-movable" not in page


def test_refused_ones_are_faint_and_marked(
    book: AppointmentBook, alice: PanelClient, planned: int
) -> None:
    with book.database.writing() as tx:
        desk = Desk(tx, book.clock())
        ivan = desk.person("ivan").id
        appointments.record_presence(
            tx, desk.actor("admin"), planned, ivan, Presence.DECLINED, now=book.clock()
        )
    page = alice.get("/planning/ivan?date=2026-11-25").text
    assert 'data-presence="DECLINED"' in page
    assert 'class="entry off"' in page


def test_series_are_shown_date_by_date(book: AppointmentBook, alice: PanelClient) -> None:
    with book.database.writing() as tx:
        desk = Desk(tx, book.clock())
        planned = desk.plan(plan=replace(PLAN, recurrence=WEEKLY))
    page = alice.get("/planning/claire?vue=mois&date=2026-12-01").text
    assert f'href="/rendez-vous/{planned}?date=2026-12-02T09:00:00"' in page
    assert f'data-entry="{planned}/2026-12-02T09:00:00"' in page


def test_calendars_of_ones_own_show_as_occupied(book: AppointmentBook, alice: PanelClient) -> None:
    own = Own(book, "ivan")
    own.calendar("perso")
    own.put("perso/dentiste.ics", event("dentiste", summary="Dentiste"))
    for view in ("jour", "semaine", "mois"):
        page = alice.get(f"/planning/ivan?vue={view}&date=2026-11-25").text
        assert "occupé" in page
        assert "Dentiste" not in page


def test_conflicts_are_marked(book: AppointmentBook, alice: PanelClient, planned: int) -> None:
    assert "En conflit" not in alice.get("/planning/ivan?date=2026-11-25").text
    with book.database.writing() as tx:
        Desk(tx, book.clock()).plan("ivan", page="jean-dupont")
    page = alice.get("/planning/ivan?date=2026-11-25").text
    assert "déjà un rendez-vous" in page
    assert "lane-2 lanes-2" in page
    assert planned


def test_days_that_overlap_midnight_and_whole_days(
    book: AppointmentBook, alice: PanelClient
) -> None:
    night = Span(
        start=datetime(2026, 11, 25, 22), end=datetime(2026, 11, 26, 6), zone="Europe/Paris"
    )
    days = replace(night, start=datetime(2026, 11, 24), end=datetime(2026, 11, 27), all_day=True)
    with book.database.writing() as tx:
        desk = Desk(tx, book.clock())
        desk.plan(plan=replace(PLAN, span=night, subject="Nuit"))
        desk.plan(plan=replace(PLAN, span=days, subject="Séjour"))
    page = alice.get(WEEK).text
    assert page.count(">Séjour<") == 3
    assert page.count(">Nuit<") == 2
    assert "22:00 →" in page
    assert "→ 06:00" in page
    assert 'data-start="2026-11-24" data-end="2026-11-27" data-all-day="yes"' in page
    assert "hours-24" in page


def test_the_team_has_a_row_each(alice: PanelClient, planned: int) -> None:
    page = alice.get("/planning?date=2026-11-25").text
    assert re.findall(r'<a href="/planning/([a-z]+)\?', page)[-3:] == ["admin", "alice", "ivan"]
    assert f'data-entry="{planned}" data-person="ivan"' in page
    clients = alice.get("/planning?qui=clients&vue=semaine&date=2026-11-25").text
    assert f'data-entry="{planned}" data-person="claire"' in clients
    assert 'data-person="ivan"' not in clients
    nobody = alice.get("/planning?q=zzz&secteur=aucun&page=%2B99999999999999:x").text
    assert "Personne ne correspond" in nobody


def test_many_rows_come_page_by_page(
    book: AppointmentBook, alice: PanelClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pages_of_team._ROWS, View.DAY, 2)
    first = alice.get("/planning?date=2026-11-25").text
    assert 'href="/planning/ivan' not in first
    link = re.search(r'href="([^"]+)" rel="next">Page suivante', first)
    assert link
    second = alice.get(link[1].replace("&amp;", "&")).text
    assert 'href="/planning/ivan' in second
    assert "Page précédente" in second


# -- who sees what ------------------------------------------------------------------------


@pytest.mark.parametrize("login", ["ivan", "claire"])
def test_others_are_led_to_their_own(request: pytest.FixtureRequest, login: str) -> None:
    client: PanelClient = request.getfixturevalue(login)
    answer = client.get("/planning?vue=jour&date=2026-11-25")
    assert answer.headers["Location"] == f"/planning/{login}?vue=jour&date=2026-11-25"
    assert client.get(answer.headers["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("login", "slug", "status"),
    [
        ("admin", "sophie", 200),
        ("nora", "claire", 200),
        ("nora", "paul", 200),
        ("nora", "sophie", 404),
        ("ivan", "ivan", 200),
        ("ivan", "claire", 404),
        ("claire", "claire", 200),
        ("claire", "ivan", 404),
        ("alice", "nobody", 404),
    ],
)
def test_plannings_by_role(
    logged_in: Callable[[str], PanelClient], login: str, slug: str, status: int
) -> None:
    client = logged_in(login)
    assert client.get(f"/planning/{slug}").status_code == status
    sent = client.post_form(f"/planning/{slug}", fields(1, "x", "y"), headers=PART)
    assert sent.status_code in (status, 422)


def test_nothing_of_other_secteurs_is_listed(
    book: AppointmentBook, logged_in: Callable[[str], PanelClient]
) -> None:
    with book.database.writing() as tx:
        Desk(tx, book.clock()).plan(page="sophie", plan=replace(PLAN, subject="Ailleurs"))
    for view in ("jour", "semaine"):
        page = logged_in("nora").get(f"/planning?qui=clients&vue={view}&date=2026-11-25").text
        assert "Claire" in page
        assert "Sophie" not in page
        assert "Ailleurs" not in page


def test_with_the_module_off_there_is_no_planning(
    book: AppointmentBook, alice: PanelClient
) -> None:
    with book.database.writing() as tx:
        tx.agency.save_setting("module_enabled", False)
    assert alice.get("/planning").status_code == 404
    assert alice.get("/planning/claire").status_code == 404


def test_clients_move_and_plan_nothing(
    book: AppointmentBook, claire: PanelClient, planned: int
) -> None:
    page = claire.get(WEEK).text
    assert "Visite" in page
    assert "data-movable" not in page
    assert "/rendez-vous/nouveau" not in page
    sent = fields(planned, "2026-11-25T11:00", "2026-11-25T12:00")
    answer = claire.post_form(WEEK, sent, headers=PART)
    assert answer.status_code == 403
    assert span_of(book, planned) == span()


# -- moving -------------------------------------------------------------------------------


def test_a_move_shows_the_planning_anew_and_can_be_undone(
    book: AppointmentBook, alice: PanelClient, planned: int
) -> None:
    sent = fields(planned, "2026-11-26T14:00", "2026-11-26T15:30")
    answer = alice.post_form(WEEK, sent, headers=PART)
    assert answer.status_code == 200
    assert answer.text.startswith('<div id="planning"')
    assert "« Visite »" in answer.text
    assert 'data-start="2026-11-26T14:00" data-end="2026-11-26T15:30"' in answer.text
    assert span_of(book, planned).start == datetime(2026, 11, 26, 14)
    undo = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.text.partition("data-move")[2]))
    assert undo["answer"].endswith(":ACCEPTED")
    undone = alice.post_form(WEEK, undo, headers=PART)
    assert "Déplacement annulé." in undone.text
    assert "data-move" not in undone.text
    with book.database.reading() as tx:
        again = Desk(tx, book.clock()).appointment(planned)
    assert again.span == span()
    assert again.owner.presence is Presence.ACCEPTED


def test_without_a_script_one_is_led_back(
    book: AppointmentBook, alice: PanelClient, planned: int
) -> None:
    page = alice.post_form(WEEK, fields(planned, "2026-11-26T14:00", "2026-11-26T15:00"))
    assert page.request.full_path == WEEK
    assert 'class="message success"' in page.text
    again = alice.post_form(WEEK, fields(planned, "2026-11-26T14:00", "2026-11-26T15:00"))
    assert "Quelqu’un d’autre l’a déplacé entre-temps" in again.text
    assert span_of(book, planned) == span(26, 14)


def test_a_move_to_another_person_is_told_with_his_conflicts(
    book: AppointmentBook, alice: PanelClient, planned: int
) -> None:
    with book.database.writing() as tx:
        Desk(tx, book.clock()).plan(page="sophie")
    sent = fields(planned, "2026-11-25T09:00", "2026-11-25T10:00", to="sophie")
    answer = alice.post_form("/planning?qui=clients&date=2026-11-25", sent, headers=PART)
    assert "chez Sophie Sud" in answer.text
    assert "En conflit : Sophie Sud (déjà un rendez-vous)." in answer.text
    assert f'data-entry="{planned}" data-person="sophie"' in answer.text


def test_a_move_that_a_rule_blocks_says_who_and_why(
    book: AppointmentBook, alice: PanelClient, planned: int
) -> None:
    with book.database.writing() as tx:
        Desk(tx, book.clock()).plan("ivan", page="sophie", plan=replace(PLAN, span=span(26)))
        blocking = ConflictRule(code=ConflictCode.OVERLAP, blocking=True)
        tx.agency.save_setting("conflict_rules", (blocking,))
    sent = fields(planned, "2026-11-26T09:00", "2026-11-26T10:00")
    answer = alice.post_form(WEEK, sent, headers=PART)
    assert answer.status_code == 409
    assert "une règle bloque : Ivan Intervenant (déjà un rendez-vous)." in answer.text
    assert span_of(book, planned) == span()


def test_the_owner_of_a_series_is_not_replaced_on_one_date(
    book: AppointmentBook, alice: PanelClient
) -> None:
    with book.database.writing() as tx:
        planned = Desk(tx, book.clock()).plan(plan=replace(PLAN, recurrence=WEEKLY))
    when = {"was_start": "2026-12-02T09:00", "was_end": "2026-12-02T10:00"}
    sent = fields(planned, "2026-12-02T09:00", "2026-12-02T10:00", to="sophie", **when)
    sent["entry"] = f"{planned}/{SECOND.isoformat()}"
    answer = alice.post_form(WEEK, sent, headers=PART)
    assert answer.status_code == 422
    assert "propriétaire de la série" in answer.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"entry": "x"},
        {"start": "demain"},
        {"was_end": "2026-11-25T10:00+01:00"},
        {"all_day": "yes"},
        {"to": "nobody"},
    ],
)
def test_nonsense_is_refused_in_words(
    book: AppointmentBook, alice: PanelClient, planned: int, wrong: dict[str, str]
) -> None:
    sent = fields(planned, "2026-11-25T11:00", "2026-11-25T12:00") | wrong
    answer = alice.post_form(WEEK, sent, headers=PART)
    assert answer.status_code in (404, 422)
    assert 'class="message error"' in answer.text
    assert span_of(book, planned) == span()


# -- the other way round ------------------------------------------------------------------


def test_a_planning_and_calendars_show_the_same(
    book: AppointmentBook, alice: PanelClient, planned: int
) -> None:
    dav = DavClient(create_dav(book), "alice")
    with book.database.reading() as tx:
        uid = Desk(tx, book.clock()).appointment(planned).uid
    path = f"/alice/ivan/{uid}.ics"
    text = dav.get(path).text
    assert "DTSTART;TZID=Europe/Paris:20261125T090000" in text
    alice.post_form(WEEK, fields(planned, "2026-11-26T14:00", "2026-11-26T15:00"))
    text = dav.get(path).text
    assert "DTSTART;TZID=Europe/Paris:20261126T140000" in text
    moved = text.replace("20261126T14", "20261127T16").replace("20261126T15", "20261127T17")
    dav.put(path, moved, expect=204)
    for person in ("claire", "ivan"):
        page = alice.get(f"/planning/{person}?date=2026-11-25").text
        assert 'data-start="2026-11-27T16:00"' in page
    history = alice.get(f"/rendez-vous/{planned}").text
    assert "depuis un agenda" in history
    assert "dans le panneau" in history

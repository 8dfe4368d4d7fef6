"""Feeds: made and revoked on a page, read by programs at their secret address."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import Presence, Recurrence, State
from rdv_caldav.domain.errors import UnknownCalendar
from rdv_caldav.services import appointments, feeds, people
from rdv_web import create_app
from support.agency import WEEKLY, span
from support.desk import PLAN, Desk
from support.panel import PanelClient
from support.scenario import Clock
from support.statements import counted

_ADDRESS = re.compile(r'value="(?:https?://[^/"]+)(/flux/[\w-]{27}\.ics)"')
OUTLOOK = {"User-Agent": "Microsoft.Exchange/15.20"}


def planned(book: AppointmentBook, *slugs: str, plan: appointments.Plan = PLAN) -> int:
    with book.database.writing() as tx:
        return Desk(tx, book.clock()).plan(*slugs, plan=plan)


def made(client: PanelClient, slug: str, **fields: str) -> str:
    """Make a feed on the page and return its path."""
    answer = client.post_form(f"/flux/de/{slug}", {"label": "Outlook", **fields})
    assert answer.status_code == 200
    found = _ADDRESS.search(answer.text)
    assert found is not None, answer.text
    assert "<svg" in answer.text
    return found[1]


def lines_at(browser: PanelClient, path: str) -> list[str]:
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.text.replace("\r\n ", "").split("\r\n")


@pytest.mark.parametrize("login", ["claire", "alice"])
def test_a_calendar_as_its_person_reads_it(
    book: AppointmentBook, logged_in: Callable[[str], PanelClient], browser: PanelClient, login: str
) -> None:
    planned(book, "ivan", plan=replace(PLAN, subject="Café, « là »"))
    path = made(logged_in(login), "claire")
    answer = browser.get(path, headers=OUTLOOK)
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "inline; filename=claire.ics"
    assert "private" in answer.headers["Cache-Control"]
    lines = lines_at(browser, path)
    assert lines[0] == "BEGIN:VCALENDAR"
    assert {"METHOD:PUBLISH", "SUMMARY:Café\\, « là »", "LOCATION:1 rue de l'Exemple"} <= set(lines)
    assert "X-WR-CALNAME:Claire Cliente – Agence de test" in lines
    text = "\n".join(lines)
    for secret in ("Note interne", "ivan@", "claire@", "VALARM"):
        assert secret not in text, secret
    assert len([line for line in lines if line.startswith("ATTENDEE;CN=")]) == 2


def test_masked_it_says_when_and_nothing_else(
    book: AppointmentBook, alice: PanelClient, browser: PanelClient
) -> None:
    planned(book, "ivan")
    lines = lines_at(browser, made(alice, "ivan", what="busy"))
    assert "SUMMARY:Occupé" in lines
    text = "\n".join(lines)
    for secret in ("Visite", "rue", "ATTENDEE", "ORGANIZER", "Claire"):
        assert secret not in text, secret


def test_who_refuses_is_free_and_the_range_moves_on(
    book: AppointmentBook, clock: Clock, alice: PanelClient, browser: PanelClient
) -> None:
    answered = planned(book, "ivan")
    planned(book, "ivan", plan=replace(PLAN, subject="Série", recurrence=WEEKLY))
    path, busy = made(alice, "ivan"), made(alice, "ivan", what="busy")
    with book.database.writing() as tx:
        desk, key = Desk(tx, book.clock()), Desk(tx, book.clock()).person("ivan").id
        appointments.record_presence(
            tx, desk.actor("ivan"), answered, key, Presence.DECLINED, now=desk.now
        )
    assert lines_at(browser, path).count("TRANSP:TRANSPARENT") == 1
    assert lines_at(browser, busy).count("BEGIN:VEVENT") == 1
    with book.database.writing() as tx:
        desk = Desk(tx, book.clock())
        appointments.set_state(tx, desk.actor("alice"), answered, State.CANCELLED, now=desk.now)
    assert "STATUS:CANCELLED" in lines_at(browser, path)
    clock.now = clock.now.replace(year=2027, month=2, day=1)
    assert "SUMMARY:Visite" not in lines_at(browser, path), "more than 60 days ago"
    assert "SUMMARY:Série" in lines_at(browser, path)


def test_what_has_not_changed_is_not_read_again(
    book: AppointmentBook, clock: Clock, alice: PanelClient, browser: PanelClient
) -> None:
    first = planned(book)
    for number in range(12):
        planned(book, plan=replace(PLAN, span=span(26, 6 + number)))
    path = made(alice, "claire")
    answer = browser.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data).count(b"BEGIN:VEVENT") == 13
    known = {"If-None-Match": answer.headers["ETag"]}
    with counted(book) as statements:
        again = browser.get(path, headers=known)
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == answer.headers["ETag"]
    assert not [each for each in statements if "member" in each or "appointment" in each]
    assert (
        browser.get(path, headers={"If-Modified-Since": answer.headers["Last-Modified"]}).data
        == b""
    )
    head = browser.head(path)
    assert (head.status_code, head.headers["ETag"]) == (200, answer.headers["ETag"])
    with book.database.writing() as tx:
        desk = Desk(tx, book.clock())
        appointments.set_state(tx, desk.actor("alice"), first, State.CANCELLED, now=desk.now)
    assert browser.get(path, headers=known).status_code == 200
    for name, value in (
        ("name", "Autre agence"),
        ("notes_in_mails", True),
        ("notes_shown_to_clients", True),
    ):
        known = {"If-None-Match": browser.get(path).headers["ETag"]}
        with book.database.writing() as tx:
            tx.agency.save_setting(name, value)
        assert (browser.get(path, headers=known).status_code == 200) is (name != "notes_in_mails")
    assert "DESCRIPTION:Note interne" in lines_at(browser, path)
    known = {"If-None-Match": browser.get(path).headers["ETag"]}
    clock.now = clock.now.replace(day=clock.now.day + 1)
    assert browser.get(path, headers=known).status_code == 200, "another day is another range"


def test_reading_takes_as_many_statements_however_much_there_is(
    book: AppointmentBook, alice: PanelClient, browser: PanelClient
) -> None:
    path = made(alice, "claire")
    browser.get(path)

    def statements() -> int:
        with counted(book) as found:
            browser.get(path)
        return len(found)

    planned(book, plan=replace(PLAN, recurrence=Recurrence(rules=("FREQ=DAILY",))))
    few = statements()
    for number in range(10):
        planned(book, plan=replace(PLAN, span=span(26, 6 + number)))
    assert statements() == few


def test_its_use_is_noted_once_an_hour(
    book: AppointmentBook, clock: Clock, alice: PanelClient, browser: PanelClient
) -> None:
    path = made(alice, "claire")
    assert "jamais" in alice.get("/flux/de/claire").text
    browser.get(path, headers=OUTLOOK)
    browser.get(path, headers={"User-Agent": "Autre"})
    assert "Microsoft.Exchange" in alice.get("/flux/de/claire").text
    clock.now = clock.now.replace(hour=clock.now.hour + 1)
    browser.head(path, headers={"User-Agent": "Autre"})
    assert "Autre" in alice.get("/flux/de/claire").text


def test_the_secret_is_shown_once_and_revoked_for_good(
    book: AppointmentBook, alice: PanelClient, claire: PanelClient, browser: PanelClient
) -> None:
    path = made(alice, "claire")
    secret = path.split("/")[-1].removesuffix(".ics")
    listed = claire.get("/flux/de/claire").text
    assert "Outlook" in listed
    assert secret not in listed
    with book.database.reading() as tx:
        feed = tx.feeds.of_person(Desk(tx, book.clock()).person("claire").id)[0]
    answer = claire.post_form(f"/flux/de/claire/{feed.id}/revoquer")
    assert "est révoqué" in answer.text
    assert browser.get(path).status_code == 410
    assert claire.post_form(f"/flux/de/claire/{feed.id}/revoquer").status_code == 404
    with book.database.reading() as tx:
        entries = {each.event: each for each in tx.journal.latest(50)}
    assert entries["FeedCreated"].login == "alice"
    assert entries["FeedRevoked"].login == "claire"
    assert entries["FeedCreated"].details["feed"] == feed.id
    assert secret not in str(entries)
    for other in ("/flux/x.ics", f"/flux/{'A' * 27}.ics", f"/flux/{'A' * 500}.ics", "/flux/é.ics"):
        assert browser.get(other).status_code == 404


def test_whose_feeds_are_whose_business(
    book: AppointmentBook, logged_in: Callable[[str], PanelClient]
) -> None:
    for login, slug, status in (
        ("claire", "claire", 200),
        ("ivan", "ivan", 200),
        ("nora", "claire", 200),
        ("nora", "sophie", 404),
        ("claire", "ivan", 404),
        ("ivan", "claire", 404),
        ("alice", "personne", 404),
    ):
        client = logged_in(login)
        assert client.get(f"/flux/de/{slug}").status_code == status, (login, slug)
        assert client.post_form(f"/flux/de/{slug}").status_code == status, (login, slug)
    with book.database.writing() as tx:
        desk = Desk(tx, book.clock())
        with pytest.raises(UnknownCalendar):
            feeds.create(tx, desk.actor("ivan"), "claire", label="", is_masked=True, now=desk.now)


def test_an_archived_person_has_no_feeds(
    book: AppointmentBook, alice: PanelClient, browser: PanelClient
) -> None:
    path = made(alice, "claire")
    with book.database.writing() as tx:
        desk = Desk(tx, book.clock())
        people.archive(tx, desk.actor("alice"), "claire", now=desk.now)
        people.archive(tx, desk.actor("alice"), "claire", archived=False, now=desk.now)
    assert browser.get(path).status_code == 410


def test_a_label_that_is_too_long_and_the_module(
    book: AppointmentBook, alice: PanelClient, browser: PanelClient
) -> None:
    refused = alice.post_form("/flux/de/claire", {"label": "x" * 101, "what": "busy"})
    assert refused.status_code == 422
    assert "n’est pas créé" in refused.text
    assert "x" * 101 in refused.text
    path = made(alice, "claire")
    with book.database.writing() as tx:
        tx.agency.save_setting("module_enabled", False)
    assert browser.get(path).status_code == 404
    assert alice.get("/flux/de/claire").status_code == 404


def test_on_each_database(any_book: AppointmentBook) -> None:
    planned(any_book, plan=replace(PLAN, recurrence=WEEKLY))
    app = create_app(any_book)
    app.test_client_class = PanelClient
    client = app.test_client()
    assert isinstance(client, PanelClient)
    client.log_in("claire")
    path = made(client, "claire")
    assert "RRULE:FREQ=WEEKLY;COUNT=4" in lines_at(client, path)
    with any_book.database.reading() as tx:
        feed = tx.feeds.of_person(Desk(tx, any_book.clock()).person("claire").id)[0]
    assert feed.used_at == any_book.clock()
    client.post_form(f"/flux/de/claire/{feed.id}/revoquer")
    assert client.get(path).status_code == 410

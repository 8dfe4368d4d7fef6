"""*Administration > Journal*: every write in words, filtered, page by page, and as a file."""

from __future__ import annotations

import ast
import csv
import dataclasses
import inspect
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.sql.dml import Delete, Insert, Update

import rdv_caldav
from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.cli import main
from rdv_caldav.db import journal, journal_reading
from rdv_caldav.db.journal import JournalEntry
from rdv_caldav.db.journal_reading import JournalFilter, JournalPage
from rdv_caldav.domain import events
from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.errors import AccessRefused
from rdv_caldav.services import agency_settings, journal_pages, working_hours
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.calendar_import import import_calendar
from rdv_web.languages import LANGUAGES
from rdv_web.pages.journal.wording import TOLD, Chronicler
from rdv_web.pages.journal.words import GROUPS, SETTINGS
from support.appointment_form import planned
from support.panel import PanelClient, words_of
from support.scenario import Clock

PATH = "/administration/journal"
SOURCES = Path(rdv_caldav.__file__).parent
_EVENT = re.compile(r"(?:[A-Z][a-z]+){2,}")
_RECORDERS = frozenset({"record_change", "_record", "record"})


def _recorded_names() -> set[str]:
    """Return the events that the code can record: those of rendez-vous, and those by name."""
    names = {
        name
        for name, kind in vars(events).items()
        if inspect.isclass(kind) and issubclass(kind, events.Event) and kind is not events.Event
    }
    for path in [*SOURCES.glob("services/**/*.py"), *SOURCES.glob("cli/*.py")]:
        text = path.read_text(encoding="utf-8")
        if any(f"{recorder}(" in text for recorder in _RECORDERS):
            names |= {
                node.value
                for node in ast.walk(ast.parse(text))
                if isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and _EVENT.fullmatch(node.value)
            }
    return names


def test_every_event_has_words_and_a_group() -> None:
    names = _recorded_names()
    assert {"FicheArchived", "SettingChanged", "AccountAdded", "MailsStopped"} <= names
    silent = {name for name in names if name not in TOLD and not hasattr(Chronicler, f"_{name}")}
    assert not silent
    grouped = [name for group in GROUPS.values() for name in group.events]
    assert sorted(grouped) == sorted(names), "each in one group, and none that nobody records"


def test_every_setting_has_words() -> None:
    assert set(SETTINGS) == {field.name for field in dataclasses.fields(AgencySettings)}


def test_the_journal_is_only_added_to() -> None:
    made = [each for each in vars(journal).values() if isinstance(each, Insert | Update | Delete)]
    assert [type(each) for each in made] == [Insert]
    for path in SOURCES.glob("**/*.py"):
        if "migrations" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\b(update|delete)\(\s*AuditRow|(UPDATE|DELETE FROM) audit", text), (
            path
        )


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("name", sorted({*TOLD, "SettingChanged", "Rescheduled", "Nonsense"}))
def test_what_cannot_be_read_is_named(app: Flask, name: str, language: str) -> None:
    entry = JournalEntry(
        at=datetime.now(UTC), login="x", channel="web", device="", event=name, details={}
    )
    with app.test_request_context(headers={"Accept-Language": language}):
        said = Chronicler({}, [], []).sentence(entry)
    assert said == name or "%(" not in said


def test_who_did_what_when_and_from_where(
    book: AppointmentBook, admin: PanelClient, alice: PanelClient
) -> None:
    made = planned(book, alice, subject="Visite de contrôle")
    with book.database.writing() as tx:
        actor = actor_for(tx, "admin", channel=Channel.WEB)
        now = book.clock()
        agency_settings.change(tx, actor, {"notes_shown_to_clients": True}, now=now)
        kind = next(each for each in tx.agency.types() if each.code == "client")
        changed = dataclasses.replace(kind, label="Visite <b>", colour="#123456")
        agency_settings.change_type(tx, actor, changed, now=now)
        ivan = actor_for(tx, "ivan", channel=Channel.CALDAV, device="Thunderbird/153")
        text = (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//\r\nBEGIN:VAVAILABILITY\r\n"
            "UID:a\r\nDTSTAMP:20261101T000000Z\r\nEND:VAVAILABILITY\r\nEND:VCALENDAR\r\n"
        )
        working_hours.keep_availability(tx, ivan, text, now=now)
    page = admin.get(PATH)
    said = words_of(page)
    assert "Notes lues par les clients : « non » devient « oui »" in said
    assert "Couleur : « #1f5fbf » devient « #123456 »" in said
    assert "devient « Visite <b> »" in said
    assert "Horaires modifiés : Ivan" in said
    assert "depuis un agenda Thunderbird/153" in said
    assert "Rendez-vous créé" in said
    assert f'href="/rendez-vous/{made}"' in page.text
    assert 'href="/personnes/ivan"' in page.text
    assert '{"' not in said
    english = words_of(admin.get(PATH, headers={"Accept-Language": "en"}))
    assert "Working hours changed: Ivan" in english

    for query, found, lost in (
        ("sorte=reglages", "Notes lues", "Rendez-vous créé"),
        ("sorte=rendez-vous", "Rendez-vous créé", "Notes lues"),
        ("voie=caldav", "Horaires modifiés", "Notes lues"),
        ("qui=IVAN", "Horaires modifiés", "Notes lues"),
        ("texte=controle", "Rendez-vous créé", "Notes lues"),
        ("texte=thunderbird", "Horaires modifiés", "Notes lues"),
        ("texte=notes_shown", "Notes lues", "Rendez-vous créé"),
        ("texte=100%25", "Aucune entrée ne correspond.", "Notes lues"),
        ("du=2099-01-01", "Aucune entrée ne correspond.", "Notes lues"),
        ("au=2001-01-01", "Aucune entrée ne correspond.", "Notes lues"),
    ):
        said = words_of(admin.get(f"{PATH}?{query}")).partition("Exporter")[2]
        assert found in said, query
        assert lost not in said, query
    assert admin.get(f"{PATH}?du=hier").status_code == 422


def _add(book: AppointmentBook, count: int, **more: str) -> None:
    common = {"login": "admin", "channel": "web", "device": "", **more}
    with book.database.writing() as tx:
        tx.journal.record(
            at=book.clock(),
            account_id=None,
            appointment_id=None,
            entries=[("SectorAdded", {"name": f"Secteur {n}"}) for n in range(count)],
            **common,
        )


def test_pages_hold_every_entry_once(
    book: AppointmentBook, admin: PanelClient, clock: Clock
) -> None:
    _add(book, 130)
    seen: list[str] = []
    url = f"{PATH}?texte=Secteur"
    while url:
        page = admin.get(url).text
        seen += re.findall(r"Secteur ajouté : Secteur (\d+)", page)
        later = re.search(r'href="([^"]+)" rel="next"', page)
        url = later[1].replace("&amp;", "&") if later else ""
    assert [int(each) for each in seen] == list(range(130))[::-1]


def test_a_file_of_what_is_listed(book: AppointmentBook, admin: PanelClient) -> None:
    _add(book, 60)
    _add(book, 1, login="=evil", device="+1")
    answer = admin.get(f"{PATH}/journal.csv?texte=Secteur")
    assert answer.data.startswith("\ufeff".encode())
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 1 + 61
    assert rows[1][1] == "'=evil"
    assert rows[1][4] == "'+1"
    assert rows[2][5] == "Secteur ajouté : Secteur 59"
    assert rows[0][0] == "Date et heure"


def _walk(
    read: Callable[[int | None], JournalPage],
) -> tuple[list[str], int]:
    found: list[str] = []
    after, turns = None, 0
    while True:
        page = read(after)
        found += [line.entry.details["name"] for line in page.lines]
        turns += 1
        if page.after is None:
            return found, turns
        after = page.after


def test_a_page_looks_through_so_many_entries(
    any_book: AppointmentBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On each kind of database: rare entries are found, though no page reads everything."""
    monkeypatch.setattr(journal_reading, "MOST_SCANNED", 10)
    _add(any_book, 1, login="rare")
    _add(any_book, 45)
    _add(any_book, 2, login="rare", device="Éducation")
    with any_book.database.writing() as tx:
        tx.journal.record(
            at=any_book.clock(),
            account_id=None,
            login="",
            channel="command",
            device="",
            appointment_id=None,
            entries=[("SectorAdded", {"name": "Secteur Été"})],
        )
    with any_book.database.reading() as tx:
        actor = actor_for(tx, "admin", channel=Channel.WEB)
        for wanted, count in (
            (JournalFilter(who="RARE"), 3),
            (JournalFilter(who="rare", text="secteur Éducation"), 2),
            (JournalFilter(text="ÉTÉ"), 1),
            (JournalFilter(text="été"), 1),
            (JournalFilter(text="secteur éTé"), 1),
            (JournalFilter(channel="web", events=frozenset({"SectorAdded"})), 48),
        ):
            found, turns = _walk(
                lambda after, wanted=wanted: journal_pages.page(tx, actor, wanted, after, size=20)  # type: ignore[misc]
            )
            assert len(found) == count, wanted
            assert turns >= 5
        nobody = journal_pages.page(tx, actor, JournalFilter(), 10**9, size=20)
        assert len(nobody.lines) == 10, "an id that is none begins at the newest"


def test_nobody_else_reads_it(book: AppointmentBook) -> None:
    with book.database.reading() as tx:
        for login in ("alice", "ivan", "claire"):
            actor = actor_for(tx, login, channel=Channel.WEB)
            with pytest.raises(AccessRefused):
                journal_pages.page(tx, actor, JournalFilter(), None)


def test_commands_leave_entries(
    book: AppointmentBook,
    sqlite_url: str,
    admin: PanelClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RDV_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("RDV_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("RDV_PUBLIC_URL", "https://rdv.agence.example")
    file = tmp_path / "fiches.csv"
    file.write_text("nom;prénom;type\nEssai;Zoé;client\n", encoding="utf-8")
    for _again in range(2):
        assert main(["upgrade"]) == 0
    assert main(["people", "import", str(file)]) == 0
    said = words_of(admin.get(f"{PATH}?voie=command"))
    address = "Adresse du panneau : « (vide) » devient « https://rdv.agence.example »"
    assert said.count(address) == 1
    assert "Fiches importées : 1 créées, 0 modifiées" in said
    with book.database.writing() as tx:
        actor = actor_for(tx, "admin", channel=Channel.COMMAND)
        event = (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//\r\nBEGIN:VEVENT\r\nUID:u1\r\n"
            "DTSTAMP:20261101T000000Z\r\nDTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\n"
            "SUMMARY:Ancien\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
        for _again in range(2):
            import_calendar(tx, actor, "claire", event, now=book.clock())
    said = words_of(admin.get(f"{PATH}?voie=import"))
    assert said.count("Agenda importé : claire, 1 rendez-vous") == 1

"""Fiches: finding, making, changing and archiving them, and who may."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import PersonKind
from rdv_caldav.domain.errors import (
    AccessRefused,
    InvalidFiche,
    InvalidInput,
    PreconditionFailed,
    SectorTaken,
    UnknownCalendar,
    UnknownObject,
)
from rdv_caldav.domain.fiches import FicheFilter, Problem
from rdv_caldav.domain.mailing import ContactBy
from rdv_caldav.ical.availability import weekly_hours
from rdv_caldav.services import calendars, people, people_files, sectors
from rdv_caldav.services.access import Actor, Channel, actor_for
from rdv_caldav.services.people import FicheDraft
from rdv_caldav.services.people_files import ImportOrder
from rdv_caldav.services.people_import import ImportReport
from support.desk import Desk

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
ZOE = FicheDraft(
    kind=PersonKind.CLIENT,
    last_name="  Essai ",
    first_name="Zoé",
    addresses=("Zoe@Famille.example", "zoe@travail.example"),
    phone="01 02 03 04 05",
    home_address="1 rue de l'Exemple\r\n00000 Exempleville",
    notes="Code du portail : 0000",
    hours={"MO": [("08:00", "12:00")]},
    language="en",
    contact_by=ContactBy.SMS,
)


@pytest.fixture
def tx(book: AppointmentBook) -> Iterator[Transaction]:
    with book.database.writing() as opened:
        yield opened


def as_(tx: Transaction, login: str) -> Actor:
    return actor_for(tx, login, channel=Channel.WEB)


def names(tx: Transaction, login: str, wanted: FicheFilter) -> list[str]:
    return [line.person.slug for line in people.page(tx, as_(tx, login), wanted).lines]


def events(tx: Transaction) -> list[tuple[str, dict[str, object]]]:
    return [(entry.event, dict(entry.details)) for entry in tx.journal.latest(20)]


def test_a_fiche_says_what_the_form_said(any_book: AppointmentBook) -> None:
    with any_book.database.writing() as tx:
        admin = as_(tx, "admin")
        made = people.create(tx, admin, ZOE, now=NOW)
        found = people.fiche(tx, admin, made.slug)
    assert made.slug == "zoe-essai"
    assert (found.person.last_name, found.person.first_name) == ("Essai", "Zoé")
    assert found.person.addresses == ("zoe@famille.example", "zoe@travail.example")
    assert found.person.home_address == "1 rue de l'Exemple\n00000 Exempleville"
    assert (found.language, found.contact_by) == ("en", ContactBy.SMS)
    assert (found.phone, found.notes) == ("01 02 03 04 05", "Code du portail : 0000")
    assert weekly_hours(found.availability) == {"MO": [("08:00", "12:00")]}


@pytest.mark.parametrize(
    ("words", "slugs"),
    [
        ("ESSAI", ["zoe-essai"]),
        ("zoe essai", ["zoe-essai"]),
        ("essài zo", ["zoe-essai"]),
        ("travail.example", ["zoe-essai"]),
        ("exempleville", ["zoe-essai"]),
        ("0304", ["zoe-essai"]),
        ("02.03.04", ["zoe-essai"]),
        ("+3304", []),
        ("portail", []),
        ("dupont", ["jean-dupont", "marie-dupont"]),
        ("100%", []),
        ("_", []),
        ("personne", []),
    ],
)
def test_neither_case_nor_accents_decide(
    any_book: AppointmentBook, words: str, slugs: list[str]
) -> None:
    with any_book.database.writing() as tx:
        people.create(tx, as_(tx, "admin"), ZOE, now=NOW)
        assert names(tx, "admin", FicheFilter(text=words)) == slugs


def test_lists_are_narrowed(any_book: AppointmentBook) -> None:
    with any_book.database.reading() as tx:
        clients = FicheFilter(kind=PersonKind.CLIENT)
        everyone = ["claire", "jean-dupont", "marie-dupont", "paul", "sophie"]
        assert names(tx, "alice", clients) == everyone
        assert names(tx, "alice", replace(clients, without_address=True)) == ["paul"]
        assert names(tx, "alice", replace(clients, without_sector=True)) == ["paul"]
        south = next(each for each in tx.people.sectors() if each.name == "Sud")
        assert names(tx, "alice", replace(clients, sector_id=south.id)) == ["sophie"]
        assert names(tx, "alice", replace(clients, archived=True)) == []
        assert people.count(tx, as_(tx, "alice"), clients) == len(everyone)


def test_pages_go_on_and_back(any_book: AppointmentBook) -> None:
    with any_book.database.reading() as tx:
        actor, wanted = as_(tx, "alice"), FicheFilter()
        whole = [line.person.slug for line in people.page(tx, actor, wanted).lines]
        seen: list[str] = []
        place = None
        while True:
            page = people.page(tx, actor, wanted, place, size=3)
            seen += [line.person.slug for line in page.lines]
            if page.after is None:
                break
            place = page.after
        assert seen == whole
        back = people.page(tx, actor, wanted, page.before, size=3)
        assert [line.person.slug for line in back.lines] == whole[3:6]
        first = people.page(tx, actor, wanted, back.before, size=3)
        assert [line.person.slug for line in first.lines] == whole[:3]
        assert first.before is None


def test_a_gestionnaire_finds_and_edits_his_secteurs_only(tx: Transaction) -> None:
    nora, admin = as_(tx, "nora"), as_(tx, "admin")
    found = names(tx, "nora", FicheFilter())
    assert "sophie" not in found
    assert {"claire", "paul"} <= set(found)
    assert people.count(tx, nora, FicheFilter()) == len(found)
    assert names(tx, "nora", FicheFilter(text="sophie")) == []
    for slug in ("sophie", "personne-de-ce-nom"):
        with pytest.raises(UnknownCalendar):
            people.fiche(tx, nora, slug)
    sophie = people.fiche(tx, admin, "sophie")
    south = sophie.person.sector_id
    claire = people.fiche(tx, nora, "claire")
    moved = replace(ZOE, last_name="Cliente", sector_id=south)
    with pytest.raises(InvalidFiche) as refused:
        version = people.version_of(claire)
        people.change(tx, nora, "claire", moved, version=version, now=NOW)
    assert refused.value.problems["sector_id"].problem is Problem.SECTOR
    assert [each.name for each in sectors.sectors_for(tx, nora)] == ["Nord"]


@pytest.mark.parametrize("login", ["ivan", "claire"])
def test_others_than_staff_find_nobody(tx: Transaction, login: str) -> None:
    actor = as_(tx, login)
    for attempt in (
        lambda: people.page(tx, actor, FicheFilter()),
        lambda: people.count(tx, actor, FicheFilter()),
        lambda: people.fiche(tx, actor, login),
        lambda: people.create(tx, actor, ZOE, now=NOW),
        lambda: people.archive(tx, actor, login, now=NOW),
        lambda: people_files.export(tx, actor, FicheFilter()),
    ):
        with pytest.raises(AccessRefused):
            attempt()


def test_a_change_is_in_the_journal_with_what_was_before(tx: Transaction) -> None:
    admin = as_(tx, "admin")
    made = people.create(tx, admin, ZOE, now=NOW)
    standing = people.fiche(tx, admin, made.slug)
    said = replace(ZOE, last_name="Mariée", phone="", hours=None)
    people.change(tx, admin, made.slug, said, version=people.version_of(standing), now=NOW)
    after = people.fiche(tx, admin, made.slug)
    assert (after.person.slug, after.person.last_name) == ("zoe-essai", "Mariée")
    assert after.availability == standing.availability
    assert events(tx)[0] == (
        "FicheChanged",
        {
            "person": made.id,
            "slug": "zoe-essai",
            "changes": {
                "last_name": ["Essai", "Mariée"],
                "phone": ["01 02 03 04 05", ""],
            },
        },
    )
    version = people.version_of(after)
    people.change(tx, admin, made.slug, said, version=version, now=NOW)
    assert len(events(tx)) == 2, "nothing changed, nothing is written"
    people.change(tx, admin, made.slug, replace(said, hours={}), version=version, now=NOW)
    assert people.fiche(tx, admin, made.slug).availability == ""


def test_a_fiche_that_somebody_else_changed_is_not_overwritten(tx: Transaction) -> None:
    admin = as_(tx, "admin")
    version = people.version_of(people.fiche(tx, admin, "claire"))
    said = replace(ZOE, last_name="Cliente", first_name="Claire")
    people.change(tx, admin, "claire", said, version=version, now=NOW)
    with pytest.raises(PreconditionFailed):
        people.change(tx, admin, "claire", replace(said, phone="2"), version=version, now=NOW)


@pytest.mark.parametrize(
    ("draft", "name", "problem"),
    [
        (replace(ZOE, last_name=" "), "last_name", Problem.MISSING),
        (replace(ZOE, first_name="x" * 201), "first_name", Problem.TOO_LONG),
        (replace(ZOE, notes="a\x07b"), "notes", Problem.UNPRINTABLE),
        (replace(ZOE, addresses=("zoe",)), "addresses", Problem.ADDRESS),
        (replace(ZOE, addresses=("rdv@agence.example",)), "addresses", Problem.AGENCY_ADDRESS),
        (replace(ZOE, sector_id=999), "sector_id", Problem.SECTOR),
        (replace(ZOE, language="xx"), "language", Problem.LANGUAGE),
    ],
)
def test_what_cannot_be_kept_is_told_by_field(
    tx: Transaction, draft: FicheDraft, name: str, problem: Problem
) -> None:
    with pytest.raises(InvalidFiche) as refused:
        people.create(tx, as_(tx, "admin"), draft, now=NOW)
    assert {key: each.problem for key, each in refused.value.problems.items()} == {name: problem}


def test_homonyms_are_found_and_get_slugs_of_their_own(tx: Transaction) -> None:
    admin = as_(tx, "admin")
    first = people.create(tx, admin, ZOE, now=NOW)
    again = replace(ZOE, last_name="ESSAI", first_name="zoe")
    assert people.homonyms(tx, admin, again) == [first]
    assert people.homonyms(tx, admin, again, but=first) == []
    assert people.homonyms(tx, admin, replace(again, kind=PersonKind.INTERVENANT)) == []
    assert people.create(tx, admin, again, now=NOW).slug == "zoe-essai-2"


def test_an_archived_calendar_is_listed_nowhere_and_comes_back(tx: Transaction) -> None:
    alice = as_(tx, "alice")

    def home() -> dict[str, str]:
        return {each.person.slug: each.tag for each in calendars.home(tx, alice)}

    before = home()
    people.archive(tx, alice, "claire", now=NOW)
    people.archive(tx, alice, "claire", now=NOW)
    assert "claire" not in home()
    assert names(tx, "alice", FicheFilter(text="claire")) == []
    assert names(tx, "alice", FicheFilter(text="claire", archived=True)) == ["claire"]
    people.archive(tx, alice, "claire", archived=False, now=NOW)
    assert home() == before, "the same sync token: programs go on where they were"
    assert [event for event, _ in events(tx)] == ["FicheRestored", "FicheArchived"]


def test_another_first_address_makes_other_texts_and_says_so(tx: Transaction) -> None:
    desk = Desk(tx, NOW)
    desk.plan("alice")
    admin = as_(tx, "admin")

    def read() -> tuple[str, str, str]:
        seen = calendars.calendar(tx, as_(tx, "alice"), "claire")
        (found,) = calendars.objects(tx, seen)
        return seen.tag, found.etag, found.text.replace("\r\n ", "")

    before, fiche = read(), people.fiche(tx, admin, "alice")
    said = FicheDraft(
        kind=PersonKind.GESTIONNAIRE,
        last_name="Gestion",
        first_name="Alice",
        addresses=("nouvelle@agence.example", *fiche.person.addresses),
    )
    people.change(tx, admin, "alice", said, version=people.version_of(fiche), now=NOW)
    after = read()
    assert "nouvelle@agence.example" in after[2]
    assert all(old != new for old, new in zip(before, after, strict=True))
    people.change(
        tx,
        admin,
        "alice",
        replace(said, phone="01"),
        version=people.version_of(people.fiche(tx, admin, "alice")),
        now=NOW,
    )
    assert read() == after


# -- secteurs -----------------------------------------------------------------------------


def test_secteurs_are_named_by_administrateurs(tx: Transaction) -> None:
    admin = as_(tx, "admin")
    east = sectors.add_sector(tx, admin, "  Est ", now=NOW)
    assert east.name == "Est"
    with pytest.raises(SectorTaken):
        sectors.add_sector(tx, admin, "ÈST", now=NOW)
    renamed = sectors.rename_sector(tx, admin, east.id, "EST", now=NOW)
    assert renamed in tx.people.sectors()
    sectors.rename_sector(tx, admin, east.id, "EST", now=NOW)
    with pytest.raises(UnknownObject):
        sectors.rename_sector(tx, admin, 999, "Ouest", now=NOW)
    for name in ("", "x" * 201, "a\x07"):
        with pytest.raises(InvalidInput):
            sectors.add_sector(tx, admin, name, now=NOW)
    with pytest.raises(AccessRefused):
        sectors.add_sector(tx, as_(tx, "alice"), "Ouest", now=NOW)
    assert [event for event, _ in events(tx)] == ["SectorRenamed", "SectorAdded"]


# -- files --------------------------------------------------------------------------------


def test_what_is_exported_can_be_imported_unchanged(tx: Transaction) -> None:
    admin = as_(tx, "admin")
    odd = replace(
        ZOE,
        last_name="=1+1",
        phone="+33 1 02 03 04 05",
        notes='- a; "b"\nc',
        hours={day: [("08:00", "12:00"), ("14:00", "24:00")] for day in ("MO", "TU", "SA")},
    )
    people.create(tx, admin, odd, now=NOW)
    data = b"".join(people_files.export(tx, admin, FicheFilter())).decode("utf-8-sig")
    assert "'=1+1;" in data
    assert ";'+33 1" in data
    assert "lu-ma 8h-12h 14h-24h; sa 8h-12h 14h-24h" in data
    assert ";en;SMS\r\n" in data
    report = people_files.try_import(tx, admin, ImportOrder(text=data))
    assert (report.created, report.updated, report.rejected) == ([], [], [])
    assert len(report.unchanged) == people.count(tx, admin, FicheFilter())


def test_an_import_is_in_the_journal_and_mails_nobody(tx: Transaction) -> None:
    admin = as_(tx, "admin")
    order = ImportOrder(
        text="Famille;Tel\nEssai;01 02\nDupont;03\n",
        meanings=["last_name", "phone"],
        kind=PersonKind.CLIENT,
    )

    def here(turn: Callable[[Transaction], ImportReport]) -> ImportReport:
        return turn(tx)

    assert people_files.try_import(tx, admin, order).created == ["Essai", "Dupont"]
    assert names(tx, "admin", FicheFilter(text="essai")) == []
    report = people_files.do_import(here, here, admin, order, now=NOW)
    assert report.slugs == ["essai", "dupont"]
    assert people.fiche(tx, admin, "essai").phone == "01 02"
    assert events(tx)[0][0] == "FichesImported"
    assert tx.outbox.pending() == []
    assert people_files.do_import(here, here, admin, order, now=NOW).slugs == []
    with pytest.raises(AccessRefused):
        people_files.do_import(here, here, as_(tx, "nora"), order, now=NOW)

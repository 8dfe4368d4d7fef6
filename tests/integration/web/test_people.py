"""Pages of fiches: who gets in, what is kept of what was typed, files in and out."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Person, PersonKind
from rdv_caldav.domain.appointment import Span
from rdv_caldav.domain.errors import UnknownObject
from rdv_caldav.domain.fiches import Fiche
from rdv_caldav.domain.mailing import ContactBy
from rdv_caldav.ical.availability import weekly_hours
from rdv_caldav.services import people_import
from rdv_caldav.services.appointments import Plan
from rdv_caldav.services.people_import import ImportReport
from support.desk import Desk
from support.panel import PanelClient
from support.scenario import Clock

LogIn = Callable[[str], PanelClient]

ZOE = {
    "last_name": "Essai",
    "first_name": "Zoé",
    "kind": "client",
    "sector": "",
    "addresses": "zoe@famille.example\nzoe@travail.example",
    "phone": "01 02 03 04 05",
    "home_address": "1 rue de l'Exemple",
    "notes": "Code du portail",
    "language": "en",
    "contact_by": "sms",
}


def fiche_of(book: AppointmentBook, slug: str) -> Fiche:
    with book.database.reading() as tx:
        found = tx.people_listing.fiche(slug)
    assert found is not None
    return found


def person_of(book: AppointmentBook, slug: str) -> Person:
    return fiche_of(book, slug).person


def version_in(page: TestResponse) -> str:
    found = re.search(r'name="version" type="hidden" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found.group(1)


def link(page: TestResponse, rel: str) -> str:
    found = re.search(rf'href="([^"]+)" rel="{rel}"', page.text)
    assert found is not None, page.text
    return found.group(1).replace("&amp;", "&")


PATHS = (
    "/clients",
    "/intervenants?q=ivan",
    "/gestionnaires/export.csv",
    "/clients/nouveau",
    "/personnes/claire",
    "/personnes/claire/modifier",
    "/personnes/claire/rendez-vous",
    "/fiches/importer",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("login", "status"), [("admin", 200), ("alice", 200), ("ivan", 403), ("claire", 403)]
)
def test_fiches_are_for_staff(logged_in: LogIn, login: str, path: str, status: int) -> None:
    assert logged_in(login).get(path).status_code == status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/personnes/sophie", 404),
        ("/personnes/sophie/modifier", 404),
        ("/personnes/sophie/rendez-vous", 404),
        ("/personnes/personne", 404),
        ("/personnes/claire", 200),
        ("/fiches/importer", 403),
        ("/secteurs", 403),
        ("/marsiens", 404),
    ],
)
def test_another_secteur_is_as_good_as_nothing(logged_in: LogIn, path: str, status: int) -> None:
    nora = logged_in("nora")
    assert nora.get(path).status_code == status
    assert "Sophie" not in nora.get("/clients?q=sophie").text
    assert "Sud" not in nora.get("/clients/export.csv").text


def test_a_fiche_is_created(alice: PanelClient, book: AppointmentBook) -> None:
    hours = {"MO-0-from": "08:00", "MO-0-to": "12:00", "MO-1-from": "20:00", "MO-1-to": "00:00"}
    page = alice.post_form("/clients/nouveau", {**ZOE, **hours})
    assert page.status_code == 200
    assert "La fiche de Zoé Essai est créée." in page.text
    found = fiche_of(book, "zoe-essai")
    assert found.person.addresses == ("zoe@famille.example", "zoe@travail.example")
    assert found.phone == "01 02 03 04 05"
    assert (found.language, found.contact_by) == ("en", ContactBy.SMS)
    assert "<dd>SMS</dd>" in page.text
    assert weekly_hours(found.availability) == {"MO": [("08:00", "12:00"), ("20:00", "24:00")]}
    assert "20:00 – 24:00" in page.text
    assert 'href="tel:0102030405"' in page.text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"last_name": ""}, "Indiquez un nom."),
        ({"addresses": "zoe"}, "« zoe » n’est pas une adresse e-mail."),
        ({"TU-0-from": "08:00"}, "Indiquez l’heure de début et l’heure de fin"),
        ({"TU-0-from": "12:00", "TU-0-to": "08:00"}, "La fin doit être après le début"),
        (
            {"TU-0-from": "08:00", "TU-0-to": "12:00", "TU-1-from": "11:00", "TU-1-to": "13:00"},
            "Ces horaires se chevauchent.",
        ),
        ({"kind": "martien"}, "Vérifiez les champs signalés"),
        ({"sector": "999"}, "Vérifiez les champs signalés"),
    ],
)
def test_what_is_wrong_stands_beside_what_was_typed(
    alice: PanelClient, book: AppointmentBook, typed: dict[str, str], words: str
) -> None:
    page = alice.post_form("/clients/nouveau", {**ZOE, **typed})
    assert page.status_code == 422
    assert words in page.text
    assert "Code du portail" in page.text
    for value in typed.values():
        assert not value or value in ("martien", "999") or value in page.text
    with book.database.reading() as tx:
        assert tx.people.by_slug("zoe-essai") is None


def test_all_that_is_wrong_is_said_at_once(alice: PanelClient) -> None:
    page = alice.post_form("/clients/nouveau", {**ZOE, "last_name": "", "TU-0-from": "08:00"})
    assert "Indiquez un nom." in page.text
    assert "Indiquez l’heure de début" in page.text


def test_a_homonym_is_created_only_on_purpose(alice: PanelClient, book: AppointmentBook) -> None:
    typed = {**ZOE, "last_name": "CLIENTE", "first_name": "claire"}
    page = alice.post_form("/clients/nouveau", typed)
    assert page.status_code == 422
    assert "Une fiche porte déjà ce nom" in page.text
    assert 'href="/personnes/claire"' in page.text
    page = alice.post_form("/clients/nouveau", {**typed, "confirm": "y"})
    assert person_of(book, "claire-cliente").last_name == "CLIENTE"


def test_a_fiche_is_changed(alice: PanelClient, book: AppointmentBook) -> None:
    form = alice.get("/personnes/claire/modifier")
    typed = {**ZOE, "version": version_in(form), "notes": "Nouvelle note"}
    page = alice.post_form("/personnes/claire/modifier", typed)
    assert "La fiche de Zoé Essai est enregistrée." in page.text
    assert fiche_of(book, "claire").notes == "Nouvelle note"


def test_two_who_change_one_fiche_lose_nothing(
    alice: PanelClient, admin: PanelClient, book: AppointmentBook
) -> None:
    version = version_in(alice.get("/personnes/claire/modifier"))
    admin.post_form("/personnes/claire/modifier", {**ZOE, "version": version})
    mine = {**ZOE, "version": version, "first_name": "Clara", "notes": "La mienne"}
    page = alice.post_form("/personnes/claire/modifier", mine)
    assert page.status_code == 409
    assert "La mienne" in page.text
    assert "Code du portail" in page.text
    assert person_of(book, "claire").first_name == "Zoé"
    page = alice.post_form("/personnes/claire/modifier", {**mine, "version": version_in(page)})
    assert page.status_code == 200
    assert person_of(book, "claire").first_name == "Clara"


def test_hours_of_a_calendar_program_stay_unless_replaced(
    alice: PanelClient, book: AppointmentBook
) -> None:
    text = "BEGIN:VCALENDAR\r\nBEGIN:VAVAILABILITY\r\nEND:VAVAILABILITY\r\nEND:VCALENDAR\r\n"
    with book.database.writing() as tx:
        tx.people.save_availability(person_of(book, "ivan").id, text)
    form = alice.get("/personnes/ivan/modifier")
    assert "Les remplacer par ce qui suit" in form.text
    typed = {**ZOE, "kind": "intervenant", "version": version_in(form), "MO-0-from": "x"}
    alice.post_form("/personnes/ivan/modifier", typed)
    assert fiche_of(book, "ivan").availability == text
    form = alice.get("/personnes/ivan/modifier")
    hours = {"replace-hours": "yes", "MO-0-from": "08:00", "MO-0-to": "12:00"}
    alice.post_form("/personnes/ivan/modifier", {**typed, **hours, "version": version_in(form)})
    assert weekly_hours(fiche_of(book, "ivan").availability) == {"MO": [("08:00", "12:00")]}


def test_a_fiche_is_archived_and_brought_back(alice: PanelClient, book: AppointmentBook) -> None:
    page = alice.post_form("/personnes/claire/archiver")
    assert "est dans les archives" in page.text
    assert not person_of(book, "claire").active
    assert "Claire" not in alice.get("/clients").text
    assert "Claire" in alice.get("/clients?archives=oui").text
    alice.post_form("/personnes/claire/reprendre")
    assert person_of(book, "claire").active
    assert alice.get("/personnes/claire/archiver").status_code == 405


@pytest.mark.parametrize(
    "query", ["secteur=x", "secteur=99999999999", "apres=x.y", "avant=1", "q=%00"]
)
def test_odd_addresses_do_no_harm(alice: PanelClient, query: str) -> None:
    assert alice.get(f"/clients?{query}").status_code == 200


def test_long_lists_go_on_and_back(alice: PanelClient, book: AppointmentBook) -> None:
    with book.database.writing() as tx:
        for number in range(60):
            name = f"Famille {number:02}"
            tx.people.add(slug=f"f-{number}", kind=PersonKind.INTERVENANT, last_name=name)
    first = alice.get("/intervenants?q=famille")
    assert ">60 fiches<" in first.text
    assert "Famille 49" in first.text
    assert "Famille 50" not in first.text
    second = alice.get(link(first, "next"))
    assert "Famille 50" in second.text
    assert ">60 fiches<" in second.text
    assert "Famille 49" in alice.get(link(second, "prev")).text


def test_a_wrong_change_is_told_and_not_stored(alice: PanelClient, book: AppointmentBook) -> None:
    form = alice.get("/personnes/claire/modifier")
    typed = {**ZOE, "addresses": "rdv@agence.example", "version": version_in(form)}
    page = alice.post_form("/personnes/claire/modifier", typed)
    assert page.status_code == 422
    assert "Cette adresse est celle de l’agence elle-même." in page.text
    page = alice.post_form("/personnes/claire/modifier", {**typed, "kind": "martien"})
    assert page.status_code == 422
    assert person_of(book, "claire").first_name == "Claire"


# -- rendez-vous --------------------------------------------------------------------------


def test_the_list_of_a_person_has_what_is_to_come(
    alice: PanelClient, book: AppointmentBook, clock: Clock
) -> None:
    with book.database.writing() as tx:
        desk = Desk(tx, clock())
        for subject, days in (("Visite passée", -30), ("Visite à venir", 30)):
            start = clock().replace(tzinfo=None) + timedelta(days=days)
            when = Span(start=start, end=start + timedelta(hours=1), zone="Europe/Paris")
            desk.plan("ivan", plan=Plan(subject=subject, span=when))
    page = alice.get("/personnes/claire/rendez-vous")
    assert "Visite à venir" in page.text
    assert "Visite passée" not in page.text
    assert "Visite passée" in alice.get("/personnes/claire/rendez-vous?tous=1").text
    assert "Visite" not in alice.get("/personnes/claire/rendez-vous?type=interne").text
    wrong = alice.get("/personnes/claire/rendez-vous?du=hier")
    assert wrong.status_code == 422
    assert "Ce n’est pas une date." in wrong.text


def test_filters_of_the_rendez_vous_go_with_their_pages(
    alice: PanelClient, book: AppointmentBook, clock: Clock
) -> None:
    with book.database.writing() as tx:
        desk = Desk(tx, clock())
        for number in range(55):
            start = clock().replace(tzinfo=None) + timedelta(days=number)
            when = Span(start=start, end=start + timedelta(days=2), zone="Europe/Paris")
            desk.plan(plan=Plan(subject=f"Visite {number:02}.", span=when))
    first = alice.get("/personnes/claire/rendez-vous?texte=visite&ordre=desc")
    assert "Visite 54." in first.text
    assert "Visite 04." not in first.text
    second = alice.get(link(first, "next"))
    assert "Visite 04." in second.text
    assert 'value="visite"' in second.text
    assert "Visite 54." in alice.get(link(second, "prev")).text


def test_the_module_switched_off_takes_rendez_vous_away(
    alice: PanelClient, book: AppointmentBook
) -> None:
    with book.database.writing() as tx:
        tx.agency.save_setting("module_enabled", False)
    assert alice.get("/personnes/claire/rendez-vous").status_code == 404
    assert alice.get("/compte/rendez-vous").status_code == 404
    page = alice.get("/personnes/claire")
    assert page.status_code == 200
    assert "/personnes/claire/rendez-vous" not in page.text


# -- secteurs -----------------------------------------------------------------------------


def test_secteurs_are_added_and_renamed(admin: PanelClient, book: AppointmentBook) -> None:
    assert "Le secteur « Est » est ajouté." in admin.post_form("/secteurs", {"name": "Est"}).text
    page = admin.post_form("/secteurs", {"name": "nord"})
    assert page.status_code == 422
    assert "Un autre secteur porte déjà ce nom." in page.text
    assert 'value="nord"' in page.text
    with book.database.reading() as tx:
        north = next(each for each in tx.people.sectors() if each.name == "Nord")
    admin.post_form(f"/secteurs/{north.id}", {"name": "Grand Nord"})
    assert "Grand Nord" in admin.get("/clients").text
    assert admin.post_form(f"/secteurs/{north.id}", {"name": " "}).status_code == 422


# -- files --------------------------------------------------------------------------------


def upload(client: PanelClient, text: str, **fields: str) -> TestResponse:
    data = {**fields, "file": (io.BytesIO(text.encode("cp1252")), "fiches.csv")}
    return client.post_form("/fiches/importer", data)


def test_a_file_is_tried_before_it_is_imported(alice: PanelClient, book: AppointmentBook) -> None:
    text = "Nom;Prénom;Type;Tél\nEssai;Zoé;client;01\nCliente;Claire;client;02\n"
    page = upload(alice, text)
    assert page.status_code == 200
    assert re.search(r"<strong>1</strong>à créer", page.text)
    assert re.search(r"<strong>1</strong>à mettre à jour", page.text)
    with book.database.reading() as tx:
        assert tx.people.by_slug("zoe-essai") is None
    page = alice.post_form("/fiches/importer", {"content": text, "action": "import"})
    assert "1 fiches créées, 1 mises à jour" in page.text
    assert fiche_of(book, "zoe-essai").phone == "01"
    assert fiche_of(book, "claire").phone == "02"


def test_an_import_that_stops_half_way_says_what_is_left(
    alice: PanelClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[object] = []
    turn = people_import._turn

    def overtaken(tx: Transaction, **values: Any) -> ImportReport:
        turns.append(values)
        if len(turns) == 2:
            raise UnknownObject("somebody else was there")
        return turn(tx, **values)

    monkeypatch.setattr(people_import, "ROWS_OF_TURN", 1)
    monkeypatch.setattr(people_import, "_turn", overtaken)
    text = "Nom;Type\nEssai;client\nPlus;client\nEncore;client\n"
    page = alice.post_form("/fiches/importer", {"content": text, "action": "import"})
    assert page.status_code == 409
    assert "1 fiches sont créées et 0 mises à jour, 2 lignes restent." in page.text
    assert re.search(r"<strong>2</strong>à créer", page.text)
    page = alice.post_form("/fiches/importer", {"content": text, "action": "import"})
    assert "Import terminé : 2 fiches créées" in page.text


def test_columns_are_matched_by_hand(alice: PanelClient, book: AppointmentBook) -> None:
    text = "Famille;Ville;Type\nEssai;Exempleville;client\n"
    page = upload(alice, text)
    assert page.status_code == 422
    assert "Dites quelle colonne contient le nom." in page.text
    chosen = {"column-0": "last_name", "column-1": "", "column-2": "", "content": text}
    page = alice.post_form("/fiches/importer", chosen)
    assert "choisissez un type pour tous" in page.text
    page = alice.post_form(
        "/fiches/importer", {**chosen, "column-1": "last_name", "type": "client"}
    )
    assert "Deux colonnes ont le même sens" in page.text
    done = {**chosen, "type": "intervenant", "action": "import"}
    alice.post_form("/fiches/importer", done)
    assert person_of(book, "essai").kind.value == "intervenant"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Choisissez un fichier CSV"),
        ('Nom;Type\n"Essai', "pas un tableau CSV lisible"),
        ("Nom;Type\nEssai;animal\n;client\n", "2 lignes ne peuvent pas être reprises"),
        ("Nom;Type;Horaires\nEssai;client;demain\n", "Les horaires s’écrivent comme"),
        ("Nom;Type\nDupont;client\n", "est déjà"),
    ],
)
def test_a_file_that_cannot_be_imported_says_why(
    alice: PanelClient, book: AppointmentBook, text: str, words: str
) -> None:
    if words == "est déjà":
        text, words = "Nom;Prénom;Type\nDupont;Jean;client\n", "il n’y a rien à importer"
    page = alice.post_form("/fiches/importer", {"content": text, "action": "import"})
    assert page.status_code == 422
    assert words in page.text
    with book.database.reading() as tx:
        assert tx.people.by_slug("essai") is None


def test_what_the_list_shows_is_exported(alice: PanelClient) -> None:
    answer = alice.get("/clients/export.csv?q=dupont")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="clients.csv"'
    assert answer.data.startswith(b"\xef\xbb\xbfNom;")
    assert len(answer.text.splitlines()) == 3

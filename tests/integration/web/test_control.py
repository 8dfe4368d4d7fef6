"""The pages of the control table: filter, rows, files, actions, and who may open them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_web import create_app
from support.busy_agency import fill
from support.panel import PanelClient

TABLE = "/analyse/rendez-vous"
EVERYTHING = f"{TABLE}?lancer=1"
FORMATS = ("csv", "xls", "xlsx", "xml", "ics", "pdf")


@pytest.fixture(autouse=True)
def busy(request: pytest.FixtureRequest) -> None:
    """The busy agency, where a test looks at the small one on SQLite."""
    if "book" in request.fixturenames:
        fill(request.getfixturevalue("book"), 18)


@pytest.fixture
def any_panel(any_book: AppointmentBook) -> PanelClient:
    """Somebody logged in, over each kind of database."""
    app = create_app(any_book)
    app.test_client_class = PanelClient
    client = app.test_client()
    assert isinstance(client, PanelClient)
    client.log_in("alice")
    return client


def references(page: str) -> list[str]:
    return re.findall(r'name="ligne" value="([^"]+)"', page)


def total(page: str) -> int:
    found = re.search(r'id="found"><span role="status">(\d+) dates?<', page)
    assert found is not None
    return int(found.group(1))


# -- the table ----------------------------------------------------------------------------


def test_the_menu_leads_to_this_month(alice: PanelClient) -> None:
    assert f'href="{TABLE}"' in alice.get("/").text or "Tous les rendez-vous" in alice.get("/").text
    page = alice.get(TABLE).text
    assert 'name="du" value="2026-11-01"' in page
    assert 'name="au" value="2026-11-30"' in page
    assert 0 < total(page) < total(alice.get(EVERYTHING).text)


def test_every_page_shows_other_rows(alice: PanelClient) -> None:
    page = alice.get(f"{EVERYTHING}&tri=objet").text
    seen = references(page)
    while following := re.search(r'href="([^"]+)" rel="next"', page):
        page = alice.get(following.group(1).replace("&amp;", "&")).text
        seen += references(page)
    assert len(seen) == len(set(seen)) == total(page)


def test_filters_narrow_and_are_kept_in_the_form(alice: PanelClient) -> None:
    page = alice.get(f"{EVERYTHING}&etat=ANNULE&texte=deplace&colonne=objet&colonne=notes").text
    assert 'value="ANNULE" checked' in page
    assert 'value="deplace"' in page
    assert "Aucun rendez-vous" in page
    page = alice.get(f"{EVERYTHING}&texte=deplace&colonne=objet&colonne=notes").text
    assert total(page) == 2
    headings = re.findall(r'<th scope="col"[^>]*>(?:<a[^>]*>)?([^<]+)', page)
    assert [each.strip() for each in headings] == ["Objet", "Notes"]


@pytest.mark.parametrize("path", ["", "/imprimer", "/export.csv"])
def test_what_makes_no_sense_is_told_beside_the_field(alice: PanelClient, path: str) -> None:
    answer = alice.get(f"{TABLE}{path}?du=hier&au=2026-01-01&texte=bilan&corbeille=pleine")
    assert answer.status_code == 422
    assert "Ce n’est pas une date." in answer.text
    assert "Ce choix n’existe pas." in answer.text
    assert 'value="hier" aria-invalid="true"' in answer.text
    assert 'value="bilan"' in answer.text
    assert references(answer.text) == []


_ODD = ("\0", "%", "'", "é" * 300, "-1", "9" * 40, "2026-13-01", "1.2.3.4.5", "0.1.2026-W01-1.x.")
_NAMES = ("du", "type", "participant", "presence_de", "texte", "lieu", "tri", "colonne", "apres")


@pytest.mark.parametrize("name", _NAMES)
def test_nothing_odd_breaks_the_page(any_panel: PanelClient, name: str) -> None:
    for value in _ODD:
        for path in ("", "/export.csv"):
            query = {"lancer": "1", name: value}
            answer = any_panel.get(f"{TABLE}{path}", query_string=query)
            assert answer.status_code in (200, 422), (path, query)


@pytest.mark.parametrize("path", ["", "/imprimer", "/export.csv"])
def test_too_many_values_are_told_beside_the_field(alice: PanelClient, path: str) -> None:
    values = "&".join(f"participant={number}" for number in range(1, 40_001))
    answer = alice.get(f"{TABLE}{path}?{values}")
    assert answer.status_code == 422
    assert "Trop de choix à la fois : 500 au plus." in answer.text


def test_rows_lead_to_their_date(alice: PanelClient) -> None:
    page = alice.get(f"{EVERYTHING}&texte=deplace").text
    link = re.search(r'href="(/rendez-vous/\d+\?date=[^"]+)"', page)
    assert link is not None
    assert alice.get(link.group(1)).status_code == 200


def test_in_english(alice: PanelClient) -> None:
    page = alice.get(f"{EVERYTHING}&lang=en").text
    for words in ("Run", "Saved filters", "Owner", "External guests", "Planned"):
        assert words in page


# -- files and print ----------------------------------------------------------------------


@pytest.mark.parametrize("ending", FORMATS)
def test_files_are_sent_whole(alice: PanelClient, ending: str) -> None:
    answer = alice.get(f"{TABLE}/export.{ending}?lancer=1")
    assert answer.status_code == 200
    assert f'filename="rendez-vous-2026-11-24.{ending}"' in answer.headers["Content-Disposition"]
    assert len(answer.data) > 1_000
    if ending == "xml":
        assert answer.data.count(b"<rendez-vous ") == total(alice.get(EVERYTHING).text)


def test_files_speak_the_language_of_the_page(alice: PanelClient) -> None:
    assert b"Objet;Lieu" in alice.get(f"{TABLE}/export.csv?lancer=1").data
    assert b"Subject;Place" in alice.get(f"{TABLE}/export.csv?lancer=1&lang=en").data


def test_other_endings_are_no_files(alice: PanelClient) -> None:
    assert alice.get(f"{TABLE}/export.exe?lancer=1").status_code == 404


def test_too_much_for_a_pdf_is_said(alice: PanelClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rdv_caldav.services.control_exports.MOST_PDF_ROWS", 3)
    answer = alice.get(f"{TABLE}/export.pdf?lancer=1")
    assert answer.status_code == 422
    assert "trop de lignes pour un PDF" in answer.text


def test_the_print_view_has_all_rows_and_says_of_what(alice: PanelClient) -> None:
    url = "?lancer=1&type=client&corbeille=avec&serie=oui&presence=ACCEPTED&participant=2"
    page = alice.get(f"{TABLE}/imprimer{url}").text
    assert page.count("<tr>") - 1 == total(alice.get(f"{TABLE}{url}").text)
    for words in ("Rendez-vous client", "Avec la corbeille", "Alice Gestion", "Présent"):
        assert words in page


def test_the_print_view_ends_somewhere(alice: PanelClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rdv_web.pages.control.exporting.MOST_PRINTED", 3)
    page = alice.get(f"{TABLE}/imprimer?lancer=1").text
    assert "3 premières lignes" in page
    assert page.count("<tr>") == 4


def test_the_schema_is_served(alice: PanelClient) -> None:
    answer = alice.get(f"{TABLE}/rendez-vous.xsd")
    assert b"<xs:schema" in answer.data
    assert answer.mimetype == "application/xml"


# -- filters that are kept ----------------------------------------------------------------


def test_a_filter_is_kept_used_and_forgotten(alice: PanelClient, admin: PanelClient) -> None:
    page = alice.post_form(
        f"{TABLE}/filtres", {"nom": "Annulés <ici>", "filtre": "etat=ANNULE&du=2026-10-01"}
    ).text
    assert "Le filtre est enregistré." in page
    assert "Annulés &lt;ici&gt;" in page
    assert "Annulés" not in admin.get(TABLE).text.split("<form", 1)[1].split("Critères")[0]
    link = re.search(r'href="(/analyse/rendez-vous\?[^"]+)" aria-current="true"', page)
    assert link is not None
    shown = alice.get(link.group(1).replace("&amp;", "&")).text
    assert 'value="ANNULE" checked' in shown
    number = re.search(r"/filtres/(\d+)/suppression", page)
    assert number is not None
    forget = f"{TABLE}/filtres/{number.group(1)}/suppression"
    assert admin.post_form(forget).status_code == 404
    assert "Annulés &lt;ici&gt;" not in alice.post_form(forget).text


def test_a_name_that_cannot_be_kept_stays_in_the_field(alice: PanelClient) -> None:
    answer = alice.post_form(f"{TABLE}/filtres", {"nom": "x" * 101, "filtre": "etat=ANNULE"})
    assert answer.status_code == 422
    assert f'value="{"x" * 101}" aria-invalid="true"' in answer.text
    assert 'value="ANNULE" checked' in answer.text


# -- actions ------------------------------------------------------------------------------


def test_an_action_is_shown_before_it_is_done(alice: PanelClient) -> None:
    url = f"{EVERYTHING}&au=2026-11-20&etat=PLANIFIE"
    before = total(alice.get(url).text)
    form = {"filtre": url.partition("?")[2], "lignes": "tout", "action": "tenu"}
    shown = alice.post_form(f"{TABLE}/actions", form).text
    assert f"{before} lignes changeront." in shown
    assert total(alice.get(url).text) == before
    rows = re.findall(r'name="ligne" value="([^"]+)"', shown)
    assert len(rows) == before
    done = alice.post_form(f"{TABLE}/actions/appliquer", {**form, "lignes": "", "ligne": rows}).text
    assert f"{before} lignes ont été modifiées." in done
    assert "Aucun rendez-vous" in alice.get(url).text


def test_what_is_refused_says_why(alice: PanelClient) -> None:
    form = {"filtre": "lancer=1&du=2026-12-01", "lignes": "tout", "action": "tenu"}
    shown = alice.post_form(f"{TABLE}/actions", form).text
    assert "Rien ne changera." in shown
    assert "une fois commencé" in shown
    assert "Appliquer" not in shown
    row = references(alice.get(f"{EVERYTHING}&du=2026-12-01").text)[0]
    done = alice.post_form(f"{TABLE}/actions/appliquer", {**form, "lignes": "", "ligne": row}).text
    assert "1 ligne a été refusée." in done


def test_a_series_changes_owner_as_a_whole(alice: PanelClient) -> None:
    row = next(r for r in references(alice.get(EVERYTHING).text) if "/" in r)
    form = {"filtre": "lancer=1", "ligne": row, "action": "attribuer", "personne": "7"}
    shown = alice.post_form(f"{TABLE}/actions", form).text
    assert "Une série est concernée en entier" in shown
    assert "Paul Sansmail" in shown
    alice.post_form(f"{TABLE}/actions/appliquer", form)
    number = row.partition("/")[0]
    owned = references(alice.get(f"{EVERYTHING}&proprietaire=7&serie=oui").text)
    assert {r for r in owned if r.partition("/")[0] == number}


@pytest.mark.parametrize(
    "form",
    [
        {"action": "tenu"},
        {"action": "exploser", "ligne": "1"},
        {"action": "attribuer", "ligne": "1"},
        {"action": "attribuer", "ligne": "1", "personne": "999"},
        {"action": "tenu", "ligne": "x"},
    ],
)
def test_a_form_that_is_not_filled_in(alice: PanelClient, form: dict[str, str]) -> None:
    answer = alice.post_form(f"{TABLE}/actions", {"filtre": "lancer=1", **form})
    assert answer.status_code == 422
    assert "Choisissez des lignes" in answer.text
    if form.get("ligne") == "1":
        assert re.search(r'value="1"[^>]* checked', answer.text) or "1" not in references(
            answer.text
        )
    assert alice.post_form(f"{TABLE}/actions/appliquer", form).status_code in (404, 422)


# -- who may open them --------------------------------------------------------------------

_PAGES = ("", "/imprimer", "/rendez-vous.xsd", *(f"/export.{each}" for each in FORMATS))


@pytest.mark.parametrize("path", _PAGES)
def test_staff_only(
    browser: PanelClient, ivan: PanelClient, claire: PanelClient, path: str
) -> None:
    for client in (ivan, claire):
        assert client.get(f"{TABLE}{path}").status_code == 403
    assert browser.get(f"{TABLE}{path}").status_code in (302, 401)


def test_another_secteur_shows_nowhere(
    logged_in: Callable[[str], PanelClient], admin: PanelClient
) -> None:
    nora = logged_in("nora")
    own = total(nora.get(EVERYTHING).text)
    assert own < total(admin.get(EVERYTHING).text)
    sophies = f"{EVERYTHING}&participant=8"
    hidden = set(references(admin.get(sophies).text)) - set(references(nora.get(sophies).text))
    assert hidden
    assert '<option value="8"' in admin.get(EVERYTHING).text
    assert '<option value="8"' not in nora.get(EVERYTHING).text
    assert ">Sud<" not in nora.get(EVERYTHING).text
    form = {"filtre": "lancer=1", "ligne": sorted(hidden), "action": "annule"}
    shown = nora.post_form(f"{TABLE}/actions", form).text
    assert "Rien ne changera." in shown
    assert "Sophie" not in shown
    assert nora.get(f"{TABLE}/export.xml?lancer=1").data.count(b"<rendez-vous ") == own
    assert not hidden & set(references(nora.get(f"{EVERYTHING}&proprietaire=8").text))


def test_the_module_switched_off(alice: PanelClient, book: AppointmentBook) -> None:
    with book.database.writing() as tx:
        tx.agency.save_setting("module_enabled", False)
    assert TABLE not in alice.get("/").text
    for path in ("", "/imprimer", "/export.csv", "/export.xlsx"):
        assert alice.get(f"{TABLE}{path}?lancer=1").status_code == 404

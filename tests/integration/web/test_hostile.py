"""What nobody sends who means well: odd addresses, forged fields, and what leaks by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_web import create_app
from support.appointment_form import NEW, Form, key, planned, show, typed
from support.panel import PanelClient

HUGE = "9" * 30

ADDRESSES = (
    # orders to url_for
    "/?_anchor=x",
    "/?_scheme=javascript&_external=1",
    "/?_method=POST",
    "/?endpoint=x",
    "/connexion?endpoint=x",
    "/connexion?next=//[",
    "/connexion?next=/%0D%0AX:%20y",
    "/planning?_scheme=x",
    "/planning?endpoint=x&slug=x",
    "/planning?_external=1&_scheme=javascript",
    # what no text of a database holds
    "/clients?q=%00",
    "/clients?q=%FF%ED%A0%80",
    "/clients?apres=1:%00",
    "/planning?q=%00",
    "/planning?page=%2B1:%00",
    "/planning/%00",
    "/personnes/%00",
    "/rendez-vous/%00",
    "/rendez-vous/personnes?words=%00",
    "/rendez-vous/nouveau?q=%00&personne=",
    "/rendez-vous/nouveau?personne=%00",
    "/analyse/rendez-vous?texte=%00",
    "/analyse/rendez-vous/export.xml?texte=%00",
    "/compte?q=%00",
    "/compte/rendez-vous?texte=%00",
    "/compte/rendez-vous?type=%00",
    "/administration/configuration/rendez-vous/%00",
    "/administration/configuration/modeles/apercu/%00",
    # longer than any search
    f"/planning?q={'a+b+' * 700}",
    f"/compte?q={'a+b+' * 700}",
    f"/clients?q={'%EF%B7%BA' * 200}",
    f"/analyse/rendez-vous?texte={'%EF%B7%BA' * 190}",
    f"/analyse/rendez-vous?lieu={'%EF%B7%BA' * 190}",
    f"/compte/rendez-vous?texte={'%EF%B7%BA' * 190}",
    # no number of an id
    f"/rendez-vous/{HUGE}",
    "/rendez-vous/2147483647",
    f"/rendez-vous/nouveau?copie={HUGE}",
    f"/rendez-vous/personnes?words=a&who=p{HUGE}",
    f"/clients?secteur={HUGE}",
    "/clients?secteur=4294967296",
    f"/planning?secteur={HUGE}",
    f"/planning?page=%2B{HUGE}:x",
    f"/analyse/rendez-vous?participant={HUGE}&secteur={HUGE}",
    "/analyse/rendez-vous?participant=4294967296",
    "/analyse/rendez-vous?apres=x",
    # the ends of time, and hours that no clock shows
    "/rendez-vous/1?date=0001-01-01",
    "/rendez-vous/1?date=9999-12-31T23:59",
    "/rendez-vous/nouveau?personne=claire&debut=0001-01-01",
    "/rendez-vous/nouveau?personne=claire&debut=9999-12-31",
    "/rendez-vous/nouveau?personne=claire&debut=2026-03-29T02:30&fin=2026-03-29T02:45",
    "/planning?date=0001-01-01&vue=semaine",
    "/planning/claire?date=0002-01-01&vue=mois",
    "/planning/claire?date=9998-12-31&vue=liste",
    "/analyse/rendez-vous?du=0001-01-01&au=9999-12-31",
    "/analyse/rendez-vous?du=9999-12-31",
    "/compte/rendez-vous?du=0001-01-01&au=0001-01-01",
)

FORMS: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("/compte/langue", {"language": "\0"}),
    ("/compte/sessions", {"name": "\0"}),
    ("/compte/agendas/%00/suivre", {}),
    ("/compte/mot-de-passe", {"present": "\0", "new": "\0" * 12, "again": "\0" * 12}),
    ("/secteurs", {"name": "a\0b"}),
    (f"/secteurs/{HUGE}", {"name": "x"}),
    ("/secteurs/2147483647", {"name": "x"}),
    ("/clients/nouveau", {"last_name": "a\0b", "kind": "client", "sector": HUGE}),
    ("/clients/nouveau", {"last_name": "😀" * 5000, "kind": "rien"}),
    ("/personnes/claire/modifier", {"last_name": "A", "kind": "client", "version": HUGE}),
    ("/personnes/claire/modifier", {"last_name": "A", "kind": "client", "notes": "a\0b"}),
    ("/fiches/importer", {"content": "Nom\0;Prénom\na\0;b", "type": "client", "action": "import"}),
    ("/analyse/rendez-vous/filtres", {"nom": "a\0b", "filtre": "texte=%00"}),
    (f"/analyse/rendez-vous/filtres/{HUGE}/suppression", {}),
    ("/analyse/rendez-vous/actions", {"ligne": HUGE, "action": "tenu"}),
    ("/analyse/rendez-vous/actions", {"ligne": "2147483647", "action": "tenu"}),
    ("/analyse/rendez-vous/actions", {"ligne": "1/0001-01-01", "action": "tenu"}),
    ("/analyse/rendez-vous/actions/appliquer", {"action": "\0"}),
    ("/planning", {"entry": HUGE, "from": "\0", "to": "\0"}),
    (
        "/planning",
        {
            "entry": "1/9999-12-31T23:59",
            "from": "claire",
            "to": "claire",
            "start": "2999-12-31T23:59",
            "end": "9999-12-31T23:59",
            "was_start": "0001-01-01T00:00",
            "was_end": "9999-12-31T23:59",
        },
    ),
    (NEW, {"do": "search", "words": "\0"}),
    (NEW, {"do": "search", "words": "a b " * 1000}),
    (NEW, {"do": "search", "words": "a" * 100_000}),
    (NEW, {"do": "guest", "guest_address": "a\0b@c.example"}),
    (NEW, {"do": "save", "who": [f"p{HUGE}", "g:\0", "p-1", "p"], "owner": f"p{HUGE}"}),
    (NEW, {"do": "home:p2147483648", "who": "p999999999"}),
    (NEW, {"do": "time:0001-01-01T00:00+23:59"}),
    ("/rendez-vous/disponibilites", {"base": "rdv-x", "appointment": HUGE}),
    (
        "/administration/configuration/rendez-vous/nouveau",
        {"label": "a\0b", "category": "client", "colour": "url(x)", "reminder": HUGE},
    ),
    ("/administration/valeurs-par-defaut/rendez-vous", {"duration_minutes": HUGE, "notes": "\0"}),
    ("/administration/options/%00", {"value": "yes"}),
    (
        "/administration/configuration/modeles/nouveau",
        {
            "name": "a\0b",
            "occasion": "MESSAGE",
            "language": "fr",
            "subject": "a\0b",
            "text": "{% for x in (1..999999999) %}x{% endfor %}",
            "example": HUGE,
        },
    ),
)


@pytest.fixture
def any_admin(any_book: AppointmentBook) -> PanelClient:
    """An administrateur, on each kind of database."""
    app = create_app(any_book)
    app.test_client_class = PanelClient
    client = app.test_client()
    assert isinstance(client, PanelClient)
    client.log_in("admin")
    return client


def test_odd_addresses_break_nothing(any_admin: PanelClient) -> None:
    broken = [url for url in ADDRESSES if any_admin.get(url).status_code >= 500]
    assert broken == []


def test_odd_forms_break_nothing(any_admin: PanelClient) -> None:
    sent = [(url, any_admin.post_form(url, dict(fields)).status_code) for url, fields in FORMS]
    assert [url for url, status in sent if status >= 500] == []


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "/\\evil.example", "/\t\\evil.example", "https://evil.example", "x"],
)
def test_a_login_leads_to_pages_of_ours(browser: PanelClient, target: str) -> None:
    fields = {"login": "ivan", "password": "demo", "next": target}
    answer = browser.post_form("/connexion", fields, follow_redirects=False)
    assert answer.location == "/"


def test_a_form_tells_nobody_whom_its_sender_may_not_know(
    book: AppointmentBook, ivan: PanelClient, alice: PanelClient
) -> None:
    home = "9 rue du Secret"
    with book.database.writing() as tx:
        claire = tx.people.by_slug("claire")
        assert claire
        tx.people.update(replace(claire, home_address=home))
    form = Form(ivan, "/rendez-vous/nouveau")
    stranger = key(book, "claire")
    for button in ("search", f"home:{stranger}", "save", f"owner:{stranger}"):
        who = [*form.fields["who"], stranger, key(book, "alice")]
        fields = {**form.fields, "who": who, "start_day": "", "do": button}
        page = ivan.post_form("/rendez-vous/nouveau", fields).text
        assert "Alice" in page, "staff know each other"
        assert "Claire" not in page
        assert home not in page
    assert home in Form(alice, NEW).page


def test_passwords_come_back_in_no_page(alice: PanelClient) -> None:
    fields = {"present": "secret-un", "new": "secret-deux", "again": "secret-deux"}
    stale = alice.post_stale("/compte/mot-de-passe", fields, login="alice")
    assert stale.status_code == 400
    assert "secret" not in stale.text


def test_a_stale_form_is_sent_again_about_the_same(alice: PanelClient) -> None:
    page = alice.post_stale(NEW, {"subject": "Bilan"}, login="alice").text
    assert f'action="{NEW}"' in page


def test_another_login_ends_the_session_before(
    book: AppointmentBook, browser: PanelClient, logged_in: Callable[[str], PanelClient]
) -> None:
    browser.log_in("alice")
    cookie = browser.get_cookie("rdv")
    assert cookie
    browser.log_in("claire")
    other = logged_in("ivan")
    other.set_cookie("rdv", cookie.value)
    assert other.get("/clients").status_code == 302


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", '"><img src=x>', "{{ 7*7 }}"])
def test_what_people_type_is_text(book: AppointmentBook, alice: PanelClient, words: str) -> None:
    made = planned(book, alice, subject=words, location=words, notes=words)
    places = (show(made), "/planning/claire", "/planning", "/analyse/rendez-vous?lancer=1")
    for place in (*places, "/compte", "/personnes/claire/rendez-vous?tous=1", "/"):
        page = alice.get(place).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert ">49<" not in page
    fields = typed(book, subject=words)
    assert "<img src=x" not in alice.post_form(show(made), {**fields, "start_day": words}).text


def test_a_page_that_answers_a_form_offers_no_link_to_itself(alice: PanelClient) -> None:
    page = alice.post_form("/compte/mot-de-passe", {"present": "x", "new": "y"})
    assert page.status_code == 422
    assert 'href="/?lang=en"' in page.text
    assert 'href="/compte?q=a&amp;lang=en"' in alice.get("/compte?q=a&_anchor=x").text


def test_files_of_thousands_of_columns_are_no_lists_of_people(admin: PanelClient) -> None:
    content = ";".join(["Nom", *(f"c{n}" for n in range(500))]) + "\nCliente\n"
    answer = admin.post_form("/fiches/importer", {"content": content, "type": "client"})
    assert answer.status_code == 422
    assert "n’est pas un tableau CSV lisible" in answer.text

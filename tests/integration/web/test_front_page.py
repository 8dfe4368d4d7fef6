"""The pages: two languages, their headers, and health."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.engine import Database
from rdv_caldav.settings import Settings
from rdv_web import create_app
from support.scenario import Clock


@pytest.fixture
def browser(book: AppointmentBook) -> Iterator[FlaskClient]:
    with create_app(book).test_client() as client:
        yield client


@pytest.mark.parametrize(
    ("query", "accepted", "language", "words"),
    [
        ("", "", "fr", "dans votre agenda"),
        ("", "en-GB,en;q=0.9", "en", "in your own calendar"),
        ("", "de", "fr", "dans votre agenda"),
        ("?lang=en", "fr", "en", "in your own calendar"),
        ("?lang=xx", "fr", "fr", "dans votre agenda"),
    ],
)
def test_front_page(
    browser: FlaskClient, query: str, accepted: str, language: str, words: str
) -> None:
    answer = browser.get(f"/{query}", headers={"Accept-Language": accepted})
    assert f'<html lang="{language}">' in answer.text
    assert words in answer.text
    assert "http://localhost/dav/" in answer.text
    assert "Agence de test" in answer.text
    for program in ("Thunderbird", "iPhone", "DAVx⁵", "CalDav Synchronizer"):
        assert program in answer.text


def test_demo_logins_are_shown_in_the_demo_only(
    book: AppointmentBook, browser: FlaskClient
) -> None:
    assert "alice" not in browser.get("/").text
    with book.database.writing() as tx:
        tx.agency.save_setting("demo", True)
    assert "<code>alice</code>" in browser.get("/").text


def test_the_public_address_is_shown(book: AppointmentBook) -> None:
    settings = Settings(public_url="https://rdv.agence.example/")
    public = AppointmentBook(settings=settings, database=book.database, clock=book.clock)
    with create_app(public).test_client() as client:
        assert "https://rdv.agence.example/dav/" in client.get("/").text


@pytest.mark.parametrize(("path", "status"), [("/none", 404), ("/?lang=en", 405)])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_error_pages(browser: FlaskClient, path: str, status: int, language: str) -> None:
    send = browser.get if status == 404 else browser.post
    answer = send(path.partition("?")[0], query_string={"lang": language})
    assert answer.status_code == status
    assert f'<html lang="{language}">' in answer.text


def test_headers(browser: FlaskClient) -> None:
    answer = browser.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    with browser.get("/static/css/base.css") as style:
        assert style.status_code == 200
        assert "no-store" not in style.headers.get("Cache-Control", "")


def test_health(book: AppointmentBook, browser: FlaskClient, clock: Clock) -> None:
    answer = browser.get("/healthz")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["status"] == "ok"
    assert answer.json["outbox_age"] == 0


def test_health_without_a_usable_database(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("empty")
    for url, reason in (
        (f"sqlite:///{folder}/empty.sqlite", "SchemaMismatch"),
        ("postgresql+psycopg://nobody@127.0.0.1:1/none", "Unreachable"),
    ):
        database = Database(url)
        book = AppointmentBook(settings=Settings(), database=database, clock=Clock())
        with create_app(book).test_client() as client:
            answer = client.get("/healthz")
        database.dispose()
        assert answer.status_code == 503
        assert answer.json is not None
        assert answer.json["reason"] == reason

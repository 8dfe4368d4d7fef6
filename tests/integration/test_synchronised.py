"""Whose programs read calendars is noted, once a day and never at the cost of an answer."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from rdv_caldav.bootstrap import AppointmentBook
from rdv_radicale.application import create_app
from support.dav import DavClient
from support.scenario import Clock
from support.statements import counted


def _read_at(book: AppointmentBook, slug: str) -> datetime | None:
    with book.database.reading() as tx:
        person = tx.people.by_slug(slug)
        assert person is not None
        return tx.contacts.of([person.id])[person.id].synchronised_at


def _writes(statements: list[str]) -> list[str]:
    return [each for each in statements if each.startswith("UPDATE account")]


def test_reading_is_noted_once_a_day(any_book: AppointmentBook, clock: Clock) -> None:
    claire = DavClient(create_app(any_book), "claire")
    first = clock.now
    with counted(any_book) as statements:
        claire.propfind("/claire/", "{DAV:}displayname")
        claire.sync("/claire/claire/")
    assert len(_writes(statements)) == 1
    assert _read_at(any_book, "claire") == first
    assert _read_at(any_book, "ivan") is None
    clock.now = first + timedelta(hours=3)
    claire.sync("/claire/claire/")
    assert _read_at(any_book, "claire") == first
    clock.now = first + timedelta(days=1)
    claire.sync("/claire/claire/")
    assert _read_at(any_book, "claire") == clock.now


def test_a_wrong_password_and_what_asks_for_nothing_are_no_reading(book: AppointmentBook) -> None:
    app = create_app(book)
    DavClient(app, "claire", password="falsch").request("PROPFIND", "/claire/claire/")
    DavClient(app, "claire").request("OPTIONS", "/claire/claire/")
    assert _read_at(book, "claire") is None


def test_an_answer_does_not_depend_on_it(
    book: AppointmentBook, caplog: pytest.LogCaptureFixture
) -> None:
    with book.database.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TRIGGER broken BEFORE UPDATE ON account "
                "BEGIN SELECT RAISE(ABORT, 'claire'); END"
            )
        )
    claire = DavClient(create_app(book), "claire")
    assert claire.propfind("/claire/claire/", "{DAV:}displayname")
    assert "could not be noted" in caplog.text
    assert "claire" not in caplog.text

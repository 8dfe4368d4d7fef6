"""Browsers without a screen: clients of the pages of the small agency, logged in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from rdv_caldav.bootstrap import AppointmentBook
from rdv_web import create_app
from support.mailroom import Mailroom
from support.panel import PanelClient
from support.postroom import Postroom
from support.scenario import Clock
from support.smtp_sink import smtp_sink


@pytest.fixture
def app(book: AppointmentBook) -> Flask:
    """The pages of the small agency."""
    app = create_app(book)
    app.test_client_class = PanelClient
    return app


@pytest.fixture
def browser(app: Flask) -> PanelClient:
    """Somebody who is not logged in."""
    client = app.test_client()
    assert isinstance(client, PanelClient)
    return client


@pytest.fixture
def logged_in(app: Flask) -> Callable[[str], PanelClient]:
    """A browser in which this login is logged in."""

    def enter(login: str) -> PanelClient:
        client = app.test_client()
        assert isinstance(client, PanelClient)
        client.log_in(login)
        return client

    return enter


@pytest.fixture
def admin(logged_in: Callable[[str], PanelClient]) -> PanelClient:
    """The administrateur."""
    return logged_in("admin")


@pytest.fixture
def alice(logged_in: Callable[[str], PanelClient]) -> PanelClient:
    """A gestionnaire."""
    return logged_in("alice")


@pytest.fixture
def ivan(logged_in: Callable[[str], PanelClient]) -> PanelClient:
    """An intervenant."""
    return logged_in("ivan")


@pytest.fixture
def claire(logged_in: Callable[[str], PanelClient]) -> PanelClient:
    """A client."""
    return logged_in("claire")


@pytest.fixture
def postroom(book: AppointmentBook, clock: Clock) -> Iterator[Postroom]:
    """The small agency with a mail server, where answers come back."""
    with smtp_sink() as sink:
        yield Postroom(Mailroom(book, clock, sink))


@pytest.fixture
def log_in(postroom: Postroom) -> Callable[[str], PanelClient]:
    """A browser at the pages of that agency."""
    app = create_app(postroom.book)
    app.test_client_class = PanelClient

    def enter(login: str) -> PanelClient:
        client = app.test_client()
        assert isinstance(client, PanelClient)
        client.log_in(login)
        return client

    return enter

"""The small agency served over CalDAV, in process."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_radicale.application import Application, create_app
from support.caldav import Place
from support.dav import DavClient
from support.inbox import switch


@pytest.fixture
def app(book: AppointmentBook) -> Application:
    """The CalDAV application over the small agency."""
    return create_app(book)


@pytest.fixture
def login(app: Application) -> Callable[[str], DavClient]:
    """Makes the program of an account."""
    return lambda name: DavClient(app, name)


@pytest.fixture
def alice(app: Application) -> DavClient:
    """The gestionnaire's program."""
    return DavClient(app, "alice")


@pytest.fixture
def ivan(app: Application) -> DavClient:
    """The intervenant's program."""
    return DavClient(app, "ivan")


@pytest.fixture
def claire(app: Application) -> DavClient:
    """The client's program."""
    return DavClient(app, "claire")


@pytest.fixture
def perso(alice: DavClient) -> Place:
    """A calendar of the gestionnaire's own, for all components."""
    alice.request("MKCALENDAR", "/alice/perso/", expect=201)
    return Place(alice, "/alice/perso/")


@pytest.fixture
def folder(alice: DavClient) -> Place:
    """A plain folder of the gestionnaire's own."""
    alice.request("MKCOL", "/alice/dossier/", expect=201)
    return Place(alice, "/alice/dossier/")


@pytest.fixture(params=["/alice/perso/", "/alice/claire/"], ids=["personal", "person"])
def any_calendar(request: pytest.FixtureRequest, alice: DavClient) -> Place:
    """A calendar of one's own, and one of the appointment book."""
    if request.param == "/alice/perso/":
        alice.request("MKCALENDAR", "/alice/perso/", expect=201)
    return Place(alice, request.param)


@pytest.fixture
def listening(book: AppointmentBook) -> None:
    """Have Alice's, Ivan's and Claire's inboxes filled, as Apple's programs want it."""
    switch(book, "alice", "ivan", "claire")

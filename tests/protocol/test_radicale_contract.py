"""What we rely on in Radicale: its API moved with almost every minor version."""

from __future__ import annotations

import inspect
from importlib.metadata import version

import pytest
import radicale.app
from radicale import auth, rights, storage, utils

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.errors import DomainError
from rdv_radicale.application import Application, create_app
from rdv_radicale.auth import Auth
from rdv_radicale.collection import Item, PersonCalendar, PlainCollection
from rdv_radicale.rights import Rights
from rdv_radicale.storage import Storage
from support.dav import DavClient
from support.objects import event

PAIRS = [
    (Storage, storage.BaseStorage),
    (PersonCalendar, storage.BaseCollection),
    (PlainCollection, storage.BaseCollection),
    (Auth, auth.BaseAuth),
    (Rights, rights.BaseRights),
    (Application, radicale.app.Application),
]


def test_the_version() -> None:
    assert version("radicale").startswith("3.9.")


def _overridden() -> list[tuple[type, type, str]]:
    return [
        (ours, base, name)
        for ours, base in PAIRS
        for name, member in vars(ours).items()
        if inspect.isfunction(member) and name != "__init__" and hasattr(base, name)
    ]


@pytest.mark.parametrize(
    ("ours", "base", "name"),
    _overridden(),
    ids=[f"{ours.__name__}.{name}" for ours, _, name in _overridden()],
)
def test_what_we_override_is_called_as_before(ours: type, base: type, name: str) -> None:
    theirs = list(inspect.signature(getattr(base, name)).parameters)
    own = inspect.signature(getattr(ours, name))
    kinds = {parameter.kind for parameter in own.parameters.values()}
    if inspect.Parameter.VAR_POSITIONAL not in kinds:
        assert list(own.parameters) == theirs


def test_requests_come_in_by_one_method() -> None:
    assert "self._handle_request(environ)" in inspect.getsource(radicale.app.Application.__call__)


def test_plugins_may_be_callables() -> None:
    assert "callable(type_)" in inspect.getsource(utils.load_plugin)


def test_no_refusal_is_a_value_error() -> None:
    """Radicale answers 400 to a ValueError, and leaves its lock as if all were well."""

    def check(kind: type[DomainError]) -> None:
        assert not issubclass(kind, ValueError)
        for child in kind.__subclasses__():
            check(child)

    check(DomainError)


def test_an_exception_under_the_lock_writes_nothing(book: AppointmentBook) -> None:
    app = create_app(book)
    with pytest.raises(ValueError, match="stop"), app._storage.acquire_lock("w", "alice"):
        collection = next(iter(app._storage.discover("/alice/claire/")))
        assert isinstance(collection, PersonCalendar)
        DavClient(app, "alice")
        collection.set_meta({"D:displayname": "Autre"})
        raise ValueError("stop")
    with app._storage.acquire_lock("r", "alice"):
        collection = next(iter(app._storage.discover("/alice/claire/")))
        assert isinstance(collection, PersonCalendar)
        assert collection.get_meta("D:displayname") == "Client : Claire Cliente"


def test_discovering_the_principal_costs_no_statement(book: AppointmentBook) -> None:
    app = create_app(book)
    with app._storage.acquire_lock("r", "alice"):
        found = iter(app._storage.discover("/alice/", depth="1"))
        first = next(found)
        assert isinstance(first, PlainCollection)
        assert first.is_principal
        assert sum(1 for _ in found) == 3


def test_collections_speak_radicales_language(book: AppointmentBook) -> None:
    app = create_app(book)
    DavClient(app, "alice").put("/alice/claire/essai.ics", event(), expect=201)
    with app._storage.acquire_lock("r", "alice"):
        (calendar,) = app._storage.discover("/alice/claire/")
        assert isinstance(calendar, PersonCalendar)
        assert calendar.tag == "VCALENDAR"
        assert calendar.has_uid("essai")
        assert not calendar.has_uid("autre")
        (item,) = calendar.get_all()
        assert isinstance(item, Item)
        assert (item.uid, item.component_name) == ("essai", "VEVENT")
        assert dict(calendar.get_multi(["none.ics"])) == {"none.ics": None}
        assert list(app._storage.discover("/alice/claire/none.ics")) == []
        assert list(app._storage.discover("/ivan/ivan/")) == []
        assert list(app._storage.discover("/a/b/c/d")) == []
        root, home = app._storage.discover("/", depth="1")
        assert isinstance(root, PlainCollection)
        assert list(root.get_all()) == []
        assert list(root.get_multi(["a"])) == [("a", None)]
        assert root.get_meta() == {}
        assert root.get_meta("tag") is None
        assert isinstance(home, PlainCollection)
        assert (root.etag, home.path) == ('"plain"', "alice")
        assert root.last_modified == calendar.last_modified
    assert app._storage.verify()


@pytest.mark.parametrize("act", ["set_meta", "delete", "upload"])
def test_homes_are_fixed(act: str) -> None:
    arguments: dict[str, tuple[object, ...]] = {
        "set_meta": ({},),
        "delete": (),
        "upload": ("a", None),
    }
    with pytest.raises(DomainError):
        getattr(PlainCollection("alice"), act)(*arguments[act])

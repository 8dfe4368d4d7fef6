"""Accounts: making them, and checking passwords."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Role
from rdv_caldav.domain.errors import InvalidInput, LoginTaken
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.accounts import MAX_LOGIN, add_account, normalised_login, verify

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture
def tx(book: AppointmentBook) -> Iterator[Transaction]:
    with book.database.writing() as opened:
        yield opened


def add(tx: Transaction, login: str = "nouvelle", password: str = "secret") -> None:
    add_account(tx, login=login, role=Role.GESTIONNAIRE, password=password, now=NOW)


def test_an_account_may_be_linked_to_a_person_and_to_secteurs(tx: Transaction) -> None:
    nord = tx.people.sectors()[0]
    account = add_account(
        tx,
        login="sophie",
        role=Role.CLIENT,
        password="secret",
        person_slug="sophie",
        sector_ids=[nord.id],
        now=NOW,
    )
    sophie = tx.people.by_slug("sophie")
    assert sophie is not None
    assert (account.login, account.role, account.person_id) == ("sophie", Role.CLIENT, sophie.id)
    assert account.sector_ids == {nord.id}
    assert verify(tx, "sophie", "secret") == account


def test_no_password_is_stored(tx: Transaction) -> None:
    add(tx)
    found = tx.accounts.credentials("nouvelle")
    assert found is not None
    assert found[1].startswith("$argon2id$")
    assert "secret" not in found[1]


@pytest.mark.parametrize(
    "login", ["alice@agence.example", "héloïse", "prénom nom", "O'Neil", "a", "x" * MAX_LOGIN]
)
def test_logins_may_have_accents_and_signs(tx: Transaction, login: str) -> None:
    add(tx, login)
    account = verify(tx, login, "secret")
    assert account is not None
    assert account.login == login


@pytest.mark.parametrize(
    "login",
    [
        "",
        " ",
        " alice",
        "alice ",
        "a/b",
        "a\\b",
        "a:b",
        "a%40b",
        ".",
        "..",
        "a\nb",
        "a\0b",
        "a\x7fb",
        "a\u2028b",
        "a\u200bb",
        "a\udc80b",
        "x" * (MAX_LOGIN + 1),
    ],
)
def test_a_login_that_fits_no_url_is_refused_and_never_verified(
    tx: Transaction, login: str
) -> None:
    with pytest.raises(InvalidInput):
        add(tx, login)
    assert verify(tx, login, "secret") is None


def test_a_login_is_one_account_however_its_accents_are_spelt(tx: Transaction) -> None:
    add(tx, "zoé")
    decomposed = unicodedata.normalize("NFD", "zoé")
    assert decomposed != "zoé"
    assert normalised_login(decomposed) == "zoé"
    assert verify(tx, decomposed, "secret") == tx.accounts.by_login("zoé")
    with pytest.raises(LoginTaken):
        add(tx, decomposed)


def test_a_password_is_the_same_however_its_accents_are_spelt(tx: Transaction) -> None:
    add(tx, password="été-2026")
    assert verify(tx, "nouvelle", unicodedata.normalize("NFD", "été-2026")) is not None


@pytest.mark.parametrize("password", ["", "Secret", "secret ", "demo", "sec\udc80ret", "x" * 5000])
def test_a_wrong_password_is_wrong(tx: Transaction, password: str) -> None:
    add(tx)
    assert verify(tx, "nouvelle", password) is None


def test_an_unknown_login_is_checked_against_some_hash_too(
    tx: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = []

    class Listening:
        def verify(self, stored: str, password: bytes) -> bool:
            checked.append(stored)
            return stored.startswith("$argon2id$") and password == b"nobody has this password"

    monkeypatch.setattr("rdv_caldav.services.accounts._HASHER", Listening())
    assert verify(tx, "personne", "demo") is None
    assert verify(tx, "a/b", "demo") is None
    assert len(checked) == 2
    assert checked[0].startswith("$argon2id$")


def test_nobody_logs_in_by_the_password_of_nobody(tx: Transaction) -> None:
    assert verify(tx, "personne", "nobody has this password") is None


def test_a_hash_that_is_none_lets_nobody_in(tx: Transaction) -> None:
    account = tx.accounts.by_login("alice")
    assert account is not None
    tx.accounts.set_password(account.id, "demo")
    assert verify(tx, "alice", "demo") is None


def test_an_account_needs_a_password(tx: Transaction) -> None:
    with pytest.raises(InvalidInput, match="password"):
        add(tx, password="")


def test_an_account_is_linked_to_known_persons_and_secteurs_only(tx: Transaction) -> None:
    with pytest.raises(InvalidInput, match="no person"):
        add_account(tx, login="x", role=Role.CLIENT, password="x", person_slug="?", now=NOW)
    with pytest.raises(InvalidInput, match="secteur"):
        add_account(tx, login="x", role=Role.GESTIONNAIRE, password="x", sector_ids=[99], now=NOW)
    assert tx.accounts.by_login("x") is None


def test_it_is_in_the_journal_without_the_password(tx: Transaction) -> None:
    add(tx, "sophie", "tr&s secret")
    (entry,) = tx.journal.latest(1)
    assert (entry.event, entry.at, entry.login, entry.channel) == (
        "AccountAdded",
        NOW,
        "",
        "command",
    )
    assert entry.details == {"login": "sophie", "role": "gestionnaire", "person": None}
    admin = actor_for(tx, "admin", channel=Channel.WEB)
    add_account(tx, login="paul", role=Role.CLIENT, password="x", now=NOW, actor=admin)
    (entry,) = tx.journal.latest(1)
    assert (entry.login, entry.channel, entry.details["login"]) == ("admin", "web", "paul")

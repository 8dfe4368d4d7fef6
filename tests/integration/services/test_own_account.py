"""What somebody decides about his own account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import (
    AccessRefused,
    UnknownCalendar,
    UnknownObject,
    WeakPassword,
    WrongPassword,
)
from rdv_caldav.services import calendars, own_account, people, web_sessions
from rdv_caldav.services.access import Actor, Channel, actor_for
from rdv_caldav.services.accounts import verify

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture
def tx(book: AppointmentBook) -> Iterator[Transaction]:
    with book.database.writing() as opened:
        yield opened


def as_(tx: Transaction, login: str) -> Actor:
    return actor_for(tx, login, channel=Channel.WEB)


def home(tx: Transaction, actor: Actor) -> list[str]:
    return [each.person.slug for each in calendars.home(tx, actor)]


def last_event(tx: Transaction) -> str:
    return tx.journal.latest(1)[0].event


def test_calendars_are_followed_in_the_chosen_order(tx: Transaction) -> None:
    alice = as_(tx, "alice")
    assert home(tx, alice) == ["alice", "ivan", "claire"]
    own_account.follow(tx, alice, "sophie", now=NOW)
    own_account.follow(tx, alice, "sophie", now=NOW)
    own_account.follow(tx, alice, "alice", now=NOW)
    assert home(tx, alice) == ["alice", "ivan", "claire", "sophie"]
    own_account.move_up(tx, alice, "sophie", now=NOW)
    own_account.move_up(tx, alice, "ivan", now=NOW)
    own_account.move_up(tx, alice, "paul", now=NOW)
    assert home(tx, alice) == ["alice", "ivan", "sophie", "claire"]
    assert last_event(tx) == "CalendarMoved"
    own_account.unfollow(tx, alice, "ivan", now=NOW)
    assert home(tx, alice) == ["alice", "sophie", "claire"]
    assert last_event(tx) == "CalendarLeft"


def test_only_calendars_that_one_may_see_are_followed(tx: Transaction) -> None:
    nora = as_(tx, "nora")
    for slug in ("sophie", "personne-de-ce-nom"):
        with pytest.raises(UnknownCalendar):
            own_account.follow(tx, nora, slug, now=NOW)
    people.archive(tx, nora, "claire", now=NOW)
    with pytest.raises(UnknownCalendar):
        own_account.follow(tx, nora, "claire", now=NOW)
    offered = {person.slug for person in own_account.may_be_followed(tx, nora, "famille")}
    assert offered == {"jean-dupont", "marie-dupont"}
    ivan = as_(tx, "ivan")
    with pytest.raises(UnknownCalendar):
        own_account.follow(tx, ivan, "claire", now=NOW)
    with pytest.raises(AccessRefused):
        own_account.may_be_followed(tx, ivan, "claire")


def test_what_is_followed_is_not_offered_again(tx: Transaction) -> None:
    alice = as_(tx, "alice")
    offered = {person.slug for person in own_account.may_be_followed(tx, alice, "i")}
    assert "marie-dupont" in offered
    assert not {"alice", "ivan", "claire"} & offered


def test_a_new_password_ends_all_other_sessions(tx: Transaction) -> None:
    alice = as_(tx, "alice")
    tokens = [
        web_sessions.begin(tx, alice.account, browser=name, now=NOW) for name in ("ici", "ailleurs")
    ]
    found = web_sessions.resume(tx, tokens[0], now=NOW)
    assert found is not None
    new = "une phrase assez longue"

    def change(present: str, wanted: str) -> None:
        own_account.change_password(
            tx, alice, present=present, new=wanted, session=found[1], now=NOW
        )

    with pytest.raises(WrongPassword):
        change("autre chose", new)
    for weak in ("trop court", "ALICE"):
        with pytest.raises(WeakPassword):
            change("demo", weak[:9])
    assert len(web_sessions.sessions(tx, alice.account)) == 2
    change("demo", new)
    assert verify(tx, "alice", new) == alice.account
    assert verify(tx, "alice", "demo") is None
    assert [each.browser for each in web_sessions.sessions(tx, alice.account)] == ["ici"]
    assert tx.journal.latest(1)[0].details == {}


def test_a_session_is_ended_by_its_owner_only(tx: Transaction) -> None:
    alice, ivan = as_(tx, "alice"), as_(tx, "ivan")
    web_sessions.begin(tx, alice.account, browser="perdu", now=NOW)
    (session,) = web_sessions.sessions(tx, alice.account)
    for actor, name in ((ivan, session.token_hash), (alice, "rien")):
        with pytest.raises(UnknownObject):
            own_account.end_session(tx, actor, name, now=NOW)
    own_account.end_session(tx, alice, session.token_hash, now=NOW)
    assert web_sessions.sessions(tx, alice.account) == []
    assert last_event(tx) == "SessionEnded"


def test_the_language_is_remembered_with_the_account(tx: Transaction) -> None:
    alice = as_(tx, "alice")
    own_account.choose_language(tx, alice, "en", now=NOW)
    token = web_sessions.begin(tx, alice.account, browser="", now=NOW)
    found = web_sessions.resume(tx, token, now=NOW)
    assert found is not None
    assert found[1].language == "en"

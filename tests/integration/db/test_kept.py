"""Settings, types and persons are kept by each process, and never longer than they hold."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import update

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db import kept
from rdv_caldav.db.engine import Database
from rdv_caldav.db.schema import PersonAddressRow, PersonRow
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import DEFAULT_TYPES, PersonKind
from support.statements import counted

Change = Callable[[Transaction], object]


def known(tx: Transaction) -> object:
    """Return all that is kept, as a request asks for it."""
    assert tx.accounts.acting("alice") is not None
    settings = tx.agency.settings()
    claire, zoe = tx.people.by_slug("claire"), tx.people.by_slug("zoe")
    assert claire is not None
    directory = tx.people.directory(settings, addresses=["claire@famille.example"])
    return settings, tx.agency.types(), tx.people.by_ids([claire.id]), list(directory), zoe


def rename(tx: Transaction) -> None:
    claire = tx.people.by_slug("claire")
    assert claire is not None
    tx.people.update(replace(claire, last_name="Autrement"))


def share_address(tx: Transaction) -> None:
    ivan = tx.people.by_slug("ivan")
    assert ivan is not None
    addresses = (*ivan.addresses, "claire@famille.example")
    tx.people.update(replace(ivan, addresses=addresses))


def by_hand(tx: Transaction) -> None:
    connection = tx.people._connection  # as no repository does
    connection.execute(
        update(PersonRow).where(PersonRow.slug == "claire").values(first_name="Clara")
    )
    connection.execute(
        update(PersonAddressRow)
        .where(PersonAddressRow.address == "claire@famille.example")
        .values(address="clara@famille.example")
    )


CHANGES: dict[str, Change] = {
    "a setting": lambda tx: tx.agency.save_setting("name", "Autre agence"),
    "a type": lambda tx: tx.agency.save_type(replace(DEFAULT_TYPES[0], label="Autre")),
    "a name": rename,
    "an address": share_address,
    "a new person": lambda tx: tx.people.add(slug="zoe", kind=PersonKind.CLIENT, last_name="Z"),
    "rows": by_hand,
}


@pytest.fixture
def other(any_book: AppointmentBook, database_url: str) -> Iterator[Database]:
    """The same database as another process has it."""
    opened = Database(database_url)
    yield opened
    opened.dispose()


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_every_process_sees_a_change(
    any_book: AppointmentBook, other: Database, change: Change
) -> None:
    databases = (any_book.database, other)
    with other.reading() as tx:
        before = known(tx)
    with any_book.database.reading() as tx:
        assert known(tx) == before
    with other.writing() as tx:
        change(tx)
        own = known(tx)
        assert own != before
        with any_book.database.reading() as meanwhile:
            assert known(meanwhile) == before
    for database in databases:
        for open_ in (database.reading, database.writing):
            with open_() as tx:
                assert known(tx) == own


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_what_is_rolled_back_was_never_kept(any_book: AppointmentBook, change: Change) -> None:
    with any_book.database.reading() as tx:
        before = known(tx)
    with pytest.raises(ZeroDivisionError), any_book.database.writing() as tx:
        known(tx)
        change(tx)
        assert known(tx) != before
        tx.agency.save_setting("name", "Encore")
        assert tx.agency.settings().name == "Encore"
        raise ZeroDivisionError
    with any_book.database.reading() as tx:
        assert known(tx) == before


def test_a_savepoint_that_is_rolled_back_hides_no_change(
    any_book: AppointmentBook, other: Database
) -> None:
    with other.reading() as tx:
        before = known(tx)
    with any_book.database.writing() as tx:
        with suppress(ZeroDivisionError), tx.people._connection.begin_nested():
            rename(tx)
            raise ZeroDivisionError
        share_address(tx)
    with other.reading() as tx:
        assert known(tx) != before


def test_what_is_known_is_not_read_again(any_book: AppointmentBook) -> None:
    for open_ in (any_book.database.reading, any_book.database.writing):
        with open_() as tx:
            known(tx)
        with open_() as tx, counted(any_book) as statements:
            known(tx)
        assert len(statements) == 1


def test_a_snapshot_from_before_a_change_stays_as_it_was(
    any_book: AppointmentBook, other: Database
) -> None:
    with any_book.database.reading() as early:
        before = known(early)
        with other.writing() as tx:
            rename(tx)
        with any_book.database.reading() as late:
            after = known(late)
        assert after != before
        assert known(early) == before
    with any_book.database.reading() as tx:
        assert known(tx) == after


def test_threads_share_what_is_kept_while_it_changes(any_book: AppointmentBook) -> None:
    """Whoever reads a name twice in one transaction finds it the same, and never an older one."""
    faults: list[str] = []
    done = threading.Event()

    def read() -> None:
        last = 0
        while not done.is_set():
            with any_book.database.reading() as tx:
                tx.accounts.acting("alice")
                number = int(tx.agency.settings().name)
                stored = tx.agency._read_settings()
                if int(stored.name) != number or number < last:
                    faults.append(f"{number}, stored {stored.name}, before {last}")
                last = number

    with any_book.database.writing() as tx:
        tx.agency.save_setting("name", "0")
    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(1, 40):
        with any_book.database.writing() as tx:
            tx.agency.save_setting("name", str(number))
    done.set()
    for thread in threads:
        thread.join()
    assert faults == []


def test_no_more_is_kept_than_is_meant(
    any_book: AppointmentBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_KEPT", 8)
    with any_book.database.reading() as tx:
        tx.accounts.acting("alice")
        for number in range(50):
            assert tx.people.by_slug(f"nobody-{number}") is None
        assert len(any_book.database._keeping._current[1]) <= 8

"""Changing a reminder by default, on both databases."""

from __future__ import annotations

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.uow import Transaction
from rdv_caldav.services.reminders import set_default
from support.desk import Desk

PERSONS = ("alice", "ivan", "claire", "paul", "sophie")


def _counters(tx: Transaction) -> dict[str, int]:
    account = tx.accounts.by_login("admin")
    assert account is not None
    found = {slug: tx.reading.snapshot(account, slug) for slug in PERSONS}
    return {slug: each.counter for slug, each in found.items() if each is not None}


def test_only_calendars_that_somebody_reads_as_his_own_move(any_book: AppointmentBook) -> None:
    with any_book.database.writing() as tx:
        desk = Desk(tx, any_book.clock())
        desk.plan("ivan", page="paul")
        desk.plan("sophie", page="claire")
    with any_book.database.writing() as tx:
        before = _counters(tx)
        set_default(tx, "client", 10, now=any_book.clock())
        # there are none of the type
        set_default(tx, "interne", 0, now=any_book.clock())
    with any_book.database.reading() as tx:
        assert tx.agency.settings().default_reminders == {"client": 10, "interne": 0}
        moved = {slug for slug, counter in _counters(tx).items() if counter != before[slug]}
        assert moved == {"ivan", "claire"}
        ivan = tx.people.by_slug("ivan")
        account = tx.accounts.by_login("ivan")
        assert ivan is not None
        assert account is not None
        (row,) = tx.members.objects(account, ivan.id)
        assert row.changed == row.settled == _counters(tx)["ivan"]


def test_a_choice_is_in_the_journal(any_book: AppointmentBook) -> None:
    with any_book.database.writing() as tx:
        admin = Desk(tx, any_book.clock()).actor("admin")
        set_default(tx, "client", 10, now=any_book.clock())
        set_default(tx, "client", 10, now=any_book.clock())
        set_default(tx, "client", None, now=any_book.clock(), actor=admin)
        last, first = tx.journal.latest(2)
        assert last.event == first.event == "ReminderChosen"
        assert (first.login, first.channel) == ("", "command")
        assert (last.login, last.channel) == ("admin", "web")
        assert last.details == {"type": "client", "before": 10, "after": None}

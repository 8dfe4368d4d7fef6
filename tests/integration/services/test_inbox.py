"""Inboxes on both databases: who listens, and what is kept under which numbers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.errors import InvalidInput, UnknownObject
from rdv_caldav.domain.inbox import Inbox, Method
from rdv_caldav.services import inbox
from rdv_caldav.services.access import Channel, actor_for


def test_who_listens(any_book: AppointmentBook) -> None:
    with any_book.database.writing() as tx:
        ivan, person = tx.accounts.by_login("ivan"), tx.people.by_slug("ivan")
        assert ivan is not None
        assert person is not None
        inbox.switch(tx, "ivan", on=True, now=any_book.clock())
        assert tx.inbox.listening([person.id], acting=0) == [(ivan.id, "ivan", person.id)]
        assert tx.inbox.listening([person.id], acting=ivan.id) == []
        assert tx.inbox.listening([], acting=0) == []
        # what changes nothing is not told
        inbox.switch(tx, "ivan", on=True, now=any_book.clock())
        inbox.switch(tx, "ivan", on=False, now=any_book.clock())
        told = [(each.event, each.details, each.channel) for each in tx.journal.latest(2)]
        assert told == [
            ("InboxSwitched", {"login": "ivan", "on": on}, "command") for on in (False, True)
        ]
        assert tx.inbox.listening([person.id], acting=0) == []


def test_both_databases_keep_what_is_put_there(any_book: AppointmentBook) -> None:
    now = any_book.clock()
    with any_book.database.writing() as tx:
        inbox.switch(tx, "ivan", on=True, now=now)
        actor = actor_for(tx, "ivan", channel=Channel.COMMAND)
        assert inbox.is_on(tx, actor)
        for uid in ("a", "b", "a"):
            put = {"uid": uid, "method": Method.REQUEST, "text": uid, "now": now}
            inbox.put(tx, actor.account.id, **put)  # type: ignore[arg-type]
        found = list(tx.inbox.messages(actor.account.id))
        assert [(each.number, each.text) for each in found] == [(2, "b"), (4, "a")]
        inbox.delete(tx, actor, 2, now=now)
        with pytest.raises(UnknownObject):
            inbox.delete(tx, actor, 2, now=now)
        assert tx.inbox.gone(actor.account.id, since=0) == [(1, 3), (2, 5)]
        later = now + timedelta(days=100)
        put = {"uid": "c", "method": Method.CANCEL, "text": "c", "now": later}
        inbox.put(tx, actor.account.id, **put)  # type: ignore[arg-type]
        assert tx.inbox.gone(actor.account.id, since=0) == [(4, 6)]
        assert tx.inbox.of(actor.account.id) == Inbox(is_on=True, counter=7, floor=5)


def test_there_is_no_such_account(book: AppointmentBook) -> None:
    with pytest.raises(InvalidInput), book.database.writing() as tx:
        inbox.switch(tx, "personne", on=True, now=book.clock())
